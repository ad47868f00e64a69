"""The main job over HTTP, against the whole running product."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from citizen import Citizen, Refused
from paying_city import (
    Payer,
    fines_file,
    new_payer,
    paid_elsewhere_file,
    parking_file,
    send_bills,
)
from software_authenticator import unb64
from stack import Stack

from core import clock


def wait_until(what: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """The first true answer of `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not become true in time")


def balance_of(stack: Stack, payer: Payer) -> int:
    accounts = stack.sandbox.accounts(holder_ref=payer.citizen.person_id)
    return sum(account["balance_twd"] for account in accounts)


def shown(payer: Payer, payment: dict[str, Any]) -> dict[str, Any]:
    return payer.citizen.call("GET", f"/v1/payments/{payment['id']}")  # type: ignore[no-any-return]


def test_several_bills_are_paid_at_once_and_everybody_who_has_to_know_does(stack: Stack) -> None:
    payer = new_payer(stack, parking=[60, 120], fines=[600])
    payer.citizen.call("POST", "/v1/devices", {"kind": "fid", "address": f"phone-{payer.plate}"})
    before = balance_of(stack, payer)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    assert (payment["status"], payment["amount"], payment["fee"], payment["total"]) == ("captured", 780, 5, 785)
    assert before - balance_of(stack, payer) == 785
    assert [debit["amount_twd"] for debit in stack.sandbox.debits(reference=payment["id"])] == [785]
    for bureau, numbers in (("parking", 2), ("fines", 1)):
        (notice,) = wait_until(lambda b=bureau: stack.sandbox.payment_notices(b, payment_id=payment["id"]))
        assert len(notice["bills"]) == numbers
        assert {bill["status"] for bill in stack.sandbox.bills(bureau, payment_id=payment["id"])} == {"paid"}
    wait_until(lambda: shown(payer, payment)["points"] == 10 + 7)
    (lot,) = payer.citizen.call("GET", "/v1/points")["lots"]
    assert lot["remaining"] == 17
    inbox = payer.citizen.call("GET", "/v1/inbox")["items"]
    assert [message["kind"] for message in inbox].count("payment_receipt") == 1
    wait_until(lambda: stack.sandbox.pushes(f"phone-{payer.plate}"))
    receipt = payer.citizen.call("GET", payment["receipt_url"])
    assert receipt["total"] == 785
    assert payer.citizen.call("GET", payment["receipt_url"] + "?format=pdf").startswith(b"%PDF")
    token = receipt["verify_url"].rsplit("/", 1)[1]
    page = Citizen(stack.api_url, stack.sandbox_url).call("GET", f"/verify/{token}").decode()
    assert "NT$ 785" in page
    assert payer.national_id not in page
    assert all(bill["status"] == "paid" for bill in payer.citizen.call("GET", "/v1/bills")["items"])


def test_the_challenge_is_the_hash_of_exactly_the_words_shown(stack: Stack) -> None:
    payer = new_payer(stack, parking=[90])
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    digest = hashlib.sha256(payment["instruction"].encode()).digest()
    assert unb64(payment["authorization"]["options"]["challenge"]) == digest
    assert '"amount":90' in payment["instruction"]
    assert '"total":90' in payment["instruction"]
    assert payer.citizen.person_id in payment["instruction"]
    assert payment["authorization"]["options"]["userVerification"] == "required"


@pytest.mark.parametrize("same_key", [True, False])
def test_the_same_bill_from_two_devices_at_once_is_debited_once(stack: Stack, same_key: bool) -> None:
    from concurrent.futures import ThreadPoolExecutor

    payer = new_payer(stack, parking=[75])
    before = balance_of(stack, payer)
    keys = ["one-key"] * 12 if same_key else [str(uuid.uuid4()) for _ in range(12)]
    confirmation = "confirm-key" if same_key else None

    def pay(key: str) -> str:
        try:
            payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"], key=key)
            return str(payer.citizen.confirm(payment, key=confirmation)["status"])
        except Refused as refused:
            assert refused.status in (401, 409, 422), refused
            return refused.slug

    with ThreadPoolExecutor(12) as threads:
        outcomes = list(threads.map(pay, keys))
    assert "captured" in outcomes
    debits = [d for d in stack.sandbox.debits() if d["mandate_id"] in _mandates(stack, payer)]
    assert [debit["status"] for debit in debits] == ["booked"]
    assert before - balance_of(stack, payer) == 75


def _mandates(stack: Stack, payer: Payer) -> set[str]:
    return {mandate["mandate_id"] for mandate in stack.sandbox.mandates(holder_ref=payer.citizen.person_id)}


def test_sent_again_under_its_key_a_payment_answers_as_before(stack: Stack) -> None:
    payer = new_payer(stack, parking=[30])
    first = payer.citizen.begin(payer.bill_ids(), payer.link["id"], key="again")
    second = payer.citizen.begin(payer.bill_ids(), payer.link["id"], key="again")
    assert first == second
    assert payer.citizen.last_headers["Idempotency-Replayed"] == "true"
    with pytest.raises(Refused) as refused:
        payer.citizen.begin(payer.bill_ids() * 2, payer.link["id"], key="again")
    assert (refused.value.status, refused.value.slug) in ((422, "idempotency-key-reused"), (422, "invalid-request"))
    credential = {"credential": payer.citizen.device.get(first["authorization"]["options"])}
    path = f"/v1/payments/{first['id']}/authorization"
    done = payer.citizen.call("POST", path, credential, key="sure")
    assert done["status"] == "captured"
    assert payer.citizen.call("POST", path, credential, key="sure") == done
    with pytest.raises(Refused) as replayed:
        payer.citizen.call("POST", path, credential, key="another")
    assert replayed.value.slug == "payment-not-awaiting"
    assert len(stack.sandbox.debits(reference=first["id"])) == 1


def test_an_authorization_whose_request_died_answers_under_its_key_where_the_payment_stands(stack: Stack) -> None:
    payer = new_payer(stack, parking=[30])
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    credential = {"credential": payer.citizen.device.get(payment["authorization"]["options"])}
    path, key = f"/v1/payments/{payment['id']}/authorization", str(uuid.uuid4())
    payer.citizen.call("POST", path, credential, key=key)
    with stack.database() as connection:
        # As kill -9 leaves it: the claim is committed, the answer was never stored, the lease has run out.
        connection.execute(
            "UPDATE core.idempotency SET status = NULL, lease_until = now() - interval '1 s' WHERE key = %s", (key,)
        )
    again = payer.citizen.call("POST", path, credential, key=key)
    assert (again["id"], again["status"]) == (payment["id"], "captured")
    assert len(stack.sandbox.debits(reference=payment["id"])) == 1


def test_without_a_key_nothing_begins(stack: Stack) -> None:
    payer = new_payer(stack, parking=[30])
    with pytest.raises(Refused) as refused:
        payer.citizen.call("POST", "/v1/payments", {"bill_ids": payer.bill_ids(), "bank_link_id": payer.link["id"]})
    assert refused.value.slug == "idempotency-key-missing"


def test_a_password_session_cannot_begin_a_payment(stack: Stack) -> None:
    payer = new_payer(stack, parking=[30])
    weak = stack.citizen()
    weak.sign_in(payer.national_id, payer.password, payer.mobile)
    with pytest.raises(Refused) as refused:
        weak.begin(payer.bill_ids(), payer.link["id"])
    assert refused.value.status == 401
    assert 'error="insufficient_user_authentication"' in refused.value.headers["WWW-Authenticate"]
    assert "urn:mykaohsiung:loa:3" in refused.value.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("attack", "device"),
    [
        ("user verification missing", {"user_verified": False}),
        ("another challenge", {"challenge": b"x" * 32}),
        ("another origin", {"origin": "https://evil.example"}),
        ("another relying party", {"rp_id": "evil.example"}),
    ],
)
def test_a_false_assertion_moves_nothing_and_frees_the_bills(stack: Stack, attack: str, device: dict[str, Any]) -> None:
    payer = new_payer(stack, parking=[45])
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    with pytest.raises(Refused) as refused:
        payer.citizen.confirm(payment, **device)
    assert (refused.value.status, refused.value.slug) == (401, "assertion-refused"), attack
    assert shown(payer, payment)["status"] == "cancelled"
    assert stack.sandbox.debits(reference=payment["id"]) == []
    assert payer.citizen.unpaid()[0]["status"] == "unpaid"
    with pytest.raises(Refused) as again:
        payer.citizen.confirm(payment)
    assert again.value.slug == "payment-not-awaiting"


def test_an_assertion_for_one_payment_is_worth_nothing_for_another(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45, 4500])
    small = payer.citizen.begin([b["id"] for b in payer.bills if b["amount"] == 45], payer.link["id"])
    large = payer.citizen.begin([b["id"] for b in payer.bills if b["amount"] == 4500], payer.link["id"])
    signed_for_small = payer.citizen.device.get(small["authorization"]["options"])
    with pytest.raises(Refused) as refused:
        payer.citizen.call(
            "POST", f"/v1/payments/{large['id']}/authorization", {"credential": signed_for_small}, key="k1"
        )
    assert refused.value.slug == "assertion-refused"
    assert stack.sandbox.debits(reference=large["id"]) == []


def test_another_persons_assertion_is_refused(stack: Stack) -> None:
    payer, thief = new_payer(stack, parking=[45]), new_payer(stack, parking=[10])
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    options = dict(payment["authorization"]["options"], allowCredentials=[])
    with pytest.raises(Refused) as refused:
        payer.citizen.call(
            "POST", f"/v1/payments/{payment['id']}/authorization",
            {"credential": thief.citizen.device.get(options)}, key="k",
        )  # fmt: skip
    assert refused.value.slug == "assertion-refused"
    assert stack.sandbox.debits(reference=payment["id"]) == []


def test_an_amount_that_changed_between_challenge_and_assertion_is_not_debited(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45])
    number = payer.bills[0]["number"]
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    send_bills(stack, "parking", parking_file(payer.plate, [60], number=number))
    with pytest.raises(Refused) as refused:
        payer.citizen.confirm(payment)
    assert refused.value.slug == "payment-changed"
    assert stack.sandbox.debits(reference=payment["id"]) == []
    (bill,) = payer.citizen.unpaid()
    assert (bill["amount"], bill["status"]) == (60, "unpaid")


def test_an_account_unlinked_between_challenge_and_assertion_is_not_debited(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45])
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    payer.citizen.call("DELETE", f"/v1/bank-links/{payer.link['id']}")
    with pytest.raises(Refused) as refused:
        payer.citizen.confirm(payment)
    assert refused.value.slug == "payment-changed"
    assert stack.sandbox.debits(reference=payment["id"]) == []


def test_somebody_elses_bill_payment_or_account_is_not_found(stack: Stack) -> None:
    payer, other = new_payer(stack, parking=[45]), new_payer(stack, parking=[10])
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    attempts: list[Callable[[], Any]] = [
        lambda: other.citizen.call("GET", f"/v1/bills/{payer.bill_ids()[0]}"),
        lambda: other.citizen.call("GET", f"/v1/payments/{payment['id']}"),
        lambda: other.citizen.call("GET", f"/v1/payments/{payment['id']}/receipt"),
        lambda: other.citizen.call("POST", f"/v1/payments/{payment['id']}/cancellation"),
        lambda: other.citizen.confirm(payment),
        lambda: other.citizen.begin(payer.bill_ids(), other.link["id"]),
        lambda: other.citizen.begin(other.bill_ids(), payer.link["id"]),
        lambda: other.citizen.call("DELETE", f"/v1/bank-links/{payer.link['id']}"),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        assert (refused.value.status, refused.value.slug) == (404, "not-found")
    assert shown(payer, payment)["status"] == "awaiting_authorization"


def test_too_little_money_fails_in_plain_words_and_frees_the_bills(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45])
    stack.sandbox.set_switch("bank", "debit", "insufficient_funds", count=1)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    assert (payment["status"], payment["failure"]["code"]) == ("failed", "insufficient_funds")
    assert "餘額不足" in payment["failure"]["message"]
    assert payer.citizen.pay(payer.bill_ids(), payer.link["id"])["status"] == "captured"


@pytest.mark.parametrize("mode", ["timeout_before", "timeout_after", "error_500", "maintenance"])
def test_no_answer_from_the_bank_is_resolved_by_asking_and_never_debits_twice(stack: Stack, mode: str) -> None:
    payer = new_payer(stack, parking=[45])
    before = balance_of(stack, payer)
    hold = {} if mode == "error_500" else {"seconds": 9}
    stack.sandbox.set_switch("bank", "debit", mode, count=1, **hold)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    assert payment["status"] in ("unknown", "captured")
    with pytest.raises(Refused) as busy:
        if shown(payer, payment)["status"] == "unknown":
            payer.citizen.begin(payer.bill_ids(), payer.link["id"])
        raise Refused(409, {"type": "/bill-being-paid"}, {})
    assert busy.value.slug in ("bill-being-paid", "bill-already-paid")
    wait_until(lambda: shown(payer, payment)["status"] == "captured", seconds=30)
    assert before - balance_of(stack, payer) == 45
    assert len(stack.sandbox.debits(reference=payment["id"])) == 1


def test_duplicate_and_late_webhooks_of_the_bank_change_nothing(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45, 20])
    stack.sandbox.set_switch("bank", "debit", "duplicate_webhook", count=1, n=5)
    stack.sandbox.set_switch("bank", "debit", "reorder_webhook", count=1, delay=2)
    first = payer.citizen.pay([payer.bill_ids()[0]], payer.link["id"])
    second = payer.citizen.pay([payer.bill_ids()[1]], payer.link["id"])
    time.sleep(3)
    assert shown(payer, first)["status"] == shown(payer, second)["status"] == "captured"
    assert len(payer.citizen.call("GET", "/v1/points")["lots"]) == 2


def test_a_bill_paid_at_a_store_before_our_debit_is_refunded_whole_and_the_citizen_is_told(stack: Stack) -> None:
    payer = new_payer(stack, fines=[600])
    before = balance_of(stack, payer)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    assert before - balance_of(stack, payer) == 605
    store_paid_at = clock.now() - timedelta(hours=3)
    send_bills(stack, "paid-elsewhere", paid_elsewhere_file([(payer.bills[0]["number"], 600, store_paid_at)]))
    wait_until(lambda: shown(payer, payment)["status"] == "refunded")
    assert balance_of(stack, payer) == before
    (refund,) = payer.citizen.call("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    assert (refund["amount"], refund["fee_refunded"], refund["status"]) == (600, 5, "completed")
    (bill,) = payer.citizen.call("GET", "/v1/bills?status=paid")["items"]
    assert bill["paid_via"] == "7-ELEVEN"
    told = wait_until(lambda: [m for m in payer.citizen.call("GET", "/v1/inbox")["items"] if "600" in m["body"]
                               and m["kind"] == "double_payment_returned"])  # fmt: skip
    assert payer.linked_account[-4:] in told[0]["body"]
    wait_until(lambda: payer.citizen.call("GET", "/v1/points")["balance"] == 0)


def test_a_bill_paid_again_at_a_store_after_our_debit_comes_back_to_the_account(stack: Stack) -> None:
    payer = new_payer(stack, fines=[600])
    before = balance_of(stack, payer)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    later = clock.now() + timedelta(minutes=2)
    send_bills(stack, "paid-elsewhere", paid_elsewhere_file([(payer.bills[0]["number"], 600, later)]))
    wait_until(lambda: [r for r in payer.citizen.call("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
                        if r["status"] == "completed"])  # fmt: skip
    assert balance_of(stack, payer) == before - 5
    assert shown(payer, payment)["status"] == "captured"


def test_a_store_report_before_the_assertion_ends_the_payment_and_nothing_is_debited(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45])
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    send_bills(stack, "paid-elsewhere", paid_elsewhere_file([(payer.bills[0]["number"], 45, clock.now())]))
    with pytest.raises(Refused) as refused:
        payer.citizen.confirm(payment)
    assert refused.value.slug == "payment-not-awaiting"
    assert stack.sandbox.debits(reference=payment["id"]) == []
    assert payer.citizen.unpaid() == []


def test_a_store_report_while_our_debit_is_unanswered_leads_to_one_payment(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45])
    before = balance_of(stack, payer)
    stack.sandbox.set_settings(webhooks=False)
    stack.sandbox.set_switch("bank", "debit", "timeout_after", count=1, seconds=9)
    paid_at_the_store = clock.now() - timedelta(minutes=5)
    payment = payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        confirming = thread.submit(payer.citizen.confirm, payment)
        wait_until(lambda: stack.sandbox.debits(reference=payment["id"]))
        send_bills(stack, "paid-elsewhere", paid_elsewhere_file([(payer.bills[0]["number"], 45, paid_at_the_store)]))
        confirming.result()
    stack.sandbox.set_settings(webhooks=True)
    wait_until(lambda: shown(payer, payment)["status"] == "refunded", seconds=30)
    assert balance_of(stack, payer) == before
    assert stack.sandbox.payment_notices("parking", payment_id=payment["id"]) == []


def test_a_fine_costs_what_the_bureau_says_at_the_moment_of_paying(stack: Stack) -> None:
    payer = new_payer(stack, fines=[600])
    number = payer.bills[0]["number"]
    stack.sandbox.put("bureaus/fines/bills", number=number, amount_twd=700, status="unpaid", payable_by_agent=True)
    with pytest.raises(Refused) as refused:
        payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    assert (refused.value.slug, refused.value.body["amount"]) == ("amount-not-confirmed", 700)
    assert payer.citizen.unpaid()[0]["amount"] == 700
    assert payer.citizen.pay(payer.bill_ids(), payer.link["id"])["total"] == 705


def test_a_fine_that_an_agent_may_not_take_is_shown_and_not_taken(stack: Stack) -> None:
    payer = new_payer(stack, parking=[10])
    send_bills(stack, "fines", fines_file(payer.plate, payer.national_id, [2700], payable="N"))
    bill = next(b for b in payer.citizen.call("GET", "/v1/bills")["items"] if b["kind"] == "fine")
    assert (bill["is_payable"], bill["not_payable_reason"]) == (False, "not_payable_by_agent")
    with pytest.raises(Refused) as refused:
        payer.citizen.begin([bill["id"]], payer.link["id"])
    assert refused.value.slug == "bill-not-payable"


def test_over_the_limit_set_at_the_bank_is_said_before_anything_moves(stack: Stack) -> None:
    payer = new_payer(stack, parking=[300, 300], per_payment=500)
    with pytest.raises(Refused) as refused:
        payer.citizen.begin(payer.bill_ids(), payer.link["id"])
    assert (refused.value.slug, refused.value.body["limit"]) == ("over-bank-limit", 500)


def test_the_bureau_is_told_again_until_it_acknowledges(stack: Stack) -> None:
    payer = new_payer(stack, parking=[45])
    stack.sandbox.set_switch("bureaus", "payment_notice", "error_500", count=2)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    wait_until(lambda: stack.sandbox.payment_notices("parking", payment_id=payment["id"]), seconds=60)
    stack.sandbox.clear_switches()
