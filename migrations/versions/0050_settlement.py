"""How merchants are proven and paid: account proofs, offers, weekly settlements, payments to their banks, statements."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

MERCHANTS = """
ALTER TABLE points.merchant
    ADD COLUMN approval_id uuid,
    ADD COLUMN bank_refused text;
COMMENT ON COLUMN points.merchant.approval_id IS 'The proposal to approve it that a second officer has yet to decide.';
COMMENT ON COLUMN points.merchant.bank_refused IS 'Why the bank would not pay to the proven account (ISO 20022 external '
    'code): nothing is sent there until an account is proven anew.';

CREATE TABLE points.merchant_rule (
    name text NOT NULL,
    valid_from date NOT NULL,
    value bigint NOT NULL CHECK (value >= 0),
    source text NOT NULL,
    PRIMARY KEY (name, valid_from)
);
COMMENT ON TABLE points.merchant_rule IS 'Numbers of the scheme for merchants; of each name the latest row in force counts.';
INSERT INTO points.merchant_rule (name, valid_from, value, source) VALUES
    ('proof_credits_per_day', '2026-01-01', 1, 'The scheme''s own rule: one NT$1 credit a day for each merchant'),
    ('proof_tries', '2026-01-01', 5, 'Five wrong tries, as for every code (資通安全責任等級分級辦法, annex 10)'),
    ('till_code_minutes', '2026-01-01', 15, 'The scheme''s own rule: long enough to walk to the counter'),
    ('branches', '2026-01-01', 200, 'The scheme''s own rule: more than the largest local chain has'),
    ('staff', '2026-01-01', 500, 'The scheme''s own rule'),
    ('tills', '2026-01-01', 500, 'The scheme''s own rule'),
    ('offers', '2026-01-01', 100, 'The scheme''s own rule: draft and live offers at a time');

CREATE TABLE points.account_proof (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES points.merchant,
    bank_code text NOT NULL CHECK (bank_code ~ '^[0-9]{3}$'),
    account text NOT NULL CHECK (account ~ '^[0-9]{6,16}$'),
    status text NOT NULL CHECK (status IN ('sending', 'sent', 'not_paid', 'proven', 'used_up', 'replaced')),
    reason text NOT NULL DEFAULT '',
    tries integer NOT NULL DEFAULT 0,
    asked_at timestamptz NOT NULL,
    asked_on date NOT NULL,
    closed_at timestamptz
);
COMMENT ON TABLE points.account_proof IS 'Whether an account is the merchant''s: a NT$1 credit whose remark has a code. The '
    'code is nowhere written down; it follows from the id under the index key.';
COMMENT ON COLUMN points.account_proof.asked_on IS 'The day in Taipei.';
CREATE INDEX account_proof_of ON points.account_proof (merchant_id, asked_on);
CREATE UNIQUE INDEX account_proof_open ON points.account_proof (merchant_id) WHERE status IN ('sending', 'sent');
"""

OFFERS = """
CREATE TABLE points.offer (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES points.merchant,
    status text NOT NULL CHECK (status IN ('draft', 'live', 'ended')),
    title_zh text NOT NULL CHECK (length(title_zh) BETWEEN 1 AND 60),
    title_en text NOT NULL CHECK (length(title_en) BETWEEN 1 AND 100),
    details_zh text NOT NULL DEFAULT '' CHECK (length(details_zh) <= 400),
    details_en text NOT NULL DEFAULT '' CHECK (length(details_en) <= 800),
    points bigint NOT NULL CHECK (points BETWEEN 1 AND 1000000),
    stock integer CHECK (stock BETWEEN 1 AND 1000000),
    taken integer NOT NULL DEFAULT 0,
    most_per_person integer CHECK (most_per_person BETWEEN 1 AND 1000),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    written_at timestamptz NOT NULL,
    live_at timestamptz,
    ended_at timestamptz,
    CHECK (valid_from < valid_until),
    CONSTRAINT offer_never_oversold CHECK (taken >= 0 AND (stock IS NULL OR taken <= stock))
) WITH (fillfactor = 70);
CREATE INDEX offer_of_merchant ON points.offer (merchant_id, id);
CREATE INDEX offer_live ON points.offer (valid_until, id) WHERE status = 'live';

CREATE TABLE points.offer_taken (
    offer_id uuid NOT NULL,
    person_id uuid NOT NULL,
    times integer NOT NULL CHECK (times >= 0),
    PRIMARY KEY (offer_id, person_id)
);
COMMENT ON TABLE points.offer_taken IS 'How often each person has taken an offer and not given it back.';
"""

SETTLEMENTS = """
CREATE TABLE points.settlement (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES points.merchant,
    until date NOT NULL CHECK (extract(isodow FROM until) = 1),
    redeemed_points bigint NOT NULL CHECK (redeemed_points >= 0),
    refunded_points bigint NOT NULL CHECK (refunded_points >= 0),
    redemptions integer NOT NULL,
    refunds integer NOT NULL,
    carried_twd bigint NOT NULL CHECK (carried_twd <= 0),
    amount_twd bigint NOT NULL CHECK (amount_twd >= 0),
    carried_on_twd bigint NOT NULL CHECK (carried_on_twd <= 0),
    status text NOT NULL CHECK (status IN ('carried', 'waiting', 'ordered', 'paid', 'stopped')),
    reason text NOT NULL DEFAULT '',
    settled_at timestamptz NOT NULL,
    paid_on date,
    CONSTRAINT settlement_adds_up
        CHECK (redeemed_points - refunded_points + carried_twd = amount_twd + carried_on_twd),
    CONSTRAINT settlement_once UNIQUE (merchant_id, until)
);
COMMENT ON COLUMN points.settlement.until IS 'The Monday at whose midnight in Taipei it was cut.';
COMMENT ON COLUMN points.settlement.carried_twd IS 'What the week before left below zero: more came back than was redeemed.';
COMMENT ON COLUMN points.settlement.status IS 'carried: nothing to pay; waiting: for an account that the bank pays to; '
    'ordered: with the bank; stopped: a desk has to look.';
CREATE INDEX settlement_newest ON points.settlement (until DESC, id DESC);
CREATE INDEX settlement_unpaid ON points.settlement (merchant_id) WHERE status IN ('waiting', 'stopped');

CREATE TABLE points.settlement_line (
    settlement_id uuid NOT NULL REFERENCES points.settlement,
    bureau text NOT NULL,
    redeemed_points bigint NOT NULL CHECK (redeemed_points >= 0),
    refunded_points bigint NOT NULL CHECK (refunded_points >= 0),
    PRIMARY KEY (settlement_id, bureau)
);
COMMENT ON TABLE points.settlement_line IS 'Whose points they were: the bureau whose campaign had granted them bears the cost.';
"""

PAYOUTS = """
CREATE TABLE points.payout_batch (
    id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('written', 'answered', 'refused')),
    reason text NOT NULL DEFAULT '',
    payouts integer NOT NULL,
    total_twd bigint NOT NULL,
    written_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    answered_at timestamptz
);
COMMENT ON TABLE points.payout_batch IS 'One file to the bank (pain.001); its id is the MsgId, and its text follows from its '
    'payouts. A file without an answer is asked for by its MsgId before anything else.';
CREATE INDEX payout_batch_due ON points.payout_batch (next_at) WHERE status = 'written';

CREATE TABLE points.payout (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('settlement', 'proof')),
    subject_id uuid NOT NULL,
    payee text NOT NULL,
    bank_code text NOT NULL CHECK (bank_code ~ '^[0-9]{3}$'),
    account text NOT NULL CHECK (account ~ '^[0-9]{6,16}$'),
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    remark text NOT NULL CHECK (length(remark) <= 140),
    debit_code text NOT NULL,
    status text NOT NULL CHECK (status IN ('due', 'sent', 'booked', 'rejected')),
    reason text NOT NULL DEFAULT '',
    batch_id uuid REFERENCES points.payout_batch,
    bank_reference text NOT NULL DEFAULT '',
    ordered_at timestamptz NOT NULL,
    booked_at timestamptz,
    booked_on date,
    statement_day date
);
COMMENT ON COLUMN points.payout.debit_code IS 'The account of the book that pays, once the bank has.';
COMMENT ON COLUMN points.payout.statement_day IS 'On whose statement the bank shows it.';
CREATE UNIQUE INDEX payout_once ON points.payout (purpose, subject_id) WHERE status <> 'rejected';
CREATE INDEX payout_open ON points.payout (ordered_at) WHERE status IN ('due', 'sent');
CREATE INDEX payout_of_batch ON points.payout (batch_id);
CREATE INDEX payout_booked ON points.payout (booked_on) WHERE status = 'booked';

CREATE TABLE points.payout_statement (
    day date PRIMARY KEY,
    reference text NOT NULL,
    opening_twd bigint NOT NULL,
    closing_twd bigint NOT NULL,
    lines integer NOT NULL,
    matched_twd bigint NOT NULL,
    taken_at timestamptz NOT NULL
);
COMMENT ON TABLE points.payout_statement IS 'The bank''s statement (camt.053) of the account that merchants are paid from.';

CREATE TABLE points.payout_difference (
    id uuid PRIMARY KEY,
    day date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('missing', 'unknown', 'amount', 'again', 'refused', 'stopped')),
    payout_id uuid,
    reference text NOT NULL DEFAULT '',
    amount_twd bigint NOT NULL DEFAULT 0,
    details text NOT NULL DEFAULT '',
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by uuid,
    note text NOT NULL DEFAULT '',
    CONSTRAINT payout_difference_once UNIQUE (day, kind, reference)
);
COMMENT ON COLUMN points.payout_difference.kind IS 'missing: we paid and the statement does not show it; unknown: it shows '
    'what we did not pay; amount: another amount; again: twice; refused: the statement cannot be believed; stopped: the '
    'bank took no file.';
CREATE INDEX payout_difference_open ON points.payout_difference (day, id) WHERE closed_at IS NULL;
"""


INDEXES = (
    ("branch_of_district", "ON points.branch (district, id) WHERE closed_at IS NULL"),
    ("redemption_of_settlement", "ON points.redemption (settlement_id) WHERE settlement_id IS NOT NULL"),
    ("redemption_refund_of_settlement", "ON points.redemption_refund (settlement_id) WHERE settlement_id IS NOT NULL"),
)


def upgrade() -> None:
    """Build indexes on what is there beside its users, and the new tables."""
    for name, definition in INDEXES:
        live.index("points", name, definition)
    for statements in (MERCHANTS, OFFERS, SETTLEMENTS, PAYOUTS):
        op.execute(statements)


def downgrade() -> None:
    """Remove them, with everything in them."""
    for name, _ in INDEXES:
        live.drop_index("points", name)
    op.execute(
        """
        DROP TABLE points.payout_difference, points.payout_statement, points.payout, points.payout_batch,
            points.settlement_line, points.settlement, points.offer_taken, points.offer, points.account_proof,
            points.merchant_rule;
        ALTER TABLE points.merchant DROP COLUMN approval_id, DROP COLUMN bank_refused;
        """
    )
