"""What a fleet's telegram said is remembered as a digest: the same id with other words in it is found out."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column without a default: nobody waits. What came before it is never called another telegram."""
    live.briefly(
        """
        ALTER TABLE accessibility.fleet_telegram ADD COLUMN IF NOT EXISTS said_sha256 bytea;
        COMMENT ON COLUMN accessibility.fleet_telegram.said_sha256 IS
            'SHA-256 of kind, trip and what was told: the same id with other words in it is refused.'
        """
    )


def downgrade() -> None:
    """The digests go; each telegram is still taken once."""
    op.execute("ALTER TABLE accessibility.fleet_telegram DROP COLUMN said_sha256")
