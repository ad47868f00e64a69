"""Months of one city's points, at random, against a simple model: after each step lots, history and book say the same.

The clock moves, and likes to stop a microsecond before, at, and after midnight in Taipei, when lots end. The model
knows nothing of tables: it is a list of lots in memory and the rules as they are told to people (docs/points.md).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from core import db
from core.clock import TAIPEI
from core.ids import new_uuid
from core.outbox import Event
from ledger import book
from points import history, tender, texts
from points.debts import debt_code
from points.entries import account_code
from points.expiry import expire_lots
from points.tasks import CONSUMERS
from tests.points.conftest import captured, opened, refunded, terms

EXAMPLES = 6 * int(os.environ.get("FAULT_ROUNDS", "10")) // 10
STEPS = 40
BEGINNING = datetime(2026, 11, 5, 6, 3, 22, tzinfo=UTC)
MOST_OWED = 500
# Nobody's lots meet another's: one person has all the steps.
PEOPLE = (0,)
# rail: months that lots of its campaign live
LIFETIMES = {"bank_of_kaohsiung": 2, "card": 1}
_runs = count()


@dataclass
class Lot:
    """What the model knows of one lot."""

    person: int
    basis: int
    amount: int
    remaining: int
    earned_at: datetime
    ends_at: datetime
    expired: int = 0
    taken_back: int = 0
    waived: int = 0


@dataclass
class Use:
    """Points in use: from which lots how many, and how many of those came back."""

    person: int
    status: str
    parts: list[list[Any]] = field(default_factory=list)
    causes: set[UUID] = field(default_factory=set)


class Model:
    """The rules in plain words: a list of lots, a number that each person owes."""

    def __init__(self) -> None:
        self.lots: dict[UUID, Lot] = {}
        self.owed = dict.fromkeys(PEOPLE, 0)

    def living(self, person: int, now: datetime) -> list[Lot]:
        """Oldest-expiring first."""
        mine = [lot for lot in self.lots.values() if lot.person == person and lot.remaining and lot.ends_at > now]
        return sorted(mine, key=lambda lot: (lot.ends_at, lot.earned_at))

    def balance(self, person: int, now: datetime) -> int:
        return sum(lot.remaining for lot in self.living(person, now)) - self.owed[person]

    def lapse(self, lots: list[Lot], now: datetime) -> int:
        ended = [lot for lot in lots if lot.ends_at <= now and lot.remaining]
        for lot in ended:
            lot.expired, lot.remaining = lot.expired + lot.remaining, 0
        return len(ended)

    def repay(self, lot: Lot, points: int) -> None:
        used = min(points, self.owed[lot.person])
        self.owed[lot.person] -= used
        lot.remaining -= used

    def take(self, person: int, points: int, now: datetime) -> list[list[Any]]:
        parts, left = [], points
        for lot in self.living(person, now):
            part = min(left, lot.remaining)
            if part:
                lot.remaining, left = lot.remaining - part, left - part
                parts.append([lot, part, 0])
        assert left == 0
        return parts

    def give(self, use: Use, points: int, now: datetime) -> None:
        """Those of the lot that ends last first; a lot that has ended lives for another thirty days."""
        self.lapse([part[0] for part in use.parts], now)
        for part in sorted(use.parts, key=lambda part: (part[0].ends_at, part[0].earned_at), reverse=True):
            lot, taken, returned = part
            back = min(points, taken - returned)
            if back:
                points, part[2], lot.remaining = points - back, returned + back, lot.remaining + back
                if lot.ends_at <= now:
                    lot.ends_at = now + timedelta(days=30)

    def take_again(self, use: Use, points: int, now: datetime) -> None:
        self.lapse([part[0] for part in use.parts], now)
        for part in sorted(use.parts, key=lambda part: (part[0].ends_at, part[0].earned_at)):
            again = min(points, part[2], part[0].remaining)
            points, part[2], part[0].remaining = points - again, part[2] - again, part[0].remaining - again

    def recount(self, lot: Lot, standing: int, now: datetime) -> None:
        self.lapse([lot], now)
        entitled = points_for(standing)
        held = lot.amount - lot.taken_back - lot.waived - lot.expired
        if held > entitled:
            missing = held - entitled
            own_first = [lot, *(other for other in self.living(lot.person, now) if other is not lot)]
            for source in own_first:
                taken = min(missing, source.remaining)
                source.remaining, missing = source.remaining - taken, missing - taken
            owed = min(missing, max(0, MOST_OWED - self.owed[lot.person]))
            self.owed[lot.person] += owed
            lot.waived += missing - owed
            lot.taken_back += held - entitled - (missing - owed)
        elif held < entitled and lot.taken_back:
            given = min(lot.taken_back, entitled - held)
            lot.remaining, lot.taken_back = lot.remaining + given, lot.taken_back - given
            if lot.ends_at <= now:
                lot.ends_at = end_of_month(now, 1)
            self.repay(lot, given)


def points_for(twd: int) -> int:
    return 10 + twd // 100 if twd > 0 else 0


def end_of_month(moment: datetime, months: int) -> datetime:
    day = moment.astimezone(TAIPEI).date().replace(day=1)
    for _ in range(months + 1):
        day = (day + timedelta(days=31)).replace(day=1)
    return datetime.combine(day, time.min, TAIPEI)


def bring(kind: str, payload: dict[str, Any], now: datetime, times: int) -> None:
    """To whoever acts on it in this room, as often as it is delivered; what was delivered before is known by itself."""
    event = Event(new_uuid(), kind, payload, now)
    for consumer in CONSUMERS:
        for _ in range(times if consumer.kind == kind else 0):
            with db.unit_of_work() as session:
                consumer.effect(session, event, now)


def machine() -> type[RuleBasedStateMachine]:
    class Months(RuleBasedStateMachine):
        payments = Bundle("payments")
        uses = Bundle("uses")

        def __init__(self) -> None:
            super().__init__()
            run = next(_runs)
            self.now = BEGINNING
            self.model = Model()
            self.people = [uuid4() for _ in PEOPLE]
            self.refunds: dict[UUID, list[dict[str, Any]]] = {}
            for rail, months in LIFETIMES.items():
                opened(
                    terms(code=f"months-{run}-{months}", rail=f"{rail}-{run}", lifetime_months=months,
                          valid_until=datetime(2040, 1, 1, tzinfo=UTC)),
                    budget_points=10_000_000,
                )  # fmt: skip
            self.run = run

        def teardown(self) -> None:
            expire_lots(datetime(2100, 1, 1, tzinfo=UTC))

        @rule(target=payments, person=st.sampled_from(PEOPLE), rail=st.sampled_from(sorted(LIFETIMES)),
              twd=st.integers(1, 9_000), times=st.integers(1, 2))  # fmt: skip
        def earn(self, person: int, rail: str, twd: int, times: int) -> Any:
            self.now += timedelta(microseconds=1)
            paid = captured(self.people[person], amount_twd=twd, rail=f"{rail}-{self.run}",
                            captured_at=self.now.isoformat())  # fmt: skip
            bring("wallet.payment_captured", paid, self.now, times)
            points = points_for(twd)
            lot = Lot(person, twd, points, points, self.now, end_of_month(self.now, LIFETIMES[rail]))
            self.model.lots[UUID(paid["payment_id"])] = lot
            self.model.repay(lot, points)
            self.refunds[UUID(paid["payment_id"])] = []
            return paid

        @rule(target=uses, person=st.sampled_from(PEOPLE), percent=st.integers(1, 110), at_once=st.booleans())
        def use(self, person: int, percent: int, at_once: bool) -> Any:
            there = max(0, self.model.balance(person, self.now))
            points = max(1, there * percent // 100)
            use_id, status = new_uuid(), "spent" if at_once else "held"
            what = tender.For("redemption", use_id, "points:merchant:model", texts.SPENT)
            take = tender.spend_for if at_once else tender.hold_for
            for _ in range(2):
                try:
                    with db.unit_of_work() as session:
                        take(session, what, person_id=self.people[person], points=points, now=self.now)
                    assert points <= there
                except tender.NotEnoughPoints as refusal:
                    assert points > there
                    assert refusal.extensions["available"] == there
                    return multiple()
            return use_id, Use(person, status, self.model.take(person, points, self.now))

        @rule(pair=uses, is_done=st.booleans(), over_midnight=st.booleans())
        def settle(self, pair: tuple[UUID, Use], is_done: bool, over_midnight: bool) -> None:
            use_id, use = pair
            self.wait_for_the_end_of(use if over_midnight else None)
            end = tender.spend if is_done else tender.release
            for _ in range(2):
                with db.unit_of_work() as session:
                    end(session, payment_id=use_id, now=self.now)
            if use.status == "held":
                use.status = "spent" if is_done else "released"
                if not is_done:
                    self.model.give(use, sum(part[1] for part in use.parts), self.now)

        @rule(pair=uses, points=st.integers(1, 120), again=st.booleans(), over_midnight=st.booleans())
        def return_or_use_again(self, pair: tuple[UUID, Use], points: int, again: bool, over_midnight: bool) -> None:
            use_id, use = pair
            if use.status == "held":
                return
            self.wait_for_the_end_of(use if over_midnight else None)
            points, cause_id = min(points, sum(part[1] for part in use.parts)), new_uuid()
            move = tender.take_again if again else tender.give_back
            for _ in range(2):
                with db.unit_of_work() as session:
                    move(session, payment_id=use_id, points=points, cause_id=cause_id, now=self.now)
            if again:
                use.status = "spent"
                self.model.take_again(use, points, self.now)
            else:
                self.model.give(use, points, self.now)

        @rule(paid=payments, twd=st.integers(1, 9_000), times=st.integers(1, 2))
        def refund(self, paid: dict[str, Any], twd: int, times: int) -> None:
            payment_id = UUID(paid["payment_id"])
            left = self.standing(payment_id)
            if left <= 0:
                return
            payload = refunded(paid, min(twd, left))
            bring("wallet.bill_refunded", payload, self.now, times)
            self.refunds[payment_id].append(payload)
            self.model.recount(self.model.lots[payment_id], self.standing(payment_id), self.now)

        @rule(paid=payments)
        def refund_does_not_arrive(self, paid: dict[str, Any]) -> None:
            payment_id = UUID(paid["payment_id"])
            if not self.refunds[payment_id]:
                return
            payload = self.refunds[payment_id].pop()
            self.now += timedelta(microseconds=1)
            bring("wallet.refund_failed", {**payload, "was_completed": True}, self.now, 2)
            self.model.recount(self.model.lots[payment_id], self.standing(payment_id), self.now)

        @rule()
        def sweep(self) -> None:
            assert expire_lots(self.now) == self.model.lapse(list(self.model.lots.values()), self.now)
            assert expire_lots(self.now) == 0

        @rule(days=st.sampled_from((0.001, 0.3, 2.0, 9.0, 25.0)))
        def time_passes(self, days: float) -> None:
            self.now += timedelta(days=days)

        @precondition(lambda self: any(lot.ends_at > self.now for lot in self.model.lots.values()))
        @rule(beside=st.sampled_from((-1, 0, 1)))
        def midnight_comes(self, beside: int) -> None:
            """To the next end of a lot, or a microsecond beside it."""
            end = min(lot.ends_at for lot in self.model.lots.values() if lot.ends_at > self.now).astimezone(UTC)
            self.now = max(self.now, end + timedelta(microseconds=beside))

        def wait_for_the_end_of(self, use: Use | None) -> None:
            """To the moment at which the last of the lots that were used ends: what is left in that one lapses."""
            ends = [part[0].ends_at for part in (use.parts if use else ()) if part[0].ends_at > self.now]
            self.now = max(ends, default=self.now).astimezone(UTC)

        def standing(self, payment_id: UUID) -> int:
            return self.model.lots[payment_id].basis - sum(each["amount_twd"] for each in self.refunds[payment_id])

        @invariant()
        def lots_history_and_book_say_the_same(self) -> None:
            with db.unit_of_work() as session:
                assert all(line.is_balanced for line in book.trial_balance(session))
                rows = session.execute(_LOTS, {"people": self.people}).all()
                found = {row.payment_id: (row.remaining, row.expires_at, row.expired) for row in rows}
                expected = {key: (lot.remaining, lot.ends_at, lot.expired) for key, lot in self.model.lots.items()}
                assert found == expected
                for person, person_id in enumerate(self.people):
                    shown = history.standing(session, person_id=person_id, now=self.now)
                    balance = self.model.balance(person, self.now)
                    assert (shown.balance, shown.owed) == (balance, self.model.owed[person])
                    assert tender.available(session, person_id, self.now) == max(0, balance)
                    assert sum(amount for amount, _ in shown.expiring) == shown.balance + shown.owed
                    held = sum(lot.remaining for lot in self.model.lots.values() if lot.person == person)
                    told = session.execute(_TOLD, {"person_id": person_id}).scalar_one()
                    assert told == held - self.model.owed[person]
                    if any(lot.person == person for lot in self.model.lots.values()):
                        assert book.balance(session, book.account_id(account_code(person_id))).posted == held
                    if self.model.owed[person]:
                        debt = book.balance(session, book.account_id(debt_code(person_id)))
                        assert debt.posted == self.model.owed[person]

    return Months


def test_months_of_points_agree_with_a_simple_model(database: db.Database) -> None:
    run_state_machine_as_test(
        machine(),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            database=None,
        ),
    )


_LOTS = text("SELECT payment_id, remaining, expires_at, expired FROM points.lot WHERE person_id = ANY(:people)")
_TOLD = text("SELECT coalesce(sum(amount), 0) FROM points.entry WHERE person_id = :person_id")
