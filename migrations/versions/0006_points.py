"""City points: campaigns with a budget, lots that expire, the history of each, what was refunded of a payment."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CAMPAIGNS = """
CREATE SCHEMA points;

CREATE TABLE points.campaign (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    bureau text NOT NULL,
    event_kind text NOT NULL CHECK (event_kind = 'wallet.payment_captured'),
    rail text,
    points_per_payment bigint NOT NULL CHECK (points_per_payment >= 0),
    points_per_step bigint NOT NULL CHECK (points_per_step >= 0),
    step_twd bigint NOT NULL CHECK (step_twd > 0),
    points_per_person_and_day bigint CHECK (points_per_person_and_day > 0),
    lifetime_months integer NOT NULL CHECK (lifetime_months BETWEEN 1 AND 120),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    budget_account uuid NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    CHECK (valid_from < valid_until),
    CHECK (points_per_payment + points_per_step > 0)
);
COMMENT ON COLUMN points.campaign.rail IS 'The rail that must have been paid by; null: any.';
COMMENT ON COLUMN points.campaign.bureau IS 'Who funds the points.';
COMMENT ON COLUMN points.campaign.budget_account IS 'In the book, asset PT; it may not go below zero.';
CREATE INDEX campaign_event ON points.campaign (event_kind, valid_until);
"""

LOTS = """
CREATE TABLE points.lot (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    campaign_id uuid NOT NULL REFERENCES points.campaign,
    payment_id uuid NOT NULL,
    basis_twd bigint NOT NULL CHECK (basis_twd > 0),
    amount bigint NOT NULL CHECK (amount > 0),
    taken_back bigint NOT NULL DEFAULT 0 CHECK (taken_back BETWEEN 0 AND amount),
    remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND amount - taken_back),
    earned_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, id),
    CONSTRAINT lot_once_per_payment UNIQUE (campaign_id, payment_id),
    CHECK (earned_at < expires_at)
) WITH (fillfactor = 80);
COMMENT ON COLUMN points.lot.basis_twd IS 'What was paid, without the fee: the points were counted from it.';
CREATE INDEX lot_of_payment ON points.lot (payment_id);
CREATE INDEX lot_due ON points.lot (expires_at) WHERE remaining > 0;
CREATE INDEX lot_open ON points.lot (person_id, expires_at, id) WHERE remaining > 0;
CREATE INDEX lot_of_day ON points.lot (campaign_id, person_id, earned_at);

CREATE TABLE points.entry (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    lot_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    kind text NOT NULL CHECK (kind IN ('earn', 'reverse', 'expire')),
    cause_id uuid NOT NULL,
    transfer_id uuid NOT NULL UNIQUE,
    reason_zh text NOT NULL,
    reason_en text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, id),
    CONSTRAINT entry_once_per_cause UNIQUE (lot_id, kind, cause_id),
    CHECK ((amount > 0) = (kind = 'earn'))
);
COMMENT ON TABLE points.entry IS 'The history of a person''s points. Append-only.';
COMMENT ON COLUMN points.entry.cause_id IS 'The payment that earned, the refund that took back, the lot that expired.';
CREATE INDEX entry_newest ON points.entry (person_id, at DESC, id DESC);

CREATE FUNCTION points.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: the history of points is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
CREATE TRIGGER entry_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON points.entry
    FOR EACH STATEMENT EXECUTE FUNCTION points.refuse_change();
"""

DECISIONS = """
CREATE TABLE points.not_granted (
    campaign_id uuid NOT NULL REFERENCES points.campaign,
    payment_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('budget_exhausted', 'daily_cap', 'refunded')),
    points bigint NOT NULL CHECK (points >= 0),
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, payment_id)
);
COMMENT ON TABLE points.not_granted IS 'Payments that a campaign was for and that earned nothing: why.';

CREATE TABLE points.refunded_bill (
    refund_id uuid PRIMARY KEY,
    payment_id uuid NOT NULL,
    amount_twd bigint NOT NULL CHECK (amount_twd > 0),
    recorded_at timestamptz NOT NULL
);
CREATE INDEX refunded_bill_payment ON points.refunded_bill (payment_id);
"""


def upgrade() -> None:
    """Build the schema ``points``."""
    for statements in (CAMPAIGNS, LOTS, DECISIONS):
        op.execute(statements)


def downgrade() -> None:
    """Remove the schema, with every lot in it."""
    op.execute("DROP SCHEMA points CASCADE")
