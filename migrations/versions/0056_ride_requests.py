"""Fleets as data, requests, offers, rides and their orders."""

from __future__ import annotations

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing to take back."""
