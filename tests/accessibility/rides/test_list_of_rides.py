"""The list of one's rides over HTTP: what is next stands first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from planted_rides import PICK_UP, plant
from signed_in import SignedIn, sign_in
from sqlalchemy import text

from core import db
from core.ids import typeid


def pages(rider: SignedIn, when: str) -> list[str]:
    """The ids of all rides, asked for one by one."""
    found: list[str] = []
    cursor = ""
    while True:
        page = rider.call("GET", f"/v1/rides?when={when}&limit=1{cursor}").json
        found += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize(("when", "status"), [("upcoming", "bound"), ("past", "done")])
def test_rides_are_listed_by_their_own_time_and_not_by_when_they_were_booked(
    client: FlaskClient, when: str, status: str
) -> None:
    rider = sign_in(client)
    days = {
        day: plant(rider.person_id, status=status, pick_up_at=PICK_UP + timedelta(days=day)).id for day in (3, 1, 4, 2)
    }
    # The way back of the first day has no time yet.
    back = plant(rider.person_id, status=status, pick_up_at=PICK_UP).id
    with db.unit_of_work() as session:
        session.execute(
            text(
                "UPDATE accessibility.ride SET pick_up_at = NULL, booking_id = (SELECT booking_id FROM"
                " accessibility.ride WHERE id = :first) WHERE id = :back"
            ),
            {"first": days[1], "back": back},
        )
    soonest = [days[1], back, days[2], days[3], days[4]]
    assert pages(rider, when) == [typeid("ride", each) for each in (soonest if when == "upcoming" else soonest[::-1])]
