"""The city's vans and depots: a new one, one that was rebuilt or has moved, one that is retired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch import timing
from accessibility.dispatch.tours import Load, Place, Tour, Vehicle, Wheelchair
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import desk, plans, room, roster, writing
from accessibility.own_fleet.events import By
from accessibility.own_fleet.plans import Planned
from accessibility.van_office import particulars
from accessibility.van_office.errors import StillNeeded, VanTooSmall
from accessibility.van_office.refitting import refitted
from core.errors import FieldError, InvalidRequest, NotFound
from core.ids import new_uuid
from core.text import Text

VAN_MEMBERS: Final = (
    "plate", "model", "depot", "layouts", "chair_width_mm", "chair_length_mm", "chair_mass_kg", "has_lift", "has_ramp",
    "features",
)  # fmt: skip


def listed(session: Session) -> list[Any]:
    """Every van, those that are retired last."""
    return list(session.execute(_LIST).all())


def one(session: Session, number: str) -> Any:
    """One van. Raises NotFound."""
    row = session.execute(_ONE, {"number": number}).one_or_none()
    if row is None:
        raise NotFound
    return row


def add(session: Session, wanted: Mapping[str, Any], by: By, now: datetime) -> Any:
    """A new van; it drives when it is given shifts. Raises NumberTaken, InvalidRequest (no such depot)."""
    values = {**_values(session, wanted), "id": new_uuid(), "number": wanted["number"]}
    particulars.insert(session, _ADD, values)
    particulars.note(session, "van", by, now, van_id=values["id"], done="added")
    return one(session, wanted["number"])


def change(
    session: Session, number: str, wanted: Mapping[str, Any], version: int, by: By, travel: Travel, now: datetime
) -> Any:  # fmt: skip
    """Change what is given. Raises NotFound, PreconditionFailed, NumberTaken, InvalidRequest, VanTooSmall."""
    roster.take_turns(session)
    row = particulars.require_version(session.execute(_LOCKED, {"number": number}).one_or_none(), version)
    merged = {name: wanted.get(name, getattr(row, name)) for name in VAN_MEMBERS}
    values = _values(session, merged)
    days = _keep_promises(session, row.id, lambda vehicle: _as(vehicle, values), travel, now)
    particulars.insert(session, _CHANGE, {**values, "id": row.id})
    changed = sorted(name for name in wanted if wanted[name] != getattr(row, name))
    particulars.note(session, "van", by, now, van_id=row.id, done="changed", members=changed)
    room.tell(session, days, [number], "van", now=now)
    return one(session, number)


def retire(session: Session, number: str, version: int, by: By, now: datetime) -> None:
    """It is driven no more. Its shifts to come go with it; rides in them stand against it.

    Raises NotFound, PreconditionFailed, StillNeeded.
    """
    roster.take_turns(session)
    row = particulars.require_version(session.execute(_LOCKED, {"number": number}).one_or_none(), version)
    session.execute(_LOCK_TOURS, {"van": row.id, "now": now})
    trips = list(session.execute(_RIDES_OF, {"van": row.id, "now": now}).scalars())
    if trips:
        raise StillNeeded(trips=trips)
    session.execute(_OFF, {"van": row.id, "now": now})
    session.execute(_NO_WEEK, {"van": row.id})
    session.execute(_RETIRE, {"van": row.id, "now": now})
    particulars.note(session, "van", by, now, van_id=row.id, done="retired")


def depots(session: Session) -> list[Any]:
    """Every depot with how many vans it has."""
    return list(session.execute(_DEPOTS).all())


def add_depot(session: Session, wanted: Mapping[str, Any], by: By, now: datetime) -> Any:
    """A new depot. Raises NumberTaken."""
    particulars.insert(session, _ADD_DEPOT, {**wanted, "id": new_uuid()})
    particulars.note(session, "van", by, now, done="depot_added", depot=wanted["code"])
    return next(row for row in depots(session) if row.code == wanted["code"])


def change_depot(
    session: Session, code: str, wanted: Mapping[str, Any], version: int, by: By, travel: Travel, now: datetime
) -> Any:  # fmt: skip
    """It has moved, or has another name: tours begin and end there.

    Raises NotFound, PreconditionFailed, VanTooSmall.
    """
    roster.take_turns(session)
    row = particulars.require_version(particulars.depot_of(session, code), version)
    values = {name: wanted.get(name, getattr(row, name)) for name in _DEPOT_MEMBERS}
    at = Place(values["latitude"], values["longitude"], values["district"])
    days, vans = set(), []
    for van in session.execute(_VANS_OF, {"depot": row.id}).all():
        vans.append(van.number)
        days |= set(_keep_promises(session, van.id, lambda vehicle: replace(vehicle, start=at, end=at), travel, now))
    session.execute(_CHANGE_DEPOT, {**values, "id": row.id})
    particulars.note(session, "van", by, now, done="depot_changed", depot=code)
    room.tell(session, sorted(days), vans, "van", now=now)
    return next(each for each in depots(session) if each.code == code)


def remove_depot(session: Session, code: str, version: int, by: By, now: datetime) -> None:
    """No van begins there any more. Raises NotFound, PreconditionFailed, StillNeeded (vans, retired ones too)."""
    row = particulars.require_version(particulars.depot_of(session, code), version)
    vans = list(session.execute(_NUMBERS_AT, {"id": row.id}).scalars())
    if vans:
        raise StillNeeded(vehicles=vans)
    session.execute(_REMOVE_DEPOT, {"id": row.id})
    particulars.note(session, "van", by, now, done="depot_removed", depot=code)


def _keep_promises(
    session: Session, van_id: UUID, rebuilt: Callable[[Vehicle], Vehicle], travel: Travel, now: datetime
) -> list[Any]:  # fmt: skip
    """Every tour to come with the van as it will be: its times anew. Answers their days. Raises VanTooSmall."""
    ids = [row.id for row in session.execute(_LOCK_TOURS, {"van": van_id, "now": now}).all()]
    wrong: list[str] = []
    days = []
    for planned in plans.locked(session, ids, now):
        vehicle = rebuilt(planned.tour.vehicle)
        found = refitted(planned.tour, vehicle, None, travel)
        if found is None or found.dropped:
            if _is_kept(planned, travel):
                wrong += found.dropped if found else [trip.id for trip in planned.tour.trips()]
            writing.mark_changed(session, planned.id)
        else:
            writing.write(session, planned, found.tour, found.schedule)
        days.append(session.execute(_DAY_OF, {"id": planned.id}).scalar_one())
    if wrong:
        trips = desk.trips_of(session, [UUID(id) for id in wrong])
        raise VanTooSmall(sorted(trips.values()))
    return days


def _is_kept(planned: Planned, travel: Travel) -> bool:
    """Whether the tour keeps its promises as it is: one that is late already is not made late by this."""
    tour: Tour = planned.tour
    return timing.scheduled(tour, travel) is not None


def _as(vehicle: Vehicle, values: Mapping[str, Any]) -> Vehicle:
    depot = values["depot_place"]
    chair = Wheelchair(values["chair_width_mm"], values["chair_length_mm"], values["chair_mass_kg"])
    layouts = tuple(Load(*each) for each in orjson.loads(values["layouts"]))
    return replace(
        vehicle, start=depot, end=depot, layouts=layouts, largest=chair, features=frozenset(values["features"])
    )  # fmt: skip


def _values(session: Session, wanted: Mapping[str, Any]) -> dict[str, Any]:
    try:
        depot = particulars.depot_of(session, wanted["depot"])
    except NotFound:
        raise InvalidRequest(errors=[FieldError("/depot", Text("沒有這個車場。", "There is no such depot."))]) from None
    carries = max(layout[0] for layout in wanted["layouts"])
    if carries and not (wanted["has_lift"] or wanted["has_ramp"]):
        raise InvalidRequest(errors=[FieldError("/has_lift", _NO_WAY_IN)])
    plain = {name: wanted[name] for name in VAN_MEMBERS if name not in ("depot", "layouts")}
    place = Place(depot.latitude, depot.longitude, depot.district)
    return {
        **plain,
        "layouts": orjson.dumps([list(each) for each in wanted["layouts"]]).decode(),
        "depot_id": depot.id,
        "depot_place": place,
    }


_NO_WAY_IN: Final = Text("有輪椅位就要有升降機或斜坡板。", "Wheelchairs need a lift or a ramp.")
_DEPOT_MEMBERS: Final = ("label", "label_en", "latitude", "longitude", "district")
_SELECT = """
    SELECT v.*, d.code AS depot,
           (SELECT count(*) FROM accessibility.van_order AS o JOIN accessibility.van_tour AS t ON t.id = o.tour_id
             WHERE t.van_id = v.id AND o.state IN ('held', 'bound', 'on_the_way', 'at_door', 'aboard')) AS rides
      FROM accessibility.van AS v JOIN accessibility.depot AS d ON d.id = v.depot_id
"""
_LIST = text(f"{_SELECT} ORDER BY v.retired_at IS NOT NULL, v.number")
_ONE = text(f"{_SELECT} WHERE v.number = :number")
_LOCKED = text(
    """
    SELECT v.*, d.code AS depot FROM accessibility.van AS v JOIN accessibility.depot AS d ON d.id = v.depot_id
     WHERE v.number = :number AND v.retired_at IS NULL FOR UPDATE OF v
    """
)
_ADD = text(
    """
    INSERT INTO accessibility.van (id, number, plate, model, depot_id, layouts, chair_width_mm, chair_length_mm,
                                   chair_mass_kg, has_lift, has_ramp, features)
    VALUES (:id, :number, :plate, :model, :depot_id, CAST(:layouts AS jsonb), :chair_width_mm, :chair_length_mm,
            :chair_mass_kg, :has_lift, :has_ramp, :features)
    """
)
_CHANGE = text(
    """
    UPDATE accessibility.van
       SET plate = :plate, model = :model, depot_id = :depot_id, layouts = CAST(:layouts AS jsonb),
           chair_width_mm = :chair_width_mm, chair_length_mm = :chair_length_mm, chair_mass_kg = :chair_mass_kg,
           has_lift = :has_lift, has_ramp = :has_ramp, features = :features, version = version + 1
     WHERE id = :id
    """
)
_LOCK_TOURS = text(
    """
    SELECT id FROM accessibility.van_tour
     WHERE van_id = :van AND status <> 'off' AND ends_at > :now ORDER BY id FOR UPDATE
    """
)
_DAY_OF = text("SELECT day FROM accessibility.van_tour WHERE id = :id")
_RIDES_OF = text(
    """
    SELECT o.trip FROM accessibility.van_order AS o JOIN accessibility.van_tour AS t ON t.id = o.tour_id
     WHERE t.van_id = :van AND t.ends_at > :now AND o.state IN ('held', 'bound', 'on_the_way', 'at_door', 'aboard')
     ORDER BY o.pick_up_at, o.id
    """
)
_OFF = text(
    """
    UPDATE accessibility.van_tour
       SET status = CASE WHEN starts_at < :now THEN status ELSE 'off' END,
           ends_at = CASE WHEN starts_at < :now THEN :now ELSE ends_at END,
           version = version + 1, changed_at = clock_timestamp()
     WHERE van_id = :van AND status <> 'off' AND ends_at > :now
    """
)
_NO_WEEK = text("DELETE FROM accessibility.van_roster WHERE van_id = :van")
_RETIRE = text("UPDATE accessibility.van SET retired_at = :now, version = version + 1 WHERE id = :van")
_DEPOTS = text(
    """
    SELECT d.*, (SELECT count(*) FROM accessibility.van AS v WHERE v.depot_id = d.id AND v.retired_at IS NULL) AS vans
      FROM accessibility.depot AS d ORDER BY d.code
    """
)
_ADD_DEPOT = text(
    """
    INSERT INTO accessibility.depot (id, code, label, label_en, latitude, longitude, district)
    VALUES (:id, :code, :label, :label_en, :latitude, :longitude, :district)
    """
)
_VANS_OF = text(
    "SELECT id, number FROM accessibility.van WHERE depot_id = :depot AND retired_at IS NULL ORDER BY id FOR UPDATE"
)
_NUMBERS_AT = text("SELECT number FROM accessibility.van WHERE depot_id = :id ORDER BY number")
_REMOVE_DEPOT = text("DELETE FROM accessibility.depot WHERE id = :id")
_CHANGE_DEPOT = text(
    """
    UPDATE accessibility.depot SET label = :label, label_en = :label_en, latitude = :latitude, longitude = :longitude,
           district = :district, version = version + 1
     WHERE id = :id
    """
)
