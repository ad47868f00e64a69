"""The book: accounts, transfers, balances, checkpoints, and the one function that writes to them.

The database itself keeps the promises of the book (docs/ledger.md), so that a slip in Python, a later migration or
somebody with psql cannot break them: what is written stays, both sides of a transfer hold the same asset, a hold is
resolved at most once, and a balance that may not go below zero does not.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACCOUNTS = """
CREATE SCHEMA ledger;

CREATE TABLE ledger.account (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 200),
    asset text NOT NULL CHECK (asset ~ '^[A-Z]{2,12}$'),
    normal_side text NOT NULL CHECK (normal_side IN ('debit', 'credit')),
    is_hot boolean NOT NULL,
    never_negative boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    CONSTRAINT account_floor_needs_a_balance_row CHECK (NOT never_negative OR (normal_side = 'credit' AND NOT is_hot))
);
COMMENT ON TABLE ledger.account IS 'Immutable. Foreign keys point here, never to a row that carries a balance.';

-- Half-empty pages, so that counting up stays on the page and touches no index.
CREATE TABLE ledger.balance (
    account_id uuid PRIMARY KEY REFERENCES ledger.account,
    never_negative boolean NOT NULL,
    debits_posted bigint NOT NULL DEFAULT 0,
    credits_posted bigint NOT NULL DEFAULT 0,
    debits_pending bigint NOT NULL DEFAULT 0,
    credits_pending bigint NOT NULL DEFAULT 0,
    CONSTRAINT balance_never_negative
        CHECK (NOT never_negative OR credits_posted - debits_posted - debits_pending >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE ledger.balance IS 'Running counters of every account that is not hot; written by triggers alone.';

CREATE TABLE ledger.checkpoint (
    account_id uuid PRIMARY KEY REFERENCES ledger.account,
    horizon xid8 NOT NULL DEFAULT '0',
    debits_posted bigint NOT NULL DEFAULT 0,
    credits_posted bigint NOT NULL DEFAULT 0,
    debits_pending bigint NOT NULL DEFAULT 0,
    credits_pending bigint NOT NULL DEFAULT 0,
    rolled_up_at timestamptz NOT NULL
);
COMMENT ON TABLE ledger.checkpoint IS
    'Hot accounts: the counters over all transfers of transactions before horizon, every one of which has ended.';
"""

# PostgreSQL parses every CHECK and every trigger's WHEN anew for each statement, which is dear on a table written to
# thousands of times a second: what can be a type is one, and the rules between columns are in the trigger below.
TRANSFERS = """
CREATE TYPE ledger.transfer_kind AS ENUM ('posted', 'pending', 'post', 'void');

CREATE TABLE ledger.transfer (
    id uuid PRIMARY KEY,
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    amount bigint NOT NULL CHECK (amount > 0),
    held bigint,
    recorded_at timestamptz NOT NULL,
    expires_at timestamptz,
    group_id uuid NOT NULL,
    debit_account uuid NOT NULL,
    credit_account uuid NOT NULL,
    pending_id uuid,
    reverses_id uuid,
    kind ledger.transfer_kind NOT NULL,
    asset text NOT NULL,
    reason varchar(200) NOT NULL,
    subject varchar(200) NOT NULL,
    CONSTRAINT transfer_between_two_accounts CHECK (debit_account <> credit_account)
);
COMMENT ON TABLE ledger.transfer IS 'The book: one amount of one asset from one account to another. Append-only.';
COMMENT ON COLUMN ledger.transfer.id IS 'Chosen by the writer, and so the idempotency key.';
COMMENT ON COLUMN ledger.transfer.xact IS 'The writing transaction: a roll-up compares it with the oldest unfinished.';
COMMENT ON COLUMN ledger.transfer.held IS 'On post and void: the amount of the hold that this row gives back.';

CREATE UNIQUE INDEX transfer_resolved_once ON ledger.transfer (pending_id) WHERE pending_id IS NOT NULL;
CREATE UNIQUE INDEX transfer_reversed_once ON ledger.transfer (reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX transfer_debits ON ledger.transfer (debit_account, xact);
CREATE INDEX transfer_credits ON ledger.transfer (credit_account, xact);

-- Open holds that end by themselves: the sweep reads this list instead of every hold there ever was.
CREATE TABLE ledger.expiring_hold (
    transfer_id uuid PRIMARY KEY REFERENCES ledger.transfer,
    expires_at timestamptz NOT NULL
);
CREATE INDEX expiring_hold_due ON ledger.expiring_hold (expires_at);
"""

# What one transfer adds to the posted and to the pending counter, on both of its sides.
PARTS = """
CREATE FUNCTION ledger.posted_part(kind ledger.transfer_kind, amount bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN kind IN ('posted', 'post') THEN amount ELSE 0 END $$;

CREATE FUNCTION ledger.pending_part(kind ledger.transfer_kind, amount bigint, held bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE kind WHEN 'pending' THEN amount WHEN 'posted' THEN 0 ELSE -held END $$;
"""

IMMUTABILITY = """
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: the book is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'LG001', HINT = 'Correct a transfer with a transfer that reverses it.';
END $$;

CREATE TRIGGER account_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER transfer_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.account ENABLE ALWAYS TRIGGER account_is_immutable;
ALTER TABLE ledger.transfer ENABLE ALWAYS TRIGGER transfer_is_immutable;

-- Counters move only as a consequence of a transfer, that is from inside a trigger.
CREATE TRIGGER balance_follows_transfers BEFORE INSERT OR UPDATE OR DELETE ON ledger.balance
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER balance_is_not_truncated BEFORE TRUNCATE ON ledger.balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
"""

TRIGGERS = """
CREATE FUNCTION ledger.start_counting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_hot THEN
        INSERT INTO ledger.checkpoint (account_id, rolled_up_at) VALUES (NEW.id, NEW.opened_at);
    ELSE
        INSERT INTO ledger.balance (account_id, never_negative) VALUES (NEW.id, NEW.never_negative);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER account_starts_counting AFTER INSERT ON ledger.account
    FOR EACH ROW EXECUTE FUNCTION ledger.start_counting();

-- A post, a void or a reversal must fit the one transfer that it answers.
CREATE FUNCTION ledger.check_answer(answer ledger.transfer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    origin ledger.transfer;
    fits boolean;
BEGIN
    SELECT * INTO origin FROM ledger.transfer WHERE id = coalesce(answer.pending_id, answer.reverses_id);
    IF answer.pending_id IS NOT NULL AND origin.kind IS DISTINCT FROM 'pending' THEN
        RAISE EXCEPTION 'transfer % resolves %, which is no hold', answer.id, answer.pending_id
            USING ERRCODE = 'LG003', DETAIL = answer.pending_id;
    ELSIF answer.reverses_id IS NOT NULL AND (origin.kind IS NULL OR origin.kind NOT IN ('posted', 'post')) THEN
        RAISE EXCEPTION 'transfer % reverses %, which moved nothing', answer.id, answer.reverses_id
            USING ERRCODE = 'LG005', DETAIL = answer.reverses_id;
    END IF;
    fits := CASE answer.kind
        WHEN 'post' THEN answer.held = origin.amount AND answer.amount <= origin.amount
        WHEN 'void' THEN answer.held = origin.amount AND answer.amount = origin.amount
        ELSE answer.amount = origin.amount
    END AND CASE answer.kind
        WHEN 'posted' THEN (answer.debit_account, answer.credit_account) = (origin.credit_account, origin.debit_account)
        ELSE (answer.debit_account, answer.credit_account) = (origin.debit_account, origin.credit_account)
    END;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'transfer % does not fit %, which it answers', answer.id, origin.id
            USING ERRCODE = 'LG004', DETAIL = origin.id;
    END IF;
END $$;

-- Both accounts must be open and hold the asset. A foreign key would say the same, but locks the account's row in every
-- transfer; accounts can neither change nor go, so looking is enough (docs/decisions/ledger-hot-accounts.md).
-- A hot account has no balance row: its side of the transfer waits for nobody.
CREATE FUNCTION ledger.keep_the_book() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    debit_is_hot boolean;
    credit_is_hot boolean;
    posted bigint := ledger.posted_part(NEW.kind, NEW.amount);
    pending bigint := ledger.pending_part(NEW.kind, NEW.amount, NEW.held);
BEGIN
    IF NEW.xact <> pg_current_xact_id()
        OR (NEW.pending_id IS NOT NULL) <> (NEW.kind IN ('post', 'void'))
        OR (NEW.pending_id IS NULL) <> (NEW.held IS NULL)
        OR (NEW.reverses_id IS NOT NULL AND NEW.kind <> 'posted')
        OR (NEW.expires_at IS NOT NULL AND NEW.kind <> 'pending')
    THEN
        RAISE EXCEPTION 'transfer % is not well formed', NEW.id USING ERRCODE = '23514';
    END IF;
    SELECT d.is_hot, c.is_hot INTO debit_is_hot, credit_is_hot
    FROM ledger.account AS d, ledger.account AS c
    WHERE d.id = NEW.debit_account AND d.asset = NEW.asset AND c.id = NEW.credit_account AND c.asset = NEW.asset;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transfer % is not between two open accounts of %', NEW.id, NEW.asset
            USING ERRCODE = 'LG002', DETAIL = NEW.id;
    END IF;
    IF NEW.pending_id IS NOT NULL THEN
        PERFORM ledger.check_answer(NEW);
        DELETE FROM ledger.expiring_hold WHERE transfer_id = NEW.pending_id;
    ELSIF NEW.reverses_id IS NOT NULL THEN
        PERFORM ledger.check_answer(NEW);
    ELSIF NEW.expires_at IS NOT NULL THEN
        INSERT INTO ledger.expiring_hold (transfer_id, expires_at) VALUES (NEW.id, NEW.expires_at);
    END IF;
    IF NOT debit_is_hot AND NOT credit_is_hot THEN
        PERFORM FROM ledger.balance WHERE account_id IN (NEW.debit_account, NEW.credit_account)
        ORDER BY account_id FOR NO KEY UPDATE;
    END IF;
    IF NOT debit_is_hot THEN
        UPDATE ledger.balance
        SET debits_posted = debits_posted + posted, debits_pending = debits_pending + pending
        WHERE account_id = NEW.debit_account;
    END IF;
    IF NOT credit_is_hot THEN
        UPDATE ledger.balance
        SET credits_posted = credits_posted + posted, credits_pending = credits_pending + pending
        WHERE account_id = NEW.credit_account;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER transfer_keeps_the_book AFTER INSERT ON ledger.transfer
    FOR EACH ROW EXECUTE FUNCTION ledger.keep_the_book();
"""

APPLY = """
-- Opens an account, or finds it open already; refuses when it is open with another meaning. True: opened now.
CREATE FUNCTION ledger.open_account(
    p_id uuid, p_code text, p_asset text, p_normal_side text, p_is_hot boolean, p_never_negative boolean,
    p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    existing ledger.account;
    difference text;
BEGIN
    INSERT INTO ledger.account (id, code, asset, normal_side, is_hot, never_negative, opened_at)
    VALUES (p_id, p_code, p_asset, p_normal_side, p_is_hot, p_never_negative, p_now)
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
        RETURN true;
    END IF;
    SELECT * INTO existing FROM ledger.account WHERE id = p_id;
    difference := CASE
        WHEN existing.code <> p_code THEN 'code'
        WHEN existing.asset <> p_asset THEN 'asset'
        WHEN existing.normal_side <> p_normal_side THEN 'normal_side'
        WHEN existing.is_hot <> p_is_hot THEN 'is_hot'
        WHEN existing.never_negative <> p_never_negative THEN 'never_negative'
    END;
    IF difference IS NOT NULL THEN
        RAISE EXCEPTION 'account % is open with another %', p_code, difference
            USING ERRCODE = 'LG008', DETAIL = difference;
    END IF;
    RETURN false;
END $$;

-- Records one atomic group in the order given. True: recorded now; false: all in the book already.
-- Posts, voids and reversals take accounts, asset and (where none is given) amount from the transfer that they answer.
-- Locks are taken in one order everywhere (answered transfers, then balance rows, each sorted by id), so that groups
-- cannot deadlock. A group of one leaves its balance rows to the trigger.
CREATE FUNCTION ledger.apply(
    p_group uuid, p_now timestamptz,
    p_ids uuid[], p_kinds ledger.transfer_kind[], p_assets text[], p_debits uuid[], p_credits uuid[],
    p_amounts bigint[], p_pendings uuid[], p_reverses uuid[], p_expires timestamptz[], p_reasons text[],
    p_subjects text[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted_count constant integer := cardinality(p_ids);
    recorded_count integer := 0;
    answered uuid[] := '{}';
    origin ledger.transfer;
    existing ledger.transfer;
    difference text;
BEGIN
    IF num_nonnulls(VARIADIC p_pendings) + num_nonnulls(VARIADIC p_reverses) > 0 THEN
        answered := array_remove(p_pendings || p_reverses, NULL);
        PERFORM FROM ledger.transfer WHERE id = ANY (answered) ORDER BY id FOR NO KEY UPDATE;
    END IF;
    IF wanted_count > 1 THEN
        PERFORM FROM ledger.balance
        WHERE account_id = ANY (p_debits || p_credits || ARRAY(
            SELECT unnest(ARRAY[debit_account, credit_account]) FROM ledger.transfer WHERE id = ANY (answered)))
        ORDER BY account_id FOR NO KEY UPDATE;
    END IF;

    FOR i IN 1 .. wanted_count LOOP
        existing := NULL;
        IF p_pendings[i] IS NOT NULL OR p_reverses[i] IS NOT NULL THEN
            SELECT * INTO existing FROM ledger.transfer WHERE id = p_ids[i];
            SELECT * INTO origin FROM ledger.transfer WHERE id = coalesce(p_pendings[i], p_reverses[i]);
            p_assets[i] := origin.asset;
            p_debits[i] := CASE p_kinds[i] WHEN 'posted' THEN origin.credit_account ELSE origin.debit_account END;
            p_credits[i] := CASE p_kinds[i] WHEN 'posted' THEN origin.debit_account ELSE origin.credit_account END;
            p_amounts[i] := coalesce(p_amounts[i], origin.amount);
            IF origin.id IS NULL THEN
                RAISE EXCEPTION 'transfer % answers one that is not in the book', p_ids[i]
                    USING ERRCODE = CASE p_kinds[i] WHEN 'posted' THEN 'LG005' ELSE 'LG003' END,
                          DETAIL = coalesce(p_pendings[i], p_reverses[i]);
            END IF;
        END IF;
        IF existing.id IS NULL THEN
            INSERT INTO ledger.transfer (id, group_id, recorded_at, kind, asset, debit_account, credit_account, amount,
                                         held, pending_id, reverses_id, expires_at, reason, subject)
            VALUES (p_ids[i], p_group, p_now, p_kinds[i], p_assets[i], p_debits[i], p_credits[i], p_amounts[i],
                    CASE WHEN p_pendings[i] IS NOT NULL THEN origin.amount END, p_pendings[i], p_reverses[i],
                    p_expires[i], p_reasons[i], p_subjects[i])
            ON CONFLICT (id) DO NOTHING;
            IF FOUND THEN
                recorded_count := recorded_count + 1;
                CONTINUE;
            END IF;
            SELECT * INTO existing FROM ledger.transfer WHERE id = p_ids[i];
        END IF;
        difference := CASE
            WHEN existing.kind <> p_kinds[i] THEN 'kind'
            WHEN existing.pending_id IS DISTINCT FROM p_pendings[i] THEN 'pending_id'
            WHEN existing.reverses_id IS DISTINCT FROM p_reverses[i] THEN 'reverses_id'
            WHEN existing.asset <> p_assets[i] THEN 'asset'
            WHEN existing.debit_account <> p_debits[i] THEN 'debit'
            WHEN existing.credit_account <> p_credits[i] THEN 'credit'
            WHEN existing.amount <> p_amounts[i] THEN 'amount'
            WHEN existing.expires_at IS DISTINCT FROM p_expires[i] THEN 'expires_at'
            WHEN existing.reason <> p_reasons[i] THEN 'reason'
            WHEN existing.subject <> p_subjects[i] THEN 'subject'
            WHEN existing.group_id <> p_group THEN 'group'
        END;
        IF difference IS NOT NULL THEN
            RAISE EXCEPTION 'transfer % is in the book with another %', existing.id, difference
                USING ERRCODE = 'LG006', DETAIL = json_build_object('transfer', existing.id, 'field', difference);
        END IF;
    END LOOP;

    IF recorded_count NOT IN (0, wanted_count) THEN
        RAISE EXCEPTION 'group % is in the book with other transfers', p_group
            USING ERRCODE = 'LG006', DETAIL = json_build_object('transfer', p_ids[1], 'field', 'group');
    END IF;
    RETURN recorded_count > 0;
END $$;
"""

COUNTERS = """
-- Transaction numbers mean something within one cluster only: after a restore from a dump a horizon may lie in the
-- future, and reading on would skip what is written from now on.
CREATE FUNCTION ledger.reached(horizon xid8) RETURNS xid8 LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF horizon > pg_snapshot_xmax(pg_current_snapshot()) THEN
        RAISE EXCEPTION 'checkpoint at transaction %, but this cluster has only reached %',
            horizon, pg_snapshot_xmax(pg_current_snapshot())
            USING ERRCODE = 'LG007', HINT = 'Restored from a dump? See docs/ledger.md, "Restoring".';
    END IF;
    RETURN horizon;
END $$;

CREATE FUNCTION ledger.moved(account uuid, from_xact xid8, before_xact xid8)
RETURNS TABLE (entries bigint, debits_posted bigint, credits_posted bigint, debits_pending bigint,
               credits_pending bigint)
LANGUAGE sql STABLE AS $$
    SELECT d.n + c.n, d.posted, c.posted, d.pending, c.pending
    FROM (SELECT count(*) AS n, coalesce(sum(ledger.posted_part(kind, amount)), 0)::bigint AS posted,
                 coalesce(sum(ledger.pending_part(kind, amount, held)), 0)::bigint AS pending
          FROM ledger.transfer
          WHERE debit_account = account AND xact >= from_xact AND (before_xact IS NULL OR xact < before_xact)) AS d,
         (SELECT count(*) AS n, coalesce(sum(ledger.posted_part(kind, amount)), 0)::bigint AS posted,
                 coalesce(sum(ledger.pending_part(kind, amount, held)), 0)::bigint AS pending
          FROM ledger.transfer
          WHERE credit_account = account AND xact >= from_xact AND (before_xact IS NULL OR xact < before_xact)) AS c
$$;

-- The four counters of every account, hot or not, as of the reader's snapshot.
CREATE VIEW ledger.counters AS
SELECT a.id AS account_id, a.code, a.asset, a.normal_side, a.is_hot,
       b.debits_posted, b.credits_posted, b.debits_pending, b.credits_pending
FROM ledger.account AS a JOIN ledger.balance AS b ON b.account_id = a.id
UNION ALL
SELECT a.id, a.code, a.asset, a.normal_side, a.is_hot,
       p.debits_posted + m.debits_posted, p.credits_posted + m.credits_posted,
       p.debits_pending + m.debits_pending, p.credits_pending + m.credits_pending
FROM ledger.account AS a
JOIN ledger.checkpoint AS p ON p.account_id = a.id
CROSS JOIN LATERAL ledger.moved(a.id, ledger.reached(p.horizon), NULL) AS m;

-- Moves every checkpoint up to the oldest transaction still running, never to the newest number seen: a row with a
-- lower number may commit later (docs/ledger.md). Returns how many entries were folded in.
CREATE FUNCTION ledger.roll_up(p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    horizon_now xid8;
    folded bigint;
BEGIN
    PERFORM FROM ledger.checkpoint ORDER BY account_id FOR UPDATE;
    horizon_now := pg_snapshot_xmin(pg_current_snapshot());
    WITH moved AS (
        SELECT p.account_id, m.*
        FROM ledger.checkpoint AS p
        CROSS JOIN LATERAL ledger.moved(p.account_id, ledger.reached(p.horizon), horizon_now) AS m
        WHERE m.entries > 0
    ), updated AS (
        UPDATE ledger.checkpoint AS p
        SET horizon = horizon_now, rolled_up_at = p_now,
            debits_posted = p.debits_posted + m.debits_posted, credits_posted = p.credits_posted + m.credits_posted,
            debits_pending = p.debits_pending + m.debits_pending,
            credits_pending = p.credits_pending + m.credits_pending
        FROM moved AS m WHERE m.account_id = p.account_id
        RETURNING m.entries
    )
    SELECT coalesce(sum(entries), 0) INTO folded FROM updated;
    RETURN folded;
END $$;
"""

EXPIRY = """
-- Holds past their time, locked against being resolved meanwhile; those that somebody is resolving now are left to him.
CREATE FUNCTION ledger.lock_expired_holds(p_now timestamptz, p_limit integer) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    locked uuid[];
BEGIN
    locked := ARRAY(
        SELECT h.transfer_id
        FROM ledger.expiring_hold AS h JOIN ledger.transfer AS t ON t.id = h.transfer_id
        WHERE h.expires_at <= p_now ORDER BY h.expires_at LIMIT p_limit
        FOR NO KEY UPDATE OF t SKIP LOCKED);
    -- A hold resolved between reading the list and taking the lock has left the list since.
    RETURN QUERY SELECT h.transfer_id FROM ledger.expiring_hold AS h WHERE h.transfer_id = ANY (locked);
END $$;
"""

# PostgreSQL lets everybody execute a new function; here whoever is to write is granted it (docs/ledger.md).
GRANTS = """
REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
"""


def upgrade() -> None:
    """Build the schema ``ledger``."""
    for statements in (ACCOUNTS, TRANSFERS, PARTS, IMMUTABILITY, TRIGGERS, APPLY, COUNTERS, EXPIRY, GRANTS):
        op.execute(statements)
