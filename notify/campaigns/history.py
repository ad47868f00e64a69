"""What happened to a campaign, by whom: every write and every move adds a line, and none is ever changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid
from identity.actors import Actor

if TYPE_CHECKING:
    from notify.campaigns.campaigns import Campaign

WHATS = (
    "written",
    "changed",
    "submitted",
    "returned",
    "approved",
    "begun",
    "paused",
    "resumed",
    "cancelled",
    "recalled",
    "done",
    "too_late",
    "stopped",
    "tested",
)
_WITH_WORDS = frozenset({"submitted", "approved"})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `by` is None where the clock did it. `own_phones`: of a test, on how many devices of the
    officer's own it was sent."""

    what: str
    at: datetime
    by: UUID | None
    by_name: str
    from_state: str | None
    to_state: str
    version: int
    note: str
    own_phones: int | None


def note(
    session: Session,
    campaign: Campaign,
    what: str,
    *,
    by: Actor | None,
    from_state: str | None,
    now: datetime,
    note: str = "",
    own_phones: int | None = None,
) -> None:
    """Write down what happened to `campaign`, which is as it is afterwards; of a submission and an approval, the exact
    words, too."""
    session.execute(
        _ADD,
        {
            "campaign_id": campaign.id, "id": new_uuid(), "at": now, "what": what, "by": by.id if by else None,
            "by_name": by.name if by else "", "from_state": from_state, "to_state": campaign.state,
            "version": campaign.version, "hash": campaign.agreed_hash, "note": note,
            "own_phones": own_phones,
            "words": orjson.dumps(campaign.agreed).decode() if what in _WITH_WORDS else None,
        },
    )  # fmt: skip


def of(session: Session, campaign_id: UUID) -> list[Line]:
    """All that happened to it, the first thing first."""
    return [
        Line(
            row.what,
            row.at,
            row.by_officer,
            row.by_name,
            row.from_state,
            row.to_state,
            row.version,
            row.note,
            row.own_phones,
        )
        for row in session.execute(_OF, {"campaign_id": campaign_id})
    ]


def hands(session: Session, campaign_id: UUID) -> Collection[UUID]:
    """Everybody who ever wrote, changed or submitted it."""
    return frozenset(session.execute(_HANDS, {"campaign_id": campaign_id}).scalars())


_ADD = text(
    """
    INSERT INTO notify.campaign_event (campaign_id, id, at, what, by_officer, by_name, from_state, to_state, version,
                                       hash, words, note, own_phones)
    VALUES (:campaign_id, :id, :at, :what, :by, :by_name, :from_state, :to_state, :version, :hash,
            CAST(:words AS jsonb), :note, :own_phones)
    """
)
_OF = text(
    "SELECT what, at, by_officer, by_name, from_state, to_state, version, note, own_phones FROM notify.campaign_event "
    "WHERE campaign_id = :campaign_id ORDER BY at, version, id"
)
_HANDS = text(
    "SELECT DISTINCT by_officer FROM notify.campaign_event "
    "WHERE campaign_id = :campaign_id AND what IN ('written', 'changed', 'submitted')"
)
