"""The tables of moves, against the database that holds them and the documentation that they are drawn into."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from core.db import Database
from wallet import states
from wallet.states import Machine

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.mark.parametrize("machine", states.MACHINES, ids=lambda machine: machine.name)
def test_every_state_is_reached_and_no_move_is_in_the_table_twice(machine: Machine) -> None:
    reached = {*machine.initial, *(move.target for move in machine.moves)}
    assert reached == set(machine.states)
    pairs = [(move.source, move.target) for move in machine.moves]
    assert len(pairs) == len(set(pairs))
    assert all(move.event for move in machine.moves)
    stuck = {state for state in machine.states if state not in machine.resting and not _leads_on(machine, state)}
    assert stuck == set(), "a state that is neither at rest nor left by anything"


def _leads_on(machine: Machine, state: str) -> bool:
    return any(move.source == state and not move.is_correction for move in machine.moves)


def test_the_database_holds_the_same_tables(database: Database) -> None:
    ours = {
        *(
            (m.name, move.source, move.target, move.event, move.is_correction)
            for m in states.MACHINES
            for move in m.moves
        ),
        *((m.name, "", state, "it begins", False) for m in states.MACHINES for state in m.initial),
    }
    with database.unit_of_work() as session:
        rows = session.execute(
            text("SELECT machine, source, target, event, is_correction FROM wallet.allowed_move")
        ).all()
    assert {tuple(row) for row in rows} == ours


def test_a_payment_begins_nowhere_else(database: Database) -> None:
    with pytest.raises(IntegrityError, match="does not begin as captured"), database.unit_of_work() as session:
        _payment(session, "captured")


@pytest.mark.parametrize("status", states.STATUSES)
def test_only_the_moves_of_the_table_are_possible_whoever_asks(database: Database, status: str) -> None:
    allowed = {move.target for move in states.PAYMENT.moves if move.source == status and not move.is_correction}
    for target in states.STATUSES:
        with database.unit_of_work() as session:
            payment_id = _payment_in(session, status)
            if target == status or target in allowed:
                _move(session, payment_id, target)
                continue
            with pytest.raises(IntegrityError, match="does not go from"), session.begin_nested():
                _move(session, payment_id, target)


def test_a_correction_names_the_decision_of_two_people_and_is_written_down(database: Database) -> None:
    with database.unit_of_work() as session:
        payment_id = _payment_in(session, "failed")
        with pytest.raises(IntegrityError), session.begin_nested():
            _move(session, payment_id, "captured")
        session.execute(text("SELECT set_config('wallet.correction', 'apr_123', true)"))
        _move(session, payment_id, "captured")
        change = session.execute(
            text("SELECT * FROM wallet.state_change WHERE subject = :id AND correction IS NOT NULL"), {"id": payment_id}
        ).one()
    assert (change.source, change.target, change.correction) == ("failed", "captured", "apr_123")


def test_what_happened_cannot_be_rewritten(database: Database) -> None:
    with database.unit_of_work() as session:
        _payment_in(session, "failed")
    for statement in ("UPDATE wallet.state_change SET event = 'x'", "DELETE FROM wallet.state_change"):
        with pytest.raises(ProgrammingError, match="append-only"), database.unit_of_work() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("machine", "page"),
    [(states.PAYMENT, "payments.md"), (states.MANDATE, "payments.md"), (states.REFUND, "refunds.md"),
     (states.DISPUTE, "disputes.md"), (states.AUTOMATIC_DEBIT, "automatic_debit.md"),
     (states.PLANNED_DEBIT, "automatic_debit.md")],
    ids=lambda value: value.name if isinstance(value, Machine) else value,
)  # fmt: skip
def test_the_graphs_in_the_documentation_are_drawn_from_the_tables(machine: Machine, page: str) -> None:
    assert machine.as_mermaid() in (DOCS / page).read_text()


def _payment(session: Session, status: str) -> UUID:
    payment_id = uuid4()
    session.execute(
        text(
            "INSERT INTO wallet.payment (id, person_id, status, rail, bank_link_id, mandate_id, account_masked, "
            "amount_twd, fee_twd, instruction, challenge, created_at, expires_at) VALUES (:id, gen_random_uuid(), "
            ":status, 'x', gen_random_uuid(), 'm', '***', 1, 0, '{}', '', now(), now())"
        ),
        {"id": payment_id, "status": status},
    )
    return payment_id


def _payment_in(session: Session, status: str) -> UUID:
    """A payment brought to this state by allowed moves, the shortest way."""
    ways: dict[str, list[str]] = {states.AWAITING: []}
    queue = [states.AWAITING]
    while queue:
        here = queue.pop(0)
        for move in states.PAYMENT.moves:
            if move.source == here and not move.is_correction and move.target not in ways:
                ways[move.target] = [*ways[here], move.target]
                queue.append(move.target)
    payment_id = _payment(session, states.AWAITING)
    for step in ways[status]:
        _move(session, payment_id, step)
    return payment_id


def _move(session: Session, payment_id: UUID, target: str) -> None:
    session.execute(
        text("UPDATE wallet.payment SET status = :status WHERE id = :id"), {"id": payment_id, "status": target}
    )
