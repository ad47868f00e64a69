"""Offers: so many points for something, as often as there is stock, and by each person as often as one may.

`take` and `give_back` run inside the till's own transaction. Stock is one row that its takers take turns at; the update
holds the condition, and the table's check stands behind it, so that nothing is sold that is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound, PreconditionFailed
from core.ids import new_uuid
from core.text import Text
from points.merchants import rules
from points.merchants.errors import (
    OfferNotChangeable,
    OfferNotThere,
    OfferPointsDiffer,
    OfferSoldOut,
    OfferTakenOften,
    TooManyOfThem,
)

STATUSES: Final = ("draft", "live", "ended")
# What may still be changed once people can have taken it.
_CHANGEABLE_LIVE: Final = frozenset({"stock", "valid_until", "status"})
_MOVES: Final = {"draft": {"draft", "live", "ended"}, "live": {"live", "ended"}, "ended": {"ended"}}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as its merchant wrote it. `stock` None: as many as are wanted; `taken` is what was and stayed taken."""

    id: UUID
    merchant_id: UUID
    status: str
    title: Text
    details: Text
    points: int
    stock: int | None
    taken: int
    most_per_person: int | None
    valid_from: datetime
    valid_until: datetime
    version: int

    @property
    def left(self) -> int | None:
        """How many may still be taken; None: no end."""
        return None if self.stock is None else self.stock - self.taken


def take(
    session: Session, offer_id: UUID, person_id: UUID, points: int, now: datetime, *, merchant_id: UUID | None = None
) -> Offer:
    """Take one, in the transaction that takes the points. Of many at once exactly as many succeed as there is stock.

    Raises OfferNotThere (also where it is not `merchant_id`'s), OfferPointsDiffer, OfferSoldOut, OfferTakenOften.
    """
    row = session.execute(_TAKE, {"id": offer_id, "points": points, "merchant_id": merchant_id, "now": now}).first()
    if row is None:
        raise _why_not(session, offer_id, points, merchant_id, now)
    offer = _offer(row)
    once = session.execute(_TAKE_ONE, {"id": offer_id, "person_id": person_id, "most": offer.most_per_person}).first()
    if once is None:
        raise OfferTakenOften(most=offer.most_per_person)
    return offer


def give_back(session: Session, offer_id: UUID, person_id: UUID, now: datetime) -> None:
    """What was taken is there again, also after the offer's end. The caller sees to it that this happens once."""
    session.execute(_GIVE, {"id": offer_id})
    session.execute(_GIVE_ONE, {"id": offer_id, "person_id": person_id})


def write(session: Session, merchant_id: UUID, wanted: Mapping[str, Any], *, now: datetime) -> Offer:
    """A draft of the merchant's. Raises TooManyOfThem."""
    most = rules.value(session, "offers", now)
    if session.execute(_COUNT, {"merchant_id": merchant_id}).scalar_one() >= most:
        raise TooManyOfThem(most=most)
    values = {"id": new_uuid(), "merchant_id": merchant_id, "now": now, **wanted}
    return _offer(session.execute(_WRITE, values).one())


def change(
    session: Session, merchant_id: UUID, offer_id: UUID, wanted: Mapping[str, Any], *, version: int, now: datetime
) -> Offer:
    """Change a draft, make it live, end it; of a live one stock grows and the end moves, and nothing else.

    Raises NotFound, PreconditionFailed, OfferNotChangeable.
    """
    row = session.execute(_LOCK, {"id": offer_id, "merchant_id": merchant_id}).first()
    if row is None:
        raise NotFound
    before = _offer(row)
    if before.version != version:
        raise PreconditionFailed
    after = _members(before) | dict(wanted)
    changed = {name for name, value in after.items() if value != _members(before)[name]}
    shrinks = after["stock"] is not None and (before.stock is None or after["stock"] < before.stock)
    if (
        after["status"] not in _MOVES[before.status]
        or (before.status == "live" and (changed - _CHANGEABLE_LIVE or shrinks))
        or (before.status == "ended" and changed)
        or after["valid_from"] >= after["valid_until"]
        or (after["status"] == "live" and after["valid_until"] <= now)
    ):
        raise OfferNotChangeable
    return _offer(session.execute(_CHANGE, {"id": offer_id, "now": now, **after}).one())


def of_merchant(session: Session, merchant_id: UUID, *, limit: int, after: UUID | None) -> list[Offer]:
    """The merchant's offers, drafts and ended ones too, the newest first; `after` continues a list."""
    rows = session.execute(_OF_MERCHANT, {"merchant_id": merchant_id, "limit": limit, "after": after})
    return [_offer(row) for row in rows]


def live(
    session: Session, *, merchant_id: UUID | None, limit: int, after: UUID | None, now: datetime
) -> list[tuple[Offer, Text]]:
    """What can be had now at approved merchants, with the merchant's name, the newest first."""
    rows = session.execute(_LIVE, {"merchant_id": merchant_id, "limit": limit, "after": after, "now": now})
    return [(_offer(row), Text(row.name, row.name_en or row.name)) for row in rows]


def get(session: Session, merchant_id: UUID, offer_id: UUID) -> Offer:
    """One of the merchant's offers. Raises NotFound."""
    row = session.execute(_ONE, {"id": offer_id, "merchant_id": merchant_id}).first()
    if row is None:
        raise NotFound
    return _offer(row)


def _why_not(
    session: Session, offer_id: UUID, points: int, merchant_id: UUID | None, now: datetime
) -> OfferNotThere | OfferPointsDiffer | OfferSoldOut:
    row = session.execute(_ANY, {"id": offer_id}).first()
    if row is None or row.status != "live" or merchant_id not in (None, row.merchant_id):
        return OfferNotThere()
    if not row.valid_from <= now < row.valid_until:
        return OfferNotThere()
    if row.points != points:
        return OfferPointsDiffer(points=row.points)
    return OfferSoldOut()


def _members(offer: Offer) -> dict[str, Any]:
    return {
        "status": offer.status, "title_zh": offer.title.zh, "title_en": offer.title.en, "details_zh": offer.details.zh,
        "details_en": offer.details.en, "points": offer.points, "stock": offer.stock,
        "most_per_person": offer.most_per_person, "valid_from": offer.valid_from, "valid_until": offer.valid_until,
    }  # fmt: skip


def _offer(row: Any) -> Offer:
    return Offer(
        row.id, row.merchant_id, row.status, Text(row.title_zh, row.title_en), Text(row.details_zh, row.details_en),
        row.points, row.stock, row.taken, row.most_per_person, row.valid_from, row.valid_until, row.version,
    )  # fmt: skip


_TAKE = text(
    """
    UPDATE points.offer SET taken = taken + 1
     WHERE id = :id AND status = 'live' AND valid_from <= :now AND :now < valid_until AND points = :points
       AND (CAST(:merchant_id AS uuid) IS NULL OR merchant_id = :merchant_id) AND (stock IS NULL OR taken < stock)
    RETURNING *
    """
)
# The conflicting row stays locked until the transaction ends, and its WHERE is evaluated on the row as it is then.
_TAKE_ONE = text(
    """
    INSERT INTO points.offer_taken AS t (offer_id, person_id, times) VALUES (:id, :person_id, 1)
    ON CONFLICT (offer_id, person_id) DO UPDATE SET times = t.times + 1
     WHERE CAST(:most AS integer) IS NULL OR t.times < :most
    RETURNING times
    """
)
_GIVE = text("UPDATE points.offer SET taken = taken - 1 WHERE id = :id AND taken > 0")
_GIVE_ONE = text(
    "UPDATE points.offer_taken SET times = times - 1 WHERE offer_id = :id AND person_id = :person_id AND times > 0"
)
_ANY = text("SELECT * FROM points.offer WHERE id = :id")
_ONE = text("SELECT * FROM points.offer WHERE id = :id AND merchant_id = :merchant_id")
_LOCK = text("SELECT * FROM points.offer WHERE id = :id AND merchant_id = :merchant_id FOR UPDATE")
_COUNT = text("SELECT count(*) FROM points.offer WHERE merchant_id = :merchant_id AND status <> 'ended'")
_WRITE = text(
    """
    INSERT INTO points.offer (id, merchant_id, status, title_zh, title_en, details_zh, details_en, points, stock,
                              most_per_person, valid_from, valid_until, written_at)
    VALUES (:id, :merchant_id, 'draft', :title_zh, :title_en, :details_zh, :details_en, :points, :stock,
            :most_per_person, :valid_from, :valid_until, :now)
    RETURNING *
    """
)
_CHANGE = text(
    """
    UPDATE points.offer
       SET status = :status, title_zh = :title_zh, title_en = :title_en, details_zh = :details_zh,
           details_en = :details_en, points = :points, stock = :stock, most_per_person = :most_per_person,
           valid_from = :valid_from, valid_until = :valid_until, version = version + 1,
           live_at = CASE WHEN :status = 'live' THEN coalesce(live_at, :now) ELSE live_at END,
           ended_at = CASE WHEN :status = 'ended' THEN coalesce(ended_at, :now) ELSE ended_at END
     WHERE id = :id RETURNING *
    """
)
_OF_MERCHANT = text(
    """
    SELECT * FROM points.offer
     WHERE merchant_id = :merchant_id AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit
    """
)
_LIVE = text(
    """
    SELECT o.*, m.name, m.name_en FROM points.offer o
      JOIN points.merchant m ON m.id = o.merchant_id AND m.status = 'approved'
     WHERE o.status = 'live' AND o.valid_from <= :now AND :now < o.valid_until
       AND (o.stock IS NULL OR o.taken < o.stock)
       AND (CAST(:merchant_id AS uuid) IS NULL OR o.merchant_id = :merchant_id)
       AND (CAST(:after AS uuid) IS NULL OR o.id < :after)
       AND EXISTS (SELECT FROM points.branch b WHERE b.merchant_id = o.merchant_id AND b.closed_at IS NULL)
     ORDER BY o.id DESC LIMIT :limit
    """
)
