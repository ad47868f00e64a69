"""Payments over any rail, and the moves their states may make."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# machine, source, target, event, is_correction: as wallet/states.py has them; a test compares the two.
MOVES = (
    ("payment", "awaiting_authorization", "debiting", "the payer's assertion over the instruction is verified", False),
    (
        "payment",
        "awaiting_authorization",
        "cancelled",
        "the payer cancels, begins anew, or the assertion or a bill does not match",
        False,
    ),
    ("payment", "awaiting_authorization", "expired", "five minutes pass without an assertion", False),
    ("payment", "debiting", "captured", "the rail says booked", False),
    ("payment", "debiting", "provisional", "another bank's debit is submitted, and may be returned", False),
    ("payment", "debiting", "action_required", "the payer has to confirm at the card's bank or the wallet", False),
    ("payment", "debiting", "failed", "the rail says rejected", False),
    ("payment", "debiting", "unknown", "the rail gives no answer", False),
    ("payment", "action_required", "debiting", "the payer comes back", False),
    ("payment", "action_required", "captured", "asked or told, the rail says booked", False),
    ("payment", "action_required", "failed", "the payer refuses there, or never comes back", False),
    ("payment", "action_required", "unknown", "the rail gives no answer", False),
    ("payment", "unknown", "captured", "asked, the rail says booked", False),
    ("payment", "unknown", "provisional", "asked, the rail says submitted", False),
    ("payment", "unknown", "action_required", "asked, the rail waits for the payer", False),
    ("payment", "unknown", "failed", "asked, the rail says rejected, or never got it and it is too late to try", False),
    ("payment", "provisional", "captured", "the window for returns has passed", False),
    ("payment", "provisional", "returned", "the payer's bank returns the debit", False),
    ("payment", "captured", "returned", "the rail says that the money did not come after all", False),
    ("payment", "captured", "charged_back", "the cardholder's bank takes the money back", False),
    ("payment", "charged_back", "captured", "the dispute is won", False),
    ("payment", "captured", "refunded", "everything of it has gone back", False),
    ("payment", "refunded", "captured", "a refund came back unpaid", False),
    ("payment", "failed", "captured", "the rail's books show that it was booked", True),
    ("payment", "expired", "captured", "the rail's books show that it was booked", True),
    ("payment", "cancelled", "captured", "the rail's books show that it was booked", True),
    ("payment", "captured", "failed", "the rail's books show that it was never booked", True),
    ("refund", "proposed", "requested", "a second officer approves", False),
    ("refund", "proposed", "declined", "a second officer declines, or it is withdrawn", False),
    ("refund", "requested", "unknown", "the rail gives no answer", False),
    ("refund", "requested", "pending", "the rail has taken it and will say what became of it", False),
    ("refund", "requested", "completed", "the rail says booked", False),
    ("refund", "requested", "failed", "the rail says no", False),
    ("refund", "unknown", "pending", "asked, the rail has taken it", False),
    ("refund", "unknown", "completed", "asked, the rail says booked", False),
    ("refund", "unknown", "failed", "asked, the rail says no", False),
    ("refund", "pending", "completed", "the rail says that it is done", False),
    ("refund", "pending", "failed", "the rail says that it could not be done", False),
    ("refund", "completed", "failed", "the money came back unpaid", False),
    ("refund", "failed", "requested", "sent anew, to a proven account of the payer", False),
    ("dispute", "opened", "evidence_submitted", "the city defends the payment", False),
    ("dispute", "opened", "accepted", "the city accepts the chargeback", False),
    ("dispute", "opened", "won", "the card's bank gives the money back", False),
    ("dispute", "opened", "lost", "the time to defend has passed", False),
    ("dispute", "evidence_submitted", "won", "the card's bank gives the money back", False),
    ("dispute", "evidence_submitted", "lost", "the card's bank keeps the money", False),
    ("dispute", "won", "second_chargeback", "the card's bank takes the money again", False),
    ("dispute", "second_chargeback", "won", "the card scheme rules for the city", False),
    ("dispute", "second_chargeback", "lost", "the card scheme rules for the cardholder", False),
    ("dispute", "lost", "won", "the processor's books show the money came back", True),
    ("dispute", "accepted", "won", "the processor's books show the money came back", True),
    ("mandate", "pending", "active", "the citizen consents at the bank", False),
    ("mandate", "pending", "refused", "the citizen or the bank says no", False),
    ("mandate", "pending", "revoked", "the citizen unlinks it before it is finished", False),
    ("mandate", "active", "paused", "the citizen pauses it", False),
    ("mandate", "paused", "active", "the citizen resumes it", False),
    ("mandate", "active", "revoked", "the citizen unlinks it, or the bank says that it has ended", False),
    ("mandate", "paused", "revoked", "the citizen unlinks it, or the bank says that it has ended", False),
)
INITIAL = (
    ("payment", "awaiting_authorization"),
    ("refund", "proposed"),
    ("refund", "requested"),
    ("dispute", "opened"),
    ("mandate", "pending"),
)

STATES = """
CREATE TABLE wallet.allowed_move (
    machine text NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    event text NOT NULL,
    is_correction boolean NOT NULL,
    PRIMARY KEY (machine, source, target)
);
COMMENT ON TABLE wallet.allowed_move IS 'Every move a state may make; source "" is the beginning. wallet/states.py.';

CREATE TABLE wallet.state_change (
    subject uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    machine text NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    event text NOT NULL,
    correction text,
    at timestamptz NOT NULL,
    PRIMARY KEY (subject, id)
);
COMMENT ON TABLE wallet.state_change IS 'Each move that was made, and why. Append-only.';

CREATE FUNCTION wallet.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
CREATE TRIGGER state_change_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.state_change
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();

CREATE FUNCTION wallet.begin_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM wallet.allowed_move WHERE machine = TG_ARGV[0] AND source = '' AND target = NEW.status)
    THEN
        RAISE EXCEPTION 'a % does not begin as %', TG_ARGV[0], NEW.status USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wallet.move_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    move wallet.allowed_move;
    decision text := nullif(current_setting('wallet.correction', true), '');
BEGIN
    SELECT * INTO move FROM wallet.allowed_move
     WHERE machine = TG_ARGV[0] AND source = OLD.status AND target = NEW.status;
    IF NOT FOUND OR (move.is_correction AND decision IS NULL) THEN
        RAISE EXCEPTION 'a % does not go from % to %', TG_ARGV[0], OLD.status, NEW.status
            USING ERRCODE = 'check_violation', DETAIL = NEW.id;
    END IF;
    INSERT INTO wallet.state_change (subject, machine, source, target, event, correction, at)
    VALUES (NEW.id, TG_ARGV[0], OLD.status, NEW.status, move.event,
            CASE WHEN move.is_correction THEN decision END, clock_timestamp());
    RETURN NULL;
END $$;
"""

TABLES = (("payment", "payment"), ("refund", "refund"), ("bank_link", "mandate"))

PAYMENTS = """
ALTER TABLE wallet.payment DROP CONSTRAINT payment_status_check;
ALTER TABLE wallet.payment
    ALTER COLUMN bank_link_id DROP NOT NULL,
    ALTER COLUMN mandate_id DROP NOT NULL,
    ADD COLUMN instrument_kind text NOT NULL DEFAULT 'bank_link'
        CHECK (instrument_kind IN ('bank_link', 'card', 'one_time', 'none')),
    ADD COLUMN card_id uuid,
    ADD COLUMN points_pt bigint NOT NULL DEFAULT 0 CHECK (points_pt >= 0),
    ADD COLUMN external_id text,
    ADD COLUMN action_url text,
    ADD COLUMN action_expires_at timestamptz,
    ADD COLUMN final_on date,
    ADD COLUMN undone_at timestamptz,
    ADD COLUMN undone_reason text,
    ADD COLUMN initiated_by text NOT NULL DEFAULT 'payer' CHECK (initiated_by IN ('payer', 'automatic_debit'));
UPDATE wallet.payment SET external_id = debit_id WHERE debit_id IS NOT NULL;
COMMENT ON COLUMN wallet.payment.external_id IS 'The rail''s own name for the debit.';
COMMENT ON COLUMN wallet.payment.debit_id IS 'What external_id was called; no longer written.';
COMMENT ON COLUMN wallet.payment.mandate_id IS 'What the rail debits: a mandate or the token of a kept card.';
COMMENT ON COLUMN wallet.payment.points_pt IS 'The part of the total that points pay, NT$1 each.';
COMMENT ON COLUMN wallet.payment.final_on IS 'While provisional: the day (Taipei) after which it cannot be returned.';
CREATE INDEX payment_provisional ON wallet.payment (rail, final_on) WHERE status = 'provisional';
CREATE INDEX payment_external ON wallet.payment (rail, external_id) WHERE external_id IS NOT NULL;

ALTER TABLE wallet.payment_item
    ADD COLUMN points_pt bigint NOT NULL DEFAULT 0 CHECK (points_pt >= 0),
    ADD COLUMN points_hold_id uuid,
    ADD CONSTRAINT item_points_fit CHECK (points_pt <= amount_twd),
    ADD CONSTRAINT item_points_held CHECK ((points_pt > 0) = (points_hold_id IS NOT NULL));

INSERT INTO wallet.tariff (rail, bill_kind, fee_twd, valid_from, source) VALUES
    ('ach', 'fine', 10, '2026-01-01', 'assumption, to be agreed with the clearing house: per notice'),
    ('ach', 'parking', 0, '2026-01-01', 'assumption: the city bears it, as it bears the stores'' fee'),
    ('card', 'fine', 20, '2026-01-01', '監理服務網信用卡繳納手續費 (per notice)'),
    ('card', 'parking', 0, '2026-01-01', 'assumption: the city bears it, as it bears the stores'' fee'),
    ('apple_pay', 'fine', 20, '2026-01-01', 'as any card'),
    ('apple_pay', 'parking', 0, '2026-01-01', 'as any card'),
    ('google_pay', 'fine', 20, '2026-01-01', 'as any card'),
    ('google_pay', 'parking', 0, '2026-01-01', 'as any card'),
    ('jkopay', 'fine', 13, '2026-01-01', '交通罰鍰行動支付手續費 (per notice)'),
    ('jkopay', 'parking', 0, '2026-01-01', 'assumption: the city bears it, as it bears the stores'' fee'),
    ('line_pay', 'fine', 13, '2026-01-01', '交通罰鍰行動支付手續費 (per notice)'),
    ('line_pay', 'parking', 0, '2026-01-01', 'assumption: the city bears it, as it bears the stores'' fee'),
    ('points', 'fine', 0, '2026-01-01', 'no money moves outside the treasury'),
    ('points', 'parking', 0, '2026-01-01', 'no money moves outside the treasury');

ALTER TABLE wallet.refund DROP CONSTRAINT refund_status_check;
ALTER TABLE wallet.bank_link DROP CONSTRAINT bank_link_status_check;
"""


def upgrade() -> None:
    """Statuses are held by the table of moves from here on."""
    op.execute(STATES)
    rows = [*MOVES, *((machine, "", state, "it begins", False) for machine, state in INITIAL)]
    values = ", ".join(
        "('{}', '{}', '{}', '{}', {})".format(
            machine, source, target, event.replace("'", "''"), "true" if is_correction else "false"
        )
        for machine, source, target, event, is_correction in rows
    )
    op.execute(f"INSERT INTO wallet.allowed_move (machine, source, target, event, is_correction) VALUES {values}")
    op.execute(PAYMENTS)
    for table, machine in TABLES:
        op.execute(
            f"""
            CREATE TRIGGER {table}_begins BEFORE INSERT ON wallet.{table}
                FOR EACH ROW EXECUTE FUNCTION wallet.begin_allowed('{machine}');
            CREATE TRIGGER {table}_moves AFTER UPDATE OF status ON wallet.{table}
                FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
                EXECUTE FUNCTION wallet.move_allowed('{machine}');
            """
        )
