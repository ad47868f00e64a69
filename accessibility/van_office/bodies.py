"""Changes of the roster and their outcomes, from the wire and onto it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from typing import Any
from uuid import UUID

from accessibility.van_office.changes import (
    Addition,
    Alteration,
    Away,
    Copy,
    Found,
    Outcome,
    OutOfService,
    Removal,
    RosterChange,
)
from accessibility.van_office.errors import CAUTION_WORDS, FAULT_WORDS
from accessibility.van_office.shifts import Rest, Wanted
from core.clock import on_the_wire
from core.ids import parse_typeid, typeid
from core.text import Language, Text


def change_of(body: Mapping[str, Any]) -> RosterChange:
    """What a body of `RosterChangeSchema` asks for."""
    return RosterChange(
        tuple(Addition(_wanted(each), each["weekly"], each["until"]) for each in body["additions"]),
        tuple(_alteration(each) for each in body["alterations"]),
        tuple(Removal(parse_typeid("tour", each["shift"]), each["weekly"]) for each in body["removals"]),
        tuple(
            OutOfService(each["vehicle"], each["starts_at"], each["ends_at"], each["reason"])
            for each in body["out_of_service"]
        ),
        tuple(Away(each["driver"], each["starts_at"], each["ends_at"], each["substitute"]) for each in body["away"]),
        tuple(Copy(each["from_day"], each["to_day"], each["days"]) for each in body["copies"]),
    )


def change_on_the_wire(change: RosterChange) -> dict[str, Any]:
    """The additions, alterations and removals of a change, as a body that can be sent."""
    return {
        "additions": [wanted_on_the_wire(each.shift) | {"weekly": False, "until": None} for each in change.additions],
        "alterations": [
            {
                "shift": typeid("tour", each.shift_id),
                "driver": each.driver,
                "begins": _hour(each.begins),
                "ends": _hour(each.ends),
                "breaks": None if each.rests is None else [_rest(rest) for rest in each.rests],
                "weekly": False,
            }
            for each in change.alterations
        ],
        "removals": [{"shift": typeid("tour", each.shift_id), "weekly": False} for each in change.removals],
        "out_of_service": [],
        "away": [],
        "copies": [],
    }


def with_vans(outcome: Outcome, found: Mapping[UUID, str | None]) -> Outcome:
    """The outcome with the vans that have taken the rides."""
    return replace(
        outcome, rides=tuple(replace(each, takes=found.get(each.order_id) or each.takes) for each in outcome.rides)
    )  # fmt: skip


def outcome_on_the_wire(outcome: Outcome, language: Language) -> dict[str, Any]:
    """What a change does, or would do."""
    return {
        "is_possible": not outcome.faults,
        "version": outcome.version,
        "faults": [_found(each, language) for each in outcome.faults],
        "cautions": [_found(each, language) for each in outcome.cautions],
        "left_out": [_found(each, language) for each in outcome.left_out],
        "shifts": [
            {
                "before": None if each.before is None else wanted_on_the_wire(each.before),
                "after": None if each.after is None else wanted_on_the_wire(each.after),
            }
            for each in outcome.done
        ],
        "rides": [
            {
                "trip": each.trip,
                "pick_up_at": on_the_wire(each.pick_up_at),
                "vehicle": each.vehicle,
                "takes": each.takes,
                "is_aboard": each.is_aboard,
                "is_same_van": each.is_same_van,
                "is_held": each.is_held,
            }
            for each in outcome.rides
        ],
    }


def wanted_on_the_wire(shift: Wanted) -> dict[str, Any]:
    """A shift by the numbers that people use."""
    return {
        "date": shift.day.isoformat(),
        "vehicle": shift.vehicle,
        "driver": shift.driver,
        "begins": _hour(shift.begins),
        "ends": _hour(shift.ends),
        "breaks": [_rest(rest) for rest in shift.rests],
    }


def _wanted(body: Mapping[str, Any]) -> Wanted:
    return Wanted(
        body["vehicle"], body["driver"], body["date"], time.fromisoformat(body["begins"]),
        time.fromisoformat(body["ends"]), _rests(body["breaks"]),
    )  # fmt: skip


def _alteration(body: Mapping[str, Any]) -> Alteration:
    begins, ends = (None if body[name] is None else time.fromisoformat(body[name]) for name in ("begins", "ends"))
    rests = None if body["breaks"] is None else _rests(body["breaks"])
    return Alteration(parse_typeid("tour", body["shift"]), body["driver"], begins, ends, rests, body["weekly"])


def _rests(bodies: list[Mapping[str, Any]]) -> tuple[Rest, ...]:
    rests = (
        Rest(time.fromisoformat(each["begins"]), time.fromisoformat(each["latest"]), each["minutes"]) for each in bodies
    )
    return tuple(sorted(rests, key=lambda rest: rest.begins))


def _rest(rest: Rest) -> dict[str, Any]:
    return {"begins": _hour(rest.begins), "latest": _hour(rest.latest), "minutes": rest.minutes}


def _hour(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"


def _found(found: Found, language: Language) -> dict[str, Any]:
    words: dict[str, Text] = {**dict(FAULT_WORDS.items()), **dict(CAUTION_WORDS.items())}
    return {
        "pointer": found.pointer,
        "code": found.code,
        "vehicle": found.vehicle,
        "driver": found.driver,
        "date": None if found.day is None else found.day.isoformat(),
        "words": words[found.code].in_language(language),
    }
