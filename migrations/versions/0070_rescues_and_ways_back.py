"""Whoever sits in a vehicle that cannot go on is fetched from there; a way back waits for who is still out."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

MOVES = ("bound", "on_the_way", "at_door")


def upgrade() -> None:
    """Columns with a constant default, moves more, and one reminder more: nothing that stands is rewritten."""
    live.briefly("ALTER TABLE accessibility.ride ADD COLUMN IF NOT EXISTS is_rescue boolean NOT NULL DEFAULT false")
    live.briefly("ALTER TABLE accessibility.ride ADD COLUMN IF NOT EXISTS sought_since timestamptz")
    live.briefly(
        "COMMENT ON COLUMN accessibility.ride.is_rescue IS 'Its rider is, or was, in a vehicle that cannot go on.'"
    )
    for source in MOVES:
        op.execute(f"INSERT INTO accessibility.move (machine, source, target) VALUES ('ride', '{source}', 'will_call')")
    live.briefly("ALTER TABLE accessibility.ride_reminder DROP CONSTRAINT IF EXISTS ride_reminder_kind_check")
    live.briefly(
        "ALTER TABLE accessibility.ride_reminder ADD CONSTRAINT ride_reminder_kind_check "
        "CHECK (kind IN ('evening', 'return_waits', 'return_sought', 'rescue')) NOT VALID"
    )
    live.briefly("ALTER TABLE accessibility.ride_reminder VALIDATE CONSTRAINT ride_reminder_kind_check")


def downgrade() -> None:
    """Columns and moves go; reminders of rescues, too."""
    op.execute("DELETE FROM accessibility.ride_reminder WHERE kind = 'rescue'")
    live.briefly("ALTER TABLE accessibility.ride_reminder DROP CONSTRAINT ride_reminder_kind_check")
    live.briefly(
        "ALTER TABLE accessibility.ride_reminder ADD CONSTRAINT ride_reminder_kind_check "
        "CHECK (kind IN ('evening', 'return_waits', 'return_sought'))"
    )
    op.execute(
        "DELETE FROM accessibility.move WHERE machine = 'ride' AND target = 'will_call' AND source IN "
        "('bound', 'on_the_way', 'at_door')"
    )
    live.briefly("ALTER TABLE accessibility.ride DROP COLUMN is_rescue, DROP COLUMN sought_since")
