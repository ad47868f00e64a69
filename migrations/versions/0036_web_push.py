"""Complaints, and when a device showed a message."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

COMPLAINTS = """
CREATE TABLE notify.complaint (
    message_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    reason text NOT NULL CHECK (length(reason) <= 500),
    complained_at timestamptz NOT NULL
);
COMMENT ON TABLE notify.complaint IS 'That a message should not have come: of its person, once.';
"""

SHOWN = """
ALTER TABLE notify.delivery ADD COLUMN IF NOT EXISTS shown_at timestamptz;
COMMENT ON COLUMN notify.delivery.shown_at IS 'When the device says that it showed the message.';
"""


def upgrade() -> None:
    """Add the table and the column."""
    live.briefly(SHOWN)
    op.execute(COMPLAINTS)


def downgrade() -> None:
    """Nothing: complaints stay."""
