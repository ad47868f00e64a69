"""The quotas of the city's cards: how much is left, what rides used of it, and what is kept for rides to come. One
point is one NT$.

What a ride uses is a row, what it gives back is another; the sum never goes below zero nor above what the card grants.
What is kept for a ride stands in the ride itself (`agreed`) and counts while it is under way: a ride that comes to
nothing keeps nothing, without anything having to be given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fares import ports
from accessibility.fares.rules import Rule, Rules
from core.clock import TAIPEI
from core.ids import new_uuid


@dataclass(frozen=True, slots=True)
class Quota:
    """A card's quota in the period of a moment. `kept`: for rides that are booked. Points."""

    card: str
    period: str
    granted: int
    used: int
    kept: int
    rule: Rule

    @property
    def left(self) -> int:
        """What can still be used; none when the grant became less than what was used and kept before."""
        return max(0, self.granted - self.used - self.kept)


def of_rider(session: Session, rules: Rules, rider_id: UUID, at: datetime, *, but: UUID | None = None) -> list[Quota]:
    """The quotas of this rider's cards in the period of `at`, in the order in which they are used.

    `but`: as if that ride had used nothing and nothing were kept for it.
    """
    cards = ports.cards_of(session, rider_id, at)
    booked = session.execute(_KEPT, {"rider": rider_id, "but": but}).all() if cards else []
    found = []
    for card in cards:
        rule = rules.by_kind.get("quota", {}).get(card)
        if rule is None:
            continue
        period = period_of(rule, at)
        values = {"rider": rider_id, "card": card, "period": period, "but": but}
        used = session.execute(_USED, values).scalar_one()
        kept = sum(
            points
            for ride in booked
            if period_of(rule, ride.pick_up_at) == period
            for of, points in ride.cards
            if of == card
        )
        found.append(Quota(card, period, int(rule.terms["points"]), int(used), int(kept), rule))
    return found


def covers(quotas: Sequence[Quota], fleet: str) -> list[tuple[str, int]]:
    """What each card could cover at this fleet, as `pricing.fare` wants it."""
    return [(each.card, each.left) for each in quotas if fleet not in each.rule.terms.get("not_at", ())]


def lock(session: Session, rider_id: UUID) -> None:
    """Let nobody else use this rider's quota until the unit of work ends."""
    session.execute(_LOCK, {"rider": str(rider_id)})


def used_by_ride(session: Session, rider_id: UUID, ride_id: UUID) -> dict[tuple[str, str], int]:
    """What a ride used so far, by card and period."""
    rows = session.execute(_BY_RIDE, {"rider": rider_id, "ride": ride_id}).all()
    return {(row.card, row.period): int(row.points) for row in rows}


def set_used(
    session: Session, rider_id: UUID, ride_id: UUID, wanted: Sequence[tuple[str, str, int]], *, now: datetime
) -> None:
    """From now on the ride has used exactly this, by card and period: the difference is written, again nothing is.

    Under `lock`.
    """
    before = used_by_ride(session, rider_id, ride_id)
    after = {(card, period): points for card, period, points in wanted}
    for card, period in sorted(before.keys() | after.keys()):
        points = after.get((card, period), 0) - before.get((card, period), 0)
        if points:
            row: dict[str, Any] = {"id": new_uuid(), "rider": rider_id, "ride": ride_id, "card": card, "period": period}
            session.execute(_WRITE, {**row, "points": points, "now": now})


def period_of(rule: Rule, at: datetime) -> str:
    """The month (2026-11) or year (2026) of Taipei's calendar that a moment lies in, as the card counts."""
    local = at.astimezone(TAIPEI)
    return f"{local:%Y-%m}" if rule.terms["per"] == "month" else f"{local:%Y}"


_USED = text(
    "SELECT coalesce(sum(points), 0) FROM accessibility.quota_use "
    "WHERE rider_id = :rider AND card = :card AND period = :period AND ride_id IS DISTINCT FROM CAST(:but AS uuid)"
)
_KEPT = text(
    """
    SELECT pick_up_at, agreed->'quota_cards' AS cards FROM accessibility.ride AS r
     WHERE rider_id = :rider AND pick_up_at IS NOT NULL AND CAST(agreed->>'quota_twd' AS integer) > 0
       AND id IS DISTINCT FROM CAST(:but AS uuid)
       AND status IN ('holding', 'bound', 'on_the_way', 'at_door', 'aboard', 'reseeking', 'done')
       AND NOT EXISTS (SELECT FROM accessibility.ride_fare AS f WHERE f.ride_id = r.id)
    """
)
_BY_RIDE = text(
    "SELECT card, period, sum(points) AS points FROM accessibility.quota_use "
    "WHERE rider_id = :rider AND ride_id = :ride GROUP BY card, period"
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('accessibility.quota ' || :rider, 0))")
_WRITE = text(
    """
    INSERT INTO accessibility.quota_use (rider_id, id, ride_id, card, period, points, at)
    VALUES (:rider, :id, :ride, :card, :period, :points, :now)
    """
)
