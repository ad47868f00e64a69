"""Who somebody is: people, sign-in methods, sessions, text messages, vehicles, bureaus' systems."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PEOPLE = """
CREATE SCHEMA identity;

CREATE TABLE identity.person (
    id uuid PRIMARY KEY,
    national_id_sealed bytea NOT NULL,
    national_id_index bytea NOT NULL UNIQUE CHECK (length(national_id_index) = 32),
    mobile_sealed bytea NOT NULL,
    mobile_index bytea NOT NULL CHECK (length(mobile_index) = 32),
    password_hash text NOT NULL,
    proofing_level smallint NOT NULL CHECK (proofing_level BETWEEN 1 AND 4),
    language text NOT NULL CHECK (language IN ('zh-TW', 'en')),
    registered_at timestamptz NOT NULL
);
COMMENT ON COLUMN identity.person.national_id_sealed IS 'AES-256-GCM, bound to this row; found by national_id_index.';
COMMENT ON COLUMN identity.person.proofing_level IS 'How surely this is the holder of the ID number: docs/identity.md.';

CREATE TABLE identity.vehicle (
    person_id uuid NOT NULL REFERENCES identity.person,
    plate text NOT NULL CHECK (length(plate) BETWEEN 4 AND 10),
    vehicle text NOT NULL CHECK (vehicle IN ('car', 'motorcycle', 'large')),
    id uuid NOT NULL UNIQUE,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, plate, vehicle)
);
CREATE INDEX vehicle_plate ON identity.vehicle (plate, vehicle);
"""

SESSIONS = """
CREATE TABLE identity.session (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    id uuid NOT NULL UNIQUE,
    person_id uuid NOT NULL REFERENCES identity.person,
    authenticator_level smallint NOT NULL CHECK (authenticator_level BETWEEN 1 AND 4),
    amr text[] NOT NULL,
    transport text NOT NULL CHECK (transport IN ('bearer', 'cookie')),
    auth_time timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    idle_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    user_agent text NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX session_of_person ON identity.session (person_id, id) WHERE ended_at IS NULL;
CREATE INDEX session_expiry ON identity.session (expires_at);

-- Counted per subject (a keyed hash, so that unknown people are counted like known ones) and method.
CREATE TABLE identity.attempt (
    subject bytea NOT NULL CHECK (length(subject) = 32),
    method text NOT NULL,
    used integer NOT NULL,
    resets_at timestamptz NOT NULL,
    PRIMARY KEY (subject, method)
) WITH (fillfactor = 70);
CREATE INDEX attempt_reset ON identity.attempt (resets_at);

CREATE TABLE identity.otp_challenge (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('login', 'registration')),
    person_id uuid REFERENCES identity.person,
    subject bytea NOT NULL CHECK (length(subject) = 32),
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    is_decoy boolean NOT NULL,
    national_id_sealed bytea,
    mobile_sealed bytea,
    password_hash text,
    language text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    proven_at timestamptz,
    finished_at timestamptz,
    CHECK (purpose = 'registration' OR person_id IS NOT NULL),
    CHECK (purpose = 'login' OR is_decoy
           OR (national_id_sealed IS NOT NULL AND mobile_sealed IS NOT NULL AND password_hash IS NOT NULL)),
    CHECK (NOT is_decoy OR (proven_at IS NULL AND finished_at IS NULL))
);
CREATE INDEX otp_challenge_expiry ON identity.otp_challenge (expires_at);

CREATE TABLE identity.sms (
    id uuid PRIMARY KEY,
    person_id uuid,
    mobile_sealed bytea NOT NULL,
    body_sealed bytea,
    status text NOT NULL CHECK (status IN ('waiting', 'sent', 'lapsed', 'refused')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((status = 'waiting') = (body_sealed IS NOT NULL)),
    CHECK ((status = 'waiting') = (finished_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX sms_due ON identity.sms (next_at) WHERE status = 'waiting';
CREATE INDEX sms_created ON identity.sms (created_at);
"""

PASSKEYS = """
CREATE TABLE identity.passkey (
    person_id uuid NOT NULL REFERENCES identity.person,
    credential_id bytea NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 16 AND 1023),
    id uuid NOT NULL UNIQUE,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL CHECK (sign_count >= 0),
    is_backup_eligible boolean NOT NULL,
    is_backed_up boolean NOT NULL,
    transports text[] NOT NULL,
    aaguid uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    counter_regressed_at timestamptz,
    PRIMARY KEY (person_id, credential_id)
) WITH (fillfactor = 70);
COMMENT ON COLUMN identity.passkey.counter_regressed_at IS 'A good signature came with an old counter: maybe a copy.';

CREATE TABLE identity.ceremony (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('registration', 'login')),
    session_id uuid,
    challenge bytea NOT NULL CHECK (length(challenge) = 32),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK ((kind = 'registration') = (session_id IS NOT NULL))
);
CREATE INDEX ceremony_expiry ON identity.ceremony (expires_at);
"""

BUREAUS = """
CREATE TABLE identity.bureau_client (
    client_id text PRIMARY KEY CHECK (client_id ~ '^[a-z0-9][a-z0-9.-]{1,62}$'),
    id uuid NOT NULL UNIQUE,
    bureau text NOT NULL,
    public_jwk jsonb NOT NULL,
    scopes text[] NOT NULL,
    registered_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE identity.access_token (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    client_id text NOT NULL REFERENCES identity.bureau_client,
    scopes text[] NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX access_token_expiry ON identity.access_token (expires_at);

CREATE TABLE identity.used_jti (
    client_id text NOT NULL,
    jti text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX used_jti_expiry ON identity.used_jti (expires_at);
"""


def upgrade() -> None:
    """Build the schema ``identity``."""
    for statements in (PEOPLE, SESSIONS, PASSKEYS, BUREAUS):
        op.execute(statements)


def downgrade() -> None:
    """Remove the schema, with everybody in it."""
    op.execute("DROP SCHEMA identity CASCADE")
