"""Differences between what we paid and what the bank says: opened once each, listed for a desk, closed with a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid

Kind = Literal["missing", "unknown", "amount", "again", "refused", "stopped"]
KINDS: tuple[Kind, ...] = ("missing", "unknown", "amount", "again", "refused", "stopped")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `reference` is the name on the statement, `amount_twd` what is in question."""

    id: UUID
    day: date
    kind: Kind
    payout_id: UUID | None
    reference: str
    amount_twd: int
    details: str
    opened_at: datetime
    closed_at: datetime | None
    note: str


def open_one(
    session: Session,
    *,
    day: date,
    kind: Kind,
    payout_id: UUID | None,
    reference: str,
    amount_twd: int,
    details: str,
    now: datetime,
) -> None:
    """Write a difference down, once for day, kind and reference."""
    session.execute(
        _OPEN,
        {"id": new_uuid(), "day": day, "kind": kind, "payout_id": payout_id, "reference": reference,
         "amount": amount_twd, "details": details[:400], "now": now},
    )  # fmt: skip


def close_by_itself(session: Session, *, kind: Kind, reference: str, note: str, now: datetime) -> None:
    """What was missing has come."""
    session.execute(_CLOSE_ITSELF, {"kind": kind, "reference": reference, "note": note, "now": now})


def close(session: Session, difference_id: UUID, *, by: UUID, note: str, now: datetime) -> Difference:
    """An officer has looked into it. Raises NotFound, also for one that is closed."""
    row = session.execute(_CLOSE, {"id": difference_id, "by": by, "note": note, "now": now}).first()
    if row is None:
        raise NotFound
    return Difference(*row)


def page(session: Session, *, is_open: bool | None, limit: int, after: UUID | None) -> list[Difference]:
    """Differences, the newest first; `after` continues a list."""
    rows = session.execute(_PAGE, {"is_open": is_open, "limit": limit, "after": after})
    return [Difference(*row) for row in rows]


_COLUMNS = "id, day, kind, payout_id, reference, amount_twd, details, opened_at, closed_at, note"
_OPEN = text(
    """
    INSERT INTO points.payout_difference (id, day, kind, payout_id, reference, amount_twd, details, opened_at)
    VALUES (:id, :day, :kind, :payout_id, :reference, :amount, :details, :now)
    ON CONFLICT ON CONSTRAINT payout_difference_once DO NOTHING
    """
)
_CLOSE_ITSELF = text(
    "UPDATE points.payout_difference SET closed_at = :now, note = :note "
    "WHERE kind = :kind AND reference = :reference AND closed_at IS NULL"
)
_CLOSE = text(
    f"UPDATE points.payout_difference SET closed_at = :now, closed_by = :by, note = :note "  # noqa: S608
    f"WHERE id = :id AND closed_at IS NULL RETURNING {_COLUMNS}"
)
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM points.payout_difference
     WHERE (CAST(:is_open AS boolean) IS NULL OR (closed_at IS NULL) = :is_open)
       AND (CAST(:after AS uuid) IS NULL OR id < :after)
     ORDER BY id DESC LIMIT :limit
    """  # noqa: S608
)
