"""Rows 44 and 45: amounts that are none, and ids of somebody else's things."""

from __future__ import annotations

import json
import statistics
import time
import uuid
from typing import Any

import pytest
import urllib3
from citizen import Refused
from paying_city import bureau_token, parking_file
from running_city import City, CityPayer

TIMED = 60
# JSON texts, as they travel: some of them are no JSON at all.
NO_AMOUNTS = ["0.5", "-1", "1e18", "1000000000000000000", '"６００"', '"600"', "NaN", "Infinity", "-0.5", "true", "[600]",
              "{}", '"NT$600"', "600.00000000000001", "0x258", '"600.00"', "99999999999999999999999999"]  # fmt: skip

NO_AMOUNTS_IN_FILES = ["-600", "0", "600.5", "六百", "1e3", "NaN", "999999999999999", "", " ", "NT$600"]


def post(payer: CityPayer, path: str, text: str) -> urllib3.BaseHTTPResponse:
    """A request whose body is exactly this text."""
    headers = {"Authorization": f"Bearer {payer.citizen.token}", "Content-Type": "application/json",
               "Idempotency-Key": str(uuid.uuid4())}  # fmt: skip
    return urllib3.request("POST", payer.city.stack.api_url + path, body=text.encode(), headers=headers)


def test_row_44_what_is_no_amount_is_refused_and_nothing_is_stored(city: City) -> None:
    payer = city.payer(parking=(60, 61))
    payment = payer.by_bank(payer.bills[0])
    bill = payment["bills"][0]["bill_id"]
    counted = "SELECT (SELECT count(*) FROM wallet.payment) + (SELECT count(*) FROM wallet.refund)"
    before = city.number(counted)
    for amount in NO_AMOUNTS:
        asked = {
            "/v1/payments": f'{{"bill_ids": ["{payer.bills[1]}"], "bank_link_id": "{payer.link}", "points": {amount}}}',
            f"/v1/payments/{payment['id']}/refunds":
                f'{{"bill_id": "{bill}", "reason": "bill_withdrawn", "amount": {amount}}}',
        }  # fmt: skip
        for path, text in asked.items():
            answer = post(payer, path, text)
            assert answer.status in (400, 422), (amount, path, answer.status, answer.data)
            assert json.loads(answer.data)["type"]
    assert city.number(counted) == before


def test_row_44_a_line_with_no_amount_in_a_bureaus_file_is_refused_and_the_others_are_taken(city: City) -> None:
    plate = city.payer(parking=(60,)).payer.plate
    header, good = parking_file(plate, [33]).decode("cp950").split("\r\n")[:2]
    bad = [
        parking_file(plate, [987_654_321]).decode("cp950").split("\r\n")[1].replace("987654321", amount)
        for amount in NO_AMOUNTS_IN_FILES
    ]
    answer = urllib3.request(
        "POST", f"{city.stack.api_url}/v1/bureau/bill-batches?source=parking",
        body=("\r\n".join([header, good, *bad]) + "\r\n").encode("cp950"),
        headers={"Authorization": f"Bearer {bureau_token(city.stack)}", "Content-Type": "text/csv"},
    )  # fmt: skip
    body = json.loads(answer.data)
    assert (answer.status, body["accepted"], body["refused"]) == (201, 1, len(bad)), body


def test_row_45_somebody_elses_and_nobodys_are_the_same_answer_in_the_same_time(city: City) -> None:
    owner, stranger = city.payer(parking=(90, 91)), city.payer(parking=(92,))
    payment = owner.by_bank(owner.bills[0])
    bill, link = owner.bills[1], owner.link
    pairs = [
        ("GET", "/v1/payments/{}", payment["id"], None),
        ("GET", "/v1/payments/{}/events", payment["id"], None),
        ("GET", "/v1/payments/{}/receipt", payment["id"], None),
        ("GET", "/v1/payments/{}/refunds", payment["id"], None),
        ("POST", "/v1/payments/{}/cancellation", payment["id"], {}),
        ("GET", "/v1/bills/{}", bill, None),
        ("GET", "/v1/bills/{}/quotes", bill, None),
        ("POST", "/v1/bills/{}/payment-slips", bill, {"channel": "store_barcode"}),
        ("DELETE", "/v1/bank-links/{}", link, None),
    ]
    for method, path, theirs, body in pairs:
        assert refusal(stranger, method, path.format(theirs), body) == refusal(
            stranger, method, path.format(nobodys(theirs)), body
        ), path
    for begun in (theirs_and_nobodys(stranger, bill), theirs_and_nobodys(stranger, payment["bills"][0]["bill_id"])):
        assert begun[0] == begun[1]
    for method, path, theirs, body in pairs[:1] + pairs[5:6]:
        one, other = medians(stranger, method, path.format(theirs), path.format(nobodys(theirs)), body)
        assert abs(one - other) < max(0.5 * max(one, other), 0.003), (path, one, other)


def nobodys(identifier: str) -> str:
    """An id of the same kind that nothing has."""
    return f"{identifier.split('_')[0]}_01jzzzzzzzzzzzzzzzzzzzzzzz"


def refusal(payer: CityPayer, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of a refusal, without the address that was asked for."""
    with pytest.raises(Refused) as refused:
        payer.citizen.call(method, path, body, key=str(uuid.uuid4()))
    return refused.value.status, {name: value for name, value in refused.value.body.items() if name != "instance"}


def theirs_and_nobodys(payer: CityPayer, bill: str) -> list[tuple[int, dict[str, Any]]]:
    """What comes back when somebody pays another's bill, and one that does not exist."""
    return [
        refusal(payer, "POST", "/v1/payments", {"bill_ids": [each], "bank_link_id": payer.link})
        for each in (bill, nobodys(bill))
    ]


def medians(payer: CityPayer, method: str, one: str, other: str, body: Any) -> tuple[float, float]:
    """How long each takes (s), asked in turns, each of them first every other time."""
    took: dict[str, list[float]] = {one: [], other: []}
    for turn in range(TIMED):
        for path in (one, other) if turn % 2 else (other, one):
            began = time.perf_counter()
            with pytest.raises(Refused):
                payer.citizen.call(method, path, body)
            took[path].append(time.perf_counter() - began)
    return statistics.median(took[one]), statistics.median(took[other])
