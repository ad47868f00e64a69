"""Netting: what agrees is payable, each difference is a break that a desk deals with, a wrong file is refused whole."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytest
import urllib3
from sandbox_process import SandboxBooks
from sqlalchemy import text

from core import clock, db
from core.clock import TAIPEI, taipei_date
from core.ids import typeid
from identity import approvals, officer_sessions, officers
from identity.actors import Actor
from identity.errors import SecondPersonNeeded
from partners.exchanging import StatementWrong
from points.exchange import breaks, ports, statements, terms
from points.exchange.errors import BreakClosed, MonthNotOver, NothingToCorrect, StatementRefused
from points.exchange.exchanges import Exchange
from points.exchange.statements import Taken
from tests.points.exchange.city import City

_numbers = itertools.count(1)
PARTNERS = ("ipass", "okmart", "pxmart", "familymart", "seveneleven")


def officer(name: str) -> Actor:
    number = f"X{next(_numbers):05d}"
    with db.unit_of_work() as session:
        who = officers.add(
            session, staff_number=number, name=name, bureau="economic", roles=("points_officer",), now=clock.now()
        )
        issued = officer_sessions.begin(
            session, who, amr=("hwk", "user"), transport="bearer", user_agent="", now=clock.now()
        )
        actor = officer_sessions.resolve(session, issued.token, clock.now())
    assert actor is not None
    return actor


@dataclass
class Month:
    """Two exchanges that are done at a partner, and the statement of their month."""

    city: City
    partner: str
    done: list[Exchange]

    @property
    def name(self) -> str:
        return f"{taipei_date(self.city.now):%Y-%m}"

    def take(self) -> Taken:
        content = ports.partner(self.partner).statement(self.name)
        with db.unit_of_work() as session:
            return statements.take(session, self.partner, self.name, content, now=self.city.now + timedelta(days=40))

    def take_again_status(self) -> str:
        with db.unit_of_work() as session:
            return statements.get(session, self.partner, self.name).status

    def only_break(self) -> breaks.Break:
        with db.unit_of_work() as session:
            (found,) = breaks.page(session, status=None, partner=self.partner, limit=9, before=None)
        return found

    def balance(self, code: str) -> int:
        with db.unit_of_work() as session:
            return terms.balance_of(session, code)

    @property
    def payable(self) -> int:
        return self.balance(f"points:payable:partner:{self.partner}")


def month(city: City, partner: str) -> Month:
    mei = city.somebody(400)
    begun = [city.begun(partner, mei), city.begun(partner, mei)]
    for each in begun:
        city.drive(each)
    if partner == "pxmart":
        city.night()
    city.wait_for_value()
    city.settle()
    done = [city.at(each) for each in begun]
    assert [each.status for each in done] == ["done", "done"]
    return Month(city, partner, done)


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_month_on_which_both_agree_becomes_payable_once(kaohsiung: City, partner: str) -> None:
    of = month(kaohsiung, partner)
    owed = sum(each.points for each in of.done)
    taken, again = of.take(), of.take()
    assert (taken.status, taken.lines, taken.net_twd, taken.breaks) == ("agreed", 2, owed, 0)
    assert again == taken
    assert of.payable == owed
    assert of.balance(terms.clearing_code(partner)) == 0


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize(
    ("mode", "because"),
    [("wrong_totals", "totals"), ("truncated_file", "truncated"), ("wrong_encoding", "encoding"),
     ("duplicate_line", "repeated")],
)  # fmt: skip
def test_a_statement_that_is_wrong_is_refused_whole_and_the_right_one_is_taken_later(
    kaohsiung: City, books: SandboxBooks, partner: str, mode: str, because: str
) -> None:
    books.set_switch(partner, "statement", mode, count=1)
    month_name = f"{taipei_date(kaohsiung.now):%Y-%m}"
    if mode == "duplicate_line":
        kaohsiung.put_order(books, partner)
    content = ports.partner(partner).statement(month_name)
    with pytest.raises(StatementWrong) as wrong:
        ports.partner(partner).read(content, month_name)
    assert wrong.value.because == because or (partner == "okmart" and mode == "wrong_encoding")
    with pytest.raises(StatementRefused), db.unit_of_work() as session:
        statements.take(session, partner, month_name, content, now=kaohsiung.now + timedelta(days=40))
    with db.unit_of_work() as session:
        (row,) = session.execute(text("SELECT status, refusal FROM points.partner_statement")).all()
        assert row.status == "refused"
        assert row.refusal.startswith(wrong.value.because)


def test_a_statement_of_another_month_or_of_a_month_that_is_not_over_is_not_taken(kaohsiung: City) -> None:
    of = month(kaohsiung, "ipass")
    content = ports.partner("ipass").statement("2026-01")
    with pytest.raises(StatementRefused), db.unit_of_work() as session:
        statements.take(session, "ipass", of.name, content, now=kaohsiung.now + timedelta(days=40))
    with pytest.raises(MonthNotOver), db.unit_of_work() as session:
        statements.take(session, "ipass", of.name, content, now=kaohsiung.now)


def test_another_statement_of_a_month_that_was_taken_is_refused(kaohsiung: City, books: SandboxBooks) -> None:
    of = month(kaohsiung, "ipass")
    of.take()
    books.set_switch("ipass", "statement", "missing_line", count=1)
    with pytest.raises(StatementRefused):
        of.take()
    assert of.payable == 200


@pytest.mark.parametrize(
    ("mode", "kind", "payable", "ours", "theirs"),
    [("missing_line", "missing_there", 100, 100, 0), ("dollar_off", "other_amount", 100, 100, 101),
     ("unknown_line", "missing_here", 200, 0, 100)],
)  # fmt: skip
def test_a_difference_is_a_break_that_two_officers_correct_or_one_explains(
    kaohsiung: City, books: SandboxBooks, mode: str, kind: str, payable: int, ours: int, theirs: int
) -> None:
    breaks.register()
    of = month(kaohsiung, "okmart")
    books.set_switch("okmart", "statement", mode, count=1)
    taken = of.take()
    assert (taken.status, taken.open_breaks) == ("open", 1)
    found = of.only_break()
    assert (found.kind, found.ours_twd, found.theirs_twd, of.payable) == (kind, ours, theirs, payable)
    first, second = officer("甲"), officer("乙")
    with db.unit_of_work() as session:
        proposed = breaks.propose(session, found.id, note="夥伴是對的", by=first, now=kaohsiung.now)
    assert proposed.status == "proposed"
    with pytest.raises(BreakClosed), db.unit_of_work() as session:
        breaks.explain(session, found.id, note="x", by=second, now=kaohsiung.now)
    assert of.payable == payable
    assert proposed.approval_id is not None
    with pytest.raises(SecondPersonNeeded), db.unit_of_work() as session:
        approvals.decide(session, proposed.approval_id, by=first, is_approved=True, note="", now=kaohsiung.now)
    with db.unit_of_work() as session:
        approvals.decide(session, proposed.approval_id, by=second, is_approved=True, note="", now=kaohsiung.now)
    assert of.payable == payable + theirs
    assert of.balance(statements.DIFFERENCES) == theirs - ours
    assert of.only_break().status == "corrected"
    assert of.take_again_status() == "agreed"


def test_a_break_that_is_explained_leaves_our_amount_standing(kaohsiung: City, books: SandboxBooks) -> None:
    of = month(kaohsiung, "okmart")
    books.set_switch("okmart", "statement", "missing_line", count=1)
    of.take()
    with db.unit_of_work() as session:
        breaks.explain(session, of.only_break().id, note="下月補列", by=officer("甲"), now=kaohsiung.now)
    assert (of.payable, of.only_break().status, of.take_again_status()) == (200, "explained", "agreed")


def test_a_declined_correction_leaves_the_break_open(kaohsiung: City, books: SandboxBooks) -> None:
    breaks.register()
    of = month(kaohsiung, "okmart")
    books.set_switch("okmart", "statement", "dollar_off", count=1)
    of.take()
    with db.unit_of_work() as session:
        proposed = breaks.propose(session, of.only_break().id, note="?", by=officer("甲"), now=kaohsiung.now)
        assert proposed.approval_id is not None
    with db.unit_of_work() as session:
        approvals.decide(session, proposed.approval_id, by=officer("乙"), is_approved=False, note="", now=kaohsiung.now)
    assert (of.only_break().status, of.payable) == ("open", 100)


def test_an_order_done_there_and_undone_here_is_seen(kaohsiung: City, books: SandboxBooks) -> None:
    of = month(kaohsiung, "okmart")
    books.set_switch("okmart", "credit", "declines", count=1)
    undone = kaohsiung.begun("okmart", kaohsiung.somebody(200))
    assert kaohsiung.drive(undone).status == "undone"  # type: ignore[union-attr]
    books.set_switch("okmart", "statement", "unknown_line", count=1, match={"month": of.name})
    content = ports.partner("okmart").statement(of.name)
    told = content.replace(b"exc_00000000000000000000000000", typeid("exc", undone.id).encode())
    with db.unit_of_work() as session:
        statements.take(session, "okmart", of.name, told, now=kaohsiung.now + timedelta(days=40))
    found = of.only_break()
    assert (found.kind, found.ours_state, found.ours_twd, found.theirs_twd) == ("other_state", "undone", 0, 100)


def test_a_break_without_money_cannot_be_corrected(kaohsiung: City, books: SandboxBooks) -> None:
    of = month(kaohsiung, "okmart")
    books.set_switch("okmart", "statement", "missing_line", count=1)
    of.take()
    found = of.only_break()
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.exchange_break SET theirs_twd = ours_twd"))
    with pytest.raises(NothingToCorrect), db.unit_of_work() as session:
        breaks.propose(session, found.id, note="x", by=officer("甲"), now=kaohsiung.now)


def test_the_worker_takes_last_months_statements_and_asks_again_where_one_was_refused(
    kaohsiung: City, books: SandboxBooks
) -> None:
    of = month(kaohsiung, "ipass")
    books.set_switch("ipass", "statement", "wrong_totals", count=1)
    next_month = taipei_date(kaohsiung.now).replace(day=1) + timedelta(days=32)
    second_day = datetime.combine(next_month.replace(day=2), time(12), TAIPEI)
    statements.take_due(second_day)
    assert of.payable == 0
    statements.take_due(second_day + timedelta(hours=1))
    assert of.payable == 0
    statements.take_due(second_day + timedelta(hours=7))
    assert of.payable == 200


def test_the_sandbox_works_off_a_night_only_once(kaohsiung: City, books: SandboxBooks) -> None:
    month(kaohsiung, "pxmart")
    assert urllib3.request("POST", f"{books.url}/pxmart/night").json() == {"files": []}
