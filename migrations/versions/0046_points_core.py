"""Points are earned by deeds beside payments, and used at tills and in exchanges beside payments."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# Checks are added unproven and proven afterwards in transactions of their own: proving reads the table, and nobody waits.
CHANGES = """
ALTER TABLE points.campaign DROP CONSTRAINT campaign_event_kind_check;
ALTER TABLE points.campaign ADD CONSTRAINT campaign_event_kind_shape
    CHECK (event_kind ~ '^[a-z_]+[.][a-z_]+$') NOT VALID;

ALTER TABLE points.lot
    ALTER COLUMN payment_id DROP NOT NULL,
    ALTER COLUMN basis_twd DROP NOT NULL,
    ADD COLUMN deed_id uuid,
    ADD CONSTRAINT lot_earned_by_one_thing CHECK (num_nonnulls(payment_id, deed_id) = 1) NOT VALID;
COMMENT ON COLUMN points.lot.deed_id IS 'What earned it where no payment did: a deed, or an exchange into points.';

ALTER TABLE points.entry
    ALTER COLUMN payment_id DROP NOT NULL,
    ADD COLUMN about_kind text,
    ADD COLUMN about_id uuid,
    ADD CONSTRAINT entry_about_something
        CHECK (payment_id IS NOT NULL OR (about_kind IS NOT NULL AND about_id IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT entry_about_kind
        CHECK (about_kind IN ('payment', 'deed', 'redemption', 'exchange')) NOT VALID;
COMMENT ON COLUMN points.entry.about_kind IS 'What earned the points or what they were used for; null in old rows: the payment.';

ALTER TABLE points.tender
    ADD COLUMN kind text NOT NULL DEFAULT 'payment'
        CONSTRAINT tender_kind CHECK (kind IN ('payment', 'redemption', 'exchange')),
    ADD COLUMN target_code text NOT NULL DEFAULT 'points:redeemed',
    ADD COLUMN words_zh text NOT NULL DEFAULT '繳費折抵 {points} 點',
    ADD COLUMN words_en text NOT NULL DEFAULT '{points} points used to pay';
COMMENT ON COLUMN points.tender.payment_id IS 'The payment, redemption or exchange that the points are used for.';
COMMENT ON COLUMN points.tender.target_code IS 'The account of the book that spent points go to.';
COMMENT ON COLUMN points.tender.words_en IS 'How the history says it, with a place for {points}.';
"""
PROVEN = (
    "ALTER TABLE points.campaign VALIDATE CONSTRAINT campaign_event_kind_shape",
    "ALTER TABLE points.lot VALIDATE CONSTRAINT lot_earned_by_one_thing",
    "ALTER TABLE points.entry VALIDATE CONSTRAINT entry_about_something",
    "ALTER TABLE points.entry VALIDATE CONSTRAINT entry_about_kind",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS lot_once_per_deed ON points.lot (campaign_id, deed_id) "
    "WHERE deed_id IS NOT NULL",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS lot_of_deed ON points.lot (deed_id) WHERE deed_id IS NOT NULL",
)


def upgrade() -> None:
    """Open the tables to other deeds and uses; prove the checks and build the indexes without a lock that others wait for."""
    op.execute(CHANGES)
    with op.get_context().autocommit_block():
        for statement in PROVEN:
            op.execute(statement)


def downgrade() -> None:
    """Lots and uses of other kinds would have no place: refused while there are any."""
    op.execute(
        """
        DROP INDEX points.lot_once_per_deed, points.lot_of_deed;
        ALTER TABLE points.tender DROP COLUMN kind, DROP COLUMN target_code, DROP COLUMN words_zh, DROP COLUMN words_en;
        ALTER TABLE points.entry DROP COLUMN about_kind, DROP COLUMN about_id, ALTER COLUMN payment_id SET NOT NULL;
        ALTER TABLE points.lot DROP COLUMN deed_id, ALTER COLUMN payment_id SET NOT NULL,
            ALTER COLUMN basis_twd SET NOT NULL;
        ALTER TABLE points.campaign DROP CONSTRAINT campaign_event_kind_shape,
            ADD CONSTRAINT campaign_event_kind_check CHECK (event_kind = 'wallet.payment_captured');
        """
    )
