"""The cap: when a person is awake, whose turn it is, and what goes into an evening's digest."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# One expression each, so that the planner takes them into the statement that calls them.
CLOCKS = """
CREATE FUNCTION notify.awake_at(quiet_from time, quiet_until time, zone text, moment timestamptz) RETURNS timestamptz
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

CREATE FUNCTION notify.wakes_tomorrow(quiet_from time, quiet_until time, zone text, moment timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT notify.awake_at(quiet_from, quiet_until, zone,
        ((moment AT TIME ZONE zone)::date + 1
         + CASE WHEN quiet_from > quiet_until THEN quiet_until ELSE '07:00' END) AT TIME ZONE zone)
$$;
COMMENT ON FUNCTION notify.wakes_tomorrow IS
    'When the next day of that person begins to ring: the end of the night''s quiet hours, else 07:00, never at midnight.';

ALTER TABLE notify.preference ADD CONSTRAINT preference_timezone_is_known
    CHECK ((timestamptz '2000-01-01 00:00:00+00' AT TIME ZONE timezone) IS NOT NULL) NOT VALID;
ALTER TABLE notify.preference VALIDATE CONSTRAINT preference_timezone_is_known;
"""


def upgrade() -> None:
    """Add the functions by which quiet hours and days are reckoned."""
    op.execute(CLOCKS)


def downgrade() -> None:
    """Remove them."""
    op.execute("ALTER TABLE notify.preference DROP CONSTRAINT preference_timezone_is_known")
    op.execute("DROP FUNCTION notify.wakes_tomorrow; DROP FUNCTION notify.awake_at")
