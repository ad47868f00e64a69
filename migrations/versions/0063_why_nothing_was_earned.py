"""An index by which it is found why something earned nothing long ago."""

from __future__ import annotations

from migrations import live

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Beside the table's users."""
    live.index("points", "not_granted_by_moment", "ON points.not_granted (decided_at)")


def downgrade() -> None:
    """Without it the rows are found by reading all."""
    live.drop_index("points", "not_granted_by_moment")
