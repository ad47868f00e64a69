"""A vehicle that was given up may have come after all: the ride and the order at its fleet go on."""

from __future__ import annotations

from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

# accessibility/rides/states.py holds the same moves; a test compares them.
MOVES = (("fleet_order", "releasing", "bound"), ("ride", "reseeking", "aboard"))
_ROWS = ", ".join(f"('{machine}', '{source}', '{target}')" for machine, source, target in MOVES)


def upgrade() -> None:
    """Two moves more that are allowed: nobody waits."""
    op.execute(f"INSERT INTO accessibility.move (machine, source, target) VALUES {_ROWS} ON CONFLICT DO NOTHING")


def downgrade() -> None:
    """What came after all stays so."""
    op.execute(f"DELETE FROM accessibility.move WHERE (machine, source, target) IN ({_ROWS})")
