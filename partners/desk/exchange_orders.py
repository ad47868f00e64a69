"""What the partners of points exchange write down: accounts of their customers, and orders, each reference once.

The five sandboxes differ in how they are spoken to and in how they settle an order; the book is the same.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from core.clock import now, on_the_wire
from partners.bank.accounts import new_reference
from partners.desk.protocol import Refusal
from partners.desk.switches import Mode

SCHEMA = """
CREATE TABLE IF NOT EXISTS exchange_account (
    partner TEXT NOT NULL,
    account TEXT NOT NULL,
    balance INTEGER NOT NULL,
    status  TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    PRIMARY KEY (partner, account)
);
CREATE TABLE IF NOT EXISTS exchange_order (
    position   INTEGER PRIMARY KEY,
    partner    TEXT NOT NULL,
    reference  TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    direction  TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    account    TEXT NOT NULL,
    asked      INTEGER NOT NULL,
    value      INTEGER NOT NULL,
    charge_twd INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('reserved', 'pending', 'done', 'refused', 'cancelled')),
    reason     TEXT,
    at         TEXT NOT NULL,
    file       TEXT,
    due_at     REAL NOT NULL DEFAULT 0,
    UNIQUE (partner, reference)
);
"""

_STARTING_BALANCE = 5_000


@dataclass(frozen=True, slots=True)
class House:
    """A partner's rules: its name in the switches, the prefix of its own ids, the most an account holds, and whether
    what is done can be taken back."""

    partner: str
    prefix: str
    most_on_account: int
    takes_back: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """An order as it came in."""

    reference: str
    direction: str
    account: str
    value: int
    charge_twd: int


def begin(
    writing: sqlite3.Connection, house: House, asked: Asked, state: str, mode: Mode | None, *, due_at: float = 0.0
) -> dict[str, Any]:
    """The order under this reference, taken on now into `state` or known from before. Refuses 409 for another order.

    What was cancelled before it came stays cancelled: an order that is late finds its reference shut.
    """
    known = find(writing, house, asked.reference)
    if known is not None:
        is_same = (known["account"], known["asked"], known["direction"]) == (
            asked.account,
            asked.value,
            asked.direction,
        )
        if known["account"] and not is_same:
            raise Refusal(409, "reference_reused", "this reference stands for another order")
        return known
    more = int(mode["twd"]) if mode and mode.name == "books_more" else 0
    value = asked.value + more
    reason = "not_accepted" if mode and mode.name == "declines" else _objection(writing, house, asked, value)
    order = {
        "partner": house.partner, "reference": asked.reference, "order_id": new_reference(house.prefix),
        "direction": asked.direction, "account": asked.account, "asked": asked.value,
        "value": asked.value if reason else value,
        "charge_twd": asked.charge_twd, "state": "refused" if reason else state, "reason": reason,
        "at": on_the_wire(now()), "due_at": due_at,
    }  # fmt: skip
    writing.execute(
        "INSERT INTO exchange_order (partner, reference, order_id, direction, account, asked, value, charge_twd, state,"
        " reason, at, due_at) VALUES (:partner, :reference, :order_id, :direction, :account, :asked, :value,"
        " :charge_twd, :state, :reason, :at, :due_at)",
        order,
    )
    if order["state"] == "done":
        _move(writing, order, 1)
    return _row(writing, house, asked.reference)


def confirm(writing: sqlite3.Connection, house: House, reference: str) -> dict[str, Any]:
    """What was reserved is done, once; anything else stays as it is. Refuses 404 for an unknown order."""
    order = find(writing, house, reference)
    if order is None:
        raise Refusal(404, "order_not_found", "no order has this reference")
    if order["state"] in ("reserved", "pending"):
        _set(writing, order, "done", None)
        _move(writing, order, 1)
    return _row(writing, house, reference)


def refuse(writing: sqlite3.Connection, house: House, reference: str, reason: str) -> dict[str, Any]:
    """An order that was taken on and is not done after all."""
    order = _row(writing, house, reference)
    if order["state"] in ("reserved", "pending"):
        _set(writing, order, "refused", reason)
    return _row(writing, house, reference)


def cancel(writing: sqlite3.Connection, house: House, reference: str) -> dict[str, Any]:
    """Takes the order back, or shuts the reference before it comes. What is done stays done where the house does not
    take it back, or the account no longer holds it."""
    order = find(writing, house, reference)
    if order is None:
        writing.execute(
            "INSERT INTO exchange_order (partner, reference, order_id, direction, account, asked, value, charge_twd,"
            " state, at) VALUES (?, ?, ?, 'out', '', 0, 0, 0, 'cancelled', ?)",
            (house.partner, reference, new_reference(house.prefix), on_the_wire(now())),
        )
    elif order["state"] in ("reserved", "pending"):
        _set(writing, order, "cancelled", None)
    elif order["state"] == "done" and house.takes_back and _can_be_taken_back(writing, order):
        _move(writing, order, -1)
        _set(writing, order, "cancelled", None)
    return _row(writing, house, reference)


def find(writing: sqlite3.Connection, house: House, reference: str) -> dict[str, Any] | None:
    """The order under our reference, or None."""
    row = writing.execute(
        "SELECT * FROM exchange_order WHERE partner = ? AND reference = ?", (house.partner, reference)
    ).fetchone()
    return None if row is None else dict(row)


def done_in(writing: sqlite3.Connection, house: House, month: str) -> list[dict[str, Any]]:
    """What was done in a month (YYYY-MM) of Taipei, in the order of its doing."""
    rows = writing.execute(
        "SELECT * FROM exchange_order WHERE partner = ? AND state = 'done' AND substr(at, 1, 7) = ? ORDER BY position",
        (house.partner, month),
    )
    return [dict(row) for row in rows]


def answered(writing: sqlite3.Connection, order: dict[str, Any], mode: Mode | None) -> dict[str, Any]:
    """The order as the answer has it: a mode gives the answer of the order before, or says another amount."""
    if mode and mode.name == "stale_answer":
        before = writing.execute(
            "SELECT * FROM exchange_order WHERE partner = ? AND position < ? ORDER BY position DESC LIMIT 1",
            (order["partner"], order["position"]),
        ).fetchone()
        return dict(before) if before else {**order, "reference": "exc_00000000000000000000000000"}
    if mode and mode.name == "answers_more":
        return {**order, "value": order["value"] + int(mode["twd"])}
    return order


def misreported(rows: list[dict[str, Any]], mode: Mode | None) -> list[dict[str, Any]]:
    """A statement's rows as a mode has them: the first one missing, twice, with a dollar more, or one nobody knows."""
    name = mode.name if mode else ""
    if name == "missing_line":
        return rows[1:]
    if name == "duplicate_line":
        return [*rows[:1], *rows]
    if name == "dollar_off" and rows:
        first = {**rows[0], "value": rows[0]["value"] + 1, "charge_twd": rows[0]["charge_twd"] + 1}
        return [first, *rows[1:]]
    if name == "unknown_line" and rows:
        return [*rows, {**rows[0], "reference": "exc_00000000000000000000000000", "order_id": "unknown"}]
    return rows


def _objection(writing: sqlite3.Connection, house: House, asked: Asked, value: int) -> str | None:
    writing.execute(
        "INSERT INTO exchange_account VALUES (?, ?, ?, 'open') ON CONFLICT DO NOTHING",
        (house.partner, asked.account, 0 if house.partner == "ipass" else _STARTING_BALANCE),
    )
    account = writing.execute(
        "SELECT * FROM exchange_account WHERE partner = ? AND account = ?", (house.partner, asked.account)
    ).fetchone()
    if account["status"] != "open":
        return "account_closed"
    if asked.direction == "in" and account["balance"] < value:
        return "not_enough"
    if asked.direction == "out" and account["balance"] + value > house.most_on_account:
        return "account_full"
    return None


def _can_be_taken_back(writing: sqlite3.Connection, order: dict[str, Any]) -> bool:
    row = writing.execute(
        "SELECT balance FROM exchange_account WHERE partner = ? AND account = ?", (order["partner"], order["account"])
    ).fetchone()
    return order["direction"] == "in" or bool(row["balance"] >= order["value"])


def _move(writing: sqlite3.Connection, order: dict[str, Any], sign: int) -> None:
    amount = order["value"] * sign * (1 if order["direction"] == "out" else -1)
    writing.execute(
        "UPDATE exchange_account SET balance = balance + ? WHERE partner = ? AND account = ?",
        (amount, order["partner"], order["account"]),
    )


def _set(writing: sqlite3.Connection, order: dict[str, Any], state: str, reason: str | None) -> None:
    writing.execute(
        "UPDATE exchange_order SET state = ?, reason = ?, at = ? WHERE position = ?",
        (state, reason, on_the_wire(now()), order["position"]),
    )


def _row(writing: sqlite3.Connection, house: House, reference: str) -> dict[str, Any]:
    row = find(writing, house, reference)
    assert row is not None
    return row
