"""Refunds in parts, disputes, and points that follow the money even where they have been spent."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

POINTS = """
ALTER TABLE points.lot
    ADD COLUMN expired bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
    ADD COLUMN waived bigint NOT NULL DEFAULT 0 CHECK (waived >= 0),
    DROP CONSTRAINT lot_check1,
    ADD CONSTRAINT lot_remaining CHECK (remaining BETWEEN 0 AND amount);
COMMENT ON COLUMN points.lot.expired IS 'How many of its points lapsed unused.';
COMMENT ON COLUMN points.lot.taken_back IS 'How many were taken back with the money, wherever they were found.';
COMMENT ON COLUMN points.lot.waived IS 'How many were spent, should have been taken back, and were let go.';
UPDATE points.lot AS l SET expired = e.points
  FROM (SELECT lot_id, -sum(amount) AS points FROM points.entry WHERE kind = 'expire' GROUP BY lot_id) AS e
 WHERE e.lot_id = l.id;

ALTER TABLE points.entry
    DROP CONSTRAINT entry_kind_check,
    DROP CONSTRAINT entry_check,
    DROP CONSTRAINT entry_transfer_id_key,
    ADD CONSTRAINT entry_kind_check CHECK (kind IN ('earn', 'reverse', 'expire', 'restore', 'owe', 'repay', 'repaid')),
    ADD CONSTRAINT entry_sign CHECK ((amount > 0) = (kind IN ('earn', 'restore', 'repaid'))),
    ADD CONSTRAINT entry_once_per_transfer UNIQUE (transfer_id, kind);
COMMENT ON COLUMN points.entry.kind IS 'earn, reverse, expire, restore and repay change a lot; owe and repaid change '
    'what the person owes. A repayment is one transfer and two entries.';
COMMENT ON COLUMN points.entry.cause_id IS 'The payment that earned, the lot that expired or repaid, or the event that '
    'took back or gave again.';

ALTER TABLE points.refunded_bill ADD COLUMN is_standing boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN points.refunded_bill.is_standing IS 'False where the refund did not arrive after all.';
COMMENT ON COLUMN points.refunded_bill.recorded_at IS 'The newest fact heard of this refund; older ones change nothing.';

CREATE TABLE points.undone_payment (
    payment_id uuid PRIMARY KEY,
    is_undone boolean NOT NULL,
    recorded_at timestamptz NOT NULL
);
COMMENT ON TABLE points.undone_payment IS 'Payments whose money was returned or charged back, and perhaps came again.';

CREATE TABLE points.debt (
    person_id uuid PRIMARY KEY,
    owed bigint NOT NULL CHECK (owed >= 0),
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE points.debt IS 'Points that somebody had spent when the money that earned them went back.';

CREATE TABLE points.debt_floor (
    valid_from date PRIMARY KEY,
    most_owed bigint NOT NULL CHECK (most_owed >= 0),
    source text NOT NULL
);
COMMENT ON TABLE points.debt_floor IS 'The most that anybody may come to owe; what is above it is waived.';
INSERT INTO points.debt_floor (valid_from, most_owed, source) VALUES
    ('2026-01-01', 500, 'The scheme''s own rule, to be confirmed by the finance bureau: one citizen owes 500 points at '
                        'the most');
"""


def upgrade() -> None:
    """Extend the schemas ``points`` and ``wallet``."""
    op.execute(POINTS)
