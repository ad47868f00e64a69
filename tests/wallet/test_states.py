"""The table of a payment's states, against the database and the documentation that it is drawn into."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.db import Database
from wallet import states


def test_every_state_but_the_first_is_reached_and_only_final_ones_are_left_by_nothing_but_a_refund() -> None:
    for status in states.STATUSES:
        assert status == states.AWAITING or states.sources_of(status)
        leaves = {target for source, target in states.MOVES if source == status}
        assert leaves <= {states.REFUNDED} if status in states.FINAL else leaves


def test_the_database_knows_the_same_states(database: Database) -> None:
    with database.unit_of_work() as session:
        rule = session.execute(
            text(
                "SELECT pg_get_constraintdef(oid) AS rule FROM pg_constraint "
                "WHERE conrelid = 'wallet.payment'::regclass AND conname = 'payment_status_check'"
            )
        ).scalar_one()
    assert {status for status in states.STATUSES if f"'{status}'" in rule} == set(states.STATUSES)
    assert rule.count("::text") == len(states.STATUSES)


def test_a_state_that_is_none_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO wallet.payment (id, person_id, status, rail, bank_link_id, mandate_id, account_masked, "
                "amount_twd, fee_twd, instruction, challenge, created_at, expires_at) VALUES (gen_random_uuid(), "
                "gen_random_uuid(), 'paid', 'x', gen_random_uuid(), 'm', '***', 1, 0, '{}', '', now(), now())"
            )
        )


def test_the_graph_in_the_documentation_is_drawn_from_the_table() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "payments.md").read_text()
    assert states.as_mermaid() in page
