"""Areas of alerts gathered in chunks; a gate for each push service of browsers, which alerts may try while it is closed."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

GATHERING = """
ALTER TABLE notify.alert ADD COLUMN gathered_to bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN notify.alert.gathered_to IS
    'How far the devices inside the shapes of the part in hand are found: a place on a curve through the area.';
"""

# The names stand for push services that are allowed, so their number is not in anybody's hands.
GATES = """
ALTER TABLE notify.channel DROP CONSTRAINT channel_name_check;
ALTER TABLE notify.channel ADD CONSTRAINT channel_name_check CHECK (name IN (
    'push', 'webpush', 'webpush.google', 'webpush.mozilla', 'webpush.apple', 'webpush.microsoft', 'line', 'sms'));
ALTER TABLE notify.channel
    ADD COLUMN alerts_try_at timestamptz,
    ADD COLUMN alerts_pass boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN notify.channel.alerts_try_at IS 'While it is closed: from then on an alert may be tried.';
COMMENT ON COLUMN notify.channel.alerts_pass IS 'While it is closed: an alert that was tried got through, so alerts go on.';
INSERT INTO notify.channel (name)
VALUES ('webpush.google'), ('webpush.mozilla'), ('webpush.apple'), ('webpush.microsoft');

ALTER TABLE notify.device ADD COLUMN push_service text
    CHECK (push_service IN ('google', 'mozilla', 'apple', 'microsoft'));
COMMENT ON COLUMN notify.device.push_service IS
    'Whose push service a browser is reached by; NULL: no browser, or registered before this was written down.';

CREATE FUNCTION notify.channel_of(kind text, push_service text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE kind WHEN 'webpush' THEN 'webpush' || coalesce('.' || push_service, '')
                    WHEN 'line' THEN 'line' ELSE 'push' END $$;
COMMENT ON FUNCTION notify.channel_of IS 'By which channel a device is reached.';
CREATE VIEW notify.pushed_device AS
    SELECT id, person_id, notify.channel_of(kind, push_service) AS channel
      FROM notify.device WHERE gone_at IS NULL AND kind <> 'line';
COMMENT ON VIEW notify.pushed_device IS 'Whatever of a person''s rings for a message: one delivery for each. LINE costs money.';

ALTER TABLE notify.delivery ADD CONSTRAINT delivery_by_channel CHECK
    (channel IN ('push', 'webpush', 'webpush.google', 'webpush.mozilla', 'webpush.apple', 'webpush.microsoft', 'sms',
                 'line') AND (device_id IS NOT NULL OR channel = 'sms')) NOT VALID;
ALTER TABLE notify.delivery DROP CONSTRAINT delivery_channel;
"""


def upgrade() -> None:
    """Add the columns, the gates and the channels' new names; deliveries under way go on by the names that they have."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(GATHERING)
    op.execute(GATES)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE notify.delivery VALIDATE CONSTRAINT delivery_by_channel")


def downgrade() -> None:
    """Nothing: deliveries by the new names stay on record."""
