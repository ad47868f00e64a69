"""What each fleet takes, by date: hours, areas, when booking opens for whom, and what a late cancellation costs.

A fleet that cannot take a wish by its own terms is not asked at all; the rider is told which term it was, and when it
will be otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.districts import DISTRICTS
from core.text import Text

Kind = Literal["own", "taxi", "telephone"]
Objection = Literal["too_early", "too_late", "closed", "outside_area", "too_large", "not_eligible"]
EVERYWHERE: Final = "*"
"""In `areas_beyond`: wherever the service area of rides reaches."""


@dataclass(frozen=True, slots=True)
class Tier:
    """From midnight so many days before the ride, for whom all of the rest is true (empty: for everybody)."""

    opens_days: int
    purposes: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    books_first: bool = False
    needs_wheelchair: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a fleet that count at some moment. A chair beyond `widest`, `longest`, `heaviest` fits nowhere."""

    opens_at: time
    closes_at: time
    areas: frozenset[str] | None
    areas_beyond: frozenset[str]
    tiers: tuple[Tier, ...]
    closes_minutes: int
    is_only_for_eligible: bool
    free_until_minutes: int
    late_fee_twd: int
    late_points: int
    is_pooled_obligatory: bool
    widest_chair_cm: int
    longest_chair_cm: int
    heaviest_chair_kg: int
    source: str
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class FleetKnown:
    """A fleet as people see it, with its terms of now."""

    code: str
    kind: Kind
    name: Text
    phone: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a fleet's terms look at: a wish, and what the rider is entitled to."""

    pick_up_at: datetime
    districts: tuple[str, ...]
    is_asap: bool
    purpose: str
    is_eligible: bool
    severity: str | None
    books_first: bool
    needs_wheelchair: bool
    chair_width_cm: int | None
    chair_length_cm: int | None
    chair_weight_kg: int | None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a fleet is not asked; `next_at` is when it takes bookings for this ride, or could come at the earliest;
    `measure` which one of the chair is too large (width, length, weight)."""

    reason: Objection
    next_at: datetime | None = None
    measure: str = ""


def in_force(session: Session, now: datetime) -> list[FleetKnown]:
    """Every fleet that is open and has terms, in the order in which people see them."""
    return [_known(row) for row in session.execute(_IN_FORCE, {"now": now}).all()]


def names(session: Session) -> dict[str, tuple[Text, str]]:
    """Every fleet's name and telephone number, also of those that are no longer open."""
    rows = session.execute(text("SELECT code, name_zh, name_en, phone FROM accessibility.fleet")).all()
    return {row.code: (Text(row.name_zh, row.name_en), row.phone) for row in rows}


def of_fleet(session: Session, code: str, at: datetime) -> FleetKnown | None:
    """One fleet with the terms of a moment, open or not; None where it has none."""
    row = session.execute(_OF_FLEET, {"fleet": code, "now": at}).first()
    return None if row is None else _known(row)


def objection(terms: Terms, wanted: Wanted, now: datetime) -> NotTaken | None:
    """Why a fleet with these terms cannot take that, the reason first that no other time would change; None: ask it."""
    if terms.is_only_for_eligible and not wanted.is_eligible:
        return NotTaken("not_eligible")
    measure = too_large(terms, wanted)
    if measure:
        return NotTaken("too_large", measure=measure)
    if not all(_goes_to(terms, district) for district in wanted.districts):
        return NotTaken("outside_area")
    if not _is_open(terms, wanted.pick_up_at):
        return NotTaken("closed", next_at=_opens_again(terms, wanted.pick_up_at))
    opens = booking_opens(terms, wanted)
    if opens is not None and now < opens:
        return NotTaken("too_early", next_at=opens)
    if not wanted.is_asap and wanted.pick_up_at < now + timedelta(minutes=terms.closes_minutes):
        return NotTaken("too_late", next_at=now + timedelta(minutes=terms.closes_minutes))
    return None


def too_large(terms: Terms, wanted: Wanted) -> str:
    """Which measure of the chair is beyond the fleet's largest vehicle; empty: none."""
    limits = (
        ("width", wanted.chair_width_cm, terms.widest_chair_cm),
        ("length", wanted.chair_length_cm, terms.longest_chair_cm),
        ("weight", wanted.chair_weight_kg, terms.heaviest_chair_kg),
    )
    return next((name for name, measured, most in limits if measured is not None and measured > most), "")


def booking_opens(terms: Terms, wanted: Wanted) -> datetime | None:
    """From when the fleet takes bookings for this ride of this rider; None: it never says."""
    for tier in terms.tiers:
        if (
            (not tier.purposes or wanted.purpose in tier.purposes)
            and (not tier.severities or wanted.severity in tier.severities)
            and (not tier.books_first or wanted.books_first)
            and (not tier.needs_wheelchair or wanted.needs_wheelchair)
        ):
            day = wanted.pick_up_at.astimezone(TAIPEI).date() - timedelta(days=tier.opens_days)
            return datetime.combine(day, time(), TAIPEI)
    return None


def tiers_from(kept: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
    """Tiers as they lie in the database."""
    return tuple(
        Tier(
            each["opens_days"], frozenset(each.get("purposes", ())), frozenset(each.get("severities", ())),
            each.get("books_first", False), each.get("needs_wheelchair", False),
        )
        for each in kept
    )  # fmt: skip


def _goes_to(terms: Terms, district: str) -> bool:
    if district in DISTRICTS:
        return terms.areas is None or district in terms.areas
    return EVERYWHERE in terms.areas_beyond or district in terms.areas_beyond


def _is_open(terms: Terms, at: datetime) -> bool:
    moment = at.astimezone(TAIPEI).time()
    if terms.opens_at == terms.closes_at:
        return True
    if terms.opens_at < terms.closes_at:
        return terms.opens_at <= moment < terms.closes_at
    return moment >= terms.opens_at or moment < terms.closes_at


def _opens_again(terms: Terms, at: datetime) -> datetime:
    here = at.astimezone(TAIPEI)
    today = datetime.combine(here.date(), terms.opens_at, TAIPEI)
    return today if today > here else today + timedelta(days=1)


def terms_of(row: Any) -> Terms:
    """A row of accessibility.fleet_terms."""
    return Terms(
        row.opens_at, row.closes_at, None if row.areas is None else frozenset(row.areas), frozenset(row.areas_beyond),
        tiers_from(row.tiers), row.closes_minutes, row.is_only_for_eligible, row.free_until_minutes, row.late_fee_twd,
        row.late_points, row.is_pooled_obligatory, row.widest_chair_cm, row.longest_chair_cm, row.heaviest_chair_kg,
        row.source, row.is_confirmed,
    )  # fmt: skip


def _known(row: Any) -> FleetKnown:
    return FleetKnown(row.code, row.kind, Text(row.name_zh, row.name_en), row.phone, terms_of(row))


_IN_FORCE = text(
    """
    SELECT DISTINCT ON (f.place, f.code) f.code, f.kind, f.name_zh, f.name_en, f.phone, t.*
      FROM accessibility.fleet AS f JOIN accessibility.fleet_terms AS t ON t.fleet = f.code
     WHERE f.is_open AND t.valid_from <= :now
     ORDER BY f.place, f.code, t.valid_from DESC
    """
)
_OF_FLEET = text(
    """
    SELECT f.code, f.kind, f.name_zh, f.name_en, f.phone, t.*
      FROM accessibility.fleet AS f JOIN accessibility.fleet_terms AS t ON t.fleet = f.code
     WHERE f.code = :fleet AND t.valid_from <= :now
     ORDER BY t.valid_from DESC LIMIT 1
    """
)
