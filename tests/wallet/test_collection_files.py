"""Collection files on their way in: fetched from the channels, spoilt and right again, late, twice, or sent by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import urllib3
from bank_city import BankCustomer
from bureau_system import BureauSystem
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from sandbox_process import SandboxBooks, post_form
from slip_city import balances, file_of, paid, slip_for
from sqlalchemy import text

from core import clock, db
from partners import wire
from partners.stores.client import StoresClient
from wallet import ports, store_collections
from wallet.reconciliation import fetching, in_transit

SEVEN = "store_clearing:7-ELEVEN"
FILES = "/v1/bureau/collection-files"


@pytest.fixture
def stores(bank_books: SandboxBooks) -> Iterator[SandboxBooks]:
    """The wallet's stores are the sandbox's."""
    before = ports.ports()
    peer = wire.Peer("stores", f"{bank_books.url}/stores", "sandbox-stores-secret", read_timeout_seconds=2.0)
    ports.plug_in(replace(before, stores=StoresClient(peer)))
    yield bank_books
    ports.plug_in(before)


def buy(books: SandboxBooks, slip: dict[str, Any], channel: str = "7-eleven") -> None:
    """Somebody pays a slip at the till."""
    code = (
        {"payload": slip["payload"]}
        if slip["payload"]
        else {f"segment_{number}": part for number, part in enumerate(slip["segments"], 1)}
    )
    answer = post_form(f"{books.url}/stores/till", channel=channel, **code)
    assert answer.status == 200, answer.data.decode()


def close_the_day(books: SandboxBooks) -> None:
    assert urllib3.request("POST", f"{books.url}/stores/closing").status == 201


def refusals() -> list[str]:
    with db.unit_of_work() as session:
        return list(
            session.execute(text("SELECT refusal FROM wallet.collection_file WHERE status = 'refused'")).scalars()
        )


def test_a_slip_paid_at_the_till_closes_its_bill_and_its_payout_is_announced(
    customer: BankCustomer, stores: SandboxBooks
) -> None:
    barcode, code = customer.owe_parking(45, 30)
    buy(stores, slip_for(customer, barcode["id"]))
    buy(stores, slip_for(customer, code["id"], "twqr"), "twqr")
    close_the_day(stores)
    store_collections.fetch_due(clock.now())
    assert customer.unpaid() == []
    assert balances(SEVEN, "twqr_clearing") == [barcode["amount"], code["amount"]]
    for _ in range(2):
        fetching.fetch_files(clock.now())
    assert balances(SEVEN, "twqr_clearing", "rail_costs:store_barcode", "rail_costs:twqr") == [0, 0, 4, 3]
    paid_out = sum(entry["amount_twd"] for entry in stores.read("bank/incoming"))
    assert balances("bank_in_transit:stores", "bank_in_transit:twqr") == [barcode["amount"] - 4, code["amount"] - 3]
    assert paid_out == barcode["amount"] + code["amount"] - 7
    with db.unit_of_work() as session:
        assert in_transit.unexplained(session, now=clock.now()) == []


@pytest.mark.parametrize(
    ("mode", "refusal"), [("truncated_file", "feed-truncated"), ("wrong_encoding", "feed-encoding-wrong")]
)
def test_a_file_spoilt_on_its_way_is_refused_whole_and_right_the_next_time(
    customer: BankCustomer, stores: SandboxBooks, mode: str, refusal: str
) -> None:
    (owed,) = customer.owe_parking(45)
    buy(stores, slip_for(customer, owed["id"]))
    close_the_day(stores)
    stores.set_switch("stores", "file", mode, count=1)
    store_collections.fetch_due(clock.now())
    assert (refusals(), len(customer.unpaid()), balances(SEVEN)) == ([refusal], 1, [0])
    store_collections.fetch_due(clock.now())
    assert (refusals(), customer.unpaid(), balances(SEVEN)) == ([refusal], [], [45])


def test_a_late_file_is_fetched_when_it_is_there(customer: BankCustomer, stores: SandboxBooks) -> None:
    (owed,) = customer.owe_parking(45)
    buy(stores, slip_for(customer, owed["id"]))
    stores.set_switch("stores", "closing", "late_file", count=1, days=3)
    close_the_day(stores)
    store_collections.fetch_due(clock.now())
    assert len(customer.unpaid()) == 1 and refusals() == []


def test_a_file_put_out_twice_is_taken_once(customer: BankCustomer, stores: SandboxBooks) -> None:
    (owed,) = customer.owe_parking(45)
    buy(stores, slip_for(customer, owed["id"]))
    stores.set_switch("stores", "closing", "file_twice", count=1)
    close_the_day(stores)
    for _ in range(2):
        store_collections.fetch_due(clock.now())
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM wallet.collection_file")).scalar() == 1
    assert balances(SEVEN) == [45]


@pytest.mark.parametrize("mode", ["duplicate_line", "missing_line", "dollar_off"])
def test_what_a_file_says_wrongly_closes_nothing_and_books_nothing_twice(
    customer: BankCustomer, stores: SandboxBooks, mode: str
) -> None:
    first, second = customer.owe_parking(45, 30)
    buy(stores, slip_for(customer, first["id"]))
    buy(stores, slip_for(customer, second["id"]))
    stores.set_switch("stores", "closing", mode, count=1)
    close_the_day(stores)
    store_collections.fetch_due(clock.now())
    owed = [bill["id"] for bill in customer.unpaid()]
    assert owed == ([] if mode == "duplicate_line" else [first["id"]])
    assert balances(SEVEN) == [75 if mode == "duplicate_line" else second["amount"]]
    fetching.fetch_files(clock.now())
    with db.unit_of_work() as session:
        kinds = list(session.execute(text("SELECT kind FROM wallet.reconciliation_break")).scalars())
        assert in_transit.unexplained(session, now=clock.now()) == []
    assert kinds == {"duplicate_line": ["duplicate"], "missing_line": [], "dollar_off": ["missing_ours"]}[mode]


def test_channels_that_do_not_answer_are_asked_again(customer: BankCustomer, stores: SandboxBooks) -> None:
    (owed,) = customer.owe_parking(45)
    buy(stores, slip_for(customer, owed["id"]))
    close_the_day(stores)
    stores.set_switch("stores", "file_list", "error_500", count=1)
    stores.set_switch("stores", "file", "bad_signature", count=1)
    for _ in range(3):
        store_collections.fetch_due(clock.now())
    assert customer.unpaid() == [] and refusals() == []


@pytest.fixture
def citizen(client: FlaskClient) -> PayingCitizen:
    return paying_citizen(client, 7, (45,))


@pytest.fixture
def treasury(client: FlaskClient) -> BureauSystem:
    return BureauSystem(client, "treasury", "bills:write")


def upload(bureau: BureauSystem, content: bytes, channel: str = "7-eleven", media_type: str = "text/plain") -> Any:
    return bureau.http.post(
        f"{FILES}?channel={channel}", data=content, headers={"Content-Type": media_type, **bureau.headers}
    )


def test_the_treasury_sends_a_file_and_hears_what_became_of_it(citizen: PayingCitizen, treasury: BureauSystem) -> None:
    content = file_of(paid(slip_for(citizen, citizen.bill_ids()[0])))
    first, again = upload(treasury, content), upload(treasury, content)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    answer = first.json
    assert (answer["lines"], answer["collected"], answer["net"], answer["charge"]) == (1, 1, 41, 4)
    assert answer["payout_reference"].startswith("7-ELEVEN-") and answer["currency"] == "TWD"
    assert citizen.bill_ids() == []


@pytest.mark.parametrize(
    ("spoil", "channel", "status", "slug"),
    [
        (lambda content: content[:-130], "7-eleven", 422, "feed-truncated"),
        (lambda content: content.decode("cp950").encode(), "7-eleven", 422, "feed-encoding-wrong"),
        (lambda content: content.replace(b"000000045", b"000000046", 1), "7-eleven", 422, "collection-totals-wrong"),
        (lambda content: content, "family", 422, "collection-form-wrong"),
        (lambda content: b"PK\x03\x04" + content, "7-eleven", 422, "collection-form-wrong"),
        (lambda content: content, "post", 422, "invalid-request"),
    ],
)
def test_a_file_that_cannot_be_believed_is_refused_whole_with_the_reason(
    citizen: PayingCitizen, treasury: BureauSystem, spoil: Any, channel: str, status: int, slug: str
) -> None:
    content = file_of(paid(slip_for(citizen, citizen.bill_ids()[0])))
    answer = upload(treasury, spoil(content), channel)
    assert (answer.status_code, answer.json["type"].rsplit("/")[-1]) == (status, slug)
    assert len(citizen.bill_ids()) == 1
    assert upload(treasury, content).status_code == 201


def test_only_the_treasury_may_send_one(client: FlaskClient, citizen: PayingCitizen) -> None:
    content = file_of(paid(slip_for(citizen, citizen.bill_ids()[0])))
    assert upload(BureauSystem(client, "parking", "bills:write"), content).status_code == 403
    assert client.post(f"{FILES}?channel=ok", data=content).status_code == 401
    assert citizen.send("POST", f"{FILES}?channel=ok").status_code in (401, 403)


def test_a_file_without_end_is_refused_before_it_fills_anything(
    treasury: BureauSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_collections, "FILE_BYTES_MAX", 1 << 20)
    detail = paid({"amount": 45, "fee": 0, "number": "68000000000017"})
    lines = file_of(*[replace(detail, reference=f"{n:012d}") for n in range(10_000)])
    assert len(lines) > (1 << 20)
    assert upload(treasury, lines).json["type"].endswith("feed-too-large")
