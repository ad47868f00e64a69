"""The moves of requests, rides and orders: the program's, the database's and the page's are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from accessibility.requests import states as request_states
from accessibility.rides import states
from core import db

MACHINES = {
    "ride_request": request_states.MOVES,
    "ride": states.RIDE_MOVES,
    "fleet_order": states.ORDER_MOVES,
}  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES)
def test_the_database_holds_the_same_moves_and_the_page_shows_them(database: db.Database, machine: str) -> None:
    with db.unit_of_work() as session:
        rows = session.execute(
            text("SELECT source, target FROM accessibility.move WHERE machine = :machine"), {"machine": machine}
        ).all()  # fmt: skip
    moves = MACHINES[machine]
    assert {(row.source, row.target) for row in rows} == {(move.source, move.target) for move in moves}
    page = Path(__file__).resolve().parents[3] / "docs/rides.md"
    assert states.as_mermaid(moves) in page.read_text()


def test_the_database_refuses_a_move_that_is_none(database: db.Database) -> None:
    with pytest.raises(IntegrityError), db.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO accessibility.ride (rider_id, id, booking_id, request_id, leg, status, code, companions, "
                "created_at) VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'out', "
                ":status, '0000', 0, now())"
            ),
            {"status": "bound"},
        )
