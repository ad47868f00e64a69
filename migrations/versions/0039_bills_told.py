"""What was told of bills is found by the bill, is looked through again and again, and says when nothing is left to pay."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

RUNS = """
ALTER TABLE notify.run ADD COLUMN rechecked_to uuid, ADD COLUMN rechecked_at timestamptz;
COMMENT ON COLUMN notify.run.rechecked_to IS 'The person up to whom it is looked through in this round; null between two rounds.';
COMMENT ON COLUMN notify.run.rechecked_at IS 'When the last round ended.';
"""
MESSAGES = """
ALTER TABLE notify.message ADD COLUMN IF NOT EXISTS settled_at timestamptz;
COMMENT ON COLUMN notify.message.settled_at IS 'Since when nothing of what it tells of is left to pay.';
"""


def upgrade() -> None:
    """Add the indexes and the columns; what is there stays as it is."""
    live.index("notify", "trigger_fired_about", "ON notify.trigger_fired (subject)")
    live.index("notify", "digest_line_of_run", "ON notify.digest_line (run_id) WHERE settled_at IS NULL")
    live.briefly(MESSAGES)
    op.execute(RUNS)


def downgrade() -> None:
    """Nothing: messages keep what they say."""
