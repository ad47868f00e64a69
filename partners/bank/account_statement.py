"""A bank's statement of one account and day (camt.053.001.08), read whole once its sums are found right.

For an account with thousands of entries a day. The treasury's, with millions, is read piece by piece elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from core.money import MoneyNotConvertible, from_major_text
from partners.bank.iso20022 import MessageWrong, each, maybe, member, root_of, words

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction: the name that came with the order (empty where none did), the bank's own, NT$ with its sign as
    the account's owner sees it, the day it was booked on, and the words that came with it."""

    row: int
    end_to_end: str
    bank_reference: str
    signed_twd: int
    booked_on: date
    remark: str = ""


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """What a statement says; `reference` is the bank's name for it."""

    reference: str
    account: str
    day: date
    opening_twd: int
    closing_twd: int
    lines: tuple[Line, ...]


def read(document: bytes, *, day: date) -> AccountStatement:
    """The statement of that day. Raises MessageWrong when it is another one's, or anything does not add up."""
    statement = member(root_of(document, NAMESPACE), "BkToCstmrStmt/Stmt", NAMESPACE)
    try:
        lines = tuple(_lines(statement))
        opening, closing = _balance(statement, "OPBD", day), _balance(statement, "CLBD", day)
        stated = maybe(statement, "TxsSummry/TtlNtries/Sum", NAMESPACE)
        total = from_major_text(stated) if stated else None
    except (ValueError, MoneyNotConvertible) as error:
        raise MessageWrong(str(error)) from error
    if opening + sum(line.signed_twd for line in lines) != closing:
        raise MessageWrong("the entries do not lead from the opening to the closing balance")
    if total is not None and total != sum(abs(line.signed_twd) for line in lines):
        raise MessageWrong("the entries do not add up to the stated total")
    return AccountStatement(
        words(statement, "Id", NAMESPACE), words(statement, "Acct/Id/Othr/Id", NAMESPACE), day, opening, closing, lines
    )


def _lines(statement: etree._Element) -> list[Line]:
    found: list[Line] = []
    for entry in each(statement, "Ntry", NAMESPACE):
        booked_on = date.fromisoformat(words(entry, "BookgDt/Dt", NAMESPACE))
        signed = _signed(entry, "Amt", maybe(entry, "CdtDbtInd", NAMESPACE))
        parts = each(entry, "NtryDtls/TxDtls", NAMESPACE)
        of_entry = [
            Line(
                len(found) + number,
                maybe(part, "Refs/EndToEndId", NAMESPACE).replace("NOTPROVIDED", ""),
                maybe(part, "Refs/AcctSvcrRef", NAMESPACE),
                _signed(part, "Amt", maybe(part, "CdtDbtInd", NAMESPACE)),
                booked_on,
                maybe(part, "RmtInf/Ustrd", NAMESPACE),
            )
            for number, part in enumerate(parts, start=1)
        ] or [Line(len(found) + 1, "", maybe(entry, "AcctSvcrRef", NAMESPACE), signed, booked_on)]
        if sum(line.signed_twd for line in of_entry) != signed:
            raise MessageWrong("the details of an entry do not add up to it")
        found += of_entry
    return found


def _balance(statement: etree._Element, code: str, day: date) -> int:
    for balance in each(statement, "Bal", NAMESPACE):
        if maybe(balance, "Tp/CdOrPrtry/Cd", NAMESPACE) == code:
            if date.fromisoformat(words(balance, "Dt/Dt", NAMESPACE)) != day:
                raise MessageWrong("it is the statement of another day")
            return _signed(balance, "Amt", maybe(balance, "CdtDbtInd", NAMESPACE))
    raise MessageWrong(f"the balance {code} is missing")


def _signed(element: etree._Element, path: str, side: str) -> int:
    amount = member(element, path, NAMESPACE)
    if amount.get("Ccy") != "TWD" or side not in ("CRDT", "DBIT"):
        raise MessageWrong("an amount is not in TWD, or of no side")
    twd = from_major_text(amount.text or "")
    return twd if side == "CRDT" else -twd
