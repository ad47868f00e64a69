"""Relying parties: what happened to each registration, and what people agreed to tell which site."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

CULTURE = """
ALTER TABLE identity.officer DROP CONSTRAINT officer_bureau_check;
ALTER TABLE identity.officer ADD CONSTRAINT officer_bureau_check
    CHECK (bureau IN ('parking', 'fines', 'treasury', 'civil_affairs', 'rdec', 'culture')) NOT VALID;
ALTER TABLE identity.officer VALIDATE CONSTRAINT officer_bureau_check;
"""

CONSENT = """
CREATE TABLE identity.consent (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id text NOT NULL REFERENCES identity.relying_party,
    purposes jsonb NOT NULL CHECK (jsonb_typeof(purposes) = 'object'),
    agreed text[] NOT NULL,
    scopes text[] NOT NULL,
    given_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > given_at),
    last_used_at timestamptz,
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN ('revoked', 'replaced', 'lapsed')),
    PRIMARY KEY (person_id, id),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX consent_standing ON identity.consent (person_id, client_id) WHERE ended_at IS NULL;
CREATE INDEX consent_expiry ON identity.consent (expires_at) WHERE ended_at IS NULL;
COMMENT ON COLUMN identity.consent.purposes IS
    'Each claim the person was asked about, with the purpose they were shown: {"name": {"zh": "…", "en": "…"}}.';
COMMENT ON COLUMN identity.consent.agreed IS 'Those of them that the person agreed to; the others they declined.';
"""

HISTORY = """
CREATE TABLE identity.relying_party_event (
    client_id text NOT NULL REFERENCES identity.relying_party,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('proposed', 'change_proposed', 'resumption_proposed', 'approved', 'changed',
                                       'declined', 'suspended', 'resumed', 'secret_renewed')),
    officer_id uuid,
    officer_name text NOT NULL DEFAULT '',
    approval_id uuid,
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    registered jsonb NOT NULL,
    PRIMARY KEY (client_id, id)
);
COMMENT ON COLUMN identity.relying_party_event.registered IS 'The registration as it then stood, or as it was proposed.';

CREATE FUNCTION identity.keep_relying_party_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'identity.relying_party_event only grows' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER relying_party_event_only_grows BEFORE UPDATE OR DELETE ON identity.relying_party_event
    FOR EACH ROW EXECUTE FUNCTION identity.keep_relying_party_history();
CREATE TRIGGER relying_party_event_is_never_emptied BEFORE TRUNCATE ON identity.relying_party_event
    FOR EACH STATEMENT EXECUTE FUNCTION identity.keep_relying_party_history();
"""


def upgrade() -> None:
    """New tables, and one more bureau."""
    for statements in (CULTURE, CONSENT, HISTORY):
        op.execute(statements)
