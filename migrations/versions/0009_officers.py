"""Officers, decisions of two people, and who read whose data."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OFFICERS = """
CREATE TABLE identity.officer (
    id uuid PRIMARY KEY,
    staff_number text NOT NULL UNIQUE CHECK (staff_number ~ '^[A-Z0-9][A-Z0-9-]{1,19}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    bureau text NOT NULL CHECK (bureau IN ('parking', 'fines', 'treasury')),
    roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ '{finance,auditor,bureau_officer}'),
    on_roster_from timestamptz NOT NULL,
    on_roster_until timestamptz,
    left_at timestamptz,
    added_at timestamptz NOT NULL,
    CHECK (on_roster_until > on_roster_from)
);
COMMENT ON COLUMN identity.officer.left_at IS 'From then on every session of theirs is dead, and no new one begins.';

CREATE TABLE identity.officer_enrolment_code (
    id uuid PRIMARY KEY,
    officer_id uuid NOT NULL REFERENCES identity.officer,
    code_hash bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX officer_enrolment_code_of_officer ON identity.officer_enrolment_code (officer_id);

CREATE TABLE identity.officer_passkey (
    officer_id uuid NOT NULL REFERENCES identity.officer,
    credential_id bytea NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 16 AND 1023),
    id uuid NOT NULL UNIQUE,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL CHECK (sign_count >= 0),
    is_backup_eligible boolean NOT NULL,
    is_backed_up boolean NOT NULL,
    transports text[] NOT NULL,
    aaguid uuid NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    counter_regressed_at timestamptz,
    PRIMARY KEY (officer_id, credential_id)
) WITH (fillfactor = 70);

CREATE TABLE identity.officer_session (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    id uuid NOT NULL UNIQUE,
    officer_id uuid NOT NULL REFERENCES identity.officer,
    amr text[] NOT NULL,
    transport text NOT NULL CHECK (transport IN ('bearer', 'cookie')),
    auth_time timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    idle_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    user_agent text NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX officer_session_of_officer ON identity.officer_session (officer_id) WHERE ended_at IS NULL;
CREATE INDEX officer_session_expiry ON identity.officer_session (expires_at);

-- An officer's enrolment is bound to its code as a citizen's registration is to the session it was begun in.
ALTER TABLE identity.ceremony ADD COLUMN code_id uuid;
ALTER TABLE identity.ceremony DROP CONSTRAINT ceremony_kind_check;
ALTER TABLE identity.ceremony ADD CONSTRAINT ceremony_kind_check
    CHECK (kind IN ('registration', 'login', 'officer_enrolment', 'officer_login')) NOT VALID;
ALTER TABLE identity.ceremony ADD CONSTRAINT ceremony_code_check
    CHECK ((kind = 'officer_enrolment') = (code_id IS NOT NULL)) NOT VALID;
ALTER TABLE identity.ceremony VALIDATE CONSTRAINT ceremony_kind_check;
ALTER TABLE identity.ceremony VALIDATE CONSTRAINT ceremony_code_check;
"""

APPROVALS = """
CREATE TABLE identity.approval (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]+([.][a-z_]+)*$'),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    body jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    person_id uuid,
    bureau text,
    status text NOT NULL CHECK (status IN ('proposed', 'approved', 'declined', 'withdrawn', 'expired')),
    proposer_kind text NOT NULL CHECK (proposer_kind IN ('officer', 'bureau', 'system')),
    proposed_by uuid NOT NULL,
    proposer_name text NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > proposed_at),
    decided_by uuid REFERENCES identity.officer,
    closed_at timestamptz,
    note text CHECK (length(note) <= 500),
    CONSTRAINT approval_takes_two_persons CHECK (decided_by <> proposed_by),
    CHECK ((status IN ('approved', 'declined')) = (decided_by IS NOT NULL)),
    CHECK ((status = 'proposed') = (closed_at IS NULL))
);
CREATE INDEX approval_open ON identity.approval (expires_at) WHERE status = 'proposed';
CREATE INDEX approval_subject ON identity.approval (kind, subject);
COMMENT ON COLUMN identity.approval.body IS 'Exactly what was proposed, and what is carried out when approved.';
COMMENT ON COLUMN identity.approval.person_id IS 'Whose data the body shows, if anybody''s.';

CREATE FUNCTION identity.hold_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.status <> 'proposed'
       OR ROW(NEW.id, NEW.kind, NEW.subject, NEW.body, NEW.reason, NEW.person_id, NEW.bureau, NEW.proposer_kind,
              NEW.proposed_by, NEW.proposer_name, NEW.proposed_at, NEW.expires_at)
          IS DISTINCT FROM
          ROW(OLD.id, OLD.kind, OLD.subject, OLD.body, OLD.reason, OLD.person_id, OLD.bureau, OLD.proposer_kind,
              OLD.proposed_by, OLD.proposer_name, OLD.proposed_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'a proposal is kept as it was made, and closed once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_approval BEFORE UPDATE OR DELETE ON identity.approval
    FOR EACH ROW EXECUTE FUNCTION identity.hold_approval();
"""

ACCESS_LOG = """
CREATE TABLE identity.access_log (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('officer', 'bureau')),
    actor_id uuid NOT NULL,
    actor_name text NOT NULL,
    actor_bureau text NOT NULL,
    actor_roles text[] NOT NULL,
    what text NOT NULL CHECK (length(what) BETWEEN 1 AND 60),
    purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 60),
    reference text NOT NULL DEFAULT '' CHECK (length(reference) <= 200),
    PRIMARY KEY (person_id, id)
);
CREATE INDEX access_log_of_actor ON identity.access_log (actor_id, id);
COMMENT ON TABLE identity.access_log IS 'Every read of a citizen''s data by somebody else. Rows are added and never changed.';

CREATE FUNCTION identity.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'identity.access_log only grows' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER access_log_only_grows BEFORE UPDATE OR DELETE ON identity.access_log
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_rewriting();
CREATE TRIGGER access_log_is_never_emptied BEFORE TRUNCATE ON identity.access_log
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_rewriting();
"""


def upgrade() -> None:
    """Add officers, approvals and the access log to the schema ``identity``."""
    for statements in (OFFICERS, APPROVALS, ACCESS_LOG):
        op.execute(statements)
