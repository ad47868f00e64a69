"""Runs that take back in bounded passes, and the word for one whose audience had become too small."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

RUNS = """
ALTER TABLE notify.run ADD COLUMN withdrawn_again_to uuid;
COMMENT ON COLUMN notify.run.withdrawn_again_to IS
    'The person up to whom a stopped run is looked through for the second time; null until that begins.';
"""
# Not valid for the rows that are there, which the old check held to less: nothing is read while the table is locked.
HISTORY = """
ALTER TABLE notify.campaign_event DROP CONSTRAINT campaign_event_what_check;
ALTER TABLE notify.campaign_event ADD CONSTRAINT campaign_event_what_check CHECK (what IN ('written', 'changed',
    'submitted', 'returned', 'approved', 'begun', 'paused', 'resumed', 'cancelled', 'recalled', 'done', 'too_late',
    'stopped', 'too_few')) NOT VALID;
"""


def upgrade() -> None:
    """A column more, and a wider check."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(RUNS)
    op.execute(HISTORY)


def downgrade() -> None:
    """The column goes; the wider check stays, since a line of history may say what the old one does not know."""
    op.execute("ALTER TABLE notify.run DROP COLUMN withdrawn_again_to")
