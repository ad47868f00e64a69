"""Who waits for a ride, rides that recur, what riders were reminded of, and who follows somebody's rides with them."""

from __future__ import annotations

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

# accessibility/waitlist/states.py and accessibility/series/states.py hold the same moves; a test compares them.
MOVES = {
    "wait": (
        ("", "waiting"),
        ("waiting", "offered"), ("waiting", "ended"),
        ("offered", "waiting"), ("offered", "accepting"), ("offered", "ended"),
        ("accepting", "ended"), ("accepting", "waiting"),
    ),
    "series": (("", "active"), ("active", "cancelled"), ("active", "over")),
    "series_day": (
        ("", "planned"),
        ("planned", "asking"), ("planned", "skipped"), ("planned", "cancelled"),
        ("asking", "bound"), ("asking", "waiting"), ("asking", "not_bound"), ("asking", "cancelled"),
        ("waiting", "bound"), ("waiting", "not_bound"), ("waiting", "cancelled"),
        ("bound", "cancelled"), ("bound", "waiting"),
    ),
}  # fmt: skip

WAITS = """
CREATE TABLE accessibility.waitlist_rule (
    valid_from timestamptz PRIMARY KEY,
    purposes_first text[] NOT NULL,
    accept_minutes integer NOT NULL CHECK (accept_minutes BETWEEN 2 AND 120),
    source text NOT NULL,
    is_confirmed boolean NOT NULL
);
COMMENT ON TABLE accessibility.waitlist_rule IS 'Who comes first and how long a place is kept; the newest that has begun counts.';
COMMENT ON COLUMN accessibility.waitlist_rule.purposes_first IS 'Purposes before all others; among equals whoever came first.';

CREATE TABLE accessibility.wait (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    booking_id uuid NOT NULL,
    request_ids uuid[] NOT NULL,
    status text NOT NULL,
    slot text NOT NULL,
    district text NOT NULL,
    place_in_rule integer NOT NULL,
    joined_at timestamptz NOT NULL,
    first_rank integer NOT NULL CHECK (first_rank > 0),
    wanted_at timestamptz NOT NULL,
    watched_until timestamptz NOT NULL,
    asked_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    offers integer NOT NULL DEFAULT 0,
    accept_by timestamptz,
    let_go_at timestamptz,
    first_offered_at timestamptz,
    ended_at timestamptz,
    why text NOT NULL DEFAULT '' CHECK (why IN ('', 'taken', 'over', 'withdrawn', 'booked')),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL)),
    CHECK (status NOT IN ('offered', 'accepting') OR accept_by IS NOT NULL),
    PRIMARY KEY (rider_id, id)
);
COMMENT ON COLUMN accessibility.wait.slot IS 'The hour in Taipei that is wanted (2026-11-23T09): who waits for the same hour is in one line.';
COMMENT ON COLUMN accessibility.wait.place_in_rule IS 'Before whom the rule puts it: a smaller number comes first, and then who joined first.';
COMMENT ON COLUMN accessibility.wait.first_rank IS 'The rank when it was joined, from 1.';
COMMENT ON COLUMN accessibility.wait.let_go_at IS 'When an offer lapsed that was not accepted: others come first for a while.';
COMMENT ON COLUMN accessibility.wait.tries IS 'How often the fleets were asked for it.';
COMMENT ON COLUMN accessibility.wait.request_ids IS 'The way there and perhaps the way back: both or none.';
CREATE UNIQUE INDEX wait_id ON accessibility.wait (id);
CREATE UNIQUE INDEX wait_of_booking ON accessibility.wait (booking_id) WHERE status <> 'ended';
CREATE INDEX wait_in_line ON accessibility.wait (slot, place_in_rule, joined_at, id) WHERE status <> 'ended';
CREATE INDEX wait_over ON accessibility.wait (watched_until) WHERE status <> 'ended';
CREATE INDEX wait_to_accept ON accessibility.wait (accept_by) WHERE status = 'offered';
CREATE INDEX wait_of_rider ON accessibility.wait (rider_id, joined_at DESC, id DESC);
CREATE INDEX wait_old ON accessibility.wait (ended_at) WHERE status = 'ended';

CREATE TABLE accessibility.wait_slot (
    slot text PRIMARY KEY,
    next_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    looked_at timestamptz
);
COMMENT ON TABLE accessibility.wait_slot IS 'When the fleets are asked again for those who wait for an hour; null: nobody does.';
CREATE INDEX wait_slot_due ON accessibility.wait_slot (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE accessibility.wait_outcome (
    hour integer NOT NULL CHECK (hour BETWEEN 0 AND 23),
    is_workday boolean NOT NULL,
    district text NOT NULL,
    rank_band integer NOT NULL CHECK (rank_band BETWEEN 1 AND 3),
    month date NOT NULL,
    waited integer NOT NULL DEFAULT 0,
    was_offered integer NOT NULL DEFAULT 0 CHECK (was_offered <= waited),
    PRIMARY KEY (hour, is_workday, district, rank_band, month)
);
COMMENT ON TABLE accessibility.wait_outcome IS 'How it went for those who waited, counted without whom: what a chance is reckoned from.';
"""

SERIES = """
CREATE TABLE accessibility.series (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    made_by uuid NOT NULL,
    basis text NOT NULL CHECK (basis IN ('self', 'agent', 'visit')),
    status text NOT NULL,
    weekdays integer[] NOT NULL CHECK (weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cardinality(weekdays) > 0),
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    skips_holidays boolean NOT NULL,
    wish jsonb NOT NULL,
    hour integer NOT NULL CHECK (hour BETWEEN 0 AND 23),
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (rider_id, id),
    CHECK (ends_on >= starts_on AND ends_on <= starts_on + 366)
);
COMMENT ON COLUMN accessibility.series.weekdays IS 'Monday is 1 (ISO 8601).';
COMMENT ON COLUMN accessibility.series.wish IS 'What is asked for on each of its days; times are of day, in Taipei.';
CREATE UNIQUE INDEX series_id ON accessibility.series (id);
CREATE INDEX series_of_rider ON accessibility.series (rider_id, made_at DESC, id DESC);

CREATE TABLE accessibility.series_day (
    rider_id uuid NOT NULL,
    series_id uuid NOT NULL,
    id uuid NOT NULL,
    day date NOT NULL,
    status text NOT NULL,
    reason text NOT NULL DEFAULT '',
    takes_a_share boolean NOT NULL,
    wanted_at timestamptz NOT NULL,
    opens_at timestamptz NOT NULL,
    next_at timestamptz,
    request_id uuid,
    booking_id uuid,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id),
    UNIQUE (series_id, day)
);
COMMENT ON COLUMN accessibility.series_day.takes_a_share IS
    'Whether it is counted against its hour of the own fleet; where the share was taken, other fleets are asked.';
COMMENT ON COLUMN accessibility.series_day.opens_at IS 'When the fleet that its rider likes best takes bookings for it.';
COMMENT ON COLUMN accessibility.series_day.next_at IS 'When there is something to do about it; whoever takes it up moves it on.';
CREATE INDEX series_day_due ON accessibility.series_day (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX series_day_of_booking ON accessibility.series_day (booking_id) WHERE booking_id IS NOT NULL;

CREATE TABLE accessibility.series_share (
    valid_from timestamptz PRIMARY KEY,
    most_percent integer NOT NULL CHECK (most_percent BETWEEN 0 AND 100),
    rides_an_hour integer NOT NULL CHECK (rides_an_hour > 0),
    source text NOT NULL,
    is_confirmed boolean NOT NULL
);
COMMENT ON TABLE accessibility.series_share IS 'How much of an hour of the own fleet recurring rides may take; the newest that has begun counts.';
COMMENT ON COLUMN accessibility.series_share.rides_an_hour IS 'What the own fleet can begin in one hour, all vehicles together.';

CREATE TABLE accessibility.series_hour (
    day date NOT NULL,
    hour integer NOT NULL,
    rides integer NOT NULL DEFAULT 0 CHECK (rides >= 0),
    PRIMARY KEY (day, hour)
);
COMMENT ON TABLE accessibility.series_hour IS 'How many recurring rides are counted against an hour.';

CREATE TABLE accessibility.holiday (
    day date PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    source text NOT NULL
);
COMMENT ON TABLE accessibility.holiday IS 'Days on which offices are closed, beside Saturdays and Sundays.';
"""

REMINDERS = """
CREATE TABLE accessibility.ride_reminder (
    ride_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('evening', 'return_waits', 'return_sought')),
    round integer NOT NULL DEFAULT 0,
    rider_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (ride_id, kind, round)
);
COMMENT ON TABLE accessibility.ride_reminder IS 'What a rider was reminded of: nobody is told twice.';
CREATE INDEX ride_reminder_old ON accessibility.ride_reminder (at);

CREATE TABLE accessibility.ready_return (
    ride_id uuid PRIMARY KEY,
    rider_id uuid NOT NULL,
    request_id uuid NOT NULL,
    ready_at timestamptz NOT NULL,
    next_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    called_at timestamptz,
    found_at timestamptz
);
COMMENT ON TABLE accessibility.ready_return IS 'Riders who are ready to go back: asked for again and again until a vehicle is found.';
CREATE INDEX ready_return_old ON accessibility.ready_return (ready_at);
CREATE INDEX ride_on_call ON accessibility.ride (booking_id) WHERE status = 'will_call';
CREATE INDEX ready_return_due ON accessibility.ready_return (next_at) WHERE next_at IS NOT NULL;
"""

FOLLOWERS = """
CREATE TABLE notify.ride_follower (
    rider_id uuid NOT NULL,
    follower_id uuid NOT NULL,
    delegation_id uuid NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (rider_id, follower_id)
);
COMMENT ON TABLE notify.ride_follower IS 'Who may see the rides of another by a delegation, and asked to be told of them, too.';
"""

# Medical trips open first by the rule of the own fleet; the law of the United States forbids such an order (49 CFR 37,
# appendix D) and has the share of recurring rides (37.133).
RULES = """
INSERT INTO accessibility.waitlist_rule (valid_from, purposes_first, accept_minutes, source, is_confirmed)
VALUES ('2025-01-01 00:00+08', '{medical}', 15,
        '高雄市復康巴士服務及收費辦法（就醫優先開放預約）；保留時間為本府設定', false);
INSERT INTO accessibility.series_share (valid_from, most_percent, rides_an_hour, source, is_confirmed)
VALUES ('2025-01-01 00:00+08', 50, 170, '49 CFR 37.133 為範本；每小時可發車數依車輛數設定', false);
INSERT INTO accessibility.holiday (day, name_zh, name_en, source)
SELECT day::date, zh, en, '紀念日及節日實施條例'
  FROM (VALUES
    ('2026-01-01', '開國紀念日', 'Founding Day'), ('2026-02-16', '農曆除夕', 'Lunar New Year''s Eve'),
    ('2026-02-17', '春節', 'Lunar New Year'), ('2026-02-18', '春節', 'Lunar New Year'),
    ('2026-02-19', '春節', 'Lunar New Year'), ('2026-02-28', '和平紀念日', 'Peace Memorial Day'),
    ('2026-04-04', '兒童節', 'Children''s Day'), ('2026-04-05', '清明節', 'Tomb Sweeping Day'),
    ('2026-05-01', '勞動節', 'Labour Day'), ('2026-06-19', '端午節', 'Dragon Boat Festival'),
    ('2026-09-25', '中秋節', 'Mid-Autumn Festival'), ('2026-09-28', '孔子誕辰紀念日', 'Confucius'' Birthday'),
    ('2026-10-10', '國慶日', 'National Day'), ('2026-10-25', '臺灣光復節', 'Retrocession Day'),
    ('2026-12-25', '行憲紀念日', 'Constitution Day'),
    ('2027-01-01', '開國紀念日', 'Founding Day'), ('2027-02-05', '農曆除夕', 'Lunar New Year''s Eve'),
    ('2027-02-06', '春節', 'Lunar New Year'), ('2027-02-07', '春節', 'Lunar New Year'),
    ('2027-02-08', '春節', 'Lunar New Year'), ('2027-02-28', '和平紀念日', 'Peace Memorial Day'),
    ('2027-04-04', '兒童節', 'Children''s Day'), ('2027-04-05', '清明節', 'Tomb Sweeping Day'),
    ('2027-05-01', '勞動節', 'Labour Day'), ('2027-06-09', '端午節', 'Dragon Boat Festival'),
    ('2027-09-15', '中秋節', 'Mid-Autumn Festival'), ('2027-09-28', '孔子誕辰紀念日', 'Confucius'' Birthday'),
    ('2027-10-10', '國慶日', 'National Day'), ('2027-10-25', '臺灣光復節', 'Retrocession Day'),
    ('2027-12-25', '行憲紀念日', 'Constitution Day')
  ) AS known (day, zh, en);
"""

TABLES = (
    "ready_return", "ride_reminder", "holiday", "series_hour", "series_share", "series_day", "series", "wait_outcome",
    "wait_slot", "wait", "waitlist_rule",
)  # fmt: skip


def upgrade() -> None:
    """New tables alone: nobody waits."""
    for statements in (WAITS, SERIES, REMINDERS, FOLLOWERS, RULES):
        op.execute(statements)
    for machine, moves in MOVES.items():
        rows = ", ".join(f"('{machine}', '{source}', '{target}')" for source, target in moves)
        op.execute(f"INSERT INTO accessibility.move (machine, source, target) VALUES {rows}")
        op.execute(
            f"""
            CREATE TRIGGER {machine}_begins AFTER INSERT ON accessibility.{machine}
                FOR EACH ROW EXECUTE FUNCTION accessibility.moves();
            CREATE TRIGGER {machine}_moves AFTER UPDATE OF status ON accessibility.{machine}
                FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION accessibility.moves();
            """
        )


def downgrade() -> None:
    """Remove them, with everything in them."""
    op.execute("DROP TABLE notify.ride_follower")
    op.execute("DROP INDEX accessibility.ride_on_call")
    for table in TABLES:
        op.execute(f"DROP TABLE accessibility.{table}")
    for machine in MOVES:
        op.execute(f"DELETE FROM accessibility.move WHERE machine = '{machine}'")
