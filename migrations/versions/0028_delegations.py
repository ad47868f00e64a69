"""Who may act for whom."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

DELEGATIONS = """
CREATE TABLE identity.delegation (
    id uuid PRIMARY KEY,
    principal_id uuid REFERENCES identity.person,
    agent_id uuid REFERENCES identity.person,
    begun_by text NOT NULL CHECK (begun_by IN ('principal', 'agent')),
    named_index bytea NOT NULL CHECK (length(named_index) = 32),
    named_masked text NOT NULL CHECK (length(named_masked) BETWEEN 1 AND 20),
    basis text NOT NULL CHECK (basis IN ('agreement', 'guardianship_record', 'counter')),
    status text NOT NULL CHECK (status IN ('offered', 'active', 'refused', 'withdrawn', 'lapsed', 'revoked', 'expired',
                                           'ended')),
    grants jsonb NOT NULL CHECK (jsonb_typeof(grants) = 'array' AND jsonb_array_length(grants) BETWEEN 1 AND 10),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    made_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text CHECK (closed_by IN ('principal', 'agent', 'register', 'time')),
    close_reason text,
    register_asked_at timestamptz,
    use_told_on date,
    CONSTRAINT delegation_is_between_two CHECK (principal_id <> agent_id),
    CONSTRAINT delegation_knows_who_began CHECK (CASE begun_by WHEN 'principal' THEN principal_id IS NOT NULL
                                                                ELSE agent_id IS NOT NULL END),
    CONSTRAINT delegation_in_force_knows_both CHECK (status <> 'active'
                                                     OR principal_id IS NOT NULL AND agent_id IS NOT NULL),
    CONSTRAINT delegation_lasts_a_year_at_most CHECK (
        ends_at > starts_at AND ends_at <= starts_at + interval '367 days'
        OR ends_at IS NULL AND basis = 'guardianship_record'),
    CHECK ((status IN ('offered', 'active')) = (closed_at IS NULL)),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE INDEX delegation_of_principal ON identity.delegation (principal_id, id);
CREATE INDEX delegation_of_agent ON identity.delegation (agent_id, id);
CREATE INDEX delegation_offered_to ON identity.delegation (named_index, id) WHERE status = 'offered';
CREATE INDEX delegation_to_lapse ON identity.delegation (lapses_at) WHERE status = 'offered';
CREATE INDEX delegation_to_expire ON identity.delegation (ends_at) WHERE status = 'active';
COMMENT ON TABLE identity.delegation IS 'What one person lets another do for them, agreed by both or proven.';
COMMENT ON COLUMN identity.delegation.named_index IS 'Blind index of the ID number that whoever began has typed: somebody '
    'known and somebody unknown make the same row.';

CREATE FUNCTION identity.hold_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.closed_at IS NOT NULL
       OR (OLD.principal_id IS NOT NULL AND NEW.principal_id IS DISTINCT FROM OLD.principal_id)
       OR (OLD.agent_id IS NOT NULL AND NEW.agent_id IS DISTINCT FROM OLD.agent_id)
       OR ROW(NEW.id, NEW.begun_by, NEW.named_index, NEW.named_masked, NEW.basis, NEW.grants, NEW.starts_at, NEW.ends_at,
              NEW.made_at, NEW.lapses_at)
          IS DISTINCT FROM
          ROW(OLD.id, OLD.begun_by, OLD.named_index, OLD.named_masked, OLD.basis, OLD.grants, OLD.starts_at, OLD.ends_at,
              OLD.made_at, OLD.lapses_at) THEN
        RAISE EXCEPTION 'a delegation is kept as it was agreed, and closed once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_delegation BEFORE UPDATE OR DELETE ON identity.delegation
    FOR EACH ROW EXECUTE FUNCTION identity.hold_delegation();

CREATE TABLE identity.delegation_approval (
    delegation_id uuid NOT NULL REFERENCES identity.delegation,
    side text NOT NULL CHECK (side IN ('principal', 'agent')),
    by_kind text NOT NULL CHECK (by_kind IN ('person', 'officer', 'register')),
    by_id uuid,
    session_id uuid,
    loa smallint,
    at timestamptz NOT NULL,
    PRIMARY KEY (delegation_id, side),
    CHECK ((by_kind = 'register') = (by_id IS NULL)),
    CHECK ((by_kind = 'person') = (session_id IS NOT NULL))
);
COMMENT ON TABLE identity.delegation_approval IS 'Each side''s yes: in a session of their own, before an officer, or by '
    'a register.';

CREATE TABLE identity.acting_session (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    id uuid NOT NULL UNIQUE,
    delegation_id uuid NOT NULL REFERENCES identity.delegation,
    session_id uuid NOT NULL,
    transport text NOT NULL CHECK (transport IN ('bearer', 'cookie')),
    began_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX acting_session_of_delegation ON identity.acting_session (delegation_id) WHERE ended_at IS NULL;
CREATE INDEX acting_session_expiry ON identity.acting_session (expires_at);
COMMENT ON COLUMN identity.acting_session.session_id IS 'The agent''s own session: what is done for another ends with it.';
"""

ACCESS_LOG = """
ALTER TABLE identity.access_log ADD COLUMN delegation_id uuid;
ALTER TABLE identity.access_log DROP CONSTRAINT access_log_actor_kind_check;
ALTER TABLE identity.access_log ADD CONSTRAINT access_log_actor_kind_check
    CHECK (actor_kind IN ('officer', 'bureau', 'citizen')) NOT VALID;
ALTER TABLE identity.access_log VALIDATE CONSTRAINT access_log_actor_kind_check;
ALTER TABLE identity.access_log ADD CONSTRAINT access_log_citizen_by_delegation
    CHECK ((actor_kind = 'citizen') = (delegation_id IS NOT NULL)) NOT VALID;
ALTER TABLE identity.access_log VALIDATE CONSTRAINT access_log_citizen_by_delegation;
CREATE INDEX access_log_of_delegation ON identity.access_log (delegation_id, id) WHERE delegation_id IS NOT NULL;
"""

PAYMENTS = """
ALTER TABLE wallet.payment ADD COLUMN on_behalf_of uuid;
ALTER TABLE wallet.payment ADD COLUMN delegation_id uuid;
ALTER TABLE wallet.payment ADD CONSTRAINT payment_on_behalf_by_delegation
    CHECK ((on_behalf_of IS NULL) = (delegation_id IS NULL)) NOT VALID;
ALTER TABLE wallet.payment VALIDATE CONSTRAINT payment_on_behalf_by_delegation;
CREATE INDEX payment_of_delegation ON wallet.payment (delegation_id, authorized_at) WHERE delegation_id IS NOT NULL;
COMMENT ON COLUMN wallet.payment.on_behalf_of IS 'Whose bills person_id pays, from an account of their own; null: their own.';
"""


def upgrade() -> None:
    """New columns are empty, so what is checked and indexed of the old rows is nothing."""
    for part in (DELEGATIONS, ACCESS_LOG, PAYMENTS):
        op.execute(part)
