"""The cap: when a person is awake, whose turn it is, and what goes into an evening's digest."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# One expression each, so that the planner takes them into the statement that calls them.
CLOCKS = """
CREATE OR REPLACE FUNCTION notify.awake_at(quiet_from time, quiet_until time, zone text, moment timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN quiet_from < quiet_until AND (moment AT TIME ZONE zone)::time >= quiet_from
                                      AND (moment AT TIME ZONE zone)::time < quiet_until
          OR quiet_from > quiet_until AND (moment AT TIME ZONE zone)::time < quiet_until
            THEN greatest(moment, ((moment AT TIME ZONE zone)::date + quiet_until) AT TIME ZONE zone)
        WHEN quiet_from > quiet_until AND (moment AT TIME ZONE zone)::time >= quiet_from
            THEN greatest(moment, ((moment AT TIME ZONE zone)::date + 1 + quiet_until) AT TIME ZONE zone)
        ELSE moment END
$$;
COMMENT ON FUNCTION notify.awake_at IS
    'The moment itself, or the end of the quiet hours in which it lies; equal ends: never quiet.';

CREATE OR REPLACE FUNCTION notify.wakes_tomorrow(quiet_from time, quiet_until time, zone text, moment timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT notify.awake_at(quiet_from, quiet_until, zone,
        ((moment AT TIME ZONE zone)::date + 1
         + CASE WHEN quiet_from > quiet_until THEN quiet_until ELSE '07:00' END) AT TIME ZONE zone)
$$;
COMMENT ON FUNCTION notify.wakes_tomorrow IS
    'When the next day of that person begins to ring: the end of the night''s quiet hours, else 07:00, never at midnight.';
"""
TIMEZONE_IS_KNOWN = "(timestamptz '2000-01-01 00:00:00+00' AT TIME ZONE timezone) IS NOT NULL"

TURNS = """
CREATE OR REPLACE FUNCTION notify.lane(person_id uuid) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT get_byte(uuid_send(person_id), 15) & 15
$$;
COMMENT ON FUNCTION notify.lane IS 'One of 16: whoever decides about a person holds the lock of that person''s lane.';

CREATE OR REPLACE FUNCTION notify.new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(
        int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;
COMMENT ON FUNCTION notify.new_id IS 'A UUID of version 7 (RFC 9562 section 5.7), so that rows of one time lie together.';
"""

DIGESTS = """
CREATE TABLE notify.digest_line (
    person_id uuid NOT NULL,
    message_id uuid NOT NULL,
    run_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    deadline timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    settled_at timestamptz,
    digest_id uuid,
    PRIMARY KEY (person_id, message_id),
    CHECK (digest_id IS NULL OR settled_at IS NOT NULL)
) WITH (fillfactor = 80);
COMMENT ON TABLE notify.digest_line IS 'Messages that lie in the inbox without having rung, for the digest at due_at.';
COMMENT ON COLUMN notify.digest_line.digest_id IS 'The digest that lists it; null once settled: it was too late for any.';
CREATE INDEX digest_line_due ON notify.digest_line (notify.lane(person_id), due_at, person_id)
    WHERE settled_at IS NULL;
CREATE INDEX digest_line_of ON notify.digest_line (digest_id) WHERE digest_id IS NOT NULL;
"""


def upgrade() -> None:
    """Add the functions by which waking hours and lanes are reckoned, and the lines of digests."""
    live.briefly(CLOCKS)
    live.briefly(TURNS)
    live.check("notify.preference", "preference_timezone_is_known", TIMEZONE_IS_KNOWN)
    live.index(
        "notify",
        "candidate_in_turn",
        "ON notify.candidate (run_id, notify.lane(person_id), not_before, person_id) WHERE status = 'waiting'",
    )
    live.drop_index("notify", "candidate_due")
    op.execute(DIGESTS)


def downgrade() -> None:
    """Nothing: what was put into digests is kept."""
