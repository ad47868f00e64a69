"""Accounts elsewhere that sign somebody in."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

FEDERATION = """
CREATE TABLE identity.federation_request (
    state_hash bytea PRIMARY KEY CHECK (length(state_hash) = 32),
    id uuid NOT NULL UNIQUE,
    browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
    provider text NOT NULL CHECK (provider ~ '^[a-z_]{1,20}$'),
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'link')),
    person_id uuid,
    transport text NOT NULL CHECK (transport IN ('bearer', 'cookie')),
    remember boolean NOT NULL,
    return_to text NOT NULL CHECK (return_to LIKE '/app%' AND length(return_to) <= 400),
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > begun_at),
    used_at timestamptz,
    answer_sealed bytea,
    CHECK (purpose = 'sign_in' OR person_id IS NOT NULL)
);
CREATE INDEX federation_request_expiry ON identity.federation_request (expires_at);
COMMENT ON TABLE identity.federation_request IS
    'A browser that was sent to a provider. Nonce and code verifier follow from its cookie, and are not here.';
COMMENT ON COLUMN identity.federation_request.answer_sealed IS
    'What a provider posted from its own site, until the same browser comes for it with its cookie.';

CREATE TABLE identity.pending_link (
    browser_hash bytea PRIMARY KEY CHECK (length(browser_hash) = 32),
    id uuid NOT NULL UNIQUE,
    provider text NOT NULL,
    account_sealed bytea NOT NULL,
    person_id uuid,
    return_to text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at)
);
CREATE INDEX pending_link_expiry ON identity.pending_link (expires_at);
COMMENT ON COLUMN identity.pending_link.person_id IS 'Who asked to link it; NULL when nobody was signed in.';

CREATE TABLE identity.linked_account (
    person_id uuid NOT NULL REFERENCES identity.person,
    id uuid NOT NULL UNIQUE,
    provider text NOT NULL,
    account_index bytea NOT NULL UNIQUE CHECK (length(account_index) = 32),
    label_sealed bytea NOT NULL,
    linked_at timestamptz NOT NULL,
    last_used_at timestamptz,
    PRIMARY KEY (person_id, id)
);
COMMENT ON COLUMN identity.linked_account.account_index IS
    'Keyed hash of issuer and subject: an account is one person''s, and an e-mail address is nobody''s.';
"""

FIRST_MOBILE = """
CREATE TABLE identity.first_mobile (
    person_id uuid PRIMARY KEY REFERENCES identity.person,
    id uuid NOT NULL UNIQUE,
    mobile_sealed bytea NOT NULL,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE identity.first_mobile IS
    'A number that somebody without one has given, until the code that was sent there comes back.';
"""


def upgrade() -> None:
    """Add requests to providers, links that wait to be confirmed, linked accounts, and first mobiles."""
    op.execute(FEDERATION)
    op.execute(FIRST_MOBILE)
