"""A city with five partners at a sandbox, and people with points; exchanges as a citizen and the worker make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import urllib3
from exchange_partners import ACCOUNTS, peer
from sandbox_process import SandboxBooks
from sqlalchemy import text

from core import clock, db
from core.ids import new_uuid
from ledger import book
from partners.exchanging import Direction, Order, Standing
from partners.familymart.client import FamilyMartClient
from partners.ipass.client import IpassClient
from partners.okmart.client import OkMartClient
from partners.pxmart.client import PxMartClient
from partners.seveneleven.client import SevenElevenClient
from points import tender
from points.entries import account_code
from points.exchange import exchanges, files, ports, quotes, saga, terms
from points.exchange.exchanges import Exchange
from tests.points.conftest import opened, pay
from tests.points.conftest import terms as campaign_terms
from tests.points.exchange.mortal_worker import MortalWorker, When

CLIENTS: Mapping[str, Callable[..., Any]] = {
    "ipass": IpassClient,
    "okmart": OkMartClient,
    "pxmart": PxMartClient,
    "familymart": FamilyMartClient,
    "seveneleven": SevenElevenClient,
}
POINTS = 100
_DUE = text("SELECT next_at FROM points.exchange WHERE id = :id")


class Killed(BaseException):
    """The process is gone: nothing that comes after in it happens."""


def _gone() -> None:
    raise Killed


@dataclass
class Mortal:
    """Somebody outside between whose calls the process dies: before or after the n-th call from now, once. How it ends
    is up to `end`: by an exception that nobody catches, or in a copy of the process by SIGKILL."""

    client: Any
    death: tuple[int, str] | None = None
    calls: int = 0
    end: Callable[[], None] = _gone

    def die(self, death: tuple[int, str] | None) -> None:
        """Count calls anew, and die then."""
        self.calls, self.death = 0, death

    @property
    def takes_back(self) -> bool:
        return bool(self.client.takes_back)

    @property
    def works_by_file(self) -> bool:
        return bool(self.client.works_by_file)

    def is_account(self, number: str) -> bool:
        return bool(self.client.is_account(number))

    def begin(self, order: Order) -> Standing:
        return self._mortal("begin", order)

    def confirm(self, order: Order) -> Standing:
        return self._mortal("confirm", order)

    def cancel(self, order: Order) -> Standing:
        return self._mortal("cancel", order)

    def ask(self, order: Order) -> Standing | None:
        return self._mortal("ask", order)

    def send_file(self, name: str, content: bytes) -> None:
        self._mortal("send_file", name, content)

    def result_of(self, name: str) -> bytes | None:
        return self._mortal("result_of", name)

    def send(self, file: Any) -> Any:
        return self._mortal("send", file)

    def find_report(self, message_id: str) -> Any:
        return self._mortal("find_report", message_id)

    def fetch_statement(self, day: Any) -> Any:
        return self._mortal("fetch_statement", day)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def _mortal(self, call: str, *arguments: Any) -> Any:
        self.calls += 1
        death, number = self.death, self.calls
        if death == (number, "before"):
            self.death = None
            self.end()
        try:
            return getattr(self.client, call)(*arguments)
        finally:
            if death == (number, "after"):
                self.death = None
                self.end()


@dataclass
class City:
    """The exchanges' side of the city, with partners at `url`."""

    url: str
    partners: dict[str, Mortal]
    now: datetime
    worker: MortalWorker | None = None
    death: tuple[int, When] | None = None
    steps: list[int] = field(default_factory=list)
    foreseen: list[int] = field(default_factory=list)

    def is_killed_in(self, partner: str, foreseen: list[int], death: tuple[int, When] | None) -> None:
        """From now on, steps make so many calls each as `foreseen`; the one with the call of that death is made by a
        process that is killed there (SIGKILL), and another process goes on."""
        self.partners[partner].die(None)
        self.steps, self.foreseen, self.death = [], foreseen, death

    def somebody(self, points: int = POINTS) -> UUID:
        """A person with so many points."""
        person_id = new_uuid()
        pay(person_id, amount_twd=(points - 10) * 100, captured_at="2026-11-05T06:03:20+00:00")
        return person_id

    def begun(
        self, partner: str, person_id: UUID, direction: Direction = "out", points: int = POINTS, account: str = ""
    ) -> Exchange:
        """An exchange whose intent is committed, and no more."""
        with db.unit_of_work() as session:
            quote = quotes.make(
                session, person_id=person_id, partner=partner, direction=direction, points=points,
                account=account or ACCOUNTS[partner], now=self.now,
            )  # fmt: skip
            return exchanges.begin(session, person_id=person_id, quote_id=quote.id, now=self.now)

    def drive(self, exchange: Exchange) -> Exchange | None:
        """As the citizen's request does; None where the process dies."""
        if self._dies("drive", exchange.partner, self.now, exchange=str(exchange.id)):
            return None
        before = self.partners[exchange.partner].calls
        try:
            return saga.drive(exchange.id, now=self.now, is_first=True)
        except Killed:
            return None
        finally:
            self.steps.append(self.partners[exchange.partner].calls - before)

    def sweep(self, at: datetime) -> None:
        """As the worker does, and the next worker where one dies."""
        for _ in range(3):
            try:
                saga.drive_due(at)
                return
            except Killed:
                continue

    def step(self, job: str, partner: str, at: datetime) -> None:
        """One of the worker's sweeps for a partner; where it is killed, the next worker's."""
        self._dies(job, partner, at)
        before = self.partners[partner].calls
        (saga.drive_due if job == "sweep" else files.work)(at)
        self.steps.append(self.partners[partner].calls - before)

    def _dies(self, job: str, partner: str, at: datetime, **more: str) -> bool:
        """Whether the death that was ordered lies in this step, which then a process does that dies in it."""
        if self.death is None or self.worker is None:
            return False
        number, when = self.death
        done, place = sum(self.foreseen[: len(self.steps)]), len(self.steps)
        if place >= len(self.foreseen) or not done < number <= done + self.foreseen[place]:
            return False
        self.death = None
        work = {"partner": partner, "at": at.isoformat(), **more}
        assert self.worker.dies(db.database().url, job, (number - done, when), **work), f"{job}: nobody died {number}"
        return True

    def settle(self, *, seconds: int = 60, step: int = 5, first: timedelta = timedelta()) -> None:
        """The worker's sweeps of that time."""
        for passed in range(step, seconds + step, step):
            self.sweep(self.now + first + timedelta(seconds=passed))

    def wait_for_value(self) -> None:
        """Until 7-ELEVEN has done what it took on."""
        urllib3.request("POST", f"{self.url}/seveneleven/working-off")

    def night(self) -> None:
        """The file is made and sent in the evening, worked off at night, and its answer fetched in the morning."""
        self.file_work(timedelta(days=1))
        urllib3.request("POST", f"{self.url}/pxmart/night")
        self.file_work(timedelta(days=1, hours=10))

    def file_work(self, later: timedelta) -> None:
        """The worker's sweep of files, so much later; where one dies, the next."""
        for _ in range(3):
            try:
                files.work(self.now + later)
                return
            except Killed:
                continue

    def put_order(self, books: SandboxBooks, partner: str) -> None:
        """Something that the partner has done, whatever we know of it."""
        done = [each for each in books.read("exchange/orders", partner=partner) if each["state"] == "done"]
        if not done:
            exchange = self.begun(partner, self.somebody(200))
            self.drive(exchange)
            if partner == "pxmart":
                self.night()
            self.wait_for_value()

    def at(self, exchange: Exchange) -> Exchange:
        with db.unit_of_work() as session:
            return exchanges.get(session, exchange.id)

    def due_at(self, exchange: Exchange) -> datetime | None:
        """When the worker takes it up next; None: never again."""
        with db.single_statements() as session:
            due: datetime | None = session.execute(_DUE, {"id": exchange.id}).scalar()
        return due

    def balance(self, person_id: UUID) -> int:
        with db.unit_of_work() as session:
            return book.balance(session, book.account_id(account_code(person_id))).posted

    def available(self, person_id: UUID) -> int:
        with db.unit_of_work() as session:
            return tender.available(session, person_id, self.now)

    def budget_left(self, partner: str) -> int:
        with db.unit_of_work() as session:
            return book.balance(session, book.account_id(terms.budget_code(partner))).available


def city(url: str) -> City:
    """Partners, terms and a campaign from which people have points, on this process's database."""
    partners = {code: Mortal(client(peer(url, code, read_timeout_seconds=30.0))) for code, client in CLIENTS.items()}
    ports.plug_in(partners)
    now = clock.now()
    opened(campaign_terms(), budget_points=10_000_000)
    with db.unit_of_work() as session:
        terms.ensure_demo_terms(session, now)
    return City(url, partners, now)
