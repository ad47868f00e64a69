"""Cards kept as tokens, and what the card processor told us."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CARDS = """
CREATE TABLE wallet.card (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    token text NOT NULL,
    brand text NOT NULL,
    last_four text NOT NULL CHECK (last_four ~ '^[0-9]{0,4}$'),
    expiry_month int NOT NULL CHECK (expiry_month BETWEEN 1 AND 12),
    expiry_year int NOT NULL,
    status text NOT NULL CHECK (status IN ('kept', 'removed')),
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    forgotten_at timestamptz,
    PRIMARY KEY (person_id, id),
    CONSTRAINT card_token_once UNIQUE (person_id, token)
);
COMMENT ON TABLE wallet.card IS 'Cards kept by the processor: its token and what may be shown, never a number.';
COMMENT ON COLUMN wallet.card.forgotten_at IS 'When the processor had deleted a removed card, too.';

CREATE TABLE wallet.card_check (
    person_id uuid PRIMARY KEY,
    asked_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL
);
COMMENT ON TABLE wallet.card_check IS 'People whose kept cards the processor is to be asked about.';
CREATE INDEX card_check_due ON wallet.card_check (due_at);
"""

MESSAGES = """
CREATE TABLE wallet.webhook_message (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    psp_reference text NOT NULL,
    event_code text NOT NULL,
    is_success boolean NOT NULL,
    original_reference text NOT NULL,
    merchant_reference text NOT NULL,
    amount_minor bigint,
    currency text NOT NULL,
    event_at timestamptz NOT NULL,
    payment_method text NOT NULL,
    reason text NOT NULL,
    additional jsonb NOT NULL,
    status text NOT NULL DEFAULT 'received'
        CHECK (status IN ('received', 'waiting', 'applied', 'ignored', 'mismatch')),
    note text NOT NULL DEFAULT '',
    deliveries int NOT NULL DEFAULT 1,
    attempts int NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    processed_at timestamptz,
    next_try_at timestamptz,
    CONSTRAINT webhook_message_once UNIQUE (source, psp_reference, event_code, is_success)
);
COMMENT ON TABLE wallet.webhook_message IS 'What partners told us, proven, before and after it took effect.';
COMMENT ON COLUMN wallet.webhook_message.amount_minor IS 'ISO 4217 minor units, as signed.';
COMMENT ON COLUMN wallet.webhook_message.status IS
    'waiting: for a message or an answer that must come first; mismatch: people have to look at it.';
CREATE INDEX webhook_message_due ON wallet.webhook_message (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX webhook_message_waiting ON wallet.webhook_message (merchant_reference) WHERE status = 'waiting';
"""

REPORTS = """
CREATE TABLE wallet.processor_report (
    name text PRIMARY KEY,
    address text NOT NULL,
    status text NOT NULL CHECK (status IN ('announced', 'taken', 'refused')),
    attempts int NOT NULL DEFAULT 0,
    announced_at timestamptz NOT NULL,
    fetched_at timestamptz,
    next_try_at timestamptz
);
COMMENT ON TABLE wallet.processor_report IS 'Settlement reports that the card processor announced, and what became of them.';
"""


def upgrade() -> None:
    """Cards, messages and reports."""
    op.execute(CARDS)
    op.execute(MESSAGES)
    op.execute(REPORTS)
