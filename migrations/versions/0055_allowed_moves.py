"""The moves of redemptions and merchants, held by the database; when a merchant left, and by whose wish; who wants no
warning before points lapse."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

# A redemption begins in one of three states, which a trigger's condition tells without a look at a table: it is written
# at every sale. Its moves, and those of merchants, are looked up.
MOVES = """
CREATE TABLE IF NOT EXISTS points.redemption_move (source text NOT NULL, target text NOT NULL, PRIMARY KEY (source, target));
COMMENT ON TABLE points.redemption_move IS 'From which state a redemption may go to which; every other move is refused.';
INSERT INTO points.redemption_move (source, target) VALUES
    ('awaiting_citizen', 'done'), ('awaiting_citizen', 'held'), ('awaiting_citizen', 'refused'),
    ('awaiting_citizen', 'expired'), ('awaiting_citizen', 'voided'),
    ('held', 'done'), ('held', 'refused'), ('held', 'expired'), ('held', 'voided'),
    ('done', 'voided')
ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS points.merchant_move (source text NOT NULL, target text NOT NULL, PRIMARY KEY (source, target));
COMMENT ON TABLE points.merchant_move IS 'From which state a merchant may go to which; every other move is refused.';
INSERT INTO points.merchant_move (source, target) VALUES
    ('applied', 'approved'), ('applied', 'refused'), ('applied', 'closed'), ('refused', 'applied'),
    ('approved', 'suspended'), ('approved', 'closed'), ('suspended', 'approved'), ('suspended', 'closed'),
    ('closed', 'approved')
ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION points.refuse_beginning() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a % does not begin as %', TG_TABLE_NAME, NEW.status
        USING ERRCODE = 'check_violation', DETAIL = NEW.id;
END $$;
CREATE OR REPLACE FUNCTION points.redemption_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM points.redemption_move WHERE source = OLD.status AND target = NEW.status) THEN
        RAISE EXCEPTION 'a redemption does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', DETAIL = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION points.merchant_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM points.merchant_move WHERE source = OLD.status AND target = NEW.status) THEN
        RAISE EXCEPTION 'a merchant does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', DETAIL = NEW.id;
    END IF;
    RETURN NULL;
END $$;
"""
HELD_BY_REDEMPTIONS = """
CREATE OR REPLACE TRIGGER redemption_begins BEFORE INSERT ON points.redemption
    FOR EACH ROW WHEN (NEW.status NOT IN ('done', 'awaiting_citizen', 'held')) EXECUTE FUNCTION points.refuse_beginning();
CREATE OR REPLACE TRIGGER redemption_moves AFTER UPDATE OF status ON points.redemption
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION points.redemption_moves()
"""
PREFERENCE = "ALTER TABLE notify.preference ADD COLUMN IF NOT EXISTS warns_of_expiry boolean NOT NULL DEFAULT true"
HELD_BY_MERCHANTS = """
ALTER TABLE points.merchant ADD COLUMN IF NOT EXISTS closed_at timestamptz, ADD COLUMN IF NOT EXISTS closed_by text;
CREATE OR REPLACE TRIGGER merchant_moves AFTER UPDATE OF status ON points.merchant
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION points.merchant_moves()
"""


def upgrade() -> None:
    """Hold the moves; nothing that goes on waits for longer than a moment, and no row is changed."""
    op.execute(MOVES)
    live.briefly(HELD_BY_REDEMPTIONS)
    live.briefly(HELD_BY_MERCHANTS)
    live.briefly(PREFERENCE)
    live.check(
        "points.redemption", "redemption_waits_until", "status NOT IN ('awaiting_citizen', 'held') OR answer_by IS NOT NULL"
    )  # fmt: skip
    live.check("points.redemption", "redemption_done_at", "status <> 'done' OR done_at IS NOT NULL")
    live.check("points.redemption", "redemption_settled_is_done", "settlement_id IS NULL OR status = 'done'")
    live.check(
        "points.merchant", "merchant_closed_by",
        "closed_by IN ('owner', 'city') AND closed_at IS NOT NULL OR status <> 'closed'",
    )  # fmt: skip


def downgrade() -> None:
    """Let the program alone hold the moves."""
    op.execute(
        """
        ALTER TABLE notify.preference DROP COLUMN warns_of_expiry;
        ALTER TABLE points.merchant DROP CONSTRAINT merchant_closed_by, DROP COLUMN closed_at, DROP COLUMN closed_by;
        ALTER TABLE points.redemption DROP CONSTRAINT redemption_waits_until, DROP CONSTRAINT redemption_done_at,
            DROP CONSTRAINT redemption_settled_is_done;
        DROP TRIGGER merchant_moves ON points.merchant;
        DROP TRIGGER redemption_moves ON points.redemption;
        DROP TRIGGER redemption_begins ON points.redemption;
        DROP FUNCTION points.merchant_moves, points.redemption_moves, points.refuse_beginning;
        DROP TABLE points.merchant_move, points.redemption_move;
        """
    )
