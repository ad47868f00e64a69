"""Thousands of random changes against a ten-line model; after each, the book and the model agree and sum to zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from core.ids import new_uuid
from ledger import audit, book, checkpoints, expiry
from ledger.book import Hold, Posting, Release, Reversal, Settlement
from ledger.errors import AlreadyReversed, HoldResolved, NotEnough, TransferDiffers

NOW = datetime(2026, 11, 5, tzinfo=UTC)
NAMES = ("hot1", "hot2", "cold", "floor1", "floor2")
names, amounts = st.sampled_from(NAMES), st.integers(1, 60)
_runs = count()


class Model:
    """The ten lines: each account's [debits posted, credits posted, debits held, credits held]."""

    def __init__(self):
        self.cells = {name: [0, 0, 0, 0] for name in NAMES}

    def move(self, debit, credit, posted, held):
        self.cells[debit][0] += posted
        self.cells[debit][2] += held
        self.cells[credit][1] += posted
        self.cells[credit][3] += held
        return all(self.cells[name][1] - self.cells[name][0] >= self.cells[name][2] for name in ("floor1", "floor2"))


def machine(database):
    class TheBook(RuleBasedStateMachine):
        posted = Bundle("posted")
        held = Bundle("held")
        resolved = Bundle("resolved")

        def __init__(self):
            super().__init__()
            run = next(_runs)
            self.model = Model()
            self.expiring = {}
            self.session = database.sessions()
            self.accounts = {
                name: book.open_account(self.session, f"twd:{run}:{name}", "TWD", now=NOW,
                                        is_hot=name.startswith("hot"), never_negative=name.startswith("floor"))
                for name in NAMES
            }  # fmt: skip
            self.names = {account: name for name, account in self.accounts.items()}
            self.session.commit()

        def teardown(self):
            self.session.rollback()
            expiry.void_expired(self.session, NOW + timedelta(days=1), limit=100_000)
            self.session.commit()
            assert audit.disagreements(self.session) == []
            self.session.close()

        def write(self, changes, moves):
            """Makes the changes in the book and in the model; both say yes or both say no."""
            before = {name: list(cell) for name, cell in self.model.cells.items()}
            fits = all(self.model.move(*move) for move in moves)
            try:
                assert book.record(self.session, changes, now=NOW)
                self.session.commit()
                assert fits
            except NotEnough:
                self.session.rollback()
                assert not fits
                self.model.cells = before
            return fits

        @rule(target=posted, legs=st.lists(st.tuples(names, names, amounts).filter(lambda leg: leg[0] != leg[1]),
                                           min_size=1, max_size=5))  # fmt: skip
        def post(self, legs):
            group = [self.posting(*leg) for leg in legs]
            return multiple(*group) if self.write(group, [(d, c, a, 0) for d, c, a in legs]) else multiple()

        @rule(target=held, expires=st.none() | st.integers(1, 3),
              legs=st.lists(st.tuples(names, names, amounts).filter(lambda leg: leg[0] != leg[1]), min_size=1, max_size=5))  # fmt: skip
        def hold(self, legs, expires):
            expires_at = NOW + timedelta(hours=expires) if expires else None
            group = [Hold(p.id, p.debit, p.credit, p.amount, p.asset, p.reason, "", expires_at)
                     for p in (self.posting(*leg) for leg in legs)]  # fmt: skip
            if not self.write(group, [(d, c, 0, a) for d, c, a in legs]):
                return multiple()
            self.expiring.update({hold.id: hold for hold in group if expires})
            return multiple(*group)

        @rule(target=resolved, hold=consumes(held), part=st.none() | amounts)
        def settle(self, hold, part):
            part = min(part, hold.amount) if part else None
            return self.resolve(hold, Settlement(hold.id, part), part or hold.amount)

        @rule(target=resolved, hold=consumes(held))
        def release(self, hold):
            return self.resolve(hold, Release(hold.id), 0)

        def resolve(self, hold, change, amount):
            was_swept = hold.expires_at is not None and hold.id not in self.expiring
            if was_swept:
                self.refused(HoldResolved, change)
                return change, was_swept
            self.expiring.pop(hold.id, None)
            assert self.write([change], [(self.names[hold.debit], self.names[hold.credit], amount, -hold.amount)])
            return change, was_swept

        @rule(pair=resolved)
        def resolve_again(self, pair):
            change, was_swept = pair
            if not was_swept:
                assert book.record(self.session, [change], now=NOW) is False
            for other in (Settlement(change.hold_id), Release(change.hold_id, reason="other")):
                if other.id != change.id:
                    self.refused(HoldResolved, other)

        @rule(posting=posted)
        def send_again(self, posting):
            try:
                assert book.record(self.session, [posting], now=NOW) is False
            except TransferDiffers as refusal:
                assert refusal.field == "group"
                self.session.rollback()

        @rule(hours=st.integers(1, 3))
        def sweep(self, hours):
            moment = NOW + timedelta(hours=hours)
            due = [hold for hold in self.expiring.values() if hold.expires_at <= moment]
            assert expiry.void_expired(self.session, moment) == len(due)
            self.session.commit()
            for hold in due:
                del self.expiring[hold.id]
                self.model.move(self.names[hold.debit], self.names[hold.credit], 0, -hold.amount)

        @rule(posting=consumes(posted))
        def reverse(self, posting):
            change = Reversal(posting.id, "mistake")
            if self.write([change], [(self.names[posting.credit], self.names[posting.debit], posting.amount, 0)]):
                assert book.record(self.session, [change], now=NOW) is False
                object.__setattr__(change, "id", new_uuid())
                self.refused(AlreadyReversed, change)

        @rule(posting=posted)
        def send_changed(self, posting):
            self.refused(TransferDiffers, replace(posting, amount=posting.amount + 1))

        @rule(dice=st.randoms(use_true_random=False))
        def roll_up(self, dice):
            checkpoints.roll_up(self.session, NOW)
            if dice.random() < 0.2:
                self.session.rollback()
            self.session.commit()

        @invariant()
        def the_book_is_the_model_and_sums_to_zero(self):
            for name, account in self.accounts.items():
                balance = book.balance(self.session, account)
                counted = [
                    balance.debits_posted,
                    balance.credits_posted,
                    balance.debits_pending,
                    balance.credits_pending,
                ]
                assert counted == self.model.cells[name], name
            assert all(line.is_balanced for line in book.trial_balance(self.session))
            self.session.commit()

        def posting(self, debit, credit, amount):
            return Posting(new_uuid(), self.accounts[debit], self.accounts[credit], amount, "TWD", "random")

        def refused(self, problem, change):
            try:
                book.record(self.session, [change], now=NOW)
            except problem:
                self.session.rollback()
            else:
                raise AssertionError(f"{change} was not refused")

    return TheBook


def test_random_changes_of_the_book_agree_with_a_ten_line_model(database):
    run_state_machine_as_test(
        lambda: machine(database)(),
        settings=settings(
            max_examples=40,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
