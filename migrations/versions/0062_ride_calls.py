"""Telephone calls that are to be made for rides: to fleets that have no machine, and to riders who are told that way."""

from __future__ import annotations

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

CALLS = """
CREATE TABLE accessibility.call (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('fleet', 'rider')),
    question text NOT NULL CHECK (question IN ('ask', 'hold', 'bind', 'customer', 'cancel', 'change', 'message')),
    fleet text,
    rider_id uuid NOT NULL,
    ride_id uuid,
    request_id uuid,
    ask_id uuid,
    order_id uuid,
    phone_sealed bytea,
    words_zh text NOT NULL,
    words_en text NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}',
    asked_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    shown_to uuid[] NOT NULL DEFAULT '{}',
    done_at timestamptz,
    done_by uuid,
    answer text CHECK (answer IN ('yes', 'no', 'unreached', 'overdue')),
    given jsonb NOT NULL DEFAULT '{}',
    note text NOT NULL DEFAULT '',
    CHECK (kind = 'fleet' AND fleet IS NOT NULL AND phone_sealed IS NULL AND question <> 'message'
        OR kind = 'rider' AND phone_sealed IS NOT NULL AND question = 'message'),
    CHECK ((done_at IS NULL) = (answer IS NULL)),
    CHECK (until > due_at)
);
COMMENT ON COLUMN accessibility.call.phone_sealed IS 'The rider''s own number; that of a fleet stands with the fleet.';
COMMENT ON COLUMN accessibility.call.words_zh IS 'What to say.';
COMMENT ON COLUMN accessibility.call.facts IS 'What a fleet is asked: never who rides before it is bound.';
COMMENT ON COLUMN accessibility.call.until IS 'Said later it is of no use.';
COMMENT ON COLUMN accessibility.call.shown_to IS 'Officers who have seen it: each is in the rider''s access log once.';
COMMENT ON COLUMN accessibility.call.given IS 'What the other side said: a time, minutes, a price, a vehicle.';
CREATE INDEX call_open ON accessibility.call (due_at) WHERE done_at IS NULL;
CREATE INDEX call_overdue ON accessibility.call (until) WHERE done_at IS NULL;
CREATE INDEX call_old ON accessibility.call (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX call_of_ride ON accessibility.call (ride_id) WHERE ride_id IS NOT NULL;
CREATE INDEX call_of_order ON accessibility.call (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX call_of_ask ON accessibility.call (ask_id) WHERE ask_id IS NOT NULL;
"""


def upgrade() -> None:
    """A new table alone: nobody waits."""
    op.execute(CALLS)


def downgrade() -> None:
    """Remove it, with everything in it."""
    op.execute("DROP TABLE accessibility.call")
