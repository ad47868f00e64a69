"""What was taken back of a payment, each time, and whether it came again."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own; payments that were taken back before are written into it as they were booked."""
    op.execute(
        """
        CREATE TABLE wallet.taken_back (
            payment_id uuid NOT NULL,
            how text NOT NULL CHECK (how IN ('returned', 'charged_back', 'never_came')),
            nth integer NOT NULL CHECK (nth >= 1),
            bill_id uuid NOT NULL,
            amount_twd bigint NOT NULL CHECK (amount_twd >= 0),
            fee_twd bigint NOT NULL CHECK (fee_twd >= 0),
            points_pt bigint NOT NULL CHECK (points_pt BETWEEN 0 AND amount_twd),
            is_owed boolean NOT NULL,
            taken_at timestamptz NOT NULL,
            restored_at timestamptz,
            PRIMARY KEY (payment_id, how, nth, bill_id)
        );
        COMMENT ON TABLE wallet.taken_back IS
            'Each bill''s part of a payment that was taken back: less than was paid, where a part had gone back before.';
        COMMENT ON COLUMN wallet.taken_back.nth IS 'Which time: a dispute that was won can be lost again.';
        COMMENT ON COLUMN wallet.taken_back.is_owed IS
            'The bill is owed again because of it, and closed when the money comes again.';

        INSERT INTO wallet.taken_back (payment_id, how, nth, bill_id, amount_twd, fee_twd, points_pt, is_owed, taken_at,
                                       restored_at)
        SELECT t.subject, t.target, t.nth, i.bill_id, greatest(i.amount_twd - g.amount_twd, 0),
               greatest(i.fee_twd - g.fee_twd, 0), least(i.points_pt, greatest(i.amount_twd - g.amount_twd, 0)), true,
               t.at, (SELECT min(w.at) FROM wallet.state_change w
                       WHERE w.subject = t.subject AND w.machine = 'payment' AND w.source = 'charged_back' AND w.id > t.id)
          FROM (SELECT *, row_number() OVER (PARTITION BY subject, target ORDER BY id) AS nth FROM wallet.state_change
                 WHERE machine = 'payment' AND target IN ('returned', 'charged_back')) AS t
          JOIN wallet.payment_item i ON i.payment_id = t.subject
         CROSS JOIN LATERAL (
            SELECT coalesce(sum(r.amount_twd), 0)::bigint AS amount_twd, coalesce(sum(r.fee_twd), 0)::bigint AS fee_twd
              FROM wallet.refund r
             WHERE r.payment_id = i.payment_id AND r.bill_id = i.bill_id AND r.status = 'completed'
               AND r.reason <> 'paid_elsewhere_again' AND r.completed_at <= t.at) AS g;
        """
    )
