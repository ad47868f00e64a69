"""Campaigns as data: on which event, for whom, how many, when more, up to which caps; and the deeds that they reward."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

REASONS = (
    "('budget_exhausted', 'daily_cap', 'person_cap', 'times_cap', 'refunded', 'paid_in_points', 'below_step', 'undone', "
    "'week_incomplete', 'week_rewarded')"
)
CAMPAIGNS = """
ALTER TABLE points.campaign
    ADD COLUMN status text NOT NULL DEFAULT 'approved'
        CONSTRAINT campaign_status CHECK (status IN ('draft', 'approved', 'ended')),
    ADD COLUMN conditions jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN windows jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN points_per_person bigint CHECK (points_per_person > 0),
    ADD COLUMN times_per_person integer CHECK (times_per_person > 0),
    ADD COLUMN week_days smallint[] NOT NULL DEFAULT '{}' CHECK (week_days <@ '{1,2,3,4,5,6,7}'::smallint[]),
    ADD COLUMN budget_points bigint NOT NULL DEFAULT 0 CHECK (budget_points >= 0),
    ADD COLUMN approval_id uuid,
    ADD COLUMN increase_approval_id uuid,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN written_by uuid,
    ADD COLUMN approved_at timestamptz,
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN ended_reason text NOT NULL DEFAULT '';
COMMENT ON COLUMN points.campaign.points_per_payment IS 'Points for each event that it is for.';
COMMENT ON COLUMN points.campaign.step_twd IS 'The step of what the event measures: NT$ paid, fare, hours, steps walked.';
COMMENT ON COLUMN points.campaign.conditions IS 'What the facts that the event carries must say; all of them.';
COMMENT ON COLUMN points.campaign.windows IS 'When an event earns more, in Taipei; the best one counts.';
COMMENT ON COLUMN points.campaign.week_days IS 'Only who does it on each of these days of one week (1: Monday) earns, once a '
    'week; none: every event earns.';
COMMENT ON COLUMN points.campaign.budget_points IS 'What was put into the budget in all, or is to be with the approval.';

COMMENT ON TABLE points.not_granted IS 'Payments and deeds that a campaign was for and that earned nothing: why.';
"""

DEEDS = """
CREATE TABLE points.deed (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]+$'),
    source text NOT NULL,
    key text NOT NULL,
    person_id uuid,
    happened_at timestamptz NOT NULL,
    facts jsonb NOT NULL,
    body_hash bytea NOT NULL CHECK (length(body_hash) = 32),
    received_at timestamptz NOT NULL,
    undone_at timestamptz,
    CONSTRAINT deed_once UNIQUE (source, kind, key)
);
COMMENT ON TABLE points.deed IS 'What somebody did, beside paying, that a campaign may reward.';
COMMENT ON COLUMN points.deed.source IS 'The bureau that said so, or "identity".';
COMMENT ON COLUMN points.deed.key IS 'The source''s own name for it: the same again is the same deed.';
COMMENT ON COLUMN points.deed.person_id IS 'Null: nobody who uses the app. Who it was is then kept nowhere.';
COMMENT ON COLUMN points.deed.body_hash IS 'Keyed: tells the same report again from another one under the same key.';
CREATE INDEX deed_of_kind ON points.deed (kind, happened_at);
CREATE INDEX deed_of_person ON points.deed (person_id, kind, happened_at);
"""


def upgrade() -> None:
    """Add what campaigns may say, and the deeds; what exists goes on as it is."""
    live.index(
        "points", "not_granted_payment", "ON points.not_granted (campaign_id, payment_id) WHERE payment_id IS NOT NULL",
        unique=True,
    )  # fmt: skip
    live.briefly(
        "ALTER TABLE points.not_granted ADD COLUMN IF NOT EXISTS deed_id uuid, "
        "DROP CONSTRAINT IF EXISTS not_granted_pkey, ALTER COLUMN payment_id DROP NOT NULL"
    )
    live.check("points.not_granted", "not_granted_reason_check", f"reason IN {REASONS}")
    live.check("points.not_granted", "not_granted_about_one_thing", "num_nonnulls(payment_id, deed_id) = 1")
    live.index(
        "points", "not_granted_deed", "ON points.not_granted (campaign_id, deed_id) WHERE deed_id IS NOT NULL",
        unique=True,
    )  # fmt: skip
    # A month of events is read by a dry run; a BRIN index costs next to nothing to write.
    live.index("core", "outbox_when", "ON core.outbox USING brin (recorded_at)")
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(CAMPAIGNS)
    op.execute(DEEDS)


def downgrade() -> None:
    """Deeds and what was not granted for them are lost; other reasons than before would have no place."""
    op.execute(
        """
        DROP INDEX core.outbox_when;
        DROP TABLE points.deed;
        DELETE FROM points.not_granted WHERE payment_id IS NULL;
        DROP INDEX points.not_granted_payment, points.not_granted_deed;
        ALTER TABLE points.not_granted
            DROP CONSTRAINT not_granted_reason_check,
            DROP COLUMN deed_id,
            ADD CONSTRAINT not_granted_reason_check
                CHECK (reason IN ('budget_exhausted', 'daily_cap', 'refunded', 'paid_in_points')) NOT VALID,
            ADD PRIMARY KEY (campaign_id, payment_id);
        ALTER TABLE points.campaign
            DROP COLUMN status, DROP COLUMN conditions, DROP COLUMN windows, DROP COLUMN points_per_person,
            DROP COLUMN times_per_person, DROP COLUMN week_days, DROP COLUMN budget_points, DROP COLUMN approval_id,
            DROP COLUMN increase_approval_id, DROP COLUMN version, DROP COLUMN written_by, DROP COLUMN approved_at,
            DROP COLUMN ended_at, DROP COLUMN ended_reason;
        """
    )
