"""Deeds earn once from each campaign, within caps and budget, and what is undone goes again, whatever comes first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db, outbox
from core.ids import new_uuid
from core.text import Text
from points import history
from points.campaigns import Terms
from points.earning import deeds
from points.earning.rules import Condition
from tests.points.conftest import NOW, bring, budget_left, opened, pay, recorded, terms
from tests.points.test_claw_back import spend

WHOLE_TRIPS = (Condition("operator", of=("KRTC", "KLRT")), Condition("is_complete", equal=True))
# A Monday in Taipei.
MONDAY = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)


def ride_terms(**changed: Any) -> Terms:
    values = {"event_kind": "deed.ride", "rail": None, "points_per_payment": 3, "points_per_step": 0,
              "name": Text("搭捷運集點", "Points for riding"), "bureau": "transport", "conditions": WHOLE_TRIPS}  # fmt: skip
    return terms(**{**values, **changed})


def did(
    person_id: UUID | None, at: datetime = NOW, *, kind: str = "ride", key: str = "", **facts: Any
) -> tuple[UUID, UUID]:
    """A deed is written down; answers its id and the event's, which the test brings when it wants to."""
    if kind == "ride":
        facts = {"operator": "KRTC", "is_complete": True, **facts}
    with db.unit_of_work() as session:
        deed = deeds._record(
            session, kind=kind, source="transport", key=key or str(new_uuid()), person_id=person_id, happened_at=at,
            facts=facts, body_hash=b"0" * 32, now=NOW,
        )  # fmt: skip
    return deed.id, told(deeds.RECORDED, deed.id)


def told(kind: str, deed_id: UUID) -> UUID:
    """The event that tells of the deed. Several events of one millisecond have no order among their ids."""
    with db.unit_of_work() as session:
        query = text("SELECT id FROM core.outbox WHERE kind = :kind AND payload ->> 'deed_id' = :id")
        return session.execute(query, {"kind": kind, "id": str(deed_id)}).scalar_one()


def undo(deed_id: UUID) -> UUID:
    """The bureau takes its word back; answers the event's id."""
    with db.unit_of_work() as session:
        row = session.execute(text("SELECT kind, key FROM points.deed WHERE id = :id"), {"id": deed_id}).one()
        deeds.undo(session, bureau="transport", kind=row.kind, key=row.key, now=NOW)
    return told(deeds.UNDONE, deed_id)


def ride(person_id: UUID, at: datetime = NOW, **facts: Any) -> UUID:
    deed_id, event = did(person_id, at, **facts)
    bring(event)
    return deed_id


def held(person_id: UUID, campaign: str = "%") -> int:
    """The person's points, from all campaigns or from one."""
    with db.unit_of_work() as session:
        query = text(
            "SELECT coalesce(sum(remaining), 0) FROM points.lot l JOIN points.campaign c ON c.id = l.campaign_id "
            "WHERE person_id = :id AND code LIKE :code"
        )
        return int(session.execute(query, {"id": person_id, "code": campaign}).scalar_one())


def reasons() -> list[str]:
    with db.unit_of_work() as session:
        return sorted(session.execute(text("SELECT reason FROM points.not_granted")).scalars())


def words(person_id: UUID) -> list[str]:
    """The history in English, oldest first."""
    with db.unit_of_work() as session:
        page, _ = history.entries(session, person_id=person_id, limit=50, cursor=None)
    return [entry.reason.en for entry in reversed(page)]


def test_a_whole_trip_earns_and_one_that_was_broken_off_is_none_of_the_campaign_s(database: db.Database) -> None:
    opened(ride_terms())
    person = new_uuid()
    ride(person)
    ride(person, is_complete=False)
    ride(person, operator="THSR")
    assert held(person) == 3
    assert words(person) == ["Points for riding: 3 points for a metro or light-rail ride on 2026-11-05"]
    assert reasons() == []


def test_a_deed_told_many_times_and_at_once_earns_once(database: db.Database) -> None:
    opened(ride_terms())
    person = new_uuid()
    deed_id, event = did(person, key="trip-1")
    again = did(person, key="trip-1")[0]
    assert again == deed_id
    with db.unit_of_work() as session:
        more = outbox.record(session, deeds.RECORDED, {"deed_id": str(deed_id)}, now=NOW)
    with ThreadPoolExecutor(6) as workers:
        list(workers.map(bring, [event, more] * 6))
    assert held(person) == 3


def test_what_nobody_of_the_app_did_earns_nobody_anything(database: db.Database) -> None:
    opened(ride_terms())
    bring(did(None)[1])
    assert budget_left() == 100_000


def test_steps_are_counted_of_what_the_deed_measures(database: db.Database) -> None:
    opened(
        ride_terms(
            event_kind="deed.volunteering", conditions=(Condition("hours", least=2),), points_per_payment=10,
            points_per_step=5, step_twd=2,
        )
    )  # fmt: skip
    person = new_uuid()
    bring(did(person, kind="volunteering", hours=5)[1], did(person, kind="volunteering", hours=1)[1])
    assert held(person) == 10 + 2 * 5


def test_undone_twice_takes_back_once_and_says_who_withdrew_it(database: db.Database) -> None:
    opened(ride_terms())
    person = new_uuid()
    deed_id = ride(person)
    event = undo(deed_id)
    with db.unit_of_work() as session:
        deeds.undo(session, bureau="transport", kind="ride", key=str(deed_of(deed_id)), now=NOW)
        more = outbox.record(session, deeds.UNDONE, {"deed_id": str(deed_id)}, now=NOW)
    bring(event, more)
    assert held(person) == 0 and budget_left() == 100_000
    assert words(person)[-1] == (
        "Points for riding: Transportation Bureau withdrew the record of a metro or light-rail ride on 2026-11-05, "
        "3 points taken back"
    )
    assert len(words(person)) == 2


def deed_of(deed_id: UUID) -> str:
    with db.unit_of_work() as session:
        return session.execute(text("SELECT key FROM points.deed WHERE id = :id"), {"id": deed_id}).scalar_one()


def test_undone_before_it_was_granted_earns_nothing_and_says_why(database: db.Database) -> None:
    opened(ride_terms())
    person = new_uuid()
    deed_id, event = did(person)
    undone = undo(deed_id)
    bring(undone)
    bring(event)
    assert held(person) == 0
    assert reasons() == ["undone"]


def test_granting_and_undoing_in_the_same_moment_end_with_nothing(database: db.Database) -> None:
    opened(ride_terms())
    told = [did(new_uuid()) for _ in range(6)]
    events = [event for deed_id, recorded_ in told for event in (recorded_, undo(deed_id))]
    with ThreadPoolExecutor(6) as workers:
        list(workers.map(bring, events))
    assert budget_left() == 100_000


def test_points_of_an_undone_deed_that_were_spent_are_owed_and_repaid_by_the_next_payment(
    database: db.Database,
) -> None:
    opened(ride_terms())
    opened(terms(code="paying"))
    person = new_uuid()
    deed_id = ride(person)
    spend(person, 3)
    bring(undo(deed_id))
    with db.unit_of_work() as session:
        assert history.standing(session, person_id=person, now=NOW).owed == 3
    pay(person)
    assert held(person) == 22 - 3


def test_caps_of_a_day_of_times_and_of_all_hold_at_once_for_one_person(database: db.Database) -> None:
    opened(ride_terms(code="day", points_per_person_and_day=7))
    opened(ride_terms(code="once", times_per_person=1, points_per_payment=20))
    opened(ride_terms(code="all", points_per_person=10, points_per_payment=4))
    person, other = new_uuid(), new_uuid()
    events = [did(person)[1] for _ in range(12)] + [did(other)[1]]
    start = threading.Barrier(6)

    def together(turn: int) -> None:
        start.wait()
        for event in events[turn::6]:
            bring(event)

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(together, range(6)))
    assert held(person) == 7 + 20 + 10
    assert held(other) == 3 + 20 + 4
    assert reasons().count("times_cap") == 11


def test_forty_at_once_cannot_overspend_a_budget_for_ten(database: db.Database) -> None:
    db.configure(database.url, connections=40)
    opened(ride_terms(), budget_points=32)
    events = [did(new_uuid())[1] for _ in range(40)]
    with ThreadPoolExecutor(20) as workers:
        list(workers.map(bring, events))
    assert budget_left() == 2
    assert reasons() == ["budget_exhausted"] * 30


def test_the_cap_of_a_day_ends_at_midnight_in_taipei(database: db.Database) -> None:
    opened(ride_terms(points_per_person_and_day=3))
    person = new_uuid()
    midnight = datetime(2026, 11, 5, 16, tzinfo=UTC)
    ride(person, midnight - timedelta(hours=3))
    ride(person, midnight - timedelta(microseconds=1))
    assert held(person) == 3
    ride(person, midnight)
    assert held(person) == 6


def test_what_is_undone_makes_room_under_a_cap(database: db.Database) -> None:
    opened(ride_terms(times_per_person=1))
    person = new_uuid()
    bring(undo(ride(person)))
    ride(person)
    assert held(person) == 3


WEEK = {"week_days": (1, 2, 3, 4, 5), "points_per_payment": 50}


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 2, 0, 3, 1)])
def test_riding_on_every_weekday_of_a_week_earns_once_in_whatever_order_it_is_heard(
    database: db.Database, order: tuple[int, ...]
) -> None:
    opened(ride_terms(**WEEK))
    person = new_uuid()
    for day in order:
        assert held(person) == 0
        ride(person, MONDAY + timedelta(days=day))
    ride(person, MONDAY + timedelta(days=1))
    ride(person, MONDAY + timedelta(days=5))
    assert held(person) == 50
    assert reasons() == ["week_incomplete"] * 4 + ["week_rewarded"]


def test_a_week_of_four_days_and_two_halves_of_weeks_earn_nothing(database: db.Database) -> None:
    opened(ride_terms(**WEEK))
    person = new_uuid()
    for day in (2, 3, 4, 7, 8):
        ride(person, MONDAY + timedelta(days=day))
    assert held(person) == 0


def test_a_week_that_is_no_longer_whole_loses_its_points_and_gets_them_again_when_it_is(database: db.Database) -> None:
    opened(ride_terms(**WEEK))
    person = new_uuid()
    rides = [ride(person, MONDAY + timedelta(days=day)) for day in range(5)]
    spare = ride(person, MONDAY + timedelta(days=1, hours=9))
    bring(undo(rides[4]))
    assert held(person) == 0
    ride(person, MONDAY + timedelta(days=4, hours=9))
    assert held(person) == 50
    bring(undo(rides[1]))
    assert held(person) == 50
    bring(undo(spare))
    assert held(person) == 0 and budget_left() == 100_000


def test_the_first_passkey_earns_once_in_a_life(database: db.Database) -> None:
    opened(ride_terms(event_kind="deed.passkey", conditions=(), times_per_person=1, points_per_payment=100))
    person = new_uuid()
    added = {"person_id": str(person), "added_at": NOW.isoformat()}
    for _ in range(2):
        bring(recorded("identity.passkey_added", {**added, "passkey_id": str(new_uuid())}))
    with db.unit_of_work() as session:
        waiting = session.execute(text("SELECT id FROM core.outbox WHERE kind = :kind"), {"kind": deeds.RECORDED})
        events = list(waiting.scalars())
    bring(*events)
    assert held(person) == 100 and len(events) == 1
