"""Every fact about rides reaches its rider in each way, in both languages: whole, short, and with nothing on a lock
screen that strangers should not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from accessibility import events
from core import db
from core.ids import new_uuid
from core.outbox import Event
from core.text import Language
from notify import ride_care, rides
from tests.notify import test_ride_care, test_rides
from tests.notify.conftest import NOW
from tests.notify.test_rides import City, city, fact, rider, texts, told

__all__ = ["city", "rider"]

# Told to nobody, and why.
_NOT_TOLD = {
    "ride_refused": "each fleet's no; what came of the request is told",
    "ride_fare_stated": "a fare that becomes known is told as one that became less, or stands in the receipt",
    "own_fleet_room": "about vehicles, not about anybody's ride",
}
_WITHOUT_A_RIDE: list[tuple[str, dict[str, Any], str]] = [
    ("complaint_answered", {"complaint_id": str(new_uuid())}, "ride_opinion_answered"),
    ("wheelchair_paper_decided", {"paper_id": str(new_uuid()), "status": "accepted"}, "ride_paper_accepted"),
    ("wheelchair_paper_decided", {"paper_id": str(new_uuid()), "status": "refused"}, "ride_paper_refused"),
]
FACTS = [*test_rides.FACTS, *test_ride_care.FACTS, *_WITHOUT_A_RIDE]
# What a sickness, an aid or a place would be called.
_PRIVATE = re.compile(
    r"洗腎|透析|醫院|診所|輪椅|身障|殘障|失能|氧氣|導盲|地址|示範路|"
    r"dialysis|hospital|clinic|wheelchair|disab|oxygen|address|Road",
    re.IGNORECASE,
)
# What no voice says as it is meant: arrows, clock times with a colon in Chinese, dates with strokes, dashes as ranges.
_UNREADABLE_ZH = re.compile(r"[→~～]|\d:\d|\d/\d|\d-\d\d-\d|[{}]|None")
_UNREADABLE_EN = re.compile(r"[→~–—]|\d/\d|\d\d:\d\d:|[{}]|None|  ")
_SPEAKS_GSM = re.compile(r"[A-Za-z0-9 \r\n@£$¥!\"#%&'()*+,\-./:;<=>?_\[\]]*")
_MOST_PARTS = 2


@pytest.fixture(params=["zh-TW", "en"])
def language(request: pytest.FixtureRequest, rider: UUID) -> Iterator[Language]:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE identity.person SET language = :to WHERE id = :id"),
                        {"to": request.param, "id": rider})  # fmt: skip
    yield request.param


def tell_all(rider: UUID) -> None:
    """Every fact, each of a ride of its own."""
    with db.unit_of_work() as session:
        for kind, more, _ in FACTS:
            name = f"accessibility.{kind}"
            room = ride_care if name in ride_care.KINDS else rides
            room.tell(session, Event(new_uuid(), name, fact(rider, **more), NOW), NOW)


def parts(body: str) -> int:
    """Parts that are paid for: 160 or 153 letters of GSM 03.38, or 70 or 67 of UCS-2 (3GPP TS 23.038, 23.040)."""
    is_gsm = _SPEAKS_GSM.fullmatch(body) is not None
    length = len(body) + sum(map(body.count, "[]")) if is_gsm else len(body.encode("utf-16-be")) // 2
    alone, each = (160, 153) if is_gsm else (70, 67)
    return 1 if length <= alone else -(-length // each)


def test_every_fact_that_rides_publish_is_told_or_says_why_not() -> None:
    published = {value.removeprefix("accessibility.") for name, value in vars(events).items() if name.isupper()}
    said = {kind for kind, *_ in FACTS} | {"ride_aboard"}
    assert published - set(_NOT_TOLD) <= said and not said & set(_NOT_TOLD)
    assert said == {kind.removeprefix("accessibility.") for kind in (*rides.KINDS, *ride_care.KINDS)}


def test_in_the_app_each_is_told_whole_and_names_nothing_private(city: City, rider: UUID, language: Language) -> None:
    tell_all(rider)
    messages = told(rider)
    assert sorted(message.kind for message in messages) == sorted(kind for *_, kind in FACTS)
    for message in messages:
        title, body = message.title.in_language(language), message.body.in_language(language)
        unreadable = _UNREADABLE_ZH if language == "zh-TW" else _UNREADABLE_EN
        for said in (title, body):
            assert said and not unreadable.search(said) and not _PRIVATE.search(said), (message.kind, said)
            assert not re.search("4 ?0 ?7 ?1", said), "the code is for whoever opens it"
        assert message.link.startswith("/app/rides"), message.kind


def test_as_a_text_message_each_is_whole_and_takes_two_parts_at_most(
    city: City, rider: UUID, language: Language
) -> None:
    city.way, city.phone = "sms", "0987654321"
    tell_all(rider)
    sent = [body for _, body, _ in texts()]
    assert len(sent) == len(FACTS)
    for body in sent:
        unreadable = _UNREADABLE_ZH if language == "zh-TW" else _UNREADABLE_EN
        assert parts(body) <= _MOST_PARTS, (parts(body), body)
        assert not unreadable.search(body.replace("07-1234567", "")) and not _PRIVATE.search(body), body
        assert "點開" not in body and "pen this" not in body, body
        assert re.search("[\u4e00-\u9fff]", body) if language == "zh-TW" else _SPEAKS_GSM.fullmatch(body), body


def test_who_has_no_phone_that_shows_anything_is_rung_about_each(city: City, rider: UUID, language: Language) -> None:
    """Except about what they have just cancelled themselves."""
    city.way, city.phone = "telephone", "072345678"
    tell_all(rider)
    by_rider = sum(kind == "ride_cancelled" and more.get("by") == "rider" for kind, more, _ in FACTS)
    assert len(city.calls) == len(FACTS) - by_rider and texts() == []
    for call in city.calls:
        said = call["words"].in_language(language)
        assert said.startswith("您好" if language == "zh-TW" else "Hello") and not _PRIVATE.search(said), said
        assert not re.search("[{}]|None|點開|pen this", said), said
        assert call["until"] > call["due_at"] >= NOW
