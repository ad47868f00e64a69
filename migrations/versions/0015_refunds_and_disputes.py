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

REFUNDS = """
ALTER TABLE wallet.payment_item
    ADD COLUMN refunding_twd bigint NOT NULL DEFAULT 0,
    ADD COLUMN refunding_pt bigint NOT NULL DEFAULT 0,
    ADD COLUMN refunding_fee_twd bigint NOT NULL DEFAULT 0;
UPDATE wallet.payment_item AS i SET refunding_twd = r.amount_twd, refunding_fee_twd = r.fee_twd
  FROM (SELECT payment_id, bill_id, sum(amount_twd) AS amount_twd, sum(fee_twd) AS fee_twd FROM wallet.refund
         GROUP BY payment_id, bill_id) AS r
 WHERE r.payment_id = i.payment_id AND r.bill_id = i.bill_id;
ALTER TABLE wallet.payment_item
    ADD CONSTRAINT item_never_refunded_above_captured CHECK (
        refunding_twd BETWEEN 0 AND amount_twd AND refunding_fee_twd BETWEEN 0 AND fee_twd),
    ADD CONSTRAINT item_refunded_as_it_was_paid CHECK (
        refunding_pt BETWEEN 0 AND points_pt AND refunding_twd - refunding_pt BETWEEN 0 AND amount_twd - points_pt);
COMMENT ON COLUMN wallet.payment_item.refunding_twd IS 'Of the amount: gone back, on its way back, or proposed to.';
COMMENT ON COLUMN wallet.payment_item.refunding_pt IS 'The part of refunding_twd that goes back as points.';

DROP INDEX wallet.refund_once;
ALTER TABLE wallet.refund
    ALTER COLUMN hold_id DROP NOT NULL,
    ADD COLUMN points_pt bigint NOT NULL DEFAULT 0,
    ADD COLUMN asked_by text NOT NULL DEFAULT 'system' CHECK (asked_by IN ('system', 'citizen', 'officer')),
    ADD COLUMN asked_by_id uuid,
    ADD COLUMN note text CHECK (length(note) <= 500),
    ADD COLUMN approval_id uuid,
    ADD COLUMN attempt integer NOT NULL DEFAULT 1 CHECK (attempt >= 1),
    ADD COLUMN account text,
    ADD COLUMN expected_on date,
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN failed_at timestamptz,
    ADD CONSTRAINT refund_points_fit CHECK (points_pt BETWEEN 0 AND amount_twd);
COMMENT ON COLUMN wallet.refund.points_pt IS 'The part of the amount that goes back as points; at once, for they never '
    'left the city.';
COMMENT ON COLUMN wallet.refund.hold_id IS 'Of its first attempt, as it was before attempts had rows; no longer written.';
-- A bill of a payment comes back once for being paid elsewhere, whoever reports it and however often.
CREATE UNIQUE INDEX refund_once_for_reports ON wallet.refund (payment_id, bill_id) WHERE external_payment_id IS NOT NULL;
CREATE INDEX refund_of_payment ON wallet.refund (payment_id, id);

CREATE TABLE wallet.refund_attempt (
    id uuid PRIMARY KEY,
    refund_id uuid NOT NULL REFERENCES wallet.refund,
    number integer NOT NULL CHECK (number >= 1),
    bank_link_id uuid,
    account text NOT NULL,
    hold_id uuid NOT NULL,
    fee_hold_id uuid,
    external_id text,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    failure_code text,
    UNIQUE (refund_id, number)
);
COMMENT ON TABLE wallet.refund_attempt IS 'Each time that a refund was sent: its id is our reference at the rail.';
COMMENT ON COLUMN wallet.refund_attempt.bank_link_id IS 'The account chosen instead; null: where the payment came from.';
INSERT INTO wallet.refund_attempt (id, refund_id, number, account, hold_id, fee_hold_id, began_at, ended_at, failure_code)
SELECT r.id, r.id, 1, coalesce(p.account_masked, ''), r.hold_id, r.fee_hold_id, r.created_at, r.completed_at,
       r.failure_code
  FROM wallet.refund AS r LEFT JOIN wallet.payment AS p ON p.id = r.payment_id;

CREATE TABLE wallet.refund_reason (
    code text PRIMARY KEY CHECK (code ~ '^[a-z_]+$'),
    is_for_citizens boolean NOT NULL,
    is_for_officers boolean NOT NULL,
    proof text NOT NULL CHECK (proof IN ('none', 'bureau_void', 'bureau_amount', 'reported_elsewhere')),
    returns_fee boolean NOT NULL,
    reopens_bill boolean NOT NULL,
    source text NOT NULL
);
COMMENT ON COLUMN wallet.refund_reason.proof IS 'What a citizen''s word is held against: the bureau''s register, or a '
    'report that the bill was paid elsewhere.';
COMMENT ON COLUMN wallet.refund_reason.returns_fee IS 'Whether the service fee comes back with the whole of a bill.';
COMMENT ON COLUMN wallet.refund_reason.reopens_bill IS 'Whether the bill is owed again once all of it has gone back.';
INSERT INTO wallet.refund_reason VALUES
    ('paid_elsewhere_first', false, false, 'none', true, false, 'double payments come back by themselves, free'),
    ('paid_elsewhere_again', false, false, 'none', false, false, 'double payments come back by themselves, free'),
    ('paid_again_meanwhile', false, false, 'none', true, false, 'double payments come back by themselves, free'),
    ('duplicate', true, true, 'reported_elsewhere', true, false, 'to be confirmed by the finance bureau'),
    ('bill_withdrawn', true, true, 'bureau_void', true, false, '規費法 §18 for fees; for fines the bureau''s decision; to be confirmed by the finance bureau'),
    ('wrong_amount', true, true, 'bureau_amount', false, false, '規費法 §18 for fees; for fines the bureau''s amount; to be confirmed by the finance bureau'),
    ('wrong_bill', false, true, 'none', true, true, 'to be confirmed by the finance bureau'),
    ('goodwill', false, true, 'none', true, false, 'to be confirmed by the finance bureau');

CREATE TABLE wallet.refund_limit (
    valid_from date PRIMARY KEY,
    two_persons_above_twd bigint NOT NULL CHECK (two_persons_above_twd >= 0),
    source text NOT NULL
);
COMMENT ON TABLE wallet.refund_limit IS 'An officer''s refund above this (NT$) needs a second officer.';
INSERT INTO wallet.refund_limit VALUES
    ('2026-01-01', 3000, 'assumption, to be set by the finance bureau');

CREATE TABLE wallet.refund_time (
    rail text PRIMARY KEY,
    days integer NOT NULL CHECK (days BETWEEN 0 AND 60),
    source text NOT NULL
);
COMMENT ON TABLE wallet.refund_time IS 'When the payer may expect the money, at the latest: days after it was sent.';
INSERT INTO wallet.refund_time VALUES
    ('bank_of_kaohsiung', 1, 'assumption: booked at once inside one bank, shown by the next day'),
    ('ach', 5, 'assumption: two business days of the clearing house and a weekend'),
    ('card', 14, 'assumption: the card''s bank shows it with one of the next statements'),
    ('apple_pay', 14, 'as any card'),
    ('google_pay', 14, 'as any card'),
    ('jkopay', 3, 'assumption: the wallet''s balance within three days'),
    ('line_pay', 3, 'assumption: the wallet''s balance within three days'),
    ('points', 0, 'points never left the city'),
    ('credit_order', 2, 'assumption: a transfer by the city''s bank');
"""

DISPUTES = """
CREATE TABLE wallet.dispute (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL UNIQUE,
    person_id uuid NOT NULL,
    status text NOT NULL,
    reference text NOT NULL,
    reason text NOT NULL,
    reason_code text NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    steps_done integer NOT NULL DEFAULT 0 CHECK (steps_done BETWEEN 0 AND 4),
    opened_at timestamptz NOT NULL,
    defend_until timestamptz,
    closed_at timestamptz
);
COMMENT ON TABLE wallet.dispute IS 'A cardholder does not recognise a payment. One for each payment.';
COMMENT ON COLUMN wallet.dispute.reference IS 'The processor''s name for it.';
COMMENT ON COLUMN wallet.dispute.steps_done IS 'How far the money has gone: 1 taken, 2 given, 3 taken again, 4 ruled.';
CREATE INDEX dispute_of_status ON wallet.dispute (status, id DESC);
CREATE TRIGGER dispute_begins BEFORE INSERT ON wallet.dispute
    FOR EACH ROW EXECUTE FUNCTION wallet.begin_allowed('dispute');
CREATE TRIGGER dispute_moves AFTER UPDATE OF status ON wallet.dispute
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION wallet.move_allowed('dispute');

CREATE TABLE wallet.dispute_notice (
    dispute_id uuid NOT NULL REFERENCES wallet.dispute,
    kind text NOT NULL,
    reason text NOT NULL,
    amount_twd bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (dispute_id, kind)
);
COMMENT ON TABLE wallet.dispute_notice IS 'What the processor said about a dispute, each kind of notice once.';

CREATE TABLE wallet.dispute_evidence (
    id uuid PRIMARY KEY,
    dispute_id uuid NOT NULL UNIQUE REFERENCES wallet.dispute,
    package text NOT NULL,
    package_sha256 bytea NOT NULL CHECK (length(package_sha256) = 32),
    receipt_pdf bytea NOT NULL,
    submitted_by uuid NOT NULL,
    submitted_at timestamptz NOT NULL
);
COMMENT ON COLUMN wallet.dispute_evidence.package IS 'JSON, byte for byte as it was submitted.';
-- What was said about one payment is looked up by our name for it.
CREATE INDEX webhook_message_about ON wallet.webhook_message (merchant_reference);
CREATE TRIGGER dispute_evidence_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.dispute_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();
"""


def upgrade() -> None:
    """Extend the schemas ``points`` and ``wallet``."""
    for statements in (POINTS, REFUNDS, DISPUTES):
        op.execute(statements)
