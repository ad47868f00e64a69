"""All ways to pay one bill, compared: what each costs the payer and the city, when it counts as paid, what bars it.

Cheapest for both together comes first. A way that is barred is shown all the same, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.text import Text
from partners.ach.calendar import business_day_from
from wallet import payment_slips
from wallet.bank_links import BANK_OF_KAOHSIUNG
from wallet.bills import Bill
from wallet.closed_days import closed_days, return_window_ends
from wallet.not_payable import explained
from wallet.ports import ports
from wallet.rail_names import NAMES
from wallet.tariffs import Tariff, Term, tariffs_on, terms_on

STORE_FILE_DAYS: Final = 3
_SOONEST: Final = ("at_once", "next_business_day", "after_store_file")


@dataclass(frozen=True, slots=True)
class Quote:
    """One way to pay one bill. Money in NT$. `barred` is the code and words of why it is not possible now, or None;
    `limit_twd` the most the payer's own consent lets through, None where there is none."""

    rail: str
    tariff: Tariff
    term: Term
    amount_twd: int
    counts_on: date
    limit_twd: int | None
    barred: tuple[str, Text] | None
    why_recommended: Text | None = None

    @property
    def total_twd(self) -> int:
        """What the payer pays."""
        return self.amount_twd + self.tariff.fee_twd

    @property
    def city_cost_twd(self) -> int:
        """What the city pays for it."""
        return self.tariff.city_cost_twd(self.amount_twd)


@dataclass(frozen=True, slots=True)
class _Means:
    """What this person has to pay with: the most any of their links lets through by rail, paused ones, points."""

    limits_twd: dict[str, int]
    paused: frozenset[str]
    points: int


@dataclass(frozen=True, slots=True)
class _Today:
    """What holds for everybody at this moment: the day, the rails that are offered, the day an ACH debit is final."""

    day: date
    offered: frozenset[str]
    debit_final_on: date


def quotes_for(session: Session, person_id: UUID, bill: Bill, *, now: datetime) -> list[Quote]:
    """Every way to pay this bill, the cheapest for both first, the possible ones before the others."""
    today = taipei_date(now)
    tariffs, terms = tariffs_on(session, today), terms_on(session, today)
    means, at_present = _means_of(session, person_id, now), _present(session, bill, today, now)
    of_the_bill = explained(bill, now)
    found = []
    for rail in NAMES:
        tariff, term = tariffs.get((rail, bill.kind)), terms.get(rail)
        if tariff is None or term is None:
            continue
        quote = Quote(
            rail, tariff, term, bill.amount_twd, _counts_on(term, at_present), means.limits_twd.get(rail), None
        )
        found.append(replace(quote, barred=of_the_bill or _barred(quote, bill, means, at_present)))
    found.sort(key=_rank)
    if found and found[0].barred is None:
        found[0] = replace(found[0], why_recommended=_why(found[0]))
    return found


def counts_as_paid_words(quote: Quote) -> Text:
    """When it counts as paid, in words."""
    return _COUNTS[quote.term.counts_as_paid].format(day=f"{quote.counts_on:%m/%d}", date=quote.counts_on.isoformat())


def _barred(quote: Quote, bill: Bill, means: _Means, at_present: _Today) -> tuple[str, Text] | None:
    """What bars this rail, by the first of these that does: the law, then the payer's own means."""
    rail, term = quote.rail, quote.term
    needs_link = rail in (BANK_OF_KAOHSIUNG, "ach")
    by_law = term.bars(bill.kind, quote.amount_twd, is_overdue=bill.due_on < at_present.day)
    facts: tuple[tuple[bool, str], ...] = (
        (by_law is not None, by_law or ""),
        (rail not in at_present.offered, "not_offered"),
        (rail in means.paused and rail not in means.limits_twd, "link_paused"),
        (needs_link and rail not in means.limits_twd, "no_linked_account"),
        (quote.limit_twd is not None and quote.total_twd > quote.limit_twd, "over_link_limit"),
        (rail == "points" and means.points < quote.total_twd, "not_enough_points"),
    )
    code = next((code for is_true, code in facts if is_true), None)
    if code is None:
        return None
    return code, _BARRED[code].format(
        cap=f"{term.item_cap_twd or 0:,}", limit=f"{quote.limit_twd or 0:,}", points=f"{max(means.points, 0):,}"
    )


def _rank(quote: Quote) -> tuple[bool, int, int, int]:
    return (
        quote.barred is not None,
        quote.tariff.fee_twd + quote.city_cost_twd,
        quote.tariff.fee_twd,
        _SOONEST.index(quote.term.counts_as_paid),
    )


def _why(quote: Quote) -> Text:
    together = quote.tariff.fee_twd + quote.city_cost_twd
    if together == 0:
        return Text("您和市府都不用付手續費", "It costs neither you nor the city anything")
    return Text(
        "您和市府合計的成本最低（NT${together}）", "It costs you and the city together the least (NT${together})"
    ).format(together=together)


def _counts_on(term: Term, at_present: _Today) -> date:
    if term.counts_as_paid == "next_business_day":
        return at_present.debit_final_on
    return at_present.day + timedelta(days=STORE_FILE_DAYS if term.counts_as_paid == "after_store_file" else 0)


def _present(session: Session, bill: Bill, today: date, now: datetime) -> _Today:
    slips = payment_slips.offered(session, bill.kind, is_overdue=bill.is_overdue(now), now=now)
    closed = closed_days(session)
    final_on = return_window_ends(business_day_from(today, closed), closed)
    return _Today(today, slips | frozenset(ports().rails), final_on)


def _means_of(session: Session, person_id: UUID, now: datetime) -> _Means:
    limits: dict[str, int] = {}
    paused = set()
    for row in session.execute(_LINKS, {"person_id": person_id}):
        rail = BANK_OF_KAOHSIUNG if row.bank == BANK_OF_KAOHSIUNG else "ach"
        if row.status == "paused":
            paused.add(rail)
        else:
            limits[rail] = max(limits.get(rail, 0), row.per_payment_limit_twd)
    return _Means(limits, frozenset(paused), ports().tender.available(session, person_id, now))


_COUNTS: dict[str, Text] = {
    "at_once": Text("立即銷帳", "at once"),
    "next_business_day": Text(
        "立即視為已繳，次一營業日（{day}）前可能被退回",
        "counts as paid now, and may be returned until the next business day ({date})",
    ),
    "after_store_file": Text("通路回報後銷帳，最慢 {day}", "once the store has reported it, by {date} at the latest"),
}
_BARRED: dict[str, Text] = {
    "not_offered": Text("目前沒有提供這個方式", "This way is not offered at the moment"),
    "overdue_fine": Text(
        "逾期罰鍰依規定不能由這個通路收取（處理細則第59條）",
        "By law this channel may not take fines past their date (article 59)",
    ),
    "over_item_cap": Text(
        "依規定這個通路每筆最多 NT${cap}", "By law this channel may take at most NT${cap} for one bill"
    ),
    "link_paused": Text("您已暫停這個帳戶的扣款", "You have paused debits from this account"),
    "no_linked_account": Text("您還沒有連結帳戶", "You have not linked an account yet"),
    "over_link_limit": Text(
        "超過您設定的單筆上限 NT${limit}", "Over the limit of NT${limit} that you set for one payment"
    ),
    "not_enough_points": Text("點數不夠，您有 {points} 點", "Not enough points: you have {points}"),
}
_LINKS: Any = text(
    "SELECT bank, status, per_payment_limit_twd FROM wallet.bank_link "
    "WHERE person_id = :person_id AND status IN ('active', 'paused') AND per_payment_limit_twd IS NOT NULL"
)
