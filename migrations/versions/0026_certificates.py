"""Citizen certificates: challenges to sign, whose each certificate is, revocation lists as they were fetched."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

CERTIFICATES = """
CREATE TABLE identity.certificate_challenge (
    id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    to_be_signed bytea NOT NULL CHECK (length(to_be_signed) BETWEEN 64 AND 4096),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX certificate_challenge_expiry ON identity.certificate_challenge (expires_at);
COMMENT ON COLUMN identity.certificate_challenge.secret_hash IS
    'SHA-256 of what only the browser that asked for it knows.';

CREATE TABLE identity.certificate (
    holder_index bytea PRIMARY KEY CHECK (length(holder_index) = 32),
    id uuid NOT NULL UNIQUE,
    person_id uuid NOT NULL REFERENCES identity.person,
    ending text NOT NULL CHECK (ending ~ '^[0-9]{4}$'),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    valid_until timestamptz NOT NULL,
    added_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL
);
CREATE INDEX certificate_of_person ON identity.certificate (person_id, id);
COMMENT ON COLUMN identity.certificate.holder_index IS
    'Keyed hash of the issuer and of the number in the certificate''s subject, which a renewed card keeps.';
COMMENT ON COLUMN identity.certificate.ending IS 'The last digits of that number, to tell cards apart by.';

CREATE TABLE identity.revocation_list (
    url text PRIMARY KEY,
    content bytea,
    sha256 bytea CHECK (length(sha256) = 32),
    number numeric,
    this_update timestamptz,
    next_update timestamptz,
    fetched_at timestamptz,
    tried_at timestamptz NOT NULL,
    failure text,
    CHECK ((content IS NULL) = (next_update IS NULL) AND (content IS NULL) = (sha256 IS NULL)
           AND (content IS NULL) = (this_update IS NULL) AND (content IS NULL) = (fetched_at IS NULL))
);
COMMENT ON TABLE identity.revocation_list IS
    'Each list as it was fetched and found to be its issuer''s; good until next_update (RFC 5280 section 5.1.2.5).';
COMMENT ON COLUMN identity.revocation_list.failure IS 'Why the last try brought nothing; NULL when it did.';
"""


def upgrade() -> None:
    """Add three tables; nothing that is there is touched."""
    op.execute(CERTIFICATES)
