"""Channels that close and open again, paid messages within a budget, and hand-overs in turn for each channel."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

CHANNELS = """
CREATE TABLE notify.channel (
    name text PRIMARY KEY CHECK (name IN ('push', 'webpush', 'line', 'sms')),
    closed_until timestamptz,
    closed_why text,
    closings integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    probing_until timestamptz,
    ramp_began_at timestamptz,
    turn_at timestamptz,
    allowance double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON COLUMN notify.channel.closed_until IS
    'Nobody sends before; from then on one tries, until closed_until is NULL again because that went well.';
COMMENT ON COLUMN notify.channel.closings IS 'How often it closed with nothing delivered in between.';
COMMENT ON COLUMN notify.channel.failures IS 'Calls in a row that brought no answer.';
INSERT INTO notify.channel (name) VALUES ('push'), ('webpush'), ('line'), ('sms');

CREATE TABLE notify.sms_provider (
    name text PRIMARY KEY,
    resting_weight real NOT NULL CHECK (resting_weight >= 0),
    weight real NOT NULL CHECK (weight >= 0),
    weighed_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO notify.sms_provider (name, resting_weight, weight, weighed_at)
VALUES ('sms', 70, 70, '2026-01-01T00:00:00Z'), ('sms_reserve', 30, 30, '2026-01-01T00:00:00Z');
COMMENT ON COLUMN notify.sms_provider.weight IS 'As of weighed_at; it has grown back towards its resting weight since.';
"""

PAID = """
CREATE TABLE notify.paid_budget (
    bureau text NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    limit_twd integer NOT NULL CHECK (limit_twd >= 0),
    reserved_twd integer NOT NULL DEFAULT 0 CHECK (reserved_twd >= 0),
    spent_twd integer NOT NULL DEFAULT 0 CHECK (spent_twd >= 0),
    PRIMARY KEY (bureau, month),
    CONSTRAINT paid_budget_is_kept CHECK (reserved_twd + spent_twd <= limit_twd)
) WITH (fillfactor = 50);
COMMENT ON TABLE notify.paid_budget IS 'What a bureau may spend on text messages and LINE in a month of Taipei''s calendar.';

CREATE TABLE notify.campaign_spending (
    campaign_id uuid PRIMARY KEY REFERENCES notify.campaign,
    reserved_twd integer NOT NULL DEFAULT 0 CHECK (reserved_twd >= 0),
    spent_twd integer NOT NULL DEFAULT 0 CHECK (spent_twd >= 0)
) WITH (fillfactor = 50);
"""

DELIVERIES = """
ALTER TABLE notify.delivery
    ADD COLUMN IF NOT EXISTS excused smallint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS provider text,
    ADD COLUMN IF NOT EXISTS cost_twd smallint,
    ADD COLUMN IF NOT EXISTS budget_month date;
COMMENT ON COLUMN notify.delivery.excused IS 'How many of its attempts say nothing about it: the channel was closed.';
COMMENT ON COLUMN notify.delivery.provider IS 'Who was asked to send it and may have: nobody else is asked then.';
"""


def upgrade() -> None:
    """Add what handing over at scale needs; deliveries under way go on."""
    live.briefly(DELIVERIES)
    live.index(
        "notify",
        "delivery_in_turn_of_channel",
        "ON notify.delivery (channel, urgency DESC, next_at) WHERE status = 'pending'",
    )
    live.index("notify", "delivery_with_money_reserved", "ON notify.delivery (id) WHERE budget_month IS NOT NULL")
    live.drop_index("notify", "delivery_in_turn")
    live.drop_index("notify", "delivery_due")
    for statements in (CHANNELS, PAID):
        op.execute(statements)


def downgrade() -> None:
    """Take it away again."""
    op.execute(
        """
        CREATE INDEX delivery_due ON notify.delivery (next_at) WHERE status = 'pending';
        CREATE INDEX delivery_in_turn ON notify.delivery (urgency DESC, next_at) WHERE status = 'pending';
        DROP INDEX notify.delivery_in_turn_of_channel;
        ALTER TABLE notify.delivery DROP COLUMN excused, DROP COLUMN provider, DROP COLUMN cost_twd,
            DROP COLUMN budget_month;
        DROP TABLE notify.campaign_spending, notify.paid_budget, notify.sms_provider, notify.channel;
        """
    )
