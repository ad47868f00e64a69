"""The book sealed: a hash over every transfer, in a chain, so that a change by whoever may do anything is seen."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SEALS = """
CREATE INDEX transfer_xact ON ledger.transfer (xact);

CREATE TABLE ledger.seal (
    number bigint PRIMARY KEY CHECK (number > 0),
    begins xid8 NOT NULL,
    ends xid8 NOT NULL,
    transfers bigint NOT NULL CHECK (transfers > 0),
    transfer_hashes bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    CHECK (length(transfer_hashes) = transfers * 16),
    CHECK (length(hash) = 32 AND length(previous_hash) = 32)
);
COMMENT ON TABLE ledger.seal IS 'Transfers of transactions from begins up to, without, ends: none was running any more.';
COMMENT ON COLUMN ledger.seal.transfer_hashes IS 'The first 16 bytes of the SHA-256 of each transfer, by xact and id.';
COMMENT ON COLUMN ledger.seal.hash IS 'SHA-256 of previous_hash, number and transfer_hashes.';
CREATE TRIGGER seal_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.seal ENABLE ALWAYS TRIGGER seal_is_immutable;

-- JSON quotes what it holds, so no two transfers are written alike.
CREATE FUNCTION ledger.transfer_hash(t ledger.transfer) RETURNS bytea LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT substring(sha256(convert_to(jsonb_build_array(
        t.id, t.xact::text, t.amount, t.held, t.recorded_at, t.expires_at, t.group_id, t.debit_account,
        t.credit_account, t.pending_id, t.reverses_id, t.kind, t.asset, t.reason, t.subject)::text, 'UTF8')) FOR 16)
$$;

-- Seals the next transfers of transactions that have ended; answers how many (0: nothing is left to seal).
CREATE FUNCTION ledger.seal_next(p_now timestamptz, p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last ledger.seal;
    horizon xid8;
    cut xid8;
    hashes bytea;
    counted bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger.seal', 0));
    SELECT * INTO last FROM ledger.seal ORDER BY number DESC LIMIT 1;
    horizon := pg_snapshot_xmin(pg_current_snapshot());
    -- Whole transactions: the first one that would not fit any more begins the next seal.
    SELECT xact INTO cut FROM ledger.transfer
     WHERE xact >= coalesce(last.ends, '0'::xid8) AND xact < horizon ORDER BY xact OFFSET p_most LIMIT 1;
    IF cut IS NULL OR cut <= coalesce(last.ends, '0'::xid8) THEN
        cut := horizon;
    END IF;
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
REVOKE ALL ON ledger.seal FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.transfer_hash(ledger.transfer), ledger.seal_next(timestamptz, integer) FROM PUBLIC;
"""


def upgrade() -> None:
    """What is in the book already is sealed by the first runs."""
    op.execute(SEALS)
