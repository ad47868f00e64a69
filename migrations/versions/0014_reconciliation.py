"""Statements, their lines, breaks, and days that are closed."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SOURCES = "'bank', 'adyen', 'ach', 'jkopay', 'line_pay', 'stores', 'twqr'"

STATEMENTS = f"""
-- Ids that follow from what a row is about, so that a run that is repeated makes the same rows.
CREATE FUNCTION wallet.derived_id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT md5('wallet.reconciliation|' || name)::uuid $$;

-- As core.ids.typeid: 26 digits of Crockford's base 32, most significant first.
CREATE FUNCTION wallet.typeid(prefix text, id uuid) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT prefix || '_' || string_agg(
        substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + substring(bits FROM 5 * n + 1 FOR 5)::bit(5)::integer, 1), ''
        ORDER BY n)
      FROM (SELECT B'00' || ('x' || replace(id::text, '-', ''))::bit(128) AS bits) AS of_id, generate_series(0, 25) AS n
$$;

CREATE TABLE wallet.statement_file (
    id uuid PRIMARY KEY,
    source text NOT NULL CHECK (source IN ({SOURCES})),
    status text NOT NULL CHECK (status IN ('taken', 'refused')),
    content_sha256 bytea NOT NULL,
    lines_digest bytea,
    reference text,
    first_day date,
    last_day date,
    rows integer NOT NULL DEFAULT 0,
    matched integer NOT NULL DEFAULT 0,
    breaks integer NOT NULL DEFAULT 0,
    gross_twd bigint NOT NULL DEFAULT 0,
    fee_twd bigint NOT NULL DEFAULT 0,
    net_twd bigint NOT NULL DEFAULT 0,
    opening_twd bigint,
    closing_twd bigint,
    refusal text,
    refusal_detail text,
    received_at timestamptz NOT NULL,
    received_from text NOT NULL,
    CHECK ((status = 'refused') = (refusal IS NOT NULL)),
    CHECK (status = 'refused' OR (lines_digest IS NOT NULL AND reference IS NOT NULL AND first_day <= last_day))
);
COMMENT ON COLUMN wallet.statement_file.lines_digest IS 'Of the lines whatever their order: a reordered file is the same.';
CREATE UNIQUE INDEX statement_file_content ON wallet.statement_file (source, content_sha256) WHERE status = 'taken';
CREATE UNIQUE INDEX statement_file_lines ON wallet.statement_file (source, lines_digest) WHERE status = 'taken';
CREATE UNIQUE INDEX statement_file_reference ON wallet.statement_file (source, reference) WHERE status = 'taken';
CREATE INDEX statement_file_received ON wallet.statement_file (received_at DESC, id DESC);
CREATE INDEX statement_file_days ON wallet.statement_file (source, last_day) WHERE status = 'taken';

CREATE TABLE wallet.statement_line (
    file_id uuid NOT NULL,
    row integer NOT NULL,
    source text NOT NULL,
    nth integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payment', 'return', 'refund', 'refund_reversed', 'chargeback',
                                       'second_chargeback', 'chargeback_reversed', 'collection', 'transfer', 'fee',
                                       'correction', 'carry')),
    status text NOT NULL CHECK (status IN ('matched', 'missing_ours', 'duplicate', 'fee', 'carried')),
    subject_id uuid,
    our_reference text NOT NULL,
    their_reference text NOT NULL,
    gross_twd bigint NOT NULL,
    fee_twd bigint NOT NULL,
    ours_twd bigint,
    ours_fee_twd bigint,
    account text,
    rail text,
    channel text NOT NULL DEFAULT '',
    value_date date NOT NULL,
    is_late boolean NOT NULL DEFAULT false,
    PRIMARY KEY (file_id, row),
    CHECK (status <> 'matched' OR (subject_id IS NOT NULL AND ours_twd IS NOT NULL AND account IS NOT NULL))
);
COMMENT ON COLUMN wallet.statement_line.ours_fee_twd IS 'What the contract allows, where the fee differs from it.';
COMMENT ON COLUMN wallet.statement_line.gross_twd IS 'Signed: above zero what the other side owes us, below what we owe it.';
COMMENT ON COLUMN wallet.statement_line.nth IS 'Which of several lines about the same thing: all but the first are duplicates.';
-- Each thing of ours is matched once, whoever runs at the same time.
CREATE UNIQUE INDEX statement_line_once ON wallet.statement_line (subject_id, kind) WHERE status = 'matched';
CREATE INDEX statement_line_carried ON wallet.statement_line (source) WHERE status = 'carried';
CREATE INDEX statement_line_open ON wallet.statement_line (their_reference, kind) WHERE status = 'missing_ours';

CREATE TABLE wallet.payout (
    id uuid PRIMARY KEY,
    source text NOT NULL CHECK (source IN ({SOURCES})),
    reference text NOT NULL UNIQUE,
    amount_twd bigint NOT NULL CHECK (amount_twd <> 0),
    announced_on date NOT NULL,
    file_id uuid NOT NULL
);
COMMENT ON TABLE wallet.payout IS 'What a source says it sends to the bank; on the bank''s statement a line of kind transfer.';

CREATE TABLE wallet.rail_fee (
    rail text NOT NULL,
    fixed_twd bigint NOT NULL CHECK (fixed_twd >= 0),
    basis_points integer NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    tolerance_twd bigint NOT NULL CHECK (tolerance_twd >= 0),
    valid_from date NOT NULL,
    valid_until date,
    source text NOT NULL,
    PRIMARY KEY (rail, valid_from)
);
COMMENT ON TABLE wallet.rail_fee IS 'What a rail may keep of a payment by its contract; a rail without a row is not checked.';
"""

BREAKS = """
CREATE TABLE wallet.reconciliation_break (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('missing_ours', 'missing_theirs', 'amount', 'fee', 'date', 'duplicate')),
    status text NOT NULL CHECK (status IN ('open', 'proposed', 'closed')),
    source text NOT NULL,
    rail text,
    cause text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid,
    our_reference text NOT NULL DEFAULT '',
    their_reference text NOT NULL DEFAULT '',
    ours_twd bigint,
    theirs_twd bigint,
    account text,
    suspense_twd bigint NOT NULL DEFAULT 0,
    file_id uuid,
    row integer,
    detail text NOT NULL DEFAULT '',
    occurred_on date NOT NULL,
    opened_at timestamptz NOT NULL,
    owner_id uuid,
    owner_name text,
    explanation text NOT NULL DEFAULT '',
    approval_id uuid,
    closed_at timestamptz,
    closed_by text CHECK (closed_by IN ('adjustment', 'line_came', 'ours_came', 'resolved')),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((status = 'closed') = (closed_by IS NOT NULL))
) WITH (fillfactor = 80);
COMMENT ON COLUMN wallet.reconciliation_break.suspense_twd IS
    'What of it stands in break_suspense: above zero money that came and has no place yet.';
CREATE INDEX break_open ON wallet.reconciliation_break (opened_at, id) WHERE status <> 'closed';
CREATE INDEX break_subject ON wallet.reconciliation_break (subject_id) WHERE subject_id IS NOT NULL AND status <> 'closed';
CREATE INDEX break_adjusted ON wallet.reconciliation_break (subject_id) WHERE closed_by = 'adjustment';
CREATE INDEX break_newest ON wallet.reconciliation_break (opened_at DESC, id DESC);
CREATE INDEX break_approval ON wallet.reconciliation_break (approval_id) WHERE approval_id IS NOT NULL;

CREATE TABLE wallet.break_history (
    break_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('opened', 'assigned', 'explained', 'proposed', 'declined', 'adjusted', 'closed',
                                       'reopened')),
    by_name text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    PRIMARY KEY (break_id, id)
);
CREATE TRIGGER break_history_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.break_history
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();

CREATE TABLE wallet.accounting_day (
    day date NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    is_closed boolean NOT NULL,
    figures jsonb NOT NULL,
    closed_at timestamptz NOT NULL,
    closed_by text NOT NULL,
    reopened_at timestamptz,
    reopening text,
    PRIMARY KEY (day, version),
    CHECK (is_closed = (reopened_at IS NULL))
);
COMMENT ON COLUMN wallet.accounting_day.version IS 'A day that is reopened and closed again keeps its earlier figures.';
CREATE UNIQUE INDEX accounting_day_once ON wallet.accounting_day (day) WHERE is_closed;
"""


def upgrade() -> None:
    """Tables of their own; the book gets an index by time, small enough never to be felt by who writes."""
    op.execute(STATEMENTS)
    op.execute(BREAKS)
    op.execute("CREATE INDEX transfer_recorded ON ledger.transfer USING brin (recorded_at)")
