"""That a rider waits at the door is told to the fleet: the city's own vans keep it for their driver."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column without a default: nobody waits."""
    live.briefly(
        """
        ALTER TABLE accessibility.van_order ADD COLUMN IF NOT EXISTS rider_at_door_at timestamptz;
        COMMENT ON COLUMN accessibility.van_order.rider_at_door_at IS
            'Since when the rider says that they wait at the door; the driver reads it at the stop.'
        """
    )


def downgrade() -> None:
    """What riders said goes."""
    op.execute("ALTER TABLE accessibility.van_order DROP COLUMN rider_at_door_at")
