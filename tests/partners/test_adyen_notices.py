"""What the sandbox processor tells unasked, in Adyen's form, signed its way, and as badly as the switches will have it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from card_desk import PAYER, card_client, entered, keep_card, pay_kept, told
from sandbox_process import SandboxBooks
from webhook_listener import Heard, Listener

from core.money import from_major_text
from core.settings import DEMO_ADYEN_HMAC_KEY
from partners import wire
from partners.adyen import reports
from partners.adyen.client import AdyenClient, PaymentAnswer
from partners.adyen.reports import ReportConfig
from partners.adyen.webhooks import Notice, TokenEvent, Validator, key_of

OURS = Validator((key_of(DEMO_ADYEN_HMAC_KEY),), frozenset({"KaohsiungCity"}), is_live=False)


@pytest.fixture
def adyen(books: SandboxBooks) -> Iterator[AdyenClient]:
    """The client; at the end nothing was said that is not as Adyen publishes it."""
    yield card_client(books.url)
    assert books.read("adyen/objections") == []


@pytest.fixture
def paid(adyen: AdyenClient, city: Listener) -> PaymentAnswer:
    """A payment of NT$605 with a kept card, of which everything is told already."""
    payment = pay_kept(adyen, keep_card(adyen))
    city.wait_for(3)
    city.forget()
    return payment


def read(heard: Heard) -> Notice | TokenEvent:
    assert heard.path == "/v1/webhooks/adyen"
    if "hmacsignature" in heard.headers:
        return OURS.token_event(heard.content, heard.headers["hmacsignature"])
    (notice,) = OURS.notices(heard.content)
    return notice


def kinds(city: Listener, count: int) -> list[str]:
    notices = [read(heard) for heard in city.wait_for(count)]
    return [each.event_code if isinstance(each, Notice) else each.kind for each in notices]


def test_a_payment_is_told_with_amount_and_both_names(adyen: AdyenClient, city: Listener) -> None:
    (payment,) = entered(adyen).payments
    notice = read(city.wait_for(1)[0])
    assert isinstance(notice, Notice)
    assert (notice.event_code, notice.is_success, notice.amount_minor) == ("AUTHORISATION", True, 60500)
    assert (notice.merchant_reference, notice.psp_reference) == ("pay_1", payment.psp_reference)


def test_a_kept_card_is_told_in_a_message_signed_in_its_header(adyen: AdyenClient, city: Listener) -> None:
    token = keep_card(adyen)
    adyen.forget_card(shopper_reference=PAYER, token=token)
    events = [each for each in map(read, city.wait_for(3)) if isinstance(each, TokenEvent)]
    assert [(each.kind, each.token, each.shopper_reference) for each in events] == [
        ("recurring.token.created", token, PAYER),
        ("recurring.token.disabled", token, PAYER),
    ]


def test_refunds_and_their_undoing_are_told(
    adyen: AdyenClient, books: SandboxBooks, city: Listener, paid: PaymentAnswer
) -> None:
    name = adyen.refund(reference="ref_1", psp_reference=paid.psp_reference, amount_twd=100, reason="citizen")
    (refund,) = map(read, city.wait_for(1))
    assert isinstance(refund, Notice)
    assert (refund.event_code, refund.psp_reference, refund.original_reference) == ("REFUND", name, paid.psp_reference)
    books.asked("POST", "/books/adyen/refunds/ref_1/reversal")
    assert kinds(city, 2) == ["REFUND", "REFUNDED_REVERSED"]
    books.set_switch("adyen", "refund", "refund_failed")
    adyen.refund(reference="ref_2", psp_reference=paid.psp_reference, amount_twd=100, reason="citizen")
    assert kinds(city, 4)[2:] == ["REFUND", "REFUND_FAILED"]


def test_a_refund_above_the_payment_is_taken_and_told_to_have_failed(
    adyen: AdyenClient, city: Listener, paid: PaymentAnswer
) -> None:
    adyen.refund(reference="ref_1", psp_reference=paid.psp_reference, amount_twd=606, reason="citizen")
    (refund,) = map(read, city.wait_for(1))
    assert isinstance(refund, Notice) and not refund.is_success


@pytest.mark.parametrize("way", ["holder", "switch", "desk"])
def test_a_capture_may_fail_after_the_authorisation(
    adyen: AdyenClient, books: SandboxBooks, city: Listener, way: str
) -> None:
    if way == "switch":
        books.set_switch("adyen", "payment", "capture_failed")
    entered(adyen, holder_name="capture failed" if way == "holder" else "王小美")
    if way == "desk":
        books.asked("POST", "/books/adyen/payments/pay_1/capture-failure")
    assert kinds(city, 2) == ["AUTHORISATION", "CAPTURE_FAILED"]
    assert books.read("adyen/payments")[0]["captured_minor"] == 0
    assert books.read("adyen/lines") == []


def test_a_dispute_goes_its_steps_in_order(books: SandboxBooks, city: Listener, paid: PaymentAnswer) -> None:
    def step(name: str) -> None:
        books.asked("POST", f"/books/adyen/payments/pay_1/dispute/{name}")

    with pytest.raises(AssertionError, match="dispute_elsewhere"):
        step("reversal")
    for name in ("notice", "chargeback", "reversal", "second-chargeback"):
        step(name)
    notices = [each for each in map(read, city.wait_for(4)) if isinstance(each, Notice)]
    assert [each.event_code for each in notices] == [
        "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK", "CHARGEBACK_REVERSED", "SECOND_CHARGEBACK",
    ]  # fmt: skip
    assert len({each.psp_reference for each in notices}) == 1
    assert {each.original_reference for each in notices} == {paid.psp_reference}


def test_cancelling_what_is_captured_or_was_never_seen_is_told_to_have_failed(
    adyen: AdyenClient, city: Listener, paid: PaymentAnswer
) -> None:
    adyen.cancel(reference="pay_1", psp_reference=paid.psp_reference)
    adyen.cancel_by_reference("pay_never")
    notices = [each for each in map(read, city.wait_for(2)) if isinstance(each, Notice)]
    assert [(each.event_code, each.is_success) for each in notices] == [
        ("CANCELLATION", False),
        ("TECHNICAL_CANCEL", False),
    ]


def test_a_pending_payment_is_told_later(adyen: AdyenClient, city: Listener) -> None:
    result = entered(adyen, holder_name="PENDING")
    assert (result.status, result.payments[0].result_code) == ("paymentPending", "Received")
    assert kinds(city, 1) == ["AUTHORISATION"]


def disturbed(books: SandboxBooks, adyen: AdyenClient, mode: str, **params: float) -> None:
    books.set_switch("adyen", "notice", mode, match={"eventCode": "AUTHORISATION"}, count=1, **params)
    entered(adyen)


def test_a_notice_may_come_many_times(adyen: AdyenClient, books: SandboxBooks, city: Listener) -> None:
    disturbed(books, adyen, "duplicate_webhook", n=5)
    assert len({heard.content for heard in city.wait_for(5)}) == 1


def test_a_notice_may_be_lost_or_overtaken(adyen: AdyenClient, books: SandboxBooks, city: Listener) -> None:
    disturbed(books, adyen, "drop_webhook")
    assert city.settled() == []
    books.set_switch("adyen", "notice", "reorder_webhook", match={"reference": "pay_2"}, delay=1)
    entered(adyen, "pay_2")
    entered(adyen, "pay_3")
    assert [item["merchantReference"] for item in told(city, 2)] == ["pay_3", "pay_2"]


def test_a_notice_may_be_wrongly_signed(adyen: AdyenClient, books: SandboxBooks, city: Listener) -> None:
    disturbed(books, adyen, "bad_hmac")
    with pytest.raises(wire.NotGenuine, match="signature"):
        read(city.wait_for(1)[0])


@pytest.mark.parametrize(("mode", "amount"), [("hundredth", (605, "TWD")), ("wrong_currency", (60500, "EUR"))])
def test_a_notice_may_name_another_amount(
    adyen: AdyenClient, books: SandboxBooks, city: Listener, mode: str, amount: tuple[int, str]
) -> None:
    disturbed(books, adyen, mode)
    notice = read(city.wait_for(1)[0])
    assert isinstance(notice, Notice) and (notice.amount_minor, notice.currency) == amount


def test_a_notice_may_be_thirty_days_late(adyen: AdyenClient, books: SandboxBooks, city: Listener) -> None:
    disturbed(books, adyen, "late")
    notice = read(city.wait_for(1)[0])
    assert isinstance(notice, Notice)
    assert timedelta(days=29) < datetime.now(UTC) - notice.event_at < timedelta(days=31)


def test_any_event_can_be_sent_even_one_that_nobody_knows(books: SandboxBooks, city: Listener) -> None:
    books.asked("POST", "/books/adyen/notices", {"event_code": "SOMETHING_NEW", "merchant_reference": "pay_1"})
    assert kinds(city, 1) == ["SOMETHING_NEW"]


def test_a_notice_comes_again_until_it_is_acknowledged(adyen: AdyenClient, books: SandboxBooks, city: Listener) -> None:
    city.status = 500
    entered(adyen)
    city.wait_for(2)
    city.status = 200
    city.wait_for(3)
    (webhook,) = books.webhooks(target="adyen")
    assert webhook["type"] == "AUTHORISATION"


def rows_of(books: SandboxBooks, address: str) -> list[dict[str, str]]:
    content = io.BytesIO()
    reports.download(ReportConfig(f"{books.url}/adyen/reports/download", "sandbox-adyen-key"), address, content)
    return list(csv.DictReader(io.StringIO(content.getvalue().decode())))


def closed(books: SandboxBooks, city: Listener) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A batch that is closed now, and the rows of the report that is announced."""
    city.settled(seconds=0.3)
    city.forget()
    batch = books.asked("POST", "/books/adyen/batches")
    announcement = read(city.wait_for(1)[-1])
    assert isinstance(announcement, Notice) and announcement.event_code == "REPORT_AVAILABLE"
    assert announcement.reason.endswith(f"/settlement_detail_report_batch_{batch['number']}.csv")
    return batch, rows_of(books, announcement.reason)


def net(row: dict[str, str]) -> int:
    return from_major_text(row["Net Credit (NC)"] or "0") - from_major_text(row["Net Debit (NC)"] or "0")


def test_a_settlement_report_ties_to_the_payout_and_the_payout_to_the_bank(
    adyen: AdyenClient, books: SandboxBooks, city: Listener, paid: PaymentAnswer
) -> None:
    adyen.refund(reference="ref_1", psp_reference=paid.psp_reference, amount_twd=100, reason="citizen")
    batch, rows = closed(books, city)
    assert [row["Type"] for row in rows] == ["Settled", "Settled", "Refunded", "Fee", "MerchantPayout"]
    assert sum(map(net, rows)) == 0
    assert net(rows[-1]) == -batch["payout_twd"]
    for row in rows[:3]:
        gross = from_major_text(row["Gross Credit (GC)"] or "0") - from_major_text(row["Gross Debit (GC)"] or "0")
        parts = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
        assert gross - sum(from_major_text(row[part] or "0") for part in parts) == net(row)
    assert (rows[2]["Modification Merchant Reference"], rows[2]["Merchant Reference"]) == ("ref_1", "pay_1")
    (incoming,) = books.read("bank/incoming")
    assert (incoming["amount_twd"], incoming["remittance"]) == (batch["payout_twd"], f"ADYEN BATCH {batch['number']}")


def test_what_the_city_owes_is_carried_into_the_next_batch(
    books: SandboxBooks, city: Listener, paid: PaymentAnswer
) -> None:
    first, _ = closed(books, city)
    assert first["payout_twd"] > 0
    books.asked("POST", "/books/adyen/payments/pay_1/dispute/chargeback")
    owed, rows = closed(books, city)
    assert owed["payout_twd"] == 0 and [row["Type"] for row in rows] == [
        "Chargeback",
        "Balancetransfer",
        "MerchantPayout",
    ]
    assert sum(map(net, rows)) == 0
    books.asked("POST", "/books/adyen/payments/pay_1/dispute/reversal")
    _, rows = closed(books, city)
    assert [row["Type"] for row in rows][:2] == ["Balancetransfer", "ChargebackReversed"]
    assert len(books.read("bank/incoming")) == 1


def test_a_report_is_fetched_from_where_reports_are_and_nowhere_else(books: SandboxBooks) -> None:
    config = ReportConfig(f"{books.url}/adyen/reports/download", "sandbox-adyen-key")
    for elsewhere in (
        "http://evil.example/x.csv",
        f"{books.url}/switches",
        f"{config.url}/../switches",
        f"{config.url}x/y",
    ):
        with pytest.raises(wire.Refused) as refusal:
            reports.download(config, elsewhere, io.BytesIO())
        assert refusal.value.code == "elsewhere"
    with pytest.raises(wire.Refused) as refusal:
        reports.download(config, f"{config.url}/MerchantAccount/KaohsiungCity/none.csv", io.BytesIO())
    assert refusal.value.status == 404
    books.asked("POST", "/books/adyen/batches")
    name = "settlement_detail_report_batch_1.csv"
    with pytest.raises(wire.AnswerNotTrusted):
        reports.download(config, f"{config.url}/MerchantAccount/KaohsiungCity/{name}", io.BytesIO(), most_bytes=10)
    with pytest.raises(wire.Refused):
        wrong = ReportConfig(config.url, "wrong")
        reports.download(wrong, f"{config.url}/MerchantAccount/KaohsiungCity/{name}", io.BytesIO())
