"""How long this room keeps what it wrote down to do its work. Lots, histories and the book are kept.

Of the deeds those that this program tells itself (a first passkey) stay, one for each person: earned once is once.
"""

from __future__ import annotations

from datetime import datetime

from core import keeping
from core.keeping import Kept

_TOLD_BY_A_BUREAU = "k.source <> 'identity' AND k.happened_at < :before"

RULES = (
    Kept(
        "points.deed", 100, f"k.person_id IS NULL AND {_TOLD_BY_A_BUREAU}",
        "by nobody who uses the app: the same report may come again for 92 days, and is then known by its key",
    ),
    Kept(
        "points.deed", 400, _TOLD_BY_A_BUREAU,
        "its bureau may take it back for a year; what it earned is told in the history, which stays",
    ),
    Kept(
        "points.not_granted", 450, "k.decided_at < :before",
        "somebody asks soon why nothing was earned; the fact itself is told for 400 days, and decided once until then",
    ),
    Kept(
        "points.expiry_warning", 100, "k.last_day < CAST(:before AS timestamptz)::date",
        "nobody is warned twice of a day, and of a day that is past nobody is warned",
    ),
)  # fmt: skip


def forget(now: datetime) -> None:
    """The sweep: at night, delete what is past its time."""
    keeping.forget_at_night(RULES, now)
