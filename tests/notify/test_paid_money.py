"""The money of several campaigns, reserved and given back at once: nobody waits for each other in a circle."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.ids import new_uuid
from notify import devices
from notify.channels import paid
from tests.notify.told_people import subscribed, told

CAMPAIGNS, ROUNDS = 3, 15
RESERVING = 4


@pytest.fixture
def reserving(database: db.Database) -> tuple[list[UUID], list[UUID], datetime]:
    """Runs of campaigns of one bureau that allow text messages, and people whom nothing else reaches, with messages."""
    now, people = datetime.now(UTC), [new_uuid() for _ in range(RESERVING * ROUNDS)]
    with db.unit_of_work() as session:
        device, _ = devices.register(session, person_id=new_uuid(), kind="fid", address="x", name="", now=now)
    subscription = subscribed(people[0])
    runs = [told(people[0], device.id, subscription).run_id for _ in range(CAMPAIGNS)]
    with db.unit_of_work() as session:
        for statement in _SET_UP:
            session.execute(
                text(statement),
                {"now": now, "until": now + timedelta(hours=1), "people": people, "subscription": subscription},
            )
    return runs, people, now


def _money() -> Any:
    with db.unit_of_work() as session:
        return session.execute(text(_MONEY)).one()


def test_who_reserves_for_several_campaigns_and_who_settles_others_never_deadlock(
    reserving: tuple[list[UUID], list[UUID], datetime],
) -> None:
    runs, people, now = reserving

    def reserve(of: Sequence[UUID], their_people: Sequence[UUID]) -> int:
        lined_up = 0
        for person in their_people:
            with db.unit_of_work() as session:
                lined_up += paid.fall_back(session, [person], of, now)
        return lined_up

    def give_back(*_: Sequence[UUID]) -> int:
        for _ in range(ROUNDS):
            with db.unit_of_work() as session:
                session.execute(text(_WITHDRAW), {"now": now})
            paid.settle_withdrawn(now)
        return 0

    several = [runs, runs[1:], runs[2:], [runs[0], runs[2]]]
    with ThreadPoolExecutor(RESERVING + 1) as at_once:
        giving_back = at_once.submit(give_back)
        reserving_them = [at_once.submit(reserve, of, people[nth::RESERVING]) for nth, of in enumerate(several)]
        assert sum(each.result() for each in reserving_them) == ROUNDS * sum(len(of) for of in several)
        giving_back.result()
    give_back()
    assert tuple(_money()) == (0, 0, 0, 0)


_SET_UP = (
    "DELETE FROM notify.delivery",
    "DELETE FROM notify.message",
    """
    UPDATE notify.campaign SET channels = jsonb_build_object('sms', true, 'line', false, 'budget_twd', 1000)
    """,
    "UPDATE notify.run SET deadline = :until",
    """
    INSERT INTO notify.message (person_id, id, kind, basis, content_id, subscription_id, run_id, event_id, why,
                                created_at)
    SELECT p, gen_random_uuid(), 'campaign', 'subscription', r.content_id, :subscription, r.id, r.id,
           '{"rang": true}', :now
      FROM notify.run r, unnest(CAST(:people AS uuid[])) AS p
    """,
)
_WITHDRAW = """
    UPDATE notify.delivery SET status = 'withdrawn', settled_at = :now
     WHERE id IN (SELECT id FROM notify.delivery WHERE status = 'pending' ORDER BY id FOR UPDATE SKIP LOCKED)
"""
_MONEY = """
    SELECT sum(reserved_twd)::int, sum(spent_twd)::int, (SELECT sum(reserved_twd)::int FROM notify.paid_budget),
           (SELECT sum(spent_twd)::int FROM notify.paid_budget)
      FROM notify.campaign_spending
"""
