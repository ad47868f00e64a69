"""What costs money: text messages and LINE, within the month's budget of the bureau and the limit of the campaign."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

CHANNELS = frozenset({"sms", "line"})


def settle(session: Session, deliveries: Sequence[UUID]) -> None:
    """Filled in below."""
