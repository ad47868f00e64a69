"""The bank's sandbox for the tests of this room that need it, and a citizen who has accounts there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bank_city import BankCustomer, bank_customer, put_the_bank_behind
from card_city import CardPayer, assert_the_book_is_whole, put_cards_behind
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox of the outside systems; its webhooks reach nobody."""
    process = start_sandbox(Path(tmp_path_factory.mktemp("outside")))
    yield process
    process.stop()


@pytest.fixture
def bank_books(outside: SandboxProcess, client: FlaskClient) -> Iterator[SandboxBooks]:
    """The sandbox's books and switches, as at first, with the application in this process in front of it."""
    books = SandboxBooks(outside.url)
    books.clear_switches()
    books.reset()
    undo = put_the_bank_behind(books)
    yield books
    undo()


@pytest.fixture
def customer(client: FlaskClient, bank_books: SandboxBooks) -> BankCustomer:
    """Somebody with a passkey, a car, and two accounts at the bank."""
    return bank_customer(client, bank_books)


@pytest.fixture
def payer(customer: BankCustomer, bank_books: SandboxBooks) -> Iterator[CardPayer]:
    """Somebody who pays by card; at the end the book is whole, and nothing was said that Adyen's form does not allow."""
    undo = put_cards_behind(bank_books)
    yield CardPayer(customer, bank_books)
    undo()
    assert_the_book_is_whole()
    assert bank_books.read("adyen/objections") == []
