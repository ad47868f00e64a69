"""Which telephone company sends a text message: by weights that move away from the one that fails and come back slowly.

A switch that flips sends everything to one company and finds out about the other only by flipping back; weights keep a
trickle with both. The choice follows from the delivery's id and its attempt, so that the same case chooses the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# From nothing back to its resting weight.
RECOVERY_SECONDS = 1800.0
# Of the resting weight: the trickle by which a company's recovery is noticed.
LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Weight:
    """A company's share of the text messages, as of `weighed_at`."""

    name: str
    resting: float
    weight: float
    weighed_at: datetime

    def at(self, now: datetime) -> float:
        """The weight by now: it grows back towards its resting weight."""
        grown = self.resting * max((now - self.weighed_at).total_seconds(), 0.0) / RECOVERY_SECONDS
        return min(self.weight + grown, self.resting)


@dataclass(slots=True)
class Heard:
    """How many messages of a batch were given to a company, and how many of those it failed."""

    tried: int = 0
    failed: int = 0


def choose(weights: Sequence[Weight], delivery: UUID, attempt: int, now: datetime) -> str:
    """The company for this attempt of this delivery."""
    shares = [(each.name, each.at(now)) for each in sorted(weights, key=lambda each: each.name)]
    drawn = int.from_bytes(hashlib.sha256(delivery.bytes + attempt.to_bytes(4)).digest()[:8]) / 2**64
    left = drawn * sum(share for _, share in shares)
    for name, share in shares:
        left -= share
        if left < 0:
            return name
    return shares[-1][0]


def reweighed(weight: Weight, heard: Heard, now: datetime) -> Weight:
    """The weight after a batch: less by the share that failed, and never so little that nobody would notice."""
    kept = weight.at(now) * (1 - heard.failed / heard.tried) if heard.tried else weight.at(now)
    return replace(weight, weight=max(kept, weight.resting * LEAST_SHARE), weighed_at=now)


def read(session: Session) -> list[Weight]:
    """The weights of all companies."""
    return [Weight(*row) for row in session.execute(_READ)]


def weigh(session: Session, heard: Mapping[str, Heard], now: datetime) -> None:
    """Write down what a batch heard of each company. Nothing is written where nobody failed."""
    failing = {name: each for name, each in heard.items() if each.failed}
    if not failing:
        return
    for weight in (Weight(*row) for row in session.execute(_READ_LOCKED, {"names": sorted(failing)}).all()):
        changed = reweighed(weight, failing[weight.name], now)
        session.execute(_WRITE, {"name": weight.name, "weight": changed.weight, "now": now})


def pin(session: Session, chosen: Mapping[UUID, str]) -> None:
    """Remember whom these deliveries are given to, before they are: after silence nobody else may be asked."""
    session.execute(_PIN, {"ids": list(chosen), "names": list(chosen.values())})


_READ = text("SELECT name, resting_weight, weight, weighed_at FROM notify.sms_provider ORDER BY name")
_READ_LOCKED = text(
    """
    SELECT name, resting_weight, weight, weighed_at FROM notify.sms_provider
     WHERE name = ANY(CAST(:names AS text[])) ORDER BY name FOR UPDATE
    """
)
_WRITE = text("UPDATE notify.sms_provider SET weight = :weight, weighed_at = :now WHERE name = :name")
_PIN = text(
    """
    UPDATE notify.delivery AS d SET provider = u.name
      FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[])) AS u (id, name) WHERE d.id = u.id
    """
)
