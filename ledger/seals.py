"""Tamper evidence: transfers are sealed into a chain of hashes, in the background, and the chain can be checked.

The database refuses to change a transfer. Whoever owns the server can make it do so all the same; then the transfer no
longer has the hash that was sealed, or the seal no longer has the hash that the next one holds. The newest hash,
written down outside (`head`), proves that the whole chain has not been written anew.

Sealing is asynchronous on purpose: a lock on the head of a chain in every payment would serialise the city.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_IN_ONE: Final = 20_000
_BYTES = 16


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal: its number, and the hash (hex) that stands for the whole book up to it."""

    number: int
    hash: str
    sealed_at: datetime

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was sealed. `transfer_id` names the first such transfer where it still exists."""

    seal: int
    what: str
    transfer_id: UUID | None = None


def seal(session: Session, *, now: datetime, most: int = MOST_IN_ONE) -> int:
    """Seal the next transfers of transactions that have ended, about `most` of them. Answers how many; 0: all are."""
    return int(session.execute(_SEAL, {"now": now, "most": most}).scalar_one())


def head(session: Session) -> Head | None:
    """The newest seal; None while nothing is sealed."""
    row = session.execute(_HEAD).first()
    return None if row is None else Head(row.number, bytes(row.hash).hex(), row.sealed_at)


def faults(session: Session, *, anchor: str | None = None) -> Iterator[Fault]:
    """Check the chain from its beginning and answer what is not as it was sealed, the oldest first.

    `anchor` is a head that was written down outside ("number:hash"): the chain must still hold it. Reads every
    transfer: for nights and drills.
    """
    previous, number = hashlib.sha256(b"").digest(), 0
    wanted_number, _, wanted_hash = (anchor or "").partition(":")
    is_anchored = not anchor
    while (row := session.execute(_NEXT, {"after": number}).first()) is not None:
        if row.number != number + 1:
            yield Fault(number + 1, "this seal is missing")
        number = row.number
        hashes = bytes(row.transfer_hashes)
        if bytes(row.previous_hash) != previous:
            yield Fault(number, "it does not follow from the seal before it")
        if bytes(row.hash) != hashlib.sha256(bytes(row.previous_hash) + str(number).encode() + hashes).digest():
            yield Fault(number, "its own hash is not the one of its content")
        if wanted_number == str(number):
            is_anchored = bytes(row.hash).hex() == wanted_hash
        if bytes(row.found_hashes or b"") != hashes:
            yield _first_difference(session, row, hashes)
        previous = bytes(row.hash)
    if not is_anchored:
        yield Fault(int(wanted_number) if wanted_number.isdigit() else 0, "the head written down outside is not in it")


def _first_difference(session: Session, row: Any, sealed: bytes) -> Fault:
    place = 0
    for transfer in session.execute(_TRANSFERS, {"begins": row.begins, "ends": row.ends}):
        if bytes(transfer.hash) != sealed[place : place + _BYTES]:
            return Fault(row.number, f"transfer {place + 1} of {row.transfers} is not the one sealed", transfer.id)
        place += _BYTES
    return Fault(row.number, f"transfer {place // _BYTES + 1} of {row.transfers} is gone")


_SEAL = text("SELECT ledger.seal_next(:now, :most)")
_HEAD = text("SELECT number, hash, sealed_at FROM ledger.seal ORDER BY number DESC LIMIT 1")
_NEXT = text(
    """
    SELECT s.number, s.transfers, s.transfer_hashes, s.previous_hash, s.hash, s.begins::text AS begins,
           s.ends::text AS ends,
           (SELECT string_agg(ledger.transfer_hash(t), ''::bytea ORDER BY t.xact, t.id)
              FROM ledger.transfer AS t WHERE t.xact >= s.begins AND t.xact < s.ends) AS found_hashes
      FROM ledger.seal AS s WHERE s.number > :after ORDER BY s.number LIMIT 1
    """
)
_TRANSFERS = text(
    "SELECT t.id, ledger.transfer_hash(t) AS hash FROM ledger.transfer AS t "
    "WHERE t.xact >= CAST(:begins AS xid8) AND t.xact < CAST(:ends AS xid8) ORDER BY t.xact, t.id"
)
