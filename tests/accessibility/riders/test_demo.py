"""The demo city has riders: two with wheelchairs, one blind with a guide dog, and one old without a certificate."""

from __future__ import annotations

from datetime import UTC, datetime

from flask.testing import FlaskClient

from accessibility.places import favourites
from accessibility.riders import eligibility, eligibility_papers, profile
from accessibility.riders.errors import NotEligible
from api import demo_officers, demo_rides
from core import db, district_shapes
from core.districts import DISTRICTS
from identity import delegations, people
from mobile_mock.demo_people import DEMO_PEOPLE, DEMO_RIDERS

NOW = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)


def test_the_demo_s_riders_can_book_and_one_waits_for_the_desk(client: FlaskClient) -> None:
    grandmother = DEMO_PEOPLE[2]
    with db.unit_of_work() as session:
        people.enrol_demo_person(
            session, national_id=grandmother.national_id, mobile=grandmother.mobile, password=grandmother.password,
            now=NOW,
        )  # fmt: skip
        demo_officers.enrol(session, NOW)
        caregiver = people.enrol_demo_person(
            session, national_id=DEMO_PEOPLE[3].national_id, mobile=DEMO_PEOPLE[3].mobile, password="x", now=NOW
        )
        for _ in range(2):
            demo_rides.load(session, NOW)
        (delegation,) = delegations.page(session, caregiver, role="agent", limit=10)
        assert (delegation.status, {each["scope"] for each in delegation.grants}) == (
            "active", {"rides:book", "rides:read"},
        )  # fmt: skip
        known = [people.find(session, each.national_id) for each in (*DEMO_RIDERS, grandmother)]
        ids = [each.id for each in known if each is not None]
        riders = [profile.of(session, each) for each in ids]
        assert [each.wheelchair.kind if each.wheelchair else None for each in riders] == [
            "electric", None, "manual", None,
        ]  # fmt: skip
        assert [each.functions for each in riders[:2]] == [("W", "E", "D2D"), ("SA", "D2D", "DTD")]
        entitled = [eligibility.require(session, each, "other", NOW) for each in ids[:3]]
        assert [each.books_first for each in entitled] == [True, True, False] and entitled[2].is_low_income
        for place in (each.place for rider_id in ids for each in favourites.of_rider(session, rider_id)):
            assert place.address.startswith(f"高雄市{DISTRICTS[place.district].zh}")
            assert district_shapes.is_in_or_beside(place.district, place.latitude, place.longitude)
        assert [each.status for each in eligibility_papers.of_rider(session, ids[3])] == ["waiting"]
        try:
            eligibility.require(session, ids[3], "medical", NOW)
        except NotEligible as refused:
            assert refused.extensions == {"reason": "none"}
        else:
            raise AssertionError("a paper that waits entitles to nothing")
