"""What a session that a certificate began may do, and the certificates that a person has used."""

from __future__ import annotations

from pathlib import Path

import pytest
from card_reader import CardHolder, plug_in, slug_of
from identity_city import MEI, MING, City

from core import clock
from core.certificate_settings import CertificateSettings
from identity import locks, people


@pytest.fixture(autouse=True)
def pinned(city: City, tmp_path: Path) -> CertificateSettings:
    """The city trusts the sandbox's root."""
    return plug_in(city.outside, tmp_path)


def at_home(city: City, person: tuple[str, str, str] = MEI, *, is_registered: bool = False) -> CardHolder:
    """Somebody with a card, who need not be registered."""
    return CardHolder(city.enrolled(person) if is_registered else city.phone(person))


def test_a_first_passkey_can_be_made_from_a_certificate_and_not_much_later(city: City) -> None:
    mei = at_home(city)
    mei.sign_in()
    assert mei.phone.add_passkey().status_code == 201
    ming = at_home(city, MING)
    ming.sign_in()
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '16 minutes' WHERE amr = '{sc,pin}'")
    assert ming.phone.post("/v1/auth/passkeys/registration/options").status_code == 401


def test_the_list_of_ways_to_sign_in_offers_the_certificate_at_every_level_and_never_for_paying(city: City) -> None:
    for level in (1, 4):
        items = city.phone().get(f"/v1/auth/methods?acr=urn:mykaohsiung:loa:{level}").json["items"]
        (certificate,) = [item for item in items if item["method"] == "certificate"]
        assert certificate["acr"] == "urn:mykaohsiung:loa:4"
        assert certificate["may_sign_payments"] is False and certificate["proves_identity"] is True


def test_a_person_sees_their_certificates_and_removes_one(city: City) -> None:
    mei = at_home(city, is_registered=True)
    mei.sign_in()
    other = at_home(city)
    other.sign_in()
    (item,) = mei.phone.get("/v1/me/certificates").json["items"]
    assert item["ending"] == mei.reader.card[-4:]
    assert mei.phone.send("DELETE", f"/v1/me/certificates/{item['id']}").status_code == 204
    assert mei.phone.get("/v1/me/certificates").json["items"] == []
    assert other.phone.get("/v1/me").status_code == 401, "sessions that it began elsewhere end"
    assert slug_of(at_home(city).sign_in(national_id=None)) == "certificate-id-number-needed"
    assert "不再記得" in city.messages_to(MEI[1])[-1]


def test_nobody_removes_somebody_elses_certificate(city: City) -> None:
    mei, ming = at_home(city), at_home(city, MING)
    mei.sign_in()
    ming.sign_in()
    (item,) = mei.phone.get("/v1/me/certificates").json["items"]
    assert ming.phone.send("DELETE", f"/v1/me/certificates/{item['id']}").status_code == 404
    assert len(mei.phone.get("/v1/me/certificates").json["items"]) == 1


def test_a_way_that_its_owner_has_shut_stays_shut_for_the_right_card(city: City) -> None:
    mei = at_home(city)
    mei.sign_in()
    with city.database.unit_of_work() as session:
        person = people.find(session, MEI[0])
        assert person is not None
        locks.lock(session, person.id, "certificate", reason="that was not me", now=clock.now())
    assert slug_of(at_home(city).sign_in()) == "method-shut"


def test_neither_id_number_nor_name_nor_secret_is_readable_in_the_database(city: City) -> None:
    mei = at_home(city)
    challenge = mei.challenge()
    mei.verify(challenge, mei.reader.sign(challenge["to_be_signed"]))
    tables = ("person", "certificate", "certificate_challenge", "proofing", "session")
    everything = " ".join(str(city.sql(f"SELECT to_jsonb(t) FROM identity.{table} t")) for table in tables)
    for secret in (MEI[0], "王小美", challenge["challenge_secret"], mei.reader.card):
        assert secret not in everything and secret.encode().hex() not in everything
