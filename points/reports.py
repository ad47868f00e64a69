"""What the city owes in points, what lapses unused, and what points cost whom: from the histories, held to the book.

They read sums of days (`ledger.days`, `points.day_sums`) and what is not in them yet, so they take no longer as the
years go by. A point is worth NT$1 to whoever takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import FieldError, InvalidRequest
from core.text import Text
from ledger import days
from points import day_sums
from points.campaigns import ASSET

LONGEST: Final = timedelta(days=366)
# Where points are that their owners have used: paid bills, set aside, at merchants, at partners, and settled.
_FUNDED: Final = ("points:funding", "points:campaign", "points:partner-budget", "points:partner-budget-used")
_USED: Final = ("points:redeemed", "points:tender_held", "points:merchant", "points:partner", "points:settled")


@dataclass(frozen=True, slots=True)
class Liability:
    """Whole points at the end of a day in Taipei. Points that lapse with that day still count on it.

    `people` hold them, `set_aside` are theirs until what they are for is done; both are the city's `liability`.
    `owed_by_people`: spent before they were taken back. `to_settle`: used at merchants and partners who are not paid
    yet. `accounts` are all groups of accounts of the book, credits less debits; together they are zero.
    """

    on: date
    people: int
    set_aside: int
    owed_by_people: int
    to_settle: int
    lapsed: int
    in_budgets: int
    accounts: Mapping[str, int]

    @property
    def liability(self) -> int:
        """What the city owes its citizens in points."""
        return self.people + self.set_aside

    @property
    def is_balanced(self) -> bool:
        """Whether the whole book of points adds up to zero."""
        return sum(self.accounts.values()) == 0


@dataclass(frozen=True, slots=True)
class Cohort:
    """The lots earned in one month in Taipei: what was issued, what of it lapsed, and what is still there; the rest was
    used or taken back."""

    month: date
    lots: int
    issued: int
    lapsed: int
    left: int

    @property
    def breakage(self) -> float:
        """The share of the issued points that lapsed unused, 0 to 1."""
        return round(self.lapsed / self.issued, 4) if self.issued else 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """One bureau's or campaign's points in a span of days. `granted` less what was taken back; `used` less what came
    back, by what for; `cost_twd` is what is used, for a point is paid with NT$1; `lapsed` less what was extended."""

    code: str
    name: Text
    granted: int
    paid_bills: int
    at_merchants: int
    exchanged: int
    lapsed: int

    @property
    def used(self) -> int:
        """Points used, and not come back."""
        return self.paid_bills + self.at_merchants + self.exchanged

    @property
    def cost_twd(self) -> int:
        """NT$."""
        return self.used


@dataclass(frozen=True, slots=True)
class Costs:
    """The lines, and the same sums as the book has them: (of the histories, in the book)."""

    lines: list[Cost]
    granted: tuple[int, int]
    used: tuple[int, int]
    lapsed: tuple[int, int]

    @property
    def is_reconciled(self) -> bool:
        """Whether the histories and the book say the same, to the point."""
        return all(told == booked for told, booked in (self.granted, self.used, self.lapsed))


def liability(session: Session, on: date, now: datetime) -> Liability:
    """As it stood at the end of that day, or stands now. Raises InvalidRequest for a day to come."""
    if on > taipei_date(now):
        raise InvalidRequest(errors=[FieldError("on", "is a day to come")])
    groups = days.group_balances(session, ASSET, until=on)
    return Liability(
        on,
        people=groups.get("points:person", 0),
        set_aside=groups.get("points:tender_held", 0),
        owed_by_people=-groups.get("points:debt", 0),
        to_settle=groups.get("points:merchant", 0) + groups.get("points:partner", 0),
        lapsed=groups.get("points:expired", 0),
        in_budgets=groups.get("points:campaign", 0),
        accounts=groups,
    )


def breakage(session: Session, first: date, last: date) -> list[Cohort]:
    """The cohorts of the months from the one of `first` to the one of `last`, as they stand now."""
    rows = day_sums.read(session, _COHORTS, {"first": first.replace(day=1), "last": last.replace(day=1)})
    return [Cohort(row.month, int(row.lots), int(row.issued), int(row.lapsed), int(row.left_over)) for row in rows]


def costs(session: Session, first: date, last: date, *, by: str) -> Costs:
    """What the campaigns of each bureau, or each campaign, granted and cost from the first to the last day.

    `by` is "bureau" or "campaign". Raises InvalidRequest where the span is upside down or longer than a year.
    """
    if not timedelta(0) <= last - first < LONGEST:
        raise InvalidRequest(errors=[FieldError("to", "is not within a year after `from`")])
    span = {"first": first, "last": last}
    lines = [_cost(row) for row in day_sums.read(session, _BY_CAMPAIGN if by == "campaign" else _BY_BUREAU, span)]
    grew = days.group_turnovers(session, ASSET, first=first, last=last)
    # What is set aside for exchange is funded as well, and granted to nobody; what comes in from partners is granted,
    # funded by them, and makes what lies with them less.
    funded = -sum(grew.get(group, 0) for group in _FUNDED)
    came_in = int(day_sums.read(session, _CAME_IN, span)[0][0])
    return Costs(
        lines,
        granted=(sum(line.granted for line in lines), funded + came_in),
        used=(sum(line.used for line in lines), sum(grew.get(group, 0) for group in _USED) + came_in),
        lapsed=(sum(line.lapsed for line in lines), grew.get("points:expired", 0)),
    )


def _cost(row: Any) -> Cost:
    numbers = (row.granted, row.paid_bills, row.at_merchants, row.exchanged, row.lapsed)
    return Cost(row.code, Text(row.name_zh, row.name_en), *(int(each) for each in numbers))


# What somebody owes is in no lot.
_COHORTS = text(
    f"""
    SELECT earned_in AS month, sum(entries) FILTER (WHERE kind = 'earn') AS lots,
           sum(amount) FILTER (WHERE kind = 'earn') AS issued,
           coalesce(-sum(amount) FILTER (WHERE kind IN ('expire', 'extend')), 0) AS lapsed,
           sum(amount) FILTER (WHERE kind NOT IN ('owe', 'repaid')) AS left_over
      FROM ({day_sums.SUMS}) AS each WHERE earned_in BETWEEN :first AND :last
     GROUP BY 1 ORDER BY 1
    """  # noqa: S608
)
# What is lent to a lot that somebody owes for (owe) was granted and is taken back; a repayment moves nothing out.
_SUMS = """
    coalesce(sum(e.amount) FILTER (WHERE e.kind IN ('earn', 'restore', 'reverse', 'owe')), 0) AS granted,
    coalesce(-sum(e.amount) FILTER (WHERE e.kind IN ('spend', 'return') AND e.about = 'payment'), 0) AS paid_bills,
    coalesce(-sum(e.amount) FILTER (WHERE e.kind IN ('spend', 'return') AND e.about = 'redemption'), 0) AS at_merchants,
    coalesce(-sum(e.amount) FILTER (WHERE e.kind IN ('spend', 'return') AND e.about = 'exchange'), 0) AS exchanged,
    coalesce(-sum(e.amount) FILTER (WHERE e.kind IN ('expire', 'extend')), 0) AS lapsed
"""
_ENTRIES = f"""
    (SELECT campaign_id, kind, about_kind AS about, sum(amount) AS amount FROM ({day_sums.SUMS}) AS each
      WHERE day BETWEEN :first AND :last GROUP BY 1, 2, 3) AS e JOIN points.campaign AS c ON c.id = e.campaign_id
"""  # noqa: S608
_CAME_IN = text(
    f"SELECT coalesce(sum(e.amount), 0) FROM {_ENTRIES} WHERE c.event_kind = 'exchange.in' AND e.kind = 'earn'"  # noqa: S608
)
_BY_CAMPAIGN = text(f"SELECT c.code, c.name_zh, c.name_en, {_SUMS} FROM {_ENTRIES} GROUP BY c.id ORDER BY c.code")  # noqa: S608
_BY_BUREAU = text(
    f"SELECT c.bureau AS code, c.bureau AS name_zh, c.bureau AS name_en, {_SUMS} FROM {_ENTRIES} "  # noqa: S608
    "GROUP BY c.bureau ORDER BY c.bureau"
)
