"""Points that pay part of a bill."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is set aside, from which lots, and what came back."""
    op.execute(
        """
        CREATE TABLE points.tender (
            payment_id uuid PRIMARY KEY,
            person_id uuid NOT NULL,
            points bigint NOT NULL CHECK (points > 0),
            status text NOT NULL CHECK (status IN ('held', 'spent', 'released')),
            changed_at timestamptz NOT NULL
        );
        CREATE TABLE points.tender_part (
            payment_id uuid NOT NULL REFERENCES points.tender,
            lot_id uuid NOT NULL,
            person_id uuid NOT NULL,
            points bigint NOT NULL CHECK (points > 0),
            returned bigint NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND points),
            PRIMARY KEY (payment_id, lot_id)
        );
        CREATE TABLE points.tender_return (
            cause_id uuid PRIMARY KEY,
            payment_id uuid NOT NULL REFERENCES points.tender,
            points bigint NOT NULL CHECK (points <> 0),
            at timestamptz NOT NULL
        );
        COMMENT ON TABLE points.tender_return IS 'Why spent points came back (above zero) or were spent again (below).';

        ALTER TABLE points.not_granted
            DROP CONSTRAINT not_granted_reason_check,
            ADD CONSTRAINT not_granted_reason_check
                CHECK (reason IN ('budget_exhausted', 'daily_cap', 'refunded', 'paid_in_points'));

        ALTER TABLE points.entry
            DROP CONSTRAINT entry_kind_check,
            DROP CONSTRAINT entry_sign,
            ADD CONSTRAINT entry_kind_check CHECK (kind IN ('earn', 'reverse', 'expire', 'restore', 'owe', 'repay',
                                                            'repaid', 'spend', 'return')),
            ADD CONSTRAINT entry_sign CHECK ((amount > 0) = (kind IN ('earn', 'restore', 'repaid', 'return')));
        """
    )
