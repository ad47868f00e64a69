"""Time-based codes, recovery codes, resets that wait, methods that are shut, cases."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

LOCKS = """
CREATE TABLE identity.method_lock (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES identity.person,
    method text NOT NULL CHECK (method IN ('password_sms', 'password_totp', 'recovery_code', 'passkey', 'social',
                                           'certificate', 'mobile_id', 'card', 'counter')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    locked_at timestamptz NOT NULL,
    lifted_at timestamptz,
    lifted_how text,
    CHECK ((lifted_at IS NULL) = (lifted_how IS NULL))
);
CREATE UNIQUE INDEX method_lock_in_force ON identity.method_lock (person_id, method) WHERE lifted_at IS NULL;
COMMENT ON TABLE identity.method_lock IS 'Ways to sign in that stay shut for a person until somebody opens them again.';
"""

CODES = """
CREATE TABLE identity.totp (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES identity.person,
    secret_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,
    last_used_at timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX totp_in_use ON identity.totp (person_id) WHERE confirmed_at IS NOT NULL;
CREATE INDEX totp_unconfirmed ON identity.totp (created_at) WHERE confirmed_at IS NULL;
COMMENT ON COLUMN identity.totp.last_step IS 'The newest time step whose code was taken; that and older ones are spent.';

CREATE TABLE identity.recovery_code_set (
    person_id uuid PRIMARY KEY REFERENCES identity.person,
    id uuid NOT NULL UNIQUE,
    salt bytea NOT NULL CHECK (length(salt) = 16),
    made_at timestamptz NOT NULL
);
CREATE TABLE identity.recovery_code (
    person_id uuid NOT NULL REFERENCES identity.recovery_code_set ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    used_at timestamptz,
    PRIMARY KEY (person_id, code_hash)
);
COMMENT ON TABLE identity.recovery_code_set IS 'The ten codes a person holds now; making new ones replaces them.';
"""

RESETS = """
CREATE TABLE identity.password_reset (
    id uuid PRIMARY KEY,
    subject bytea NOT NULL CHECK (length(subject) = 32),
    evidence text NOT NULL CHECK (evidence IN ('sms', 'recovery_code')),
    status text NOT NULL CHECK (status IN ('asked', 'waiting', 'completed', 'cancelled', 'lapsed')),
    person_id uuid REFERENCES identity.person,
    code_hash bytea CHECK (length(code_hash) = 32),
    asked_at timestamptz NOT NULL,
    evidence_until timestamptz NOT NULL,
    proved_at timestamptz,
    possible_at timestamptz,
    lapses_at timestamptz,
    token_hash bytea UNIQUE CHECK (length(token_hash) = 32),
    announced_at timestamptz,
    closed_at timestamptz,
    closed_how text,
    CHECK ((status IN ('asked', 'waiting')) = (closed_at IS NULL)),
    CHECK (status NOT IN ('waiting', 'completed')
           OR (person_id IS NOT NULL AND possible_at > proved_at AND lapses_at > possible_at)),
    CHECK (status <> 'completed' OR closed_at >= possible_at)
);
CREATE UNIQUE INDEX password_reset_waiting ON identity.password_reset (person_id) WHERE status = 'waiting';
CREATE INDEX password_reset_of_person ON identity.password_reset (person_id, id);
CREATE INDEX password_reset_open ON identity.password_reset (asked_at) WHERE status IN ('asked', 'waiting');
COMMENT ON COLUMN identity.password_reset.person_id IS 'Nobody, for an ID number that nobody has registered.';
"""

CASES = """
CREATE TABLE identity.security_case (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    person_id uuid NOT NULL REFERENCES identity.person,
    disavowal_id uuid NOT NULL UNIQUE,
    notice text NOT NULL CHECK (notice ~ '^[a-z_]+$'),
    method text,
    noticed_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'resolved')),
    resolved_at timestamptz,
    resolved_by uuid REFERENCES identity.officer,
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((resolved_at IS NULL) = (resolved_by IS NULL))
);
CREATE INDEX security_case_by_status ON identity.security_case (status, id);
COMMENT ON COLUMN identity.security_case.number IS 'What people call it by: it is in the message to the person.';
CREATE INDEX security_case_of_person ON identity.security_case (person_id, id);

CREATE TABLE identity.security_case_event (
    case_id uuid NOT NULL REFERENCES identity.security_case,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('opened', 'method_locked', 'sessions_ended', 'reset_cancelled', 'note',
                                       'method_unlocked', 'resolved')),
    officer_id uuid REFERENCES identity.officer,
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
    PRIMARY KEY (case_id, id)
);
CREATE FUNCTION identity.refuse_rewriting_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'identity.security_case_event only grows' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER security_case_event_only_grows BEFORE UPDATE OR DELETE ON identity.security_case_event
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_rewriting_case();
"""


def upgrade() -> None:
    """Add what signing in with codes, recovering and objecting stand on."""
    for statements in (LOCKS, CODES, RESETS, CASES):
        op.execute(statements)
