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


def downgrade() -> None:
    """Forget all of it."""
    op.execute("DROP TABLE accessibility.quota_use, accessibility.fare_rule")
