"""Messages to people: their devices, the inbox, and each hand-over of a message to a device."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DEVICES = """
CREATE SCHEMA notify;

CREATE TABLE notify.device (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('fid', 'fcm_token')),
    address_index bytea NOT NULL CHECK (length(address_index) = 32),
    address_sealed bytea,
    name text NOT NULL CHECK (length(name) <= 60),
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    gone_at timestamptz,
    gone_reason text CHECK (gone_reason IN ('removed', 'unregistered', 'other_person', 'too_many')),
    CHECK ((gone_at IS NULL) = (gone_reason IS NULL)),
    CHECK ((gone_at IS NULL) = (address_sealed IS NOT NULL))
) WITH (fillfactor = 80);
COMMENT ON COLUMN notify.device.address_sealed IS 'AES-256-GCM, bound to this row; forgotten when the device is gone.';
CREATE UNIQUE INDEX device_live_address ON notify.device (address_index) WHERE gone_at IS NULL;
CREATE INDEX device_of_person ON notify.device (person_id, last_seen_at DESC) WHERE gone_at IS NULL;
"""

MESSAGES = """
CREATE TABLE notify.message (
    person_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    kind text NOT NULL,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    body_zh text NOT NULL,
    body_en text NOT NULL,
    link text NOT NULL,
    why jsonb NOT NULL,
    event_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (person_id, id),
    CONSTRAINT message_once_per_event UNIQUE (event_id, person_id, kind)
) WITH (fillfactor = 90);
CREATE INDEX message_newest ON notify.message (person_id, created_at DESC, id DESC);
CREATE INDEX message_unread ON notify.message (person_id) WHERE read_at IS NULL;

CREATE TABLE notify.delivery (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES notify.message (id),
    device_id uuid NOT NULL REFERENCES notify.device,
    event_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'handed_over', 'gone', 'given_up')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    provider_name text,
    last_error text,
    settled_at timestamptz,
    CONSTRAINT delivery_once_per_device UNIQUE (message_id, device_id),
    CHECK ((status = 'pending') = (settled_at IS NULL)),
    CHECK (status <> 'handed_over' OR provider_name IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX delivery_due ON notify.delivery (next_at) WHERE status = 'pending';
CREATE INDEX delivery_of_event ON notify.delivery (event_id) WHERE status = 'pending';
"""


def upgrade() -> None:
    """Build the schema ``notify``."""
    for statements in (DEVICES, MESSAGES):
        op.execute(statements)


def downgrade() -> None:
    """Remove the schema, with every message in it."""
    op.execute("DROP SCHEMA notify CASCADE")
