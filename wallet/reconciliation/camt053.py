"""The city's own bank: its daily statement as ISO 20022 camt.053.001.08, read while it arrives.

Checked against `camt053.xsd` as it is read, so memory does not grow with the file. A DOCTYPE is refused before
anything is done with it: no entity is resolved, nothing is fetched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from core.clock import taipei_date
from core.text import Text
from wallet.reconciliation.lines import REFERENCE_CHARACTERS_MAX, Kind, Lines, StatementLine, Summary, amount, day
from wallet.reconciliation.problems import (
    StatementFormWrong,
    StatementNotReadable,
    StatementOfAnother,
    StatementTotalsWrong,
    StatementTruncated,
    StatementUnsafe,
)

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_N: Final = f"{{{NAMESPACE}}}"
_ROOT, _BALANCE, _SUMMARY = f"{_N}Document", f"{_N}Bal", f"{_N}TxsSummry"
_STATEMENT, _ENTRY, _DETAILS, _ID = f"{_N}Stmt", f"{_N}Ntry", f"{_N}TxDtls", f"{_N}Id"
_AMOUNT, _DIRECTION = f"{_N}Amt", f"{_N}CdtDbtInd"
_BOOKED, _VALUED, _THEIRS = f"{_N}BookgDt", f"{_N}ValDt", f"{_N}AcctSvcrRef"
_REFS, _END_TO_END, _REMITTANCE = f"{_N}Refs", f"{_N}EndToEndId", f"{_N}RmtInf/{_N}Ustrd"
_WORDS, _DATE = f"{_N}AddtlNtryInf", f"{_N}Dt"

_OURS = re.compile(r"(pay|ref)_[0-7][0-9a-hjkmnp-tv-z]{25}")
_PROLOG_BYTES: Final = 4_096
_TAIL_BYTES: Final = 64
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
# What libxml2 says of a document that simply stops (xmlerror.h: XML_ERR_DOCUMENT_END, _GT_REQUIRED, _TAG_NOT_FINISHED…)
_STOPPED: Final = frozenset({4, 5, 73, 74, 75, 76, 77})


def read(chunks: Iterable[bytes], *, account: str | None = None) -> Lines:
    """The lines of a statement, one for each transaction. `account` is the number that it must be about.

    Raises a StatementRefused as soon as something does not fit; what was read before it is then worth nothing.
    """
    source = _Source(chunks)
    try:
        return (yield from _statement(source, account))
    except etree.XMLSyntaxError as error:
        raise StatementTruncated() if source.stopped_short else _refusal(error) from None


def _statement(source: _Source, account: str | None) -> Lines:
    events = etree.iterparse(
        source, events=("start", "end"), tag=(_ROOT, _STATEMENT, _BALANCE, _SUMMARY, _ENTRY, _DETAILS),
        schema=_schema(), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    file, is_whole = _File(account), False
    for event, element in events:
        if event == "start":
            if element.tag == _ROOT:
                source.has_begun = True
                if element.getroottree().docinfo.doctype:
                    raise StatementUnsafe
            continue
        is_whole = element.tag == _ROOT
        if element.tag == _DETAILS:
            yield file.line_of_details(element)
            _forget(element)
        elif element.tag == _ENTRY:
            line = file.close_entry(element)
            if line is not None:
                yield line
            _forget(element)
        elif element.tag == _BALANCE:
            file.add_balance(element)
        elif element.tag == _SUMMARY:
            file.add_summary(element)
        elif element.tag == _STATEMENT:
            file.identify(element)
    if not is_whole:
        raise StatementTruncated
    return file.summary()


class _File:
    """What a statement has said so far. All sums are signed NT$: credit to the city's account above zero."""

    def __init__(self, account: str | None) -> None:
        self.reference: str | None = None
        self._account = account
        self._opening: tuple[int, date] | None = None
        self._closing: tuple[int, date] | None = None
        self._rows = self._entries = self._credits = self._debits = 0
        self._of_entry = self._sum_of_entry = 0
        self._entry: dict[str, etree._Element] | None = None
        self._stated: list[tuple[str, int | None, str | None]] = []

    def line_of_details(self, details: etree._Element) -> StatementLine:
        """One transaction of an entry, which may be a batch of many."""
        entry = self._members_of(_parent(_parent(details)))
        own = _members(details)
        self._of_entry += 1
        if _AMOUNT not in own and self._of_entry > 1:
            raise StatementFormWrong(Text("整批入帳缺少逐筆金額。", "A batch entry lacks the amount of each."))
        refs = _members(own[_REFS]) if _REFS in own else {}
        theirs = refs[_THEIRS].text if _THEIRS in refs else f"{entry[_THEIRS].text}/{self._of_entry}"
        ours = refs[_END_TO_END].text if _END_TO_END in refs else None
        if ours in (None, "NOTPROVIDED"):
            ours = details.findtext(_REMITTANCE) or ""
        twd = self._money(own.get(_AMOUNT, entry[_AMOUNT]))
        direction = own.get(_DIRECTION, entry[_DIRECTION]).text
        line = self._line(entry, ours or "", theirs or "", twd if direction == "CRDT" else -twd)
        self._sum_of_entry += line.gross_twd
        return line

    def close_entry(self, element: etree._Element) -> StatementLine | None:
        """An entry has ended: its line, where it has no transactions of its own."""
        entry = self._members_of(element)
        self._entry = None
        twd = self._money(entry[_AMOUNT])
        signed = twd if entry[_DIRECTION].text == "CRDT" else -twd
        self._entries += 1
        if signed >= 0:
            self._credits += signed
        else:
            self._debits -= signed
        if not self._of_entry:
            return self._line(entry, element.findtext(_WORDS) or "", entry[_THEIRS].text or "", signed)
        if self._sum_of_entry != signed:
            raise StatementTotalsWrong(
                Text(f"第 {self._entries} 筆分錄的明細不符。", f"The details of entry {self._entries} do not add up.")
            )
        self._of_entry = self._sum_of_entry = 0
        return None

    def _members_of(self, entry: etree._Element) -> dict[str, etree._Element]:
        """The members of the entry that is being read, which its transactions share."""
        if self._entry is None:
            self._entry = _members(entry)
        return self._entry

    def add_balance(self, balance: etree._Element) -> None:
        """The opening and the closing balance; others are not read."""
        code = balance.findtext(f"{_N}Tp/{_N}CdOrPrtry/{_N}Cd")
        twd = self._money(_child(balance, _AMOUNT))
        signed = twd if balance.findtext(_DIRECTION) == "CRDT" else -twd
        at = _day_of(_child(balance, f"{_N}Dt"), 0)
        if code in ("OPBD", "PRCD"):
            self._opening = self._opening or (signed, at)
        elif code == "CLBD":
            self._closing = (signed, at)

    def add_summary(self, summary: etree._Element) -> None:
        """The totals that the bank states."""
        for name in ("TtlNtries", "TtlCdtNtries", "TtlDbtNtries"):
            count, total = summary.findtext(f"{_N}{name}/{_N}NbOfNtries"), summary.findtext(f"{_N}{name}/{_N}Sum")
            self._stated.append((name, None if count is None else int(count), total))

    def identify(self, statement: etree._Element) -> None:
        """The statement has ended: its number, and whose it is."""
        self.reference = statement.findtext(_ID)
        if self._account is not None:
            number = statement.findtext(f"{_N}Acct/{_N}Id/{_N}Othr/{_N}Id") or ""
            if re.sub("[^0-9A-Za-z]", "", number) != re.sub("[^0-9A-Za-z]", "", self._account):
                raise StatementOfAnother

    def summary(self) -> Summary:
        """The whole statement, once its balances and totals are found right."""
        if self._opening is None or self._closing is None or self.reference is None:
            raise StatementTruncated(Text("缺少期初或期末餘額。", "The opening or the closing balance is missing."))
        if self._opening[0] + self._credits - self._debits != self._closing[0]:
            raise StatementTotalsWrong
        both = self._credits + self._debits
        sums = {"TtlNtries": both, "TtlCdtNtries": self._credits, "TtlDbtNtries": self._debits}
        for name, count, total in self._stated:
            if total is not None and amount(total, 0, name) != sums[name]:
                raise StatementTotalsWrong
            if name == "TtlNtries" and count not in (None, self._entries):
                raise StatementTotalsWrong
        return Summary(
            self.reference, self._opening[1] if self._opening[1] <= self._closing[1] else self._closing[1],
            self._closing[1], opening_twd=self._opening[0], closing_twd=self._closing[0],
        )  # fmt: skip

    def _line(self, entry: dict[str, etree._Element], ours: str, theirs: str, signed_twd: int) -> StatementLine:
        self._rows += 1
        at = _day_of(entry.get(_VALUED, entry[_BOOKED]), self._rows)
        ours = ours.strip()[:REFERENCE_CHARACTERS_MAX]
        return StatementLine(self._rows, _kind(ours, signed_twd), ours, theirs, signed_twd, 0, at)

    def _money(self, element: etree._Element) -> int:
        if element.get("Ccy") != "TWD":
            raise StatementOfAnother(Text("幣別不是新臺幣。", "The currency is not TWD."))
        return amount(element.text or "", self._rows + 1, "Amt")


def _kind(ours: str, signed_twd: int) -> Kind:
    if _OURS.fullmatch(ours) is None:
        return "transfer"
    if ours.startswith("pay_"):
        return "payment" if signed_twd >= 0 else "return"
    return "refund" if signed_twd < 0 else "refund_reversed"


def _day_of(element: etree._Element, row: int) -> date:
    (member,) = element
    text = member.text or ""
    if member.tag == _DATE:
        return day(text[:10], row, element.tag.removeprefix(_N))
    parsed = datetime.fromisoformat(text)
    return parsed.date() if parsed.tzinfo is None else taipei_date(parsed)


def _members(element: etree._Element) -> dict[str, etree._Element]:
    """The members by name: one walk costs less than looking for each."""
    return {child.tag: child for child in element}


def _child(element: etree._Element, name: str) -> etree._Element:
    """A member that the schema has made sure of."""
    found = element.find(name)
    assert found is not None
    return found


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def _forget(element: etree._Element) -> None:
    """Let go of what has been read, and of everything before it."""
    element.clear()
    parent = _parent(element)
    while element.getprevious() is not None:
        previous = parent[0]
        # What `identify` reads at the end stands before the first entry.
        if previous.tag in (_ID, f"{_N}Acct"):
            break
        del parent[0]
    before = element.getprevious()
    if before is not None and before.tag in (_ENTRY, _DETAILS):
        parent.remove(before)


class _Source:
    """The chunks as a file that libxml2 reads; looks at the prolog first."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._waiting = self._tail = b""
        self._is_spent = self.has_begun = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        while len(self._waiting) < _PROLOG_BYTES and (chunk := next(self._chunks, b"")):
            self._waiting += chunk
        if not self._waiting.strip():
            raise StatementTruncated(Text("檔案是空的。", "The file is empty."))
        _check_prolog(self._waiting[:_PROLOG_BYTES])

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        if not self._waiting:
            self._waiting = next(self._chunks, b"")
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        self._is_spent = not piece
        self._tail = (self._tail + piece)[-_TAIL_BYTES:]
        try:
            # libxml2 gives up on bytes that are no UTF-8 without saying so.
            self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            raise StatementNotReadable from None
        return piece

    @property
    def stopped_short(self) -> bool:
        """Whether a statement has begun, everything has been read, and it does not end as a document does."""
        return self.has_begun and self._is_spent and not self._tail.rstrip().endswith(b"Document>")


def _check_prolog(prolog: bytes) -> None:
    declared = _DECLARED.search(prolog)
    if declared is not None and declared[1].upper() not in (b"UTF-8", b"US-ASCII"):
        raise StatementNotReadable
    if not prolog.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise StatementNotReadable
    if b"\0" in prolog:
        raise StatementNotReadable
    if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
        raise StatementUnsafe


def _refusal(error: etree.XMLSyntaxError) -> Exception:
    message = str(error)
    if getattr(error, "code", None) in _STOPPED:
        return StatementTruncated()
    if "encoding" in message.lower() or "not proper UTF-8" in message or "invalid bytes" in message.lower():
        return StatementNotReadable()
    if "depth" in message.lower() or "huge" in message.lower() or "entity" in message.lower():
        return StatementUnsafe()
    return StatementFormWrong(Text(f"XML 不符:{message[:300]}", f"The XML does not fit: {message[:300]}"))


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("camt053.xsd")))
