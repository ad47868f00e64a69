"""How long what the register answered, and who handed in which paper, is kept. Profiles and favourites are the rider's
own: kept with the account."""

from __future__ import annotations

from typing import Final

from core.keeping import Kept

RULES: Final = (
    Kept(
        "accessibility.entitlement", 120, "k.answered_at < :before",
        "after 90 days an answer of the register entitles nobody to anything any more",
    ),
    Kept(
        "accessibility.wheelchair_paper", 400, "k.settled_on < CAST(:before AS timestamptz)::date",
        "a rider who asks why is answered for a year after the paper ran out, was refused or was withdrawn",
    ),
)  # fmt: skip
