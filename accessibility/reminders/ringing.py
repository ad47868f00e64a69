"""Having somebody at the dispatch desk ring a rider, however that rider wants to be told otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.calls import calls
from accessibility.riders import profile
from core.ids import new_uuid
from core.text import Text
from identity import people

_CALL_LIVES: Final = timedelta(minutes=30)


def ring(session: Session, rider_id: UUID, ride_id: UUID, words: Text, now: datetime) -> bool:
    """Put a call on the desk's list, to be made now. Answers whether there is a number to ring."""
    phone = profile.of(session, rider_id).contact_phone or people.opened_mobile(people.get(session, rider_id))
    if phone is None:
        return False
    calls.ring_rider(
        session, call_id=new_uuid(), rider_id=rider_id, ride_id=ride_id, phone=phone, words=words, due_at=now,
        until=now + _CALL_LIVES, now=now,
    )  # fmt: skip
    return True
