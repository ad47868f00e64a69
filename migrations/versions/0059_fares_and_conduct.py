"""Fares, quotas, no-show points, appeals, ratings and what was left behind."""

from __future__ import annotations

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing to take back."""
