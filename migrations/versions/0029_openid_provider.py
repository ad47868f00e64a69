"""The OpenID provider: who relies on it, what was asked and granted, its tokens, keys and logouts."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

CLIENTS = """
CREATE TABLE identity.relying_party (
    client_id text PRIMARY KEY CHECK (client_id ~ '^[a-z0-9][a-z0-9.-]{1,62}$'),
    id uuid NOT NULL UNIQUE,
    bureau text NOT NULL CHECK (length(bureau) BETWEEN 1 AND 60),
    name_zh text NOT NULL CHECK (length(name_zh) BETWEEN 1 AND 60),
    name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 60),
    purpose_zh text NOT NULL CHECK (length(purpose_zh) BETWEEN 1 AND 300),
    purpose_en text NOT NULL CHECK (length(purpose_en) BETWEEN 1 AND 300),
    contact text NOT NULL DEFAULT '' CHECK (length(contact) <= 200),
    client_uri text CHECK (length(client_uri) <= 500),
    policy_uri text CHECK (length(policy_uri) <= 500),
    redirect_uris text[] NOT NULL CHECK (cardinality(redirect_uris) BETWEEN 1 AND 20),
    post_logout_redirect_uris text[] NOT NULL DEFAULT '{}' CHECK (cardinality(post_logout_redirect_uris) <= 20),
    backchannel_logout_uri text CHECK (length(backchannel_logout_uri) <= 500),
    token_endpoint_auth_method text NOT NULL
        CHECK (token_endpoint_auth_method IN ('private_key_jwt', 'client_secret_basic', 'client_secret_post')),
    jwks jsonb CHECK (jsonb_typeof(jwks) = 'object'),
    secret_hash bytea CHECK (length(secret_hash) = 32),
    id_token_alg text NOT NULL DEFAULT 'ES256' CHECK (id_token_alg IN ('ES256', 'RS256')),
    scopes text[] NOT NULL CHECK ('openid' = ANY (scopes)),
    claims jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(claims) = 'object'),
    sector_identifier text NOT NULL CHECK (length(sector_identifier) BETWEEN 1 AND 253),
    subject_type text NOT NULL DEFAULT 'pairwise' CHECK (subject_type = 'pairwise'),
    default_loa smallint NOT NULL DEFAULT 2 CHECK (default_loa BETWEEN 1 AND 4),
    requires_par boolean NOT NULL DEFAULT false,
    status text NOT NULL CHECK (status IN ('proposed', 'approved', 'declined', 'suspended')),
    proposed_at timestamptz NOT NULL,
    approved_at timestamptz,
    suspended_at timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT relying_party_proves_itself_in_one_way CHECK (
        (token_endpoint_auth_method = 'private_key_jwt') = (jwks IS NOT NULL)
        AND (token_endpoint_auth_method <> 'private_key_jwt') = (secret_hash IS NOT NULL)),
    CHECK (status NOT IN ('approved', 'suspended') OR approved_at IS NOT NULL),
    CHECK ((status = 'suspended') = (suspended_at IS NOT NULL))
);
COMMENT ON COLUMN identity.relying_party.claims IS
    'The claims that were approved, each with its purpose in plain words: {"name": {"zh": "…", "en": "…"}}.';
COMMENT ON COLUMN identity.relying_party.secret_hash IS 'SHA-256 of a secret of 256 bits that we made.';
COMMENT ON COLUMN identity.relying_party.sector_identifier IS
    'The host for which a person has one subject (OpenID Connect Core 8.1).';

CREATE TABLE identity.provider_sector (
    sector text PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    salt_sealed bytea NOT NULL
);
COMMENT ON TABLE identity.provider_sector IS 'The salt from which the subjects of one sector are made; kept for ever.';
"""

REQUESTS = """
CREATE TABLE identity.pushed_request (
    request_uri_hash bytea PRIMARY KEY CHECK (length(request_uri_hash) = 32),
    client_id text NOT NULL REFERENCES identity.relying_party,
    parameters jsonb NOT NULL CHECK (jsonb_typeof(parameters) = 'object'),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX pushed_request_expiry ON identity.pushed_request (expires_at);

CREATE TABLE identity.authorization_request (
    id uuid PRIMARY KEY,
    client_id text NOT NULL REFERENCES identity.relying_party,
    redirect_uri text NOT NULL,
    response_mode text NOT NULL CHECK (response_mode IN ('query', 'form_post')),
    state text,
    nonce text,
    code_challenge text NOT NULL CHECK (code_challenge ~ '^[A-Za-z0-9_-]{43}$'),
    scopes text[] NOT NULL,
    id_token_claims text[] NOT NULL,
    userinfo_claims text[] NOT NULL,
    prompt text[] NOT NULL,
    loa smallint NOT NULL CHECK (loa BETWEEN 1 AND 4),
    subject_hint text,
    auth_not_before timestamptz,
    ui_locale text CHECK (ui_locale IN ('zh-TW', 'en')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    decision text CHECK (decision IN ('granted', 'refused')),
    decided_by uuid,
    decided_in uuid,
    granted_claims text[],
    answered_at timestamptz,
    CHECK ((decision IS NULL) = (decided_by IS NULL)),
    CHECK ((decision = 'granted') = (granted_claims IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX authorization_request_expiry ON identity.authorization_request (expires_at);
COMMENT ON COLUMN identity.authorization_request.auth_not_before IS
    'The person must have authenticated at or after this moment (max_age, prompt=login).';
COMMENT ON COLUMN identity.authorization_request.decided_in IS 'The session in which the person decided.';
"""

GRANTS = """
CREATE TABLE identity.sign_on (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    session_id uuid NOT NULL,
    client_id text NOT NULL REFERENCES identity.relying_party,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX sign_on_of_session ON identity.sign_on (session_id, client_id) WHERE ended_at IS NULL;
CREATE INDEX sign_on_of_person ON identity.sign_on (person_id, client_id) WHERE ended_at IS NULL;
CREATE INDEX sign_on_began ON identity.sign_on (began_at);
COMMENT ON TABLE identity.sign_on IS
    'That a session of ours is in use at a client. Its id is the client''s sid; session_id follows the session as it rises.';

CREATE TABLE identity.provider_grant (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    client_id text NOT NULL REFERENCES identity.relying_party,
    sign_on_id uuid NOT NULL REFERENCES identity.sign_on,
    code_hash bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    code_expires_at timestamptz NOT NULL,
    code_used_at timestamptz,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL,
    nonce text,
    scopes text[] NOT NULL,
    id_token_claims text[] NOT NULL,
    userinfo_claims text[] NOT NULL,
    loa smallint NOT NULL CHECK (loa BETWEEN 1 AND 4),
    amr text[] NOT NULL,
    auth_time timestamptz NOT NULL,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoke_reason text,
    CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX provider_grant_of_person ON identity.provider_grant (person_id, client_id) WHERE revoked_at IS NULL;
CREATE INDEX provider_grant_of_sign_on ON identity.provider_grant (sign_on_id) WHERE revoked_at IS NULL;
CREATE INDEX provider_grant_expiry ON identity.provider_grant (expires_at);
COMMENT ON TABLE identity.provider_grant IS
    'What one authorization code stands for; every token issued from it dies with it.';

CREATE TABLE identity.provider_access_token (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    grant_id uuid NOT NULL REFERENCES identity.provider_grant ON DELETE CASCADE,
    scopes text[] NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX provider_access_token_of_grant ON identity.provider_access_token (grant_id);
CREATE INDEX provider_access_token_expiry ON identity.provider_access_token (expires_at);

CREATE TABLE identity.provider_refresh_token (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    grant_id uuid NOT NULL REFERENCES identity.provider_grant ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX provider_refresh_token_of_grant ON identity.provider_refresh_token (grant_id);
"""

LOGOUTS = """
CREATE TABLE identity.provider_logout (
    id uuid PRIMARY KEY,
    sign_on_id uuid NOT NULL REFERENCES identity.sign_on,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'delivered', 'refused', 'lapsed')),
    finished_at timestamptz,
    last_error text CHECK (length(last_error) <= 200),
    CHECK ((status = 'waiting') = (finished_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX provider_logout_due ON identity.provider_logout (next_at) WHERE status = 'waiting';
CREATE INDEX provider_logout_of_sign_on ON identity.provider_logout (sign_on_id);
CREATE INDEX provider_logout_created ON identity.provider_logout (created_at);
"""

KEYS = """
CREATE TABLE identity.provider_key (
    kid text PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    alg text NOT NULL CHECK (alg IN ('ES256', 'RS256')),
    public_jwk jsonb NOT NULL,
    private_sealed bytea,
    published_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL CHECK (signs_from >= published_at),
    withdrawn_at timestamptz
);
CREATE INDEX provider_key_order ON identity.provider_key (alg, signs_from);
COMMENT ON COLUMN identity.provider_key.signs_from IS
    'It signs from then until a later key of the same algorithm does; it is published before, so that nobody meets it unprepared.';
COMMENT ON COLUMN identity.provider_key.private_sealed IS 'AES-256-GCM, bound to this row; gone once it signs no more.';
COMMENT ON COLUMN identity.provider_key.withdrawn_at IS 'No longer published: nothing that it signed is alive.';
"""


def upgrade() -> None:
    """Only tables of their own."""
    for statements in (CLIENTS, REQUESTS, GRANTS, LOGOUTS, KEYS):
        op.execute(statements)
