"""Fleets as data, requests, offers, rides and their orders."""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

# accessibility/requests/states.py and accessibility/rides/states.py hold the same moves; a test compares them.
MOVES = {
    "ride_request": (
        ("", "asking"), ("", "will_call"),
        ("asking", "offered"), ("asking", "none"), ("asking", "withdrawn"),
        ("offered", "asking"), ("offered", "none"), ("offered", "chosen"), ("offered", "lapsed"),
        ("offered", "withdrawn"), ("offered", "waitlisted"),
        ("none", "asking"), ("none", "offered"), ("none", "lapsed"), ("none", "withdrawn"), ("none", "waitlisted"),
        ("chosen", "asking"), ("chosen", "offered"), ("chosen", "none"), ("chosen", "waitlisted"),
        ("waitlisted", "asking"), ("waitlisted", "offered"), ("waitlisted", "none"), ("waitlisted", "chosen"),
        ("waitlisted", "lapsed"), ("waitlisted", "withdrawn"),
        ("will_call", "asking"), ("will_call", "chosen"), ("will_call", "lapsed"), ("will_call", "withdrawn"),
        ("lapsed", "asking"),
    ),
    "ride": (
        ("", "holding"), ("", "will_call"),
        ("will_call", "holding"), ("will_call", "cancelled"), ("will_call", "lost"),
        ("holding", "bound"), ("holding", "not_bound"), ("holding", "cancelled"), ("holding", "will_call"),
        ("bound", "on_the_way"), ("bound", "at_door"), ("bound", "aboard"), ("bound", "done"),
        ("on_the_way", "at_door"), ("on_the_way", "aboard"), ("on_the_way", "done"),
        ("at_door", "aboard"), ("at_door", "done"), ("aboard", "done"),
        ("bound", "cancelled"), ("on_the_way", "cancelled"), ("at_door", "cancelled"),
        ("bound", "no_show"), ("on_the_way", "no_show"), ("at_door", "no_show"),
        ("bound", "reseeking"), ("on_the_way", "reseeking"), ("at_door", "reseeking"), ("aboard", "reseeking"),
        ("reseeking", "bound"), ("reseeking", "lost"), ("reseeking", "cancelled"),
    ),
    "fleet_order": (
        ("", "wanted"),
        ("wanted", "holding"), ("wanted", "released"),
        ("holding", "held"), ("holding", "refused"), ("holding", "releasing"),
        ("held", "binding"), ("held", "lapsed"), ("held", "releasing"),
        ("binding", "bound"), ("binding", "refused"), ("binding", "lapsed"), ("binding", "releasing"),
        ("bound", "cancelling"), ("bound", "releasing"), ("bound", "cancelled"), ("bound", "done"), ("bound", "no_show"),
        ("cancelling", "cancelled"), ("cancelling", "bound"), ("cancelling", "done"), ("cancelling", "no_show"),
        ("releasing", "released"), ("releasing", "done"),
    ),
}  # fmt: skip

FLEETS = """
CREATE SCHEMA IF NOT EXISTS accessibility;

CREATE TABLE accessibility.fleet (
    code text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{1,19}$'),
    kind text NOT NULL CHECK (kind IN ('own', 'taxi', 'telephone')),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    phone text NOT NULL,
    is_open boolean NOT NULL,
    place integer NOT NULL
);
COMMENT ON TABLE accessibility.fleet IS 'Whom a request is asked of; kind telephone: somebody rings them.';
COMMENT ON COLUMN accessibility.fleet.place IS 'The order in which people see them who have none of their own.';

CREATE TABLE accessibility.fleet_terms (
    fleet text NOT NULL REFERENCES accessibility.fleet,
    valid_from timestamptz NOT NULL,
    opens_at time NOT NULL,
    closes_at time NOT NULL,
    areas text[],
    areas_beyond text[] NOT NULL,
    tiers jsonb NOT NULL,
    closes_minutes integer NOT NULL CHECK (closes_minutes >= 0),
    is_only_for_eligible boolean NOT NULL,
    free_until_minutes integer NOT NULL CHECK (free_until_minutes >= 0),
    late_fee_twd integer NOT NULL CHECK (late_fee_twd >= 0),
    late_points integer NOT NULL CHECK (late_points >= 0),
    is_pooled_obligatory boolean NOT NULL,
    widest_chair_cm integer NOT NULL,
    longest_chair_cm integer NOT NULL,
    heaviest_chair_kg integer NOT NULL,
    source text NOT NULL,
    is_confirmed boolean NOT NULL,
    PRIMARY KEY (fleet, valid_from)
);
COMMENT ON TABLE accessibility.fleet_terms IS 'The newest that has begun counts.';
COMMENT ON COLUMN accessibility.fleet_terms.areas IS 'Town codes of the city; null: all of it.';
COMMENT ON COLUMN accessibility.fleet_terms.areas_beyond IS 'Town codes beyond the city that a ride may go to.';
COMMENT ON COLUMN accessibility.fleet_terms.tiers IS
    'The first that fits says from how many days before the ride it takes bookings: opens_days, and perhaps purposes, severities, books_first.';
COMMENT ON COLUMN accessibility.fleet_terms.widest_chair_cm IS 'Of its largest vehicle.';
COMMENT ON COLUMN accessibility.fleet_terms.is_confirmed IS 'Whether the fleet or its authority has said so, and not only a source.';
"""

REQUESTS = """
CREATE TABLE accessibility.ride_request (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    asked_by uuid NOT NULL,
    basis text NOT NULL CHECK (basis IN ('self', 'agent', 'visit')),
    booking_id uuid NOT NULL,
    leg text NOT NULL CHECK (leg IN ('out', 'back')),
    status text NOT NULL,
    pickup jsonb NOT NULL,
    dropoff jsonb NOT NULL,
    stops jsonb NOT NULL DEFAULT '[]',
    time_kind text NOT NULL CHECK (time_kind IN ('pick_up_at', 'arrive_by', 'asap', 'will_call')),
    wanted_at timestamptz,
    window_starts_at timestamptz,
    window_ends_at timestamptz,
    purpose text NOT NULL CHECK (purpose IN ('medical', 'work', 'school', 'other')),
    companions integer NOT NULL CHECK (companions >= 0),
    has_dog boolean NOT NULL,
    is_shared boolean NOT NULL,
    functions text[] NOT NULL,
    chair jsonb,
    notes text NOT NULL DEFAULT '',
    series_id uuid,
    asked_at timestamptz NOT NULL,
    answers_by timestamptz,
    answered_at timestamptz,
    PRIMARY KEY (rider_id, id),
    CHECK ((time_kind = 'will_call') = (wanted_at IS NULL))
);
COMMENT ON COLUMN accessibility.ride_request.booking_id IS 'The same for the way there and the way back.';
COMMENT ON COLUMN accessibility.ride_request.wanted_at IS 'When to be picked up, or to be there (arrive_by).';
COMMENT ON COLUMN accessibility.ride_request.pickup IS 'latitude, longitude, district, label, address, directions';
CREATE INDEX ride_request_id ON accessibility.ride_request (id);
CREATE INDEX ride_request_old ON accessibility.ride_request USING brin (asked_at);
CREATE INDEX ride_request_booking ON accessibility.ride_request (booking_id);
CREATE INDEX ride_request_of_rider ON accessibility.ride_request (rider_id, asked_at DESC, id DESC);
CREATE INDEX ride_request_asking ON accessibility.ride_request (answers_by) WHERE status = 'asking';
CREATE INDEX ride_request_offered ON accessibility.ride_request (answers_by) WHERE status = 'offered';

CREATE TABLE accessibility.ask (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    round integer NOT NULL,
    fleet text NOT NULL,
    trip text NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN
        ('asking', 'offered', 'none', 'refused', 'unreached', 'by_telephone', 'not_asked')),
    reason text NOT NULL DEFAULT '',
    next_at timestamptz,
    asked_at timestamptz NOT NULL,
    answered_at timestamptz,
    PRIMARY KEY (rider_id, id),
    UNIQUE (request_id, round, fleet)
);
COMMENT ON COLUMN accessibility.ask.id IS 'The id of the telegram that asks.';
COMMENT ON COLUMN accessibility.ask.round IS 'A request is asked again when a fleet has let its rider down.';
COMMENT ON COLUMN accessibility.ask.next_at IS 'When the fleet could, or when it begins to take bookings.';
CREATE INDEX ask_id ON accessibility.ask (id);
CREATE INDEX ask_old ON accessibility.ask USING brin (asked_at);

CREATE TABLE accessibility.offer (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    ask_id uuid NOT NULL,
    fleet text NOT NULL,
    fleet_offer text NOT NULL,
    pick_up_at timestamptz NOT NULL,
    window_starts_at timestamptz NOT NULL,
    window_ends_at timestamptz NOT NULL,
    arrives_at timestamptz NOT NULL,
    ride_minutes_at_most integer,
    is_pooled boolean NOT NULL,
    price_twd integer NOT NULL CHECK (price_twd >= 0),
    is_metered boolean NOT NULL,
    fare jsonb NOT NULL,
    rider_pays_twd integer NOT NULL CHECK (rider_pays_twd >= 0),
    vehicle jsonb NOT NULL,
    fit jsonb NOT NULL,
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    lapses_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id)
);
CREATE INDEX offer_id ON accessibility.offer (id);
CREATE INDEX offer_old ON accessibility.offer USING brin (made_at);
CREATE UNIQUE INDEX offer_of_ask ON accessibility.offer (ask_id);
CREATE INDEX offer_of_request ON accessibility.offer (request_id);
"""

RIDES = """
CREATE TABLE accessibility.booking (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    booked_by uuid NOT NULL,
    basis text NOT NULL CHECK (basis IN ('self', 'agent', 'visit', 'waitlist', 'series')),
    may_choose boolean NOT NULL,
    keep_until timestamptz,
    next_at timestamptz,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id)
);
COMMENT ON TABLE accessibility.booking IS 'Rides that are taken or left together: the way there and the way back.';
COMMENT ON COLUMN accessibility.booking.may_choose IS 'Whether another fleet may be taken where the chosen one says no.';
COMMENT ON COLUMN accessibility.booking.keep_until IS 'Held, and bound only once its rider says yes before that.';
COMMENT ON COLUMN accessibility.booking.next_at IS 'When there is something to do about it; whoever takes it up moves it on.';
CREATE UNIQUE INDEX booking_id ON accessibility.booking (id);
CREATE INDEX booking_old ON accessibility.booking USING brin (made_at);
CREATE INDEX booking_due ON accessibility.booking (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE accessibility.ride (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    booking_id uuid NOT NULL,
    request_id uuid NOT NULL,
    leg text NOT NULL CHECK (leg IN ('out', 'back')),
    status text NOT NULL,
    reason text NOT NULL DEFAULT '',
    fleet text,
    offer_id uuid,
    pick_up_at timestamptz,
    window_starts_at timestamptz,
    window_ends_at timestamptz,
    arrives_at timestamptz,
    ride_minutes_at_most integer,
    code text NOT NULL CHECK (code ~ '^[0-9]{4}$'),
    vehicle jsonb,
    driver jsonb,
    eta_at timestamptz,
    late_minutes_told integer NOT NULL DEFAULT 0,
    companions integer NOT NULL,
    notes text NOT NULL DEFAULT '',
    fare_twd integer,
    rider_pays_twd integer,
    seek_round integer NOT NULL DEFAULT 0,
    candidates uuid[],
    shunned text[] NOT NULL DEFAULT '{}',
    is_replacement boolean NOT NULL DEFAULT false,
    cancel_asked_at timestamptz,
    cancel_asked_by uuid,
    cancel_reason text NOT NULL DEFAULT '',
    change jsonb,
    bound_at timestamptz,
    on_the_way_at timestamptz,
    at_door_at timestamptz,
    aboard_at timestamptz,
    done_at timestamptz,
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('rider', 'fleet', 'city')),
    end_reason text NOT NULL DEFAULT '',
    fee_twd integer NOT NULL DEFAULT 0,
    is_late_cancel boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (rider_id, id)
);
COMMENT ON COLUMN accessibility.ride.code IS 'Said to the driver at the door.';
COMMENT ON COLUMN accessibility.ride.fare_twd IS 'Before any subsidy; what the fleet said in the end, once it is done.';
COMMENT ON COLUMN accessibility.ride.candidates IS 'Offers still to be tried, the best first; null: none were asked for yet.';
COMMENT ON COLUMN accessibility.ride.shunned IS 'Fleets that let this ride down: not asked again for it.';
COMMENT ON COLUMN accessibility.ride.change IS 'What the fleet was asked to change and has not yet answered.';
CREATE UNIQUE INDEX ride_id ON accessibility.ride (id);
CREATE INDEX ride_old ON accessibility.ride USING brin (created_at);
CREATE INDEX ride_booking ON accessibility.ride (booking_id);
CREATE INDEX ride_of_rider ON accessibility.ride (rider_id, pick_up_at DESC, id DESC);
CREATE INDEX ride_by_day ON accessibility.ride (pick_up_at) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX ride_of_request ON accessibility.ride (request_id)
    WHERE status IN ('holding', 'bound', 'on_the_way', 'at_door', 'aboard', 'reseeking', 'will_call');

CREATE TABLE accessibility.fleet_order (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    booking_id uuid NOT NULL,
    ride_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    fleet text NOT NULL,
    trip text NOT NULL UNIQUE,
    status text NOT NULL,
    reason text NOT NULL DEFAULT '',
    is_open boolean NOT NULL DEFAULT false,
    telegram_id uuid,
    fleet_order text,
    pick_up_at timestamptz NOT NULL,
    price_twd integer NOT NULL,
    lapses_at timestamptz,
    customer_telegram_id uuid,
    customer_told_at timestamptz,
    next_at timestamptz,
    step_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    checked_at timestamptz,
    fee_twd integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (rider_id, id)
);
COMMENT ON TABLE accessibility.fleet_order IS 'One ride at one fleet, under the reference trip.';
COMMENT ON COLUMN accessibility.fleet_order.is_open IS
    'The step that status names was begun and its answer never came: the fleet is asked how it stands.';
COMMENT ON COLUMN accessibility.fleet_order.telegram_id IS 'Of the step that is under way: the same again after a break.';
COMMENT ON COLUMN accessibility.fleet_order.checked_at IS 'When the fleet last said how it stands.';
CREATE UNIQUE INDEX fleet_order_id ON accessibility.fleet_order (id);
CREATE INDEX fleet_order_old ON accessibility.fleet_order USING brin (created_at);
CREATE INDEX fleet_order_booking ON accessibility.fleet_order (booking_id);
CREATE INDEX fleet_order_offer ON accessibility.fleet_order (offer_id);
CREATE UNIQUE INDEX fleet_order_one_bound ON accessibility.fleet_order (ride_id)
    WHERE status IN ('binding', 'bound', 'cancelling');

CREATE TABLE accessibility.second_yes (
    rider_id uuid NOT NULL,
    order_id uuid NOT NULL,
    fleet_order text NOT NULL,
    telegram_id uuid NOT NULL,
    found_at timestamptz NOT NULL,
    next_at timestamptz,
    released_at timestamptz,
    PRIMARY KEY (order_id, fleet_order)
);
CREATE INDEX second_yes_old ON accessibility.second_yes (found_at);
COMMENT ON TABLE accessibility.second_yes IS 'What a fleet bound beside the order that was bound: given back.';

CREATE TABLE accessibility.ride_event (
    rider_id uuid NOT NULL,
    id uuid NOT NULL,
    ride_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    source text NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (rider_id, id)
);
COMMENT ON TABLE accessibility.ride_event IS 'What happened to a ride, in its order. Append-only.';
CREATE INDEX ride_event_old ON accessibility.ride_event USING brin (at);
CREATE INDEX ride_event_of_ride ON accessibility.ride_event (ride_id, id);

CREATE TABLE accessibility.position (
    ride_id uuid PRIMARY KEY,
    rider_id uuid NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    seen_at timestamptz NOT NULL,
    eta timestamptz
);
COMMENT ON TABLE accessibility.position IS 'Where the vehicle was seen last; deleted when the ride ends.';

CREATE TABLE accessibility.fleet_telegram (
    fleet text NOT NULL,
    id uuid NOT NULL,
    trip text NOT NULL,
    kind text NOT NULL,
    heard_at timestamptz NOT NULL,
    PRIMARY KEY (fleet, id)
);
COMMENT ON TABLE accessibility.fleet_telegram IS 'What a fleet told unasked, by its id: the second delivery changes nothing.';
CREATE INDEX fleet_telegram_old ON accessibility.fleet_telegram (heard_at);

CREATE TABLE accessibility.move (
    machine text NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    PRIMARY KEY (machine, source, target)
);
COMMENT ON TABLE accessibility.move IS 'From which state each may go to which; "" is the beginning. All else is refused.';

CREATE FUNCTION accessibility.moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END;
BEGIN
    IF NOT EXISTS (SELECT FROM accessibility.move
                    WHERE machine = TG_TABLE_NAME AND source = before AND target = NEW.status) THEN
        RAISE EXCEPTION 'a % does not go from % to %', TG_TABLE_NAME, before, NEW.status
            USING ERRCODE = 'check_violation', DETAIL = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION accessibility.refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
CREATE TRIGGER ride_event_is_immutable BEFORE UPDATE OR TRUNCATE ON accessibility.ride_event
    FOR EACH STATEMENT EXECUTE FUNCTION accessibility.refuse_event_change();
"""

TABLES = (
    "fleet_telegram", "position", "ride_event", "second_yes", "fleet_order", "ride", "booking", "offer", "ask",
    "ride_request", "fleet_terms", "fleet", "move",
)  # fmt: skip


def upgrade() -> None:
    """New tables alone: nobody waits."""
    for statements in (FLEETS, REQUESTS, RIDES):
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
    for table in TABLES:
        op.execute(f"DROP TABLE accessibility.{table}")
    op.execute("DROP FUNCTION accessibility.moves, accessibility.refuse_event_change")
