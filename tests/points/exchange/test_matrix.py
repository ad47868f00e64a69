"""Each partner × each misbehaviour × a process killed with SIGKILL between any two steps: one end, and both books agree.

The table in docs/exchange.md is what is found here; `WRITE_DOCS=1` writes it anew, and a stale one fails.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import SandboxBooks
from sqlalchemy import text

from core import db
from core.clock import taipei_date
from core.ids import typeid
from ledger import book
from partners import wire
from partners.exchanging import Direction
from points.exchange import ports, statements, states, terms
from points.exchange.exchanges import Exchange
from tests.points.exchange.cells import BEGIN, FILE_MODES, LOOKS_AWAY_SECONDS, Cell, account, cells, file_cells
from tests.points.exchange.city import City
from tests.points.exchange.mortal_worker import MortalWorker, When

PAGE = Path(__file__).resolve().parents[3] / "docs/exchange.md"
NAMES = {
    ("ipass", "out"): "iPASS", ("okmart", "out"): "OK", ("pxmart", "out"): "PX Mart",
    ("familymart", "out"): "FamilyMart, out", ("familymart", "in"): "FamilyMart, in",
    ("seveneleven", "out"): "7-ELEVEN",
}  # fmt: skip
PAIRS: list[tuple[str, Direction]] = list(NAMES)  # type: ignore[arg-type]
WITHIN_SECONDS = 60
_FILE = text("SELECT f.* FROM points.exchange AS e JOIN points.exchange_file AS f ON f.id = e.file_id WHERE e.id = :id")
Death = tuple[int, When] | None


class Trial:
    """One partner's cells, one after the other, on one database and one sandbox."""

    def __init__(self, city: City, books: SandboxBooks, partner: str, direction: Direction) -> None:
        self.city, self.books, self.partner, self.direction = city, books, partner, direction
        self.person = city.somebody(60_000)
        self.begun: list[tuple[Cell, Exchange]] = []
        self.steps: list[int] = []
        self.is_switched = False
        self.budget = city.budget_left(partner)

    def run(self, cell: Cell, death: Death) -> str:
        """Begin an exchange, misbehave, be killed, recover; answers how it ended within a minute."""
        number = account(self.partner, len(self.begun) + 1)
        exchange = self.city.begun(self.partner, self.person, self.direction, account=number)
        self.begun.append((cell, exchange))
        self._switch(cell, of_results=False)
        self.city.is_killed_in(self.partner, self.steps, death)
        if self.partner == "pxmart":
            self._by_file(cell, death)
        else:
            self._by_order(cell, exchange)
        assert self.city.death is None, f"{cell.words}: nobody was killed at {death}"
        if death is None:
            self.steps = self.city.steps
        ended = self.city.at(exchange)
        assert ended.is_resting, f"{cell.words}, killed {death}: {ended.status} after {WITHIN_SECONDS} s"
        return ended.status

    def deaths(self) -> Iterator[Death]:
        """Before and after each call of the run before."""
        for call in range(1, sum(self.steps) + 1):
            yield (call, "before")
            yield (call, "after")

    def _by_order(self, cell: Cell, exchange: Exchange) -> None:
        self.city.drive(exchange)
        if cell.comes_late == "before":
            self._comes_late(cell, exchange)
        started = self.city.now + timedelta(seconds=LOOKS_AWAY_SECONDS if cell.looks_away else 0)
        while (due := self.city.due_at(exchange)) and due <= started + timedelta(seconds=WITHIN_SECONDS):
            if self.partner == "seveneleven":
                self.city.wait_for_value()
            self.city.step("sweep", self.partner, max(due, started))
        if cell.comes_late == "after":
            self._comes_late(cell, exchange)

    def _comes_late(self, cell: Cell, exchange: Exchange) -> None:
        self.books.clear_switches()
        partner = self.city.partners[self.partner].client
        is_begin = cell.switches[0][0] == BEGIN[self.partner]
        with suppress(wire.Refused):
            (partner.begin if is_begin else partner.confirm)(exchange.order)

    def _by_file(self, cell: Cell, death: Death) -> None:
        for minutes in (0, 3, 13, 16):
            if self._file() is None or self._file().sent_at is None:
                self.city.step("files", self.partner, self.city.now + timedelta(days=1, minutes=minutes))
        self.books.asked("POST", "/pxmart/night")
        self._switch(cell, of_results=True)
        for minutes in (0, 15, 30, 45):
            if self._file().answered_at is None:
                self.city.step("files", self.partner, self.city.now + timedelta(days=1, hours=10, minutes=minutes))
        if death is None and any(mode in FILE_MODES for _, mode, _ in cell.switches):
            assert self._file().refusal, cell.words

    def _file(self) -> Any:
        """The file that this exchange went with, or will."""
        with db.single_statements() as session:
            return session.execute(_FILE, {"id": self.begun[-1][1].id}).first()

    def _switch(self, cell: Cell, *, of_results: bool) -> None:
        # Before the night there is no answer that could be wrong.
        rules = [
            {"partner": self.partner, "operation": operation, "mode": mode, "count": 1, "params": params}
            for operation, mode, params in cell.switches
            if (operation == "result_file") is of_results
        ]
        if rules or self.is_switched:
            self.books.asked("PUT", "/switches", {"rules": rules})
        self.is_switched = bool(rules)

    def agree(self) -> None:
        """Our book, the partner's book and the netting statement say the same of every exchange."""
        theirs = {row["reference"]: row for row in self.books.read("exchange/orders", partner=self.partner)}
        balances = {
            row["account"]: row["balance"] for row in self.books.read("exchange/accounts", partner=self.partner)
        }
        moved, expected_breaks = 0, set()
        for place, (cell, exchange) in enumerate(self.begun, 1):
            ended, order = self.city.at(exchange), theirs.get(typeid("exc", exchange.id))
            where = f"{cell.words} {ended.status} {order}"
            if ended.status == states.UNDONE:
                assert order is None or order["state"] in ("refused", "cancelled"), where
                value = 0
            else:
                assert order is not None, where
                assert order["state"] == "done", where
                assert (order["value"] == ended.value) is not cell.breaks, where
                value = order["value"] if self.direction == "out" else -order["value"]
                moved += ended.points
                expected_breaks |= {order["reference"]} if cell.breaks else set()
            at_first = 0 if self.partner == "ipass" else 5_000
            assert balances.get(account(self.partner, place), at_first) == at_first + value, where
        sign = -1 if self.direction == "out" else 1
        assert self.city.balance(self.person) == self.city.available(self.person) == 60_000 + sign * moved
        if self.direction == "out":
            assert self.city.budget_left(self.partner) == self.budget - moved
        self._statement_agrees(expected_breaks, -sign * moved)

    def _statement_agrees(self, expected_breaks: set[str], net: int) -> None:
        month = f"{taipei_date(self.city.now):%Y-%m}"
        content = ports.partner(self.partner).statement(month)
        with db.unit_of_work() as session:
            taken = statements.take(session, self.partner, month, content, now=self.city.now + timedelta(days=40))
            found = set(session.execute(text("SELECT reference FROM points.exchange_break")).scalars())
            held = book.balance(session, book.account_id("points:tender_held")) if self.direction == "out" else None
            left = terms.balance_of(session, terms.clearing_code(self.partner))
        assert found == expected_breaks
        assert taken.net_twd == net
        assert held is None or held.posted == 0
        assert left == sum(
            each.points for cell, each in self.begun if cell.breaks and self.city.at(each).status == "done"
        )


@pytest.mark.parametrize(("partner", "direction"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_every_exchange_ends_once_and_both_books_agree(
    kaohsiung: City, books: SandboxBooks, mortal_worker: MortalWorker, partner: str, direction: Direction
) -> None:
    kaohsiung.worker = mortal_worker
    with db.unit_of_work() as session:
        session.execute(text("DELETE FROM points.velocity_limit"))
        session.execute(text("UPDATE points.partner_rate SET most_points_day = 1000000, most_points_month = 1000000"))
    trial = Trial(kaohsiung, books, partner, direction)
    rows = []
    for cell in file_cells() if partner == "pxmart" else cells(partner, direction):
        alive = trial.run(cell, None)
        ends = Counter(trial.run(cell, death) for death in list(trial.deaths()))
        words = ", ".join(f"{end} × {times}" for end, times in sorted(ends.items()))
        shown = f"{alive}, with a break" if cell.breaks else alive
        rows.append(f"| {cell.words} | {shown} | {words} |")
    trial.agree()
    _holds_the_page_to(NAMES[partner, direction], rows)


def _holds_the_page_to(name: str, rows: list[str]) -> None:
    head = f"### {name}\n\n| what the partner does | ends | killed between any two steps, it ends |\n|---|---|---|\n"
    table = head + "\n".join(rows) + "\n"
    page = PAGE.read_text()
    found = re.search(rf"^### {re.escape(name)}\n.*?(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    if os.environ.get("WRITE_DOCS"):
        new = page[: found.start()] + table + "\n" + page[found.end() :] if found else f"{page}\n{table}"
        PAGE.write_text(new.rstrip("\n") + "\n")
        return
    assert found is not None
    assert found.group().rstrip("\n") == table.rstrip("\n"), "docs/exchange.md is stale: WRITE_DOCS=1 writes it anew"
