"""Lots at scale: expiry in an order that a pass can go on from, warnings before it, and ends that are moved."""

from __future__ import annotations

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

# What has ended is gone through by end, person and lot: the sweep goes on after the last one that it did.
INDEXES = (
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS lot_ending ON points.lot (expires_at, person_id, id) WHERE remaining > 0",
    "DROP INDEX CONCURRENTLY IF EXISTS points.lot_due",
)

WARNINGS = """
CREATE TABLE points.expiry_warning (
    person_id uuid NOT NULL,
    last_day date NOT NULL,
    days smallint NOT NULL CHECK (days IN (30, 7, 1)),
    points bigint NOT NULL CHECK (points > 0),
    warned_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, last_day, days)
);
COMMENT ON TABLE points.expiry_warning IS 'Who was told how many days ahead of points that end on that day in Taipei.';

CREATE TABLE points.warning_pass (
    day date PRIMARY KEY,
    upto_end timestamptz NOT NULL,
    upto_person uuid NOT NULL,
    done_at timestamptz
);
COMMENT ON TABLE points.warning_pass IS 'How far the warnings of a day have come; a pass that was killed goes on there.';
"""

EXTENSIONS = """
CREATE TABLE points.extension (
    id uuid PRIMARY KEY,
    person_id uuid,
    bureau text,
    campaign_id uuid REFERENCES points.campaign,
    first_day date NOT NULL,
    last_day date NOT NULL,
    until_day date NOT NULL,
    reason_zh text NOT NULL CHECK (length(reason_zh) BETWEEN 1 AND 200),
    reason_en text NOT NULL CHECK (length(reason_en) BETWEEN 1 AND 200),
    status text NOT NULL CHECK (status IN ('proposed', 'approved', 'done', 'refused')),
    people bigint NOT NULL,
    lots bigint NOT NULL,
    points bigint NOT NULL,
    lapsed_points bigint NOT NULL,
    approval_id uuid,
    proposed_at timestamptz NOT NULL,
    approved_at timestamptz,
    done_at timestamptz,
    CHECK (num_nonnulls(person_id, bureau, campaign_id) = 1),
    CHECK (first_day <= last_day AND last_day < until_day)
);
COMMENT ON TABLE points.extension IS 'Lots that end between two days get a later last day: a decision of two officers.';
COMMENT ON COLUMN points.extension.lapsed_points IS 'Of the points as proposed: those that had lapsed and come back.';
CREATE INDEX extension_open ON points.extension (approved_at) WHERE status = 'approved';

CREATE TABLE points.extended_lot (
    person_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    extension_id uuid NOT NULL REFERENCES points.extension,
    points bigint NOT NULL CHECK (points > 0),
    revived bigint NOT NULL CHECK (revived BETWEEN 0 AND points),
    ended_before timestamptz NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, lot_id, extension_id)
);

ALTER TABLE points.entry
    DROP CONSTRAINT entry_kind_check,
    DROP CONSTRAINT entry_sign,
    ADD CONSTRAINT entry_kind_check CHECK (kind IN ('earn', 'reverse', 'expire', 'restore', 'owe', 'repay',
                                                    'repaid', 'spend', 'return', 'extend')) NOT VALID,
    ADD CONSTRAINT entry_sign CHECK ((amount > 0) = (kind IN ('earn', 'restore', 'repaid', 'return', 'extend')))
        NOT VALID;
"""
PROVEN = (
    "ALTER TABLE points.entry VALIDATE CONSTRAINT entry_kind_check",
    "ALTER TABLE points.entry VALIDATE CONSTRAINT entry_sign",
)


def upgrade() -> None:
    """Build the tables; prove the checks and build the index without a lock that others wait for."""
    for statements in (WARNINGS, EXTENSIONS):
        op.execute(statements)
    with op.get_context().autocommit_block():
        for statement in (*PROVEN, *INDEXES):
            op.execute(statement)


def downgrade() -> None:
    """Remove the tables; refused while a history has points that came back by an extension."""
    op.execute(
        """
        DROP TABLE points.extended_lot, points.extension, points.warning_pass, points.expiry_warning;
        ALTER TABLE points.entry
            DROP CONSTRAINT entry_kind_check,
            DROP CONSTRAINT entry_sign,
            ADD CONSTRAINT entry_kind_check CHECK (kind IN ('earn', 'reverse', 'expire', 'restore', 'owe', 'repay',
                                                            'repaid', 'spend', 'return')),
            ADD CONSTRAINT entry_sign CHECK ((amount > 0) = (kind IN ('earn', 'restore', 'repaid', 'return')));
        CREATE INDEX lot_due ON points.lot (expires_at) WHERE remaining > 0;
        DROP INDEX points.lot_ending;
        """
    )
