"""What the city and its citizens saved, month by month: what a store would have charged, less what each rail cost.

Nothing is estimated twice: how many bills, how much and which fee come from payments that stand; prices from
`wallet.tariff`, with their sources. The months are kept ready and rebuilt from the same rows; a bill whose payment was
undone later drops out of the month it was paid in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from ledger import journal
from wallet.book import TWD

YARDSTICK: Final = "store_barcode"
_ACCOUNTS: Final = ("bureau_payable:", "fee_payable:", "rail_costs:", "points_funding")


@dataclass(frozen=True, slots=True)
class Costs:
    """How many bills, how much, and who would have paid or has paid what for collecting them. Money in NT$."""

    bills: int = 0
    amount_twd: int = 0
    store_payer_twd: int = 0
    store_city_twd: int = 0
    rail_payer_twd: int = 0
    rail_city_twd: int = 0

    @property
    def saved_payer_twd(self) -> int:
        """What the payers saved; below zero where the rail cost them more."""
        return self.store_payer_twd - self.rail_payer_twd

    @property
    def saved_city_twd(self) -> int:
        """What the city saved; below zero where the rail cost it more."""
        return self.store_city_twd - self.rail_city_twd

    @property
    def saved_twd(self) -> int:
        """Both together."""
        return self.saved_payer_twd + self.saved_city_twd

    def __add__(self, other: Costs) -> Costs:
        return Costs(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Costs)))


@dataclass(frozen=True, slots=True)
class Line:
    """One rail and kind of bill within a month."""

    rail: str
    bill_kind: str
    costs: Costs


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in Taipei, named by its first day."""

    first_day: date
    lines: tuple[Line, ...]

    @property
    def costs(self) -> Costs:
        """All its lines together."""
        return sum((line.costs for line in self.lines), Costs())


@dataclass(frozen=True, slots=True)
class Movement:
    """What moved in a month on one account of the book. Money in NT$."""

    code: str
    debits_twd: int
    credits_twd: int


@dataclass(frozen=True, slots=True)
class Price:
    """A tariff row that was in force in the month: what it says and where that stands."""

    rail: str
    bill_kind: str
    fee_twd: int
    city_flat_twd: int
    city_basis_points: int
    valid_from: date
    valid_until: date | None
    source: str
    city_source: str


def refresh(session: Session, *, now: datetime) -> None:
    """Rebuild this month and the last; all months where that has not been done today. Again changes nothing."""
    today = taipei_date(now)
    known = session.execute(_TAKE_TURN, {"now": now}).one()
    is_new_day = known.all_as_of is None or taipei_date(known.all_as_of) < today
    first = session.execute(_FIRST).scalar() if is_new_day else _month_before(today)
    for month in _months(min(first or today, today).replace(day=1), today):
        _rebuild(session, month)
    session.execute(_DONE, {"now": now, "is_new_day": is_new_day})


def months(session: Session, *, now: datetime) -> tuple[datetime | None, list[Month]]:
    """When it was last rebuilt, and every month from the first with a payment to this one, empty ones too."""
    as_of = session.execute(_AS_OF).scalar()
    found: dict[date, list[Line]] = {}
    for row in session.execute(_LINES, {"month": None}):
        found.setdefault(row.month, []).append(Line(row.rail, row.bill_kind, Costs(*row[3:])))
    if not found:
        return as_of, []
    return as_of, [Month(day, tuple(found.get(day, ()))) for day in _months(min(found), taipei_date(now))]


def month_of(session: Session, first_day: date) -> tuple[datetime | None, Month, list[Movement], list[Price]]:
    """One month in full: its lines, the accounts of the book behind it, and the prices that were in force."""
    rows = session.execute(_LINES, {"month": first_day})
    lines = tuple(Line(row.rail, row.bill_kind, Costs(*row[3:])) for row in rows)
    movements = [Movement(*row) for row in session.execute(_MOVEMENTS, {"month": first_day})]
    last_day = _month_after(first_day)
    prices = [Price(*row) for row in session.execute(_PRICES, {"begin": first_day, "end": last_day})]
    return session.execute(_AS_OF).scalar(), Month(first_day, lines), movements, prices


def _rebuild(session: Session, month: date) -> None:
    span = {"begin": _begin(month), "end": _begin(_month_after(month))}
    session.execute(_FORGET, {"month": month})
    session.execute(_REBUILD, {**span, "month": month, "yardstick": YARDSTICK})
    for moved in journal.turnovers(session, TWD, start=span["begin"], end=span["end"]):
        if moved.code.startswith(_ACCOUNTS):
            session.execute(
                _KEEP_MOVEMENT,
                {"month": month, "code": moved.code, "debits": moved.debits, "credits": moved.credits},
            )


def _months(first: date, until: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= until:
        yield month
        month = _month_after(month)


def _month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _month_before(day: date) -> date:
    return date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), TAIPEI)


# Whoever rebuilds holds this row: two workers never write the same month at once.
_TAKE_TURN: Any = text(
    """
    INSERT INTO wallet.saving_state (as_of, all_as_of) VALUES (:now, '-infinity')
    ON CONFLICT (is_only) DO UPDATE SET as_of = :now
    RETURNING NULLIF(wallet.saving_state.all_as_of, '-infinity') AS all_as_of
    """
)
_DONE = text("UPDATE wallet.saving_state SET all_as_of = CASE WHEN :is_new_day THEN :now ELSE all_as_of END")
_AS_OF = text("SELECT as_of FROM wallet.saving_state")
_FIRST = text("SELECT min(booked_at AT TIME ZONE 'Asia/Taipei')::date FROM wallet.payment WHERE booked_at IS NOT NULL")
_FORGET = text(
    "WITH lines AS (DELETE FROM wallet.saving WHERE month = :month) "
    "DELETE FROM wallet.saving_account WHERE month = :month"
)
# By day first: a price changes at midnight. What points pay costs a rail nothing; a store would have taken it in cash.
_REBUILD = text(
    """
    WITH day AS (
        SELECT (p.booked_at AT TIME ZONE 'Asia/Taipei')::date AS on_day, p.rail, i.kind, count(*) AS bills,
               sum(i.amount_twd) AS amount, sum(i.amount_twd - i.points_pt) AS money, sum(i.fee_twd) AS fee
          FROM wallet.payment p
          JOIN wallet.payment_item i ON i.payment_id = p.id
          JOIN wallet.bill b ON b.id = i.bill_id AND b.paid_by_payment = p.id
         WHERE p.booked_at >= :begin AND p.booked_at < :end AND p.status IN ('captured', 'provisional')
         GROUP BY 1, 2, 3
    )
    INSERT INTO wallet.saving (month, rail, bill_kind, bills, amount_twd, store_payer_twd, store_city_twd,
                               rail_payer_twd, rail_city_twd)
    SELECT :month, day.rail, day.kind, sum(day.bills), sum(day.amount), sum(day.bills * s.fee_twd),
           round(sum(day.bills * s.city_flat_twd + day.amount * s.city_basis_points / 10000.0)), sum(day.fee),
           round(sum(day.bills * r.city_flat_twd + day.money * r.city_basis_points / 10000.0))
      FROM day
      CROSS JOIN LATERAL (SELECT * FROM wallet.tariff t
                           WHERE t.rail = :yardstick AND t.bill_kind = day.kind AND t.valid_from <= day.on_day
                             AND (t.valid_until IS NULL OR t.valid_until >= day.on_day)
                           ORDER BY t.valid_from DESC LIMIT 1) AS s
      CROSS JOIN LATERAL (SELECT * FROM wallet.tariff t
                           WHERE t.rail = day.rail AND t.bill_kind = day.kind AND t.valid_from <= day.on_day
                             AND (t.valid_until IS NULL OR t.valid_until >= day.on_day)
                           ORDER BY t.valid_from DESC LIMIT 1) AS r
     GROUP BY day.rail, day.kind
    """
)
_KEEP_MOVEMENT = text(
    "INSERT INTO wallet.saving_account (month, code, debits_twd, credits_twd) VALUES (:month, :code, :debits, :credits)"
)
_LINES = text(
    """
    SELECT month, rail, bill_kind, bills, amount_twd, store_payer_twd, store_city_twd, rail_payer_twd, rail_city_twd
      FROM wallet.saving WHERE CAST(:month AS date) IS NULL OR month = :month ORDER BY month, rail, bill_kind
    """
)
_MOVEMENTS = text("SELECT code, debits_twd, credits_twd FROM wallet.saving_account WHERE month = :month ORDER BY code")
_PRICES = text(
    """
    SELECT rail, bill_kind, fee_twd, city_flat_twd, city_basis_points, valid_from, valid_until, source, city_source
      FROM wallet.tariff WHERE valid_from < :end AND (valid_until IS NULL OR valid_until >= :begin)
     ORDER BY rail, bill_kind, valid_from
    """
)
