"""Pushes through Google's own SDK to a running sandbox: what the provider answers becomes the right state here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sandbox_process import SandboxBooks, start_sandbox
from sqlalchemy import text

from core import db
from core.ids import new_uuid, typeid
from notify import devices, ports
from notify.deliveries import send_due
from partners.fcm.client import FcmClient, FcmConfig
from tests.notify.conftest import bring, captured

Happened = Callable[..., UUID]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxBooks]:
    process = start_sandbox(Path(tmp_path_factory.mktemp("push-sandbox")))
    yield SandboxBooks(process.url)
    process.stop()


@pytest.fixture
def books(sandbox: SandboxBooks) -> Iterator[SandboxBooks]:
    """The sandbox behaving, with this process pushing to it through the real client."""
    before = ports.push, ports.languages_of
    client = FcmClient(FcmConfig(project="mykaohsiung-demo", url=f"{sandbox.url}/fcm", timeout_seconds=2))
    ports.plug_in(pusher=client)
    sandbox.clear_switches()
    sandbox.reset()
    yield sandbox
    client.close()
    ports.push, ports.languages_of = before


def _person_with(address: str) -> UUID:
    person = new_uuid()
    with db.unit_of_work() as session:
        devices.register(session, person_id=person, kind="fid", address=address, name="", now=datetime.now(UTC))
    return person


def _only_delivery() -> tuple[str, int]:
    with db.unit_of_work() as session:
        row = session.execute(text("SELECT status, attempts FROM notify.delivery")).one()
        return row.status, row.attempts


def test_the_receipt_arrives_on_the_phone_with_its_link_and_tag(happened: Happened, books: SandboxBooks) -> None:
    paid = captured(_person_with("fid-receipt"))
    bring(happened("wallet.payment_captured", paid))
    [push] = books.pushes("fid-receipt")
    assert push["title"] == "繳費完成 NT$1,265"
    message = push["message"]
    assert message["data"]["link"] == f"/app/payments/{typeid('pay', UUID(paid['payment_id']))}"
    assert message["android"]["notification"]["tag"] == push["message_id"]
    assert _only_delivery() == ("handed_over", 1)


def test_an_unregistered_address_is_given_up_at_the_first_answer(happened: Happened, books: SandboxBooks) -> None:
    books.set_switch("fcm", "send", "unregistered")
    bring(happened("wallet.payment_captured", captured(_person_with("fid-uninstalled"))))
    assert _only_delivery() == ("gone", 1)
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT gone_reason FROM notify.device")).scalar_one() == "unregistered"


def test_a_full_quota_is_waited_out_without_holding_a_worker(happened: Happened, books: SandboxBooks) -> None:
    books.set_switch("fcm", "send", "quota", count=1, seconds=60)
    started = time.monotonic()
    bring(happened("wallet.payment_captured", captured(_person_with("fid-quota"))))
    assert time.monotonic() - started < 5
    now = datetime.now(UTC)
    assert _only_delivery() == ("pending", 1)
    assert send_due(now + timedelta(seconds=50)) == 0
    assert send_due(now + timedelta(seconds=90)) == 1
    assert _only_delivery() == ("handed_over", 2)


@pytest.mark.parametrize("mode", ["maintenance", "error_500"])
def test_an_outage_is_tried_again(happened: Happened, books: SandboxBooks, mode: str) -> None:
    books.set_switch("fcm", "send", mode, count=1)
    bring(happened("wallet.payment_captured", captured(_person_with("fid-outage"))))
    assert _only_delivery() == ("pending", 1)
    send_due(datetime.now(UTC) + timedelta(seconds=120))
    assert len(books.pushes("fid-outage")) == 1


def test_an_answer_lost_on_the_way_repeats_the_same_message_so_the_phone_shows_one(
    happened: Happened, books: SandboxBooks
) -> None:
    books.set_switch("fcm", "send", "timeout_after", count=1, seconds=4)
    bring(happened("wallet.payment_captured", captured(_person_with("fid-lost"))))
    send_due(datetime.now(UTC) + timedelta(seconds=120))
    pushes = books.pushes("fid-lost")
    assert len(pushes) == 2
    assert len({push["message_id"] for push in pushes}) == 1
    assert _only_delivery() == ("handed_over", 2)


def test_a_message_that_the_provider_will_never_take_is_not_tried_again(
    happened: Happened, books: SandboxBooks
) -> None:
    books.set_switch("fcm", "send", "sender_mismatch")
    bring(happened("wallet.payment_captured", captured(_person_with("fid-foreign"))))
    assert _only_delivery() == ("given_up", 1)
