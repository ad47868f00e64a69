"""How long it is kept who waited, who was reminded and who was rung. How it went is counted without anybody's name."""

from __future__ import annotations

from typing import Final

from core.keeping import Kept

RULES: Final = (
    Kept(
        "accessibility.wait", 90, "k.status = 'ended' AND k.ended_at < :before",
        "how it went is counted without anybody's name; a rider who asks is answered for three months",
    ),
    Kept(
        "accessibility.call", 90, "k.done_at < :before",
        "what was said on the telephone is of no use after the ride; a rider who asks is answered for three months",
    ),
    Kept("accessibility.ride_reminder", 30, "k.at < :before", "nobody is reminded twice of a ride that is long over"),
    Kept(
        "accessibility.ready_return", 90, "k.ready_at < :before AND k.next_at IS NULL",
        "how long somebody waited for the way back: a rider who asks is answered for three months",
    ),
)  # fmt: skip
