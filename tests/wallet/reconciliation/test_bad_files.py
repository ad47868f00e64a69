"""Files that must be refused whole: damaged, hostile, of somebody else, or far too large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from settling_city import NOW, adyen_file, adyen_row, open_city, statement, take, transfers

from core import db
from core.db import Database
from wallet.reconciliation import camt053, files
from wallet.reconciliation.files import Content
from wallet.reconciliation.lines import Lines
from wallet.reconciliation.problems import (
    StatementFormWrong,
    StatementNotReadable,
    StatementOfAnother,
    StatementRefused,
    StatementTooLarge,
    StatementTotalsWrong,
    StatementTruncated,
    StatementUnsafe,
)

GOOD = statement([("pay_01jd0000000000000000000000", 600, "B1")])
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(20))
    + b"]>"
    + GOOD.split(b"?>", 1)[1].replace(b"D1", b"&u;")
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.split(b"?>", 1)[1]
HIDDEN = GOOD.split(b"?>", 1)[0] + b"?>" + b" " * 10_000 + b'<!DOCTYPE d [<!ENTITY x "y">]>' + GOOD.split(b"?>", 1)[1]

XML: dict[str, tuple[bytes, type[StatementRefused]]] = {
    "nothing": (b"", StatementTruncated),
    "a spreadsheet": (b"PK\x03\x04" + b"\0" * 200, StatementNotReadable),
    "another encoding": (GOOD.replace(b"<Id>9017", "<Id>高雄".encode("cp950")), StatementNotReadable),
    "UTF-16": (GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16"), StatementNotReadable),
    "says Big5": (GOOD.replace(b"UTF-8", b"Big5"), StatementNotReadable),
    "another version": (GOOD.replace(b"camt.053.001.08", b"camt.053.001.02"), StatementFormWrong),
    "no namespace": (GOOD.replace(f' xmlns="{camt053.NAMESPACE}"'.encode(), b""), StatementFormWrong),
    "another document": (b"<html><body>Not found</body></html>", StatementFormWrong),
    "cut off": (GOOD[: len(GOOD) * 2 // 3], StatementTruncated),
    "the end is missing": (GOOD.removesuffix(b"</Document>"), StatementTruncated),
    "balances that do not add up": (statement([("x", 5, "B")], closing=1), StatementTotalsWrong),
    "no closing balance": (GOOD.replace(b"CLBD", b"ITBD"), StatementTruncated),
    "dollars with cents": (GOOD.replace(b"600.00", b"599.99"), StatementFormWrong),
    "another currency": (GOOD.replace(b'Ccy="TWD"', b'Ccy="USD"'), StatementOfAnother),
    "an entry that is not booked": (GOOD.replace(b"BOOK", b"PDNG"), StatementFormWrong),
    "no such day": (GOOD.replace(b"<BookgDt><Dt>2026-11-05", b"<BookgDt><Dt>2026-02-30"), StatementFormWrong),
    "an entity bomb": (BOMB, StatementUnsafe),
    "an external entity": (OUTSIDE, StatementUnsafe),
    "a DOCTYPE behind ten thousand spaces": (HIDDEN, StatementUnsafe),
    "far too deep": (GOOD.replace(b"<Id>9017", b"<x>" * 5_000 + b"<Id>9017"), StatementRefused),
    "a name of a million letters": (GOOD.replace(b"<Id>9017", b"<Id>" + b"9" * 1_000_000), StatementRefused),
    "something behind the end": (GOOD + b"<more/>", StatementRefused),
}

ONE = adyen_row("Settled", ours="pay_01jd0000000000000000000000", theirs="P1", gross=600, net=590)
REPORT = adyen_file([ONE])
CSV: dict[str, tuple[bytes, type[StatementRefused]]] = {
    "nothing": (b"", StatementTruncated),
    "a header alone": (REPORT.split(b"\r\n")[0] + b"\r\n", StatementTruncated),
    "no payout at the end": (adyen_file([ONE], with_payout=False), StatementTruncated),
    "cut off": (REPORT[:-30], StatementTruncated),
    "a payout that the lines do not add up to": (adyen_file([ONE], payout=1), StatementTotalsWrong),
    "another encoding": (REPORT.replace(b"P1", "撥款".encode("cp950")), StatementNotReadable),
    "UTF-16": (REPORT.decode().encode("utf-16"), StatementNotReadable),
    "zeros in the text": (REPORT.replace(b"P1", b"P\0"), StatementNotReadable),
    "columns of another file": (b"a,b,c\r\n1,2,3\r\n", StatementFormWrong),
    "a type that nobody knows": (REPORT.replace(b"Settled", b"Teleported"), StatementFormWrong),
    "a record behind the payout": (REPORT + REPORT.split(b"\r\n")[1] + b"\r\n", StatementFormWrong),
    "records of two batches": (REPORT.replace(b",7\r\n", b",8\r\n", 1), StatementFormWrong),
    "an amount with letters": (REPORT.replace(b"590.00", b"59O.00"), StatementFormWrong),
    "full-width digits": (REPORT.replace(b"590.00", "５９０".encode()), StatementFormWrong),
    "not a number": (REPORT.replace(b"600.00", b"NaN"), StatementFormWrong),
    "an exponent": (REPORT.replace(b"600.00", b"6e2"), StatementFormWrong),
    "more than there is": (REPORT.replace(b"600.00", b"1" + b"0" * 18), StatementFormWrong),
    "another currency": (REPORT.replace(b"TWD", b"USD"), StatementOfAnother),
    "a stray quote": (REPORT.replace(b"P1", b'"P1"x'), StatementRefused),
    "a quote that nothing closes": (REPORT.replace(b"P1", b'"P1'), StatementRefused),
    "a line without an end": (REPORT.replace(b"P1", b"P" * 200_000), StatementFormWrong),
}  # fmt: skip


@pytest.fixture(autouse=True)
def city(database: Database) -> None:
    open_city()


@pytest.mark.parametrize("name", XML)
def test_a_bank_statement_that_is_not_right_is_refused_whole(name: str) -> None:
    content, refusal = XML[name]
    with pytest.raises(refusal):
        take("bank", content)
    assert transfers() == 0


@pytest.mark.parametrize("name", CSV)
def test_a_card_settlement_that_is_not_right_is_refused_whole(name: str) -> None:
    content, refusal = CSV[name]
    with pytest.raises(refusal):
        take("adyen", content)
    assert transfers() == 0


def test_the_good_ones_are_taken() -> None:
    assert take("bank", GOOD).rows == 1
    assert take("adyen", REPORT).rows == 1


def endless_statement() -> Iterator[bytes]:
    """A statement that never ends."""
    head, tail = GOOD.split(b"<Ntry>", 1)
    entry = b"<Ntry>" + tail.split(b"</Ntry>", 1)[0] + b"</Ntry>"
    yield head
    while True:
        yield entry * 100


def endless_report() -> Iterator[bytes]:
    """A settlement report that never ends."""
    header, line, _ = REPORT.split(b"\r\n", 2)
    yield header + b"\r\n"
    while True:
        yield (line + b"\r\n") * 500


def resident_mib() -> float:
    """The memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / (1 << 20)


@pytest.mark.parametrize(("source", "endless"), [("bank", endless_statement), ("adyen", endless_report)])
def test_an_upload_beyond_the_limit_is_refused_in_memory_that_does_not_grow(
    source: str, endless: Callable[[], Iterator[bytes]]
) -> None:
    before = resident_mib()
    with pytest.raises(StatementTooLarge), db.unit_of_work() as session:
        content = Content(endless(), most_bytes=16 << 20)
        files.receive(session, content, source=source, received_from="x", now=NOW)
    assert resident_mib() - before < 32
    assert transfers() == 0


def test_two_gigabytes_are_refused_before_the_limit_is_far_behind() -> None:
    read = 0

    def two_gigabytes() -> Iterator[bytes]:
        nonlocal read
        piece = b" " * (1 << 20)
        for _ in range(2048):
            read += len(piece)
            yield piece

    def spaces(chunks: Content) -> Lines:
        for _ in chunks:
            pass
        raise AssertionError("it was read to its end")
        yield

    with pytest.raises(StatementTooLarge):
        next(spaces(Content(two_gigabytes())))
    assert read <= files.FILE_BYTES_MAX + (1 << 20)
