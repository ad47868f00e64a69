"""The clearing house, the wallets and the stores: each file against our book, each payout against the bank."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from settling_city import (
    DAY,
    NOW,
    PAID_AT,
    Paid,
    balance,
    kinds,
    must_be_explained,
    open_breaks,
    open_city,
    pay,
    refund,
    statement,
    take,
    take_back,
)
from sqlalchemy import text

from core import db
from core.clock import TAIPEI
from core.db import Database
from core.ids import new_uuid
from core.outbox import Event
from ledger import book as ledger
from ledger.book import Side, account_id
from partners.ach.files import WrittenEntry, write_return_file
from partners.ewallets.settlement import SettlementLine, write_settlement
from partners.stores.files import CHANNELS, CollectionLine, Head, written
from wallet import book
from wallet.reconciliation import late
from wallet.reconciliation.problems import (
    StatementFormWrong,
    StatementNotReadable,
    StatementOfAnother,
    StatementTotalsWrong,
    StatementTruncated,
)

NEXT = DAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def city(database: Database) -> None:
    open_city()


def wallet_line(paid: Paid, fee: int = 6) -> SettlementLine:
    return SettlementLine(
        "PAYMENT", f"T{paid.id.hex[:12]}", paid.reference, paid.reference, paid.amount_twd, fee, PAID_AT
    )


def test_a_wallets_settlement_and_its_payout_bring_every_account_back_to_zero() -> None:
    one, two = pay("jkopay", 600, fee=13), pay("jkopay", 40)
    back = refund(two, 40)
    sent_back = SettlementLine("REFUND", "R1", back, two.reference, 40, 1, PAID_AT)
    taken = take("jkopay", write_settlement("jkopay", DAY, [wallet_line(one), wallet_line(two, 1), sent_back]))
    assert (taken.matched, taken.breaks, taken.net_twd) == (3, 0, 613 - 6 + 40 - 1 - 40 + 1)
    assert balance(book.ewallet_clearing("jkopay")) == 0
    take("bank", statement([("JKOPAY-20261105", taken.net_twd, "B1")]))
    assert balance(book.in_transit("jkopay")) == 0
    assert kinds() == []
    must_be_explained()


def test_a_file_of_another_wallet_is_refused() -> None:
    with pytest.raises(StatementOfAnother):
        take("line_pay", write_settlement("jkopay", DAY, []))


def test_bad_files_of_a_wallet_are_refused_whole() -> None:
    good = write_settlement("jkopay", DAY, [wallet_line(pay("jkopay", 600))])
    for content, refusal in (
        (good.rsplit(b"TRAILER", 1)[0], StatementTruncated),
        (good[:-5], StatementTruncated),
        (good.replace(b"600.00,6.00", b"601.00,6.00"), StatementTotalsWrong),
        (good.replace(b"HEADER", "錢包".encode("cp950")), StatementNotReadable),
        (good.replace(b"TWD", b"USD"), StatementFormWrong),
    ):
        with pytest.raises(refusal):
            take("jkopay", content)
    assert balance(book.in_transit("jkopay")) == 0


def present(paid: Paid) -> Paid:
    """The clearing house took the debit on DAY."""
    with db.unit_of_work() as session:
        session.execute(
            text("INSERT INTO wallet.ach_debit VALUES (:id, :entry, :amount, :at, :day)"),
            {"id": paid.id, "entry": f"E{paid.id.hex[:8]}", "amount": paid.amount_twd, "at": PAID_AT, "day": DAY},
        )
    return paid


def returned_entry(paid: Paid, amount: int | None = None) -> WrittenEntry:
    return WrittenEntry("debit", "8120000", "00289000001234", "A123456789", amount or paid.amount_twd, "01", DAY, 1,
                        "U1", paid.reference)  # fmt: skip


def test_row_33_a_return_file_settles_everything_else_that_was_presented() -> None:
    kept = [present(pay("ach", amount, status="provisional")) for amount in (600, 700)]
    lost = present(pay("ach", 800, status="provisional"))
    take_back(lost, "returned")
    taken = take("ach", write_return_file(NEXT, DAY, [returned_entry(lost)]))
    assert (taken.rows, taken.matched, taken.breaks, taken.net_twd) == (4, 4, 0, 1300)
    assert balance(book.ACH_CLEARING) == 0
    take("bank", statement([("ACH-20261106", 1300, "B1")], day=NEXT))
    assert balance(book.in_transit("ach")) == 0 and balance(book.TREASURY_BANK) == 1300
    assert kinds() == []
    must_be_explained()
    late.look(NOW + timedelta(days=30))
    assert kinds() == [] and len(kept) == 2


def test_a_late_return_takes_its_money_out_of_a_later_payout() -> None:
    paid = present(pay("ach", 600, status="provisional"))
    take("ach", write_return_file(NEXT, DAY, []))
    take_back(paid, "returned", at=NOW + timedelta(days=4))
    taken = take("ach", write_return_file(DAY + timedelta(days=5), DAY + timedelta(days=4), [returned_entry(paid)]))
    assert (taken.matched, taken.net_twd) == (1, -600)
    take("bank", statement([("ACH-20261106", 600, "B1"), ("ACH-20261110", -600, "B2")], day=DAY + timedelta(days=5)))
    assert balance(book.in_transit("ach")) == 0 and balance(book.ACH_CLEARING) == 0
    assert kinds() == []
    must_be_explained()


@pytest.mark.parametrize(("final_on", "kinds_then"), [(DAY, ["date"]), (DAY + timedelta(days=9), [])])
def test_a_return_after_the_day_it_was_final_on_is_a_break_of_its_date(final_on: date, kinds_then: list[str]) -> None:
    paid = pay("ach", 600, status="provisional")
    take_back(paid, "returned", at=NOW)
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE wallet.payment SET final_on = :on WHERE id = :id"), {"on": final_on, "id": paid.id}
        )
        fact = {"payment_id": str(paid.id), "how": "returned", "total_twd": 600}
        for _ in range(2):
            late.note_late_return(session, Event(uuid4(), "wallet.payment_undone", fact, NOW), NOW)
    assert kinds() == kinds_then


def test_a_return_in_another_amount_is_an_amount_break() -> None:
    paid = present(pay("ach", 600, status="provisional"))
    take_back(paid, "returned")
    take("ach", write_return_file(NEXT, DAY, [returned_entry(paid, 599)]))
    (found,) = open_breaks()
    assert (found.kind, found.ours_twd, found.theirs_twd, found.suspense_twd) == ("amount", -600, -599, 1)
    must_be_explained()


def test_a_return_that_was_known_before_the_debit_counted_as_paid_is_nothing() -> None:
    never = present(pay("ach", 600, status="failed"))
    taken = take("ach", write_return_file(NEXT, DAY, [returned_entry(never)]))
    assert (taken.rows, taken.breaks, taken.net_twd) == (0, 0, 0)
    assert kinds() == []


def test_bad_return_files_are_refused_whole() -> None:
    good = write_return_file(NEXT, DAY, [returned_entry(pay("ach", 600, status="provisional"))])
    for content, refusal in (
        (good[:-252], StatementTruncated),
        (good[:-1], StatementTruncated),
        (good.replace(b"0000000600", b"0000000601", 1), StatementTotalsWrong),
        (good.replace(b"EOFACHR01", b"EOFACHR02"), StatementTruncated),
        (b"\xff" * len(good), StatementTruncated),
    ):
        with pytest.raises(refusal):
            take("ach", content)


def collect(channel: str, amount: int, fee: int = 0, *, is_in_book: bool = True) -> CollectionLine:
    """A store took this much for a slip; unless it was not taken over, it stands in the book."""
    of = CHANNELS[channel]
    reference = f"{uuid4().int % 10**12:012d}"
    line = CollectionLine(1, of, "S0001", "四維店", "68000000000017", amount, fee, 4, PAID_AT, reference)
    if is_in_book:
        line_id = new_uuid()
        clearing = book.collection_clearing(of.name)
        with db.unit_of_work() as session:
            session.execute(
                text("INSERT INTO wallet.collection_line VALUES (:id, :id, 1, :channel, :reference, 'S0001', '四維店',"
                     " '68000000000017', :amount, :fee, 4, :at, 'collected', NULL, NULL)"),
                {"id": line_id, "channel": of.name, "reference": reference, "amount": amount, "fee": fee, "at": PAID_AT},
            )  # fmt: skip
            ledger.open_account(session, clearing, "TWD", now=NOW, normal_side=Side.DEBIT, is_hot=True)
            payable = account_id(book.bureau_payable("parking"))
            ledger.post(session, [ledger.Posting(uuid4(), account_id(clearing), payable, amount, "TWD", "x")], now=NOW)
            if fee:
                fees = ledger.Posting(uuid4(), account_id(clearing), account_id(book.fee_payable("store_barcode")), fee,
                                      "TWD", "service fee")  # fmt: skip
                ledger.post(session, [fees], now=NOW)
    return line


def collection_file(channel: str, lines: list[CollectionLine], number: int = 1) -> bytes:
    head = Head(CHANNELS[channel], DAY, datetime(2026, 11, 6, 1, tzinfo=TAIPEI), number)
    reference = f"{CHANNELS[channel].code}-20261105-{number:03d}"
    return b"".join(written(head, lines, pays_on=NEXT, payout_reference=reference))


def test_what_a_store_collected_is_settled_less_what_it_keeps() -> None:
    lines = [collect("7-eleven", 600, 5), collect("7-eleven", 40)]
    taken = take("stores", collection_file("7-eleven", lines))
    assert (taken.matched, taken.breaks, taken.net_twd) == (2, 0, 637)
    assert balance("store_clearing:7-ELEVEN") == 0 and balance(book.rail_costs("store_barcode")) == 8
    take("bank", statement([("7-ELEVEN-20261105-001", 637, "B1")], day=NEXT))
    assert balance(book.in_transit("stores")) == 0
    assert kinds() == []
    must_be_explained()


def test_what_a_store_collected_for_no_slip_of_ours_is_a_break() -> None:
    take("stores", collection_file("family", [collect("family", 600), collect("family", 70, is_in_book=False)]))
    (found,) = open_breaks()
    assert (found.kind, found.cause, found.suspense_twd) == ("missing_ours", "collection", 70)
    must_be_explained()


def test_twqr_has_its_own_files() -> None:
    content = collection_file("twqr", [collect("twqr", 600)])
    with pytest.raises(StatementOfAnother):
        take("stores", content)
    take("twqr", content)
    assert balance(book.TWQR_CLEARING) == 0 and balance(book.in_transit("twqr")) == 596
    must_be_explained()


def test_bad_collection_files_are_refused_whole() -> None:
    good = collection_file("ok", [collect("ok", 600)])
    for content, refusal in (
        (good[:-122], StatementTruncated),
        (good[:-3], StatementTruncated),
        (good.replace(b"000000600", b"000000601", 1), StatementTotalsWrong),
        (good.decode("cp950").encode("utf-8"), StatementNotReadable),
        (good[122:], StatementFormWrong),
    ):
        with pytest.raises(refusal):
            take("stores", content)
