"""Points whose time has come go out of the book, with an entry that says so. Run twice, it does nothing more."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.text import Text
from ledger import book
from points import texts
from points.campaigns import ASSET
from points.entries import Change, about_lot, write_entry

_BATCH = 100


def expire_lots(now: datetime) -> int:
    """Expire every lot that is due. Answers how many. Opens its own units of work, each of a hundred lots."""
    expired = 0
    while True:
        with db.unit_of_work() as session:
            count = expire_some(session, now)
        expired += count
        if count < _BATCH:
            return expired


def expire_some(session: Session, now: datetime) -> int:
    """Expire up to a hundred lots that are due and that nobody else is working on. Answers how many."""
    lots = session.execute(_DUE, {"now": now, "limit": _BATCH}).all()
    if not lots:
        return 0
    gone = book.open_account(session, "points:expired", ASSET, now=now, is_hot=True)
    changes = [
        Change(
            person_id=lot.person_id,
            lot_id=lot.id,
            about=about_lot(lot),
            kind="expire",
            # A lot whose points came back after their time lives on, and expires another time.
            cause_id=uuid5(lot.id, lot.expires_at.isoformat()),
            points=-lot.remaining,
            other_account=gone,
            words=texts.EXPIRED.format(campaign=Text(lot.name_zh, lot.name_en), points=lot.remaining),
        )
        for lot in lots
    ]
    session.execute(_EMPTY, {"ids": [lot.id for lot in lots]})
    write_entry(session, *changes, now=now)
    return len(lots)


_DUE = text(
    """
    SELECT l.person_id, l.id, l.payment_id, l.deed_id, l.remaining, l.expires_at, c.name_zh, c.name_en
      FROM points.lot AS l JOIN points.campaign AS c ON c.id = l.campaign_id
     WHERE l.expires_at <= :now AND l.remaining > 0
     ORDER BY l.expires_at LIMIT :limit FOR NO KEY UPDATE OF l SKIP LOCKED
    """
)
_EMPTY = text(
    "UPDATE points.lot SET expired = expired + remaining, remaining = 0 WHERE id = ANY(:ids) AND remaining > 0"
)
