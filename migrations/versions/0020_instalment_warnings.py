"""Whoever is about to lose an instalment plan is warned once of each part that they missed."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Which missed part was warned of last, by its date."""
    op.execute(
        """
        ALTER TABLE wallet.instalment_plan ADD COLUMN warned_due_on date;
        COMMENT ON COLUMN wallet.instalment_plan.warned_due_on IS 'The date of the missed part that was warned of last.';
        """
    )
