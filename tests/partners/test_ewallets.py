"""Wallets: reserved, agreed to by the payer on the wallet's page, confirmed by us, booked once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from other_rails import RETURN, agree, wallet_client
from sandbox_process import SandboxBooks

from partners import wire
from partners.ewallets.client import WALLETS, WalletClient, WalletPayment
from partners.ewallets.settlement import SettlementFile, SettlementRefused, read_settlement


@pytest.fixture
def wallet(books: SandboxBooks) -> WalletClient:
    """JKOPAY's client."""
    return wallet_client(books.url)


def reserve(wallet: WalletClient, amount_twd: int = 600, reference: str = "pay_1") -> WalletPayment:
    return wallet.reserve(
        reference=reference, amount_twd=amount_twd, order_name="停車費 2 筆", return_url=f"{RETURN}?payment=pay_1"
    )


def pay(wallet: WalletClient, books: SandboxBooks, amount_twd: int = 600, reference: str = "pay_1") -> WalletPayment:
    back = agree(books, reserve(wallet, amount_twd, reference))
    return wallet.confirm(reference=reference, transaction_id=query_of(back)["transaction_id"], amount_twd=amount_twd)


def query_of(address: str) -> dict[str, str]:
    assert address.startswith(f"{RETURN}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.mark.parametrize("name", WALLETS)
def test_a_payment_is_reserved_agreed_to_confirmed_and_booked(books: SandboxBooks, name: str) -> None:
    wallet = wallet_client(books.url, name)
    reserved = reserve(wallet)
    assert (reserved.status, reserved.transaction_id, reserved.amount_twd) == ("reserved", None, 600)
    back = query_of(agree(books, reserved))
    assert (back["payment"], back["reference"]) == ("pay_1", "pay_1")
    authorized = wallet.find_payment("pay_1")
    assert authorized is not None and authorized.status == "authorized"
    assert authorized.transaction_id == back["transaction_id"]
    confirmed = wallet.confirm(reference="pay_1", transaction_id=back["transaction_id"], amount_twd=600)
    assert (confirmed.status, confirmed.amount_twd) == ("confirmed", 600)
    assert confirmed.confirmed_at is not None
    assert wallet.find_payment("pay_1") == confirmed


def test_the_page_says_who_is_paid_and_how_much_in_both_languages(wallet: WalletClient) -> None:
    page = urllib3.request("GET", reserve(wallet, 12_345).payment_url)
    text = page.data.decode()
    for words in ("街口支付", "高雄市政府", "Kaohsiung City Government", "12,345", "停車費 2 筆", "Cancel"):
        assert words in text
    assert "form-action 'self' http://localhost:8080" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_the_same_reference_is_the_same_reservation(wallet: WalletClient) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: reserve(wallet), range(16)))) == 1
    with pytest.raises(wire.Refused) as refusal:
        reserve(wallet, 601)
    assert (refusal.value.status, refusal.value.code) == (409, "reference_reused")


def test_confirming_twice_at_once_books_once(wallet: WalletClient, books: SandboxBooks) -> None:
    transaction_id = query_of(agree(books, reserve(wallet)))["transaction_id"]

    def confirm(_: int) -> WalletPayment:
        return wallet.confirm(reference="pay_1", transaction_id=transaction_id, amount_twd=600)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(confirm, range(16)))) == 1
    assert len(books.read("ewallets/payments", status="confirmed")) == 1


def test_what_the_payer_did_not_agree_to_is_not_confirmed(wallet: WalletClient, books: SandboxBooks) -> None:
    def refused(**changes: object) -> str:
        values = {"reference": "pay_1", "transaction_id": "txn_guess", "amount_twd": 600, **changes}
        with pytest.raises(wire.Refused) as refusal:
            wallet.confirm(**values)  # type: ignore[arg-type]
        return refusal.value.code

    assert refused(reference="pay_never") == "payment_not_found"
    payment = reserve(wallet)
    assert refused() == "not_authorized"
    transaction_id = query_of(agree(books, payment))["transaction_id"]
    assert refused() == "transaction_differs"
    assert refused(transaction_id=transaction_id, amount_twd=60_000) == "amount_differs"
    assert books.read("ewallets/payments", status="confirmed") == []


def test_a_payer_who_cancels_is_sent_back_and_stays_so(wallet: WalletClient, books: SandboxBooks) -> None:
    payment = reserve(wallet)
    assert query_of(agree(books, payment, "cancel"))["cancelled"] == "1"
    assert query_of(agree(books, payment))["cancelled"] == "1"
    found = wallet.find_payment("pay_1")
    assert found is not None and (found.status, found.reason) == ("declined", "payer_cancelled")


def test_a_wallet_with_too_little_in_it_declines(wallet: WalletClient, books: SandboxBooks) -> None:
    books.set_switch("jkopay", "reservation", "insufficient_funds")
    agree(books, reserve(wallet))
    found = wallet.find_payment("pay_1")
    assert found is not None and (found.status, found.reason) == ("declined", "insufficient_funds")


@pytest.mark.parametrize("agrees", [False, True])
def test_a_reservation_expires_agreed_to_or_not(wallet: WalletClient, books: SandboxBooks, agrees: bool) -> None:
    books.set_switch("jkopay", "reservation", "expires_soon", seconds=0.3)
    payment = reserve(wallet)
    transaction_id = query_of(agree(books, payment))["transaction_id"] if agrees else "txn_none"
    time.sleep(0.4)
    found = wallet.find_payment("pay_1")
    assert found is not None and found.status == "expired"
    with pytest.raises(wire.Refused) as refusal:
        wallet.confirm(reference="pay_1", transaction_id=transaction_id, amount_twd=600)
    assert refusal.value.code == "reservation_expired"
    assert urllib3.request("GET", payment.payment_url).status == 404


def test_after_silence_the_wallet_is_asked_by_our_reference(wallet: WalletClient, books: SandboxBooks) -> None:
    transaction_id = query_of(agree(books, reserve(wallet)))["transaction_id"]
    books.set_switch("jkopay", "confirmation", "timeout_before", count=1, seconds=2)
    books.set_switch("jkopay", "confirmation", "timeout_after", count=1, seconds=2)
    for expected in ("authorized", "confirmed"):
        with pytest.raises(wire.NoAnswer):
            wallet.confirm(reference="pay_1", transaction_id=transaction_id, amount_twd=600)
        found = wallet.find_payment("pay_1")
        assert found is not None and found.status == expected
    assert wallet.find_payment("pay_never") is None


def test_a_wallet_that_books_another_amount_says_so(wallet: WalletClient, books: SandboxBooks) -> None:
    books.set_switch("jkopay", "confirmation", "books_more", twd=100)
    assert pay(wallet, books).amount_twd == 700


def test_refunds_in_parts_and_never_above_the_payment(wallet: WalletClient, books: SandboxBooks) -> None:
    pay(wallet, books)
    first = wallet.refund(reference="ref_1", payment_reference="pay_1", amount_twd=200)
    assert first.status == "booked"
    assert wallet.refund(reference="ref_1", payment_reference="pay_1", amount_twd=200) == first
    assert wallet.find_refund("ref_1") == first
    with ThreadPoolExecutor(4) as threads:
        more = threads.map(
            lambda n: wallet.refund(reference=f"ref_{n}", payment_reference="pay_1", amount_twd=150), range(2, 8)
        )
        statuses = sorted(refund.status for refund in more)
    assert statuses == ["booked"] * 2 + ["rejected"] * 4
    with pytest.raises(wire.Refused):
        wallet.refund(reference="ref_9", payment_reference="pay_never", amount_twd=1)
    assert wallet.find_refund("ref_9") is None


def test_each_wallet_has_its_own_secret_and_its_own_payments(books: SandboxBooks) -> None:
    reserve(wallet_client(books.url, "jkopay"))
    line_pay = wallet_client(books.url, "line_pay")
    assert line_pay.find_payment("pay_1") is None
    stranger = WalletClient(wire.Peer("line_pay", line_pay.peer.url, "sandbox-jkopay-secret"))
    with pytest.raises(wire.NoAnswer):
        stranger.find_payment("pay_1")


def settled(wallet: WalletClient, books: SandboxBooks) -> tuple[date, SettlementFile]:
    day = date.fromisoformat(books.asked("POST", "/books/ewallets/jkopay/day-close")["day"])
    content = wallet.settlement_file(day)
    assert content is not None
    return day, read_settlement(content)


def test_a_day_is_settled_with_its_fees_and_paid_out_net(wallet: WalletClient, books: SandboxBooks) -> None:
    pay(wallet, books, 600, "pay_1")
    pay(wallet, books, 1000, "pay_2")
    wallet.refund(reference="ref_1", payment_reference="pay_1", amount_twd=100)
    day, file = settled(wallet, books)
    assert [(line.kind, line.reference, line.amount_twd, line.fee_twd) for line in file.lines] == [
        ("PAYMENT", "pay_1", 600, 12),
        ("PAYMENT", "pay_2", 1000, 20),
        ("REFUND", "ref_1", 100, 0),
    ]
    assert (file.wallet, file.day, file.payout_twd) == ("jkopay", day, 1600 - 100 - 32)
    (entry,) = books.read("bank/incoming", reference=f"JKOPAY-{day:%Y%m%d}")
    assert (entry["kind"], entry["amount_twd"]) == ("credit", file.payout_twd)
    assert wallet.settlement_days(day) == [day]
    following, empty = settled(wallet, books)
    assert (following > day, empty.lines) == (True, ())


@pytest.mark.parametrize(
    ("mode", "wrong"),
    [("truncated_file", "no_trailer"), ("wrong_totals", "field"), ("wrong_encoding", "encoding")],
)
def test_a_settlement_file_that_was_spoilt_is_refused_whole(
    wallet: WalletClient, books: SandboxBooks, mode: str, wrong: str
) -> None:
    pay(wallet, books)
    day, _ = settled(wallet, books)
    books.set_switch("jkopay", "settlement_file", mode)
    content = wallet.settlement_file(day)
    assert content is not None
    with pytest.raises(SettlementRefused) as refused:
        read_settlement(content)
    assert refused.value.wrong == wrong


def test_a_settlement_file_may_have_a_line_twice_or_too_few(wallet: WalletClient, books: SandboxBooks) -> None:
    pay(wallet, books, 600, "pay_1")
    pay(wallet, books, 700, "pay_2")
    day, _ = settled(wallet, books)
    found = {}
    for mode in ("duplicate_line", "missing_line"):
        books.set_switch("jkopay", "settlement_file", mode, count=1)
        content = wallet.settlement_file(day)
        assert content is not None
        found[mode] = [line.reference for line in read_settlement(content).lines]
    assert found == {"duplicate_line": ["pay_1", "pay_1", "pay_2"], "missing_line": ["pay_2"]}
    books.set_switch("jkopay", "settlement_file", "missing_file", count=1)
    assert wallet.settlement_file(day) is None
