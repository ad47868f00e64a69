"""The audit of a simulated day finds each fault that is planted in its diary, and nothing in one without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bench.ride_day import audit
from bench.ride_day.demand import MIDNIGHT, Errand, Leg, Person
from bench.ride_day.diary import Diary, Order, Ours, Promise, Seen, Told
from bench.ride_day.population import Spot

HOME, HOSPITAL = Spot(22.63, 120.30, "64000080"), Spot(22.68, 120.32, "64000030")
PHONE = "0970000001"
UNTIL = MIDNIGHT + timedelta(days=1)


def _at(hours: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


def _day() -> Diary:
    """Somebody goes to a hospital at eight and comes home at noon, as promised."""
    person = Person(1, "乘客0001", PHONE, HOME, "manual", False, 1, False, True, True, False)
    out = Leg("e:out", "out", HOME, HOSPITAL, _at(8), 1_500, arrive_by=_at(9))
    back = Leg("e:back", "back", HOSPITAL, HOME, _at(12), 1_500)
    asked_at = _at(-20)
    diary = Diary([Errand("e", person, "medical", False, False, asked_at, out, back)])
    for leg, start, vehicle in ((out, 8.0, "VAN-1"), (back, 12.0, "TAXI-1")):
        fleet = "rehabus" if leg is out else "yellow"
        promise = Promise(fleet, _at(start - 0.1), _at(start + 0.2), _at(start + 0.8), 40)
        diary.told += [
            Told(asked_at, leg.id, "bound", promise),
            Told(_at(start - 0.2), leg.id, "on_the_way"),
            Told(_at(start + 0.1), leg.id, "at_door"),
            Told(_at(start + 0.6), leg.id, "done"),
        ]
        diary.seen += [
            Seen(_at(start + 0.1), vehicle, PHONE, "at_door", leg.origin),
            Seen(_at(start + 0.15), vehicle, PHONE, "aboard", leg.origin),
            Seen(_at(start + 0.6), vehicle, PHONE, "out", leg.destination),
        ]
        ended = _at(start + 0.6)
        diary.orders.append(Order(fleet, f"order-{leg.id}", PHONE, leg.origin, _at(start), asked_at, ended, "done"))
        diary.ours.append(Ours(leg.id, fleet, "done"))
    return diary


def _nothing(diary: Diary) -> None:
    pass


def _no_way_home(diary: Diary) -> None:
    diary.seen = [each for each in diary.seen if not (each.vehicle == "TAXI-1" and each.deed == "out")]


def _vehicle_at_the_same_door(diary: Diary) -> None:
    diary.seen.append(Seen(_at(8.1), "TAXI-9", PHONE, "at_door", HOME))


def _order_at_a_second_fleet(diary: Diary) -> None:
    diary.orders.append(Order("harbour", "H9", PHONE, HOME, _at(8), _at(-3), _at(7), "by_city"))


def _told_of_a_second_ride(diary: Diary) -> None:
    diary.told.append(replace(diary.told[0], at=_at(-10), promise=None))


def _nobody_comes_and_nobody_says_so(diary: Diary) -> None:
    diary.seen = [each for each in diary.seen if each.vehicle != "VAN-1"]


def _late_at_the_door(diary: Diary) -> None:
    diary.seen[0] = replace(diary.seen[0], at=_at(8.4))


def _late_and_said_too_late(diary: Diary) -> None:
    _late_at_the_door(diary)
    diary.told.append(Told(_at(8.35), "e:out", "late", minutes=15))


def _too_long_on_board(diary: Diary) -> None:
    diary.seen[2] = replace(diary.seen[2], at=_at(8.9))


def _too_late_for_the_appointment(diary: Diary) -> None:
    promise = diary.told[0].promise
    assert promise is not None
    diary.told[0] = replace(diary.told[0], promise=replace(promise, ride_minutes_at_most=None))
    diary.seen[2] = replace(diary.seen[2], at=_at(9.1))


def _taken_back_without_reason(diary: Diary) -> None:
    diary.told.append(Told(_at(7), "e:out", "reseeking"))


def _no_end(diary: Diary) -> None:
    diary.told = [each for each in diary.told if each != Told(_at(8.6), "e:out", "done")]


def _no_answer(diary: Diary) -> None:
    diary.told = [each for each in diary.told if each.leg != "e:out"]


def _nobody_said_that_it_comes(diary: Diary) -> None:
    diary.told[0] = replace(diary.told[0], word="none", promise=None, why="no_vehicle")


def _order_left_behind(diary: Diary) -> None:
    diary.orders.append(Order("harbour", "H9", None, HOME, _at(8), _at(-3)))


def _order_never_ended(diary: Diary) -> None:
    diary.orders.append(Order("harbour", "H9", PHONE, HOME, _at(8), _at(9)))


def _we_know_nothing_of_it(diary: Diary) -> None:
    diary.ours[0] = replace(diary.ours[0], status="cancelled")


def _another_fleet_in_our_books(diary: Diary) -> None:
    diary.ours[0] = replace(diary.ours[0], fleet="mountain")


def _blamed_though_nobody_came(diary: Diary) -> None:
    _nobody_comes_and_nobody_says_so(diary)
    diary.told.append(Told(_at(8.3), "e:out", "no_show", by="rider"))


def _put_down_elsewhere(diary: Diary) -> None:
    diary.seen[2] = replace(diary.seen[2], spot=Spot(22.70, 120.33, "64000040"))


PLANTED: list[tuple[Callable[[Diary], None], str]] = [
    (_nothing, ""),
    (_no_way_home, "stranded"),
    (_vehicle_at_the_same_door, "two_vehicles"),
    (_order_at_a_second_fleet, "two_rides"),
    (_told_of_a_second_ride, "told_of_two"),
    (_nobody_comes_and_nobody_says_so, "waited_in_silence"),
    (_late_at_the_door, "waited_in_silence"),
    (_late_and_said_too_late, "waited_in_silence"),
    (_too_long_on_board, "long_in_silence"),
    (_too_late_for_the_appointment, "late_in_silence"),
    (_taken_back_without_reason, "taken_back_without_reason"),
    (_no_end, "ended_in_silence"),
    (_no_answer, "not_answered"),
    (_nobody_said_that_it_comes, "came_unannounced"),
    (_order_left_behind, "left_behind"),
    (_order_never_ended, "left_behind"),
    (_we_know_nothing_of_it, "books_differ"),
    (_another_fleet_in_our_books, "books_differ"),
    (_blamed_though_nobody_came, "blamed_wrongly"),
    (_put_down_elsewhere, "wrong_place"),
]


@pytest.mark.parametrize(("plant", "fault"), PLANTED, ids=[plant.__name__.strip("_") for plant, _ in PLANTED])
def test_each_planted_fault_is_found(plant: Callable[[Diary], None], fault: str) -> None:
    diary = _day()
    plant(diary)
    found = {each.fault for each in audit.audit(diary, UNTIL).findings}
    assert fault in found if fault else found == set()


def test_a_promise_that_is_late_is_explained_by_a_word_in_time() -> None:
    diary = _day()
    _late_at_the_door(diary)
    diary.told.append(Told(_at(8.1), "e:out", "late", minutes=15))
    verdict = audit.audit(diary, UNTIL)
    assert verdict.findings == [] and verdict.promises == {"late_told": 1, "kept": 1}


def test_who_is_fetched_from_a_van_that_broke_down_has_one_ride() -> None:
    diary = _day()
    stands = Spot(22.672, 120.318, "64000030")
    diary.seen[2:3] = [
        Seen(_at(8.3), "VAN-1", PHONE, "broken_down", stands),
        Seen(_at(8.5), "VAN-2", PHONE, "at_door", stands),
        Seen(_at(8.55), "VAN-2", PHONE, "aboard", stands),
        Seen(_at(8.75), "VAN-2", PHONE, "out", HOSPITAL),
    ]
    assert audit.audit(diary, UNTIL).findings == []


def test_who_cancels_the_way_home_is_not_stranded() -> None:
    diary = _day()
    _no_way_home(diary)
    diary.seen = [each for each in diary.seen if each.vehicle != "TAXI-1"]
    diary.told = [each for each in diary.told if each.leg != "e:back" or each.word == "bound"]
    diary.told.append(Told(_at(10), "e:back", "cancelled", by="rider"))
    diary.orders[1] = replace(diary.orders[1], ended_at=_at(10), ending="by_city")
    diary.ours[1] = replace(diary.ours[1], status="cancelled")
    assert audit.audit(diary, UNTIL).findings == []


def test_who_is_fetched_from_a_broken_van_has_one_ride_and_was_told() -> None:
    diary = _day()
    stands = Spot(22.67, 120.318, "64000050")
    promise = Promise("harbour", _at(8.3), _at(8.6), _at(8.8))
    diary.seen[2:3] = [
        Seen(_at(8.3), "VAN-1", PHONE, "broken_down", stands),
        Seen(_at(8.5), "TAXI-2", PHONE, "at_door", stands),
        Seen(_at(8.55), "TAXI-2", PHONE, "aboard", stands),
        Seen(_at(8.6), "TAXI-2", PHONE, "out", HOSPITAL),
    ]
    diary.told[3:3] = [
        Told(_at(8.3), "e:out", "reseeking", why="breakdown"), Told(_at(8.35), "e:out", "replaced", promise),
    ]  # fmt: skip
    diary.orders[0] = replace(diary.orders[0], ended_at=_at(8.3), ending="by_fleet")
    diary.orders.append(Order("harbour", "H1", PHONE, stands, _at(8.5), _at(8.35), _at(8.6), "done"))
    diary.ours[0] = replace(diary.ours[0], fleet="harbour")
    assert audit.audit(diary, UNTIL).findings == []
