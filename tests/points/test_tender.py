"""Points as part of a payment, beside everything else that touches the same lots at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from waiting import wait_until

from core import db
from core.ids import new_uuid
from points import tender
from tests.points.conftest import NOW, pay, recorded, refunded
from tests.points.conftest import bring as worker_takes


@pytest.fixture
def saver(campaign: UUID) -> UUID:
    """Somebody with two lots of 22 points, of which the newer one expires first."""
    person_id = new_uuid()
    pay(person_id)
    pay(person_id, captured_at="2026-09-05T06:03:20+00:00")
    return person_id


def hold(person_id: UUID, points: int) -> UUID:
    payment_id = new_uuid()
    with db.unit_of_work() as session:
        tender.hold(session, person_id=person_id, payment_id=payment_id, points=points, now=NOW)
    return payment_id


def available(person_id: UUID) -> int:
    with db.unit_of_work() as session:
        return tender.available(session, person_id, NOW)


def test_points_that_were_released_can_be_spent_after_all_as_far_as_they_are_there(saver: UUID) -> None:
    payment_id = hold(saver, 40)
    with db.unit_of_work() as session:
        tender.release(session, payment_id=payment_id, now=NOW)
    hold(saver, 30)
    with db.unit_of_work() as session:
        tender.take_again(session, payment_id=payment_id, points=40, cause_id=new_uuid(), now=NOW)
    assert available(saver) == 0
    with db.unit_of_work() as session:
        tender.give_back(session, payment_id=payment_id, points=40, cause_id=new_uuid(), now=NOW)
        tender.give_back(session, payment_id=payment_id, points=40, cause_id=new_uuid(), now=NOW)
    assert available(saver) == 14


def holds(saver: UUID) -> None:
    hold(saver, 40)


def gives_back(saver: UUID) -> None:
    payment_id = spent[saver]
    with db.unit_of_work() as session:
        tender.give_back(session, payment_id=payment_id, points=40, cause_id=new_uuid(), now=NOW)


def takes_back(saver: UUID) -> None:
    worker_takes(recorded("wallet.bill_refunded", refunded(pay(saver), 1260)))


spent: dict[UUID, UUID] = {}


@pytest.mark.parametrize("work", [holds, gives_back, takes_back], ids=lambda work: work.__name__)
def test_whoever_needs_several_lots_locks_the_oldest_first_so_that_nobody_waits_in_a_circle(
    saver: UUID, work: Callable[[UUID], None]
) -> None:
    spent[saver] = hold(saver, 40)
    with db.unit_of_work() as session:
        tender.spend(session, payment_id=spent[saver], now=NOW)
        if work is not gives_back:
            tender.give_back(session, payment_id=spent[saver], points=40, cause_id=new_uuid(), now=NOW)
    worker = threading.Thread(target=work, args=(saver,))
    with db.unit_of_work() as session:
        oldest, newer = session.execute(
            text("SELECT id FROM points.lot WHERE person_id = :id ORDER BY id"), {"id": saver}
        ).scalars()
        session.execute(text("SELECT 1 FROM points.lot WHERE id = :id FOR UPDATE"), {"id": oldest})
        worker.start()
        wait_until(_somebody_waits)
        with db.unit_of_work() as other:
            free = other.execute(
                text("SELECT 1 FROM points.lot WHERE id = :id FOR UPDATE SKIP LOCKED"), {"id": newer}
            ).first()
        assert free is not None
    worker.join()


def _somebody_waits() -> bool:
    with db.unit_of_work() as session:
        return bool(session.execute(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")).scalar())
