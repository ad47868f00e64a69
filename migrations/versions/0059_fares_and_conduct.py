"""Fares, quotas, no-show points, appeals, ratings and what was left behind."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

FARES = """
CREATE SCHEMA IF NOT EXISTS accessibility;

CREATE TABLE accessibility.fare_rule (
    kind text NOT NULL CHECK (kind IN ('price', 'meter', 'subsidy', 'quota', 'promise', 'companions')),
    subject text NOT NULL,
    valid_from timestamptz NOT NULL,
    terms jsonb NOT NULL,
    source text NOT NULL CHECK (source <> ''),
    is_confirmed boolean NOT NULL,
    open_questions text[] NOT NULL DEFAULT '{}',
    note text NOT NULL DEFAULT '',
    PRIMARY KEY (kind, subject, valid_from)
);
COMMENT ON TABLE accessibility.fare_rule IS 'The newest that has begun counts; subject * is everybody without one of their own.';
COMMENT ON COLUMN accessibility.fare_rule.open_questions IS 'Terms that nobody has confirmed: used, and never stated as facts.';

CREATE TABLE accessibility.quota_use (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    ride_id uuid NOT NULL,
    card text NOT NULL CHECK (card IN ('disability', 'senior')),
    period text NOT NULL CHECK (period ~ '^[0-9]{4}(-[0-9]{2})?$'),
    points bigint NOT NULL CHECK (points <> 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id)
);
COMMENT ON COLUMN accessibility.quota_use.points IS 'Positive: used; negative: given back. One point is one NT$.';
CREATE INDEX quota_use_of_period ON accessibility.quota_use (rider_id, card, period);
CREATE INDEX quota_use_of_ride ON accessibility.quota_use (rider_id, ride_id);

CREATE TABLE accessibility.ride_fare (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    ride_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    fleet text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ride', 'late_cancel')),
    stated_twd bigint NOT NULL CHECK (stated_twd >= 0),
    rider_pays_twd bigint NOT NULL CHECK (rider_pays_twd >= 0),
    quota_twd bigint NOT NULL CHECK (quota_twd >= 0),
    fare jsonb NOT NULL,
    minutes_over integer NOT NULL CHECK (minutes_over >= 0),
    paid_by text NOT NULL CHECK (paid_by IN ('bill', 'driver', 'nobody')),
    reason text NOT NULL DEFAULT '',
    decided_by uuid,
    settled_at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id),
    UNIQUE (ride_id, version),
    CHECK ((paid_by = 'nobody') = (rider_pays_twd = 0))
);
COMMENT ON TABLE accessibility.ride_fare IS 'What a ride came to; the newest version counts, and none is more than the one before. Append-only.';
COMMENT ON COLUMN accessibility.ride_fare.stated_twd IS 'What the fleet says it costs, before anything is taken off.';
COMMENT ON COLUMN accessibility.ride_fare.minutes_over IS 'By how much the ride took longer than was promised.';
CREATE INDEX ride_fare_settled ON accessibility.ride_fare (settled_at DESC, id DESC) WHERE version = 1;

CREATE FUNCTION accessibility.refuse_fare_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
CREATE TRIGGER ride_fare_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON accessibility.ride_fare
    FOR EACH STATEMENT EXECUTE FUNCTION accessibility.refuse_fare_change();
CREATE TRIGGER quota_use_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON accessibility.quota_use
    FOR EACH STATEMENT EXECUTE FUNCTION accessibility.refuse_fare_change();
"""

CONDUCT = """
CREATE TABLE accessibility.conduct_rule (
    valid_from timestamptz PRIMARY KEY,
    terms jsonb NOT NULL,
    source text NOT NULL CHECK (source <> ''),
    is_confirmed boolean NOT NULL,
    note text NOT NULL DEFAULT ''
);
COMMENT ON TABLE accessibility.conduct_rule IS 'How points are counted; the newest that has begun.';

CREATE TABLE accessibility.conduct_point (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    ride_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('no_show', 'late_cancel')),
    fleet text NOT NULL,
    points integer NOT NULL CHECK (points >= 0),
    counts boolean NOT NULL,
    why text NOT NULL,
    happened_at timestamptz NOT NULL,
    counts_until timestamptz NOT NULL,
    recorded_by uuid,
    recorded_at timestamptz NOT NULL,
    lifted_at timestamptz,
    PRIMARY KEY (rider_id, id),
    UNIQUE (ride_id, kind),
    CHECK (counts OR points = 0)
);
COMMENT ON COLUMN accessibility.conduct_point.why IS 'Why it counts, or whose fault it was instead.';
COMMENT ON COLUMN accessibility.conduct_point.recorded_by IS 'The officer who wrote it down; null: a fleet told of it.';
CREATE INDEX conduct_point_id ON accessibility.conduct_point (id);
CREATE INDEX conduct_point_past ON accessibility.conduct_point (counts_until);
CREATE INDEX conduct_point_of_rider ON accessibility.conduct_point (rider_id, happened_at DESC);

CREATE TABLE accessibility.ride_appeal (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    point_id uuid NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('open', 'granted', 'refused')),
    reason_sealed bytea NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    decided_by uuid,
    decision_sealed bytea,
    decided_at timestamptz,
    PRIMARY KEY (rider_id, id),
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decision_sealed IS NULL))
);
CREATE INDEX ride_appeal_by_age ON accessibility.ride_appeal (status, asked_at, id);
CREATE UNIQUE INDEX ride_appeal_id ON accessibility.ride_appeal (id);

CREATE TABLE accessibility.refusal (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    fleet text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id)
);
COMMENT ON TABLE accessibility.refusal IS 'A fleet said no to a rider; its id is the event''s.';
CREATE INDEX refusal_at ON accessibility.refusal (at);

CREATE SCHEMA complaints;
CREATE TABLE complaints.complaint (
    rider_index bytea NOT NULL,
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('late', 'driver', 'vehicle', 'booking', 'pooling', 'fare', 'other')),
    sealed bytea NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'answered')),
    made_at timestamptz NOT NULL,
    answered_by uuid,
    answered_at timestamptz,
    CHECK ((status = 'answered') = (answered_at IS NOT NULL AND answered_by IS NOT NULL))
);
COMMENT ON TABLE complaints.complaint IS 'Who complained is a keyed index and sealed: no join from a rider finds a row here.';
CREATE INDEX complaint_of_rider ON complaints.complaint (rider_index, made_at DESC);
CREATE INDEX complaint_answered ON complaints.complaint (answered_at) WHERE answered_at IS NOT NULL;
CREATE INDEX complaint_by_age ON complaints.complaint (status, made_at, id);
"""

AFTER = """
CREATE TABLE accessibility.ride_rating (
    rider_id uuid NOT NULL,
    ride_id uuid NOT NULL,
    fleet text NOT NULL,
    stars integer NOT NULL CHECK (stars BETWEEN 1 AND 5),
    words_sealed bytea,
    rated_at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, ride_id)
);

CREATE TABLE accessibility.found_item (
    id uuid PRIMARY KEY,
    fleet text NOT NULL,
    vehicle_number text NOT NULL DEFAULT '',
    what text NOT NULL,
    kept_at text NOT NULL,
    found_on date NOT NULL,
    status text NOT NULL CHECK (status IN ('kept', 'matched', 'handed_over')),
    written_by uuid NOT NULL,
    written_at timestamptz NOT NULL
);
CREATE INDEX found_item_kept ON accessibility.found_item (status, found_on, id);

CREATE TABLE accessibility.lost_item (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    ride_id uuid NOT NULL,
    fleet text NOT NULL,
    what text NOT NULL,
    status text NOT NULL CHECK (status IN ('sought', 'found', 'handed_over', 'not_found', 'withdrawn')),
    found_id uuid UNIQUE REFERENCES accessibility.found_item,
    reported_by uuid NOT NULL,
    reported_at timestamptz NOT NULL,
    found_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (rider_id, id),
    CHECK ((status IN ('found', 'handed_over')) = (found_id IS NOT NULL)),
    CHECK ((status IN ('handed_over', 'not_found', 'withdrawn')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX lost_item_id ON accessibility.lost_item (id);
CREATE INDEX lost_item_of_ride ON accessibility.lost_item (rider_id, ride_id);
CREATE INDEX lost_item_ended ON accessibility.lost_item (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX lost_item_by_age ON accessibility.lost_item (status, reported_at, id);
"""

FIRST_CONDUCT_RULE = """
INSERT INTO accessibility.conduct_rule (valid_from, terms, source, is_confirmed, note) VALUES
('2024-06-01 00:00+08', '{
    "no_show_points": 2, "window_days": 90, "limit_points": 6, "suspended_days": 14, "suspends": false,
    "waits_minutes": 5, "appeal_days": 30}',
 '2024 年 6 月起臨時取消記點；點數、門檻與停權天數尚待主管機關確認', false,
 'Since June 2024 late cancellations have points; how many, and what follows, is not known: nobody is suspended by these values.');
"""

FIRST_RULES = """
INSERT INTO accessibility.fare_rule (kind, subject, valid_from, terms, source, is_confirmed, open_questions, note) VALUES
('price', 'rehabus', '2025-10-01 00:00+08', '{
    "shares": {"alone": [1, 2], "low_income": [1, 3], "pooled_part": [1, 3], "pooled_whole": [1, 4]},
    "zh": "日間計程車資", "en": "Day taxi fare"}',
 '高雄市復康巴士服務及收費辦法；收費比例依 2025 年 10 月報導', true, '{rounding,low_income_pooled,tolls}',
 'Rounded down. Low income and pooled at once: the least of the shares. Tolls are part of what the fleet states.'),
('price', '*', '2025-10-01 00:00+08', '{"zh": "計程車資", "en": "Taxi fare"}',
 '計程車費率依車隊所報', true, '{}', ''),
('meter', 'kaohsiung', '2025-10-01 00:00+08', '{
    "flag_fall_twd": 85, "flag_fall_metres": 1500, "step_twd": 5, "step_metres": 250, "slow_step_seconds": 180,
    "night": {"from": "23:00", "until": "06:00", "percent": 20},
    "holidays": [{"first": "2026-02-13", "last": "2026-02-22", "twd": 50}]}',
 '夜間與春節加成依 2026 年報導；起跳與續跳金額尚待確認', true,
 '{flag_fall_twd,flag_fall_metres,step_twd,step_metres,slow_step_seconds}',
 'Flag fall and steps come from a weak source and serve estimates alone.'),
('subsidy', 'rehabus', '2016-01-01 00:00+08', '{"is_on": false, "bands": [{"pays": 0}]}',
 '復康巴士以負擔比例計價，不另補貼', true, '{}', ''),
('subsidy', '*', '2016-01-01 00:00+08', '{
    "is_on": false, "bands": [{"up_to": 100, "pays": 36}, {"up_to": 200, "pays": 54}, {"pays": 72}]}',
 '通用計程車乘車補貼（2016 年起）', false, '{is_on}',
 'Whether the table still holds beside the points of the cards is not known, so it is off.'),
('quota', 'disability', '2025-10-01 00:00+08', '{
    "points": 900, "per": "month", "not_at": ["rehabus"], "zh": "博愛卡點數", "en": "Points of the disability card"}',
 '博愛卡每月 900 點，1 點 1 元（2025 年 10 月報導）', true, '{not_at}',
 'Whether the points pay for the Rehabus is not known.'),
('quota', 'senior', '2025-10-01 00:00+08', '{
    "points": 1200, "per": "year", "most_a_trip": 50, "not_at": ["rehabus"],
    "zh": "敬老卡點數", "en": "Points of the senior card"}',
 '敬老卡每年 1,200 點，計程車每趟最多 50 點（2025 年 10 月報導）', true, '{not_at}',
 'Whether the points pay for the Rehabus is not known.'),
('promise', '*', '2025-10-01 00:00+08', '{
    "bands": [{"minutes_over": 1, "percent": 50}, {"minutes_over": 15, "percent": 100}]}',
 '車程承諾為本服務的提案，比例由主管機關決定', false, '{bands}',
 'What part of the rider''s fare is not charged when the ride took longer than was promised.'),
('companions', '*', '2021-12-30 00:00+08', '{"necessary": 1, "service_dog_twd": 0,
    "zh": "車資按趟計算：一位必要陪伴者享同樣優惠，導盲犬等合格犬隻不收費",
    "en": "The fare is for the ride: one necessary companion has the same discount, a service dog is never charged"}',
 '身心障礙者權益保障法第 58、60 條；身心障礙者個人照顧服務辦法第 72 至 77 條', true, '{}', '');
"""


# Fares cost the payer no fee: no source says that a platform may take one. Stores are not asked to collect them.
PAYING = """
INSERT INTO wallet.tariff (rail, bill_kind, fee_twd, valid_from, source, city_flat_twd, city_basis_points, city_source)
SELECT rail, 'ride', 0, valid_from, 'assumption: the city bears it, as for parking', city_flat_twd, city_basis_points,
       city_source
  FROM wallet.tariff
 WHERE bill_kind = 'parking' AND valid_until IS NULL AND rail NOT IN ('store_barcode', 'twqr')
ON CONFLICT (rail, bill_kind, valid_from) DO NOTHING;

INSERT INTO wallet.refund_reason (code, is_for_citizens, is_for_officers, proof, returns_fee, reopens_bill, source)
VALUES ('ride_fare_lowered', false, false, 'none', false, false, 'a fare that is corrected comes back by itself, free')
ON CONFLICT (code) DO NOTHING;
"""


def upgrade() -> None:
    """Bills may be fares of rides from here on; nothing else of it was there before."""
    live.check("wallet.bill", "bill_bureau_check", "bureau IN ('parking', 'fines', 'transport')")
    live.check("wallet.bill", "bill_kind_check", "kind IN ('parking', 'fine', 'ride')")
    op.execute(PAYING)
    op.execute(FARES)
    op.execute(FIRST_RULES)
    op.execute(CONDUCT)
    op.execute(FIRST_CONDUCT_RULE)
    op.execute(AFTER)


def downgrade() -> None:
    """Forget all of it; bills of rides have to be gone before."""
    op.execute(
        """
        DROP TABLE accessibility.lost_item, accessibility.found_item, accessibility.ride_rating;
        DROP SCHEMA complaints CASCADE;
        DROP TABLE accessibility.refusal, accessibility.ride_appeal, accessibility.conduct_point,
            accessibility.conduct_rule;
        DROP TABLE accessibility.ride_fare, accessibility.quota_use, accessibility.fare_rule;
        DROP FUNCTION accessibility.refuse_fare_change;
        DELETE FROM wallet.refund_reason WHERE code = 'ride_fare_lowered';
        DELETE FROM wallet.tariff WHERE bill_kind = 'ride';
        ALTER TABLE wallet.bill DROP CONSTRAINT bill_bureau_check, DROP CONSTRAINT bill_kind_check,
            ADD CONSTRAINT bill_bureau_check CHECK (bureau IN ('parking', 'fines')),
            ADD CONSTRAINT bill_kind_check CHECK (kind IN ('parking', 'fine'));
        """
    )
