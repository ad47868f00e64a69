"""The three files between the city and PX Mart: fixed width, CP950, refused whole where anything is wrong.

Every record has 140 bytes and a CRLF. Numbers are digits with leading zeros, text is filled up with spaces; a Chinese
character counts two bytes, and its second byte may look like a backslash or a letter: fields are cut as bytes, and only
then read.

    orders    header   1 "1" · 8 PXMART · 8 day YYYYMMDD · 3 number of the file that day · 30 title
              detail   1 "2" · 6 sequence from 1 · 30 our reference · 13 member's card · 9 points · 9 NT$ owed
              trailer  1 "3" · 8 details · 13 points · 13 NT$
    results   as orders; a detail goes on: 2 result · 9 points credited · 30 their reference · 30 remark
    statement header   1 "1" · 8 PXMART · 8 month YYYYMM · 3 "000" · 30 title
              detail   1 "2" · 6 sequence · 30 our reference · 9 points · 9 NT$ owed · 8 day YYYYMMDD
              trailer  1 "3" · 8 details · 13 points · 13 NT$

The layout is the sandbox's own: the chain's is in its contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from partners.exchanging import Order, OrderState, Result, Statement, StatementLine, StatementWrong, checked

ENCODING: Final = "cp950"
RECORD_BYTES: Final = 140
ORDERS_TITLE: Final = "高雄幣兌換福利點申請檔"
RESULTS_TITLE: Final = "高雄幣兌換福利點回覆檔"
STATEMENT_TITLE: Final = "高雄幣兌換福利點月對帳單"
# result: (the state it means, our word for why, theirs in words)
RESULTS: Final[Mapping[str, tuple[OrderState, str | None, str]]] = {
    "00": ("done", None, "入點成功"),
    "11": ("refused", "account_closed", "卡號已停用，請洽許功蓋門市"),
    "12": ("refused", "account_full", "點數超過上限"),
    "99": ("refused", "not_accepted", "本次不受理"),
}


def orders_file(day: date, number: int, orders: Sequence[Order]) -> bytes:
    """The night's orders. Raises ValueError for what does not fit its place."""
    lines = [
        _record("2", (f"{place:06d}", 6), (each.reference, 30), (each.account, 13), (f"{each.value:09d}", 9),
                (f"{each.charge_twd:09d}", 9))
        for place, each in enumerate(orders, 1)
    ]  # fmt: skip
    return _file(f"{day:%Y%m%d}", number, ORDERS_TITLE, lines, [(o.value, o.charge_twd) for o in orders])


def read_orders(content: bytes) -> tuple[str, int, list[Order]]:
    """Day, number and orders of a night's file, as the partner reads it. Raises StatementWrong."""
    head, details, end = _records(content, ORDERS_TITLE)
    orders = []
    for record in details:
        fields = _matched(_ORDER, record)
        orders.append(Order(_text(fields[2]), "out", _text(fields[3]), int(fields[4]), int(fields[5])))
    _add_up(end, [(each.value, each.charge_twd) for each in orders])
    return head[1].decode(), int(head[2]), orders


def results_file(day: str, number: int, results: Sequence[tuple[Order, str, int, str]]) -> bytes:
    """The answer to a night's file: order, result code, points credited, the partner's reference."""
    lines = [
        _record("2", (f"{place:06d}", 6), (order.reference, 30), (order.account, 13), (f"{order.value:09d}", 9),
                (f"{order.charge_twd:09d}", 9), (code, 2), (f"{credited:09d}", 9), (theirs, 30), (RESULTS[code][2], 30))
        for place, (order, code, credited, theirs) in enumerate(results, 1)
    ]  # fmt: skip
    sums = [(order.value, order.charge_twd) for order, _, _, _ in results]
    return _file(day, number, RESULTS_TITLE, lines, sums)


def read_results(content: bytes, *, day: date, number: int, orders: Iterable[Order]) -> list[Result]:
    """What became of every order that was sent with that file.

    Raises StatementWrong: for another encoding or form, a missing trailer, totals that do not add up, the answer to
    another file, an order that is missing, twice or changed.
    """
    head, details, end = _records(content, RESULTS_TITLE)
    results = []
    for record in details:
        fields = _matched(_RESULT, record)
        code = fields[6].decode()
        if code not in RESULTS:
            raise StatementWrong("form", f"there is no result {code}")
        state, reason, _ = RESULTS[code]
        results.append(
            Result(_text(fields[2]), _text(fields[3]), int(fields[4]), int(fields[5]), state, reason, int(fields[7]),
                   _text(fields[8]))
        )  # fmt: skip
        _text(fields[9])
    _add_up(end, [(each.asked, each.charge_twd) for each in results])
    if (head[1].decode(), int(head[2])) != (f"{day:%Y%m%d}", number):
        raise StatementWrong("repeated", f"it answers the file {head[1].decode()} {int(head[2])}")
    sent = sorted((each.reference, each.account, each.value, each.charge_twd) for each in orders)
    if sent != sorted((each.reference, each.account, each.asked, each.charge_twd) for each in results):
        raise StatementWrong("totals", f"{len(sent)} orders were sent, and these are the answers to {len(results)}")
    return results


def statement_file(month: str, lines: Sequence[StatementLine], *, wrong_by: int = 0) -> bytes:
    """The month's statement (YYYY-MM)."""
    records = [
        _record("2", (f"{place:06d}", 6), (each.reference, 30), (f"{each.value:09d}", 9),
                (f"{each.charge_twd:09d}", 9), (f"{each.done_on:%Y%m%d}", 8))
        for place, each in enumerate(lines, 1)
    ]  # fmt: skip
    sums = [(each.value, each.charge_twd) for each in lines] + ([(wrong_by, wrong_by)] if wrong_by else [])
    return _file(month.replace("-", ""), 0, STATEMENT_TITLE, records, sums)


def read_statement(content: bytes, month: str) -> Statement:
    """The statement in these bytes. Raises StatementWrong."""
    head, details, end = _records(content, STATEMENT_TITLE)
    lines = []
    for record in details:
        fields = _matched(_STATED, record)
        try:
            done_on = date.fromisoformat(fields[5].decode())
        except ValueError:
            raise StatementWrong("form", "there is no such day") from None
        lines.append(StatementLine(_text(fields[2]), "out", int(fields[3]), int(fields[4]), done_on))
    _add_up(end, [(line.value, line.charge_twd) for line in lines])
    of = head[1].decode().strip()
    return checked(f"{of[:4]}-{of[4:]}", month, lines, count=len(lines), net_twd=int(end[3]))


_HEAD = re.compile(rb"1PXMART  ([0-9]{6}(?:[0-9]{2}|  ))([0-9]{3})(.{30}) +", re.DOTALL)
_ORDER = re.compile(rb"2([0-9]{6})(.{30})(.{13})([0-9]{9})([0-9]{9}) +", re.DOTALL)
_RESULT = re.compile(rb"2([0-9]{6})(.{30})(.{13})([0-9]{9})([0-9]{9})([0-9]{2})([0-9]{9})(.{30})(.{30}) *", re.DOTALL)
_STATED = re.compile(rb"2([0-9]{6})(.{30})([0-9]{9})([0-9]{9})([0-9]{8}) +", re.DOTALL)
_END = re.compile(rb"3([0-9]{8})([0-9]{13})([0-9]{13}) +", re.DOTALL)


def _file(of: str, number: int, title: str, lines: Sequence[bytes], sums: Sequence[tuple[int, int]]) -> bytes:
    head = _record("1", ("PXMART", 8), (of, 8), (f"{number:03d}", 3), (title, 30))
    value, charge = sum(each for each, _ in sums), sum(each for _, each in sums)
    return b"".join(
        [head, *lines, _record("3", (f"{len(lines):08d}", 8), (f"{value:013d}", 13), (f"{charge:013d}", 13))]
    )


def _records(content: bytes, title: str) -> tuple[re.Match[bytes], list[bytes], re.Match[bytes]]:
    records = content.split(b"\r\n")
    ends_whole = records.pop() == b""
    head = _HEAD.fullmatch(records[0]) if records else None
    if head is None or _text(head[3]) != title:
        raise StatementWrong("encoding" if _is_utf_8(content) else "form", "its first record is not the header agreed")
    if not ends_whole or len(records) < 2 or not records[-1].startswith(b"3"):
        raise StatementWrong("truncated", "the trailer is missing")
    if any(len(record) != RECORD_BYTES for record in records):
        raise StatementWrong("form", f"a record has not {RECORD_BYTES} bytes")
    details = records[1:-1]
    if [record[1:7] for record in details] != [b"%06d" % place for place in range(1, len(details) + 1)]:
        raise StatementWrong("form", "the details do not follow one another")
    return head, details, _matched(_END, records[-1])


def _add_up(end: re.Match[bytes], sums: Sequence[tuple[int, int]]) -> None:
    counted = len(sums), sum(value for value, _ in sums), sum(charge for _, charge in sums)
    if counted != (int(end[1]), int(end[2]), int(end[3])):
        raise StatementWrong("totals", "the trailer's count or totals are not those of the details")


def _is_utf_8(content: bytes) -> bool:
    try:
        return not content.decode().isascii()
    except UnicodeDecodeError:
        return False


def _matched(pattern: re.Pattern[bytes], record: bytes) -> re.Match[bytes]:
    found = pattern.fullmatch(record)
    if found is None:
        raise StatementWrong("form", "a record is not as it was agreed")
    return found


def _text(field: bytes) -> str:
    try:
        return field.decode(ENCODING).rstrip(" ")
    except UnicodeDecodeError:
        raise StatementWrong("encoding", "a character stands across two fields, or is of another encoding") from None


def _record(kind: str, *fields: tuple[str, int]) -> bytes:
    record = kind.encode()
    for words, length in fields:
        encoded = words.encode(ENCODING)
        if len(encoded) > length:
            raise ValueError(f"{words!r} does not fit into {length} bytes")
        record += encoded.ljust(length)
    return record.ljust(RECORD_BYTES) + b"\r\n"
