"""Exchange of points with partners: their terms, quotes, exchanges, files, statements, and what does not agree."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

# points/exchange/states.py holds the same moves; a test compares them.
MOVES = (
    ("", "held"), ("", "ordered"),
    ("held", "ordered"), ("held", "undone"),
    ("ordered", "reserved"), ("ordered", "waiting"), ("ordered", "done"), ("ordered", "undone"), ("ordered", "unknown"),
    ("ordered", "cancelling"),
    ("unknown", "reserved"), ("unknown", "waiting"), ("unknown", "done"), ("unknown", "undone"),
    ("unknown", "cancelling"),
    ("waiting", "done"), ("waiting", "undone"), ("waiting", "cancelling"),
    ("reserved", "done"), ("reserved", "undone"), ("reserved", "unknown"), ("reserved", "cancelling"),
    ("cancelling", "undone"), ("cancelling", "done"),
)  # fmt: skip

TERMS = """
CREATE TABLE points.partner (
    code text PRIMARY KEY CHECK (code ~ '^[a-z]{2,20}$'),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    unit_zh text NOT NULL,
    unit_en text NOT NULL,
    account_zh text NOT NULL,
    account_en text NOT NULL,
    arrives_zh text NOT NULL,
    arrives_en text NOT NULL,
    bureau text NOT NULL,
    is_open boolean NOT NULL,
    place integer NOT NULL
);
COMMENT ON COLUMN points.partner.arrives_en IS 'When the value is there, as people read it.';
COMMENT ON COLUMN points.partner.account_en IS 'What number the citizen types.';

CREATE TABLE points.partner_rate (
    id uuid PRIMARY KEY,
    partner_code text NOT NULL REFERENCES points.partner,
    direction text NOT NULL CHECK (direction IN ('out', 'in')),
    points_step bigint NOT NULL CHECK (points_step > 0),
    value_step bigint NOT NULL CHECK (value_step > 0),
    fee_points bigint NOT NULL CHECK (fee_points >= 0),
    least_points bigint NOT NULL CHECK (least_points > 0),
    most_points bigint NOT NULL,
    most_points_day bigint NOT NULL,
    most_points_month bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    source text NOT NULL,
    CHECK (least_points <= most_points AND most_points <= most_points_day AND most_points_day <= most_points_month),
    CHECK (least_points % points_step = 0 AND fee_points < least_points),
    UNIQUE (partner_code, direction, valid_from)
);
COMMENT ON TABLE points.partner_rate IS 'The newest that has begun counts; without one that direction is not offered.';
COMMENT ON COLUMN points.partner_rate.points_step IS 'So many points are worth value_step of the partner''s unit.';
"""

EXCHANGES = """
CREATE TABLE points.exchange_quote (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    partner_code text NOT NULL REFERENCES points.partner,
    direction text NOT NULL CHECK (direction IN ('out', 'in')),
    rate_id uuid NOT NULL REFERENCES points.partner_rate,
    points bigint NOT NULL CHECK (points > 0),
    fee_points bigint NOT NULL CHECK (fee_points >= 0),
    value bigint NOT NULL CHECK (value > 0),
    account_sealed bytea NOT NULL,
    account_last text NOT NULL,
    made_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON COLUMN points.exchange_quote.points IS 'Without the fee: what value is worth.';
CREATE INDEX exchange_quote_old ON points.exchange_quote (valid_until) WHERE used_at IS NULL;

CREATE TABLE points.exchange_file (
    id uuid PRIMARY KEY,
    partner_code text NOT NULL REFERENCES points.partner,
    name text NOT NULL UNIQUE,
    day date NOT NULL,
    number integer NOT NULL,
    orders integer NOT NULL CHECK (orders > 0),
    content bytea NOT NULL,
    made_at timestamptz NOT NULL,
    sent_at timestamptz,
    answered_at timestamptz,
    answer_sha256 bytea,
    refusal text,
    refused_times integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    UNIQUE (partner_code, day, number)
);
CREATE INDEX exchange_file_open ON points.exchange_file (next_at) WHERE answered_at IS NULL;

CREATE TABLE points.exchange (
    id uuid PRIMARY KEY,
    quote_id uuid NOT NULL UNIQUE REFERENCES points.exchange_quote,
    person_id uuid NOT NULL,
    partner_code text NOT NULL REFERENCES points.partner,
    direction text NOT NULL CHECK (direction IN ('out', 'in')),
    points bigint NOT NULL CHECK (points > 0),
    fee_points bigint NOT NULL CHECK (fee_points >= 0),
    value bigint NOT NULL CHECK (value > 0),
    status text NOT NULL,
    reason text NOT NULL DEFAULT '',
    begun_times integer NOT NULL DEFAULT 0,
    asked_times integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    partner_reference text,
    partner_value bigint,
    partner_day date,
    stated_in text CHECK (stated_in ~ '^[0-9]{4}-[0-9]{2}$'),
    file_id uuid REFERENCES points.exchange_file,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    looked_at_by uuid
);
COMMENT ON COLUMN points.exchange.points IS 'What the citizen gives (out, with the fee) or gets (in, without it).';
COMMENT ON COLUMN points.exchange.partner_day IS 'The day on which the partner says that it was done, by its calendar.';
COMMENT ON COLUMN points.exchange.begun_times IS 'How often the order was sent, or may have been.';
COMMENT ON COLUMN points.exchange.stated_in IS 'The month whose statement of the partner has it, as we have it.';
CREATE INDEX exchange_of_person ON points.exchange (person_id, created_at DESC, id DESC);
CREATE INDEX exchange_due ON points.exchange (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX exchange_for_file ON points.exchange (partner_code, created_at) WHERE status = 'waiting' AND file_id IS NULL;
CREATE INDEX exchange_of_file ON points.exchange (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX exchange_by_partner_day ON points.exchange (partner_code, partner_day) WHERE status = 'done';
CREATE INDEX exchange_held ON points.exchange (created_at) WHERE status = 'held';

CREATE TABLE points.exchange_move (
    source text NOT NULL,
    target text NOT NULL,
    PRIMARY KEY (source, target)
);
COMMENT ON TABLE points.exchange_move IS 'Every move an exchange may make; source "" is the beginning.';

CREATE TABLE points.exchange_step (
    exchange_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    target text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (exchange_id, id)
);
COMMENT ON TABLE points.exchange_step IS 'Each move that was made. Append-only.';

CREATE FUNCTION points.refuse_exchange_step_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
CREATE TRIGGER exchange_step_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON points.exchange_step
    FOR EACH STATEMENT EXECUTE FUNCTION points.refuse_exchange_step_change();

CREATE FUNCTION points.exchange_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END;
BEGIN
    IF NOT EXISTS (SELECT FROM points.exchange_move WHERE source = before AND target = NEW.status) THEN
        RAISE EXCEPTION 'an exchange does not go from % to %', before, NEW.status
            USING ERRCODE = 'check_violation', DETAIL = NEW.id;
    END IF;
    INSERT INTO points.exchange_step (exchange_id, source, target, reason, at)
    VALUES (NEW.id, before, NEW.status, NEW.reason, clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER exchange_begins AFTER INSERT ON points.exchange
    FOR EACH ROW EXECUTE FUNCTION points.exchange_moves();
CREATE TRIGGER exchange_moves AFTER UPDATE OF status ON points.exchange
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION points.exchange_moves();
"""

STATEMENTS = """
CREATE TABLE points.partner_statement (
    id uuid PRIMARY KEY,
    partner_code text NOT NULL REFERENCES points.partner,
    month text NOT NULL CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
    status text NOT NULL CHECK (status IN ('refused', 'open', 'agreed')),
    refusal text NOT NULL DEFAULT '',
    sha256 bytea NOT NULL,
    content bytea NOT NULL,
    lines integer NOT NULL DEFAULT 0,
    net_twd bigint NOT NULL DEFAULT 0,
    taken_at timestamptz NOT NULL,
    agreed_at timestamptz
);
CREATE UNIQUE INDEX partner_statement_once ON points.partner_statement (partner_code, month)
    WHERE status <> 'refused';
CREATE UNIQUE INDEX partner_statement_content ON points.partner_statement (partner_code, month, sha256);

CREATE TABLE points.exchange_break (
    id uuid PRIMARY KEY,
    partner_code text NOT NULL REFERENCES points.partner,
    month text NOT NULL,
    statement_id uuid NOT NULL REFERENCES points.partner_statement,
    kind text NOT NULL CHECK (kind IN ('missing_here', 'missing_there', 'other_amount', 'other_state')),
    reference text NOT NULL,
    exchange_id uuid,
    ours_value bigint,
    theirs_value bigint,
    ours_twd bigint NOT NULL,
    theirs_twd bigint NOT NULL,
    ours_state text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'proposed', 'explained', 'corrected')),
    approval_id uuid,
    note text NOT NULL DEFAULT '',
    closed_by text NOT NULL DEFAULT '',
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (statement_id, reference)
);
COMMENT ON COLUMN points.exchange_break.ours_twd IS 'What the city owes for it as we see it; below zero: is owed.';
CREATE INDEX exchange_break_open ON points.exchange_break (partner_code, opened_at) WHERE closed_at IS NULL;
"""


def upgrade() -> None:
    """Build the tables and write the allowed moves."""
    for statements in (TERMS, EXCHANGES, STATEMENTS):
        op.execute(statements)
    moves = ", ".join(f"('{source}', '{target}')" for source, target in MOVES)
    op.execute(f"INSERT INTO points.exchange_move (source, target) VALUES {moves}")


def downgrade() -> None:
    """Remove them, with everything in them."""
    op.execute(
        """
        DROP TABLE points.exchange_break, points.partner_statement, points.exchange_step, points.exchange_move,
                   points.exchange, points.exchange_file, points.exchange_quote, points.partner_rate, points.partner;
        DROP FUNCTION points.exchange_moves, points.refuse_exchange_step_change;
        """
    )
