"""What a partner's agreed month comes to: paid by the bank where the city owes, closed by a credit where it is owed."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

PARTNERS = """
ALTER TABLE points.partner
    ADD COLUMN IF NOT EXISTS payee text,
    ADD COLUMN IF NOT EXISTS bank_code text,
    ADD COLUMN IF NOT EXISTS bank_account text,
    ADD COLUMN IF NOT EXISTS payment_days integer NOT NULL DEFAULT 30;
COMMENT ON COLUMN points.partner.bank_account IS 'Where the city pays what it owes: of the contract, like the rates.';
COMMENT ON COLUMN points.partner.payment_days IS 'So many days after a month is agreed the partner has to pay what it owes.'
"""

NETTINGS = """
CREATE TABLE IF NOT EXISTS points.partner_netting (
    id uuid PRIMARY KEY,
    statement_id uuid NOT NULL UNIQUE REFERENCES points.partner_statement,
    partner_code text NOT NULL REFERENCES points.partner,
    month text NOT NULL,
    amount_twd bigint NOT NULL,
    received_twd bigint NOT NULL DEFAULT 0 CHECK (received_twd >= 0),
    status text NOT NULL,
    reason text NOT NULL DEFAULT '',
    approval_id uuid,
    agreed_at timestamptz NOT NULL,
    due_on date,
    closed_on date,
    CONSTRAINT netting_goes_one_way CHECK (
        CASE WHEN amount_twd > 0 THEN status IN ('to_pay', 'proposed', 'ordered', 'stopped', 'paid') AND received_twd = 0
             WHEN amount_twd < 0 THEN status IN ('owed', 'received') AND due_on IS NOT NULL
             ELSE status = 'even' END
    ),
    CONSTRAINT netting_received_in_full CHECK (status <> 'received' OR received_twd >= -amount_twd)
);
COMMENT ON COLUMN points.partner_netting.amount_twd IS 'What the city owes for the month; below zero: is owed.';
COMMENT ON COLUMN points.partner_netting.reason IS 'Why the bank did not pay (ISO 20022 external code), where it stopped.';
CREATE INDEX IF NOT EXISTS partner_netting_newest ON points.partner_netting (agreed_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS partner_netting_owed ON points.partner_netting (agreed_at) WHERE status = 'owed';

CREATE TABLE IF NOT EXISTS points.partner_receipt (
    id uuid PRIMARY KEY,
    netting_id uuid NOT NULL REFERENCES points.partner_netting,
    bank_reference text NOT NULL UNIQUE,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    day date NOT NULL,
    taken_at timestamptz NOT NULL
);
COMMENT ON TABLE points.partner_receipt IS 'A credit on the account''s statement (camt.053) that a partner pays its month with.';
CREATE INDEX IF NOT EXISTS partner_receipt_day ON points.partner_receipt (day);
"""

# Months that were agreed before: a statement's net is what its lines come to, less what is explained away.
OF_BEFORE = """
INSERT INTO points.partner_netting (id, statement_id, partner_code, month, amount_twd, status, agreed_at, due_on)
SELECT gen_random_uuid(), n.id, n.partner_code, n.month, n.amount,
       CASE WHEN n.amount > 0 THEN 'to_pay' WHEN n.amount < 0 THEN 'owed' ELSE 'even' END, n.agreed_at,
       CASE WHEN n.amount < 0 THEN (n.agreed_at AT TIME ZONE 'Asia/Taipei')::date + 30 END
  FROM (SELECT s.id, s.partner_code, s.month, s.agreed_at,
               s.net_twd + coalesce((SELECT sum(b.ours_twd - b.theirs_twd) FROM points.exchange_break b
                                      WHERE b.statement_id = s.id AND b.status = 'explained'), 0) AS amount
          FROM points.partner_statement s WHERE s.status = 'agreed') AS n
ON CONFLICT DO NOTHING
"""
PURPOSES = "purpose IN ('settlement', 'proof', 'netting')"


def upgrade() -> None:
    """Build the tables and write what was agreed before; payments for a third purpose are let in."""
    live.briefly(PARTNERS)
    op.execute(NETTINGS)
    op.execute(OF_BEFORE)
    live.check("points.payout", "payout_purpose_check", PURPOSES)


def downgrade() -> None:
    """Remove them, with everything in them; payments of months stay as they are."""
    op.execute(
        """
        DROP TABLE points.partner_receipt, points.partner_netting;
        ALTER TABLE points.partner DROP COLUMN payee, DROP COLUMN bank_code, DROP COLUMN bank_account,
            DROP COLUMN payment_days;
        ALTER TABLE points.payout DROP CONSTRAINT payout_purpose_check;
        """
    )
