"""One sandbox for these tests; before each, its books are fresh and everything behaves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox
from webhook_listener import Listener

from partners import wire
from partners.bank.client import BankClient, Mandate
from partners.bureaus.client import BureausClient
from partners.fcm.client import FcmClient, FcmConfig
from partners.sms.client import SmsClient
from partners.stores.client import StoresClient


@pytest.fixture(scope="session")
def city() -> Iterator[Listener]:
    """Where the bank's webhooks go."""
    listener = Listener()
    yield listener
    listener.stop()


@pytest.fixture(scope="session")
def partners_sandbox(tmp_path_factory: pytest.TempPathFactory, city: Listener) -> Iterator[SandboxProcess]:
    """A running sandbox for all tests of this room."""
    process = start_sandbox(Path(tmp_path_factory.mktemp("sandbox")), city.url)
    yield process
    process.stop()


@pytest.fixture
def books(partners_sandbox: SandboxProcess, city: Listener) -> SandboxBooks:
    """Its books and switches, as at first."""
    books = SandboxBooks(partners_sandbox.url)
    books.clear_switches()
    books.reset()
    city.forget()
    return books


@pytest.fixture
def bank(books: SandboxBooks) -> BankClient:
    """The bank's client; it waits a second for an answer, no more."""
    return BankClient(wire.Peer("bank", f"{books.url}/bank", "sandbox-bank-secret", read_timeout_seconds=1.0))


@pytest.fixture
def bureaus(books: SandboxBooks) -> BureausClient:
    """The bureaus' client."""
    peer = wire.Peer("bureaus", f"{books.url}/bureaus", "sandbox-bureaus-secret", read_timeout_seconds=1.0)
    return BureausClient(peer)


@pytest.fixture
def sms(books: SandboxBooks) -> SmsClient:
    """The telephone company's client."""
    return SmsClient(wire.Peer("sms", f"{books.url}/sms", "sandbox-sms-secret", read_timeout_seconds=1.0))


@pytest.fixture
def stores(books: SandboxBooks) -> StoresClient:
    """The stores' client."""
    return StoresClient(wire.Peer("stores", f"{books.url}/stores", "sandbox-stores-secret", read_timeout_seconds=1.0))


@pytest.fixture(scope="session")
def fcm(partners_sandbox: SandboxProcess) -> Iterator[FcmClient]:
    """The real SDK, pointed at the sandbox."""
    client = FcmClient(FcmConfig("mykaohsiung-test", f"{partners_sandbox.url}/fcm", timeout_seconds=2.0))
    yield client
    client.close()


@pytest.fixture
def granted(bank: BankClient, books: SandboxBooks) -> Callable[..., Mandate]:
    """Makes a mandate as a citizen grants it: `granted(national_id=…, per_payment_limit="5000", daily_limit="20000")`."""

    def grant(*, national_id: str | None = "A123456789", **form: str) -> Mandate:
        reference = f"blk_{uuid.uuid4().hex}"
        asked = bank.request_mandate(
            reference=reference,
            return_url="http://localhost:8080/app/bank-return",
            holder_ref=f"per_{national_id or reference}",
            state=reference,
            holder_hint=national_id,
        )
        return bank.exchange_code(books.approve_mandate(asked.authorize_url, **form).split("code=")[1])

    return grant
