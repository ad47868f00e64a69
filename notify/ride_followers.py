"""Who follows somebody's rides with them: whoever may see the rides of another by a delegation, and asked to be told.

Whether they still may is asked anew for every message, and each that they are sent stands in the rider's access log.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.text import Text
from identity import acting
from identity.actors import Actor
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

SCOPES = (RIDES_READ, RIDES_BOOK)


class ActsForNobody(Conflict):
    """The caller acts for nobody: their own rides are told to them anyway."""

    slug = "acts-for-nobody"
    title = Text("您沒有代理任何人", "You act for nobody")
    explanation = Text(
        "自己的乘車通知一定會收到。要一起收別人的通知，請先以代理人的身分辦理。",
        "You are told of your own rides anyway. To be told of somebody else's, act for them first.",
    )


def follow(session: Session, actor: Actor, *, is_wanted: bool, now: datetime) -> None:
    """From now on tell this caller, who acts for somebody, of that one's rides; or no longer.

    Raises ActsForNobody, NotDelegated.
    """
    rider_id = _rider(session, actor, now)
    values = {"rider_id": rider_id, "follower_id": actor.id, "delegation_id": actor.delegation_id, "now": now}
    session.execute(_FOLLOW if is_wanted else _LEAVE, values)


def is_following(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Whether this caller, who acts for somebody, is told of that one's rides.

    Raises ActsForNobody, NotDelegated.
    """
    rider_id = _rider(session, actor, now)
    return bool(session.execute(_IS, {"rider_id": rider_id, "follower_id": actor.id}).scalar())


def of(session: Session, rider_id: UUID, *, reference: str, now: datetime) -> list[UUID]:
    """Who is to be told of this ride now: it is written down for each. Who may no longer be told follows no longer."""
    told = []
    for row in session.execute(_OF, {"rider_id": rider_id}).all():
        actor = Actor("citizen", row.follower_id, on_behalf_of=rider_id, delegation_id=row.delegation_id)
        if any(acting.may(session, actor, rider_id, scope, now=now) for scope in SCOPES):
            acting.require(session, actor, rider_id, *SCOPES, what="ride_notices", reference=reference, now=now)
            told.append(row.follower_id)
        else:
            session.execute(_LEAVE, {"rider_id": rider_id, "follower_id": row.follower_id})
    return told


def _rider(session: Session, actor: Actor, now: datetime) -> UUID:
    if actor.on_behalf_of is None:
        raise ActsForNobody
    acting.require(session, actor, actor.on_behalf_of, *SCOPES, what="ride_notices", now=now)
    return actor.on_behalf_of


_FOLLOW = text(
    """
    INSERT INTO notify.ride_follower (rider_id, follower_id, delegation_id, since)
    VALUES (:rider_id, :follower_id, :delegation_id, :now)
    ON CONFLICT (rider_id, follower_id) DO UPDATE SET delegation_id = excluded.delegation_id
    """
)
_LEAVE = text("DELETE FROM notify.ride_follower WHERE rider_id = :rider_id AND follower_id = :follower_id")
_IS = text("SELECT EXISTS (SELECT FROM notify.ride_follower WHERE rider_id = :rider_id AND follower_id = :follower_id)")
_OF = text("SELECT follower_id, delegation_id FROM notify.ride_follower WHERE rider_id = :rider_id ORDER BY since")
