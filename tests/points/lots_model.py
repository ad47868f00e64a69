"""The rules of points as they are told to people (docs/points.md), with lots in a list and no table in sight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from core.clock import TAIPEI

MOST_OWED = 500
GRACE = timedelta(days=30)
PER_PAYMENT, TWD_PER_POINT = 10, 100
PER_DEED, PER_HOUR = 5, 20


@dataclass
class Lot:
    """What the model knows of one lot; `campaign` is a name of its own for it."""

    person: int
    campaign: str
    amount: int
    remaining: int
    earned_at: datetime
    ends_at: datetime
    expired: int = 0
    taken_back: int = 0
    waived: int = 0


@dataclass
class Part:
    """Points used from one lot, and how many of them came back."""

    lot: Lot
    points: int
    returned: int = 0


@dataclass
class Use:
    """Points in use: held, spent or released."""

    id: UUID
    person: int
    status: str
    parts: list[Part]

    @property
    def points(self) -> int:
        """All of them."""
        return sum(part.points for part in self.parts)

    @property
    def ends(self) -> list[datetime]:
        """When the lots end that it used."""
        return [part.lot.ends_at for part in self.parts]


@dataclass
class Payment:
    """What of a payment stands: nothing where it was undone."""

    lot: Lot
    paid_twd: int
    refunds_twd: list[int] = field(default_factory=list)
    is_undone: bool = False

    @property
    def left_twd(self) -> int:
        """What could be refunded still."""
        return self.paid_twd - sum(self.refunds_twd)

    @property
    def points(self) -> int:
        """What it deserves."""
        return points_for(0 if self.is_undone else self.left_twd)


class Model:
    """A list of lots, and a number that each person owes."""

    def __init__(self, people: Iterable[int]) -> None:
        self.lots: list[Lot] = []
        self.owed = dict.fromkeys(people, 0)

    def living(self, person: int, now: datetime) -> list[Lot]:
        """Oldest-expiring first."""
        mine = [lot for lot in self.lots if lot.person == person and lot.remaining and lot.ends_at > now]
        return sorted(mine, key=lambda lot: (lot.ends_at, lot.earned_at))

    def balance(self, person: int, now: datetime) -> int:
        """Below zero where more is owed than there is."""
        return sum(lot.remaining for lot in self.living(person, now)) - self.owed[person]

    def earn(self, person: int, campaign: str, points: int, now: datetime, months: int) -> Lot:
        """A new lot, which first repays what is owed."""
        lot = Lot(person, campaign, points, points, now, end_of_month(now, months))
        self.lots.append(lot)
        self._repay(lot, points)
        return lot

    def lapse(self, lots: Iterable[Lot], now: datetime) -> int:
        """What is left in lots that have ended goes. Answers how many lots that were."""
        ended = [lot for lot in lots if lot.ends_at <= now and lot.remaining]
        for lot in ended:
            lot.expired, lot.remaining = lot.expired + lot.remaining, 0
        return len(ended)

    def use(self, use_id: UUID, person: int, status: str, points: int, now: datetime) -> Use:
        """Oldest-expiring first; there are as many."""
        parts, left = [], points
        for lot in self.living(person, now):
            if part := min(left, lot.remaining):
                lot.remaining, left = lot.remaining - part, left - part
                parts.append(Part(lot, part))
        assert left == 0
        return Use(use_id, person, status, parts)

    def give_back(self, use: Use, points: int, now: datetime) -> None:
        """Those of the lot that ends last first; a lot that has ended lives on for the grace, with these alone in it."""
        self.lapse([part.lot for part in use.parts], now)
        for part in sorted(use.parts, key=lambda part: (part.lot.ends_at, part.lot.earned_at), reverse=True):
            if back := min(points, part.points - part.returned):
                points, part.returned, part.lot.remaining = (
                    points - back,
                    part.returned + back,
                    part.lot.remaining + back,
                )
                part.lot.ends_at = part.lot.ends_at if part.lot.ends_at > now else now + GRACE

    def take_again(self, use: Use, points: int, now: datetime) -> None:
        """What came back, as far as its lots still hold it."""
        self.lapse([part.lot for part in use.parts], now)
        for part in sorted(use.parts, key=lambda part: (part.lot.ends_at, part.lot.earned_at)):
            again = min(points, part.returned, part.lot.remaining)
            points, part.returned, part.lot.remaining = (
                points - again,
                part.returned - again,
                part.lot.remaining - again,
            )

    def recount(self, lot: Lot, deserved: int, now: datetime) -> None:
        """Too many are taken from the lot, from the others, then owed; too few are given again, for a month at least."""
        self.lapse([lot], now)
        held = lot.amount - lot.taken_back - lot.waived - lot.expired
        if held > deserved:
            missing = held - deserved
            for source in (lot, *(other for other in self.living(lot.person, now) if other is not lot)):
                taken = min(missing, source.remaining)
                source.remaining, missing = source.remaining - taken, missing - taken
            owed = min(missing, max(0, MOST_OWED - self.owed[lot.person]))
            self.owed[lot.person] += owed
            lot.waived += missing - owed
            lot.taken_back += held - deserved - (missing - owed)
        elif held < deserved and lot.taken_back:
            given = min(lot.taken_back, deserved - held)
            lot.remaining, lot.taken_back = lot.remaining + given, lot.taken_back - given
            lot.ends_at = lot.ends_at if lot.ends_at > now else end_of_month(now, 1)
            self._repay(lot, given)

    def extend(self, lots: Iterable[Lot], first: date, last: date, until: date) -> list[Lot]:
        """Lots whose last day lies between two days get a later one, and what lapsed of them is back. Answers which."""
        found = fitting(lots, first, last)
        for lot in found:
            lot.ends_at, lot.remaining, lot.expired = midnight_after(until), lot.remaining + lot.expired, 0
        return found

    def _repay(self, lot: Lot, points: int) -> None:
        used = min(points, self.owed[lot.person])
        self.owed[lot.person] -= used
        lot.remaining -= used


def fitting(lots: Iterable[Lot], first: date, last: date) -> list[Lot]:
    """Those that an extension between these days is for."""
    return [lot for lot in lots if first <= last_day(lot.ends_at) <= last and lot.remaining + lot.expired]


def points_for(twd: int) -> int:
    """What a payment earns."""
    return PER_PAYMENT + twd // TWD_PER_POINT if twd > 0 else 0


def end_of_month(moment: datetime, months: int) -> datetime:
    """The first moment after the month in Taipei that lies so many months later."""
    day = moment.astimezone(TAIPEI).date().replace(day=1)
    for _ in range(months + 1):
        day = (day + timedelta(days=31)).replace(day=1)
    return datetime.combine(day, time.min, TAIPEI)


def last_day(end: datetime) -> date:
    """The last day in Taipei on which points count that end then."""
    return (end - timedelta(microseconds=1)).astimezone(TAIPEI).date()


def midnight_after(day: date) -> datetime:
    """The end of that day in Taipei."""
    return datetime.combine(day + timedelta(days=1), time.min, TAIPEI)
