"""A fleet's terms as both feeds tell them: areas, journeys between them, hours, notice, and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms as fleet_terms
from accessibility.fleets import words as fleet_words
from accessibility.fleets.terms import EVERYWHERE, FleetKnown, Terms
from accessibility.places import area
from accessibility.published import zones
from core.clock import TAIPEI, taipei_date
from core.text import Text

MONTHS_AHEAD: Final = 13
"""For how long the feeds say that things stay as they are: a year, and the month that is under way."""


@dataclass(frozen=True, slots=True)
class Zone:
    """An area that rides begin or end in."""

    id: str
    name: Text
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Journey:
    """From anywhere in one zone to anywhere in another."""

    id: str
    origin: Zone
    goal: Zone


@dataclass(frozen=True, slots=True)
class Service:
    """One fleet. Times are of the service day, past 24:00 after midnight; bookings are taken from the beginning of the
    day `opens_days` before, until `notice_minutes` before the ride. `phone` is E.164."""

    id: str
    name: Text
    phone: str
    journeys: tuple[Journey, ...]
    opens: str
    closes: str
    opens_days: int
    notice_minutes: int
    words: Text
    source: str


@dataclass(frozen=True, slots=True)
class Edition:
    """All of it as it stands: what is told, from which day to which, and when it last became so."""

    services: tuple[Service, ...]
    first_day: date
    last_day: date
    changed_at: datetime

    @property
    def zones(self) -> Sequence[Zone]:
        """Every zone that some journey touches, once."""
        touched = (zone for each in self.services for way in each.journeys for zone in (way.origin, way.goal))
        return list({zone.id: zone for zone in touched}.values())


def edition(session: Session, now: datetime) -> Edition:
    """What the fleets that are open have agreed to, as of the month that is under way."""
    fleets = fleet_terms.in_force(session, now)
    first_day = taipei_date(now).replace(day=1)
    last_day = (first_day + timedelta(days=31 * MONTHS_AHEAD)).replace(day=1) - timedelta(days=1)
    month = datetime.combine(first_day, time(), TAIPEI)
    agreed_at = session.execute(_NEWEST_TERMS, {"now": now}).scalar()
    changed_at = month if agreed_at is None else max(month, agreed_at)
    return Edition(tuple(map(_service, fleets)), first_day, last_day, changed_at)


def _service(fleet: FleetKnown) -> Service:
    opens, closes = fleet.terms.opens_at, fleet.terms.closes_at
    ends = _seconds(closes) + (86_400 if closes <= opens else 0)
    return Service(
        fleet.code, fleet.name, f"+886{fleet.phone.removeprefix('0')}", _journeys(fleet), _clock(_seconds(opens)),
        _clock(ends), _opens_for_everybody(fleet.terms), fleet.terms.closes_minutes, _words(fleet), fleet.terms.source,
    )  # fmt: skip


def _journeys(fleet: FleetKnown) -> tuple[Journey, ...]:
    codes = zones.all_codes(fleet.terms.areas)
    home = Zone("kaohsiung", Text("高雄市", "Kaohsiung"), codes)
    if fleet.terms.areas is not None:
        home = Zone(f"area-{fleet.code}", Text("{name}服務區域", "Area of {name}").format(name=fleet.name), codes)
    found = [Journey(f"{fleet.code}-within", home, home)]
    adjoining = _beyond(fleet, "adjoining")
    if adjoining is not None:
        found.append(Journey(f"{fleet.code}-out", home, adjoining))
        found.append(Journey(f"{fleet.code}-back", adjoining, home))
    hospitals, border = _beyond(fleet, "hospitals"), codes & area.border_districts()
    if hospitals is not None and border:
        name = Text("與臺南市相鄰的行政區", "Districts that border on Tainan")
        bordering = Zone("border" if fleet.terms.areas is None else f"border-{fleet.code}", name, border)
        found.append(Journey(f"{fleet.code}-hospital", bordering, hospitals))
        found.append(Journey(f"{fleet.code}-from-hospital", hospitals, bordering))
    return tuple(found)


def _beyond(fleet: FleetKnown, allowance: str) -> Zone | None:
    everything = frozenset(code for code, town in area.beyond().items() if town.allowance == allowance)
    codes = everything if EVERYWHERE in fleet.terms.areas_beyond else everything & fleet.terms.areas_beyond
    if not codes:
        return None
    name = Text("鄰近的屏東縣、臺南市鄉鎮市區", "Adjoining towns of Pingtung and Tainan")
    if allowance == "hospitals":
        name = Text("臺南市永康、東、北、中西區的醫院", "Hospitals in Yongkang, East, North and West Central, Tainan")
    return Zone(allowance if codes == everything else f"{allowance}-{fleet.code}", name, codes)


def _opens_for_everybody(terms: Terms) -> int:
    """From how many days before everybody may book: earlier tiers are told in words, as neither feed has them."""
    return min((tier.opens_days for tier in terms.tiers), default=0)


def _words(fleet: FleetKnown) -> Text:
    terms = fleet.terms
    parts = [fleet_words.booking(terms), fleet_words.chair(terms), fleet_words.cancellation(terms)]
    if terms.is_only_for_eligible:
        entitled = Text("限有搭乘資格者（身心障礙證明或審核過的診斷文件）。", "For those who are entitled to it.")
        parts.insert(0, entitled)
    return Text("".join(each.zh for each in parts), " ".join(each.en for each in parts))


def _seconds(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


_NEWEST_TERMS = text("SELECT max(valid_from) FROM accessibility.fleet_terms WHERE valid_from <= :now")
