"""That a site was told something of a person: in the access log, in the transaction that tells it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from identity import access_log
from identity.actors import Actor
from identity.provider.models import RelyingParty


def record(session: Session, client: RelyingParty, person_id: UUID, *, now: datetime) -> None:
    """Write down that this site reads what this person agreed to tell it."""
    site = Actor(kind="bureau", id=client.id, bureau=client.bureau, name=client.name_zh)
    access_log.record_access(
        session, actor=site, person_id=person_id, what="claims", purpose="consent", reference=client.client_id, now=now
    )
