from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from core.cursors import encode_cursor
from core.errors import InvalidRequest
from core.ids import new_uuid
from ledger import book, checkpoints, expiry
from ledger.book import Hold, Release, Reversal, Settlement, Side
from ledger.errors import (
    AccountDiffers,
    AccountNotOpen,
    AlreadyReversed,
    DoesNotFit,
    HoldResolved,
    HoldUnknown,
    NotEnough,
    NotReversible,
    TransferDiffers,
)


def held(session, account):
    balance = book.balance(session, account)
    return balance.posted, balance.available


def test_a_posting_moves_its_amount_from_the_debit_to_the_credit_side(session, accounts, pay, now):
    assert book.post(session, [pay(600)], now=now)
    assert book.balance(session, accounts["bank"]).posted == 600
    assert book.balance(session, accounts["payable"]).posted == 600
    assert [(line.asset, line.debits_posted, line.credits_posted) for line in book.trial_balance(session)] == [
        ("PT", 0, 0),
        ("TWD", 600, 600),
    ]


def test_the_same_transfer_sent_again_does_nothing(session, accounts, earn, now):
    posting = earn(30)
    assert book.post(session, [posting], now=now) is True
    assert book.post(session, [posting], now=now + timedelta(days=1)) is False
    assert book.balance(session, accounts["mei"]).posted == 30


def test_a_taken_id_with_another_meaning_is_refused_and_the_field_named(session, accounts, earn, now):
    posting = earn(30, subject="pay_1")
    book.post(session, [posting], now=now)
    for field, value in (
        ("amount", 31),
        ("reason", "other"),
        ("subject", "pay_2"),
        ("asset", "TWD"),
        ("credit", accounts["ming"]),
        ("debit", accounts["ming"]),
    ):
        with pytest.raises(TransferDiffers) as refusal, session.begin_nested():
            book.post(session, [replace(posting, **{field: value})], now=now)
        assert (refusal.value.transfer_id, refusal.value.field) == (posting.id, field)


def test_a_hold_is_not_a_posting_and_its_expiry_belongs_to_it(session, earn, now):
    posting = earn(30)
    book.hold(session, [posting], now=now, expires_at=now + timedelta(hours=1))
    for again, field in (
        (posting, "kind"),
        (Hold(*(getattr(posting, name) for name in posting.__slots__)), "expires_at"),
    ):
        with pytest.raises(TransferDiffers) as refusal, session.begin_nested():
            book.record(session, [again], now=now)
        assert refusal.value.field == field


def test_a_group_is_written_whole_or_not_at_all(session, accounts, earn, spend, now):
    with pytest.raises(NotEnough) as refusal, session.begin_nested():
        book.post(session, [earn(10, to="ming"), spend(1, by="mei")], now=now)
    assert refusal.value.account_id == accounts["mei"]
    assert book.balance(session, accounts["ming"]).posted == 0


def test_a_group_that_is_in_the_book_does_not_grow(session, earn, now):
    first, second, third = earn(1), earn(2), earn(3)
    book.post(session, [first, second], now=now)
    assert book.post(session, [second, first], now=now) is False
    for other in ([first, second, third], [max(first, second, key=lambda posting: posting.id), third]):
        with pytest.raises(TransferDiffers) as refusal, session.begin_nested():
            book.post(session, other, now=now)
        assert refusal.value.field == "group"


def test_within_a_group_an_account_may_spend_what_it_has_just_received(session, accounts, earn, spend, now):
    assert book.post(session, [earn(10), spend(10)], now=now)
    with pytest.raises(NotEnough), session.begin_nested():
        book.post(session, [spend(10), earn(10)], now=now)


def test_one_group_may_move_several_assets_and_mix_kinds_of_change(session, accounts, pay, earn, now):
    debit = pay(600)
    book.hold(session, [debit], now=now)
    assert book.record(session, [Settlement(debit.id), earn(6)], now=now)
    assert held(session, accounts["payable"]) == (600, 600)
    assert held(session, accounts["mei"]) == (6, 6)


def test_what_is_held_cannot_be_spent(session, accounts, earn, spend, now):
    book.post(session, [earn(100)], now=now)
    book.hold(session, [spend(70)], now=now)
    assert held(session, accounts["mei"]) == (100, 30)
    for move in (book.post, book.hold):
        with pytest.raises(NotEnough), session.begin_nested():
            move(session, [spend(31)], now=now)
    assert book.post(session, [spend(30)], now=now)


def test_points_on_their_way_in_cannot_be_spent(session, earn, spend, now):
    book.hold(session, [earn(100)], now=now)
    with pytest.raises(NotEnough), session.begin_nested():
        book.post(session, [spend(1)], now=now)


def test_a_hold_settled_in_part_gives_the_rest_back(session, accounts, earn, spend, now):
    redemption = spend(70)
    book.post(session, [earn(100)], now=now)
    book.hold(session, [redemption], now=now)
    assert book.settle(session, [Settlement(redemption.id, 20)], now=now)
    assert held(session, accounts["mei"]) == (80, 80)
    assert book.settle(session, [Settlement(redemption.id, 20)], now=now) is False


def test_no_more_is_settled_than_is_held(session, pay, now):
    debit = pay(600)
    book.hold(session, [debit], now=now)
    with pytest.raises(DoesNotFit), session.begin_nested():
        book.settle(session, [Settlement(debit.id, 601)], now=now)


def test_a_hold_is_resolved_once(session, accounts, pay, now):
    settled, released = pay(600), pay(700)
    book.hold(session, [settled, released], now=now)
    book.settle(session, [Settlement(settled.id)], now=now)
    book.release(session, [Release(released.id)], now=now)
    assert held(session, accounts["bank"]) == (600, 600)
    with pytest.raises(HoldResolved), session.begin_nested():
        book.release(session, [Release(settled.id)], now=now)
    with pytest.raises(HoldResolved), session.begin_nested():
        book.settle(session, [Settlement(released.id)], now=now)
    with pytest.raises(TransferDiffers) as refusal, session.begin_nested():
        book.settle(session, [Settlement(settled.id, 601)], now=now)
    assert refusal.value.field == "amount"


def test_only_a_hold_can_be_resolved(session, pay, now):
    payment = pay(600)
    book.post(session, [payment], now=now)
    for unknown in (payment.id, new_uuid()):
        for change in (Settlement(unknown), Release(unknown)):
            with pytest.raises(HoldUnknown), session.begin_nested():
                book.record(session, [change], now=now)


def test_a_transfer_is_corrected_by_one_the_other_way_round_once(session, accounts, pay, now):
    payment = pay(600)
    book.post(session, [payment], now=now)
    assert book.reverse(session, [Reversal(payment.id, "wrong bureau")], now=now)
    assert book.reverse(session, [Reversal(payment.id, "wrong bureau")], now=now) is False
    assert book.balance(session, accounts["payable"]).posted == 0
    assert [entry.amount for entry in book.entries(session, accounts["payable"]).items] == [600, 600]
    debit = pay(5)
    book.hold(session, [debit], now=now)
    for nothing_moved in (debit.id, new_uuid()):
        with pytest.raises(NotReversible), session.begin_nested():
            book.reverse(session, [Reversal(nothing_moved, "mistake")], now=now)


def test_a_second_reversal_under_another_id_is_refused(session, pay, now):
    payment = pay(600)
    book.post(session, [payment], now=now)
    book.reverse(session, [Reversal(payment.id, "mistake")], now=now)
    second = Reversal(payment.id, "mistake")
    object.__setattr__(second, "id", new_uuid())
    with pytest.raises(AlreadyReversed), session.begin_nested():
        book.reverse(session, [second], now=now)


def test_points_that_are_spent_cannot_be_taken_back(session, earn, spend, now):
    gift = earn(10)
    book.post(session, [gift, spend(4)], now=now)
    with pytest.raises(NotEnough), session.begin_nested():
        book.reverse(session, [Reversal(gift.id, "mistake")], now=now)


def test_both_sides_are_open_accounts_of_the_asset(session, accounts, earn, now):
    for change in ({"asset": "TWD"}, {"credit": new_uuid()}, {"credit": accounts["payable"]}):
        with pytest.raises(AccountNotOpen), session.begin_nested():
            book.post(session, [earn(1, **change)], now=now)


def test_an_account_is_opened_once_and_never_changes(session, accounts, now):
    assert book.open_account(session, "pt:mei", "PT", now=now, never_negative=True) == accounts["mei"]
    assert book.account_id("pt:mei") == accounts["mei"]
    for field, properties in (
        ("asset", {"asset": "TWD", "never_negative": True}),
        ("normal_side", {"asset": "PT", "normal_side": Side.DEBIT}),
        ("is_hot", {"asset": "PT", "is_hot": True}),
        ("never_negative", {"asset": "PT"}),
    ):
        with pytest.raises(AccountDiffers) as refusal, session.begin_nested():
            book.open_account(session, "pt:mei", now=now, **properties)
        assert refusal.value.field == field


def test_the_balance_of_an_account_that_is_not_open_is_refused(session):
    with pytest.raises(AccountNotOpen):
        book.balance(session, new_uuid())


def test_a_posting_that_makes_no_sense_never_reaches_the_database(session, earn, now):
    for change in ({"amount": 0}, {"amount": -5}, {"reason": ""}, {"subject": "x" * 201}):
        with pytest.raises(ValueError):
            book.post(session, [earn(**({"amount": 1} | change))], now=now)


def test_a_group_has_members_with_ids_of_their_own(session, earn, now):
    posting = earn(1)
    for group in ([], [posting, posting], [replace(posting, credit=posting.debit)]):
        with pytest.raises(ValueError):
            book.post(session, group, now=now)


def test_a_group_of_any_size_is_one_round_trip(database, session, earn, now):
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    book.post(session, [earn(amount) for amount in range(1, 21)], now=now)
    assert len(statements) == 1


def test_a_hold_past_its_time_is_voided_by_the_sweep(session, accounts, earn, spend, now):
    short, long, endless, settled = spend(1), spend(2), spend(4), spend(8)
    book.post(session, [earn(15)], now=now)
    book.hold(session, [short, settled], now=now, expires_at=now + timedelta(minutes=5))
    book.hold(session, [long], now=now, expires_at=now + timedelta(hours=5))
    book.hold(session, [endless], now=now)
    book.settle(session, [Settlement(settled.id)], now=now + timedelta(minutes=6))
    assert expiry.void_expired(session, now + timedelta(minutes=4)) == 0
    assert expiry.void_expired(session, now + timedelta(minutes=6)) == 1
    assert expiry.void_expired(session, now + timedelta(minutes=6)) == 0
    assert held(session, accounts["mei"]) == (7, 1)
    with pytest.raises(HoldResolved), session.begin_nested():
        book.settle(session, [Settlement(short.id)], now=now)


def test_entries_are_paged_newest_first_and_none_is_shown_twice(database, session, accounts, earn, spend, now):
    with database.unit_of_work() as earlier:
        book.post(earlier, [earn(10 + n) for n in range(5)], now=now)
    book.post(session, [spend(n) for n in range(1, 4)], now=now)
    seen, cursor = [], None
    while True:
        page = book.entries(session, accounts["mei"], cursor, limit=3)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [entry.side for entry in seen] == [Side.DEBIT] * 3 + [Side.CREDIT] * 5
    assert sorted(entry.amount for entry in seen) == [1, 2, 3, 10, 11, 12, 13, 14]
    assert {entry.counterpart for entry in seen} == {accounts["campaign"]}
    for cursor in (
        "nonsense",
        encode_cursor(1, "x"),
        encode_cursor(-1, str(new_uuid())),
        encode_cursor(2**64, str(new_uuid())),
    ):
        with pytest.raises(InvalidRequest):
            book.entries(session, accounts["mei"], cursor)


def test_the_trial_balance_can_be_taken_as_of_an_earlier_moment(session, pay, now):
    book.post(session, [pay(600)], now=now)
    book.post(session, [pay(40)], now=now + timedelta(days=1))
    assert [line.debits_posted for line in book.trial_balance(session, as_of=now)] == [600]
    assert [line.debits_posted for line in book.trial_balance(session, as_of=now + timedelta(days=1))] == [640]


def test_a_roll_up_changes_no_balance(database, session, accounts, pay, now):
    debits = [pay(100), pay(200), pay(300)]
    with database.unit_of_work() as earlier:
        book.post(earlier, [pay(1)], now=now)
        book.hold(earlier, debits, now=now)
    with database.unit_of_work() as rolling:
        assert checkpoints.roll_up(rolling, now) == 8
    book.record(session, [Settlement(debits[0].id, 60), Release(debits[1].id)], now=now)
    session.commit()
    before = book.balance(session, accounts["payable"])
    assert (before.posted, before.credits_pending) == (61, 300)
    assert checkpoints.roll_up(session, now) == 4
    assert checkpoints.roll_up(session, now) == 0
    assert book.balance(session, accounts["payable"]) == before
