"""What this room does when something became of a ride."""

from __future__ import annotations

from typing import Final

from accessibility import events
from accessibility.fares import settling
from core.outbox import Consumer

CONSUMERS: Final = (
    Consumer("accessibility.fares.done", events.RIDE_DONE, settling.ride_done),
    Consumer("accessibility.fares.stated", events.RIDE_FARE_STATED, settling.fare_stated),
    Consumer("accessibility.fares.cancelled", events.RIDE_CANCELLED, settling.ride_cancelled),
)
