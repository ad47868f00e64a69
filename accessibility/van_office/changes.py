"""What somebody at the desk wants of the roster, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from accessibility.van_office.errors import Caution, Fault
from accessibility.van_office.shifts import Rest, Wanted


@dataclass(frozen=True, slots=True)
class Addition:
    """A shift more. `is_weekly`: on every such weekday from then on, until `until` (None: for good)."""

    shift: Wanted
    is_weekly: bool = False
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Alteration:
    """A shift otherwise; what is None stays. `is_weekly`: that of the weeks to come, too."""

    shift_id: UUID
    driver: str | None = None
    begins: time | None = None
    ends: time | None = None
    rests: tuple[Rest, ...] | None = None
    is_weekly: bool = False


@dataclass(frozen=True, slots=True)
class Removal:
    """A shift that is not driven. `is_weekly`: nor those of the weeks to come."""

    shift_id: UUID
    is_weekly: bool = False


@dataclass(frozen=True, slots=True)
class OutOfService:
    """A van that is not to be planned with for a while."""

    vehicle: str
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Away:
    """A driver who is not there for a while; `substitute` drives whole shifts of theirs that lie in it."""

    driver: str
    starts_at: datetime
    ends_at: datetime
    substitute: str | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """So many days once more, from another day on: for every van that has no shift yet on that day."""

    from_day: date
    to_day: date
    days: int = 7


@dataclass(frozen=True, slots=True)
class RosterChange:
    """All of it at once, or nothing: taken away first, then changed, then added."""

    additions: tuple[Addition, ...] = ()
    alterations: tuple[Alteration, ...] = ()
    removals: tuple[Removal, ...] = ()
    out_of_service: tuple[OutOfService, ...] = ()
    away: tuple[Away, ...] = ()
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with one line (`pointer`: which), or what to mind about it; which van, driver and day."""

    pointer: str
    code: Fault | Caution
    vehicle: str | None = None
    driver: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """One shift that is added, changed or removed: as it was, and as it is."""

    before: Wanted | None
    after: Wanted | None


@dataclass(frozen=True, slots=True)
class RideMoved:
    """A ride that loses its van (`takes`: the one that takes it, None: none does yet), or gets another driver."""

    order_id: UUID
    trip: str
    pick_up_at: datetime
    vehicle: str
    takes: str | None
    is_aboard: bool = False
    is_same_van: bool = False
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change of the roster does, or would do. With `faults` it does nothing."""

    faults: tuple[Found, ...] = ()
    cautions: tuple[Found, ...] = ()
    left_out: tuple[Found, ...] = ()
    done: tuple[Done, ...] = ()
    rides: tuple[RideMoved, ...] = ()
    version: int = 0
