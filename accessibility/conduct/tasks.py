"""What this room does when a ride was missed or refused."""

from __future__ import annotations

from typing import Final

from accessibility import events
from accessibility.conduct import points, refusals
from core.outbox import Consumer

CONSUMERS: Final = (
    Consumer("accessibility.conduct.no_show", events.RIDE_NO_SHOW, points.no_show),
    Consumer("accessibility.conduct.late_cancel", events.RIDE_CANCELLED, points.late_cancel),
    Consumer("accessibility.conduct.refused", events.RIDE_REFUSED, refusals.note),
)
