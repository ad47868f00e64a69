"""Telling a person of a sign-in from where they have not signed in before.

What is known is the kind of device and the coarse network together, for half a year after it was last seen. A sign-in
from a known place is in the person's list and is told to nobody: a warning that comes each day is read by nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from identity import devices, locks, security_notices
from identity.models import Disavowal

REMEMBERED = timedelta(days=180)
"""How long a place stays known unused."""
_LONGEST_DEVICE = 80
# Whoever has just registered knows that they signed in.
_JUST_REGISTERED = timedelta(days=1)


def note(
    session: Session,
    *,
    person_id: UUID,
    session_id: UUID,
    amr: Collection[str],
    user_agent: str,
    network: str,
    now: datetime,
) -> None:
    """Write down from where this session begins, and tell the person on every channel if that is new. One statement
    where the place is known."""
    # A printed card signs in at a kiosk that is everybody's; its sign-ins are told each time, and make no place known.
    if "card" in amr:
        return
    place = {
        "person_id": person_id,
        "device": devices.name_of(user_agent) or user_agent[:_LONGEST_DEVICE],
        "network": network,
        "now": now,
        "registered_after": now - _JUST_REGISTERED,
    }
    # No row: known, and seen within a day.
    row = session.execute(_SEEN, place).one_or_none()
    if row is None or not row.is_new or row.is_first_of_new_person:
        return
    told = {"device": devices.label_of(user_agent), "place": devices.place_label(network)}
    method = next((method for method in locks.AMR if locks.is_of(amr, method)), None)
    security_notices.tell(session, person_id, "sign_in", values=told, session_id=session_id, method=method, now=now)


def of_sessions(session: Session, person_id: UUID, session_ids: Collection[UUID], *, now: datetime) -> dict[UUID, UUID]:
    """The notices of these sign-ins of this person that can still be disowned, by session. One query."""
    query = select(Disavowal.session_id, Disavowal.id).where(
        Disavowal.person_id == person_id,
        Disavowal.kind == "sign_in",
        Disavowal.session_id.in_(session_ids),
        Disavowal.expires_at > now,
    )
    return {session_id: notice_id for session_id, notice_id in session.execute(query) if session_id is not None}


# xmax is 0 in a row that was inserted, and not in one that was updated.
_SEEN = text(
    """
    INSERT INTO identity.known_place AS place (person_id, device, network, first_seen_at, last_seen_at)
    VALUES (:person_id, :device, :network, :now, :now)
    ON CONFLICT (person_id, device, network) DO UPDATE SET last_seen_at = excluded.last_seen_at
     WHERE place.last_seen_at < excluded.last_seen_at - interval '1 day'
    RETURNING xmax = 0 AS is_new,
              NOT EXISTS (SELECT FROM identity.known_place other WHERE other.person_id = place.person_id)
              AND EXISTS (SELECT FROM identity.person p
                           WHERE p.id = place.person_id AND p.registered_at > :registered_after)
              AS is_first_of_new_person
    """
)
