"""What the provider asks of whoever keeps people's consents; plugged in at start-up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from identity.provider.models import RelyingParty


class Consents(Protocol):
    """Who agreed to what."""

    def covering(
        self,
        session: Session,
        *,
        person_id: UUID,
        client: RelyingParty,
        scopes: Collection[str],
        claims: Collection[str],
        now: datetime,
    ) -> frozenset[str] | None:
        """Of these claims, those that the person agreed the site may have; None when they must be asked (again): never
        asked, lapsed, taken back, asked for less, or for purposes in other words."""
        ...


class _NobodyAgreed:
    def covering(self, session: Session, **_asked: object) -> frozenset[str] | None:
        return None


consents: Consents = _NobodyAgreed()


def plug_in(keeper: Consents) -> None:
    """From now on, ask this one."""
    global consents
    consents = keeper
