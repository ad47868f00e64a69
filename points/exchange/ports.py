"""The partners as this room sees them: one contract, whatever their temper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol, runtime_checkable

from partners.exchanging import Order, Result, Standing, Statement


class Partner(Protocol):
    """A partner of exchange. Every call carries our reference, under which a thing happens once.

    All raise the failures of `partners.wire`; which of them leave it open whether something happened says the failure
    itself (`may_have_acted`).
    """

    takes_back: bool
    """Whether `cancel` takes back what is done already."""
    works_by_file: bool
    """Whether orders go with a night's file (`FilePartner`) and not one by one."""

    def is_account(self, number: str) -> bool:
        """Whether that can be the number of a card or a member, its check digit included."""

    def begin(self, order: Order) -> Standing:
        """Has the order set aside, taken on, or done at once, as the partner works."""

    def confirm(self, order: Order) -> Standing:
        """What was set aside is done, once."""

    def cancel(self, order: Order) -> Standing:
        """Takes it back, or shuts the reference before it comes: afterwards it never happens, or stands done."""

    def ask(self, order: Order) -> Standing | None:
        """How it stands; None: the partner has never seen the reference."""

    def statement(self, month: str) -> bytes:
        """The month's netting statement (YYYY-MM) as the partner writes it."""

    def read(self, content: bytes, month: str) -> Statement:
        """What a statement says. Raises partners.exchanging.StatementWrong: refused whole, with the reason."""


@runtime_checkable
class FilePartner(Partner, Protocol):
    """A partner that takes the orders of a day in one file and answers with another."""

    def write_orders(self, day: date, number: int, orders: Sequence[Order]) -> bytes:
        """The file of these orders, the how-manieth of that day."""

    def read_results(self, content: bytes, day: date, number: int, orders: Sequence[Order]) -> list[Result]:
        """What became of every one of the orders. Raises partners.exchanging.StatementWrong: refused whole."""

    def send_file(self, name: str, content: bytes) -> None:
        """Puts the file there; the same again is the same."""

    def result_of(self, name: str) -> bytes | None:
        """The file that answers it, or None while there is none."""


_partners: dict[str, Partner] = {}


def plug_in(partners: Mapping[str, Partner]) -> None:
    """Connect this room with its partners, by their codes."""
    _partners.clear()
    _partners.update(partners)


def partner(code: str) -> Partner:
    """The partner with this code. Raises KeyError for one that is not connected."""
    return _partners[code]


def is_connected(code: str) -> bool:
    """Whether that partner can be reached at all."""
    return code in _partners


def codes() -> list[str]:
    """The codes of all that are connected."""
    return list(_partners)
