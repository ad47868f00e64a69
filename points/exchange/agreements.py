"""What is agreed anew with a partner: a rate from a day on, more budget, the account it is paid to, open or shut.

One officer proposes what stands in the contract, another decides (`identity.approvals`); nothing counts before. A rate
is never changed: the next one begins on a day that is still to come, so that what was offered stays as offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from core.errors import FieldError, InvalidRequest, NotFound
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from ledger import book
from partners.exchanging import Direction
from points.campaigns import ASSET
from points.exchange import terms
from points.exchange.errors import AgreedAlready

RATE: Final = "points.partner_rate"
BUDGET: Final = "points.partner_budget"
ACCOUNT: Final = "points.partner_account"
OPENING: Final = "points.partner_opening"
ROLES: Final = ("points_officer",)
FURTHEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewRate:
    """A rate from the beginning of a day in Taipei on. `points_step` points are worth `value_step` of the partner's
    unit; all else is in points."""

    direction: Direction
    first_day: date
    points_step: int
    value_step: int
    fee_points: int
    least_points: int
    most_points: int
    most_points_day: int
    most_points_month: int


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Where the city pays what it owes, and in how many days the partner pays what it owes."""

    payee: str
    bank_code: str
    account: str
    payment_days: int


def propose_rate(session: Session, partner: str, wanted: NewRate, *, source: str, by: Actor, now: datetime) -> Approval:
    """Propose a rate; `source` names the contract that says so. Raises NotFound, InvalidRequest, AgreedAlready."""
    _require(session, partner)
    if errors := _wrong(wanted, taipei_date(now)):
        raise InvalidRequest(errors=errors)
    if session.execute(_BEGINS, {"partner": partner, **_key(wanted.direction, wanted.first_day)}).first() is not None:
        raise AgreedAlready
    body = {**asdict(wanted), "partner": partner, "first_day": wanted.first_day.isoformat(), "source": source}
    return approvals.propose(session, kind=RATE, subject=partner, body=body, reason=source, by=by, now=now)


def propose_budget(session: Session, partner: str, points: int, *, source: str, by: Actor, now: datetime) -> Approval:
    """Propose so many points more that may be exchanged with the partner. Raises NotFound."""
    _require(session, partner)
    body = {"partner": partner, "points": points, "source": source}
    return approvals.propose(session, kind=BUDGET, subject=partner, body=body, reason=source, by=by, now=now)


def propose_account(
    session: Session, partner: str, wanted: NewAccount, *, source: str, by: Actor, now: datetime
) -> Approval:
    """Propose another account to pay the partner to. What is proposed or ordered already goes to the old one.

    Raises NotFound.
    """
    _require(session, partner)
    body = {**asdict(wanted), "partner": partner, "source": source}
    return approvals.propose(session, kind=ACCOUNT, subject=partner, body=body, reason=source, by=by, now=now)


def propose_opening(
    session: Session, partner: str, is_open: bool, *, source: str, by: Actor, now: datetime
) -> Approval:
    """Propose to offer the partner to citizens, or no more; what is on its way goes on. Raises NotFound,
    AgreedAlready where it is so."""
    if bool(_require(session, partner).is_open) == is_open:
        raise AgreedAlready
    body = {"partner": partner, "is_open": is_open, "source": source}
    return approvals.propose(session, kind=OPENING, subject=partner, body=body, reason=source, by=by, now=now)


def rates_of(session: Session, partner: str) -> list[Any]:
    """Every rate of the partner, the newest first, as rows of points.partner_rate. Raises NotFound."""
    _require(session, partner)
    return list(session.execute(_RATES, {"partner": partner}))


def account_of(session: Session, partner: str) -> Any:
    """payee, bank_code, bank_account, payment_days and is_open of the partner. Raises NotFound."""
    return _require(session, partner)


def register() -> None:
    """Let points officers decide what another proposed."""
    for kind, effect, shown, title in (
        (RATE, _begin_rate, _shown_rate, Text("兌換夥伴的新費率", "A partner's new rate")),
        (BUDGET, _add_budget, _shown_budget, Text("增加夥伴的兌換額度", "More budget for a partner")),
        (ACCOUNT, _change_account, _shown_account, Text("夥伴的收款帳戶", "The account a partner is paid to")),
        (OPENING, _open_or_shut, _shown_opening, Text("夥伴的開放與停止", "Opening or closing a partner")),
    ):
        approvals.on_approved(kind, ROLES, effect, shown, title=title)


def _require(session: Session, partner: str) -> Any:
    row = session.execute(_PARTNER, {"partner": partner}).first()
    if row is None:
        raise NotFound
    return row


def _wrong(rate: NewRate, today: date) -> list[FieldError]:
    """What does not fit together in a rate; the table holds the same."""
    errors = []
    if not today < rate.first_day <= today + FURTHEST:
        errors.append(FieldError("first_day", "is not tomorrow or within a year"))
    if rate.least_points % rate.points_step:
        errors.append(FieldError("least_points", "is not whole steps"))
    if rate.fee_points >= rate.least_points:
        errors.append(FieldError("fee_points", "is not less than the least that may be exchanged"))
    limits = ("least_points", "most_points", "most_points_day", "most_points_month")
    for less, more in pairwise(limits):
        if getattr(rate, less) > getattr(rate, more):
            errors.append(FieldError(more, f"is less than {less}"))
    return errors


def _key(direction: str, first_day: date) -> dict[str, Any]:
    return {"direction": direction, "from": datetime.combine(first_day, time.min, TAIPEI)}


def _begin_rate(session: Session, approval: Approval, now: datetime) -> None:
    body = approval.body
    first_day = date.fromisoformat(body["first_day"])
    # Decided too late, it would change what counts today under offers that are being looked at.
    if first_day <= taipei_date(now):
        raise AgreedAlready
    values = {**body, **_key(body["direction"], first_day), "id": uuid5(approval.id, "rate")}
    if session.execute(_ADD_RATE, values).first() is None:
        raise AgreedAlready


def _add_budget(session: Session, approval: Approval, now: datetime) -> None:
    partner, points = approval.body["partner"], approval.body["points"]
    bureau = session.execute(_PARTNER, {"partner": partner}).one().bureau
    budget = book.open_account(session, terms.budget_code(partner), ASSET, now=now, never_negative=True)
    funding = book.open_account(
        session, f"points:funding:{bureau}", ASSET, now=now, normal_side=book.Side.DEBIT, is_hot=True
    )
    added = book.Posting(uuid5(approval.id, "budget"), funding, budget, points, ASSET, "partner budget", partner)
    book.post(session, [added], now=now)


def _change_account(session: Session, approval: Approval, now: datetime) -> None:
    session.execute(_SET_ACCOUNT, approval.body)


def _open_or_shut(session: Session, approval: Approval, now: datetime) -> None:
    session.execute(_SET_OPEN, approval.body)


def _shown_rate(body: Mapping[str, Any]) -> Sequence[Shown]:
    def pair(one: str, between: str, other: str) -> str:
        return f"{body[one]:,}{between}{body[other]:,}"

    way = Text("點數換出", "from points") if body["direction"] == "out" else Text("換入點數", "into points")
    return [
        Shown(Text("夥伴", "Partner"), body["partner"]),
        Shown(Text("方向", "Direction"), way),
        Shown(Text("開始日", "From"), body["first_day"]),
        Shown(Text("點數和對方單位", "Points and the partner's unit"), pair("points_step", " = ", "value_step")),
        Shown(Text("手續費（點）", "Fee in points"), f"{body['fee_points']:,}"),
        Shown(Text("每次最少、最多", "Least, most at once"), pair("least_points", ", ", "most_points")),
        Shown(Text("每日、每月最多", "Most a day, a month"), pair("most_points_day", ", ", "most_points_month")),
        Shown(Text("依據", "Source"), body["source"]),
    ]


def _shown_budget(body: Mapping[str, Any]) -> Sequence[Shown]:
    return [
        Shown(Text("夥伴", "Partner"), body["partner"]),
        Shown(Text("增加的點數", "Points more"), f"{body['points']:,}"),
        Shown(Text("依據", "Source"), body["source"]),
    ]


def _shown_account(body: Mapping[str, Any]) -> Sequence[Shown]:
    return [
        Shown(Text("夥伴", "Partner"), body["partner"]),
        Shown(Text("戶名", "Payee"), body["payee"]),
        Shown(Text("帳戶", "Account"), f"{body['bank_code']} {body['account']}"),
        Shown(Text("夥伴付款期限（天）", "Days for the partner to pay"), str(body["payment_days"])),
        Shown(Text("依據", "Source"), body["source"]),
    ]


def _shown_opening(body: Mapping[str, Any]) -> Sequence[Shown]:
    what = Text("開放兌換", "offer it to citizens") if body["is_open"] else Text("停止新的兌換", "offer it no more")
    return [
        Shown(Text("夥伴", "Partner"), body["partner"]),
        Shown(Text("決定", "Decision"), what),
        Shown(Text("依據", "Source"), body["source"]),
    ]


_PARTNER = text(
    "SELECT code, bureau, is_open, payee, bank_code, bank_account, payment_days FROM points.partner "
    "WHERE code = :partner"
)
_RATES = text("SELECT * FROM points.partner_rate WHERE partner_code = :partner ORDER BY valid_from DESC, direction")
_BEGINS = text(
    "SELECT 1 FROM points.partner_rate WHERE partner_code = :partner AND direction = :direction AND valid_from = :from"
)
_ADD_RATE = text(
    """
    INSERT INTO points.partner_rate (id, partner_code, direction, points_step, value_step, fee_points, least_points,
                                     most_points, most_points_day, most_points_month, valid_from, source)
    VALUES (:id, :partner, :direction, :points_step, :value_step, :fee_points, :least_points, :most_points,
            :most_points_day, :most_points_month, :from, :source)
    ON CONFLICT DO NOTHING RETURNING id
    """
)
_SET_ACCOUNT = text(
    "UPDATE points.partner SET payee = :payee, bank_code = :bank_code, bank_account = :account, "
    "payment_days = :payment_days WHERE code = :partner"
)
_SET_OPEN = text("UPDATE points.partner SET is_open = :is_open WHERE code = :partner")
