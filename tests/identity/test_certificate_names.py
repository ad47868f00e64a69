"""Names as certificates write them: real ones are taken, what could pass for somebody else's is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from card_reader import CardHolder, plug_in, slug_of
from identity_city import MEI, City, invented

from core.certificate_settings import CertificateSettings
from identity import people


@pytest.fixture(autouse=True)
def pinned(city: City, tmp_path: Path) -> CertificateSettings:
    """The city trusts the sandbox's root."""
    return plug_in(city.outside, tmp_path)


def at_home(city: City, person: tuple[str, str, str] = MEI, *, is_registered: bool = False) -> CardHolder:
    """Somebody with a card, who need not be registered."""
    return CardHolder(city.enrolled(person) if is_registered else city.phone(person))


def with_card(city: City, person: tuple[str, str, str], name: str) -> CardHolder:
    """Somebody the demo does not know, with a card in that name."""
    city.outside.put("moica/cards", national_id=person[0], name=name, pin="246810")
    return at_home(city, person)


def name_of(city: City, national_id: str) -> str | None:
    with city.database.unit_of_work() as session:
        person = people.find(session, national_id)
        return people.name_of(session, person.id) if person else None


@pytest.mark.parametrize(
    "name",
    [
        "谷暮·哈就",  # indigenous names write a dot between the parts
        "伊斯坦大·貝雅夫·正福",
        "Kolas Yotaka",
        "夷將·拔路兒 Icyang·Parod",
        "𠮷野家",  # planes 2 and 3
        "王𡿨",
        "林\U00030000",
        "Trần Thị Ngọc Ánh",
    ],
)
def test_real_names_are_taken_as_the_certificate_writes_them(city: City, name: str) -> None:
    person = invented(31)
    assert with_card(city, person, name).sign_in().status_code == 200
    assert name_of(city, person[0]) == name


def test_the_dots_of_different_keyboards_are_one(city: City) -> None:
    person = invented(32)
    with_card(city, person, "谷暮‧哈就").sign_in()
    assert name_of(city, person[0]) == "谷暮·哈就"


@pytest.mark.parametrize(
    "name",
    [
        "王\u200b小美",  # a space of no width
        "王\u202e美小",  # the direction turned
        "Mаria",  # a Cyrillic а
        "王" * 61,
        "王小美\ue000",  # private use
        "１２３",
    ],
)
def test_names_that_could_pass_for_others_are_refused(city: City, name: str) -> None:
    answer = with_card(city, invented(33), name).sign_in()
    assert (answer.status_code, slug_of(answer)) == (403, "certificate-name-refused")
    assert city.sql("SELECT count(*) FROM identity.person") == [(0,)]
