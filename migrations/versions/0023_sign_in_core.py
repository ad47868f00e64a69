"""Persons without mobile or password, remembered sessions, how people were proved, notices that can be disavowed."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

PEOPLE = """
ALTER TABLE identity.person ALTER COLUMN mobile_sealed DROP NOT NULL;
ALTER TABLE identity.person ALTER COLUMN mobile_index DROP NOT NULL;
ALTER TABLE identity.person ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE identity.person ADD COLUMN name_sealed bytea;
ALTER TABLE identity.person ADD COLUMN first_passkey_until timestamptz;
ALTER TABLE identity.person ADD CONSTRAINT person_mobile_check
    CHECK ((mobile_sealed IS NULL) = (mobile_index IS NULL)) NOT VALID;
ALTER TABLE identity.person VALIDATE CONSTRAINT person_mobile_check;
COMMENT ON COLUMN identity.person.name_sealed IS 'The name as the evidence wrote it; AES-256-GCM, bound to this row.';
COMMENT ON COLUMN identity.person.first_passkey_until IS
    'Until then the first passkey may be made from password and text message; cleared when it is.';
-- Whoever is there already keeps the way that was open so far for a month.
UPDATE identity.person p SET first_passkey_until = now() + interval '30 days'
 WHERE NOT EXISTS (SELECT FROM identity.passkey k WHERE k.person_id = p.id);

CREATE TABLE identity.proofing (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES identity.person,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    method text NOT NULL CHECK (method IN ('mobile', 'certificate', 'mobile_id', 'counter')),
    reference text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX proofing_of_person ON identity.proofing (person_id, id);
COMMENT ON TABLE identity.proofing IS 'By what evidence a person was proved to be the holder of the ID number; only added to.';
"""

SESSIONS = """
ALTER TABLE identity.session DROP CONSTRAINT session_authenticator_level_check;
ALTER TABLE identity.session ADD CONSTRAINT session_authenticator_level_check
    CHECK (authenticator_level BETWEEN 0 AND 4) NOT VALID;
ALTER TABLE identity.session VALIDATE CONSTRAINT session_authenticator_level_check;
ALTER TABLE identity.session ADD COLUMN remembered_until timestamptz;
ALTER TABLE identity.session ADD COLUMN network text NOT NULL DEFAULT '';
ALTER TABLE identity.session ADD COLUMN with_officer uuid REFERENCES identity.officer;
COMMENT ON COLUMN identity.session.remembered_until IS
    'Where the device asked to be remembered: until then the session goes on at level 1 when it is stale.';
COMMENT ON COLUMN identity.session.network IS 'Where it began, coarsely: 203.0.113.0/24. Enough to know a place again.';
COMMENT ON COLUMN identity.session.with_officer IS 'The officer in whose presence a visit''s session goes on.';
"""

NOTICES = """
CREATE TABLE identity.disavowal (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    id uuid NOT NULL UNIQUE,
    person_id uuid NOT NULL REFERENCES identity.person,
    kind text NOT NULL,
    session_id uuid,
    method text,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX disavowal_of_person ON identity.disavowal (person_id, id);
CREATE INDEX disavowal_expiry ON identity.disavowal (expires_at);
COMMENT ON TABLE identity.disavowal IS 'The link "that was not me" in each security notice: what it was, and which method it shuts.';
"""

DEVICES = """
ALTER TABLE identity.passkey ADD COLUMN last_used_network text NOT NULL DEFAULT '';
COMMENT ON COLUMN identity.passkey.last_used_network IS 'Where it last signed in, coarsely; empty: not known.';
CREATE TABLE identity.known_place (
    person_id uuid NOT NULL REFERENCES identity.person,
    device text NOT NULL CHECK (length(device) <= 80),
    network text NOT NULL CHECK (length(network) <= 80),
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, device, network)
);
CREATE INDEX known_place_age ON identity.known_place (last_seen_at);
COMMENT ON TABLE identity.known_place IS
    'With what kind of device, from which network a person has signed in; whatever is not here is told to them.';
-- The list of past sign-ins; the older index covers the running ones alone. Built in seconds, sign-ins wait for it.
CREATE INDEX session_begun ON identity.session (person_id, id);
"""


def upgrade() -> None:
    """Only the filling of first_passkey_until touches rows; people without a passkey are the few who never paid."""
    for part in (PEOPLE, SESSIONS, NOTICES, DEVICES):
        op.execute(part)
