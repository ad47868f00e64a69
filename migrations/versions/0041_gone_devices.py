"""A device that is gone keeps no key: what it signed before is not believed afterwards, and nothing is left to steal."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

FORGET = """
CREATE OR REPLACE FUNCTION notify.forget_its_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.receipt_key_sealed := NULL;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER device_gone_forgets_key BEFORE UPDATE OF gone_at ON notify.device
    FOR EACH ROW WHEN (NEW.gone_at IS NOT NULL) EXECUTE FUNCTION notify.forget_its_key();
"""
GONE = "UPDATE notify.device SET receipt_key_sealed = NULL WHERE gone_at IS NOT NULL AND receipt_key_sealed IS NOT NULL"


def upgrade() -> None:
    """Add the trigger, and forget the keys of the devices that are gone already."""
    live.briefly(FORGET)
    op.execute(GONE)


def downgrade() -> None:
    """Remove the trigger; what is forgotten stays so."""
    op.execute("DROP TRIGGER device_gone_forgets_key ON notify.device; DROP FUNCTION notify.forget_its_key()")
