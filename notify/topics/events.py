"""The facts that this room publishes about subscriptions. Ids are UUIDs as text, a subject is as on the wire."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

# person_id, subscription_id, topic (its code), subject (or null)
SUBSCRIPTION_BEGAN: Final = "notify.subscription_began"
# and how: the rule or the person that ended it
SUBSCRIPTION_ENDED: Final = "notify.subscription_ended"


def of(person_id: UUID, subscription_id: UUID, topic: str, subject: str | None) -> dict[str, Any]:
    """What every fact about a subscription says."""
    return {
        "person_id": str(person_id),
        "subscription_id": str(subscription_id),
        "topic": topic,
        "subject": subject,
    }
