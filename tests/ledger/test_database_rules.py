"""What the database itself refuses, whoever asks: raw SQL as the tables' owner, and as the application's own role."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from core.ids import new_uuid
from ledger import book, checkpoints

_INSERT = """
    INSERT INTO ledger.transfer (id, group_id, recorded_at, kind, asset, debit_account, credit_account, amount, held,
                                 pending_id, reverses_id, expires_at, reason, subject)
    VALUES (%(id)s, %(id)s, now(), %(kind)s, %(asset)s, %(debit)s, %(credit)s, %(amount)s, %(held)s, %(pending_id)s,
            %(reverses_id)s, %(expires_at)s, 'by hand', '')
"""


@pytest.fixture
def owner(database, accounts, earn, spend, pay, now):
    """A plain connection as the superuser who owns the tables, on a book with a few transfers in it."""
    with database.unit_of_work() as session:
        book.post(session, [earn(100)], now=now)
        book.hold(session, [spend(30)], now=now)
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield connection


def by_hand(connection, accounts, **changes):
    row = {"id": new_uuid(), "kind": "posted", "asset": "PT", "debit": accounts["campaign"], "credit": accounts["mei"],
           "amount": 1, "held": None, "pending_id": None, "reverses_id": None, "expires_at": None}  # fmt: skip
    connection.execute(_INSERT, row | changes)


def test_rows_of_the_book_are_never_changed(owner):
    ways = (
        "UPDATE {} SET asset = 'PT'",
        "UPDATE {} SET asset = 'PT' WHERE false",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
    )
    for table in ("ledger.account", "ledger.transfer"):
        for way in ways:
            with pytest.raises(psycopg.Error, match="append-only") as refusal:
                owner.execute(way.format(table))
            assert refusal.value.sqlstate == "LG001"


def test_not_even_where_triggers_are_switched_off_for_replication(owner):
    owner.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.Error, match="append-only"):
        owner.execute("DELETE FROM ledger.transfer")


def test_a_transfer_is_not_rewritten_through_a_conflict(owner):
    with pytest.raises(psycopg.Error, match="append-only"):
        owner.execute(
            "INSERT INTO ledger.transfer SELECT * FROM ledger.transfer ON CONFLICT (id) DO UPDATE SET amount = 1"
        )


def test_counters_move_only_with_transfers(owner):
    for statement in (
        "UPDATE ledger.balance SET credits_posted = 1000000",
        "DELETE FROM ledger.balance",
        "TRUNCATE ledger.balance",
        "INSERT INTO ledger.balance (account_id, never_negative) SELECT id, false FROM ledger.account WHERE is_hot",
    ):
        with pytest.raises(psycopg.Error, match="append-only"):
            owner.execute(statement)


def test_a_transfer_written_by_hand_moves_the_balances_too(database, owner, accounts):
    by_hand(owner, accounts, amount=7)
    with database.unit_of_work() as session:
        assert book.balance(session, accounts["mei"]).posted == 107


def test_a_transfer_written_by_hand_cannot_overdraw(owner, accounts):
    with pytest.raises(psycopg.errors.CheckViolation, match="balance_never_negative"):
        by_hand(owner, accounts, debit=accounts["mei"], credit=accounts["campaign"], amount=71)


def test_an_ill_formed_transfer_is_refused(owner, accounts):
    for changes in (
        {"asset": "TWD"},
        {"credit": accounts["bank"]},
        {"credit": accounts["campaign"]},
        {"credit": new_uuid()},
        {"amount": 0},
        {"amount": -1},
        {"held": 5},
        {"kind": "post"},
        {"kind": "void", "pending_id": new_uuid(), "held": 1},
        {"kind": "pending", "reverses_id": new_uuid()},
        {"reverses_id": new_uuid()},
        {"expires_at": "2027-01-01T00:00:00Z"},
    ):
        with pytest.raises(psycopg.Error):
            by_hand(owner, accounts, **changes)


def test_a_resolution_by_hand_must_fit_its_hold(owner, accounts):
    (hold_id,) = owner.execute("SELECT id FROM ledger.transfer WHERE kind = 'pending'").fetchone()
    row = {"kind": "post", "pending_id": hold_id, "held": 30, "debit": accounts["mei"], "credit": accounts["campaign"]}
    for changes in (
        {"amount": 31},
        {"amount": 20, "held": 31},
        {"kind": "void", "amount": 20},
        {"debit": accounts["ming"]},
        {"debit": accounts["campaign"], "credit": accounts["mei"]},
    ):
        with pytest.raises(psycopg.Error) as refusal:
            by_hand(owner, accounts, **(row | changes))
        assert refusal.value.sqlstate == "LG004"


def test_a_transfer_cannot_claim_another_transaction_s_number(owner):
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(
            "INSERT INTO ledger.transfer (id, xact, group_id, recorded_at, kind, asset, debit_account, credit_account,"
            " amount, reason, subject) SELECT gen_random_uuid(), '3', id, now(), 'posted', asset, debit_account,"
            " credit_account, 1, 'by hand', '' FROM ledger.transfer LIMIT 1"
        )


def test_no_foreign_key_points_to_a_row_that_carries_a_balance(owner):
    targets = owner.execute(
        "SELECT DISTINCT confrelid::regclass::text FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = 'ledger'::regnamespace"
    ).fetchall()
    assert {name for (name,) in targets} == {"ledger.account", "ledger.transfer"}


def test_a_floor_needs_a_balance_row_on_the_credit_side(owner):
    for properties in ("'credit', true", "'debit', false"):
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute(
                "INSERT INTO ledger.account (id, code, asset, normal_side, is_hot, never_negative, opened_at)"
                f" VALUES (gen_random_uuid(), 'x', 'PT', {properties}, true, now())"
            )


def test_the_documented_grants_suffice_and_give_nothing_more(database, owner, accounts, earn, now):
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    grants = page.split("```sql", 1)[1].split("```", 1)[0]
    role = f"{owner.info.dbname}_app"
    owner.execute(f"CREATE ROLE {role}")
    owner.execute(grants.replace("the_application", role))
    with database.sessions() as session:
        session.connection().exec_driver_sql(f"SET ROLE {role}")
        book.open_account(session, "pt:new", "PT", now=now, never_negative=True)
        book.post(session, [earn(5)], now=now)
        book.trial_balance(session)
        book.entries(session, accounts["mei"])
        checkpoints.roll_up(session, now)
        session.commit()
    owner.execute(f"SET ROLE {role}")
    for forbidden in ("UPDATE ledger.balance SET credits_posted = 9", "DELETE FROM ledger.transfer",
                      "UPDATE ledger.checkpoint SET horizon = '0'", "DELETE FROM ledger.expiring_hold",
                      "ALTER TABLE ledger.transfer DISABLE TRIGGER ALL"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(forbidden)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        by_hand(owner, accounts)
    owner.execute("RESET ROLE")
    owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_checkpoints_from_another_cluster_are_refused_rather_than_misread(database, owner, accounts):
    owner.execute("UPDATE ledger.checkpoint SET horizon = '999999999999'")
    with database.unit_of_work() as session:
        for read in (lambda: book.balance(session, accounts["bank"]), lambda: book.trial_balance(session)):
            with pytest.raises(Exception) as refusal, session.begin_nested():
                read()
            assert type(refusal.value).__name__ == "CheckpointsOutOfReach"
