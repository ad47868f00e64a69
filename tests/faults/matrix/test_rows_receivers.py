"""Row 42: a bureau that does not answer for a day hears everything afterwards, in order and once."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from paying_city import more_parking
from running_city import City, CityPayer
from waiting import wait_until


def heard(city: City, payment: dict[str, Any]) -> list[str]:
    """What the bureau was told of the payment, in the order in which it first came."""
    return [news["kind"] for news in city.stack.sandbox.news("parking", payment_id=payment["id"])]


def notices(city: City, payment: dict[str, Any]) -> list[dict[str, Any]]:
    """The notices of the payment's first bill, as the desk sees them."""
    path = f"/v1/bureau-notices?limit=50&number={payment['bills'][0]['number']}"
    return list(city.officer().call("GET", path)["items"])


def charged_back(payer: CityPayer, payment: dict[str, Any]) -> None:
    """The payment's money is taken back: a second notice about the same bill."""
    payer.city.stack.sandbox.asked("POST", f"/books/adyen/payments/{payment['id']}/dispute/chargeback")
    payer.becomes(payment, "charged_back")


def test_row_42_a_receiver_down_for_a_day_hears_everything_in_order_and_once_when_it_is_back(city: City) -> None:
    payer = city.payer(parking=(81, 82))
    city.stack.sandbox.set_switch("bureaus", "payment_notice", "error_500")
    payments = [payer.by_card(bill) for bill in payer.bills]
    charged_back(payer, payments[0])
    wait_until(lambda: len(notices(city, payments[0])) == 2)
    for _ in range(8):
        city.let_pass(hours=3)
        city.sweep("wallet.send_due_notices.parking")
    (first,) = [each for each in notices(city, payments[0]) if each["type"] == "bill.paid"]
    wait_until(lambda: len(attempts(city, first)) >= 4)
    assert heard(city, payments[0]) == heard(city, payments[1]) == []
    city.stack.sandbox.clear_switches()
    for _ in range(2):
        city.let_pass(hours=6)
        city.sweep("wallet.send_due_notices.parking")
    wait_until(lambda: heard(city, payments[0]) == ["bill.paid", "bill.payment_withdrawn"], seconds=30)
    wait_until(lambda: heard(city, payments[1]) == ["bill.paid"], seconds=30)
    moments = [datetime.fromisoformat(each["started_at"]) for each in attempts(city, first)]
    assert max(later - earlier for earlier, later in itertools.pairwise(moments)) > timedelta(hours=1)
    assert attempts(city, first)[-1]["outcome"] == "acknowledged"
    told = [news for payment in payments for news in city.stack.sandbox.news("parking", payment_id=payment["id"])]
    assert {news["deliveries"] for news in told} == {1}


def test_row_42_delivered_once_more_by_hand_a_notice_changes_nothing_there(city: City) -> None:
    payer = city.payer(parking=(83,))
    payment = payer.by_bank()
    wait_until(lambda: heard(city, payment) == ["bill.paid"])
    (notice,) = wait_until(lambda: [n for n in notices(city, payment) if n["status"] == "acknowledged"])
    city.officer().call("POST", f"/v1/bureau-notices/{notice['id']}/redelivery", {})
    wait_until(lambda: city.stack.sandbox.news("parking", payment_id=payment["id"])[0]["deliveries"] == 2)
    (bill,) = city.stack.sandbox.bills("parking", number=payment["bills"][0]["number"])
    assert (bill["times_paid"], heard(city, payment)) == (1, ["bill.paid"])


def test_row_42_a_receiver_that_takes_twenty_seconds_keeps_no_citizen_waiting(city: City) -> None:
    payer = city.payer(parking=(84,))
    city.stack.sandbox.set_switch("bureaus", "payment_notice", "slow", seconds=20, match={"bureau": "parking"})
    payment = payer.by_bank()
    more_parking(city.stack, payer.payer, [85])
    other = payer.by_bank(*[bill["id"] for bill in payer.payer.bills if bill["amount"] == 85])
    assert {payment["status"], other["status"]} == {"captured"}
    city.stack.sandbox.clear_switches()


def attempts(city: City, notice: dict[str, Any]) -> list[dict[str, Any]]:
    """Every try of a notice, in order."""
    return list(city.officer().call("GET", f"/v1/bureau-notices/{notice['id']}/attempts")["items"])
