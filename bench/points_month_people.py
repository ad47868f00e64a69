"""What people do in the month of points: each by chances of their own, drawn from the seed, through the use cases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api.delivery import deliver
from bench import points_month_city as city
from bench.payers import national_ids
from core import clock, db, outbox
from core.ids import new_uuid
from identity import people
from identity.actors import Actor
from partners.exchanging import Direction
from points import tender
from points.earning import deeds
from points.exchange import exchanges, quotes, saga
from points.exchange.errors import BudgetUsedUp, OverTheCap
from points.tasks import CONSUMERS
from points.till import asking, undoing

_T = TypeVar("_T")
_BATCH: Final = 100
_TRIES: Final = 5
_KINDS: Final = {consumer.kind for consumer in CONSUMERS}
_BY_KIND: Final = {kind: [each for each in CONSUMERS if each.kind == kind] for kind in _KINDS}
# The chance of each on a day; nobody does two of them on one.
_CHANCES: Final = (
    ("pay", 0.025), ("deed", 0.015), ("redeem", 0.025), ("bill", 0.006), ("exchange", 0.01), ("refund", 0.002),
    ("give_back", 0.002), ("undo", 0.001),
)  # fmt: skip


@dataclass
class Person:
    """One citizen, with how they pay and what they do beside it, and what can be undone of it."""

    number: int
    rail: str
    deed: str
    id: UUID
    national_id: str
    chance: random.Random
    paid: list[dict[str, Any]] = field(default_factory=list)
    redeemed: list[tuple[UUID, int, int]] = field(default_factory=list)
    deeds: list[str] = field(default_factory=list)


class Share:
    """Some `of` all people, whom one process looks after; `busy` times as likely as usual to do something on a day."""

    def __init__(self, seed: int, first: int, count: int, *, of: int, busy: float = 1.0) -> None:
        self.first, self.of, self.busy = first, of, busy
        self.done: Counter[str] = Counter()
        self.people: list[Person] = []
        self._numbers = range(first, first + count)
        self._seed = seed

    def found(self) -> None:
        """Everybody registers, and pays a first bill in the month before."""
        ids = islice(national_ids(), self.first, self.first + len(self._numbers))
        for some in _batches(list(zip(self._numbers, ids, strict=True)), 500):
            with db.unit_of_work() as session:
                for number, national_id in some:
                    person_id = people.enrol(
                        session, national_id=national_id, mobile=None, password_hash=None, proofing_level=2,
                        language="zh-TW", now=clock.now(),
                    )  # fmt: skip
                    assert person_id is not None
                    chance = random.Random(f"{self._seed} {number}")
                    rail = city.RAILS[(number - 1) * len(city.RAILS) // self.of]
                    deed = tuple(city.DEEDS)[(number - 1) * len(city.DEEDS) // self.of]
                    self.people.append(Person(number, rail, deed, person_id, national_id, chance))
        self._pay(self.people)

    def day(self) -> None:
        """One day of all of them: first what earns and what is taken back, then what is used."""
        doing: dict[str, list[Person]] = {name: [] for name, _ in _CHANCES}
        for person in self.people:
            if (what := _drawn(person.chance, self.busy)) is not None:
                doing[what].append(person)
        self._pay(doing["pay"])
        self._do_deeds(doing["deed"])
        self._refund([person for person in doing["refund"] if person.paid])
        self._undo([person for person in doing["undo"] if person.deeds])
        for person in doing["redeem"]:
            self._redeem(person)
        for person in doing["bill"]:
            self._use_for_a_bill(person)
        for person in doing["give_back"]:
            self._give_back(person)
        for person in doing["exchange"]:
            self._exchange(person)

    def _pay(self, who: list[Person]) -> None:
        told = []
        for person in who:
            paid = {
                "payment_id": str(new_uuid()), "person_id": str(person.id), "rail": person.rail,
                "bill_ids": [], "kinds": ["parking"], "amount_twd": person.chance.randint(30, 6_000), "fee_twd": 0,
                "captured_at": clock.now().isoformat(), "due_before": True, "bills": [],
            }  # fmt: skip
            person.paid.append(paid)
            told.append(paid)
        # Batches that lock the campaigns in one order do not wait for each other in a circle.
        _bring("wallet.payment_captured", sorted(told, key=lambda each: str(each["rail"])))
        self.done["payments"] += len(told)

    def _do_deeds(self, who: list[Person]) -> None:
        now = clock.now()
        for kind, (bureau, facts) in city.DEEDS.items():
            for some in _batches([person for person in who if person.deed == kind], _BATCH):
                reports = []
                for person in some:
                    person.deeds.append(f"{person.number}-{now:%d%H%M%S}")
                    reports.append(deeds.Report(kind, person.deeds[-1], person.national_id, now, facts))
                with db.unit_of_work() as session:
                    deeds.receive_all(session, bureau=bureau, reports=reports, now=now)
                _bring_deeds(deeds.RECORDED, [each.key for each in reports], now)
        self.done["deeds"] += len(who)

    def _undo(self, who: list[Person]) -> None:
        now, keys = clock.now(), []
        for person in who:
            keys.append(person.deeds.pop())
            with db.unit_of_work() as session:
                bureau = city.DEEDS[person.deed][0]
                deeds.undo(session, bureau=bureau, kind=person.deed, key=keys[-1], now=now)
        _bring_deeds(deeds.UNDONE, keys, now)
        self.done["deeds undone"] += len(who)

    def _refund(self, who: list[Person]) -> None:
        told = []
        for person in who:
            paid = person.paid.pop(person.chance.randrange(len(person.paid)))
            refund = {"refund_id": str(new_uuid()), "bill_id": str(new_uuid()), "reason": "duplicate",
                      "amount_twd": person.chance.randint(1, paid["amount_twd"])}  # fmt: skip
            told.append({**paid, **refund})
        _bring("wallet.bill_refunded", told)
        self.done["refunds"] += len(told)

    def _redeem(self, person: Person) -> None:
        number, points = person.chance.randrange(city.MERCHANTS), person.chance.randint(1, 60)
        try:
            with db.unit_of_work() as session:
                asked = asking.ask_at_shop(
                    session, citizen=Actor(kind="citizen", id=person.id), shop_code=city.shop_code(number),
                    sale=asking.Sale(points), now=clock.now(),
                )  # fmt: skip
        except tender.NotEnoughPoints:
            self.done["uses refused"] += 1
            return
        assert asked.status == "done", asked
        person.redeemed.append((asked.id, number, points))
        self.done["redemptions"] += 1
        self.done["points at merchants"] += points

    def _give_back(self, person: Person) -> None:
        if not person.redeemed:
            return
        redemption_id, number, points = person.redeemed.pop(person.chance.randrange(len(person.redeemed)))
        back = person.chance.randint(1, points)
        with db.unit_of_work() as session:
            undoing.refund(session, redemption_id, till=city.till(number), points=back, now=clock.now())
        self.done["given back"] += 1
        self.done["points at merchants"] -= back

    def _use_for_a_bill(self, person: Person) -> None:
        payment_id, points, is_done = new_uuid(), person.chance.randint(1, 40), person.chance.random() < 0.7
        try:
            with db.unit_of_work() as session:
                tender.hold(session, person_id=person.id, payment_id=payment_id, points=points, now=clock.now())
        except tender.NotEnoughPoints:
            self.done["uses refused"] += 1
            return
        with db.unit_of_work() as session:
            (tender.spend if is_done else tender.release)(session, payment_id=payment_id, now=clock.now())
        self.done["bills paid in part" if is_done else "holds let go"] += 1
        self.done["points for bills"] += points if is_done else 0

    def _exchange(self, person: Person) -> None:
        partner, direction = _partner_of(person.chance)
        points = person.chance.choice((20, 30, 40, 50, 100, 200, 300))
        now = clock.now()
        try:
            with db.unit_of_work() as session:
                quote = quotes.make(
                    session, person_id=person.id, partner=partner, direction=direction, points=points,
                    account=city.member(partner, person.number), now=now,
                )  # fmt: skip
                exchange = exchanges.begin(session, person_id=person.id, quote_id=quote.id, now=now)
        except (tender.NotEnoughPoints, OverTheCap, BudgetUsedUp):
            self.done["uses refused"] += 1
            return
        self.done["exchanges"] += 1
        self.done["exchanges held"] += exchange.status == "held"
        if exchange.status == "ordered":
            saga.drive(exchange.id, now=now, is_first=True)


def _partner_of(chance: random.Random) -> tuple[str, Direction]:
    """FamilyMart's members bring more than they take, so that it owes the city."""
    partner = chance.choice(tuple(city.PARTNERS))
    return partner, "in" if partner == "familymart" and chance.random() < 0.8 else "out"


def _drawn(chance: random.Random, busy: float) -> str | None:
    draw = chance.random() / busy
    for what, share in _CHANCES:
        if draw < share:
            return what
        draw -= share
    return None


def _bring(kind: str, payloads: list[dict[str, Any]]) -> None:
    for some in _batches(payloads, _BATCH):
        with db.unit_of_work() as session:
            ids = outbox.record_all(session, kind, list(some), now=clock.now())
        _deliver(ids)


def _bring_deeds(kind: str, keys: list[str], since: datetime) -> None:
    """Deliver what was recorded of these deeds since."""
    with db.unit_of_work() as session:
        ids = list(session.scalars(_OF_DEEDS, {"kind": kind, "keys": keys, "since": since}))
    for some in _batches(ids, _BATCH):
        _deliver(some)


def bring_what_is_left() -> None:
    """As the relay does: deliver what was recorded and is not settled."""
    with db.unit_of_work() as session:
        ids = list(session.scalars(_LEFT, {"kinds": list(_KINDS)}))
    for some in _batches(ids, _BATCH):
        _deliver(some)


def _deliver(ids: Sequence[UUID]) -> None:
    """As the worker does: again where the database gave up on it."""
    for _ in range(_TRIES):
        try:
            deliver(ids, _BY_KIND)
            return
        except OperationalError:
            continue


def _batches(every: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    return (every[start : start + most] for start in range(0, len(every), most))


_LEFT = text("SELECT id FROM core.outbox WHERE settled_at IS NULL AND kind = ANY(:kinds) ORDER BY recorded_at")
_OF_DEEDS = text(
    """
    SELECT o.id FROM core.outbox AS o JOIN points.deed AS d ON d.id = CAST(o.payload ->> 'deed_id' AS uuid)
     WHERE o.settled_at IS NULL AND o.recorded_at >= :since AND o.kind = :kind AND d.key = ANY(:keys)
     ORDER BY o.id
    """
)
