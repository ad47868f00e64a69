"""What each rail costs whom, what bureaus are told and when, instalments, what the city saved."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COSTS = """
ALTER TABLE wallet.tariff
    ADD COLUMN city_flat_twd bigint NOT NULL DEFAULT 0 CHECK (city_flat_twd >= 0),
    ADD COLUMN city_basis_points integer NOT NULL DEFAULT 0 CHECK (city_basis_points >= 0),
    ADD COLUMN city_source text NOT NULL DEFAULT 'assumption: nothing beyond what the payer bears';
COMMENT ON COLUMN wallet.tariff.city_flat_twd IS 'What one bill by this rail costs the city, beside the share below.';
COMMENT ON COLUMN wallet.tariff.city_basis_points IS 'And what share of the amount, in hundredths of a percent.';

INSERT INTO wallet.tariff (rail, bill_kind, fee_twd, valid_from, source) VALUES
    ('store_barcode', 'fine', 7, '2026-01-01', '交通罰鍰超商臨櫃代收手續費 NT$7 (2025-02)'),
    ('store_barcode', 'parking', 0, '2026-01-01', 'assumption: the city bears the stores'' fee'),
    ('twqr', 'fine', 13, '2026-01-01', '交通罰鍰行動支付手續費 NT$13 (2025-02)'),
    ('twqr', 'parking', 0, '2026-01-01', 'assumption: the city bears it, as it bears the stores'' fee')
ON CONFLICT (rail, bill_kind, valid_from) DO NOTHING;

UPDATE wallet.tariff t
   SET city_flat_twd = c.flat, city_basis_points = c.points, city_source = c.source
  FROM (VALUES
    ('bank_of_kaohsiung', 'fine', 0, 0, 'the service fee is the bank''s: nothing more is paid'),
    ('bank_of_kaohsiung', 'parking', 0, 0, '同行轉帳免手續費 (transfer inside one bank)'),
    ('ach', 'fine', 0, 0, 'assumption: the payer''s fee covers the clearing house'),
    ('ach', 'parking', 5, 0, 'assumption: NT$5 for one debit by the clearing house, to be agreed'),
    ('card', 'fine', 0, 0, 'assumption: the payer''s fee covers the processor'),
    ('card', 'parking', 0, 180, 'assumption: 1.80 % to the processor, to be agreed'),
    ('apple_pay', 'fine', 0, 0, 'assumption: as any card'),
    ('apple_pay', 'parking', 0, 180, 'assumption: as any card'),
    ('google_pay', 'fine', 0, 0, 'assumption: as any card'),
    ('google_pay', 'parking', 0, 180, 'assumption: as any card'),
    ('jkopay', 'fine', 0, 0, 'assumption: the payer''s fee covers the wallet'),
    ('jkopay', 'parking', 0, 150, 'assumption: 1.50 % to the wallet, to be agreed'),
    ('line_pay', 'fine', 0, 0, 'assumption: the payer''s fee covers the wallet'),
    ('line_pay', 'parking', 0, 150, 'assumption: 1.50 % to the wallet, to be agreed'),
    ('points', 'fine', 0, 0, 'no money moves outside the treasury'),
    ('points', 'parking', 0, 0, 'no money moves outside the treasury'),
    ('store_barcode', 'fine', 0, 0, 'assumption: the payer''s fee is all that the store takes'),
    ('store_barcode', 'parking', 4, 0,
     'assumption: NT$4 for one bill; known is the sum of NT$80 to 90 million a year, not the number of bills'),
    ('twqr', 'fine', 0, 0, 'assumption: the payer''s fee covers the payer''s bank'),
    ('twqr', 'parking', 3, 0, 'assumption: NT$3 for one bill, to be agreed')
  ) AS c(rail, kind, flat, points, source)
 WHERE t.rail = c.rail AND t.bill_kind = c.kind;

CREATE TABLE wallet.rail_term (
    rail text NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    counts_as_paid text NOT NULL CHECK (counts_as_paid IN ('at_once', 'next_business_day', 'after_store_file')),
    takes_overdue_fines boolean NOT NULL,
    item_cap_twd bigint CHECK (item_cap_twd > 0),
    source text NOT NULL,
    PRIMARY KEY (rail, valid_from)
);
COMMENT ON TABLE wallet.rail_term IS 'What law and contract allow each rail; item_cap_twd is the most one bill may cost.';
INSERT INTO wallet.rail_term (rail, valid_from, counts_as_paid, takes_overdue_fines, item_cap_twd, source) VALUES
    ('bank_of_kaohsiung', '2026-01-01', 'at_once', true, NULL, '裁罰基準及處理細則 §59: closes the case in real time'),
    ('ach', '2026-01-01', 'next_business_day', false, NULL,
     '裁罰基準及處理細則 §59: an agent that does not close the case in real time may not take late fines'),
    ('card', '2026-01-01', 'at_once', true, NULL, '裁罰基準及處理細則 §59: credit cards may take late fines'),
    ('apple_pay', '2026-01-01', 'at_once', true, NULL, '裁罰基準及處理細則 §59: as the card behind it'),
    ('google_pay', '2026-01-01', 'at_once', true, NULL, '裁罰基準及處理細則 §59: as the card behind it'),
    ('jkopay', '2026-01-01', 'at_once', true, 5000,
     '電子支付機構業務管理規則 §15: NT$5,000 per item; 裁罰基準及處理細則 §59: closes the case in real time'),
    ('line_pay', '2026-01-01', 'at_once', true, 5000,
     '電子支付機構業務管理規則 §15: NT$5,000 per item; 裁罰基準及處理細則 §59: closes the case in real time'),
    ('points', '2026-01-01', 'at_once', true, NULL, 'no agent collects anything'),
    ('store_barcode', '2026-01-01', 'after_store_file', false, 5000,
     '電子支付機構業務管理規則 §15, applied to stores too (assumption); 裁罰基準及處理細則 §59: no late fines; 1 to 3 days'),
    ('twqr', '2026-01-01', 'after_store_file', false, 5000,
     '電子支付機構業務管理規則 §15: NT$5,000 per item; 裁罰基準及處理細則 §59: no late fines');
"""

NOTICES = """
ALTER TABLE wallet.bureau_notice
    ADD COLUMN kind text NOT NULL DEFAULT 'bill.paid'
        CHECK (kind IN ('bill.paid', 'bill.payment_withdrawn', 'bill.payment_restored', 'bill.refunded')),
    ADD COLUMN event_id uuid,
    ADD COLUMN happened_at timestamptz,
    ADD COLUMN waits_for uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN leased_until timestamptz,
    ADD COLUMN gave_up_at timestamptz;
UPDATE wallet.bureau_notice SET happened_at = created_at, body = jsonb_build_object('bills', body);
COMMENT ON COLUMN wallet.bureau_notice.waits_for IS 'Earlier notices about the same bills; none is sent before them.';
DROP INDEX wallet.bureau_notice_once;
CREATE UNIQUE INDEX bureau_notice_once ON wallet.bureau_notice (payment_id, bureau, kind, event_id) NULLS NOT DISTINCT;
CREATE INDEX bureau_notice_day ON wallet.bureau_notice USING brin (happened_at) WITH (autosummarize = on);

CREATE TABLE wallet.notice_attempt (
    notice_id uuid NOT NULL,
    number integer NOT NULL,
    started_at timestamptz NOT NULL,
    took_ms integer NOT NULL CHECK (took_ms >= 0),
    outcome text NOT NULL
        CHECK (outcome IN ('acknowledged', 'not_reached', 'no_answer', 'not_trusted', 'unavailable', 'refused')),
    detail text,
    PRIMARY KEY (notice_id, number)
);

-- The wait in seconds after each failed attempt; a notice older than all of them together is given up.
CREATE TABLE wallet.notice_wait (
    attempt integer PRIMARY KEY CHECK (attempt >= 1),
    wait_seconds integer NOT NULL CHECK (wait_seconds >= 1)
);
INSERT INTO wallet.notice_wait (attempt, wait_seconds) VALUES
    (1, 2), (2, 4), (3, 8), (4, 15), (5, 30), (6, 60), (7, 300), (8, 900), (9, 1800), (10, 3600), (11, 7200),
    (12, 14400), (13, 28800), (14, 43200), (15, 86400), (16, 86400), (17, 86400), (18, 86400), (19, 86400);

-- How a bureau's receiver fares: failures in a row, and since when.
CREATE TABLE wallet.bureau_line (
    bureau text PRIMARY KEY,
    failures integer NOT NULL DEFAULT 0,
    down_since timestamptz
);
"""

INSTALMENTS = """
ALTER TABLE wallet.bill
    ADD COLUMN plan_id uuid,
    ADD COLUMN part_number smallint,
    ADD COLUMN part_count smallint,
    ADD CONSTRAINT bill_part CHECK ((part_number IS NULL) = (part_count IS NULL)
                                    AND (part_number IS NULL OR plan_id IS NOT NULL));
CREATE INDEX bill_open_part ON wallet.bill (plan_id) WHERE part_number IS NOT NULL AND status = 'unpaid';
COMMENT ON COLUMN wallet.bill.plan_id IS 'The instalment plan: of the whole fine while the plan runs, or of a part.';

CREATE TABLE wallet.instalment_rule (
    valid_from date PRIMARY KEY,
    valid_until date,
    most_parts integer NOT NULL,
    least_part_twd bigint NOT NULL,
    delays_allowed integer NOT NULL,
    missed_ends_at integer NOT NULL,
    source text NOT NULL
);
INSERT INTO wallet.instalment_rule VALUES
    ('2026-01-01', NULL, 18, 500, 1, 2,
     '違反道路交通管理事件統一裁罰基準及處理細則 §60–63: at most 18 parts of at least NT$500, one delay; '
     'that two missed parts end a plan is an assumption');

CREATE TABLE wallet.instalment_plan (
    id uuid PRIMARY KEY,
    bureau text NOT NULL,
    plan_number text NOT NULL,
    bill_id uuid NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    status text NOT NULL CHECK (status IN ('active', 'completed', 'ended')),
    delays_used integer NOT NULL DEFAULT 0,
    delays_allowed integer NOT NULL,
    missed_ends_at integer NOT NULL,
    rule_source text NOT NULL,
    granted_at timestamptz NOT NULL,
    ended_at timestamptz,
    UNIQUE (bureau, plan_number)
);
CREATE UNIQUE INDEX instalment_plan_running ON wallet.instalment_plan (bill_id) WHERE status <> 'ended';
CREATE INDEX instalment_plan_active ON wallet.instalment_plan (id) WHERE status = 'active';

CREATE TABLE wallet.instalment_part (
    plan_id uuid NOT NULL,
    part_number smallint NOT NULL,
    bill_id uuid NOT NULL UNIQUE,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    first_due_on date NOT NULL,
    PRIMARY KEY (plan_id, part_number)
);

CREATE TABLE wallet.instalment_request (
    id uuid PRIMARY KEY,
    bill_id uuid NOT NULL,
    person_id uuid NOT NULL,
    bureau text NOT NULL,
    number text NOT NULL,
    amount_twd bigint NOT NULL,
    parts integer NOT NULL,
    status text NOT NULL CHECK (status IN ('requested', 'forwarded', 'granted', 'refused')),
    refusal text,
    plan_id uuid,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    next_try_at timestamptz,
    tries integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX instalment_request_open ON wallet.instalment_request (bill_id)
    WHERE status IN ('requested', 'forwarded');
CREATE INDEX instalment_request_of_bill ON wallet.instalment_request (bill_id, id);
CREATE INDEX instalment_request_due ON wallet.instalment_request (next_try_at) WHERE next_try_at IS NOT NULL;
"""

SAVINGS = """
CREATE INDEX payment_booked ON wallet.payment USING brin (booked_at) WITH (autosummarize = on);

CREATE TABLE wallet.saving (
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    rail text NOT NULL,
    bill_kind text NOT NULL,
    bills bigint NOT NULL,
    amount_twd bigint NOT NULL,
    store_payer_twd bigint NOT NULL,
    store_city_twd bigint NOT NULL,
    rail_payer_twd bigint NOT NULL,
    rail_city_twd bigint NOT NULL,
    PRIMARY KEY (month, rail, bill_kind)
);
COMMENT ON TABLE wallet.saving IS 'Derived from payments, bills and tariffs, and rebuilt from them; never a source.';
CREATE TABLE wallet.saving_account (
    month date NOT NULL,
    code text NOT NULL,
    debits_twd bigint NOT NULL,
    credits_twd bigint NOT NULL,
    PRIMARY KEY (month, code)
);
COMMENT ON TABLE wallet.saving_account IS 'What moved in the month on the accounts of the book behind the savings.';
CREATE TABLE wallet.saving_state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    as_of timestamptz NOT NULL,
    all_as_of timestamptz NOT NULL
);
"""


def upgrade() -> None:
    for part in (COSTS, NOTICES, INSTALMENTS, SAVINGS):
        op.execute(part)
