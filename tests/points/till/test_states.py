"""The moves of redemptions and merchants: the database lets through what the program's tables say, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core import db
from core.ids import new_uuid
from points.merchants import merchants
from points.till import redemptions
from tests.points.till.city import Phone, Shop

BEGINNINGS = ("awaiting_citizen", "held", "done")


def held(table: str) -> set[tuple[str, str]]:
    with db.unit_of_work() as session:
        return {(row.source, row.target) for row in session.execute(text(f"SELECT * FROM points.{table}"))}


def pairs(moves: Mapping[Any, Any]) -> set[tuple[str, str]]:
    return {(source, target) for source, targets in moves.items() for target in targets}


def test_the_database_holds_the_same_moves(client: FlaskClient) -> None:
    assert held("redemption_move") == pairs(redemptions.MOVES)
    assert held("merchant_move") == pairs(merchants.MOVES)


@pytest.mark.parametrize("source", redemptions.STATUSES)
def test_every_other_move_and_beginning_of_a_redemption_is_refused(cafe: Shop, source: redemptions.Status) -> None:
    def set_up(status: str) -> Any:
        made = new_uuid()
        with db.unit_of_work() as session:
            session.execute(_MADE, {"id": made, "shop": cafe.branch_id, "status": status})
        return made

    if source not in BEGINNINGS:
        with pytest.raises(IntegrityError, match="does not begin as"):
            set_up(source)
    for target in redemptions.STATUSES:
        made = set_up(source if source in BEGINNINGS else "awaiting_citizen")
        if source not in BEGINNINGS:
            move(made, source)
        if target == source or target in redemptions.MOVES[source]:
            move(made, target)
        else:
            with pytest.raises(IntegrityError, match="does not go from"):
                move(made, target)


@pytest.mark.parametrize(
    "wrong",
    ["answer_by = NULL", "status = 'done', done_at = NULL", "settlement_id = gen_random_uuid()"],
    ids=["waits without end", "done at no time", "settled before it is done"],
)
def test_what_waits_has_an_end_and_what_is_settled_is_done(cafe: Shop, mei: Phone, wrong: str) -> None:
    assert cafe.ask(mei.code(), 600).json["status"] == "awaiting_citizen"
    with pytest.raises(IntegrityError), db.unit_of_work() as session:
        session.execute(text(f"UPDATE points.redemption SET {wrong}"))


@pytest.mark.parametrize("source", merchants.STATUSES)
def test_every_other_move_of_a_merchant_is_refused(cafe: Shop, source: str) -> None:
    closed = ", closed_at = now(), closed_by = 'city'"
    for target in merchants.STATUSES:
        with db.unit_of_work() as session:
            session.execute(text("ALTER TABLE points.merchant DISABLE TRIGGER merchant_moves"))
            session.execute(text(f"UPDATE points.merchant SET status = :status{closed}"), {"status": source})
            session.execute(text("ALTER TABLE points.merchant ENABLE TRIGGER merchant_moves"))
        moved = text("UPDATE points.merchant SET status = :status")
        if target == source or target in merchants.MOVES[source]:
            with db.unit_of_work() as session:
                session.execute(moved, {"status": target})
        else:
            with pytest.raises(IntegrityError, match="does not go from"), db.unit_of_work() as session:
                session.execute(moved, {"status": target})


def move(made: Any, status: str) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE points.redemption SET status = :status, done_at = now() WHERE id = :id"),
            {"id": made, "status": status},
        )


_MADE = text(
    """
    INSERT INTO points.redemption (id, merchant_id, branch_id, person_id, points, status, presented, created_at,
                                   answer_by, done_at, business_day)
    SELECT :id, merchant_id, id, gen_random_uuid(), 1, :status, 'code', now(), now(), now(), current_date
      FROM points.branch WHERE id = :shop
    """
)
