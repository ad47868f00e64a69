"""Payment slips for a store's counter or any bank's app, the files that report them, and cash that came twice."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

AGREEMENTS = """
CREATE TABLE wallet.collection_agreement (
    channel text NOT NULL CHECK (channel IN ('store_barcode', 'twqr')),
    bill_kind text NOT NULL CHECK (bill_kind IN ('parking', 'fine')),
    collection_code text,
    number_padding text CHECK (number_padding IN ('zeros_left', 'zeros_right')),
    contract_digits text CHECK (contract_digits IN ('yymm', 'mmdd')),
    bank_code text,
    account text,
    service_name text,
    overdue_days integer CHECK (overdue_days >= 0),
    valid_from date NOT NULL,
    valid_until date,
    source text NOT NULL,
    PRIMARY KEY (channel, bill_kind, valid_from),
    CHECK (channel <> 'store_barcode' OR (collection_code, number_padding, contract_digits) IS NOT NULL),
    CHECK (channel <> 'twqr' OR (bank_code, account, service_name) IS NOT NULL)
);
COMMENT ON TABLE wallet.collection_agreement IS 'What the collecting contracts fix of a slip.';
COMMENT ON COLUMN wallet.collection_agreement.overdue_days IS 'A bill past its date still gets a slip, good for so many '
    'days; null: it gets none.';
INSERT INTO wallet.collection_agreement (channel, bill_kind, collection_code, number_padding, contract_digits,
    bank_code, account, service_name, overdue_days, valid_from, source) VALUES
    ('store_barcode', 'parking', 'KHP', 'zeros_right', 'yymm', NULL, NULL, NULL, 3, '2026-01-01',
     'assumption: as the sandbox''s stores have it, to be agreed'),
    ('store_barcode', 'fine', 'KHF', 'zeros_right', 'yymm', NULL, NULL, NULL, NULL, '2026-01-01',
     'assumption: as the sandbox''s stores have it, to be agreed; 裁罰基準及處理細則 §59: no late fines'),
    ('twqr', 'parking', NULL, NULL, NULL, '016', '0000901790000001', '高雄市停車費', 3, '2026-01-01',
     'assumption: the treasury''s account at the sandbox''s bank, to be agreed'),
    ('twqr', 'fine', NULL, NULL, NULL, '016', '0000901790000001', '高雄市交通罰鍰', NULL, '2026-01-01',
     'assumption: the treasury''s account at the sandbox''s bank, to be agreed; 裁罰基準及處理細則 §59: no late fines');
"""

SLIPS = """
CREATE SEQUENCE wallet.payment_slip_sequence MAXVALUE 99999999999;
CREATE TABLE wallet.payment_slip (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number ~ '^[0-9]{14}$'),
    channel text NOT NULL CHECK (channel IN ('store_barcode', 'twqr')),
    bill_id uuid NOT NULL,
    person_id uuid NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    fee_twd bigint NOT NULL CHECK (fee_twd >= 0),
    code text[] NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_as text CHECK (ended_as IN ('withdrawn', 'replaced', 'collected')),
    CHECK ((ended_at IS NULL) = (ended_as IS NULL)),
    CHECK (cardinality(code) = CASE channel WHEN 'store_barcode' THEN 3 ELSE 1 END)
);
COMMENT ON COLUMN wallet.payment_slip.number IS '銷帳編號, the last digit a check digit (ISO/IEC 7064 MOD 11,10).';
COMMENT ON COLUMN wallet.payment_slip.code IS 'The three segments of the barcode, or the payload of the QR code.';
CREATE UNIQUE INDEX payment_slip_live ON wallet.payment_slip (bill_id, channel) WHERE ended_as IS NULL;
"""

COLLECTIONS = """
CREATE TABLE wallet.collection_file (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    name text NOT NULL,
    status text NOT NULL CHECK (status IN ('taken', 'refused')),
    refusal text,
    content_sha256 bytea NOT NULL,
    business_on date,
    number integer,
    lines integer NOT NULL DEFAULT 0,
    collected integer NOT NULL DEFAULT 0,
    set_aside integer NOT NULL DEFAULT 0,
    repeated integer NOT NULL DEFAULT 0,
    amount_twd bigint NOT NULL DEFAULT 0,
    fee_twd bigint NOT NULL DEFAULT 0,
    charge_twd bigint NOT NULL DEFAULT 0,
    net_twd bigint NOT NULL DEFAULT 0,
    pays_on date,
    payout_reference text,
    received_at timestamptz NOT NULL,
    CHECK ((status = 'refused') = (refusal IS NOT NULL)),
    CHECK (lines = collected + set_aside + repeated)
);
COMMENT ON COLUMN wallet.collection_file.charge_twd IS 'What the channel keeps of its takings.';
CREATE UNIQUE INDEX collection_file_content ON wallet.collection_file (content_sha256);
CREATE INDEX collection_file_received ON wallet.collection_file (received_at);

CREATE TABLE wallet.collection_line (
    id uuid PRIMARY KEY,
    file_id uuid NOT NULL,
    row integer NOT NULL,
    channel text NOT NULL,
    reference text NOT NULL,
    store text NOT NULL,
    store_name text NOT NULL,
    slip_number text NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    fee_twd bigint NOT NULL CHECK (fee_twd >= 0),
    charge_twd bigint NOT NULL CHECK (charge_twd >= 0),
    paid_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('collected', 'unknown_slip', 'amount_differs', 'repeated')),
    slip_id uuid,
    bill_id uuid,
    UNIQUE (file_id, row)
);
COMMENT ON TABLE wallet.collection_line IS 'Each payment that a channel reported. A collected one is an external_payment '
    'of the same id and stands in the book; the others stand there only once they are explained.';
CREATE UNIQUE INDEX collection_line_once ON wallet.collection_line (channel, reference) WHERE state = 'collected';
CREATE INDEX collection_line_slip ON wallet.collection_line (slip_number);
"""

OVERPAYMENTS = """
CREATE TABLE wallet.overpayment (
    external_payment_id uuid PRIMARY KEY,
    bill_id uuid NOT NULL,
    bureau text NOT NULL,
    number text NOT NULL,
    channel text NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    reason text NOT NULL CHECK (reason IN ('paid_twice', 'bill_void', 'bill_cheaper')),
    status text NOT NULL CHECK (status IN ('open', 'ordered', 'returned')),
    found_at timestamptz NOT NULL,
    person_id uuid,
    bank_link_id uuid,
    account_masked text,
    return_id uuid,
    hold_id uuid,
    ordered_at timestamptz,
    returned_at timestamptz,
    failure_code text,
    next_try_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    CHECK (status = 'open' OR (person_id, bank_link_id, return_id, hold_id) IS NOT NULL)
);
COMMENT ON TABLE wallet.overpayment IS 'Cash or a transfer beyond what a bill cost: nobody''s account is known for it, so '
    'the citizen names one that a bank has proven.';
COMMENT ON COLUMN wallet.overpayment.return_id IS 'Of the last order; our reference at the bank follows from it.';
CREATE INDEX overpayment_of_bill ON wallet.overpayment (bill_id);
CREATE UNIQUE INDEX overpayment_return ON wallet.overpayment (return_id) WHERE return_id IS NOT NULL;
CREATE INDEX overpayment_due ON wallet.overpayment (next_try_at) WHERE next_try_at IS NOT NULL;
"""


def upgrade() -> None:
    """Add slips, collection files and overpayments to the schema ``wallet``."""
    for statements in (AGREEMENTS, SLIPS, COLLECTIONS, OVERPAYMENTS):
        op.execute(statements)
