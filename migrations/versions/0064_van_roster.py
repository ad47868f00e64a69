"""The office of the city's vans: vans that are out for a while, drivers who are away, and shifts taken off a day."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A new table, new columns with a default that rewrites nothing, and one more state of a shift."""
    op.execute(
        """
        CREATE TABLE IF NOT EXISTS accessibility.van_absence (
            id uuid PRIMARY KEY,
            van_id uuid REFERENCES accessibility.van,
            driver_id uuid REFERENCES accessibility.van_driver,
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
            reason text NOT NULL DEFAULT '',
            by_id uuid NOT NULL,
            at timestamptz NOT NULL,
            ended_at timestamptz,
            CONSTRAINT van_absence_of_one CHECK (num_nonnulls(van_id, driver_id) = 1),
            CONSTRAINT van_absence_no_diagnosis CHECK (driver_id IS NULL OR reason = '')
        );
        COMMENT ON TABLE accessibility.van_absence IS
            'A van that is out of service, or a driver who is away, from when until when. Why a driver is away is not kept.';
        COMMENT ON COLUMN accessibility.van_absence.ended_at IS 'When it was taken back: it does not count any more.';
        CREATE INDEX IF NOT EXISTS van_absence_van ON accessibility.van_absence (van_id, ends_at) WHERE van_id IS NOT NULL;
        CREATE INDEX IF NOT EXISTS van_absence_driver ON accessibility.van_absence (driver_id, ends_at) WHERE driver_id IS NOT NULL;
        CREATE INDEX IF NOT EXISTS van_absence_ends ON accessibility.van_absence (ends_at);
        """
    )
    live.briefly(
        """
        ALTER TABLE accessibility.van ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1;
        ALTER TABLE accessibility.depot ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1;
        ALTER TABLE accessibility.van_driver ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1,
            ADD COLUMN IF NOT EXISTS licence_until date;
        COMMENT ON COLUMN accessibility.van_driver.licence_until IS 'The last day on which they may drive; null: not told.'
        """
    )
    live.check("accessibility.van_tour", "van_tour_status_check", "status IN ('open', 'broken', 'over', 'off')")
    live.index(
        "accessibility", "van_tour_begins", "ON accessibility.van_tour (van_id, starts_at) WHERE status <> 'off'",
        unique=True,
    )  # fmt: skip
    live.briefly("ALTER TABLE accessibility.van_tour DROP CONSTRAINT IF EXISTS van_tour_van_id_starts_at_key")


def downgrade() -> None:
    """Take it away; shifts that were taken off a day are over."""
    op.execute(
        """
        UPDATE accessibility.van_tour SET status = 'over', starts_at = starts_at + interval '1 microsecond'
         WHERE status = 'off';
        ALTER TABLE accessibility.van_tour DROP CONSTRAINT van_tour_status_check,
            ADD CONSTRAINT van_tour_status_check CHECK (status IN ('open', 'broken', 'over'));
        DROP INDEX accessibility.van_tour_begins;
        ALTER TABLE accessibility.van DROP COLUMN version;
        ALTER TABLE accessibility.depot DROP COLUMN version;
        ALTER TABLE accessibility.van_driver DROP COLUMN version, DROP COLUMN licence_until;
        DROP TABLE accessibility.van_absence;
        """
    )
