"""The city's own vans: depots, vans, drivers, rosters, tours with their stops, orders, and what happened to them."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

VANS = """
CREATE SCHEMA IF NOT EXISTS accessibility;

CREATE TABLE IF NOT EXISTS accessibility.depot (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9_]{1,30}$'),
    label text NOT NULL,
    label_en text NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    district text
);
COMMENT ON TABLE accessibility.depot IS 'Where vans of the city begin and end their day.';

CREATE TABLE IF NOT EXISTS accessibility.van (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number ~ '^[A-Z0-9-]{2,12}$'),
    plate text NOT NULL UNIQUE,
    model text NOT NULL,
    depot_id uuid NOT NULL REFERENCES accessibility.depot,
    layouts jsonb NOT NULL,
    chair_width_mm integer NOT NULL CHECK (chair_width_mm > 0),
    chair_length_mm integer NOT NULL CHECK (chair_length_mm > 0),
    chair_mass_kg integer NOT NULL CHECK (chair_mass_kg > 0),
    has_lift boolean NOT NULL,
    has_ramp boolean NOT NULL,
    features text[] NOT NULL DEFAULT '{}',
    broken_at timestamptz,
    broken_why text NOT NULL DEFAULT '',
    retired_at timestamptz,
    latitude double precision,
    longitude double precision,
    seen_at timestamptz,
    CONSTRAINT van_seen_somewhere CHECK ((seen_at IS NULL) = (latitude IS NULL) AND (seen_at IS NULL) = (longitude IS NULL))
);
COMMENT ON COLUMN accessibility.van.layouts IS 'The ways in which the floor can be used: [[wheelchairs, seats], …].';
COMMENT ON COLUMN accessibility.van.features IS 'Functions that not every van has, such as oxygen (O).';

CREATE TABLE IF NOT EXISTS accessibility.van_driver (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number ~ '^[0-9]{2,6}$'),
    name text NOT NULL,
    phone text NOT NULL CHECK (phone ~ '^0[0-9]{8,9}$'),
    pin_hash text NOT NULL,
    left_at timestamptz
);

CREATE TABLE IF NOT EXISTS accessibility.van_roster (
    id uuid PRIMARY KEY,
    van_id uuid NOT NULL REFERENCES accessibility.van,
    driver_id uuid NOT NULL REFERENCES accessibility.van_driver,
    weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    begins time NOT NULL,
    ends time NOT NULL CHECK (ends > begins),
    breaks jsonb NOT NULL DEFAULT '[]',
    valid_from date NOT NULL,
    valid_until date CHECK (valid_until >= valid_from),
    UNIQUE (van_id, weekday, begins, valid_from)
);
COMMENT ON TABLE accessibility.van_roster IS 'The week that repeats, in Taipei time; the shifts of a day are made of it.';
COMMENT ON COLUMN accessibility.van_roster.weekday IS '0 is Monday.';
COMMENT ON COLUMN accessibility.van_roster.breaks IS '[["from", "until", minutes], …]: a rest taken in that window.';
CREATE INDEX IF NOT EXISTS van_roster_day ON accessibility.van_roster (weekday, valid_from);
"""

TOURS = """
CREATE TABLE IF NOT EXISTS accessibility.van_day (
    day date PRIMARY KEY,
    made_at timestamptz NOT NULL
);
COMMENT ON TABLE accessibility.van_day IS 'Days whose shifts have been made of the roster.';

CREATE TABLE IF NOT EXISTS accessibility.van_tour (
    id uuid PRIMARY KEY,
    van_id uuid NOT NULL REFERENCES accessibility.van,
    driver_id uuid NOT NULL REFERENCES accessibility.van_driver,
    day date NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'broken', 'over')),
    version integer NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL,
    UNIQUE (van_id, starts_at)
);
COMMENT ON TABLE accessibility.van_tour IS 'A shift of a van on a day. `version` grows with every change of its plan.';
CREATE INDEX IF NOT EXISTS van_tour_day ON accessibility.van_tour (day);

CREATE TABLE IF NOT EXISTS accessibility.van_offer (
    offer text PRIMARY KEY,
    trip text NOT NULL,
    tour_id uuid NOT NULL,
    wish jsonb NOT NULL,
    promise jsonb NOT NULL,
    price_twd integer NOT NULL,
    lapses_at timestamptz NOT NULL
);
COMMENT ON TABLE accessibility.van_offer IS 'What was offered and holds nothing: the trip with the promise it would be given.';
CREATE INDEX IF NOT EXISTS van_offer_lapses ON accessibility.van_offer (lapses_at);

CREATE TABLE IF NOT EXISTS accessibility.van_order_move (source text NOT NULL, target text NOT NULL, PRIMARY KEY (source, target));
COMMENT ON TABLE accessibility.van_order_move IS 'From which state an order may go to which; every other move is refused.';
INSERT INTO accessibility.van_order_move (source, target) VALUES
    ('held', 'bound'), ('held', 'lapsed'), ('held', 'cancelled'),
    ('bound', 'on_the_way'), ('bound', 'at_door'), ('bound', 'cancelled'),
    ('on_the_way', 'at_door'), ('on_the_way', 'bound'), ('on_the_way', 'cancelled'),
    ('at_door', 'aboard'), ('at_door', 'no_show'), ('at_door', 'cancelled'), ('at_door', 'bound'),
    ('aboard', 'done'), ('aboard', 'bound')
ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS accessibility.van_order (
    id uuid PRIMARY KEY,
    trip text NOT NULL,
    fleet_order text NOT NULL UNIQUE,
    state text NOT NULL,
    day date NOT NULL,
    tour_id uuid REFERENCES accessibility.van_tour,
    wish jsonb NOT NULL,
    promise jsonb NOT NULL,
    told_promise jsonb,
    pick_up_at timestamptz NOT NULL,
    price_twd integer NOT NULL CHECK (price_twd >= 0),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    held_until timestamptz,
    bound_at timestamptz,
    customer bytea,
    shown_in uuid,
    place_wanted_until timestamptz,
    late_told_minutes integer NOT NULL DEFAULT 0,
    aboard_at timestamptz,
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('fleet', 'city')),
    reason text NOT NULL DEFAULT '',
    CONSTRAINT van_order_held_until CHECK (state <> 'held' OR held_until IS NOT NULL),
    CONSTRAINT van_order_unbound_is_nobodys CHECK (bound_at IS NOT NULL OR customer IS NULL)
);
COMMENT ON TABLE accessibility.van_order IS
    'A ride that was asked of the city''s vans under the reference `trip`. Who rides is told after it is bound, sealed.';
COMMENT ON COLUMN accessibility.van_order.promise IS 'What the rider was promised: a limit of every later plan.';
COMMENT ON COLUMN accessibility.van_order.told_promise IS 'What the rider was told, where an override has widened the limit.';
COMMENT ON COLUMN accessibility.van_order.shown_in IS 'The driver''s session in which who rides was shown last, and so noted.';
COMMENT ON COLUMN accessibility.van_order.place_wanted_until IS 'It has lost its van; until then another is looked for.';
CREATE UNIQUE INDEX IF NOT EXISTS van_order_live ON accessibility.van_order (trip)
    WHERE state NOT IN ('lapsed', 'cancelled', 'no_show', 'done');
CREATE INDEX IF NOT EXISTS van_order_trip ON accessibility.van_order (trip);
CREATE INDEX IF NOT EXISTS van_order_day ON accessibility.van_order (day);
CREATE INDEX IF NOT EXISTS van_order_held ON accessibility.van_order (held_until) WHERE state = 'held';
CREATE INDEX IF NOT EXISTS van_order_told ON accessibility.van_order (ended_at) WHERE customer IS NOT NULL;
CREATE INDEX IF NOT EXISTS van_order_homeless ON accessibility.van_order (place_wanted_until) WHERE place_wanted_until IS NOT NULL;

CREATE OR REPLACE FUNCTION accessibility.van_order_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accessibility.van_order_move WHERE source = OLD.state AND target = NEW.state) THEN
        RAISE EXCEPTION 'an order does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', DETAIL = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER van_order_moves AFTER UPDATE OF state ON accessibility.van_order
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION accessibility.van_order_moves();

CREATE TABLE IF NOT EXISTS accessibility.van_stop (
    id uuid PRIMARY KEY,
    tour_id uuid NOT NULL REFERENCES accessibility.van_tour,
    order_id uuid REFERENCES accessibility.van_order,
    kind text NOT NULL CHECK (kind IN ('pickup', 'dropoff', 'break')),
    position integer NOT NULL,
    window_starts_at timestamptz NOT NULL,
    window_ends_at timestamptz NOT NULL CHECK (window_ends_at >= window_starts_at),
    seconds integer NOT NULL CHECK (seconds >= 0),
    planned_at timestamptz NOT NULL,
    expected_at timestamptz NOT NULL,
    arrived_at timestamptz,
    left_at timestamptz,
    outcome text CHECK (outcome IN ('done', 'no_show', 'cancelled')),
    CONSTRAINT van_stop_break_is_nobodys CHECK ((kind = 'break') = (order_id IS NULL)),
    CONSTRAINT van_stop_left CHECK ((outcome IS NULL) = (left_at IS NULL))
);
COMMENT ON COLUMN accessibility.van_stop.planned_at IS 'When it begins by the plan that keeps every promise.';
COMMENT ON COLUMN accessibility.van_stop.expected_at IS 'When it will, by how the day goes.';
CREATE INDEX IF NOT EXISTS van_stop_tour ON accessibility.van_stop (tour_id, position);
CREATE INDEX IF NOT EXISTS van_stop_order ON accessibility.van_stop (order_id);
"""

WRITTEN_DOWN = """
CREATE TABLE IF NOT EXISTS accessibility.van_telegram (
    id uuid PRIMARY KEY,
    trip text NOT NULL,
    said_hash bytea NOT NULL,
    answer jsonb NOT NULL,
    answered_at timestamptz NOT NULL
);
COMMENT ON TABLE accessibility.van_telegram IS 'What was answered to which telegram: the same id again gets the same answer.';
CREATE INDEX IF NOT EXISTS van_telegram_answered ON accessibility.van_telegram (answered_at);

CREATE TABLE IF NOT EXISTS accessibility.van_shut (
    trip text PRIMARY KEY,
    shut_at timestamptz NOT NULL
);
COMMENT ON TABLE accessibility.van_shut IS 'References that were given up: a hold that comes later is refused.';
CREATE INDEX IF NOT EXISTS van_shut_at ON accessibility.van_shut (shut_at);

CREATE TABLE IF NOT EXISTS accessibility.van_event (
    id uuid PRIMARY KEY,
    day date NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    van_id uuid,
    tour_id uuid,
    order_id uuid,
    by_kind text NOT NULL CHECK (by_kind IN ('fleet', 'city', 'driver', 'officer')),
    by_id uuid,
    reason text NOT NULL DEFAULT '',
    data jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE accessibility.van_event IS 'What happened on a day, in the order in which it did: a day can be looked at again.';
CREATE INDEX IF NOT EXISTS van_event_day ON accessibility.van_event (day, at, id);
CREATE INDEX IF NOT EXISTS van_event_position ON accessibility.van_event (van_id, at) WHERE kind = 'position';
CREATE INDEX IF NOT EXISTS van_event_order ON accessibility.van_event (order_id) WHERE order_id IS NOT NULL;
CREATE OR REPLACE TRIGGER van_event_is_final BEFORE UPDATE ON accessibility.van_event
    FOR EACH ROW EXECUTE FUNCTION accessibility.refuse_change_of_event();

CREATE TABLE IF NOT EXISTS accessibility.van_session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    van_id uuid NOT NULL REFERENCES accessibility.van,
    driver_id uuid NOT NULL REFERENCES accessibility.van_driver,
    tour_id uuid NOT NULL REFERENCES accessibility.van_tour,
    begun_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX IF NOT EXISTS van_session_ends ON accessibility.van_session (ends_at);
CREATE INDEX IF NOT EXISTS van_session_van ON accessibility.van_session (van_id) WHERE ended_at IS NULL;

CREATE TABLE IF NOT EXISTS accessibility.van_road (
    from_latitude integer NOT NULL,
    from_longitude integer NOT NULL,
    to_latitude integer NOT NULL,
    to_longitude integer NOT NULL,
    detour double precision NOT NULL CHECK (detour BETWEEN 1 AND 4),
    counts_from date NOT NULL,
    learned_at timestamptz NOT NULL,
    PRIMARY KEY (from_latitude, from_longitude, to_latitude, to_longitude)
);
COMMENT ON TABLE accessibility.van_road IS
    'How much longer the road is than the great circle between two squares (hundredths of degrees), and from which day.';

CREATE TABLE IF NOT EXISTS accessibility.van_wrong_try (
    subject text PRIMARY KEY,
    used integer NOT NULL,
    resets_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS van_wrong_try_resets ON accessibility.van_wrong_try (resets_at);
"""
FINAL = """
CREATE SCHEMA IF NOT EXISTS accessibility;
CREATE OR REPLACE FUNCTION accessibility.refuse_change_of_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what happened on a day is not changed' USING ERRCODE = 'restrict_violation';
END $$;
"""
ROLES = """
    cardinality(roles) > 0 AND roles <@ ARRAY['finance', 'auditor', 'bureau_officer', 'counter', 'operator', 'registrar',
                                              'editor', 'publisher', 'duty_officer', 'points_officer', 'dispatcher',
                                              'mobility']
"""


def upgrade() -> None:
    """Make the tables; let officers be dispatchers or decide on mobility, and write down what drivers are shown."""
    op.execute(FINAL)
    op.execute(VANS)
    op.execute(TOURS)
    op.execute(WRITTEN_DOWN)
    live.check("identity.officer", "officer_roles_check", ROLES)
    live.check(
        "identity.access_log", "access_log_actor_kind_check", "actor_kind IN ('officer', 'bureau', 'citizen', 'driver')"
    )


def downgrade() -> None:
    """Take the tables away; officers keep what they are."""
    op.execute(
        """
        DROP TABLE accessibility.van_road, accessibility.van_wrong_try, accessibility.van_session, accessibility.van_event, accessibility.van_shut,
            accessibility.van_telegram, accessibility.van_stop, accessibility.van_order, accessibility.van_order_move,
            accessibility.van_offer, accessibility.van_tour, accessibility.van_day, accessibility.van_roster,
            accessibility.van_driver, accessibility.van, accessibility.depot;
        DROP FUNCTION accessibility.van_order_moves, accessibility.refuse_change_of_event;
        """
    )
