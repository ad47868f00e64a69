"""Offers: a subscription that a life event suggests, already dated to end. Only the citizen takes it or not.

An offer is no message: it waits where the person looks at their subscriptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid
from notify.topics import standing, subscriptions
from notify.topics.endings import end_of
from notify.topics.errors import OfferClosed
from notify.topics.standing import Subscription
from notify.topics.topics import Topic, all_topics, open_topics

OFFER_LIFE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer that waits for an answer. `because` is the kind of life event, `ends_on` its last day if taken."""

    id: UUID
    topic: Topic
    because: str
    ends_on: date
    offered_at: datetime
    expires_at: datetime


def offer(session: Session, person_id: UUID, *, kind: str, life_event_id: UUID, at: datetime, now: datetime) -> int:
    """Offer what the city's topics have for such a life event. A person who hears of it already, and one to whom it
    happened too long ago, are offered nothing. Answers how many offers were made."""
    made = 0
    for topic in open_topics(session):
        if topic.offered_at != kind or topic.offered_days is None:
            continue
        ends_on = taipei_date(at) + timedelta(days=topic.offered_days)
        if ends_on < taipei_date(now):
            continue
        values = {"id": new_uuid(), "person_id": person_id, "topic_id": topic.id, "because": kind,
                  "life_event_id": life_event_id, "ends_on": ends_on, "now": now,
                  "expires_at": now + OFFER_LIFE}  # fmt: skip
        made += len(session.execute(_OFFER, values).all())
    return made


def open_offers(session: Session, person_id: UUID, now: datetime) -> list[Offer]:
    """The person's offers that may still be taken, the newest first."""
    rows = session.execute(_OPEN, {"person_id": person_id, "now": now, "today": taipei_date(now)}).all()
    topics = all_topics(session) if rows else {}
    return [_offer(row, topics) for row in rows if topics[row.topic_id].status == "open"]


def accept(session: Session, *, person_id: UUID, offer_id: UUID, now: datetime) -> tuple[Subscription, bool]:
    """Take an offer; taking it again answers the same subscription. Raises NotFound, OfferClosed, and what
    `subscriptions.begin` raises."""
    row = _locked(session, person_id, offer_id)
    topic = all_topics(session)[row.topic_id]
    if row.status not in ("open", "accepted") or (row.status == "open" and row.expires_at <= now):
        raise OfferClosed
    if row.status == "accepted":
        known = standing.one(session, person_id, row.subscription_id)
        return known, False
    if row.ends_on < taipei_date(now):
        raise OfferClosed
    taken, is_new = subscriptions.begin(
        session, person_id=person_id, topic_code=topic.code, ends_on=_day(topic, row.ends_on, now), how="offer",
        ref=f"offer:{offer_id}", now=now,
    )  # fmt: skip
    session.execute(_CLOSE, {"id": offer_id, "status": "accepted", "subscription_id": taken.id, "now": now})
    return taken, is_new


def decline(session: Session, *, person_id: UUID, offer_id: UUID, now: datetime) -> None:
    """The person does not want it; declining again changes nothing. Raises NotFound, OfferClosed."""
    row = _locked(session, person_id, offer_id)
    if row.status == "accepted":
        raise OfferClosed
    if row.status == "open":
        session.execute(_CLOSE, {"id": offer_id, "status": "declined", "subscription_id": None, "now": now})


def lapse(session: Session, now: datetime, limit: int) -> int:
    """Close up to `limit` offers that nobody answered in time. Answers how many."""
    return len(session.execute(_LAPSE, {"now": now, "limit": limit}).all())


def _day(topic: Topic, ends_on: date, now: datetime) -> date | None:
    """The offered last day, or None where the topic's own comes before it."""
    latest = end_of(topic.rules, taipei_date(now))
    return ends_on if latest is None or taipei_date(latest) > ends_on else None


def _locked(session: Session, person_id: UUID, offer_id: UUID) -> Any:
    row = session.execute(_LOCKED, {"id": offer_id, "person_id": person_id}).one_or_none()
    if row is None:
        raise NotFound
    return row


def _offer(row: Any, topics: dict[int, Topic]) -> Offer:
    return Offer(row.id, topics[row.topic_id], row.because, row.ends_on, row.offered_at, row.expires_at)


_OFFER = text(
    """
    INSERT INTO notify.offer (id, person_id, topic_id, because, life_event_id, ends_on, offered_at, expires_at)
    SELECT :id, :person_id, :topic_id, :because, :life_event_id, :ends_on, :now, :expires_at
     WHERE NOT EXISTS (SELECT FROM notify.subscription WHERE person_id = :person_id AND topic_id = :topic_id
                                                         AND subject = '' AND status = 'live')
    ON CONFLICT ON CONSTRAINT offer_made_once DO NOTHING RETURNING id
    """
)
_OPEN = text(
    "SELECT * FROM notify.offer WHERE person_id = :person_id AND status = 'open' AND expires_at > :now "
    "AND ends_on >= :today ORDER BY offered_at DESC, id DESC LIMIT 50"
)
_LOCKED = text("SELECT * FROM notify.offer WHERE id = :id AND person_id = :person_id FOR UPDATE")
_CLOSE = text(
    "UPDATE notify.offer SET status = :status, closed_at = :now, subscription_id = :subscription_id WHERE id = :id"
)
_LAPSE = text(
    """
    UPDATE notify.offer SET status = 'lapsed', closed_at = :now
     WHERE id IN (SELECT id FROM notify.offer WHERE status = 'open' AND expires_at <= :now
                   ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
