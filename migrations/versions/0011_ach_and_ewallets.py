"""Debits at other banks with their return window, and electronic wallets."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CLOSED_DAYS = """
CREATE TABLE wallet.closed_day (
    day date PRIMARY KEY,
    reason text NOT NULL,
    source text NOT NULL,
    learnt_at timestamptz NOT NULL
);
COMMENT ON TABLE wallet.closed_day IS
    'Business days that were closed on short notice, such as for a typhoon; the calendar knows the others.';
"""

RETURNS = """
CREATE TABLE wallet.ach_debit (
    payment_id uuid PRIMARY KEY,
    entry_id text NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    submitted_at timestamptz NOT NULL,
    presented_on date NOT NULL
);
COMMENT ON COLUMN wallet.ach_debit.presented_on IS
    'The business day on which the payer''s bank sees it; it may come back in the file that answers that day.';
CREATE INDEX ach_debit_presented ON wallet.ach_debit (presented_on);

CREATE TABLE wallet.ach_return_file (
    day date PRIMARY KEY,
    answers_on date NOT NULL CHECK (answers_on < day),
    digest bytea NOT NULL UNIQUE,
    entries integer NOT NULL CHECK (entries >= 0),
    total_twd bigint NOT NULL CHECK (total_twd >= 0),
    read_at timestamptz NOT NULL
);
COMMENT ON TABLE wallet.ach_return_file IS
    'Return files that were read whole, each following the one before: what is not in them by now is final.';

CREATE TABLE wallet.ach_return (
    day date NOT NULL,
    sequence integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('debit', 'credit')),
    reference text NOT NULL,
    payment_id uuid,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    code text NOT NULL,
    presented_on date NOT NULL,
    effect text NOT NULL
        CHECK (effect IN ('undone', 'failed', 'refund', 'unknown_reference', 'amount_differs', 'no_effect')),
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (day, sequence)
);
COMMENT ON TABLE wallet.ach_return IS 'Every line of every return file, and what it did here.';
CREATE INDEX ach_return_reference ON wallet.ach_return (reference);
CREATE INDEX ach_return_payment ON wallet.ach_return (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE wallet.ach_file_problem (
    day date NOT NULL,
    wrong text NOT NULL,
    digest bytea NOT NULL,
    detail text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1,
    resolved_at timestamptz,
    PRIMARY KEY (day, wrong, digest)
);
COMMENT ON TABLE wallet.ach_file_problem IS
    'Why the return file of a day could not be read. Until it is, nothing that it answers becomes final.';
"""


def upgrade() -> None:
    """The calendar's exceptions, and what the return files said."""
    op.execute(CLOSED_DAYS)
    op.execute(RETURNS)
