"""Rows 1 to 5: the same wish more than once, from fingers, programs, devices and after a crash."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
import urllib3
from citizen import Refused
from running_city import City, at_once


def test_row_01_a_wish_sent_fifty_times_at_once_is_one_payment_and_one_debit(city: City) -> None:
    payer = city.payer(parking=(60,))
    key = str(uuid.uuid4())
    begun = at_once(50, lambda _: payer.citizen.begin(payer.bills, payer.link, key=key))
    answers = [each for each in begun if not isinstance(each, Refused)]
    assert answers and all(each == answers[0] for each in answers)
    assert {each.status for each in begun if isinstance(each, Refused)} <= {409}
    key = str(uuid.uuid4())
    credential = {"credential": payer.citizen.device.get(answers[0]["authorization"]["options"])}
    path = f"/v1/payments/{answers[0]['id']}/authorization"
    done = at_once(20, lambda _: payer.citizen.call("POST", path, credential, key=key))
    assert {each["status"] for each in done if not isinstance(each, Refused)} == {"captured"}
    assert {each.status for each in done if isinstance(each, Refused)} <= {409}
    assert len(city.stack.sandbox.debits(reference=answers[0]["id"])) == 1
    assert city.number("SELECT count(*) FROM wallet.payment WHERE person_id = (SELECT person_id FROM wallet.payment "
                       "ORDER BY id DESC LIMIT 1)") == 1  # fmt: skip


def test_row_02_another_body_under_the_same_key_is_refused_and_changes_nothing(city: City) -> None:
    payer = city.payer(parking=(60, 80))
    key = str(uuid.uuid4())
    first = payer.citizen.begin(payer.bills[:1], payer.link, key=key)
    with pytest.raises(Refused) as refused:
        payer.citizen.begin(payer.bills, payer.link, key=key)
    assert (refused.value.status, refused.value.slug) == (422, "idempotency-key-reused")
    assert [each["id"] for each in payer.citizen.call("GET", "/v1/payments")["items"]] == [first["id"]]
    payer.citizen.call("POST", f"/v1/payments/{first['id']}/cancellation", {})


def test_row_03_without_a_key_nothing_begins_and_the_refusal_explains_itself(city: City) -> None:
    payer = city.payer(parking=(60,))
    with pytest.raises(Refused) as refused:
        payer.citizen.call("POST", "/v1/payments", {"bill_ids": payer.bills, "bank_link_id": payer.link})
    assert refused.value.status == 400
    page = urllib3.request("GET", f"{city.stack.api_url}/problems/{refused.value.slug}")
    assert page.status == 200 and b"Idempotency-Key" in page.data
    assert payer.citizen.call("GET", "/v1/payments")["items"] == []


def test_row_04_the_same_bill_from_two_devices_with_keys_of_their_own_is_debited_once(city: City) -> None:
    payer = city.payer(parking=(70,))
    devices = [payer.citizen, payer.on_another_device()]
    begun = at_once(20, lambda number: devices[number % 2].begin(payer.bills, payer.link))
    assert {each.status for each in begun if isinstance(each, Refused)} <= {409}
    waiting = [each for each in begun if not isinstance(each, Refused)]
    done = at_once(len(waiting), lambda number: devices[number % 2].confirm(waiting[number]))
    statuses = Counter(each.slug if isinstance(each, Refused) else each["status"] for each in done)
    assert statuses["captured"] == 1, statuses
    assert {each.status for each in done if isinstance(each, Refused)} <= {409}
    with pytest.raises(Refused) as refused:
        payer.by_bank()
    assert (refused.value.status, refused.value.slug) == (409, "bill-already-paid")
    debits = [debit for each in waiting for debit in city.stack.sandbox.debits(reference=each["id"])]
    assert [debit["status"] for debit in debits] == ["booked"]


def test_row_05_after_a_crash_the_same_key_has_the_same_answer(city: City) -> None:
    payer = city.payer(parking=(60,))
    keys = str(uuid.uuid4()), str(uuid.uuid4())
    begun = payer.citizen.begin(payer.bills, payer.link, key=keys[0])
    credential = {"credential": payer.citizen.device.get(begun["authorization"]["options"])}
    path = f"/v1/payments/{begun['id']}/authorization"
    done = payer.citizen.call("POST", path, credential, key=keys[1])
    city.stack.kill("api")
    city.stack.wait_until_up()
    again = payer.citizen.begin(payer.bills, payer.link, key=keys[0])
    assert again == begun and payer.citizen.last_headers["Idempotency-Replayed"] == "true"
    assert payer.citizen.call("POST", path, credential, key=keys[1]) == done
    assert len(city.stack.sandbox.debits(reference=done["id"])) == 1
