"""Merchants with their branches, staff and tills; what was redeemed there; and who looks after points in the city."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

OFFICERS = """
ALTER TABLE identity.officer DROP CONSTRAINT officer_bureau_check;
ALTER TABLE identity.officer ADD CONSTRAINT officer_bureau_check
    CHECK (bureau IN ('parking', 'fines', 'treasury', 'civil_affairs', 'rdec', 'culture', 'public_works', 'education',
                      'fire', 'social_affairs', 'economic', 'health', 'transport', 'environment')) NOT VALID;
ALTER TABLE identity.officer VALIDATE CONSTRAINT officer_bureau_check;
ALTER TABLE identity.officer DROP CONSTRAINT officer_roles_check;
ALTER TABLE identity.officer ADD CONSTRAINT officer_roles_check CHECK (
    cardinality(roles) > 0 AND roles <@ ARRAY['finance', 'auditor', 'bureau_officer', 'counter', 'operator', 'registrar',
                                              'editor', 'publisher', 'duty_officer', 'points_officer']) NOT VALID;
ALTER TABLE identity.officer VALIDATE CONSTRAINT officer_roles_check;
"""

MERCHANTS = """
CREATE TABLE points.merchant (
    id uuid PRIMARY KEY,
    business_id text NOT NULL UNIQUE CHECK (business_id ~ '^[0-9]{8}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    name_en text NOT NULL DEFAULT '' CHECK (length(name_en) <= 120),
    category text NOT NULL CHECK (category IN ('food', 'groceries', 'convenience', 'books', 'health', 'culture',
                                               'transport', 'market', 'services', 'other')),
    owner_person_id uuid NOT NULL,
    phone text NOT NULL CHECK (length(phone) BETWEEN 6 AND 20),
    status text NOT NULL CHECK (status IN ('applied', 'approved', 'refused', 'suspended', 'closed')),
    status_reason text NOT NULL DEFAULT '',
    bank_code text CHECK (bank_code ~ '^[0-9]{3}$'),
    bank_account text CHECK (bank_account ~ '^[0-9]{6,16}$'),
    bank_proven_at timestamptz,
    applied_at timestamptz NOT NULL,
    approved_at timestamptz,
    version integer NOT NULL DEFAULT 1
);
COMMENT ON COLUMN points.merchant.business_id IS '統一編號; its check digit follows the rule of 2023 (divisible by 5).';
CREATE INDEX merchant_owner ON points.merchant (owner_person_id);

CREATE TABLE points.branch (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES points.merchant,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    name_en text NOT NULL DEFAULT '' CHECK (length(name_en) <= 120),
    address text NOT NULL CHECK (length(address) BETWEEN 1 AND 200),
    district text NOT NULL CHECK (district ~ '^[0-9]{8}$'),
    latitude double precision NOT NULL CHECK (latitude BETWEEN 22 AND 24),
    longitude double precision NOT NULL CHECK (longitude BETWEEN 120 AND 121.5),
    hours text NOT NULL DEFAULT '' CHECK (length(hours) <= 200),
    shop_code text NOT NULL UNIQUE CHECK (shop_code ~ '^[0-9A-HJKMNP-TV-Z]{10}$'),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
COMMENT ON COLUMN points.branch.shop_code IS 'What the printed QR at the counter says.';
CREATE INDEX branch_merchant ON points.branch (merchant_id);

CREATE TABLE points.staff (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES points.merchant,
    number text NOT NULL CHECK (number ~ '^[0-9]{2,6}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    may_refund boolean NOT NULL DEFAULT false,
    pin_hash text NOT NULL,
    wrong_pins integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    added_at timestamptz NOT NULL,
    left_at timestamptz
);
CREATE UNIQUE INDEX staff_number ON points.staff (merchant_id, number) WHERE left_at IS NULL;

CREATE TABLE points.till (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES points.merchant,
    branch_id uuid NOT NULL REFERENCES points.branch,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    code_hash bytea UNIQUE,
    code_until timestamptz,
    token_hash bytea UNIQUE,
    register_client_id uuid UNIQUE,
    added_at timestamptz NOT NULL,
    enrolled_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON COLUMN points.till.code_hash IS 'Of the code that enrols a device as this till, once.';
COMMENT ON COLUMN points.till.register_client_id IS 'A cash register calls with the credentials of this client instead.';
CREATE INDEX till_branch ON points.till (branch_id);

CREATE TABLE points.till_shift (
    id uuid PRIMARY KEY,
    till_id uuid NOT NULL REFERENCES points.till,
    staff_id uuid NOT NULL REFERENCES points.staff,
    begun_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE UNIQUE INDEX till_shift_open ON points.till_shift (till_id) WHERE ended_at IS NULL;
"""

REDEMPTIONS = """
CREATE TABLE points.redemption (
    id uuid PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES points.merchant,
    branch_id uuid NOT NULL,
    till_id uuid,
    staff_id uuid,
    person_id uuid NOT NULL,
    offer_id uuid,
    points bigint NOT NULL CHECK (points > 0),
    refunded bigint NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND points),
    status text NOT NULL CHECK (status IN ('awaiting_citizen', 'held', 'done', 'voided', 'refused', 'expired')),
    reason text NOT NULL DEFAULT '',
    presented text NOT NULL CHECK (presented IN ('code', 'offline_code', 'shop_code')),
    created_at timestamptz NOT NULL,
    answer_by timestamptz,
    done_at timestamptz,
    business_day date NOT NULL,
    settlement_id uuid
);
COMMENT ON COLUMN points.redemption.points IS 'What the till asked; one point is worth NT$1 to the merchant.';
COMMENT ON COLUMN points.redemption.business_day IS 'The day in Taipei on which it was done, or asked where it was not.';
CREATE INDEX redemption_of_branch ON points.redemption (branch_id, created_at DESC, id DESC);
CREATE INDEX redemption_of_person ON points.redemption (person_id, created_at DESC, id DESC);
CREATE INDEX redemption_unsettled ON points.redemption (merchant_id, business_day)
    WHERE settlement_id IS NULL AND status = 'done';
CREATE INDEX redemption_waiting ON points.redemption (answer_by) WHERE status = 'awaiting_citizen';

CREATE TABLE points.redemption_refund (
    id uuid PRIMARY KEY,
    redemption_id uuid NOT NULL REFERENCES points.redemption,
    merchant_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    is_void boolean NOT NULL,
    staff_id uuid,
    at timestamptz NOT NULL,
    business_day date NOT NULL,
    settlement_id uuid
);
CREATE INDEX redemption_refund_of ON points.redemption_refund (redemption_id);
CREATE INDEX redemption_refund_unsettled ON points.redemption_refund (merchant_id, business_day)
    WHERE settlement_id IS NULL;
"""


def upgrade() -> None:
    """Build the tables."""
    for statements in (OFFICERS, MERCHANTS, REDEMPTIONS):
        op.execute(statements)


def downgrade() -> None:
    """Remove them, with everything in them."""
    op.execute(
        "DROP TABLE points.redemption_refund, points.redemption, points.till_shift, points.till, points.staff, "
        "points.branch, points.merchant"
    )
