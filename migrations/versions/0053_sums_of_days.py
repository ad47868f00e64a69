"""Many postings at once; what moved on each day, summed up behind those who write; large transactions sealed."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

# As `ledger.apply` of one posting each, in three statements however many there are. Balance rows are locked in the order
# in which everybody locks them; the trigger of each transfer counts them up, as always.
POST_EACH = """
CREATE OR REPLACE FUNCTION ledger.post_each(
    p_now timestamptz, p_ids uuid[], p_assets text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[],
    p_reasons text[], p_subjects text[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    recorded bigint;
    differing record;
BEGIN
    PERFORM FROM ledger.balance WHERE account_id = ANY (p_debits || p_credits) ORDER BY account_id FOR NO KEY UPDATE;
    INSERT INTO ledger.transfer (id, group_id, recorded_at, kind, asset, debit_account, credit_account, amount, reason,
                                 subject)
    SELECT id, id, p_now, 'posted', asset, debit, credit, amount, reason, subject
      FROM unnest(p_ids, p_assets, p_debits, p_credits, p_amounts, p_reasons, p_subjects)
           AS new (id, asset, debit, credit, amount, reason, subject)
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS recorded = ROW_COUNT;
    IF recorded < cardinality(p_ids) THEN
        SELECT t.id, d.field INTO differing
          FROM unnest(p_ids, p_assets, p_debits, p_credits, p_amounts, p_reasons, p_subjects)
               AS new (id, asset, debit, credit, amount, reason, subject)
          JOIN ledger.transfer AS t ON t.id = new.id
         CROSS JOIN LATERAL (SELECT CASE
                    WHEN t.kind <> 'posted' THEN 'kind'
                    WHEN t.reverses_id IS NOT NULL THEN 'reverses_id'
                    WHEN t.asset <> new.asset THEN 'asset'
                    WHEN t.debit_account <> new.debit THEN 'debit'
                    WHEN t.credit_account <> new.credit THEN 'credit'
                    WHEN t.amount <> new.amount THEN 'amount'
                    WHEN t.reason <> new.reason THEN 'reason'
                    WHEN t.subject <> new.subject THEN 'subject'
                    WHEN t.group_id <> t.id THEN 'group'
                END AS field) AS d
         WHERE d.field IS NOT NULL LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'transfer % is in the book with another %', differing.id, differing.field
                USING ERRCODE = 'LG006',
                      DETAIL = json_build_object('transfer', differing.id, 'field', differing.field);
        END IF;
    END IF;
    RETURN recorded;
END $$;
REVOKE ALL ON FUNCTION ledger.post_each FROM PUBLIC;
"""

# Counted by transaction and not by time, as checkpoints are: a transfer of yesterday may commit today, and is then added
# to yesterday. What is not counted yet is found by its transaction's number.
DAYS_OF_THE_BOOK = """
CREATE TABLE ledger.day_turnover (
    asset text NOT NULL,
    day date NOT NULL,
    accounts text NOT NULL,
    debits bigint NOT NULL,
    credits bigint NOT NULL,
    PRIMARY KEY (asset, day, accounts)
);
COMMENT ON TABLE ledger.day_turnover IS 'What was posted on a day in Taipei, by the transactions before the horizon.';
COMMENT ON COLUMN ledger.day_turnover.accounts IS 'The first two parts of the codes of the accounts: points:person.';

CREATE TABLE ledger.day_horizon (
    is_the_only_one boolean PRIMARY KEY DEFAULT true CHECK (is_the_only_one),
    horizon xid8 NOT NULL
);
COMMENT ON TABLE ledger.day_horizon IS 'Every transfer of a transaction before it is counted in day_turnover.';
INSERT INTO ledger.day_horizon (horizon) VALUES ('0');

CREATE FUNCTION ledger.name_of_group(code text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT split_part(code, ':', 1) || ':' || split_part(code, ':', 2) $$;

-- Counts the next transfers of transactions that have ended; answers how many (0: nothing is left to count).
CREATE FUNCTION ledger.sum_up_days(p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    begins xid8;
    oldest xid8;
    cut xid8;
    ended xid8;
    counted bigint;
BEGIN
    SELECT ledger.reached(horizon) INTO begins FROM ledger.day_horizon FOR UPDATE;
    ended := pg_snapshot_xmin(pg_current_snapshot());
    -- Whole transactions: the first one that would not fit any more is left for the next time, unless it is the first.
    SELECT xact INTO oldest FROM ledger.transfer WHERE xact >= begins AND xact < ended ORDER BY xact LIMIT 1;
    SELECT xact INTO cut FROM ledger.transfer WHERE xact >= begins AND xact < ended ORDER BY xact OFFSET p_most LIMIT 1;
    IF cut = oldest THEN
        SELECT xact INTO cut FROM ledger.transfer WHERE xact > oldest AND xact < ended ORDER BY xact LIMIT 1;
    END IF;
    cut := coalesce(cut, ended);
    WITH new AS MATERIALIZED (
        SELECT asset, (recorded_at AT TIME ZONE 'Asia/Taipei')::date AS day, debit_account, credit_account, amount, kind
          FROM ledger.transfer WHERE xact >= begins AND xact < cut
    ), side AS (
        SELECT asset, day, debit_account AS account_id, sum(amount) AS debits, 0 AS credits
          FROM new WHERE kind IN ('posted', 'post') GROUP BY 1, 2, 3
        UNION ALL
        SELECT asset, day, credit_account, 0, sum(amount) FROM new WHERE kind IN ('posted', 'post') GROUP BY 1, 2, 3
    ), added AS (
        INSERT INTO ledger.day_turnover AS known (asset, day, accounts, debits, credits)
        SELECT s.asset, s.day, ledger.name_of_group(a.code), sum(s.debits), sum(s.credits)
          FROM side AS s JOIN ledger.account AS a ON a.id = s.account_id GROUP BY 1, 2, 3
        ON CONFLICT (asset, day, accounts) DO UPDATE
           SET debits = known.debits + excluded.debits, credits = known.credits + excluded.credits
    )
    SELECT count(*) INTO counted FROM new;
    IF counted > 0 THEN
        UPDATE ledger.day_horizon SET horizon = cut;
    END IF;
    RETURN counted;
END $$;
REVOKE ALL ON ledger.day_turnover, ledger.day_horizon FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.name_of_group(text), ledger.sum_up_days(integer) FROM PUBLIC;
"""

# A transaction with more transfers than one seal takes is sealed whole, where it was not sealed at all.
SEALS = """
-- Seals the next transfers of transactions that have ended; answers how many (0: nothing is left to seal).
CREATE OR REPLACE FUNCTION ledger.seal_next(p_now timestamptz, p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last ledger.seal;
    horizon xid8;
    oldest xid8;
    cut xid8;
    hashes bytea;
    counted bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger.seal', 0));
    SELECT * INTO last FROM ledger.seal ORDER BY number DESC LIMIT 1;
    horizon := pg_snapshot_xmin(pg_current_snapshot());
    -- Whole transactions: the first one that would not fit any more begins the next seal, unless it is the first.
    SELECT xact INTO oldest FROM ledger.transfer
     WHERE xact >= coalesce(last.ends, '0'::xid8) AND xact < horizon ORDER BY xact LIMIT 1;
    SELECT xact INTO cut FROM ledger.transfer
     WHERE xact >= coalesce(last.ends, '0'::xid8) AND xact < horizon ORDER BY xact OFFSET p_most LIMIT 1;
    IF cut = oldest THEN
        SELECT xact INTO cut FROM ledger.transfer WHERE xact > oldest AND xact < horizon ORDER BY xact LIMIT 1;
    END IF;
    cut := coalesce(cut, horizon);
    SELECT count(*), string_agg(ledger.transfer_hash(t), ''::bytea ORDER BY t.xact, t.id) INTO counted, hashes
      FROM ledger.transfer AS t WHERE t.xact >= coalesce(last.ends, '0'::xid8) AND t.xact < cut;
    IF counted = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO ledger.seal (number, begins, ends, transfers, transfer_hashes, previous_hash, hash, sealed_at)
    SELECT n, coalesce(last.ends, '0'::xid8), cut, counted, hashes, p,
           sha256(p || convert_to(n::text, 'UTF8') || hashes), p_now
      FROM (SELECT coalesce(last.number, 0) + 1 AS n, coalesce(last.hash, sha256(''::bytea)) AS p) AS chain;
    RETURN counted;
END $$;
"""

# Rows of before have no number of a transaction. They are counted here, for all of them have been committed: whoever
# writes one has waited for, or been waited for by, the change of the table.
DAYS_OF_THE_HISTORIES = """
CREATE TABLE points.entry_day (
    day date NOT NULL,
    campaign_id uuid NOT NULL,
    earned_in date NOT NULL,
    kind text NOT NULL,
    about_kind text NOT NULL,
    entries bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (day, campaign_id, earned_in, kind, about_kind)
);
COMMENT ON TABLE points.entry_day IS 'What the histories say of a day in Taipei, by the transactions before the horizon.';
COMMENT ON COLUMN points.entry_day.earned_in IS 'The first day of the month in Taipei in which the lot was earned.';

CREATE TABLE points.entry_horizon (
    is_the_only_one boolean PRIMARY KEY DEFAULT true CHECK (is_the_only_one),
    horizon xid8 NOT NULL
);
COMMENT ON TABLE points.entry_horizon IS 'Every entry of a transaction before it is counted in entry_day.';
INSERT INTO points.entry_horizon (horizon) VALUES ('0');

INSERT INTO points.entry_day (day, campaign_id, earned_in, kind, about_kind, entries, amount)
SELECT (e.at AT TIME ZONE 'Asia/Taipei')::date, l.campaign_id,
       date_trunc('month', l.earned_at AT TIME ZONE 'Asia/Taipei')::date, e.kind, coalesce(e.about_kind, 'payment'),
       count(*), sum(e.amount)
  FROM points.entry AS e JOIN points.lot AS l ON l.person_id = e.person_id AND l.id = e.lot_id
 WHERE e.xact IS NULL GROUP BY 1, 2, 3, 4, 5;
"""

INDEXES = (
    ("entry_xact", "ON points.entry (xact) WHERE xact IS NOT NULL"),
    ("deed_old", "ON points.deed (happened_at) WHERE source <> 'identity'"),
    ("lot_taken_back", "ON points.lot (campaign_id) WHERE taken_back > 0"),
    ("expiry_warning_old", "ON points.expiry_warning (last_day)"),
)


def upgrade() -> None:
    """Add the functions and sums; what exists is counted beside those who write."""
    live.briefly(
        "ALTER TABLE points.entry ADD COLUMN IF NOT EXISTS xact xid8, "
        "ALTER COLUMN xact SET DEFAULT pg_current_xact_id()"
    )
    live.briefly("ALTER TABLE points.campaign ADD COLUMN IF NOT EXISTS released_points bigint NOT NULL DEFAULT 0")
    # What a person loses at one end is one transfer, told lot by lot; an entry is there once by lot, kind and cause.
    live.briefly("ALTER TABLE points.entry DROP CONSTRAINT IF EXISTS entry_once_per_transfer")
    # What was taken from other lots in its place is given again in this one, beside what a use brought back to it.
    live.check("points.lot", "lot_remaining", "remaining >= 0")
    for name, definition in INDEXES:
        live.index("points", name, definition)
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statements in (POST_EACH, SEALS, DAYS_OF_THE_BOOK, DAYS_OF_THE_HISTORIES):
        op.execute(statements)
    op.execute(
        "COMMENT ON COLUMN points.entry.xact IS 'The writing transaction: sums of days go by it; null in old rows.'; "
        "COMMENT ON COLUMN points.campaign.released_points IS 'Of the budget, what went back to who funded it.'"
    )


def downgrade() -> None:
    """The sums can be made again; what a campaign gave back, and one transfer for several lots, stay in the book."""
    op.execute(
        """
        DROP TABLE points.entry_horizon, points.entry_day, ledger.day_horizon, ledger.day_turnover;
        DROP FUNCTION ledger.sum_up_days(integer), ledger.name_of_group(text);
        DROP FUNCTION ledger.post_each(timestamptz, uuid[], text[], uuid[], uuid[], bigint[], text[], text[]);
        DROP INDEX points.entry_xact, points.deed_old, points.lot_taken_back,
            points.expiry_warning_old;
        ALTER TABLE points.entry DROP COLUMN xact;
        ALTER TABLE points.campaign DROP COLUMN released_points;
        """
    )
