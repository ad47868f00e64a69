"""A day of recurring rides, or all of them, may be taken up again; and giving them up may cancel what is booked."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

# accessibility/series/states.py holds the same moves; a test compares them.
MOVES = (
    ("series", "cancelled", "active"),
    ("series_day", "cancelled", "planned"),
    ("series_day", "skipped", "planned"),
)


def upgrade() -> None:
    """A column without a default, and moves more that are allowed: nobody waits."""
    live.briefly(
        """
        ALTER TABLE accessibility.series ADD COLUMN IF NOT EXISTS rides_given_up_at timestamptz;
        COMMENT ON COLUMN accessibility.series.rides_given_up_at IS
            'When its rider gave it up with all rides that were booked; null: those stay.'
        """
    )
    rows = ", ".join(f"('{machine}', '{source}', '{target}')" for machine, source, target in MOVES)
    op.execute(f"INSERT INTO accessibility.move (machine, source, target) VALUES {rows} ON CONFLICT DO NOTHING")


def downgrade() -> None:
    """What was taken up again stays so."""
    op.execute("ALTER TABLE accessibility.series DROP COLUMN rides_given_up_at")
    rows = ", ".join(f"('{machine}', '{source}', '{target}')" for machine, source, target in MOVES)
    op.execute(f"DELETE FROM accessibility.move WHERE (machine, source, target) IN ({rows})")
