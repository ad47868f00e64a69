"""Rows 12 to 20: what others tell us a hundred times, too early, in the wrong order, never, late, falsely or wrongly."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import urllib3
from card_city import ITEM, batch
from running_city import City, CityPayer, at_once
from waiting import wait_until

from core import clock
from partners.adyen.webhooks import key_of
from tests.wallet.test_adyen_webhooks import FORGERIES, OTHER_KEY

OLD_KEY_TEXT = "6d792d6b616f687369756e672d73616e64626f782d616479656e2d6b65792d31"
NEW_KEY_TEXT = OTHER_KEY.hex()


def told(city: City, event: str, payment: dict[str, Any]) -> bytes:
    """The newest notice of this kind about the payment, as the processor wrote it, signed."""

    def found() -> list[dict[str, Any]]:
        return [
            webhook["body"] for webhook in city.stack.sandbox.webhooks(target="adyen", type=event)
            if payment["id"] in json.dumps(webhook["body"])
        ]  # fmt: skip

    return json.dumps(wait_until(found)[-1]).encode()


def hear(city: City, content: bytes, url: str = "") -> int:
    """POST the notice; the status."""
    path = f"{url or city.stack.api_url}/v1/webhooks/adyen"
    return urllib3.request("POST", path, body=content, headers={"Content-Type": "application/json"}).status


def entered(payer: CityPayer, **form: str) -> dict[str, Any]:
    """A payment whose card is entered and whose payer never comes back: notices alone tell."""
    payment = payer.card_page()
    payer.enter(payment, **form)
    return payment


def effects(city: City, payment: dict[str, Any]) -> int:
    """How many times the payment was captured, as events tell it."""
    return city.number(
        "SELECT count(*) FROM core.outbox AS o JOIN wallet.payment_item AS i "
        "ON i.payment_id = (o.payload ->> 'payment_id')::uuid WHERE o.kind = 'wallet.payment_captured' AND i.number = %s",
        payment["bills"][0]["number"],
    )


def test_row_12_a_notice_a_hundred_times_at_once_has_one_effect(city: City) -> None:
    payer = city.payer(parking=(600,))
    city.stack.sandbox.set_switch("adyen", "notice", "drop_webhook", match={"eventCode": "AUTHORISATION"})
    payment = entered(payer)
    notice = told(city, "AUTHORISATION", payment)
    answers = at_once(20, lambda _: [hear(city, notice) for _ in range(5)])
    assert Counter(status for each in answers for status in each) == {200: 100}
    assert payer.becomes(payment, "captured") == "captured"
    assert effects(city, payment) == 1


def test_row_13_a_notice_that_is_faster_than_the_answer_and_the_answer_are_one_effect(city: City) -> None:
    payer = city.payer(parking=(25, 600))
    payer.by_card(payer.bills[0], keep="yes")
    card = payer.kept_card()
    city.stack.sandbox.set_switch("adyen", "payment", "timeout_after", count=1, seconds=2)
    payment = payer.citizen.pay(payer.bills[1:], card_id=card)
    assert payer.becomes(payment, "captured") == "captured"
    assert effects(city, payment) == 1 and payer.owed() == []


def test_row_14_a_failed_capture_that_comes_before_its_authorisation_is_applied_after_it(city: City) -> None:
    payer = city.payer(parking=(600,))
    city.stack.sandbox.set_switch("adyen", "notice", "reorder_webhook", delay=4, match={"eventCode": "AUTHORISATION"})
    payment = entered(payer, holder_name="capture failed")
    assert payer.becomes(payment, "returned") == "returned"
    assert payer.owed() == [600]
    webhooks = city.stack.sandbox.webhooks(target="adyen")
    about = [each for each in webhooks if payment["id"] in json.dumps(each["body"])]
    assert {each["state"] for each in about} == {"delivered"} and max(each["attempts"] for each in about) == 1


def test_row_15_a_notice_that_never_comes_is_made_up_for_by_asking(city: City) -> None:
    payer = city.payer(parking=(25, 600))
    payer.by_card(payer.bills[0], keep="yes")
    card = payer.kept_card()
    city.stack.sandbox.set_switch("adyen", "notice", "drop_webhook")
    city.stack.sandbox.set_switch("adyen", "payment", "timeout_after", count=1, seconds=0.1)
    payment = payer.citizen.pay(payer.bills[1:], card_id=card)
    assert payment["status"] == "unknown"
    assert payer.becomes(payment, "captured") == "captured"


def test_row_15_a_notice_that_never_comes_is_made_up_for_by_the_settlement_file(city: City) -> None:
    payer = city.payer(parking=(600,))
    city.stack.sandbox.set_switch("adyen", "notice", "drop_webhook", match={"eventCode": "AUTHORISATION"})
    city.stack.sandbox.set_switch("adyen", "payment", "timeout_after", count=1, seconds=0.1)
    payment = payer.by_device("apple_pay")
    assert payment["status"] == "unknown"
    city.stack.sandbox.asked("POST", "/books/adyen/batches")
    assert payer.becomes(payment, "captured", seconds=60) == "captured"


def test_row_15_a_lost_notice_of_a_page_that_nobody_filled_in_is_asked_for_anew_and_the_bill_comes_free(
    city: City,
) -> None:
    payer = city.payer(parking=(600,))
    payment = payer.card_page()
    city.stack.sandbox.set_switch("adyen", "notice", "drop_webhook", match={"eventCode": "TECHNICAL_CANCEL"})
    city.let_pass(minutes=50)
    wait_until(lambda: [each for each in city.stack.sandbox.webhooks(target="adyen", type="TECHNICAL_CANCEL")
                        if payment["id"] in json.dumps(each["body"])])  # fmt: skip
    assert payer.status(payment) == "action_required" and payer.owed() == []
    city.stack.sandbox.clear_switches()
    city.let_pass(hours=2)
    payer.sign_in_again()
    assert payer.becomes(payment, "failed") == "failed"
    assert payer.owed() == [600]


def test_row_16_a_notice_thirty_days_late_counts_where_it_still_can(city: City) -> None:
    payer = city.payer(parking=(600,))
    city.stack.sandbox.set_switch("adyen", "notice", "late", days=30)
    payment = entered(payer)
    assert payer.becomes(payment, "captured") == "captured"
    shown = payer.now(payment)
    assert shown["paid_at"] >= shown["created_at"]


def test_row_16_a_notice_about_a_payment_that_ended_a_month_ago_is_a_break(city: City) -> None:
    payer = city.payer(parking=(600,))
    payment = payer.card_page()
    city.let_pass(minutes=40)
    assert payer.becomes(payment, "failed") == "failed"
    city.let_pass(days=30)
    when = (clock.now() - timedelta(days=30)).isoformat(timespec="seconds")
    assert hear(city, batch(ITEM | {"merchantReference": payment["id"], "eventDate": when})) == 200
    (found,) = wait_until(lambda: city.breaks(f"&payment_id={payment['id']}"))
    assert (found["kind"], found["theirs"]) == ("missing_ours", 600)
    payer.sign_in_again()
    assert payer.status(payment) == "failed" and payer.owed() == [600]


def test_row_17_what_is_not_proven_as_a_whole_is_refused_counted_and_not_kept(city: City) -> None:
    known = city.number("SELECT count(*) FROM wallet.webhook_message")
    line = 'mykaohsiung_requests_total{method="POST",route="/v1/webhooks/adyen",status="403"}'
    refused = city.metric(line)
    assert {name: hear(city, content) for name, content in FORGERIES.items()} == dict.fromkeys(FORGERIES, 403)
    assert city.number("SELECT count(*) FROM wallet.webhook_message") == known
    assert city.metric(line) == refused + len(FORGERIES)


def test_row_18_while_keys_change_both_are_taken_and_afterwards_the_new_one_alone(city: City) -> None:
    old, new = key_of(OLD_KEY_TEXT), key_of(NEW_KEY_TEXT)

    def notice(key: bytes, number: int) -> bytes:
        return batch(ITEM | {"pspReference": f"PSPROTATES{number:06d}", "eventCode": "SOMETHING_NEW"}, key=key)

    with city.front_door(ADYEN_HMAC_KEYS=f"{NEW_KEY_TEXT} {OLD_KEY_TEXT}") as during:
        assert [hear(city, notice(old, 1), during), hear(city, notice(new, 2), during)] == [200, 200]
    with city.front_door(ADYEN_HMAC_KEYS=NEW_KEY_TEXT) as after:
        assert [hear(city, notice(old, 3), after), hear(city, notice(new, 4), after)] == [403, 200]


def test_row_19_an_event_that_nobody_knows_is_acknowledged_kept_and_changes_nothing(city: City) -> None:
    payer = city.payer(parking=(600,))
    payment = payer.card_page()
    notice = batch(ITEM | {"merchantReference": payment["id"], "eventCode": "TOMORROWS_EVENT"})
    assert hear(city, notice) == 200
    wait_until(lambda: city.rows("SELECT 1 FROM wallet.webhook_message WHERE event_code = 'TOMORROWS_EVENT' "
                                 "AND status = 'ignored'"))  # fmt: skip
    assert payer.status(payment) == "action_required"
    assert payer.back(payment, payer.enter(payment))["status"] == "captured"


@pytest.mark.parametrize(("mode", "theirs"), [("hundredth", "600 TWD"), ("wrong_currency", "60000 EUR")])
def test_row_20_another_amount_or_currency_pays_nothing_and_is_a_break_with_both_numbers(
    city: City, mode: str, theirs: str
) -> None:
    payer = city.payer(parking=(600,))
    city.stack.sandbox.set_switch("adyen", "notice", mode, match={"eventCode": "AUTHORISATION"})
    payment = payer.card_page()
    back = payer.enter(payment)
    (found,) = wait_until(lambda: city.breaks(f"&payment_id={payment['id']}"))
    assert (found["kind"], found["ours"], found["cause"]) == ("amount", 600, "notice_amount")
    assert all(part in found["detail"] for part in theirs.split())
    assert city.metric('mykaohsiung_open_breaks{kind="amount"}') >= 1
    assert payer.status(payment) == "action_required"
    assert payer.back(payment, back)["status"] == "captured"
