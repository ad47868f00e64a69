"""The city's own vans are asked for the same ride before and after a complaint: what goes in and what comes out is the
same, byte for byte, and nothing that is read on the way speaks of complaints or points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from accessibility.conduct import complaints
from accessibility.fleets import city as fleet_terms
from accessibility.fleets import ports
from accessibility.own_fleet.fleet import OwnFleet
from accessibility.requests import asking
from core import clock, db
from core.clock import TAIPEI
from identity.actors import Actor
from partners.fleets.client import Dispatch
from partners.fleets.contents import FleetOffer, NoOffer, Wish
from tests.accessibility.own_fleet.city_vans import TRAVEL, a_van
from tests.accessibility.rides.city import RideCity


@dataclass
class Overheard:
    """The city's own fleet, and every byte that it was given and gave; the name of an offer is a new one each time."""

    fleet: OwnFleet
    heard: list[tuple[bytes, bytes]] = field(default_factory=list)

    def ask(self, dispatch: Dispatch, wish: Wish) -> FleetOffer | NoOffer:
        answer = self.fleet.ask(dispatch, wish)
        said = replace(answer, offer="") if isinstance(answer, FleetOffer) else answer
        self.heard.append((repr(wish).encode(), repr(said).encode()))
        return answer


@pytest.fixture
def town(database: db.Database) -> Iterator[tuple[RideCity, Overheard]]:
    before = {code: ports.fleet(code) for code in ports.codes()}
    for number in ("R001", "R002"):
        a_van(number)
    with db.unit_of_work() as session:
        fleet_terms.ensure_fleets(session)
        session.execute(text("UPDATE accessibility.fleet SET is_open = code = :code"), {"code": "rehabus"})
    now = clock.now()
    overheard = Overheard(OwnFleet(TRAVEL, lambda: now))
    ports.plug_in({"rehabus": overheard})  # type: ignore[dict-item]
    yield RideCity(None, now), overheard  # type: ignore[arg-type]
    ports.plug_in(before)


@pytest.fixture
def statements(database: db.Database) -> Iterator[list[str]]:
    """Whatever is asked of the database."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def ask(town: RideCity, rider: Actor) -> None:
    tomorrow = (town.now.astimezone(TAIPEI) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    (made,) = town.make(rider, town.wish(pick_up_at=tomorrow))
    asking.ask_all([made.id], town.now, 20.0)
    assert town.asks(made)["rehabus"][0] == "offered"
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE accessibility.ride_request SET status = 'withdrawn' WHERE id = :id"), {"id": made.id}
        )


def complain(rider: Actor) -> None:
    with db.unit_of_work() as session:
        for kind in ("late", "driver", "pooling"):
            complaints.make(session, rider.id, ride_id=None, kind=kind, words="again", now=clock.now())


def test_a_complaint_changes_no_byte_of_what_dispatch_is_asked_and_answers(
    town: tuple[RideCity, Overheard], statements: list[str]
) -> None:
    city, overheard = town
    quiet, loud = city.rider(), city.rider()
    ask(city, quiet)
    ask(city, loud)
    complain(loud)
    statements.clear()
    ask(city, loud)
    read = list(statements)
    ask(city, quiet)
    assert len(overheard.heard) == 4 and len(set(overheard.heard)) == 1
    assert b"FleetOffer" in overheard.heard[0][1]
    assert read and not [each for each in read if "complaint" in each or "conduct" in each or "ride_appeal" in each]
