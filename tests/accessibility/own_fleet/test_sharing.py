"""How a ride was shared: by who else was in the same van while it lasted."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from accessibility.own_fleet import sharing
from core import db
from tests.accessibility.own_fleet.city_vans import NOW


def rode(tour: UUID, since: int, until: int | None) -> str:
    """Somebody who was in the van from that minute on, until that one or still; answers their reference."""
    trip = str(uuid4())
    with db.unit_of_work() as session:
        session.execute(text("SELECT set_config('session_replication_role', 'replica', true)"))
        session.execute(
            text(
                """
                INSERT INTO accessibility.van_order (id, trip, fleet_order, state, day, tour_id, wish, promise,
                    pick_up_at, price_twd, created_at, changed_at, aboard_at, ended_at)
                VALUES (gen_random_uuid(), :trip, :trip, :state, :day, :tour, '{}', '{}', :now, 200, :now, :now, :since,
                        :until)
                """
            ),
            {"trip": trip, "state": "aboard" if until is None else "done", "day": NOW.date(), "tour": tour, "now": NOW,
             "since": NOW + timedelta(minutes=since),
             "until": None if until is None else NOW + timedelta(minutes=until)},
        )  # fmt: skip
    return trip


@pytest.mark.parametrize(
    ("others", "how"),
    [
        ([], "no"),
        ([(-20, 0), (30, 50)], "no"),
        ([(10, 20)], "part"),
        ([(-5, 12), (18, 40)], "part"),
        ([(2, 28)], "whole"),
        ([(-5, 15), (16, None)], "whole"),
    ],
)
def test_a_ride_is_shared_by_who_else_is_in_the_van(
    database: db.Database, others: list[tuple[int, int | None]], how: str
) -> None:
    tour = uuid4()
    mine = rode(tour, 0, 30)
    for since, until in others:
        rode(tour, since, until)
    rode(uuid4(), 0, 30)
    with db.unit_of_work() as session:
        assert sharing.of_trip(session, mine) == how
        assert sharing.of_trip(session, "of another fleet") is None


def test_a_short_ride_is_not_shared_because_it_is_short(database: db.Database) -> None:
    tour = uuid4()
    mine = rode(tour, 0, 4)
    rode(tour, 3, 20)
    with db.unit_of_work() as session:
        assert sharing.of_trip(session, mine) == "part"
