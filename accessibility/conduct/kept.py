"""How long points, refusals and complaints are kept."""

from __future__ import annotations

from typing import Final

from core.keeping import Kept

RULES: Final = (
    Kept(
        "accessibility.conduct_point", 400, "k.counts_until < :before",
        "a rider who asks why they had points is answered for a year after these ran out; their appeal goes with them",
        returning="id", with_it="DELETE FROM accessibility.ride_appeal a USING gone WHERE a.point_id = gone.id",
    ),
    Kept(
        "accessibility.refusal", 400, "k.at < :before",
        "the fairness report looks back a year; afterwards nobody's refusals are looked at",
    ),
    Kept(
        "complaints.complaint", 1_095, "k.answered_at < :before",
        "an answer is looked up again for three years; one that waits for an answer stays",
    ),
)  # fmt: skip
