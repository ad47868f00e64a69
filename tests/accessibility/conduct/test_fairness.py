"""The fairness report: what is seeded is found, what is chance is not called more, and small groups are not shown."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from planted_rides import heard_again, plant_ask, plant_request, told
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from accessibility import events
from accessibility.conduct import complaints, fairness
from accessibility.conduct.fairness import Asked, Compared
from core import clock, db
from core.clock import TAIPEI
from core.ids import new_uuid

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=28)


def asked(
    dice: random.Random, rider: int, *, times: int = 3, refuses: Callable[[dict[str, str]], float]
) -> list[Asked]:
    groups = {
        "district": f"64000{dice.choice((1, 5, 12, 33))}", "chair": dice.choice(("none", "manual", "electric")),
        "complained": "yes" if rider % 10 == 0 else "no",
    }  # fmt: skip
    found = []
    for _ in range(times):
        now = {**groups, "time": dice.choice(("06-09", "09-12", "16-19"))}
        answers = {fleet: dice.random() >= refuses(now) for fleet in ("rehabus", "yellow")}
        found.append(Asked(UUID(int=rider), UUID(int=dice.getrandbits(128)), now, answers))
    return found


def compare(refuses: Callable[[dict[str, str]], float], *, riders: int = 1_200, seed: int = 7) -> fairness.Report:
    dice = random.Random(seed)
    rows = [row for rider in range(riders) for row in asked(dice, rider, refuses=refuses)]
    return fairness.compare(rows, since=SINCE, until=UNTIL)


def lines(report: fairness.Report, dimension: str, group: str) -> list[Compared]:
    return [line for line in report.lines if (line.dimension, line.group) == (dimension, group)]


def test_whoever_complained_and_is_refused_more_is_found() -> None:
    report = compare(lambda groups: 0.55 if groups["complained"] == "yes" else 0.25)
    for line in lines(report, "complained", "yes"):
        assert line.is_not_chance and line.apart is not None and line.apart_low is not None
        assert (line.apart_low > 0 and abs(line.apart - 0.3) < 0.15) or line.fleet == "*"
    others = [line for line in report.lines if line.dimension != "complained"]
    assert not any(line.is_not_chance for line in others)


def test_chance_alone_raises_no_alarm() -> None:
    """With twenty cities where nobody is treated otherwise, at most two raise an alarm at the 5 % of all comparisons."""
    alarms = [
        any(line.is_not_chance for line in compare(lambda _: 0.3, riders=200, seed=seed).lines) for seed in range(20)
    ]
    assert sum(alarms) <= 2


def test_who_asks_a_hundred_times_counts_once() -> None:
    dice = random.Random(1)
    rows = [row for rider in range(1, 60) for row in asked(dice, rider, refuses=lambda _: 0.2)]
    rows += asked(dice, 0, times=200, refuses=lambda _: 1.0)
    report = fairness.compare(rows, since=SINCE, until=UNTIL)
    for line in lines(report, "complained", "yes"):
        assert line.riders == 6 and not line.is_not_chance


def test_small_groups_are_not_shown_and_cannot_be_subtracted() -> None:
    dice = random.Random(2)
    rows = [row for rider in range(1, 90) for row in asked(dice, rider, refuses=lambda _: 0.2)]
    lonely = [
        Asked(UUID(int=500 + n), UUID(int=900 + n), {**rows[0].groups, "chair": "scooter"}, {"yellow": False})
        for n in range(4)
    ]
    report = fairness.compare(rows + lonely, since=SINCE, until=UNTIL)
    for fleet in ("*", "yellow"):
        of_chair = [line for line in report.lines if line.dimension == "chair" and line.fleet == fleet]
        hidden = [line.group for line in of_chair if not line.is_shown]
        assert len(hidden) == 2 and "scooter" in hidden
        assert all(line.asked is line.refused is line.p is None for line in of_chair if not line.is_shown)


def test_those_that_are_hidden_are_five_riders_together() -> None:
    """Two groups of one rider each: all the others taken from the total would leave these two."""
    dice = random.Random(3)
    rows = [row for rider in range(1, 90) for row in asked(dice, rider, refuses=lambda _: 0.2)]
    lonely = [
        Asked(UUID(int=500 + n), UUID(int=900 + n), {**rows[0].groups, "chair": chair}, {"yellow": False})
        for n, chair in enumerate(("scooter", "sedan"))
    ]
    report = fairness.compare(rows + lonely, since=SINCE, until=UNTIL)
    of_chair = [line for line in report.lines if (line.dimension, line.fleet) == ("chair", "yellow")]
    hidden = {line.group for line in of_chair if not line.is_shown}
    riders = {each.rider_id for each in rows + lonely if each.groups["chair"] in hidden}
    assert {"scooter", "sedan"} < hidden and len(riders) >= fairness.SMALLEST


def test_no_report_taken_from_another_leaves_fewer_than_five_riders() -> None:
    """October alone is shown; with November two scooters more: who asks for both and subtracts would see those two."""
    dice = random.Random(4)
    scooters = [replace(row, groups={**row.groups, "chair": "scooter"})
                for rider in range(200, 220) for row in asked(dice, rider, refuses=lambda _: 0.2)]  # fmt: skip
    everybody = [row for rider in range(1, 90) for row in asked(dice, rider, refuses=lambda _: 0.2)] + scooters
    october = [replace(row, month="2026-10") for row in everybody]
    november = [replace(row, month="2026-11") for row in (*everybody[: len(everybody) - len(scooters)], *scooters[:6])]
    both = fairness.compare(october + november, since=SINCE, until=UNTIL)
    alone = fairness.compare(october, since=SINCE, until=UNTIL)
    assert all(line.is_shown for line in lines(alone, "chair", "scooter"))
    assert not any(line.is_shown for line in lines(both, "chair", "scooter"))


@pytest.fixture
def city(client: FlaskClient) -> FlaskClient:
    """Thirty riders asked last month, of whom the ten that had complained were refused by one fleet."""
    at = last_month()
    for number in range(30):
        rider, request = new_uuid(), new_uuid()
        with db.unit_of_work() as session:
            if number < 10:
                complaints.make(session, rider, ride_id=None, kind="late", words="late", now=at - timedelta(days=3))
            if number == 20:
                complaints.make(session, rider, ride_id=None, kind="late", words="late", now=at + timedelta(hours=1))
            plant_request(session, rider, request, at, "6400001")
            plant_ask(session, rider, new_uuid(), request, "yellow", "none" if number < 10 else "offered", at)
            plant_ask(session, rider, new_uuid(), request, "rehabus", "offered", at)
            plant_ask(session, rider, new_uuid(), request, "telephone", "not_asked", at)
    return client


def test_the_desk_sees_it_as_words_file_and_picture(city: FlaskClient) -> None:
    desk = signed_in_officer(city, "mobility", bureau="social_affairs")
    report = desk.call("GET", "/v1/desk/ride-fairness", language="en").json
    assert report["requests"] == 30 and "not by chance" in report["words"]
    by_group = {(line["dimension"], line["group"], line["fleet"]): line for line in report["lines"]}
    complained = by_group["complained", "yes", "yellow"]
    assert (complained["riders"], complained["refused"], complained["is_not_chance"]) == (10, 10, True)
    assert by_group["complained", "yes", "*"]["refused"] == 0
    assert ("complained", "yes", "telephone") not in by_group
    assert by_group["district", "6400001", "yellow"]["group_words"] == "Yancheng"
    file = desk.call("GET", "/v1/desk/ride-fairness?format=csv")
    assert file.data.startswith(b"\xef\xbb\xbf") and '"complained","yes"' in file.text
    picture = desk.call("GET", "/v1/desk/ride-fairness?format=svg", language="en")
    assert picture.content_type.startswith("image/svg+xml") and "had complained before" in picture.text
    today = clock.now().astimezone(TAIPEI).date()
    for days in ("since=2026-11-05&until=2026-11-04", "since=2026-01-01&until=2026-11-04", "since=x", f"since={today}"):
        assert desk.call("GET", f"/v1/desk/ride-fairness?{days}").status_code == 422


def test_a_report_over_days_is_one_over_their_whole_months(city: FlaskClient) -> None:
    desk = signed_in_officer(city, "auditor", bureau="social_affairs")
    at = last_month().astimezone(TAIPEI).date()
    whole = desk.call("GET", "/v1/desk/ride-fairness").json
    of_days = desk.call("GET", f"/v1/desk/ride-fairness?since={at}&until={at}").json
    assert of_days == whole and whole["since"][8:10] == whole["until"][8:10] == "01"
    until_today = desk.call("GET", f"/v1/desk/ride-fairness?since={at}&until={clock.now().astimezone(TAIPEI).date()}")
    assert until_today.json == whole


def last_month() -> datetime:
    """A moment in the middle of the month before this one, in Taipei."""
    begins = clock.now().astimezone(TAIPEI).replace(day=1, hour=12)
    return begins - timedelta(days=14)


def test_a_refusal_is_written_down_once_however_often_it_is_told(client: FlaskClient) -> None:
    fact = {"rider_id": str(new_uuid()), "request_id": str(new_uuid()), "fleet": "yellow", "reason": "no_vehicle"}
    event = told(events.RIDE_REFUSED, fact, at=SINCE)
    heard_again(event, events.RIDE_REFUSED)
    with db.unit_of_work() as session:
        (row,) = session.execute(text("SELECT fleet, reason, at FROM accessibility.refusal")).all()
    assert tuple(row) == ("yellow", "no_vehicle", SINCE)
