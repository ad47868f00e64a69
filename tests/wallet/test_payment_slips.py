"""A bill as a slip: for whom, how long, how much, and what is refused with which words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from paying_city import fines_file, national_id
from slip_city import paid, report, slip_for
from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from core.db import Database
from core.ids import parse_typeid
from wallet import bill_batches, code39, payment_slips, slip_numbers, store_barcode, twqr
from wallet.double_payments import reported_elsewhere


@pytest.fixture
def citizen(client: FlaskClient) -> PayingCitizen:
    return paying_citizen(client, 7, (45,))


def bill_of(citizen: PayingCitizen) -> dict[str, Any]:
    (bill,) = citizen.send("GET", "/v1/bills").json["items"]
    return dict(bill)


def fine_of(number: int, citizen: PayingCitizen, amount_twd: int, *, payable: str = "Y") -> dict[str, Any]:
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [fines_file(citizen.plate, national_id(number), [amount_twd], payable=payable)], source="fines",
            sender=None, now=clock.now(), on_reported_elsewhere=reported_elsewhere,
        )  # fmt: skip
    return next(bill for bill in citizen.send("GET", "/v1/bills").json["items"] if bill["kind"] == "fine")


def make(citizen: PayingCitizen, bill: dict[str, Any], channel: str = "store_barcode") -> Any:
    return citizen.send("POST", f"/v1/bills/{bill['id']}/payment-slips", {"channel": channel})


def set_bill(**values: Any) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in values)
    with db.unit_of_work() as session:
        session.execute(text(f"UPDATE wallet.bill SET {changes}"), values)


def test_a_barcode_says_what_the_bill_says(citizen: PayingCitizen) -> None:
    bill = bill_of(citizen)
    answer = make(citizen, bill)
    slip = answer.json
    assert answer.status_code == 201 and answer.headers["Location"] == f"/v1/payment-slips/{slip['id']}"
    read = store_barcode.read(tuple(slip["segments"]), today=taipei_date(clock.now()))
    assert (read.amount_twd, read.pay_by, read.collection_code) == (45, date.fromisoformat(bill["due_on"]), "KHP")
    assert read.number == f"{slip['number']}00" and slip_numbers.is_slip_number(slip["number"])
    assert (slip["amount"], slip["fee"], slip["total"], slip["currency"]) == (45, 0, 45, "TWD")
    assert slip["expires_at"] == f"{bill['due_on']}T23:59:59+08:00"
    assert (slip["status"], slip["payload"], slip["limits"]) == ("live", None, {"per_item": 5000})
    assert slip["svg"] == code39.svg(slip["segments"], title="超商繳費條碼", description=slip["alt"])
    assert slip["number"] in slip["alt"] and all(part in slip["alt"] for part in slip["segments"])
    assert "45" in slip["how_to"][2]


def test_a_twqr_code_says_what_the_bill_says(citizen: PayingCitizen) -> None:
    bill = bill_of(citizen)
    slip = make(citizen, bill, "twqr").json
    read = twqr.read(slip["payload"])
    assert (read.amount_twd, read.fee_twd, read.due_on) == (45, 0, date.fromisoformat(bill["due_on"]))
    assert (read.number, read.bank_code, read.memo) == (slip["number"], "016", bill["number"])
    assert slip["segments"] is None and slip["svg"].startswith("<svg ")


def test_the_words_come_in_english_too(citizen: PayingCitizen) -> None:
    answer = citizen.send(
        "POST", f"/v1/bills/{bill_of(citizen)['id']}/payment-slips", {"channel": "store_barcode"}, Accept_Language="en"
    )
    assert "bars from the top" in answer.json["how_to"][1] and "Three store barcodes" in answer.json["alt"]


def test_a_bill_has_one_good_slip_for_each_channel(citizen: PayingCitizen) -> None:
    bill = bill_of(citizen)
    first, again, other = make(citizen, bill), make(citizen, bill), make(citizen, bill, "twqr")
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert again.json == first.json and other.json["id"] != first.json["id"]


def test_a_slip_claims_nothing_and_the_bill_stays_payable_every_other_way(citizen: PayingCitizen) -> None:
    slip_for(citizen, bill_of(citizen)["id"])
    bill = bill_of(citizen)
    assert (bill["status"], bill["is_payable"]) == ("unpaid", True)
    assert citizen.pay([bill["id"]], "key-1").status_code == 201


def test_a_bill_that_costs_something_else_by_now_gets_a_new_slip(citizen: PayingCitizen) -> None:
    bill = bill_of(citizen)
    first = make(citizen, bill).json
    set_bill(amount_twd=60)
    assert citizen.send("GET", f"/v1/payment-slips/{first['id']}").json["status"] == "replaced"
    second = make(citizen, bill)
    assert second.status_code == 201 and second.json["amount"] == 60
    assert citizen.send("GET", f"/v1/payment-slips/{first['id']}").json["status"] == "replaced"


def test_a_fine_costs_seven_dollars_more_at_the_counter_and_thirteen_in_an_app(citizen: PayingCitizen) -> None:
    bill_id = parse_typeid("bill", fine_of(7, citizen, 600)["id"])
    slips = {}
    for channel in payment_slips.CHANNELS:
        with db.unit_of_work() as session:
            slips[channel], _, _ = payment_slips.issue(
                session, person_id=citizen.person_id, bill_id=bill_id, channel=channel, now=clock.now()
            )
    assert {channel: (slip.amount_twd, slip.fee_twd) for channel, slip in slips.items()} == {
        "store_barcode": (600, 7),
        "twqr": (600, 13),
    }
    assert slips["store_barcode"].code[0].endswith("KHF")


def test_a_late_fine_is_refused_with_the_article_that_says_so(citizen: PayingCitizen) -> None:
    fine = fine_of(7, citizen, 600)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bill SET due_on = :day WHERE kind = 'fine'"), {"day": date(2026, 1, 2)})
    for channel in ("store_barcode", "twqr"):
        refused = make(citizen, fine, channel)
        assert (refused.status_code, refused.json["type"].rsplit("/")[-1]) == (409, "late-fine-not-for-agents")
        assert "59" in citizen.client.get("/problems/late-fine-not-for-agents").text


def test_a_late_parking_fee_still_gets_a_slip_for_three_days(citizen: PayingCitizen) -> None:
    set_bill(due_on=taipei_date(clock.now()) - timedelta(days=10))
    slip = make(citizen, bill_of(citizen)).json
    assert slip["expires_at"].startswith((taipei_date(clock.now()) + timedelta(days=3)).isoformat())


@pytest.mark.parametrize(
    ("values", "slug"),
    [
        ({"amount_twd": 5_001}, "slip-over-limit"),
        ({"status": "void"}, "bill-not-payable"),
        ({"status": "appealed"}, "bill-not-payable"),
        ({"status": "paid", "paid_channel": "郵局"}, "bill-already-paid"),
    ],
)
def test_a_bill_that_no_store_may_take_gets_no_slip(citizen: PayingCitizen, values: dict[str, Any], slug: str) -> None:
    bill = bill_of(citizen)
    set_bill(**values)
    refused = make(citizen, bill)
    assert (refused.status_code, refused.json["type"].rsplit("/")[-1]) == (409, slug)
    if slug == "slip-over-limit":
        assert refused.json["limit"] == 5000
        set_bill(amount_twd=5_000)
        assert make(citizen, bill).status_code == 201


def test_a_fine_with_another_penalty_is_nothing_for_agents(citizen: PayingCitizen) -> None:
    refused = make(citizen, fine_of(7, citizen, 600, payable="N"))
    assert (refused.status_code, refused.json["reason"]) == (409, "not_payable_by_agent")


def test_a_bill_at_the_bank_gets_no_slip_and_one_that_only_waits_does(citizen: PayingCitizen) -> None:
    bill = bill_of(citizen)
    citizen.pay([bill["id"]], "key-1")
    assert make(citizen, bill).status_code == 201
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment SET status = 'debiting', authorized_at = now()"))
    assert make(citizen, bill, "twqr").json["type"].endswith("bill-being-paid")


def test_without_an_agreement_in_force_there_is_no_slip(citizen: PayingCitizen) -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.collection_agreement SET valid_until = '2026-01-31'"))
    assert make(citizen, bill_of(citizen)).json["type"].endswith("slip-not-offered")


def test_a_slip_is_withdrawn_once_and_a_collected_one_never(citizen: PayingCitizen) -> None:
    bill = bill_of(citizen)
    slip = slip_for(citizen, bill["id"])
    path = f"/v1/payment-slips/{slip['id']}"
    assert citizen.send("DELETE", path).status_code == citizen.send("DELETE", path).status_code == 204
    assert citizen.send("GET", path).json["status"] == "withdrawn"
    new = slip_for(citizen, bill["id"])
    assert new["number"] != slip["number"]
    report(paid(new))
    refused = citizen.send("DELETE", f"/v1/payment-slips/{new['id']}")
    assert (refused.status_code, citizen.send("GET", f"/v1/payment-slips/{new['id']}").json["status"]) == (
        409,
        "collected",
    )


def test_a_slip_of_a_bill_that_was_paid_otherwise_says_so(citizen: PayingCitizen) -> None:
    slip = slip_for(citizen, bill_of(citizen)["id"])
    set_bill(status="paid", paid_channel="郵局")
    assert citizen.send("GET", f"/v1/payment-slips/{slip['id']}").json["status"] == "bill_closed"


def test_somebody_elses_bill_or_slip_is_not_found(citizen: PayingCitizen, client: FlaskClient) -> None:
    bill = bill_of(citizen)
    slip = slip_for(citizen, bill["id"])
    other = paying_citizen(client, 8)
    assert make(other, bill).status_code == 404
    for method in ("GET", "DELETE"):
        assert other.send(method, f"/v1/payment-slips/{slip['id']}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"channel": "post"}, {"channel": "twqr", "amount": 1}])
def test_a_channel_that_is_none_is_refused(citizen: PayingCitizen, body: dict[str, Any]) -> None:
    assert citizen.send("POST", f"/v1/bills/{bill_of(citizen)['id']}/payment-slips", body).status_code == 422


def test_two_phones_at_once_get_the_same_slip(citizen: PayingCitizen, database: Database) -> None:
    bill = bill_of(citizen)
    from concurrent.futures import ThreadPoolExecutor

    def ask(_: int) -> str:
        with citizen.client.application.test_client() as own:
            answer = own.post(
                f"/v1/bills/{bill['id']}/payment-slips", json={"channel": "store_barcode"},
                headers={"Authorization": f"Bearer {citizen.token}"},
            )  # fmt: skip
            return str(answer.json["number"])

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1
