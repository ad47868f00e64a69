"""What the month of points comes to: each number as everybody who keeps it has it, our book, theirs, and the bank's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import points_month_city as city
from core import db
from ledger import book
from points import reports
from points.exchange import nettings, terms
from points.merchants import accounts

_PARTNER_BUDGET = 20_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that several books tell of, and what each of them says."""

    what: str
    said: dict[str, int]

    @property
    def agrees(self) -> bool:
        """Whether all say the same."""
        return len(set(self.said.values())) == 1


def lines(counted: Counter[str], url: str, first: date, last: date, now: datetime) -> list[Line]:
    """Every number of the months from `first` to `last`; `url` is where the outside systems keep their books."""
    with db.unit_of_work() as session:
        return [
            *_points(session, counted, first, last, now),
            *_exchange(session, url, f"{last.replace(day=1) - timedelta(days=1):%Y-%m}"),
            *_money(session, url),
        ]


def _points(session: Session, counted: Counter[str], first: date, last: date, now: datetime) -> list[Line]:
    sums = session.execute(_SUMS).one()
    costs = reports.costs(session, first, last, by="bureau")
    owed = reports.liability(session, last, now)
    cohorts = reports.breakage(session, first, last)
    trial = [line.credits_posted - line.debits_posted for line in book.trial_balance(session)]
    budgets = sum(_of(session, f"points:campaign:{code}") for code in city.CAMPAIGNS)
    at_merchants = sum(_of(session, accounts.redeemed_code(city.merchant(each))) for each in range(city.MERCHANTS))
    used = {
        "counted": counted["points at merchants"],
        "book": at_merchants + int(sums.settled),
        "report": sum(line.at_merchants for line in costs.lines),
    }
    return [
        Line("sum of every asset", {"book": sum(map(abs, trial)), "nothing": 0}),
        Line("liability", {"book": owed.people, "lots": int(sums.remaining), "histories": int(sums.told + sums.owed)}),
        Line("owed by people", {"book": owed.owed_by_people, "debts": int(sums.owed)}),
        Line("budgets", {"book": budgets, "histories": city.BUDGET * len(city.CAMPAIGNS) - int(sums.granted)}),
        Line("granted", {"report": costs.granted[0], "book": costs.granted[1]}),
        Line("lapsed", {"book": owed.lapsed, "lots": sum(each.lapsed for each in cohorts), "report": costs.lapsed[0]}),
        Line("used at merchants", used),
        Line("used for bills", {"counted": counted["points for bills"],
                                "report": sum(line.paid_bills for line in costs.lines)}),
        Line("exchanged", {"exchanges": int(sums.out), "report": sum(line.exchanged for line in costs.lines)}),
        Line("used", {"report": costs.used[0], "book": costs.used[1]}),
    ]  # fmt: skip


def _exchange(session: Session, url: str, month: str) -> list[Line]:
    """Of each partner: what was exchanged in the month by its calendar, net of what came in, and the budget of all."""
    found = []
    for code in city.PARTNERS:
        ours = session.execute(_OURS, {"code": code, "month": month}).one()
        orders = [
            each for each in city.asked(url, "GET", f"/books/exchange/orders?partner={code}&state=done")["items"]
            if each["at"].startswith(month)
        ]  # fmt: skip
        theirs = sum(each["charge_twd"] * (1 if each["direction"] == "out" else -1) for each in orders)
        stated = session.execute(_STATED, {"code": code}).one()
        said = {"exchanges": int(ours.net), "partner": theirs, "statement": int(stated.net), "netting": int(stated.due)}
        found += [
            Line(f"{code}: net", said | {"bank": int(stated.paid)}),
            Line(f"{code}: orders", {"exchanges": int(ours.done), "partner": len(orders), "statement": stated.lines}),
            Line(f"{code}: budget", {"used": _of(session, terms.used_code(code)), "exchanges": int(ours.out),
                                     "book": _PARTNER_BUDGET - _of(session, terms.budget_code(code))}),
            Line(f"{code}: of the next month", {"clearing": _of(session, terms.clearing_code(code)),
                                                "exchanges": int(ours.later)}),
            Line(f"{code}: left open", {"payable": _of(session, nettings.payable_code(code)),
                                        "breaks": int(stated.breaks), "nothing": 0}),
        ]  # fmt: skip
    return found


def _money(session: Session, url: str) -> list[Line]:
    """What shops still owe, where more came back than was used, is carried on: the bank has paid it before."""
    sums = session.execute(_SUMS).one()
    net = sum(session.execute(_STATED, {"code": code}).one().net for code in city.PARTNERS)
    cost = sum(_of(session, accounts.cost_code(row.bureau)) for row in session.execute(_BUREAUS))
    payable = sum(_of(session, accounts.payable_code(city.merchant(each))) for each in range(city.MERCHANTS))
    (there,) = city.asked(url, "GET", "/books/bank/accounts?account_no=9017-9000-0002")["items"]
    settled, carried = _of(session, accounts.SETTLED), int(sums.carried)
    return [
        Line("shops paid", {"settlements": int(sums.settled) - carried, "bank": int(sums.paid),
                            "statements": int(sums.stated)}),
        Line("carried on by shops", {"book": payable, "settlements": carried}),
        Line("points settled", {"book": settled, "shops and partners": int(sums.settled + net)}),
        Line("NT$ of points settled", {"cost": cost, "points": settled,
                                       "gone from the bank": carried - _of(session, accounts.BANK)}),
        Line("the bank's account", {"book": _of(session, accounts.BANK), "bank": there["balance_twd"],
                                    "statements": -int(sums.moved)}),
        Line("differences with the bank", {"open": int(sums.differences), "nothing": 0}),
    ]  # fmt: skip


def _of(session: Any, code: str) -> int:
    found = session.execute(_OPENED, {"id": book.account_id(code)}).first()
    return book.balance(session, book.account_id(code)).posted if found else 0


_OPENED = text("SELECT 1 FROM ledger.account WHERE id = :id")
# What is taken back for a refund may be points that came in from a partner: it goes to the budget all the same.
_SUMS = text(
    """
    SELECT (SELECT coalesce(sum(remaining), 0) FROM points.lot) AS remaining,
           (SELECT coalesce(sum(amount), 0) FROM points.entry) AS told,
           (SELECT coalesce(sum(e.amount), 0) FROM points.entry AS e
             WHERE e.kind IN ('restore', 'reverse', 'owe')
                OR e.kind = 'earn'
                   AND NOT EXISTS (SELECT FROM points.lot AS l JOIN points.campaign AS c ON c.id = l.campaign_id
                                    WHERE l.person_id = e.person_id AND l.id = e.lot_id
                                      AND c.event_kind = 'exchange.in')
           ) AS granted,
           (SELECT coalesce(sum(owed), 0) FROM points.debt) AS owed,
           (SELECT coalesce(sum(points), 0) FROM points.exchange WHERE status = 'done' AND direction = 'out') AS out,
           (SELECT coalesce(sum(redeemed_points - refunded_points), 0) FROM points.settlement) AS settled,
           (SELECT coalesce(sum(carried_on_twd), 0)
              FROM (SELECT DISTINCT ON (merchant_id) carried_on_twd FROM points.settlement
                     ORDER BY merchant_id, until DESC) AS newest) AS carried,
           (SELECT coalesce(sum(amount_twd), 0) FROM points.payout
             WHERE status = 'booked' AND purpose = 'settlement') AS paid,
           (SELECT coalesce(sum(amount_twd), 0) FROM points.payout
             WHERE status = 'booked' AND purpose = 'settlement' AND statement_day IS NOT NULL) AS stated,
           (SELECT coalesce(sum(matched_twd), 0) FROM points.payout_statement) AS moved,
           (SELECT count(*) FROM points.payout_difference WHERE closed_at IS NULL) AS differences
    """
)
_OURS = text(
    """
    SELECT count(*) FILTER (WHERE is_of_month) AS done,
           coalesce(sum(points) FILTER (WHERE direction = 'out'), 0) AS out,
           coalesce(sum(net) FILTER (WHERE is_of_month), 0) AS net,
           coalesce(sum(net) FILTER (WHERE NOT is_of_month), 0) AS later
      FROM (SELECT points, direction, to_char(partner_day, 'YYYY-MM') = :month AS is_of_month,
                   CASE direction WHEN 'out' THEN points ELSE -points END AS net
              FROM points.exchange WHERE partner_code = :code AND status = 'done') AS each
    """
)
_STATED = text(
    """
    SELECT coalesce(sum(s.net_twd), 0) AS net, coalesce(sum(s.lines), 0) AS lines,
           coalesce(sum(n.amount_twd), 0) AS due,
           (SELECT count(*) FROM points.exchange_break WHERE partner_code = :code) AS breaks,
           coalesce(sum((SELECT sum(p.amount_twd) FROM points.payout AS p
                          WHERE p.purpose = 'netting' AND p.subject_id = n.id AND p.status = 'booked')), 0)
         - coalesce(sum((SELECT sum(r.amount_twd) FROM points.partner_receipt AS r WHERE r.netting_id = n.id)), 0)
           AS paid
      FROM points.partner_statement AS s LEFT JOIN points.partner_netting AS n ON n.statement_id = s.id
     WHERE s.partner_code = :code AND s.status <> 'refused'
    """
)
_BUREAUS = text("SELECT DISTINCT bureau FROM points.campaign")
