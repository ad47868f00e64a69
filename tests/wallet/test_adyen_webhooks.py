"""What the card processor says: believed when proven, of effect once, in whatever order it comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
from card_city import ITEM, CardPayer, batch, breaks, messages, resolve, return_url, rows, send_refunds, weigh
from card_desk import brought_back, enter_card
from sandbox_process import post_form
from sqlalchemy import text

from core import clock, db
from core.ids import new_uuid, parse_typeid, typeid
from partners.adyen.webhooks import Validator, key_of, sign_item
from wallet import adyen_notices, adyen_reports, adyen_webhook_routes, refunds
from wallet.payments import lock_items, lock_payment
from wallet.reconciliation import late

OTHER_KEY = key_of("74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174")
TOKEN = '{"network": "visa", "last4": "1111", "holderName": "王小美"}'


def opened_and_entered(payer: CardPayer, amount_twd: int = 600, **form: str) -> dict[str, Any]:
    """A payment whose card is entered, and whose payer never came back: only notices tell."""
    payment = payer.opened(payer.owe(amount_twd))
    brought_back(enter_card(payment["action"]["url"], **form), return_url())
    return payment


def test_row_12_a_notice_that_comes_a_hundred_times_at_once_takes_effect_once(payer: CardPayer) -> None:
    payment = opened_and_entered(payer)
    notice = payer.told("AUTHORISATION")
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: payer.customer.client.application.test_client().post(
            "/v1/webhooks/adyen", data=notice, content_type="application/json").status_code, range(100)))  # fmt: skip
    assert set(answers) == {200}
    weigh()
    assert payer.now(payment)["status"] == "captured"
    assert rows("SELECT count(*), sum(deliveries) FROM wallet.webhook_message") == [(1, 100)]
    captured = rows("SELECT count(*) FROM core.outbox WHERE kind = 'wallet.payment_captured'")
    assert captured == [(1,)]


def test_row_13_a_notice_that_overtakes_the_answer_and_the_answer_are_one_effect(payer: CardPayer) -> None:
    payment = opened_and_entered(payer)
    payer.heard(payer.told("AUTHORISATION"))
    assert payer.now(payment)["status"] == "captured"
    again = payer.back(payment, {"sessionResult": "whatever"})
    assert again["status"] == "captured"
    assert rows("SELECT count(*) FROM core.outbox WHERE kind = 'wallet.payment_captured'") == [(1,)]
    assert breaks() == []


def test_row_14_a_failed_capture_that_comes_before_the_authorisation_waits_for_it(payer: CardPayer) -> None:
    payment = opened_and_entered(payer, holder_name="capture failed")
    payer.heard(payer.told("CAPTURE_FAILED"))
    assert messages() == [("CAPTURE_FAILED", "waiting")]
    assert payer.now(payment)["status"] == "action_required"
    payer.heard(payer.told("AUTHORISATION"))
    assert messages() == [("CAPTURE_FAILED", "applied"), ("AUTHORISATION", "applied")]
    assert payer.now(payment)["status"] == "returned"


def test_a_message_that_waits_in_other_hands_is_not_waited_for(payer: CardPayer) -> None:
    payment = opened_and_entered(payer, holder_name="capture failed")
    payer.heard(payer.told("CAPTURE_FAILED"))
    with db.unit_of_work() as session:
        session.execute(text("SELECT 1 FROM wallet.webhook_message WHERE status = 'waiting' FOR UPDATE"))
        payer.heard(payer.told("AUTHORISATION"))
        assert payer.now(payment)["status"] == "captured"
    weigh()
    assert payer.now(payment)["status"] == "returned"


def test_row_14_a_refund_that_is_told_before_its_request_was_answered_waits(payer: CardPayer) -> None:
    payment = payer.paid(payer.owe(600))
    ask_refund(payment)
    payer.books.set_switch("adyen", "refund", "timeout_after", count=1, seconds=2)
    send_refunds()
    payer.heard(payer.told("REFUND"))
    assert ("REFUND", "waiting") in messages()
    assert refund_status(payment) == "unknown"
    send_refunds_again()
    weigh()
    assert ("REFUND", "applied") in messages()
    assert refund_status(payment) == "completed"


def test_row_15_a_lost_notice_is_made_up_for_by_the_payer_who_comes_back(payer: CardPayer) -> None:
    payer.books.set_switch("adyen", "notice", "drop_webhook")
    assert payer.paid(payer.owe(600))["status"] == "captured"
    assert messages() == []


def test_row_15_a_lost_notice_about_a_kept_card_is_made_up_for_by_asking(payer: CardPayer) -> None:
    payer.paid(payer.owe(25), keep="yes")
    (card,) = payer.cards()
    payer.books.set_switch("adyen", "notice", "drop_webhook")
    payer.books.set_switch("adyen", "payment", "timeout_after", count=1, seconds=2)
    payment = payer.confirm(payer.begin(payer.owe(600), card_id=card["id"]))
    resolve()
    assert payer.now(payment)["status"] == "captured"


def test_row_15_a_lost_notice_about_a_wallet_is_made_up_for_by_the_settlement_report(payer: CardPayer) -> None:
    payer.books.set_switch("adyen", "notice", "drop_webhook", match={"eventCode": "AUTHORISATION"})
    payer.books.set_switch("adyen", "payment", "timeout_after", count=1, seconds=2)
    payment = payer.confirm(payer.begin(payer.owe(600), rail="apple_pay"), TOKEN)
    assert payment["status"] == "unknown"
    payer.books.asked("POST", "/books/adyen/batches")
    payer.heard(payer.told("REPORT_AVAILABLE"))
    adyen_reports.fetch_due(clock.now() + timedelta(hours=1))
    assert [tuple(row) for row in rows("SELECT status FROM wallet.processor_report")] == [("taken",)]
    assert payer.now(payment)["status"] == "captured"
    late.look(clock.now())
    assert rows("SELECT status, closed_by FROM wallet.reconciliation_break") == [("closed", "ours_came")]


def test_row_16_a_notice_thirty_days_late_is_accepted_where_it_still_can_be(payer: CardPayer) -> None:
    payment = opened_and_entered(payer)
    long_ago = (clock.now() - timedelta(days=30)).isoformat(timespec="seconds")
    payer.heard(payer.told("AUTHORISATION", eventDate=long_ago))
    paid = payer.now(payment)
    assert paid["status"] == "captured"
    # No signature covers that moment: it is not before the payer gave their word.
    assert paid["paid_at"] >= paid["created_at"]


def test_row_16_a_late_notice_about_a_payment_that_ended_is_recorded_as_a_break(payer: CardPayer) -> None:
    payment = payer.opened(payer.owe(600))
    payer.back(payment, brought_back(post_form(payment["action"]["url"], decision="cancel"), return_url()))
    late = batch(ITEM | {"merchantReference": payment["id"]})
    payer.heard(late)
    assert payer.now(payment)["status"] == "failed"
    assert messages() == [("AUTHORISATION", "mismatch")]
    assert ("missing_ours", "authorised_after_the_end") in breaks()


FORGERIES: dict[str, bytes] = {
    "no signature": orjson.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": ITEM}]}),
    "wrong key": batch(ITEM, key=OTHER_KEY),
    "second item forged": orjson.dumps(
        orjson.loads(batch(ITEM)) | {"notificationItems": [
            orjson.loads(batch(ITEM))["notificationItems"][0],
            {"NotificationRequestItem": ITEM | {"additionalData": {"hmacSignature": "A" * 43 + "="}}},
        ]}
    ),
    "second item of another merchant": batch(ITEM, ITEM | {"merchantAccountCode": "SomebodyElse"}),
    "unknown merchant account": batch(ITEM | {"merchantAccountCode": "SomebodyElse"}),
    "colon shift": batch(ITEM | {"merchantReference": "pay:1"}),
    "success as bool": batch(ITEM).replace(b'"success":"true"', b'"success":true'),
    "live on test": batch(ITEM, live="true"),
    "amount null": batch(ITEM).replace(b'"amount":{"currency":"TWD","value":60000}', b'"amount":null'),
    "not JSON": b"{",
    "empty": b"",
    "a token event without its header": b'{"type":"recurring.token.created","data":{}}',
}  # fmt: skip


@pytest.mark.parametrize("content", FORGERIES.values(), ids=FORGERIES.keys())
def test_row_17_what_is_not_proven_as_a_whole_is_refused_and_nothing_of_it_is_kept(
    payer: CardPayer, content: bytes
) -> None:
    answer = payer.hear(content)
    assert answer.status_code == 403
    assert messages() == []
    assert payer.hear(content, hmacsignature="A" * 43 + "=").status_code == 403


def test_row_17_a_signature_cut_short_is_refused(payer: CardPayer) -> None:
    whole = orjson.loads(batch(ITEM))
    signed = whole["notificationItems"][0]["NotificationRequestItem"]["additionalData"]
    signed["hmacSignature"] = signed["hmacSignature"][:20]
    assert payer.hear(orjson.dumps(whole)).status_code == 403


def test_row_18_while_keys_change_both_are_accepted_and_the_old_one_no_more_afterwards(
    payer: CardPayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = adyen_webhook_routes.validator().keys[0]

    def accepts(keys: tuple[bytes, ...], signed_with: bytes, number: int) -> int:
        current = Validator(keys, frozenset({"KaohsiungCity"}), is_live=False)
        monkeypatch.setattr(adyen_webhook_routes, "validator", lambda: current)
        item = ITEM | {"pspReference": f"PSP{number:013d}"}
        item["additionalData"] = {"hmacSignature": sign_item(item, signed_with)}
        return payer.hear(
            orjson.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": item}]})
        ).status_code

    assert (accepts((OTHER_KEY, old), old, 1), accepts((OTHER_KEY, old), OTHER_KEY, 2)) == (200, 200)
    assert (accepts((OTHER_KEY,), old, 3), accepts((OTHER_KEY,), OTHER_KEY, 4)) == (403, 200)


def test_row_19_an_event_nobody_knows_is_acknowledged_stored_and_changes_nothing(payer: CardPayer) -> None:
    payment = opened_and_entered(payer)
    payer.heard(batch(ITEM | {"merchantReference": payment["id"], "eventCode": "SOMETHING_NEW"}))
    assert messages() == [("SOMETHING_NEW", "ignored")]
    assert payer.now(payment)["status"] == "action_required"


@pytest.mark.parametrize(
    "amount",
    [{"currency": "TWD", "value": 600}, {"currency": "EUR", "value": 60000}, {"currency": "TWD", "value": 60050}],
)
def test_row_20_another_amount_or_currency_pays_nothing_and_is_a_break_with_both_numbers(
    payer: CardPayer, amount: dict[str, Any]
) -> None:
    payment = opened_and_entered(payer)
    payer.heard(payer.told("AUTHORISATION", amount=amount))
    assert payer.now(payment)["status"] == "action_required"
    assert messages() == [("AUTHORISATION", "mismatch")]
    (found,) = rows("SELECT kind, cause, ours_twd, theirs_twd, detail FROM wallet.reconciliation_break")
    assert (found.kind, found.cause, found.ours_twd) == ("amount", "notice_amount", 600)
    assert str(amount["value"]) in found.detail and amount["currency"] in found.detail


def test_row_21_a_capture_that_fails_after_all_makes_the_bill_owed_again_and_says_so(payer: CardPayer) -> None:
    payment = payer.paid(payer.owe(600), holder_name="capture failed")
    assert payer.customer.unpaid() == []
    payer.heard(payer.told("AUTHORISATION"), payer.told("CAPTURE_FAILED"))
    undone = payer.now(payment)
    assert undone["status"] == "returned" and undone["undone_at"] is not None
    assert [bill["is_payable"] for bill in payer.customer.unpaid()] == [True]
    payer.heard(payer.told("CAPTURE_FAILED"))
    assert rows("SELECT count(*) FROM core.outbox WHERE kind = 'wallet.payment_undone'") == [(1,)]


def test_a_refused_card_on_the_page_is_not_the_end_of_the_payment(payer: CardPayer) -> None:
    payment = payer.opened(payer.owe(600))
    assert enter_card(payment["action"]["url"], holder_name="DECLINED").status == 422
    payer.heard(payer.told("AUTHORISATION"))
    assert payer.now(payment)["status"] == "action_required"
    assert payer.back(payment, payer.entered(payment))["status"] == "captured"


def test_a_pending_card_is_unknown_until_its_notice_comes(payer: CardPayer) -> None:
    payment = payer.opened(payer.owe(600))
    waiting = payer.back(payment, payer.entered(payment, holder_name="PENDING"))
    assert waiting["status"] == "unknown"
    payer.heard(payer.told("AUTHORISATION"))
    assert payer.now(payment)["status"] == "captured"


def test_a_notice_about_a_payment_never_made_is_told_to_people(payer: CardPayer) -> None:
    payer.heard(batch(ITEM | {"merchantReference": typeid("pay", new_uuid())}), batch(ITEM | {"eventCode": "CAPTURE"}))
    assert messages() == [("AUTHORISATION", "mismatch"), ("CAPTURE", "ignored")]
    assert breaks() == [("missing_ours", "payment_never_made")]


def test_what_waits_three_days_for_a_predecessor_is_told_to_people(payer: CardPayer) -> None:
    payer.hear(batch(ITEM | {"eventCode": "REFUND", "merchantReference": "ref_never"}))
    weigh()
    assert messages() == [("REFUND", "waiting")]
    rows("UPDATE wallet.webhook_message SET received_at = received_at - interval '4 days' RETURNING 1")
    weigh()
    assert messages() == [("REFUND", "mismatch")]
    assert breaks() == [("missing_ours", "notice_without_predecessor")]


def ask_refund(payment: dict[str, Any]) -> str:
    """The bill of this payment was paid twice: all of it goes back. Answers our reference at the processor."""
    payment_id = parse_typeid("pay", payment["id"])
    with db.unit_of_work() as session:
        (locked,) = lock_items(session, payment_id)
        refunds.request(
            session, lock_payment(session, payment_id), locked.item, external_payment_id=None,
            reason=refunds.PAID_AGAIN_MEANWHILE, amount_twd=600, fee_twd=0, now=clock.now(),
        )  # fmt: skip
        (wanted,) = refunds.refunds_of(session, payment_id)
    return typeid("ref", wanted.id)


def refund_status(payment: dict[str, Any]) -> str:
    with db.unit_of_work() as session:
        (found,) = refunds.refunds_of(session, parse_typeid("pay", payment["id"]))
    return found.status


def send_refunds_again() -> None:
    rows("UPDATE wallet.refund SET next_try_at = now() WHERE next_try_at IS NOT NULL RETURNING 1")
    send_refunds()


def test_a_refund_is_pending_until_the_processor_says_that_it_is_done(payer: CardPayer) -> None:
    payment = payer.paid(payer.owe(600))
    ask_refund(payment)
    send_refunds()
    assert refund_status(payment) == "pending"
    send_refunds_again()
    assert len(payer.books.read("adyen/changes", kind="refund")) == 1
    payer.heard(payer.told("REFUND"))
    assert refund_status(payment) == "completed"
    (written,) = payer.books.read("adyen/payments", reference=payment["id"])
    assert written["refunded_minor"] == 60000


@pytest.mark.parametrize("event", ["REFUND_FAILED", "REFUNDED_REVERSED"])
def test_row_23_a_refund_that_comes_undone_is_undone_here_once(payer: CardPayer, event: str) -> None:
    payment = payer.paid(payer.owe(600))
    refund_id = ask_refund(payment)
    send_refunds()
    payer.heard(payer.told("REFUND"))
    what = "failure" if event == "REFUND_FAILED" else "reversal"
    payer.books.asked("POST", f"/books/adyen/refunds/{refund_id}/{what}")
    payer.heard(payer.told(event), payer.told(event), payer.told("REFUND"))
    assert refund_status(payment) == "failed"
    assert payer.now(payment)["status"] == "captured"


def test_row_25_a_chargeback_reopens_the_bill_and_its_reversal_closes_it_again(payer: CardPayer) -> None:
    payment = payer.paid(payer.owe(600))
    for step, event, status, owed in (
        ("notice", "NOTIFICATION_OF_CHARGEBACK", "captured", 0),
        ("chargeback", "CHARGEBACK", "charged_back", 1),
        ("reversal", "CHARGEBACK_REVERSED", "captured", 0),
        ("second-chargeback", "SECOND_CHARGEBACK", "charged_back", 1),
    ):
        payer.books.asked("POST", f"/books/adyen/payments/{payment['id']}/dispute/{step}")
        payer.heard(payer.told(event), payer.told(event))
        assert (payer.now(payment)["status"], len(payer.customer.unpaid())) == (status, owed), step


def test_a_settlement_report_is_fetched_from_where_reports_are_and_reconciled(payer: CardPayer) -> None:
    payer.paid(payer.owe(600))
    payer.books.asked("POST", "/books/adyen/batches")
    payer.heard(payer.told("REPORT_AVAILABLE"))
    elsewhere = payer.told("REPORT_AVAILABLE", reason="http://127.0.0.1:1/evil.csv",
                           pspReference="settlement_detail_report_batch_2.csv")  # fmt: skip
    payer.heard(elsewhere, payer.told("REPORT_AVAILABLE", pspReference="dispute_report.csv"))
    adyen_reports.fetch_due(clock.now() + timedelta(hours=1))
    found = {row.name: row.status for row in rows("SELECT name, status FROM wallet.processor_report")}
    assert found == {
        "settlement_detail_report_batch_1.csv": "taken",
        "settlement_detail_report_batch_2.csv": "announced",
    }
    (taken,) = rows("SELECT status, rows, matched FROM wallet.statement_file WHERE source = 'adyen'")
    assert (taken.status, taken.matched >= 1) == ("taken", True)


def test_a_message_is_weighed_by_one_worker_at_a_time(payer: CardPayer) -> None:
    opened_and_entered(payer)
    assert payer.hear(payer.told("AUTHORISATION")).status_code == 200
    (message,) = rows("SELECT id FROM wallet.webhook_message")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: adyen_notices.process(message.id), range(16)))
    assert messages() == [("AUTHORISATION", "applied")]
    assert rows("SELECT attempts FROM wallet.webhook_message") == [(1,)]
