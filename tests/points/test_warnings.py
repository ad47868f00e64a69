"""Warnings before points lapse: thirty, seven and one day ahead, once each, grouped for a person, at a decent hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from signed_in import sign_in
from sqlalchemy import text

from api.app import create_app
from api.delivery import deliver
from core import db
from core.ids import new_uuid
from notify import tasks as notify_tasks
from points import tender, warnings
from points.warnings import warn_of_expiry
from tests.points.conftest import pay

# The last moment of the last day, in Taipei, is END.
END = datetime(2027, 11, 30, 16, tzinfo=UTC)
NINE = timedelta(hours=-15)
"""From the end of a day in Taipei back to nine in its morning."""


def morning(days_ahead: int) -> datetime:
    return END + NINE - timedelta(days=days_ahead)


def told() -> list[dict[str, Any]]:
    with db.unit_of_work() as session:
        return list(
            session.execute(
                text("SELECT payload FROM core.outbox WHERE kind = 'points.expiring_soon' ORDER BY recorded_at")
            ).scalars()
        )


def test_a_person_is_warned_thirty_seven_and_one_day_ahead_and_never_twice(campaign: UUID) -> None:
    person = new_uuid()
    for _ in range(2):
        pay(person)
    assert warn_of_expiry(morning(31)) == 0
    assert warn_of_expiry(morning(30) - timedelta(seconds=1)) == 0
    for days in (30, 29, 8, 7, 6, 2, 1, 0):
        assert warn_of_expiry(morning(days)) == (1 if days in (30, 7, 1) else 0), days
        assert warn_of_expiry(morning(days) + timedelta(hours=1)) == 0
    assert [(each["points"], each["days"]) for each in told()] == [(44, 30), (44, 7), (44, 1)]
    assert told()[0]["ends"] == [{"points": 44, "last_day": "2027-11-30"}]


def test_what_was_used_is_not_warned_of_and_two_days_are_one_message(campaign: UUID) -> None:
    spender, keeper = new_uuid(), new_uuid()
    for person in (spender, keeper):
        pay(person)
    with db.unit_of_work() as session:
        tender.hold(session, person_id=spender, payment_id=new_uuid(), points=22, now=morning(40))
        session.execute(
            text(
                "UPDATE points.lot SET expires_at = expires_at - interval '5 days' WHERE person_id = :id AND id IN "
                "(SELECT id FROM points.lot WHERE person_id = :id LIMIT 1)"
            ),
            {"id": keeper},
        )
    pay(keeper)
    assert warn_of_expiry(morning(28)) == 1
    assert told()[0]["ends"] == [{"points": 22, "last_day": "2027-11-25"}, {"points": 22, "last_day": "2027-11-30"}]
    [event_id] = _ids()
    deliver(
        [event_id], {"points.expiring_soon": [c for c in notify_tasks.CONSUMERS if c.kind == warnings.EXPIRING_SOON]}
    )
    with db.unit_of_work() as session:
        message = session.execute(text("SELECT title_en, body_en FROM notify.message")).one()
        pushes = session.execute(text("SELECT count(*) FROM notify.delivery")).scalar_one()
    assert message.title_en == "44 points lapse soon"
    assert message.body_en.startswith("22 points can be used until 2027-11-25; 22 points can be used until 2027-11-30.")
    assert pushes == 0


def test_who_switched_the_warnings_off_gets_none_and_a_warning_says_how(campaign: UUID) -> None:
    client = create_app().test_client()
    keen, weary = sign_in(client), sign_in(client, national_id="B123456780", mobile="0912345679")
    headers = {"Authorization": f"Bearer {weary.token}", "If-Match": '"0"'}
    off = client.patch("/v1/notification-preferences", json={"warns_of_expiry": False}, headers=headers)
    assert off.status_code == 200 and off.json["warns_of_expiry"] is False
    for person in (keen, weary):
        pay(person.person_id)
    assert warn_of_expiry(morning(28)) == 2
    deliver(_ids(), {warnings.EXPIRING_SOON: [c for c in notify_tasks.CONSUMERS if c.kind == warnings.EXPIRING_SOON]})
    assert weary.call("GET", "/v1/inbox").json["items"] == []
    (told_of,) = keen.call("GET", "/v1/inbox").json["items"]
    stop = keen.call("GET", f"/v1/inbox/{told_of['id']}/why", language="en").json["stop"]
    assert (stop["method"], stop["href"]) == ("PATCH", "/v1/notification-preferences")
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM notify.delivery")).scalar_one() == 0, "nothing rings"


def test_a_pass_that_was_killed_goes_on_where_it_was(campaign: UUID, monkeypatch: Any) -> None:
    monkeypatch.setattr(warnings, "BATCH", 2)
    people = [new_uuid() for _ in range(5)]
    for person in people:
        pay(person)
    now = morning(30)
    with db.unit_of_work() as session:
        assert warnings.warn_some(session, now.date(), now) == 2
    assert warn_of_expiry(now) == 3
    assert sorted(each["person_id"] for each in told()) == sorted(map(str, people))


def _ids() -> list[UUID]:
    with db.unit_of_work() as session:
        return list(session.execute(text("SELECT id FROM core.outbox WHERE kind = 'points.expiring_soon'")).scalars())
