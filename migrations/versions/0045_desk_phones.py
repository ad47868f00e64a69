"""What a topic said when it was last open, and what an officer's own phone was asked and sent."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TOPIC = """
ALTER TABLE notify.topic ADD COLUMN last_open jsonb;
COMMENT ON COLUMN notify.topic.last_open IS
    'What a closed topic said when it was last open: opened again otherwise it takes two persons. Null: nobody knows.';
"""

PHONES = """
ALTER TABLE notify.desk_phone_code ADD COLUMN person_id uuid;
COMMENT ON COLUMN notify.desk_phone_code.person_id IS
    'Who entered it on their phone, and has yet to say that the desk they were shown is theirs.';
"""

HISTORY = """
ALTER TABLE notify.campaign_event ADD COLUMN own_phones smallint;
COMMENT ON COLUMN notify.campaign_event.own_phones IS 'Of a test: on how many devices of the officer''s own it was sent.';
ALTER TABLE notify.campaign_event DROP CONSTRAINT campaign_event_what_check;
ALTER TABLE notify.campaign_event ADD CONSTRAINT campaign_event_what_check CHECK (what IN ('written', 'changed',
    'submitted', 'returned', 'approved', 'begun', 'paused', 'resumed', 'cancelled', 'recalled', 'done', 'too_late',
    'stopped', 'too_few', 'tested')) NOT VALID;
"""


def upgrade() -> None:
    """Add what two persons compare, and what a person is shown and an officer may send."""
    for statements in (TOPIC, PHONES, HISTORY):
        op.execute(statements)
    op.execute("ALTER TABLE notify.campaign_event VALIDATE CONSTRAINT campaign_event_what_check")


def downgrade() -> None:
    """Nothing: what was sent, and who approved it, is kept."""
