"""Hot accounts: their balance is a checkpoint plus the entries since, and a roll-up moves the checkpoint up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.errors import typed_refusals


def roll_up(session: Session, now: datetime) -> int:
    """Fold entries into the checkpoints of hot accounts; answers how many.

    Only transactions older than the oldest one still running are folded in, so that a row which commits late is never
    missed (docs/ledger.md). Raises CheckpointsOutOfReach after a restore that lacks a step.
    """
    with typed_refusals():
        return int(session.execute(text("SELECT ledger.roll_up(:now)"), {"now": now}).scalar_one())
