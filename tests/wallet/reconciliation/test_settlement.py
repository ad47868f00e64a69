"""Row 34 of the fault matrix and what belongs to it: a card settlement against our book, line by line."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from settling_city import (
    DAY,
    NOW,
    PAID_AT,
    adyen_file,
    adyen_row,
    balance,
    kinds,
    must_be_explained,
    open_breaks,
    open_city,
    pay,
    refund,
    settled,
    statement,
    take,
    take_back,
    transfers,
)
from sqlalchemy import text

from core import db
from core.db import Database
from wallet import book
from wallet.reconciliation import late
from wallet.reconciliation.problems import (
    StatementContradicts,
    StatementFormWrong,
    StatementTotalsWrong,
    StatementTruncated,
)


@pytest.fixture(autouse=True)
def city(database: Database) -> None:
    open_city()


def test_a_settlement_and_its_payout_on_the_statement_bring_every_account_back_to_zero() -> None:
    one, two = pay("card", 600), pay("apple_pay", 40, fee=20)
    assert balance(book.ADYEN_CLEARING) == 660
    taken = take("adyen", adyen_file([settled(one, fee=12), settled(two, fee=3)]))
    assert (taken.rows, taken.matched, taken.breaks, taken.net_twd) == (2, 2, 0, 645)
    assert balance(book.ADYEN_CLEARING) == 0
    assert balance(book.in_transit("adyen")) == 645
    assert balance(book.rail_costs("card")) == 12 and balance(book.rail_costs("apple_pay")) == 3
    take("bank", statement([("ADYEN BATCH 7", 645, "B1")]))
    assert balance(book.in_transit("adyen")) == 0
    assert balance(book.TREASURY_BANK) == 645
    assert kinds() == []
    must_be_explained()


def test_the_banks_own_debits_and_refunds_are_on_its_statement() -> None:
    paid, other = pay("bank_of_kaohsiung", 600, fee=5), pay("bank_of_kaohsiung", 40)
    back = refund(paid, 100)
    take("bank", statement([(paid.reference, 605, "D1"), (other.reference, 40, "D2"), (back, -100, "R1")]))
    assert kinds() == []
    assert balance(book.BANK_CLEARING) == 0
    assert balance(book.TREASURY_BANK) == 545
    must_be_explained()


def test_refunds_chargebacks_and_fee_records_are_booked() -> None:
    kept, contested = pay("card", 600), pay("card", 900)
    back = refund(kept, 200)
    take_back(contested, "charged_back")
    take("adyen", adyen_file([
        settled(kept), settled(contested),
        adyen_row("Refunded", ours=back, theirs="R1", gross=-200, net=-200, of_modification=True),
        adyen_row("Chargeback", ours=contested.reference, theirs="C1", gross=-900, net=-1100),
        adyen_row("Fee", theirs="F1", net=-50),
    ]))  # fmt: skip
    assert kinds() == []
    assert balance(book.ADYEN_CLEARING) == 0
    assert balance(book.rail_costs("card")) == 10 + 10 + 50
    assert balance(book.DISPUTE_COSTS) == 200
    assert balance(book.in_transit("adyen")) == 590 + 890 - 200 - 1100 - 50
    must_be_explained()


def test_a_chargeback_takes_what_had_not_been_refunded_before() -> None:
    contested = pay("card", 900)
    back = refund(contested, 200)
    take_back(contested, "charged_back", gone_before=200)
    must_be_explained()
    take("adyen", adyen_file([
        settled(contested),
        adyen_row("Refunded", ours=back, theirs="R1", gross=-200, net=-200, of_modification=True),
        adyen_row("Chargeback", ours=contested.reference, theirs="C1", gross=-700, net=-700),
    ]))  # fmt: skip
    assert kinds() == []
    assert balance(book.ADYEN_CLEARING) == 0
    must_be_explained()


def test_row_34_each_difference_is_a_break_of_its_type_and_the_sums_tie_to_the_payout() -> None:
    good, off, twice, late_one = (pay("card", amount) for amount in (600, 700, 800, 900))
    forgotten = pay("card", 1000, at=PAID_AT - timedelta(days=20))
    rows = [
        settled(good), settled(off, gross=699), settled(twice), settled(twice),
        settled(late_one, day=DAY + timedelta(days=30)),
        adyen_row("Settled", ours="pay_01jd0000000000000000000000", theirs="PSPX", gross=500, net=490),
    ]  # fmt: skip
    with db.unit_of_work() as session:
        session.execute(text("INSERT INTO wallet.rail_fee VALUES ('card', 10, 0, 0, '2026-01-01', NULL, 'contract')"))
    rows[0] |= {"Commission (NC)": "25.00", "Net Credit (NC)": "575.00"}
    taken = take("adyen", adyen_file(rows))
    late.look(NOW)
    found = {(each.kind, each.our_reference): each for each in open_breaks()}
    assert {kind for kind, _ in found} == {"amount", "duplicate", "date", "fee", "missing_ours", "missing_theirs"}
    assert found["amount", off.reference].suspense_twd == -1
    assert found["duplicate", twice.reference].suspense_twd == 800
    assert found["fee", good.reference].suspense_twd == -15
    assert found["date", late_one.reference].suspense_twd == 0
    assert found["missing_ours", "pay_01jd0000000000000000000000"].cause == "not_known"
    assert found["missing_theirs", forgotten.reference].ours_twd == 1000
    assert taken.breaks == 5
    assert balance(book.in_transit("adyen")) == taken.net_twd
    assert balance(book.ADYEN_CLEARING) == 1000
    assert balance(book.BREAK_SUSPENSE) == -(-1 + 800 - 15 + 500)
    must_be_explained()


def test_row_34_the_same_file_again_changes_nothing() -> None:
    content = adyen_file([settled(pay("card", 600))])
    first = take("adyen", content)
    before = transfers()
    again = take("adyen", content)
    assert again.is_repeat and again.id == first.id
    assert transfers() == before


def test_row_34_a_reordered_file_is_the_same_file() -> None:
    rows = [settled(pay("card", 100 + n)) for n in range(20)]
    first = take("adyen", adyen_file(rows))
    random.Random(3).shuffle(rows)
    again = take("adyen", adyen_file(rows))
    assert again.is_repeat and again.id == first.id
    assert kinds() == []


@pytest.mark.parametrize("seed", range(3))
def test_row_34_in_whatever_order_its_records_are_a_file_comes_to_the_same_breaks(seed: int) -> None:
    paid = [pay("card", 600) for _ in range(3)]
    rows = [settled(each) for each in paid]
    # The same payment three times, each in another amount: which of them counts must not hang on their order.
    rows += [settled(paid[0], gross=gross) for gross in (650, 550)]
    rows.append(adyen_row("Settled", ours="nobody's", theirs="PSPY", gross=5, net=5))
    random.Random(seed).shuffle(rows)
    take("adyen", adyen_file(rows))
    found = sorted((each.kind, each.theirs_twd, each.suspense_twd) for each in open_breaks())
    assert found == [("amount", 550, -50), ("duplicate", 600, 600), ("duplicate", 650, 650), ("missing_ours", 5, 5)]
    must_be_explained()


def test_row_34_a_truncated_file_is_refused_whole() -> None:
    content = adyen_file([settled(pay("card", 600)), settled(pay("card", 700))])
    before = transfers()
    for cut in (len(content) * 3 // 4, len(content) - 20):
        with pytest.raises(StatementTruncated):
            take("adyen", content[:cut])
    with pytest.raises(StatementTruncated):
        take("adyen", adyen_file([settled(pay("card", 1))], with_payout=False))
    assert kinds() == []
    assert transfers() == before + 2
    assert balance(book.in_transit("adyen")) == 0


def test_row_34_totals_that_do_not_add_up_are_refused_whole() -> None:
    paid = pay("card", 600)
    with pytest.raises(StatementTotalsWrong):
        take("adyen", adyen_file([settled(paid)], payout=591))
    with pytest.raises(StatementTotalsWrong):
        take("adyen", adyen_file([settled(paid, fee=10, parts=("5.00", "", "4.00", ""))]))
    assert balance(book.in_transit("adyen")) == 0


def test_row_34_a_cent_that_the_currency_does_not_have_refuses_the_file_and_names_the_record() -> None:
    row = settled(pay("card", 600))
    row["Gross Credit (GC)"] = "599.99"
    with pytest.raises(StatementFormWrong) as refused:
        take("adyen", adyen_file([settled(pay("card", 1)), row]))
    assert refused.value.extensions["row"] == 2


def test_fees_may_have_cents_as_long_as_what_is_paid_has_none() -> None:
    take("adyen", adyen_file([settled(pay("card", 600), fee=10, parts=("4.25", "0.75", "1.50", "3.50"))]))
    assert balance(book.rail_costs("card")) == 10


def test_the_same_batch_number_with_other_lines_is_refused() -> None:
    take("adyen", adyen_file([settled(pay("card", 600))]))
    with pytest.raises(StatementContradicts):
        take("adyen", adyen_file([settled(pay("card", 700))]))


def test_a_line_for_a_payment_that_failed_waits_in_suspense() -> None:
    failed = pay("card", 600, status="failed")
    take("adyen", adyen_file([settled(failed, fee=0)]))
    (found,) = open_breaks()
    assert (found.kind, found.cause, found.suspense_twd) == ("missing_ours", "payment_failed", 600)
    assert balance(book.BREAK_SUSPENSE) == -600
    must_be_explained()


def test_a_payout_that_comes_in_another_amount_is_an_amount_break() -> None:
    take("adyen", adyen_file([settled(pay("card", 600))]))
    take("bank", statement([("ADYEN BATCH 7", 589, "B1")]))
    (found,) = open_breaks()
    assert (found.kind, found.ours_twd, found.theirs_twd, found.suspense_twd) == ("amount", 590, 589, -1)
    assert balance(book.in_transit("adyen")) == 0
    must_be_explained()


def test_a_payout_that_never_reaches_the_bank_is_missing() -> None:
    take("adyen", adyen_file([settled(pay("card", 600))]))
    late.look(NOW + timedelta(days=20))
    (found,) = open_breaks()
    assert (found.kind, found.account, found.ours_twd) == ("missing_theirs", "bank_in_transit:adyen", 590)
    take("bank", statement([("ADYEN BATCH 7", 590, "B1")], day=DAY + timedelta(days=21)))
    assert kinds() == []
    must_be_explained()


def test_money_at_the_bank_that_nobody_announced_waits_in_suspense() -> None:
    take("bank", statement([("不明匯款", 250, "B9")]))
    (found,) = open_breaks()
    assert (found.kind, found.cause, found.suspense_twd) == ("missing_ours", "no_payout", 250)
    must_be_explained()


def test_a_statement_of_a_day_that_was_not_over_is_continued_by_the_whole_one() -> None:
    early, later = pay("bank_of_kaohsiung", 600), pay("bank_of_kaohsiung", 40)
    take("bank", statement([(early.reference, 600, "D1")]))
    whole = statement([(early.reference, 600, "D1"), (later.reference, 40, "D2")])
    taken = take("bank", whole)
    assert (taken.rows, taken.matched, taken.opening_twd, taken.closing_twd) == (1, 1, 10_600, 10_640)
    assert take("bank", whole).is_repeat
    assert balance(book.BANK_CLEARING) == 0 and balance(book.TREASURY_BANK) == 640 and kinds() == []
    must_be_explained()


def test_a_statement_that_lacks_what_it_had_before_is_refused() -> None:
    take("bank", statement([("one", 600, "D1"), ("two", 5, "D2")]))
    with pytest.raises(StatementContradicts):
        take("bank", statement([("one", 600, "D1"), ("three", 5, "D3")]))
