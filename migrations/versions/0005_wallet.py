"""Paying: bank links, payments and their items, receipts, refunds, notices to bureaus, the tariff."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE wallet.bank_link (
            person_id uuid NOT NULL,
            id uuid NOT NULL,
            bank text NOT NULL,
            status text NOT NULL CHECK (status IN ('pending', 'active', 'revoked', 'refused')),
            state_hash bytea NOT NULL,
            request_id text,
            mandate_id text,
            account_masked text,
            per_payment_limit_twd bigint,
            daily_limit_twd bigint,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (person_id, id)
        );
        CREATE UNIQUE INDEX bank_link_mandate ON wallet.bank_link (bank, mandate_id) WHERE mandate_id IS NOT NULL;

        CREATE TABLE wallet.payment (
            id uuid PRIMARY KEY,
            person_id uuid NOT NULL,
            status text NOT NULL CHECK (status IN ('awaiting_authorization', 'debiting', 'unknown', 'captured', 'failed',
                                                   'cancelled', 'expired', 'refunded')),
            rail text NOT NULL,
            bank_link_id uuid NOT NULL,
            mandate_id text NOT NULL,
            account_masked text NOT NULL,
            amount_twd bigint NOT NULL CHECK (amount_twd > 0),
            fee_twd bigint NOT NULL CHECK (fee_twd >= 0),
            instruction text NOT NULL,
            challenge bytea NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            authorized_at timestamptz,
            ended_at timestamptz,
            booked_at timestamptz,
            debit_id text,
            failure_code text,
            passkey_id uuid,
            next_ask_at timestamptz,
            times_asked integer NOT NULL DEFAULT 0
        ) WITH (fillfactor = 70);
        CREATE INDEX payment_of_person ON wallet.payment (person_id, id DESC);
        CREATE INDEX payment_to_ask ON wallet.payment (next_ask_at) WHERE next_ask_at IS NOT NULL;
        CREATE INDEX payment_to_expire ON wallet.payment (expires_at) WHERE status = 'awaiting_authorization';

        CREATE TABLE wallet.payment_item (
            payment_id uuid NOT NULL,
            bill_id uuid NOT NULL,
            bureau text NOT NULL,
            kind text NOT NULL,
            number text NOT NULL,
            description text NOT NULL,
            amount_twd bigint NOT NULL CHECK (amount_twd > 0),
            fee_twd bigint NOT NULL CHECK (fee_twd >= 0),
            hold_id uuid NOT NULL,
            fee_hold_id uuid,
            PRIMARY KEY (payment_id, bill_id)
        );
        CREATE INDEX payment_item_bill ON wallet.payment_item (bill_id);

        CREATE SEQUENCE wallet.receipt_number;
        CREATE TABLE wallet.receipt (
            payment_id uuid PRIMARY KEY,
            number text NOT NULL UNIQUE,
            verify_hash bytea NOT NULL UNIQUE,
            verify_token_sealed bytea NOT NULL,
            issued_at timestamptz NOT NULL
        );

        CREATE TABLE wallet.refund (
            id uuid PRIMARY KEY,
            payment_id uuid NOT NULL,
            bill_id uuid NOT NULL,
            person_id uuid NOT NULL,
            external_payment_id uuid,
            reason text NOT NULL,
            amount_twd bigint NOT NULL CHECK (amount_twd > 0),
            fee_twd bigint NOT NULL CHECK (fee_twd >= 0),
            status text NOT NULL CHECK (status IN ('requested', 'unknown', 'completed', 'failed')),
            hold_id uuid NOT NULL,
            fee_hold_id uuid,
            created_at timestamptz NOT NULL,
            completed_at timestamptz,
            failure_code text,
            next_try_at timestamptz,
            tries integer NOT NULL DEFAULT 0
        );
        -- A bill of a payment comes back once: whoever reports the second payment, and however often.
        CREATE UNIQUE INDEX refund_once ON wallet.refund (payment_id, bill_id);
        CREATE INDEX refund_due ON wallet.refund (next_try_at) WHERE next_try_at IS NOT NULL;

        CREATE TABLE wallet.bureau_notice (
            id uuid PRIMARY KEY,
            payment_id uuid NOT NULL,
            bureau text NOT NULL,
            body jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            acknowledged_at timestamptz,
            next_try_at timestamptz,
            tries integer NOT NULL DEFAULT 0,
            last_error text
        );
        CREATE UNIQUE INDEX bureau_notice_once ON wallet.bureau_notice (payment_id, bureau);
        CREATE INDEX bureau_notice_due ON wallet.bureau_notice (next_try_at) WHERE next_try_at IS NOT NULL;

        CREATE TABLE wallet.tariff (
            rail text NOT NULL,
            bill_kind text NOT NULL,
            fee_twd bigint NOT NULL CHECK (fee_twd >= 0),
            valid_from date NOT NULL,
            valid_until date,
            source text NOT NULL,
            PRIMARY KEY (rail, bill_kind, valid_from)
        );
        INSERT INTO wallet.tariff (rail, bill_kind, fee_twd, valid_from, source) VALUES
            ('bank_of_kaohsiung', 'fine', 5, '2026-01-01', '高雄市交通罰鍰約定帳戶扣繳服務費 (per notice, agreed with the bank)'),
            ('bank_of_kaohsiung', 'parking', 0, '2026-01-01', '高雄市路邊停車費:同行轉帳免手續費 (transfer inside one bank)');
        """
    )
