"""What happens to a ride reaches its rider in the way they chose: in its order, in words, and past no night it can wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, crypto, db, outbox
from core.ids import new_uuid, typeid
from core.outbox import Event
from core.text import Text
from identity import people
from notify import devices, inbox, ride_moments, ride_ports, ride_texts, ride_waiting_texts, rides
from notify.ride_ports import Contact, RideTold, Way
from tests.notify.conftest import NOW, RecordingProvider, bring

Happened = Callable[..., UUID]
PICK_UP = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
WINDOW = (PICK_UP - timedelta(minutes=10), PICK_UP + timedelta(minutes=10))


@dataclass
class City:
    """The room of rides at the edge of this one: what it knows, and whom it was asked to ring."""

    way: Way = "app"
    phone: str | None = None
    told: RideTold | None = field(default_factory=lambda: RideTold("out", WINDOW, "RBA-1234", "4071"))
    calls: list[dict[str, Any]] = field(default_factory=list)

    def ride(self, session: Session, rider_id: UUID, ride_id: UUID) -> RideTold | None:
        return self.told

    def fleet(self, session: Session, fleet: str) -> tuple[Text, str | None] | None:
        return (Text("黃色大車隊", "Yellow"), "07-1234567") if fleet == "yellow" else None

    def contact(self, session: Session, rider_id: UUID) -> Contact:
        return Contact(self.way, self.phone)

    def ring(self, session: Session, **call: Any) -> None:
        self.calls.append(call)


@pytest.fixture
def city(provider: RecordingProvider) -> Iterator[City]:
    before, city = ride_ports.rides, City()
    ride_ports.plug_in(city)
    yield city
    ride_ports.rides = before


@pytest.fixture
def rider(database: db.Database) -> UUID:
    return somebody()


@pytest.fixture
def happened(database: db.Database) -> Happened:
    """Record a fact as of this moment: one that is old rings nobody."""

    def record(kind: str, payload: dict[str, Any]) -> UUID:
        with db.unit_of_work() as session:
            return outbox.record(session, kind, payload, now=clock.now())

    return record


def somebody(number: str = "A123456789", mobile: str = "0912345678") -> UUID:
    with db.unit_of_work() as session:
        return people.enrol_demo_person(session, national_id=number, mobile=mobile, password="x" * 12, now=NOW)


def fact(rider: UUID, **more: Any) -> dict[str, Any]:
    return {"ride_id": str(new_uuid()), "rider_id": str(rider), "booking_id": str(new_uuid()), "fleet": "yellow",
            "pick_up_at": PICK_UP.isoformat()} | more  # fmt: skip


def told(person: UUID) -> list[inbox.Message]:
    """What stands in somebody's inbox, oldest first."""
    with db.unit_of_work() as session:
        return inbox.page_of_messages(session, person_id=person, limit=50, cursor=None)[0][::-1]


def texts() -> list[tuple[str, str, datetime]]:
    """(number, words, not before) of each text message that waits."""
    with db.unit_of_work() as session:
        rows = session.execute(
            text("SELECT * FROM identity.sms WHERE status = 'waiting' ORDER BY created_at, id")
        ).all()
    opened = []
    for row in rows:
        number, body = (
            crypto.open_sealed(getattr(row, f"{column}_sealed"), table="identity.sms", column=column, row_id=row.id)
            for column in ("mobile", "body")
        )
        opened.append((number.decode(), body.decode(), row.next_at))
    return opened


FACTS: list[tuple[str, dict[str, Any], str]] = [
    ("ride_bound", {}, "ride_bound"),
    ("ride_not_bound", {"reason": "no_vehicle"}, "ride_not_bound"),
    ("ride_reseeking", {"reason": "breakdown"}, "ride_reseeking"),
    ("ride_replaced", {}, "ride_replaced"),
    ("ride_lost", {"reason": "no_vehicle"}, "ride_lost"),
    ("ride_cancelled", {"by": "rider", "is_late": True, "fee_twd": 30}, "ride_cancelled"),
    ("ride_cancelled", {"by": "fleet", "is_late": False, "fee_twd": 0}, "ride_cancelled"),
    ("ride_changed", {}, "ride_changed"),
    ("ride_change_refused", {"reason": "no_vehicle"}, "ride_change_refused"),
    ("ride_change_refused", {"reason": "busy"}, "ride_change_refused"),
    ("ride_cancel_refused", {}, "ride_cancel_refused"),
    ("ride_on_the_way", {"eta": PICK_UP.isoformat()}, "ride_on_the_way"),
    ("ride_late", {"minutes": 12, "eta": PICK_UP.isoformat()}, "ride_late"),
    (
        "ride_late",
        {"minutes": 10, "eta": PICK_UP.isoformat(), "is_guess": True},
        "ride_late_in_silence",
    ),
    ("ride_in_time", {"eta": PICK_UP.isoformat()}, "ride_in_time"),
    ("ride_arrives_late", {"minutes": 9, "eta": PICK_UP.isoformat()}, "ride_arrives_late"),
    (
        "ride_arrives_late",
        {"minutes": 9, "eta": PICK_UP.isoformat(), "is_guess": True},
        "ride_arrives_late_in_silence",
    ),
    ("ride_at_door", {}, "ride_at_door"),
    ("ride_done", {"fare_twd": 1250}, "ride_done"),
    ("ride_no_show", {"by": "rider"}, "ride_no_show"),
    ("ride_no_show", {"by": "fleet"}, "ride_no_show_fleet"),
    ("ride_no_show", {"by": "fleet", "is_over": True}, "ride_no_show_fleet_over"),
    ("ride_tomorrow", {}, "ride_tomorrow"),
    ("return_waits", {"latest_at": PICK_UP.isoformat(), "pick_up_at": None}, "ride_return_waits"),
    ("return_sought", {"attempts": 3, "is_called": True, "pick_up_at": None}, "ride_return_sought"),
    ("ride_broken_down", {"eta": None}, "ride_broken_down"),
    ("ride_broken_down", {"eta": PICK_UP.isoformat()}, "ride_fetched"),
    ("ride_reseeking", {"reason": "breakdown", "is_rescue": True}, "ride_reseeking_aboard"),
    ("ride_replaced", {"is_rescue": True}, "ride_replaced_aboard"),
    ("return_put_off", {}, "ride_return_put_off"),
    ("waitlist_offer", {"wait_id": str(new_uuid()), "accept_by": PICK_UP.isoformat()}, "waitlist_offer"),
    ("waitlist_ended", {"wait_id": str(new_uuid()), "why": "over"}, "waitlist_over"),
    ("waitlist_ended", {"wait_id": str(new_uuid()), "why": "lapsed"}, "waitlist_lapsed"),
    ("waitlist_ended", {"wait_id": str(new_uuid()), "why": "gone"}, "waitlist_gone"),
    (
        "request_answered",
        {"request_id": str(new_uuid()), "offers": 1, "accept_by": PICK_UP.isoformat()},
        "ride_late_answer",
    ),
    (
        "series_day_done",
        {"series_id": str(new_uuid()), "outcome": "not_bound", "reason": "no_vehicle"},
        "series_not_bound",
    ),
    ("series_day_done", {"series_id": str(new_uuid()), "outcome": "waiting", "reason": "no_vehicle"}, "series_waiting"),
    ("series_day_done", {"series_id": str(new_uuid()), "outcome": "skipped", "reason": "holiday"}, "series_skipped"),
]


def test_every_fact_is_told_in_both_languages_with_no_hole_no_place_and_no_code_on_a_lock_screen(
    happened: Happened, city: City, rider: UUID
) -> None:
    for kind, more, _ in FACTS:
        bring(happened(f"accessibility.{kind}", fact(rider) | more))
    messages = told(rider)
    assert [message.kind for message in messages] == [expected for *_, expected in FACTS]
    for message in messages:
        for said in (message.title, message.body):
            assert re.search("[\u4e00-\u9fff]", said.zh) and re.search("[A-Za-z]", said.en), message.kind
            assert not re.search(r"[{}→]|None|  |4071|4 0 7 1", said.zh + said.en), (message.kind, said)
        assert message.basis == "transaction" and message.why["event"]["kind"].startswith("accessibility.")
    assert {kind for kind, *_ in FACTS} | {"ride_aboard"} == {k.removeprefix("accessibility.") for k in rides.KINDS}


def test_words_are_whole_sentences_that_a_screen_reader_says_as_they_stand(
    happened: Happened, city: City, rider: UUID
) -> None:
    bring(happened("accessibility.ride_bound", bound := fact(rider)))
    [message] = told(rider)
    assert message.title == Text(
        "車訂好了：11月23日星期一上午9點30分", "Your ride is booked: Monday 23 November at 9:30 am"
    )
    assert message.body.zh.startswith("黃色大車隊（去程），上午9點20分到上午9點40分之間到門口接您。")
    assert "Yellow (outward) comes to the door between 9:20 am and 9:40 am." in message.body.en
    assert message.link == f"/app/rides/{typeid('ride', UUID(bound['ride_id']))}"


@pytest.mark.parametrize(
    ("hour", "zh", "en"),
    [
        (0, "凌晨0點5分", "12:05 am"),
        (8, "上午8點5分", "8:05 am"),
        (12, "下午12點5分", "12:05 pm"),
        (20, "晚上8點5分", "8:05 pm"),
    ],
)
def test_times_are_said_as_people_say_them(hour: int, zh: str, en: str) -> None:
    moment = datetime(2026, 11, 23, (hour - 8) % 24, 5, tzinfo=UTC)
    assert ride_moments.time_of_day(moment) == Text(zh, en)
    noon = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    assert ride_moments.time_of_day(noon) == Text("中午12點", "12 noon")


def test_an_unknown_reason_is_said_in_general_and_never_as_its_code(
    happened: Happened, city: City, rider: UUID
) -> None:
    bring(happened("accessibility.ride_lost", fact(rider, reason="strange_code")))
    [message] = told(rider)
    assert "strange_code" not in message.body.zh + message.body.en
    assert "1999" in message.body.zh and "taxi rank" in message.body.en


def test_what_machines_answer_at_once_is_no_message(happened: Happened, city: City, rider: UUID) -> None:
    asked = {"request_id": str(new_uuid()), "rider_id": str(rider), "offers": 3}
    bring(happened("accessibility.request_answered", asked))
    assert told(rider) == []


def test_what_happens_to_one_ride_is_told_in_its_order_and_other_rides_do_not_wait(
    happened: Happened, city: City, rider: UUID
) -> None:
    first = fact(rider)
    bound, at_door = happened("accessibility.ride_bound", first), happened("accessibility.ride_at_door", first)
    other = happened("accessibility.ride_at_door", fact(rider))
    bring(at_door)
    bring(other)
    assert [message.kind for message in told(rider)] == ["ride_at_door"], "only the other ride's"
    bring(bound)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE core.outbox SET not_before = NULL"))
    bring(at_door)
    assert [message.kind for message in told(rider)] == ["ride_at_door", "ride_bound", "ride_at_door"]


def test_who_chose_text_messages_gets_all_of_it_in_one_with_the_code_and_nothing_to_open(
    happened: Happened, city: City, rider: UUID
) -> None:
    city.way, city.phone = "sms", "0987654321"
    bring(happened("accessibility.ride_at_door", fact(rider)))
    [(number, body, _)] = texts()
    assert number == "0987654321"
    assert body == (
        "【我的高雄】車到門口了。黃色大車隊（車牌 RBA-1234）正在門口等您。上車時請告訴司機代碼 4 0 7 1。"
        "需要多一點時間，請打 07-1234567。"
    )
    for wording in (*ride_texts.ALL, *ride_waiting_texts.ALL):
        assert "點開" not in wording.plain.zh and "pen this" not in wording.plain.en, wording.wording.kind


def test_who_has_the_app_and_no_device_is_texted_and_who_has_one_is_not(
    happened: Happened, city: City, rider: UUID, provider: RecordingProvider
) -> None:
    bring(happened("accessibility.ride_at_door", fact(rider)))
    assert [number for number, *_ in texts()] == ["0912345678"]
    with_device(rider)
    bring(happened("accessibility.ride_at_door", fact(rider)))
    assert len(texts()) == 1 and len(provider.pushes) == 1


def test_who_chose_the_telephone_is_rung_with_the_whole_of_it_and_not_about_what_they_said_themselves(
    happened: Happened, city: City, rider: UUID
) -> None:
    city.way, city.phone = "telephone", "072345678"
    bring(happened("accessibility.ride_on_the_way", way := fact(rider, eta=PICK_UP.isoformat())))
    bring(happened("accessibility.ride_cancelled", fact(rider, by="rider", is_late=False, fee_twd=0)))
    bring(happened("accessibility.ride_cancelled", fact(rider, by="city", is_late=False, fee_twd=0)))
    first, second = city.calls
    assert (first["phone"], first["ride_id"]) == ("072345678", UUID(way["ride_id"]))
    assert first["words"].zh.startswith("您好，這裡是高雄市政府的乘車服務。車上路了，大約上午9點30分到。")
    assert "代碼 4 0 7 1" in first["words"].zh and "code 4 0 7 1" in first["words"].en
    assert first["until"] - first["due_at"] <= timedelta(hours=1)
    assert "市府取消了" in second["words"].zh
    assert texts() == []


def test_what_can_wait_waits_for_the_morning_and_a_van_at_the_door_does_not(
    database: db.Database, city: City, rider: UUID
) -> None:
    city.way = "sms"
    night = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # 02:00 in Taipei
    with db.unit_of_work() as session:
        for kind in ("ride_bound", "ride_at_door"):
            in_days = (PICK_UP + timedelta(days=2)).isoformat()
            event = Event(new_uuid(), f"accessibility.{kind}", fact(rider, pick_up_at=in_days), night)
            rides.tell(session, event, night)
    (_, _, first), (_, _, second) = sorted(texts(), key=lambda sent: sent[2])
    assert (first, second) == (night, datetime(2026, 11, 22, 23, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "more", "waits"),
    [
        ("ride_cancelled", {"by": "city", "is_late": False, "fee_twd": 0}, False),
        ("ride_bound", {}, False),
        ("ride_changed", {}, False),
        ("ride_done", {"fare_twd": 90}, True),
    ],
)
def test_of_a_ride_of_this_early_morning_nothing_waits_until_it_is_over(
    database: db.Database, city: City, rider: UUID, kind: str, more: dict[str, Any], waits: bool
) -> None:
    """At 05:30 it is cancelled, and its rider goes to the door at 06:15."""
    city.way = "sms"
    dawn = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
    early = fact(rider, pick_up_at=(dawn + timedelta(minutes=45)).isoformat(), **more)
    with db.unit_of_work() as session:
        rides.tell(session, Event(new_uuid(), f"accessibility.{kind}", early, dawn), dawn)
    [(_, _, sent_at)] = texts()
    assert sent_at == (datetime(2026, 11, 22, 23, 0, tzinfo=UTC) if waits else dawn)


def test_no_cap_and_no_quiet_hours_hold_a_push_about_a_ride_back(
    happened: Happened, city: City, rider: UUID, provider: RecordingProvider
) -> None:
    with_device(rider)
    with db.unit_of_work() as session:
        session.execute(text(
            "INSERT INTO notify.preference (person_id, daily_cap, quiet_from, quiet_until, timezone, takes_digest, "
            "digest_at, warns_of_expiry, version, updated_at) "
            "VALUES (:rider, 0, '00:00', '23:59', 'Asia/Taipei', true, '19:00', true, 1, :now)"
        ), {"rider": rider, "now": NOW})  # fmt: skip
    for _ in range(4):
        bring(happened("accessibility.ride_at_door", fact(rider)))
    assert len(provider.pushes) == 4


def test_who_is_late_to_hear_is_not_rung_about_a_van_that_is_long_gone(
    database: db.Database, city: City, rider: UUID
) -> None:
    city.way = "telephone"
    with db.unit_of_work() as session:
        event = Event(new_uuid(), "accessibility.ride_at_door", fact(rider), NOW - timedelta(hours=2))
        rides.tell(session, event, NOW)
    assert city.calls == [] and [message.kind for message in told(rider)] == ["ride_at_door"]


def test_a_booked_ride_is_something_to_subscribe_to_until_it_is_over(
    happened: Happened, city: City, rider: UUID
) -> None:
    booked = fact(rider)
    subject = f"ride:{typeid('ride', UUID(booked['ride_id']))}"
    bring(happened("accessibility.ride_bound", booked))
    assert subjects() == [(subject, "11月23日星期一上午9點30分的車", rider, False)]
    bring(happened("accessibility.ride_done", booked | {"fare_twd": 90}))
    assert subjects() == [(subject, "11月23日星期一上午9點30分的車", rider, True)]


def test_who_helps_and_asked_for_it_is_told_too_as_long_as_they_may_and_the_rider_sees_it(
    happened: Happened, city: City, rider: UUID
) -> None:
    helper = somebody("B234567890", "0922333444")
    delegation = follows(helper, rider)
    bring(happened("accessibility.ride_aboard", ridden := fact(rider)))
    [message] = told(helper)
    assert message.kind == "ride_aboard" and message.body.zh.startswith("以下是您協助的人收到的通知：")
    assert told(rider) == [], "who sits in it knows"
    with db.unit_of_work() as session:
        entries = session.execute(text("SELECT person_id, actor_id, what, reference FROM identity.access_log")).all()
        assert [tuple(entry) for entry in entries] == [
            (rider, helper, "ride_notices", typeid("ride", UUID(ridden["ride_id"])))
        ]
        session.execute(text(
            "UPDATE identity.delegation SET status = 'revoked', closed_at = :now, closed_by = 'principal' WHERE id = :id"
        ), {"id": delegation, "now": NOW})  # fmt: skip
    bring(happened("accessibility.ride_at_door", fact(rider)))
    assert len(told(helper)) == 1
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM notify.ride_follower")).scalar() == 0


def with_device(person: UUID) -> None:
    with db.unit_of_work() as session:
        devices.register(session, person_id=person, kind="fcm_token", address="x" * 40, name="", now=NOW)


def subjects() -> list[Any]:
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT subject, name_zh, person_id, closed_at IS NOT NULL FROM notify.subject"))
        return [tuple(row) for row in rows]


def follows(helper: UUID, rider: UUID) -> UUID:
    """The rider lets the helper see their rides, and the helper asked to be told. Answers the delegation's id."""
    delegation = new_uuid()
    values = {"id": delegation, "helper": helper, "rider": rider, "now": NOW - timedelta(days=1)}
    with db.unit_of_work() as session:
        session.execute(text(
            "INSERT INTO identity.delegation (id, principal_id, agent_id, begun_by, named_index, named_masked, basis, "
            "status, grants, starts_at, ends_at, lapses_at, made_at) "
            "VALUES (:id, :rider, :helper, 'principal', sha256('x'), 'x', 'agreement', 'active', "
            "'[{\"scope\": \"rides:read\"}]', :now, :now + interval '300 days', :now + interval '7 days', :now)"
        ), values)  # fmt: skip
        session.execute(text("INSERT INTO notify.ride_follower VALUES (:rider, :helper, :id, :now)"), values)
    return delegation
