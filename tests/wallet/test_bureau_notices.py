"""Telling bureaus what becomes of payments: in order for each bill, again over days, nobody held up, all of it visible."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from bureau_system import BureauSystem
from flask.testing import FlaskClient
from paid_payments import paid
from sandbox_process import SandboxBooks, SandboxProcess, free_port, start_sandbox
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from api.delivery import deliver
from core import clock, db, outbox
from core.clock import on_the_wire
from core.ids import new_uuid, typeid
from partners import wire
from partners.bureaus.client import BureausClient
from wallet import events, notice_sending, undoing
from wallet import ports as wallet_ports
from wallet.tasks import CONSUMERS

# The first attempt is left out where the sweep is what is looked at.
_WRITE_ONLY = {each.kind: [replace(each, then=None)] for each in CONSUMERS if each.name.startswith("wallet.bureau")}
_WRITE_AND_SEND = {each.kind: [each] for each in CONSUMERS if each.name.startswith("wallet.bureau")}
_numbers = iter(range(10**15, 10**16))


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    running = start_sandbox(tmp_path_factory.mktemp("bureaus"))
    yield running
    running.stop()


@pytest.fixture
def books(receiver: SandboxProcess) -> SandboxBooks:
    found = SandboxBooks(receiver.url)
    found.clear_switches()
    found.reset()
    return found


@pytest.fixture(autouse=True)
def told(client: FlaskClient, receiver: SandboxProcess) -> Iterator[None]:
    """The application is connected with this receiver."""
    before = wallet_ports.ports()
    connect(receiver.url)
    yield
    wallet_ports.plug_in(before)


def connect(url: str) -> None:
    peer = wire.Peer("bureaus", f"{url}/bureaus", "sandbox-bureaus-secret", connect_timeout_seconds=1.0)
    wallet_ports.plug_in(replace(wallet_ports.ports(), bureaus=BureausClient(peer)))


class PaidBills:
    """A payment of ours over some bills of one bureau, and the facts that leave about it."""

    def __init__(self, bureau: str = "parking", bills: int = 1, again: PaidBills | None = None) -> None:
        self.payment_id, self.bureau, self.bills = new_uuid(), bureau, again.bills if again else []
        with db.unit_of_work() as session:
            for _ in range(0 if again else bills):
                self.bills.append({"bill_id": str(new_uuid()), "number": str(next(_numbers)), "amount_twd": 60})
            for bill in self.bills:
                values = {"bill": UUID(bill["bill_id"]), "payment": self.payment_id, "bureau": bureau,
                          "kind": "parking" if bureau == "parking" else "fine", "number": bill["number"],
                          "hold": new_uuid(), "batch": new_uuid(), "now": clock.now()}  # fmt: skip
                session.execute(_BILL, values)
                session.execute(_ITEM, values)

    def happens(self, kind: str, **facts: Any) -> UUID:
        """Record the fact; answers the event's id."""
        now = clock.now()
        at = on_the_wire(now)
        payload = {
            "payment_id": str(self.payment_id), "rail": "bank_of_kaohsiung", "captured_at": at, "undone_at": at,
            "restored_at": at, "how": "returned", "final_on": None,
            "bills": [{**bill, "bureau": self.bureau, "stands": True} for bill in self.bills], **facts,
        }  # fmt: skip
        with db.unit_of_work() as session:
            return outbox.record(session, kind, payload, now=now)

    def refunded(self, status: str) -> UUID:
        """One of its bills goes back to the payer, and is then in this status."""
        (bill, *_) = self.bills
        with db.unit_of_work() as session:
            session.execute(text("UPDATE wallet.bill SET status = :status WHERE id = :id"),
                            {"status": status, "id": UUID(bill["bill_id"])})  # fmt: skip
        return self.happens(events.BILL_REFUNDED, reason="paid_elsewhere_first", **bill)


_BILL = text(
    "INSERT INTO wallet.bill (id, bureau, kind, number, plate, occurred_at, amount_twd, due_on, payable_by_agent, "
    "status, batch_id, updated_at) VALUES (:bill, :bureau, :kind, :number, 'ABC-1234', :now, 60, :now, true, 'paid', "
    ":batch, :now) ON CONFLICT DO NOTHING"
)
_ITEM = text(
    "INSERT INTO wallet.payment_item (payment_id, bill_id, bureau, kind, number, description, amount_twd, fee_twd, "
    "hold_id) VALUES (:payment, :bill, :bureau, :kind, :number, '', 60, 0, :hold)"
)


def written(*event_ids: UUID) -> None:
    for event_id in event_ids:
        deliver([event_id], _WRITE_ONLY)


def sent(*event_ids: UUID) -> None:
    for event_id in event_ids:
        deliver([event_id], _WRITE_AND_SEND)


def unsettled() -> list[UUID]:
    with db.unit_of_work() as session:
        return list(session.execute(text("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY id")).scalars())


def sweep(bureau: str = "parking", at: datetime | None = None) -> None:
    notice_sending.send_due(bureau, at or clock.now())


def heard(books: SandboxBooks, payment: PaidBills) -> list[str]:
    return [news["kind"] for news in books.news(payment.bureau, payment_id=typeid("pay", payment.payment_id))]


def notices(bureau: BureauSystem, query: str = "") -> list[dict[str, Any]]:
    answer = bureau.send("GET", f"/v1/bureau/notices{query}")
    assert answer.status_code == 200, answer.json
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_a_payment_is_told_at_once_and_each_later_turn_of_it_in_order(books: SandboxBooks) -> None:
    payment = PaidBills(bills=2)
    sent(payment.happens(events.PAYMENT_CAPTURED))
    assert heard(books, payment) == ["bill.paid"]
    sent(payment.happens(events.PAYMENT_UNDONE), payment.happens(events.PAYMENT_RESTORED))
    sent(payment.refunded("paid"))
    assert heard(books, payment) == [
        "bill.paid", "bill.payment_withdrawn", "bill.payment_restored", "bill.refunded",
    ]  # fmt: skip
    assert all(news["deliveries"] == 1 for news in books.news("parking"))


def test_a_message_is_a_standard_webhook_with_type_timestamp_and_data(books: SandboxBooks) -> None:
    payment = PaidBills()
    sent(payment.happens(events.PAYMENT_CAPTURED))
    (news,) = books.news("parking")
    assert news["webhook_id"] == news["notice_id"] and news["webhook_id"].startswith("ntc_")
    assert news["bills"][0]["number"] == payment.bills[0]["number"]


def test_a_later_notice_of_a_bill_waits_for_the_earlier_one_and_other_bills_do_not(books: SandboxBooks) -> None:
    stuck, free = PaidBills(), PaidBills()
    books.set_switch("bureaus", "payment_notice", "error_500", match={"type": "bill.paid"}, count=1)
    sent(stuck.happens(events.PAYMENT_CAPTURED))
    written(stuck.happens(events.PAYMENT_UNDONE))
    written(free.happens(events.PAYMENT_CAPTURED))
    assert heard(books, stuck) == []
    sweep(at=clock.now())
    assert (heard(books, stuck), heard(books, free)) == ([], ["bill.paid"])
    sweep(at=clock.now() + timedelta(seconds=5))
    assert heard(books, stuck) == ["bill.paid", "bill.payment_withdrawn"]


def test_a_bill_paid_again_waits_until_the_withdrawal_of_its_first_payment_is_known(books: SandboxBooks) -> None:
    first = PaidBills()
    written(first.happens(events.PAYMENT_CAPTURED), first.happens(events.PAYMENT_UNDONE))
    second = PaidBills(again=first)
    sent(second.happens(events.PAYMENT_CAPTURED))
    assert heard(books, second) == []
    for _ in range(3):
        sweep()
    told = [news["kind"] for news in books.news("parking")]
    assert told == ["bill.paid", "bill.payment_withdrawn", "bill.paid"]
    (bill,) = books.bills("parking", number=first.bills[0]["number"])
    assert (bill["status"], bill["payment_id"]) == ("paid", typeid("pay", second.payment_id))


def test_an_event_that_overtakes_an_earlier_one_of_its_payment_comes_again_later(books: SandboxBooks) -> None:
    payment = PaidBills()
    captured, undone = payment.happens(events.PAYMENT_CAPTURED), payment.happens(events.PAYMENT_UNDONE)
    sent(undone)
    assert heard(books, payment) == []
    sent(captured, undone)
    assert heard(books, payment) == ["bill.paid", "bill.payment_withdrawn"]


def test_a_bureau_that_never_heard_of_a_payment_is_not_told_that_it_is_gone(books: SandboxBooks) -> None:
    payment = PaidBills()
    bills = [{**bill, "bureau": "parking", "stands": False} for bill in payment.bills]
    sent(payment.happens(events.PAYMENT_CAPTURED, bills=bills), payment.happens(events.PAYMENT_UNDONE))
    sent(payment.refunded("paid"))
    sweep()
    assert heard(books, payment) == []


@pytest.mark.parametrize("status", ["paid", "unpaid"])
def test_a_refund_tells_whether_the_bill_is_owed_again(books: SandboxBooks, status: str) -> None:
    payment = PaidBills()
    sent(payment.happens(events.PAYMENT_CAPTURED), payment.refunded(status))
    assert heard(books, payment) == ["bill.paid", "bill.refunded"]
    assert [bill["status"] for bill in books.bills("parking", number=payment.bills[0]["number"])] == [status]


def test_a_refund_that_came_back_unpaid_makes_the_payment_stand_again(books: SandboxBooks) -> None:
    payment = PaidBills()
    (bill,) = payment.bills
    sent(payment.happens(events.PAYMENT_CAPTURED), payment.refunded("unpaid"))
    failed = {"reason": "charged_wrong", "was_completed": True, **bill}
    sent(payment.happens(events.REFUND_FAILED, **failed | {"was_completed": False}))
    assert heard(books, payment) == ["bill.paid", "bill.refunded"]
    sent(payment.happens(events.REFUND_FAILED, **failed))
    assert heard(books, payment) == ["bill.paid", "bill.refunded", "bill.payment_restored"]
    assert [bill["status"] for bill in books.bills("parking", number=bill["number"])] == ["paid"]


def test_a_chargeback_and_a_dispute_that_is_won_reach_the_register(books: SandboxBooks) -> None:
    """The facts are the wallet's own here: what `undoing` writes is what the notices read."""
    payment = paid(new_uuid(), [600], rail="card", kind="fine")
    told = PaidBills("fines", bills=0)
    told.payment_id = payment.id
    with db.unit_of_work() as session:
        (bill,) = session.execute(text("SELECT id, number FROM wallet.bill WHERE paid_by_payment = :id"),
                                  {"id": payment.id}).all()  # fmt: skip
    told.bills = [{"bill_id": str(bill.id), "number": bill.number, "amount_twd": 600}]
    sent(told.happens(events.PAYMENT_CAPTURED))
    with db.unit_of_work() as session:
        assert undoing.undo(session, payment.id, "charged_back", reason="fraud", now=clock.now())
    sent(*unsettled())
    assert [bill["status"] for bill in books.bills("fines", number=bill.number)] == ["unpaid"]
    with db.unit_of_work() as session:
        assert undoing.redo(session, payment.id, reason="won", now=clock.now())
    sent(*unsettled())
    assert [bill["status"] for bill in books.bills("fines", number=bill.number)] == ["paid"]
    assert heard(books, told) == ["bill.paid", "bill.payment_withdrawn", "bill.payment_restored"]


def test_a_receiver_down_for_24_hours_gets_everything_in_order_once_each_when_it_is_back(
    client: FlaskClient, tmp_path: Path
) -> None:
    port = free_port()
    connect(f"http://127.0.0.1:{port}")
    began = clock.now()
    payments = [PaidBills() for _ in range(12)]
    written(*(payment.happens(events.PAYMENT_CAPTURED) for payment in payments))
    written(*(payment.happens(events.PAYMENT_UNDONE) for payment in payments))
    seconds = 0.0
    while seconds < 86_400:
        sweep(at=began + timedelta(seconds=seconds))
        seconds = seconds * 1.05 + 5
    bureau = BureauSystem(client, "parking")
    waiting = notices(bureau, "?status=waiting")
    assert len(waiting) == 24 and all(notice["last_error"] is None or notice["tries"] for notice in waiting)
    oldest = max(waiting, key=lambda notice: notice["tries"])
    attempts = bureau.send("GET", f"/v1/bureau/notices/{oldest['id']}/attempts").json["items"]
    assert {attempt["outcome"] for attempt in attempts} == {"not_reached"}
    moments = [datetime.fromisoformat(attempt["started_at"]) for attempt in attempts]
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert gaps[-1] > timedelta(hours=1) > timedelta(minutes=1) > gaps[0]
    back = start_sandbox(tmp_path, port=port)
    try:
        # Something is due once more within the longest wait; from its acknowledgement on, everything is.
        for hours in (24, 28, 32, 36):
            sweep(at=began + timedelta(hours=hours))
            sweep(at=began + timedelta(hours=hours, seconds=60))
        books = SandboxBooks(back.url)
        for payment in payments:
            assert heard(books, payment) == ["bill.paid", "bill.payment_withdrawn"]
        assert {news["deliveries"] for news in books.news("parking")} == {1}
    finally:
        back.stop()
    assert notices(bureau, "?status=waiting") == []


def test_a_receiver_that_takes_20_seconds_holds_up_nobody_else_and_is_believed_in_the_end(books: SandboxBooks) -> None:
    slow, other = PaidBills("parking"), PaidBills("fines")
    books.set_switch("bureaus", "payment_notice", "slow", seconds=20, match={"bureau": "parking"})
    written(slow.happens(events.PAYMENT_CAPTURED), other.happens(events.PAYMENT_CAPTURED))
    sweeping = threading.Thread(target=sweep, args=("parking",))
    began = time.monotonic()
    sweeping.start()
    time.sleep(0.3)
    sweep("fines")
    sweep("parking")
    assert time.monotonic() - began < 3
    assert heard(books, other) == ["bill.paid"]
    sweeping.join()
    assert heard(books, slow) == ["bill.paid"]
    assert [news["deliveries"] for news in books.news("parking")] == [1]


def test_after_a_first_failure_payments_no_longer_wait_for_the_receiver_but_the_sweep_does(books: SandboxBooks) -> None:
    books.set_switch("bureaus", "payment_notice", "error_500", count=1)
    sent(PaidBills().happens(events.PAYMENT_CAPTURED))
    second = PaidBills()
    sent(second.happens(events.PAYMENT_CAPTURED))
    assert heard(books, second) == []
    sweep()
    assert heard(books, second) == ["bill.paid"]


def test_after_a_week_a_notice_is_given_up_and_can_be_delivered_by_hand(
    client: FlaskClient, books: SandboxBooks
) -> None:
    payment = PaidBills()
    began = clock.now()
    books.set_switch("bureaus", "payment_notice", "maintenance")
    written(payment.happens(events.PAYMENT_CAPTURED))
    hours = 0.0
    while hours < 24 * 9:
        sweep(at=began + timedelta(hours=hours))
        hours = hours * 1.2 + 0.01
    bureau = BureauSystem(client, "parking")
    (notice,) = notices(bureau, "?status=given_up")
    assert (notice["status"], notice["next_try_at"]) == ("given_up", None) and "maintenance" in notice["last_error"]
    books.clear_switches()
    sweep(at=began + timedelta(days=30))
    assert heard(books, payment) == []
    asked = bureau.send("POST", f"/v1/bureau/notices/{notice['id']}/redelivery")
    assert (asked.status_code, asked.json["status"]) == (202, "waiting")
    sweep()
    assert heard(books, payment) == ["bill.paid"]
    attempts = bureau.send("GET", f"/v1/bureau/notices/{notice['id']}/attempts").json["items"]
    assert [attempt["outcome"] for attempt in attempts][-2:] == ["unavailable", "acknowledged"]
    assert [attempt["number"] for attempt in attempts] == list(range(1, len(attempts) + 1))


def test_delivering_once_more_what_was_acknowledged_changes_nothing_there(
    client: FlaskClient, books: SandboxBooks
) -> None:
    payment = PaidBills()
    sent(payment.happens(events.PAYMENT_CAPTURED))
    bureau = BureauSystem(client, "parking")
    (notice,) = notices(bureau, f"?number={payment.bills[0]['number']}")
    bureau.send("POST", f"/v1/bureau/notices/{notice['id']}/redelivery")
    sweep()
    (news,) = books.news("parking")
    assert news["deliveries"] == 2
    assert [bill["times_paid"] for bill in books.bills("parking", number=payment.bills[0]["number"])] == [1]


@pytest.mark.parametrize(
    "ask",
    [
        lambda bureau, notice: bureau.send("GET", f"/v1/bureau/notices/{notice}/attempts"),
        lambda bureau, notice: bureau.send("POST", f"/v1/bureau/notices/{notice}/redelivery"),
    ],
)
def test_another_bureaus_notice_is_not_found(
    client: FlaskClient, books: SandboxBooks, ask: Callable[[BureauSystem, str], Any]
) -> None:
    sent(PaidBills("parking").happens(events.PAYMENT_CAPTURED))
    (notice,) = notices(BureauSystem(client, "parking"))
    fines = BureauSystem(client, "fines")
    assert notices(fines) == []
    assert ask(fines, notice["id"]).status_code == 404
    assert ask(BureauSystem(client, "parking", "bills:write"), notice["id"]).status_code == 403


def test_notices_come_page_by_page_newest_first(client: FlaskClient, books: SandboxBooks) -> None:
    for _ in range(5):
        sent(PaidBills().happens(events.PAYMENT_CAPTURED))
    bureau = BureauSystem(client, "parking")
    first = bureau.send("GET", "/v1/bureau/notices?limit=3").json
    second = bureau.send("GET", f"/v1/bureau/notices?limit=3&cursor={first['next_cursor']}").json
    ids = [notice["id"] for notice in first["items"] + second["items"]]
    assert len(ids) == 5 and ids == sorted(ids, reverse=True) and second["next_cursor"] is None
    assert bureau.send("GET", "/v1/bureau/notices?cursor=WyJ4Il0").status_code == 422


def test_officers_see_all_notices_and_an_officer_of_a_bureau_its_own(client: FlaskClient, books: SandboxBooks) -> None:
    sent(PaidBills("parking").happens(events.PAYMENT_CAPTURED), PaidBills("fines").happens(events.PAYMENT_CAPTURED))
    finance = signed_in_officer(client, "finance")
    clerk = signed_in_officer(client, "bureau_officer", bureau="parking")
    everything = finance.call("GET", "/v1/bureau-notices").json["items"]
    assert {notice["bureau"] for notice in everything} == {"parking", "fines"}
    assert [n["bureau"] for n in finance.call("GET", "/v1/bureau-notices?bureau=fines").json["items"]] == ["fines"]
    assert [n["bureau"] for n in clerk.call("GET", "/v1/bureau-notices?bureau=fines").json["items"]] == ["parking"]
    (of_fines,) = (notice["id"] for notice in everything if notice["bureau"] == "fines")
    assert clerk.call("GET", f"/v1/bureau-notices/{of_fines}/attempts").status_code == 404
    assert clerk.call("POST", f"/v1/bureau-notices/{of_fines}/redelivery").status_code == 404
    attempts = finance.call("GET", f"/v1/bureau-notices/{of_fines}/attempts").json["items"]
    assert [attempt["outcome"] for attempt in attempts] == ["acknowledged"]
    assert finance.call("POST", f"/v1/bureau-notices/{of_fines}/redelivery").status_code == 202


def test_an_auditor_looks_and_delivers_nothing(client: FlaskClient, books: SandboxBooks) -> None:
    sent(PaidBills().happens(events.PAYMENT_CAPTURED))
    auditor = signed_in_officer(client, "auditor")
    (notice,) = auditor.call("GET", "/v1/bureau-notices").json["items"]
    assert auditor.call("POST", f"/v1/bureau-notices/{notice['id']}/redelivery").status_code == 403
    assert client.get("/v1/bureau-notices").status_code == 401
