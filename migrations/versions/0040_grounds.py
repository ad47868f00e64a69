"""No delivery without a ground: what a subscription or an alert owes is refused where that is not live."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# One look at all rows of a statement. Transactions, tests and digests have no ground that could be gone.
GUARD = """
CREATE OR REPLACE FUNCTION notify.refuse_groundless_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    groundless record;
BEGIN
    SELECT m.id, m.basis INTO groundless
      FROM lined_up AS d
      JOIN notify.message AS m ON m.id = d.message_id AND m.basis IN ('subscription', 'question', 'alert')
      LEFT JOIN notify.subscription AS s ON s.id = m.subscription_id
      LEFT JOIN notify.alert AS a ON a.id = m.alert_id
     WHERE CASE m.basis WHEN 'alert' THEN a.status IS DISTINCT FROM 'sending'
                        ELSE s.status IS DISTINCT FROM 'live' END
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'delivery of message % refused: its % is not live', groundless.id,
              CASE groundless.basis WHEN 'alert' THEN 'alert' ELSE 'subscription' END
            USING ERRCODE = 'check_violation', SCHEMA = 'notify', TABLE = 'delivery',
                  CONSTRAINT = 'delivery_has_ground';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER delivery_has_ground AFTER INSERT ON notify.delivery REFERENCING NEW TABLE AS lined_up
    FOR EACH STATEMENT EXECUTE FUNCTION notify.refuse_groundless_deliveries();
"""


def upgrade() -> None:
    """Guard what is inserted from now on; deliveries that exist are looked at again when they are leased."""
    live.briefly(GUARD)


def downgrade() -> None:
    """Take the guard away."""
    op.execute(
        "DROP TRIGGER delivery_has_ground ON notify.delivery; DROP FUNCTION notify.refuse_groundless_deliveries()"
    )
