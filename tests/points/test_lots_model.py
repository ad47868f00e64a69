"""Months of one city's points, at random, against a simple model: after each step lots, history and book say the same.

Several people pay, do good deeds, use points, are refunded and charged back; bureaus take deeds back; two officers give
a later last day. The clock moves, and likes to stop a microsecond before, at, and after the moment at which a lot ends,
and to let what was set aside before it come back after it, swept or not. `FAULT_ROUNDS` asks for a longer walk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from core import db
from core.ids import new_uuid
from core.outbox import Event
from core.text import Text
from identity import approvals, officers
from identity.actors import Actor
from ledger import book
from points import extensions, history, tender, texts
from points.debts import debt_code
from points.earning import deeds
from points.earning.rules import Condition
from points.entries import account_code
from points.expiry import expire_lots
from points.tasks import CONSUMERS
from tests.points.conftest import captured, opened, refunded, terms
from tests.points.lots_model import PER_DEED, PER_HOUR, Lot, Model, Payment, Use, fitting, last_day, points_for

EXAMPLES = 24 * int(os.environ.get("FAULT_ROUNDS", "10")) // 10
STEPS = 50
BEGINNING = datetime(2026, 11, 5, 6, 3, 22, tzinfo=UTC)
PEOPLE = (0, 1, 2)
# The first one has most of the steps, so that much comes together there.
WHO = st.sampled_from((0, 0, 0, 1, 2))
# name of a campaign: months that its lots live
LIFETIMES = {"bank": 2, "card": 1, "deeds": 1}
WHICH = st.integers(0, 99)
_runs = count()


@dataclass
class Did:
    """A deed that stands, and what it earned."""

    id: UUID
    key: str
    lot: Lot


def bring(kind: str, payload: dict[str, Any], now: datetime, times: int = 2) -> None:
    """To whoever acts on it in this room, as often as it is delivered; what was delivered before is known by itself."""
    event = Event(new_uuid(), kind, payload, now)
    for consumer in CONSUMERS:
        for _ in range(times if consumer.kind == kind else 0):
            with db.unit_of_work() as session:
                consumer.effect(session, event, now)


def machine(first: Actor, second: Actor) -> type[RuleBasedStateMachine]:
    class Months(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.run = next(_runs)
            self.now = BEGINNING
            self.model = Model(PEOPLE)
            self.people = [uuid4() for _ in PEOPLE]
            self.ids: dict[UUID, Lot] = {}
            self.payments: list[tuple[dict[str, Any], Payment]] = []
            self.refunds: list[tuple[dict[str, Any], Payment, int]] = []
            self.deeds: list[Did] = []
            self.uses: list[Use] = []
            for name, months in LIFETIMES.items():
                ways: dict[str, Any] = {"rail": f"{name}-{self.run}"}
                if name == "deeds":
                    ways = {"rail": None, "event_kind": "deed.volunteering", "points_per_payment": PER_DEED,
                            "points_per_step": PER_HOUR, "step_twd": 1,
                            "conditions": (Condition("field", of=(f"run {self.run}",)),)}  # fmt: skip
                opened(
                    terms(code=self.code(name), bureau=self.code(name), lifetime_months=months,
                          valid_until=datetime(2040, 1, 1, tzinfo=UTC), **ways),
                    budget_points=10_000_000,
                )  # fmt: skip

        def teardown(self) -> None:
            expire_lots(datetime(2100, 1, 1, tzinfo=UTC))
            with db.unit_of_work() as session:
                assert all(line.is_balanced for line in book.trial_balance(session))

        @rule(
            person=WHO, campaign=st.sampled_from(("bank", "card")), twd=st.integers(1, 9_000), times=st.integers(1, 2)
        )
        def pay(self, person: int, campaign: str, twd: int, times: int) -> None:
            self.moment_passes()
            paid = captured(self.people[person], amount_twd=twd, rail=f"{campaign}-{self.run}",
                            captured_at=self.now.isoformat())  # fmt: skip
            bring("wallet.payment_captured", paid, self.now, times)
            lot = self.model.earn(person, campaign, points_for(twd), self.now, LIFETIMES[campaign])
            self.ids[UUID(paid["payment_id"])] = lot
            self.payments.append((paid, Payment(lot, twd)))

        @rule(person=WHO, hours=st.integers(1, 8), is_undone_before=st.sampled_from((False, False, False, True)))
        def do_a_deed(self, person: int, hours: int, is_undone_before: bool) -> None:
            self.moment_passes()
            key = str(new_uuid())
            with db.unit_of_work() as session:
                deed = deeds._record(
                    session, kind="volunteering", source="social_affairs", key=key, person_id=self.people[person],
                    happened_at=self.now, facts={"hours": hours, "field": f"run {self.run}"}, body_hash=b"0" * 32,
                    now=self.now,
                )  # fmt: skip
            if is_undone_before:
                self.take_back_the_word(key)
            bring(deeds.RECORDED, {"deed_id": str(deed.id)}, self.now)
            if not is_undone_before:
                lot = self.model.earn(person, "deeds", PER_DEED + PER_HOUR * hours, self.now, LIFETIMES["deeds"])
                self.ids[deed.id] = lot
                self.deeds.append(Did(deed.id, key, lot))

        @precondition(lambda self: self.deeds)
        @rule(which=WHICH, waits=st.booleans())
        def a_deed_is_undone(self, which: int, waits: bool) -> None:
            did = self.deeds.pop(which % len(self.deeds))
            self.wait_for_an_end_of(did.lot.person if waits else None)
            self.take_back_the_word(did.key)
            bring(deeds.UNDONE, {"deed_id": str(did.id)}, self.now)
            self.model.recount(did.lot, 0, self.now)

        @precondition(lambda self: any(self.model.balance(person, self.now) > 0 for person in PEOPLE))
        @rule(person=WHO, percent=st.integers(1, 110), at_once=st.booleans())
        def use(self, person: int, percent: int, at_once: bool) -> None:
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
                    return
            self.uses.append(self.model.use(use_id, person, status, points, self.now))

        @precondition(lambda self: self.held())
        @rule(which=WHICH, is_done=st.booleans(), waits=st.booleans())
        def what_was_set_aside_is_settled(self, which: int, is_done: bool, waits: bool) -> None:
            use = self.held()[which % len(self.held())]
            if waits:
                self.wait_for_the_end_of(use)
            end = tender.spend if is_done else tender.release
            for _ in range(2):
                with db.unit_of_work() as session:
                    end(session, payment_id=use.id, now=self.now)
            use.status = "spent" if is_done else "released"
            if not is_done:
                self.model.give_back(use, use.points, self.now)

        @precondition(lambda self: len(self.held()) < len(self.uses))
        @rule(which=WHICH, points=st.integers(1, 120), again=st.booleans(), waits=st.booleans())
        def what_was_used_comes_back_or_goes_again(self, which: int, points: int, again: bool, waits: bool) -> None:
            used = [use for use in self.uses if use.status != "held"]
            use = used[which % len(used)]
            if waits:
                self.wait_for_the_end_of(use)
            points, cause_id = min(points, use.points), new_uuid()
            move = tender.take_again if again else tender.give_back
            for _ in range(2):
                with db.unit_of_work() as session:
                    move(session, payment_id=use.id, points=points, cause_id=cause_id, now=self.now)
            if again:
                use.status = "spent"
                self.model.take_again(use, points, self.now)
            else:
                self.model.give_back(use, points, self.now)

        @precondition(lambda self: any(payment.left_twd for _, payment in self.payments))
        @rule(which=WHICH, percent=st.integers(1, 100), times=st.integers(1, 2), waits=st.booleans())
        def refund(self, which: int, percent: int, times: int, waits: bool) -> None:
            left = [each for each in self.payments if each[1].left_twd]
            paid, payment = left[which % len(left)]
            twd = max(1, payment.left_twd * percent // 100)
            self.wait_for_an_end_of(payment.lot.person if waits else None)
            self.refund_of(paid, payment, twd, times)

        def refund_of(self, paid: dict[str, Any], payment: Payment, twd: int, times: int) -> None:
            self.moment_passes()
            payload = refunded(paid, twd)
            bring("wallet.bill_refunded", payload, self.now, times)
            payment.refunds_twd.append(twd)
            self.refunds.append((payload, payment, twd))
            self.model.recount(payment.lot, payment.points, self.now)

        @rule(person=WHO, twd=st.integers(2_000, 9_000))
        def what_is_spent_is_refunded_when_a_newer_lot_has_ended(self, person: int, twd: int) -> None:
            """What has ended, and is not swept yet, is no longer there to be taken in place of what was spent."""
            self.pay(person, "bank", twd, 1)
            self.use(person, 100, True)
            self.pay(person, "card", 1_000, 1)
            self.now = self.model.lots[-1].ends_at.astimezone(UTC)
            self.refund_of(*self.payments[-2], twd, 1)

        @precondition(lambda self: self.refunds)
        @rule(which=WHICH)
        def a_refund_does_not_arrive(self, which: int) -> None:
            payload, payment, twd = self.refunds.pop(which % len(self.refunds))
            self.moment_passes()
            bring("wallet.refund_failed", {**payload, "was_completed": True}, self.now)
            payment.refunds_twd.remove(twd)
            self.model.recount(payment.lot, payment.points, self.now)

        @precondition(lambda self: self.payments)
        @rule(which=WHICH, waits=st.booleans())
        def a_payment_is_charged_back_or_won_again(self, which: int, waits: bool) -> None:
            paid, payment = self.payments[which % len(self.payments)]
            self.wait_for_an_end_of(payment.lot.person if waits else None)
            self.moment_passes()
            payload = {"payment_id": paid["payment_id"], "person_id": paid["person_id"], "how": "charged_back"}
            bring("wallet.payment_restored" if payment.is_undone else "wallet.payment_undone", payload, self.now)
            payment.is_undone = not payment.is_undone
            self.model.recount(payment.lot, payment.points, self.now)

        @precondition(lambda self: any(lot.remaining + lot.expired for lot in self.model.lots))
        @rule(which=WHICH, whom=st.sampled_from(("person", "campaign", "bureau")), days=st.integers(1, 40),
              is_approved=st.sampled_from((True, True, True, False)), hours=st.sampled_from((0, 30)))  # fmt: skip
        def two_officers_give_a_later_day(
            self, which: int, whom: str, days: int, is_approved: bool, hours: int
        ) -> None:
            some = [lot for lot in self.model.lots if lot.remaining + lot.expired]
            lot = some[which % len(some)]
            day = last_day(lot.ends_at)
            until = day + timedelta(days=days)
            wanted = extensions.Wanted(
                self.people[lot.person] if whom == "person" else None,
                self.code(lot.campaign) if whom == "bureau" else None,
                self.code(lot.campaign) if whom == "campaign" else None, day, day, until, Text("停擺", "Stood still"),
            )  # fmt: skip
            theirs = [
                each
                for each in self.model.lots
                if (each.person == lot.person if whom == "person" else each.campaign == lot.campaign)
            ]
            with db.unit_of_work() as session:
                proposed = extensions.propose(session, wanted, by=first, now=self.now)
            fits = fitting(theirs, day, day)
            assert (proposed.numbers.lots, proposed.numbers.lapsed) == (len(fits), sum(each.expired for each in fits))
            self.now += timedelta(hours=hours)
            with db.unit_of_work() as session:
                approvals.decide(
                    session, proposed.approval_id, by=second, is_approved=is_approved, note="", now=self.now
                )
            if is_approved:
                self.model.extend(theirs, day, day, until)

        @precondition(lambda self: any(lot.remaining and lot.ends_at <= self.now for lot in self.model.lots))
        @rule()
        def sweep(self) -> None:
            assert expire_lots(self.now) == self.model.lapse(self.model.lots, self.now)
            assert expire_lots(self.now) == 0

        @rule(days=st.sampled_from((0.001, 0.3, 9.0, 25.0)))
        def time_passes(self, days: float) -> None:
            self.now += timedelta(days=days)

        @precondition(lambda self: any(lot.ends_at > self.now for lot in self.model.lots))
        @rule(beside=st.sampled_from((-1, 0, 1)))
        def a_lot_ends(self, beside: int) -> None:
            """At the next end of a lot, or a microsecond beside it."""
            end = min(lot.ends_at for lot in self.model.lots if lot.ends_at > self.now).astimezone(UTC)
            self.now = max(self.now, end + timedelta(microseconds=beside))

        def moment_passes(self) -> None:
            self.now += timedelta(microseconds=1)

        def wait_for_the_end_of(self, use: Use) -> None:
            """Until the last of the lots that were used has ended: what is left in that one lapses."""
            self.now = max([end for end in use.ends if end > self.now], default=self.now).astimezone(UTC)

        def wait_for_an_end_of(self, person: int | None) -> None:
            """Until the next lot of that person has ended, which is not swept yet."""
            ends = [lot.ends_at for lot in self.model.lots if lot.person == person and lot.ends_at > self.now]
            self.now = min(ends, default=self.now).astimezone(UTC)

        def take_back_the_word(self, key: str) -> None:
            with db.unit_of_work() as session:
                deeds.undo(session, bureau="social_affairs", kind="volunteering", key=key, now=self.now)

        def held(self) -> Sequence[Use]:
            return [use for use in self.uses if use.status == "held"]

        def code(self, campaign: str) -> str:
            return f"months-{self.run}-{campaign}"

        @invariant()
        def lots_history_and_book_say_the_same(self) -> None:
            with db.unit_of_work() as session:
                rows = session.execute(_LOTS, {"people": self.people}).all()
                found = {row.earned_by: (row.remaining, row.expires_at, row.expired) for row in rows}
                assert found == {key: (lot.remaining, lot.ends_at, lot.expired) for key, lot in self.ids.items()}
                told = {row.person_id: row.told for row in session.execute(_TOLD, {"people": self.people})}
                for person, person_id in enumerate(self.people):
                    held, owed = self.holds(person), self.model.owed[person]
                    shown = history.standing(session, person_id=person_id, now=self.now)
                    balance = self.model.balance(person, self.now)
                    assert (shown.balance, shown.owed) == (balance, owed)
                    assert tender.available(session, person_id, self.now) == max(0, balance)
                    assert sum(amount for amount, _ in shown.expiring) == balance + owed
                    assert told.get(person_id, 0) == held - owed
                    if person_id in told:
                        assert book.balance(session, book.account_id(account_code(person_id))).posted == held
                    if owed:
                        assert book.balance(session, book.account_id(debt_code(person_id))).posted == owed

        def holds(self, person: int) -> int:
            return sum(lot.remaining for lot in self.model.lots if lot.person == person)

    return Months


@pytest.fixture
def points_officer(database: db.Database) -> Callable[[], Actor]:
    """Makes officers who may propose and decide a later last day."""
    extensions.register_approvals()

    def make() -> Actor:
        with db.unit_of_work() as session:
            officer = officers.add(
                session, staff_number=f"P{next(_runs)}-1", name="點數承辦", bureau="economic",
                roles=("points_officer",), now=BEGINNING,
            )  # fmt: skip
        return Actor("officer", officer.id, roles=frozenset({"points_officer"}), bureau="economic")

    return make


def test_months_of_points_agree_with_a_simple_model(points_officer: Callable[[], Actor]) -> None:
    run_state_machine_as_test(
        machine(points_officer(), points_officer()),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            database=None,
        ),
    )


_LOTS = text(
    "SELECT coalesce(payment_id, deed_id) AS earned_by, remaining, expires_at, expired FROM points.lot "
    "WHERE person_id = ANY(:people)"
)
_TOLD = text(
    "SELECT person_id, sum(amount) AS told FROM points.entry WHERE person_id = ANY(:people) GROUP BY person_id"
)
