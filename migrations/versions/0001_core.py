"""The floor: outbox, consumption marks, idempotency keys."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE core.outbox (
            id uuid PRIMARY KEY,
            kind text NOT NULL,
            payload jsonb NOT NULL,
            recorded_at timestamptz NOT NULL,
            not_before timestamptz,
            attempts integer NOT NULL DEFAULT 0,
            last_error text,
            settled_at timestamptz
        ) WITH (fillfactor = 70);
        CREATE INDEX outbox_unsettled ON core.outbox (recorded_at) WHERE settled_at IS NULL;

        CREATE TABLE core.consumption (
            event_id uuid NOT NULL,
            consumer text NOT NULL,
            consumed_at timestamptz NOT NULL,
            PRIMARY KEY (event_id, consumer)
        );

        CREATE TABLE core.idempotency (
            caller text NOT NULL,
            key text NOT NULL,
            route text NOT NULL,
            fingerprint bytea NOT NULL,
            claimed_at timestamptz NOT NULL,
            lease_until timestamptz,
            status integer,
            headers jsonb,
            body bytea,
            PRIMARY KEY (caller, key)
        );
        CREATE INDEX idempotency_claimed ON core.idempotency (claimed_at);
        """
    )
