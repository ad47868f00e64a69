"""Mandates with more limits, names and pauses; automatic debit."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# machine, source, target, event, is_correction: as wallet/states.py has them; a test compares the two.
MOVES = (
    ("automatic_debit", "awaiting_authorization", "active", "the citizen's assertion over the instruction is verified"),
    ("automatic_debit", "awaiting_authorization", "cancelled", "the assertion is refused, or another one is begun"),
    ("automatic_debit", "awaiting_authorization", "expired", "five minutes pass without an assertion"),
    ("automatic_debit", "active", "replaced", "the citizen signs another instruction"),
    ("automatic_debit", "active", "stopped", "the citizen stops it, or its account is unlinked"),
    ("planned_debit", "planned", "debiting", "its moment has come, and it is within the caps"),
    ("planned_debit", "planned", "skipped", "the citizen skips it"),
    ("planned_debit", "skipped", "planned", "the citizen takes the skip back before its moment"),
    ("planned_debit", "planned", "dropped", "the bill is paid otherwise, void or no longer theirs"),
    ("planned_debit", "planned", "left", "a cap, the account or the calendar stands against it"),
    ("planned_debit", "planned", "stopped", "automatic debit is stopped"),
    ("planned_debit", "debiting", "paid", "the payment counts as paid"),
    ("planned_debit", "debiting", "planned", "the payment failed, and is tried once more the next day"),
    ("planned_debit", "debiting", "left", "the payment failed, and is not tried again"),
)
INITIAL = (("automatic_debit", "awaiting_authorization"), ("planned_debit", "planned"))

BANK_LINKS = """
ALTER TABLE wallet.bank_link
    ADD COLUMN monthly_limit_twd bigint,
    ADD COLUMN name text CHECK (length(name) BETWEEN 1 AND 40),
    ADD COLUMN is_preferred boolean NOT NULL DEFAULT false,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN check_at timestamptz,
    ADD COLUMN tell_bank_at timestamptz;
COMMENT ON COLUMN wallet.bank_link.version IS 'Counts the changes that its owner sees: the entity tag.';
COMMENT ON COLUMN wallet.bank_link.check_at IS 'When the bank is next asked whether the mandate still stands.';
COMMENT ON COLUMN wallet.bank_link.tell_bank_at IS 'Revoked here and not yet acknowledged there: when to tell it next.';
UPDATE wallet.bank_link SET check_at = now() WHERE status = 'active';
UPDATE wallet.bank_link l SET is_preferred = true
  FROM (SELECT DISTINCT ON (person_id) person_id, id FROM wallet.bank_link WHERE status = 'active'
         ORDER BY person_id, id DESC) newest
 WHERE l.person_id = newest.person_id AND l.id = newest.id;
CREATE UNIQUE INDEX bank_link_preferred ON wallet.bank_link (person_id) WHERE is_preferred;
CREATE INDEX bank_link_to_check ON wallet.bank_link (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX bank_link_to_tell ON wallet.bank_link (tell_bank_at) WHERE tell_bank_at IS NOT NULL;
"""

AUTOMATIC_DEBIT = """
CREATE TABLE wallet.automatic_debit (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('parking')),
    status text NOT NULL,
    bank_link_id uuid NOT NULL,
    account_masked text NOT NULL,
    per_bill_cap_twd bigint NOT NULL CHECK (per_bill_cap_twd > 0),
    monthly_cap_twd bigint NOT NULL CHECK (monthly_cap_twd >= per_bill_cap_twd),
    instruction text NOT NULL,
    challenge bytea NOT NULL,
    passkey_id uuid,
    evidence jsonb,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    authorized_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    plan_at timestamptz,
    CONSTRAINT signed_when_active CHECK (status <> 'active' OR evidence IS NOT NULL)
);
COMMENT ON TABLE wallet.automatic_debit IS 'Standing instructions, each with the assertion that signs its words.';
CREATE UNIQUE INDEX automatic_debit_active ON wallet.automatic_debit (person_id, kind) WHERE status = 'active';
CREATE UNIQUE INDEX automatic_debit_awaiting ON wallet.automatic_debit (person_id, kind)
    WHERE status = 'awaiting_authorization';
CREATE INDEX automatic_debit_of_person ON wallet.automatic_debit (person_id, kind, id DESC);
CREATE INDEX automatic_debit_to_plan ON wallet.automatic_debit (plan_at) WHERE plan_at IS NOT NULL;

CREATE FUNCTION wallet.keep_signed_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.person_id, OLD.kind, OLD.bank_link_id, OLD.account_masked, OLD.per_bill_cap_twd, OLD.monthly_cap_twd,
        OLD.instruction, OLD.challenge)
       IS DISTINCT FROM
       (NEW.person_id, NEW.kind, NEW.bank_link_id, NEW.account_masked, NEW.per_bill_cap_twd, NEW.monthly_cap_twd,
        NEW.instruction, NEW.challenge)
       OR (OLD.evidence IS NOT NULL AND NEW.evidence IS DISTINCT FROM OLD.evidence)
    THEN
        RAISE EXCEPTION 'what was signed is not changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER automatic_debit_keeps_its_words BEFORE UPDATE ON wallet.automatic_debit
    FOR EACH ROW EXECUTE FUNCTION wallet.keep_signed_words();
CREATE TRIGGER automatic_debit_stays BEFORE DELETE OR TRUNCATE ON wallet.automatic_debit
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();

CREATE TABLE wallet.automatic_debit_month (
    person_id uuid NOT NULL,
    kind text NOT NULL,
    month date NOT NULL,
    debited_twd bigint NOT NULL CHECK (debited_twd >= 0),
    PRIMARY KEY (person_id, kind, month)
);
COMMENT ON TABLE wallet.automatic_debit_month IS 'What was debited automatically in a month (Taipei), held to the cap.';

CREATE TABLE wallet.planned_debit (
    id uuid PRIMARY KEY,
    automatic_debit_id uuid NOT NULL REFERENCES wallet.automatic_debit,
    person_id uuid NOT NULL,
    bill_id uuid NOT NULL,
    number text NOT NULL,
    plate text NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    due_on date NOT NULL,
    status text NOT NULL,
    reason text,
    debit_at timestamptz NOT NULL,
    announced_at timestamptz,
    next_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    payment_id uuid,
    month date,
    reserved_twd bigint NOT NULL DEFAULT 0 CHECK (reserved_twd >= 0),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX planned_debit_once ON wallet.planned_debit (person_id, bill_id) WHERE status <> 'stopped';
CREATE INDEX planned_debit_due ON wallet.planned_debit (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX planned_debit_at_the_bank ON wallet.planned_debit (payment_id) WHERE status = 'debiting';
CREATE INDEX planned_debit_of_person ON wallet.planned_debit (person_id, debit_at DESC, id);
"""


def upgrade() -> None:
    op.execute(BANK_LINKS)
    rows = [(*move, "false") for move in MOVES]
    rows += [(machine, "", state, "it begins", "false") for machine, state in INITIAL]
    values = ", ".join(
        "('{}', '{}', '{}', '{}', {})".format(machine, source, target, event.replace("'", "''"), correction)
        for machine, source, target, event, correction in rows
    )
    op.execute(f"INSERT INTO wallet.allowed_move (machine, source, target, event, is_correction) VALUES {values}")
    op.execute(AUTOMATIC_DEBIT)
    for machine in ("automatic_debit", "planned_debit"):
        op.execute(
            f"""
            CREATE TRIGGER {machine}_begins BEFORE INSERT ON wallet.{machine}
                FOR EACH ROW EXECUTE FUNCTION wallet.begin_allowed('{machine}');
            CREATE TRIGGER {machine}_moves AFTER UPDATE OF status ON wallet.{machine}
                FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
                EXECUTE FUNCTION wallet.move_allowed('{machine}');
            """
        )
