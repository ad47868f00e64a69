"""Bills as bureaus report them: bills, the files they came in, refused lines, payments made elsewhere."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE SCHEMA IF NOT EXISTS wallet;

        CREATE TABLE wallet.bill (
            id uuid PRIMARY KEY,
            bureau text NOT NULL CHECK (bureau IN ('parking', 'fines')),
            kind text NOT NULL CHECK (kind IN ('parking', 'fine')),
            number text NOT NULL,
            plate text NOT NULL,
            vehicle text CHECK (vehicle IN ('car', 'motorcycle', 'large')),
            owner_index bytea,
            owner_sealed bytea,
            owner_sex text CHECK (owner_sex IN ('male', 'female')),
            district text,
            road text,
            place text,
            occurred_at timestamptz NOT NULL,
            law_code text,
            law_text text,
            amount_twd bigint NOT NULL CHECK (amount_twd > 0),
            due_on date NOT NULL,
            payable_by_agent boolean NOT NULL,
            status text NOT NULL CHECK (status IN ('unpaid', 'paid', 'void', 'appealed')),
            claimed_by uuid,
            paid_by_payment uuid,
            paid_channel text,
            paid_at timestamptz,
            batch_id uuid NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT bill_number UNIQUE (bureau, number),
            CONSTRAINT bill_owner_whole CHECK ((owner_index IS NULL) = (owner_sealed IS NULL))
        ) WITH (fillfactor = 85);
        CREATE INDEX bill_of_owner ON wallet.bill (owner_index) WHERE owner_index IS NOT NULL;
        CREATE INDEX bill_of_vehicle ON wallet.bill (plate, vehicle);

        CREATE TABLE wallet.bill_batch (
            id uuid PRIMARY KEY,
            source text NOT NULL CHECK (source IN ('parking', 'fines', 'paid-elsewhere')),
            senders uuid[] NOT NULL,
            content_sha256 bytea NOT NULL,
            status text NOT NULL CHECK (status IN ('applied')),
            rows integer NOT NULL,
            accepted integer NOT NULL,
            ignored integer NOT NULL,
            refused integer NOT NULL,
            changed integer NOT NULL,
            unchanged integer NOT NULL,
            received_at timestamptz NOT NULL,
            CHECK (rows = accepted + ignored + refused),
            CHECK (accepted = changed + unchanged)
        );
        CREATE UNIQUE INDEX bill_batch_content ON wallet.bill_batch (source, content_sha256) WHERE status = 'applied';
        CREATE INDEX bill_batch_received ON wallet.bill_batch (received_at);

        CREATE TABLE wallet.bill_refusal (
            id uuid PRIMARY KEY,
            batch_id uuid NOT NULL REFERENCES wallet.bill_batch,
            row integer NOT NULL,
            field text NOT NULL,
            reason text NOT NULL,
            raw_sealed bytea NOT NULL,
            UNIQUE (batch_id, row)
        );

        CREATE TABLE wallet.external_payment (
            id uuid PRIMARY KEY,
            bureau text NOT NULL,
            number text NOT NULL,
            channel text NOT NULL,
            channel_reference text NOT NULL,
            amount_twd bigint NOT NULL CHECK (amount_twd > 0),
            paid_at timestamptz NOT NULL,
            batch_id uuid NOT NULL,
            bill_id uuid,
            UNIQUE (channel, channel_reference)
        );
        CREATE INDEX external_payment_waiting ON wallet.external_payment (bureau, number) WHERE bill_id IS NULL;
        CREATE INDEX external_payment_of_bill ON wallet.external_payment (bill_id) WHERE bill_id IS NOT NULL;
        """
    )
