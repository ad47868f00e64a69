"""Alerts: who is told and why, in parts by gravity; whose signature is trusted; feeds that are followed."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ALERTS = """
ALTER TABLE notify.alert
    ADD COLUMN audience text NOT NULL DEFAULT 'area' CHECK (audience IN ('area', 'told', 'left')),
    ADD COLUMN about uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN thread uuid,
    ADD COLUMN because text,
    ADD COLUMN ended_how text CHECK (ended_how IN ('cancelled', 'superseded', 'corrected', 'refused', 'expired')),
    ADD COLUMN ended_by uuid,
    ADD COLUMN step integer NOT NULL DEFAULT 0,
    ADD COLUMN people integer NOT NULL DEFAULT 0,
    ADD COLUMN devices integer NOT NULL DEFAULT 0,
    ADD COLUMN repeats smallint NOT NULL DEFAULT 0,
    ADD COLUMN repeat_at timestamptz,
    ADD COLUMN repeat_to uuid;
COMMENT ON COLUMN notify.alert.audience IS
    'area: whoever is inside; told: whoever was told of those in about; left: of those, whoever is not told again.';
COMMENT ON COLUMN notify.alert.thread IS 'The first alert of a line of updates: on a device the newest takes the place of the others.';
COMMENT ON COLUMN notify.alert.because IS 'Why it is recorded and not sent.';
COMMENT ON COLUMN notify.alert.step IS 'How far its audience is resolved: the step, within which resolved_to is the last person.';
ALTER TABLE notify.alert ADD CONSTRAINT alert_sent_on_trust_or_by_two CHECK (
    status NOT IN ('sending', 'sent') OR is_signature_trusted OR (received_by IS NOT NULL AND approved_by IS NOT NULL)
    OR (source = 'correction' AND received_by IS NOT NULL AND audience = 'told')
    OR (source = 'all_clear' AND audience = 'left')) NOT VALID;
ALTER TABLE notify.alert VALIDATE CONSTRAINT alert_sent_on_trust_or_by_two;
CREATE INDEX alert_of_thread ON notify.alert (thread);
CREATE INDEX alert_of_source ON notify.alert (source, received_at DESC);
CREATE INDEX alert_to_repeat ON notify.alert (repeat_at) WHERE repeat_at IS NOT NULL;

CREATE TABLE notify.alert_part (
    alert_id uuid NOT NULL REFERENCES notify.alert,
    part smallint NOT NULL,
    content_id uuid NOT NULL REFERENCES notify.content,
    severity text NOT NULL,
    urgency smallint NOT NULL,
    named text[] NOT NULL,
    near text[] NOT NULL,
    circles jsonb NOT NULL,
    polygons jsonb NOT NULL,
    PRIMARY KEY (alert_id, part)
);
COMMENT ON TABLE notify.alert_part IS
    'What is said in which area, the gravest first: a person hears the first part whose area holds them.';
COMMENT ON COLUMN notify.alert_part.urgency IS 'Of its deliveries. 9 rings, 8 sounds like any message, 7 makes no sound; all three go before what is no alert.';
COMMENT ON COLUMN notify.alert_part.near IS 'Districts that circles and polygons overlap, for whoever is known by district only.';

CREATE TABLE notify.alert_inside (
    alert_id uuid NOT NULL REFERENCES notify.alert,
    part smallint NOT NULL,
    person_id uuid NOT NULL,
    device_id uuid NOT NULL,
    PRIMARY KEY (alert_id, part, person_id, device_id)
);
COMMENT ON TABLE notify.alert_inside IS 'Devices inside the circles and polygons, while an alert is resolved; emptied after it.';
"""

SENDERS = """
CREATE TABLE notify.alert_sender (
    sender text PRIMARY KEY,
    bureau text,
    certificate_pem text NOT NULL,
    registered_at timestamptz NOT NULL,
    revoked_at timestamptz
);
COMMENT ON TABLE notify.alert_sender IS 'By whose certificate an enveloped signature is trusted; the bureau whose system may bring it, or any feed.';

CREATE TABLE notify.alert_feed (
    url text PRIMARY KEY,
    etag text,
    last_modified text,
    next_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    polled_at timestamptz,
    last_error text
);
CREATE TABLE notify.alert_feed_entry (
    url text NOT NULL REFERENCES notify.alert_feed,
    entry_id text NOT NULL,
    updated text NOT NULL,
    alert_id uuid,
    refusal text,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (url, entry_id, updated)
);
"""

DEVICES = """
CREATE OR REPLACE FUNCTION notify.forget_where_it_was() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.position := NULL;
    NEW.position_at := NULL;
    NEW.district := NULL;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER device_gone_forgets_where BEFORE UPDATE OF gone_at ON notify.device
    FOR EACH ROW WHEN (NEW.gone_at IS NOT NULL) EXECUTE FUNCTION notify.forget_where_it_was();
"""


def upgrade() -> None:
    """Add the tables and the columns; what is there stays as it is."""
    live.index(
        "notify",
        "device_of_district",
        "ON notify.device (district, person_id) WHERE gone_at IS NULL AND district IS NOT NULL",
    )
    live.drop_index("notify", "device_in_district")
    live.briefly(DEVICES)
    for statements in (ALERTS, SENDERS):
        op.execute(statements)


def downgrade() -> None:
    """Nothing: alerts that were sent stay on record."""
