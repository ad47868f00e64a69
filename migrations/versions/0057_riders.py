"""Riders, what they are entitled to, and their places."""

from __future__ import annotations

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

RIDERS = """
CREATE SCHEMA IF NOT EXISTS accessibility;

CREATE TABLE accessibility.rider (
    rider_id uuid PRIMARY KEY,
    version integer NOT NULL CHECK (version > 0),
    chair_kind text NOT NULL CHECK (chair_kind IN ('none', 'manual', 'electric', 'scooter')),
    chair_width_cm integer,
    chair_length_cm integer,
    chair_weight_kg integer,
    can_transfer boolean NOT NULL,
    companions_usual integer NOT NULL CHECK (companions_usual BETWEEN 0 AND 8),
    has_service_dog boolean NOT NULL,
    needs text[] NOT NULL,
    languages text[] NOT NULL,
    contact_way text NOT NULL CHECK (contact_way IN ('app', 'sms', 'telephone')),
    contact_phone_sealed bytea,
    fleet_order text[] NOT NULL,
    notes_sealed bytea,
    changed_at timestamptz NOT NULL,
    CHECK ((chair_kind = 'none') = (chair_width_cm IS NULL)),
    CHECK ((chair_width_cm IS NULL) = (chair_length_cm IS NULL))
);
COMMENT ON COLUMN accessibility.rider.chair_weight_kg IS 'Chair and person together.';
COMMENT ON COLUMN accessibility.rider.needs IS 'Functions of the ride, never a diagnosis: oxygen means room for it.';

CREATE TABLE accessibility.entitlement (
    rider_id uuid PRIMARY KEY,
    has_certificate boolean NOT NULL,
    severity text CHECK (severity IN ('mild', 'moderate', 'severe', 'profound')),
    needs_wheelchair boolean NOT NULL,
    books_first boolean NOT NULL,
    valid_until date,
    card text CHECK (card IN ('disability', 'senior')),
    is_low_income boolean NOT NULL,
    answered_at timestamptz NOT NULL,
    CHECK (has_certificate = (severity IS NOT NULL)),
    CHECK (has_certificate OR NOT (needs_wheelchair OR books_first))
);
CREATE INDEX entitlement_old ON accessibility.entitlement (answered_at);
COMMENT ON TABLE accessibility.entitlement IS 'What the register last answered: no class, no code, no diagnosis.';
COMMENT ON COLUMN accessibility.entitlement.books_first IS
    'Belongs to those whose medical trips open first (severe with wheelchair, or severe visual); which, is not told.';
COMMENT ON COLUMN accessibility.entitlement.valid_until IS 'Last day of the certificate; null: it has no end.';

CREATE TABLE accessibility.wheelchair_paper (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    issuer text NOT NULL,
    issued_on date NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'accepted', 'refused', 'withdrawn')),
    valid_until date,
    reason text NOT NULL DEFAULT '',
    decided_by uuid,
    decided_at timestamptz,
    handed_in_at timestamptz NOT NULL,
    settled_on date,
    PRIMARY KEY (rider_id, id),
    CHECK ((settled_on IS NULL) = (status = 'waiting')),
    CHECK ((status = 'accepted') = (valid_until IS NOT NULL)),
    CHECK ((status IN ('accepted', 'refused')) = (decided_at IS NOT NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL))
);
COMMENT ON TABLE accessibility.wheelchair_paper IS
    'A diagnosis paper that a wheelchair is needed, as shown at a desk: who issued it and when, never what it says.';
COMMENT ON COLUMN accessibility.wheelchair_paper.settled_on IS
    'The last day it counts, or the day on which it was refused or withdrawn.';
CREATE INDEX wheelchair_paper_old ON accessibility.wheelchair_paper (settled_on) WHERE settled_on IS NOT NULL;
CREATE INDEX wheelchair_paper_id ON accessibility.wheelchair_paper (id);
CREATE UNIQUE INDEX wheelchair_paper_one_waiting ON accessibility.wheelchair_paper (rider_id) WHERE status = 'waiting';
CREATE INDEX wheelchair_paper_waiting ON accessibility.wheelchair_paper (handed_in_at, id) WHERE status = 'waiting';

CREATE TABLE accessibility.favourite_place (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    place jsonb NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id)
);
COMMENT ON COLUMN accessibility.favourite_place.place IS 'latitude, longitude, district, label, address, directions';
"""


def upgrade() -> None:
    """New tables alone: nobody waits."""
    op.execute(RIDERS)


def downgrade() -> None:
    """Take them back."""
    for table in ("favourite_place", "wheelchair_paper", "entitlement", "rider"):
        op.execute(f"DROP TABLE accessibility.{table}")
