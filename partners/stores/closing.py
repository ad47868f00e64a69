"""The end of a day at a channel: what the tills took becomes a file, and the money is sent to the treasury's bank."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.clock import TAIPEI, taipei_date
from partners.bank.incoming import put_incoming
from partners.desk.switches import Mode
from partners.stores.files import CHANNELS, Channel, CollectionLine, Head, written

SCHEMA = """
CREATE TABLE IF NOT EXISTS store_taking (
    position    INTEGER PRIMARY KEY,
    channel     TEXT NOT NULL,
    reference   TEXT NOT NULL UNIQUE,
    store       TEXT NOT NULL,
    store_name  TEXT NOT NULL,
    slip_number TEXT NOT NULL,
    amount_twd  INTEGER NOT NULL,
    fee_twd     INTEGER NOT NULL,
    charge_twd  INTEGER NOT NULL,
    business_on TEXT NOT NULL,
    paid_at     TEXT NOT NULL,
    file        TEXT,
    UNIQUE (channel, slip_number)
);
CREATE INDEX IF NOT EXISTS store_taking_open ON store_taking (channel, business_on) WHERE file IS NULL;
CREATE TABLE IF NOT EXISTS store_file (
    position     INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    channel      TEXT NOT NULL,
    business_on  TEXT NOT NULL,
    number       INTEGER NOT NULL,
    details      INTEGER NOT NULL,
    net_twd      INTEGER NOT NULL,
    pays_on      TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    available_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS store_file_content (
    name    TEXT PRIMARY KEY,
    content BLOB NOT NULL
);
"""

_DAY_SECONDS = 86_400


def close_days(
    writing: sqlite3.Connection,
    channel: Channel,
    *,
    through: date,
    now: datetime,
    pays_on: date | None,
    mode: Mode | None,
) -> list[str]:
    """Makes one file of what the channel took on each day up to `through` and has not reported; answers their names.

    The net of each file is sent to the treasury's account for `pays_on`, or the day after `now`. `mode` makes a file
    wrong, late or double, as switches ask.
    """
    days = writing.execute(
        "SELECT DISTINCT business_on FROM store_taking WHERE channel = ? AND file IS NULL AND business_on <= ?"
        " ORDER BY business_on",
        (channel.key, through.isoformat()),
    ).fetchall()
    pays_on = pays_on or taipei_date(now) + timedelta(days=1)
    return [
        name
        for (business_on,) in days
        for name in _close(writing, channel, date.fromisoformat(business_on), now, pays_on, mode)
    ]


def _close(
    writing: sqlite3.Connection, channel: Channel, business_on: date, now: datetime, pays_on: date, mode: Mode | None
) -> list[str]:
    day = business_on.isoformat()
    (earlier,) = writing.execute(
        "SELECT count(DISTINCT number) FROM store_file WHERE channel = ? AND business_on = ?", (channel.key, day)
    ).fetchone()
    rows = writing.execute(
        "SELECT * FROM store_taking WHERE channel = ? AND business_on = ? AND file IS NULL ORDER BY position",
        (channel.key, day),
    ).fetchall()
    number = earlier + 1
    lines = _misreported([_line(row, channel) for row in rows], mode)
    payout_reference = f"{channel.code}-{business_on:%Y%m%d}-{number:03d}"
    head = Head(channel, business_on, now.replace(microsecond=0), number)
    content = b"".join(written(head, lines, pays_on=pays_on, payout_reference=payout_reference))
    net_twd = sum(line.net_twd for line in lines)
    is_late = mode is not None and mode.name == "late_file"
    available_at = now.timestamp() + (mode["days"] * _DAY_SECONDS if is_late and mode else 0.0)
    name = f"{channel.code}_{business_on:%Y%m%d}_{number:03d}.txt"
    names = [name, f"again_{name}"] if mode is not None and mode.name == "file_twice" else [name]
    for each in names:
        writing.execute(
            "INSERT INTO store_file (name, channel, business_on, number, details, net_twd, pays_on, sha256,"
            " available_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (each, channel.key, day, number, len(lines), net_twd, pays_on.isoformat(),
             hashlib.sha256(content).hexdigest(), available_at),
        )  # fmt: skip
        writing.execute("INSERT INTO store_file_content (name, content) VALUES (?, ?)", (each, content))
    writing.execute(
        "UPDATE store_taking SET file = ? WHERE channel = ? AND business_on = ? AND file IS NULL",
        (name, channel.key, day),
    )
    if net_twd > 0:
        put_incoming(writing, _payout(channel, payout_reference, net_twd, pays_on))
    return names


def _misreported(lines: list[CollectionLine], mode: Mode | None) -> Sequence[CollectionLine]:
    """The lines as the mode has them: the first one twice, missing, or a dollar off."""
    if mode is None or not lines:
        return lines
    if mode.name == "duplicate_line":
        return [lines[0], *lines]
    if mode.name == "missing_line":
        return lines[1:]
    if mode.name == "dollar_off":
        first = lines[0]
        values = {name: getattr(first, name) for name in CollectionLine.__slots__}
        return [CollectionLine(**{**values, "amount_twd": first.amount_twd + 1}), *lines[1:]]
    return lines


def _line(row: sqlite3.Row, channel: Channel) -> CollectionLine:
    return CollectionLine(
        row=row["position"], channel=channel, store=row["store"], store_name=row["store_name"],
        slip_number=row["slip_number"], amount_twd=row["amount_twd"], fee_twd=row["fee_twd"],
        charge_twd=row["charge_twd"], paid_at=datetime.fromisoformat(row["paid_at"]).astimezone(TAIPEI),
        reference=row["reference"],
    )  # fmt: skip


def _payout(channel: Channel, reference: str, net_twd: int, pays_on: date) -> dict[str, Any]:
    return {
        "kind": "credit", "reference": reference, "party": channel.name, "amount_twd": net_twd,
        "remittance": f"代收款 {reference}", "booked_on": pays_on.isoformat(),
    }  # fmt: skip


def channels_of(key: str | None) -> list[Channel]:
    """The channel with this key, or all of them; KeyError for an unknown one."""
    return list(CHANNELS.values()) if key is None else [CHANNELS[key]]
