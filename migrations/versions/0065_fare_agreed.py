"""What a ride's fare was agreed to be: by it the points of a card are kept for the ride until it ends or is settled."""

from __future__ import annotations

from migrations import live

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rides that are booked already keep nothing, as was said when they were quoted."""
    live.briefly("ALTER TABLE accessibility.ride ADD COLUMN IF NOT EXISTS agreed jsonb")
    live.briefly(
        "COMMENT ON COLUMN accessibility.ride.agreed IS "
        "'The fare as agreed; its points are kept for the ride until it is settled or comes to nothing.'"
    )


def downgrade() -> None:
    """Points are no longer kept for rides."""
    live.briefly("ALTER TABLE accessibility.ride DROP COLUMN agreed")
