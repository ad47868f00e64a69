"""Areas of alerts gathered in chunks; a gate for each push service of browsers, which alerts may try while it is closed;
what was recalled, to tell phones that show it."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

SERVICES = "push_service IN ('google', 'mozilla', 'apple', 'microsoft')"
# The names stand for push services that are allowed, so their number is not in anybody's hands.
CHANNELS = (
    "('push', 'webpush', 'webpush.google', 'webpush.mozilla', 'webpush.apple', 'webpush.microsoft', 'line', 'sms')"
)

GATES = f"""
ALTER TABLE notify.alert ADD COLUMN gathered_to bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN notify.alert.gathered_to IS
    'How far the devices inside the shapes of the part in hand are found: a place on a curve through the area.';

ALTER TABLE notify.channel DROP CONSTRAINT channel_name_check;
ALTER TABLE notify.channel ADD CONSTRAINT channel_name_check CHECK (name IN {CHANNELS});
ALTER TABLE notify.channel
    ADD COLUMN alerts_try_at timestamptz,
    ADD COLUMN alerts_pass boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN notify.channel.alerts_try_at IS 'While it is closed: from then on an alert may be tried.';
COMMENT ON COLUMN notify.channel.alerts_pass IS 'While it is closed: an alert that was tried got through, so alerts go on.';
INSERT INTO notify.channel (name)
VALUES ('webpush.google'), ('webpush.mozilla'), ('webpush.apple'), ('webpush.microsoft');

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
"""


def upgrade() -> None:
    """Deliveries under way go on by the names that they have."""
    live.briefly("ALTER TABLE notify.device ADD COLUMN IF NOT EXISTS push_service text")
    live.check("notify.device", "device_push_service", SERVICES)
    live.check(
        "notify.delivery",
        "delivery_channel",
        f"channel IN {CHANNELS} AND (device_id IS NOT NULL OR channel = 'sms')",
    )
    live.index("notify", "message_recalled", "ON notify.message (person_id, recalled_at) WHERE recalled_at IS NOT NULL")
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(GATES)


def downgrade() -> None:
    """Nothing: deliveries by the new names stay on record."""
