"""What became of messages on a device, and what follows: a message counts as opened once, and as dismissed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.campaigns import tallies

Kind = Literal["shown", "opened", "dismissed"]
KINDS: tuple[Kind, ...] = ("shown", "opened", "dismissed")

FURTHEST_AHEAD = timedelta(hours=26)
"""A phone's clock may be set to another day; one further off says nothing."""

OLDEST = timedelta(days=60)
"""Twice as long as any message is worth delivering (28 days, FCM's and most push services' longest)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One thing that happened to a message on a device, at a moment of that device's own clock."""

    message_id: UUID
    kind: Kind
    at: datetime


def take(session: Session, *, person_id: UUID, device_id: UUID, receipts: Sequence[Receipt], now: datetime) -> None:
    """Write down what a device says of its own messages.

    Of any other message it is not heard, and nothing says so. What was said before, in whatever order, changes nothing.
    Moments outside `FURTHEST_AHEAD` and `OLDEST` are not believed; the others are taken to lie between the message and
    now.
    """
    believed = [each for each in receipts if now - OLDEST <= each.at <= now + FURTHEST_AHEAD]
    found: dict[Kind, list[_Touched]] = {}
    for kind in KINDS:
        # A message named twice happened when it first did.
        first: dict[UUID, datetime] = {}
        for each in believed:
            if each.kind == kind:
                first[each.message_id] = min(each.at, first.get(each.message_id, each.at))
        if first:
            values = {"ids": list(first), "ats": list(first.values())}
            values |= {"person_id": person_id, "device_id": device_id, "now": now}
            found[kind] = [_Touched(*row) for row in session.execute(_WRITE[kind], values)]
    _count(session, found, now)


def opened_in_the_app(session: Session, *, person_id: UUID, message_id: UUID, now: datetime) -> None:
    """The person read the message in the app: opened, if it was not yet."""
    row = session.execute(_OPENED_IN_THE_APP, {"id": message_id, "person_id": person_id, "now": now}).one_or_none()
    if row is not None:
        _count(session, {"opened": [_Touched(*row)]}, now)


@dataclass(frozen=True, slots=True)
class _Touched:
    subscription_id: UUID | None
    run_id: UUID | None


def _count(session: Session, found: dict[Kind, list[_Touched]], now: datetime) -> None:
    opened = [each.subscription_id for each in found.get("opened", ()) if each.subscription_id]
    dismissed = [each.subscription_id for each in found.get("dismissed", ()) if each.subscription_id]
    # Subscriptions before interests, as the cap locks them.
    if opened:
        session.execute(_HEARD, {"ids": opened, "now": now})
    if opened or dismissed:
        session.execute(_INTEREST, {"opened": opened, "dismissed": dismissed})
    counts: dict[UUID, Counter[str]] = {}
    for kind in ("opened", "dismissed"):
        for each in found.get(kind, ()):
            if each.run_id is not None:
                counts.setdefault(each.run_id, Counter())[kind] += 1
    tallies.add_to_each(session, counts)


# Opening the question whether a subscription is still wanted, or the note that it has ended, is no interest in it.
# Rows are locked in the order of their ids: two devices of one person may tell of the same messages at once.
_GIVEN = """
    WITH given AS (
        SELECT m.id, g.at FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[])) AS g (id, at)
          JOIN notify.message m ON m.id = g.id AND m.person_id = :person_id
         WHERE EXISTS (SELECT FROM notify.delivery d WHERE d.message_id = m.id AND d.device_id = :device_id)
         ORDER BY m.id FOR UPDATE OF m
    )
"""
_WRITE = {
    kind: text(_GIVEN + effect)
    for kind, effect in {
        "shown": """
            UPDATE notify.delivery d SET shown_at = least(g.at, :now) FROM given g
             WHERE d.message_id = g.id AND d.device_id = :device_id AND d.shown_at IS NULL
            RETURNING NULL::uuid, NULL::uuid
        """,
        "opened": """
            UPDATE notify.message m SET opened_at = greatest(m.created_at, least(g.at, :now)) FROM given g
             WHERE m.id = g.id AND m.opened_at IS NULL
            RETURNING CASE m.basis WHEN 'subscription' THEN m.subscription_id END, m.run_id
        """,
        "dismissed": """
            UPDATE notify.message m SET dismissed_at = greatest(m.created_at, least(g.at, :now)) FROM given g
             WHERE m.id = g.id AND m.dismissed_at IS NULL
            RETURNING CASE m.basis WHEN 'subscription' THEN m.subscription_id END, m.run_id
        """,
    }.items()
}
_OPENED_IN_THE_APP = text(
    """
    UPDATE notify.message SET opened_at = :now WHERE id = :id AND person_id = :person_id AND opened_at IS NULL
    RETURNING CASE basis WHEN 'subscription' THEN subscription_id END AS subscription_id, run_id
    """
)
_INTEREST = text(
    """
    INSERT INTO notify.interest AS i (person_id, topic_id, opened, dismissed)
    SELECT s.person_id, s.topic_id, count(*) FILTER (WHERE u.is_opened), count(*) FILTER (WHERE NOT u.is_opened)
      FROM (SELECT unnest(CAST(:opened AS uuid[])) AS id, true AS is_opened
            UNION ALL SELECT unnest(CAST(:dismissed AS uuid[])), false) AS u
      JOIN notify.subscription s ON s.id = u.id
     GROUP BY s.person_id, s.topic_id
     ORDER BY s.person_id, s.topic_id
    ON CONFLICT (person_id, topic_id)
    DO UPDATE SET opened = i.opened + excluded.opened, dismissed = i.dismissed + excluded.dismissed
    """
)
_HEARD = text(
    """
    WITH heard AS (
        SELECT id FROM notify.subscription WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
    )
    UPDATE notify.subscription s
       SET unopened = 0, unopened_since = NULL, last_opened_at = greatest(s.last_opened_at, :now)
      FROM heard WHERE s.id = heard.id
    """
)
