"""What an ended campaign has left of its budget goes back to the bureau that funded it.

It waits until whatever happened before the end has been told, and it leaves in the budget what was taken back from
people and may have to be given again to them (a refund that did not arrive, a dispute that was won).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from ledger import book
from points.campaigns import ASSET
from points.earning.deeds import OLDEST

# A deed may be told so long after it was done, and an event be a few days on its way.
WAIT: Final = OLDEST + timedelta(days=8)


def release_leftovers(now: datetime) -> int:
    """Give back what is left of every budget whose campaign ended `WAIT` ago. Answers how many points. Opens its own
    units of work, one for each campaign that has something left."""
    with db.unit_of_work() as session:
        ended = list(session.execute(_ENDED, {"before": now - WAIT}))
        waiting = [row.id for row in ended if book.balance(session, row.budget_account).available > 0]
    released = 0
    for campaign_id in waiting:
        with db.unit_of_work() as session:
            released += release(session, campaign_id, now)
    return released


def release(session: Session, campaign_id: UUID, now: datetime) -> int:
    """Give back what is left of this campaign's budget. Answers how many points."""
    # Whoever grants, takes back or gives again holds the campaign, too.
    campaign: Any = session.execute(_LOCKED, {"id": campaign_id}).one()
    reserve = int(session.execute(_TAKEN_BACK, {"id": campaign_id}).scalar_one())
    points = book.balance(session, campaign.budget_account).available - reserve
    if points <= 0:
        return 0
    funding = book.account_id(f"points:funding:{campaign.bureau}")
    transfer_id = uuid5(campaign_id, f"leftover after {campaign.released_points}")
    posting = book.Posting(
        transfer_id, campaign.budget_account, funding, points, ASSET, "campaign budget left over", campaign.code
    )
    book.post(session, [posting], now=now)
    session.execute(_RELEASED, {"id": campaign_id, "points": points})
    return points


_ENDED = text(
    "SELECT id, budget_account FROM points.campaign WHERE status <> 'draft' AND least(valid_until, ended_at) <= :before"
)
_LOCKED = text(
    "SELECT code, bureau, budget_account, released_points FROM points.campaign WHERE id = :id FOR NO KEY UPDATE"
)
_TAKEN_BACK = text("SELECT coalesce(sum(taken_back), 0) FROM points.lot WHERE campaign_id = :id AND taken_back > 0")
_RELEASED = text("UPDATE points.campaign SET released_points = released_points + :points WHERE id = :id")
