"""What happened to a subscription: every beginning, question, answer, change and end, with its cause. Only added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid

What = Literal["began", "changed", "asked", "answered", "renewed", "ended"]
WHATS: tuple[What, ...] = ("began", "changed", "asked", "answered", "renewed", "ended")


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened. `how` names who or which rule did it, `ref` the cause; `ends_at` as it then stood."""

    at: datetime
    what: What
    how: Any
    ref: str | None
    ends_at: datetime | None


def add(
    session: Session,
    person_id: UUID,
    subscription_id: UUID,
    what: What,
    how: str,
    *,
    ref: str | None = None,
    ends_at: datetime | None,
    now: datetime,
) -> None:
    """Write down that something happened to a subscription, in the transaction in which it does."""
    session.execute(
        _ADD,
        {"id": new_uuid(), "person_id": person_id, "subscription_id": subscription_id, "at": now, "what": what,
         "how": how, "ref": ref, "ends_at": ends_at},
    )  # fmt: skip


def of(session: Session, subscription_id: UUID, *, limit: int = 200) -> list[Happened]:
    """The last things that happened to a subscription, the first of them first."""
    rows = session.execute(_OF, {"subscription_id": subscription_id, "limit": limit})
    return [Happened(row.at, row.what, row.how, row.ref, row.ends_at) for row in reversed(rows.all())]


_ADD = text(
    """
    INSERT INTO notify.subscription_event (person_id, id, subscription_id, at, what, how, ref, ends_at)
    VALUES (:person_id, :id, :subscription_id, :at, :what, :how, :ref, :ends_at)
    """
)
_OF = text(
    "SELECT at, what, how, ref, ends_at FROM notify.subscription_event WHERE subscription_id = :subscription_id "
    "ORDER BY id DESC LIMIT :limit"
)
