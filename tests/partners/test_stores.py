"""Tills that take slips, and the files they send: read back line by line, and refused whole where something is wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from sandbox_process import SandboxBooks, post_form

from core import clock
from core.clock import TAIPEI, taipei_date
from partners import wire
from partners.stores.client import StoresClient
from partners.stores.files import (
    CHANNELS,
    RECORD_BYTES,
    CollectionFile,
    CollectionFileWrong,
    CollectionLine,
    Head,
    parse,
    written,
)
from wallet import slip_numbers, store_barcode
from wallet.store_barcode import StoreBarcode
from wallet.twqr import TwqrBill

TODAY = taipei_date(clock.now())
SEVEN = CHANNELS["7-eleven"]
HEAD = Head(SEVEN, date(2026, 11, 5), datetime(2026, 11, 6, 0, 10, tzinfo=TAIPEI), 1)
LINE = CollectionLine(
    row=1, channel=SEVEN, store="170001", store_name="四維門市", slip_number="68000000000017", amount_twd=600, fee_twd=7,
    charge_twd=7, paid_at=datetime(2026, 11, 5, 18, 30, tzinfo=TAIPEI), reference="000000000001",
)  # fmt: skip


def segments(sequence: int, *, amount_twd: int = 600, code: str = "KHF", pay_by: date = TODAY) -> dict[str, str]:
    number = store_barcode.padded(slip_numbers.slip_number(sequence), "zeros_right")
    one, two, three = StoreBarcode(pay_by, code, number, "1511", amount_twd).segments
    return {"segment_1": one, "segment_2": two, "segment_3": three}


def payload(sequence: int, **changes: Any) -> str:
    values: dict[str, Any] = {
        "amount_twd": 600, "due_on": TODAY, "bank_code": "016", "account": "0000901790000001",
        "number": slip_numbers.slip_number(sequence), "service_name": "高雄市政府", "fee_twd": 13,
        "expires_at": (clock.now() + timedelta(hours=1)).replace(microsecond=0),
    }  # fmt: skip
    return TwqrBill(**{**values, **changes}).payload


def take(books: SandboxBooks, channel: str = "7-eleven", **form: str) -> tuple[int, dict[str, Any]]:
    answer = urllib3.request(
        "POST", f"{books.url}/stores/till", body=urlencode({"channel": channel, **form}),
        headers={"accept": "application/json", "content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    return answer.status, json.loads(answer.data)


def close(books: SandboxBooks, **query: str) -> list[str]:
    answer = urllib3.request("POST", f"{books.url}/stores/closing?{urlencode(query)}")
    return list(answer.json()["files"])


def fetched(stores: StoresClient, name: str) -> bytes:
    into = io.BytesIO()
    stores.fetch(name, into)
    return into.getvalue()


def in_pieces(content: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def as_file(*lines: CollectionLine, head: Head = HEAD) -> bytes:
    return b"".join(written(head, lines, pays_on=date(2026, 11, 6), payout_reference="7-ELEVEN-20261105-001"))


def why(content: bytes) -> str:
    with pytest.raises(CollectionFileWrong) as wrong:
        list(parse(in_pieces(content)))
    return wrong.value.because


LINES = st.builds(
    CollectionLine,
    row=st.just(0),
    channel=st.just(SEVEN),
    store=st.text("0123456789", min_size=1, max_size=8),
    store_name=st.text("四維高雄苓雅門市店ABC", min_size=1, max_size=10).map(str.strip),
    slip_number=st.text("0123456789", min_size=14, max_size=14),
    amount_twd=st.integers(1, 999_999_999),
    fee_twd=st.integers(0, 99_999),
    charge_twd=st.integers(0, 99_999),
    paid_at=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(TAIPEI)).map(
        lambda moment: moment.replace(second=0, microsecond=0)
    ),
    reference=st.text("0123456789", min_size=12, max_size=12),
).filter(lambda line: line.net_twd >= 0)


@given(st.lists(LINES, max_size=30), st.integers(1, 500))
def test_a_file_reads_back_as_it_was_written_however_it_is_cut_into_pieces(
    lines: list[CollectionLine], size: int
) -> None:
    numbered = [replace(line, row=row) for row, line in enumerate(lines, 1)]
    file = CollectionFile(in_pieces(as_file(*lines), size))
    assert list(file) == numbered
    assert file.head == HEAD
    assert (file.end.details, file.end.net_twd) == (len(lines), sum(line.net_twd for line in lines))
    assert (file.end.pays_on, file.end.payout_reference) == (date(2026, 11, 6), "7-ELEVEN-20261105-001")


def test_a_record_has_120_bytes_of_cp950() -> None:
    records = as_file(LINE).split(b"\r\n")
    assert [len(record) for record in records] == [RECORD_BYTES] * 3 + [0]
    assert "四維門市".encode("cp950") in records[1] and b"000000600" in records[1]


@pytest.mark.parametrize("at", [1, 60, 121, 122, 123, 200, 243, 244, 300, 365])
def test_a_file_that_is_cut_off_is_refused_whole(at: int) -> None:
    content = as_file(LINE)
    assert len(content) == 366
    assert why(content[:at]) == "truncated"


def test_an_empty_file_is_cut_off_too() -> None:
    assert why(b"") == "truncated"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_another_encoding_is_refused_whole(encoding: str) -> None:
    assert why(as_file(LINE).decode("cp950").encode(encoding)) == "encoding"


def test_bytes_that_are_no_text_are_refused_whole() -> None:
    content = bytearray(as_file(LINE))
    content[130:132] = b"\xff\xff"
    assert why(bytes(content)) == "encoding"


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount_twd", 601), ("fee_twd", 8), ("charge_twd", 6)],
)
def test_totals_that_do_not_add_up_are_refused_whole(field: str, value: int) -> None:
    wrong = as_file(replace(LINE, **{field: value})).split(b"\r\n")[1]
    head, _, end, rest = as_file(LINE).split(b"\r\n")
    assert why(b"\r\n".join((head, wrong, end, rest))) == "totals"


def test_a_count_that_is_wrong_is_refused_whole() -> None:
    head, line, _, rest = as_file(LINE).split(b"\r\n")
    end = as_file(LINE, replace(LINE, amount_twd=1)).split(b"\r\n")[3]
    assert why(b"\r\n".join((head, line, end, rest))) == "totals"


@pytest.mark.parametrize(
    "change",
    [
        lambda h, d, e: (b"9" + h[1:], d, e),
        lambda h, d, e: (h.replace(b"7-ELEVEN", b"NOSTORES"), d, e),
        lambda h, d, e: (h.replace(b"20261105", b"20261305", 1), d, e),
        lambda h, d, e: (d, d, e),
        lambda h, d, e: (h, d[:-1], e),
        lambda h, d, e: (h, d + b" ", e),
        lambda h, d, e: (h, d.replace(b"000001", b"000002", 1), e),
        lambda h, d, e: (h, d.replace(b"000000600", b"-00000600"), e),
        lambda h, d, e: (h, d.replace(b"000000600", b"000000000"), e),
        lambda h, d, e: (h, d.replace(b"202611051830", b"202611051860"), e),
        lambda h, d, e: (h, d[:-1] + b"x", e),
        lambda h, d, e: (h, d, e + b"\r\n" + d),
        lambda h, d, e: (h, d, e + b"\r\n" + e),
        lambda h, d, e: (h, h, d, e),
    ],
)
def test_a_record_of_another_form_is_refused_whole(change: Any) -> None:
    head, line, end, rest = as_file(LINE).split(b"\r\n")
    assert why(b"\r\n".join((*change(head, line, end), rest))) == "form"


def test_a_file_without_line_ends_does_not_fill_the_memory() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"1" * 65_536

    with pytest.raises(CollectionFileWrong):
        list(parse(endless()))


def test_cash_for_a_slip_is_taken_with_the_chains_fee_and_entered_into_its_books(books: SandboxBooks) -> None:
    status, taking = take(books, **segments(1))
    assert status == 201
    assert (taking["amount"], taking["fee"], taking["total"]) == (600, 7, 607)
    assert taking["slip_number"] == slip_numbers.slip_number(1)
    (row,) = books.read("stores/takings", reference=taking["reference"])
    assert (row["channel"], row["charge_twd"], row["file"]) == ("7-eleven", 7, None)


def test_a_parking_fee_costs_nothing_more_at_the_counter(books: SandboxBooks) -> None:
    _, taking = take(books, **segments(1, code="KHP", amount_twd=45))
    assert (taking["amount"], taking["fee"]) == (45, 0)


def test_a_twqr_code_is_paid_in_a_banks_app(books: SandboxBooks) -> None:
    status, taking = take(books, "twqr", payload=payload(1))
    assert (status, taking["amount"], taking["fee"]) == (201, 600, 13)


def test_the_same_slip_is_taken_once_at_a_chain_and_again_at_another(books: SandboxBooks) -> None:
    assert take(books, **segments(1))[0] == 201
    assert take(books, **segments(1))[1]["code"] == "taken_before"
    assert take(books, "family", **segments(1))[0] == 201


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"segment_3": "151100000000600"}, "check_wrong"),
        ({"segment_1": "X"}, "unreadable"),
        ({"channel": "post"}, "channel_unknown"),
        ({"channel": "twqr"}, "wrong_channel"),
        ({"paid_at": "yesterday"}, "paid_at"),
    ],
)
def test_the_till_refuses_what_is_no_slip(books: SandboxBooks, changes: dict[str, str], code: str) -> None:
    form = {**segments(1), **changes}
    status, problem = take(books, form.pop("channel", "7-eleven"), **form)
    assert (status, problem["code"]) == (422, code)
    assert books.read("stores/takings") == []


def test_the_till_refuses_slips_that_are_late_dear_or_of_an_unknown_contract(books: SandboxBooks) -> None:
    assert take(books, **segments(1, pay_by=TODAY - timedelta(days=1)))[1]["code"] == "too_late"
    assert take(books, **segments(1, amount_twd=5_001))[1]["code"] == "amount"
    assert take(books, **segments(1, code="XYZ"))[1]["code"] == "code_unknown"
    assert take(books, **segments(1, amount_twd=5_000))[0] == 201


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": "0" * 16}, "account_unknown"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "too_late"),
        ({"amount_twd": 5_001}, "amount"),
    ],
)
def test_a_banks_app_refuses_codes_that_it_cannot_pay(books: SandboxBooks, changes: dict[str, Any], code: str) -> None:
    assert take(books, "twqr", payload=payload(1, **changes))[1]["code"] == code
    assert take(books, "twqr", payload="https://example.com")[1]["code"] == "unreadable"


def test_the_till_is_a_page_that_says_what_happened(books: SandboxBooks) -> None:
    assert "超商櫃檯" in urllib3.request("GET", f"{books.url}/stores/till").data.decode()
    page = post_form(f"{books.url}/stores/till", channel="ok", **segments(1))
    assert page.status == 200 and "已收款" in page.data.decode() and "NT$607" in page.data.decode()
    again = post_form(f"{books.url}/stores/till", channel="ok", **segments(1))
    assert again.status == 422 and "已在本通路繳過" in again.data.decode()


def test_the_day_closes_into_one_file_for_each_channel_and_the_money_goes_to_the_bank(
    books: SandboxBooks, stores: StoresClient
) -> None:
    take(books, **segments(1))
    take(books, **segments(2, code="KHP", amount_twd=45))
    take(books, "twqr", payload=payload(3))
    names = close(books)
    assert len(names) == 2
    files = {name: CollectionFile([fetched(stores, name)]) for name in names}
    lines = {file.head.channel.key: list(file) for file in files.values()}
    assert [(line.amount_twd, line.fee_twd, line.charge_twd) for line in lines["7-eleven"]] == [(600, 7, 7), (45, 0, 4)]
    assert [(line.amount_twd, line.fee_twd, line.charge_twd) for line in lines["twqr"]] == [(600, 13, 13)]
    paid_out = {entry["reference"]: entry["amount_twd"] for entry in books.read("bank/incoming")}
    assert paid_out == {file.end.payout_reference: file.end.net_twd for file in files.values()}
    assert sorted(paid_out.values()) == [600, 641]
    assert close(books) == []


def test_days_that_have_passed_close_by_themselves_and_today_goes_on(books: SandboxBooks, stores: StoresClient) -> None:
    yesterday = (clock.now() - timedelta(days=1)).isoformat()
    take(books, paid_at=yesterday, **segments(1))
    take(books, **segments(2))
    (offered,) = stores.offered_files()
    assert (offered.channel, offered.business_on) == ("7-eleven", TODAY - timedelta(days=1))
    assert close(books, channel="7-eleven") == [f"7-ELEVEN_{TODAY:%Y%m%d}_001.txt"]


@pytest.mark.parametrize(
    ("mode", "amounts"),
    [("duplicate_line", [600, 600, 45]), ("missing_line", [45]), ("dollar_off", [601, 45])],
)
def test_a_switch_makes_the_file_say_something_else_than_the_till(
    books: SandboxBooks, stores: StoresClient, mode: str, amounts: list[int]
) -> None:
    take(books, **segments(1))
    take(books, **segments(2, code="KHP", amount_twd=45))
    books.set_switch("stores", "closing", mode, count=1, match={"channel": "7-eleven"})
    (name,) = close(books)
    assert [line.amount_twd for line in parse([fetched(stores, name)])] == amounts


def test_a_late_file_is_there_when_its_time_has_come(books: SandboxBooks, stores: StoresClient) -> None:
    take(books, **segments(1))
    books.set_switch("stores", "closing", "late_file", days=2)
    (name,) = close(books)
    assert stores.offered_files() == []
    with pytest.raises(wire.Refused):
        fetched(stores, name)
    (file,) = books.read("stores/files")
    assert file["available_at"] > clock.now().timestamp() + 86_400


def test_a_file_put_out_twice_has_two_names_and_one_content(books: SandboxBooks, stores: StoresClient) -> None:
    take(books, **segments(1))
    books.set_switch("stores", "closing", "file_twice")
    assert len(close(books)) == 2
    first, second = stores.offered_files()
    assert first.name != second.name and first.sha256 == second.sha256


@pytest.mark.parametrize(("mode", "because"), [("truncated_file", "truncated"), ("wrong_encoding", "encoding")])
def test_a_file_spoilt_on_the_way_is_refused_and_right_the_next_time(
    books: SandboxBooks, stores: StoresClient, mode: str, because: str
) -> None:
    take(books, **segments(1))
    (name,) = close(books)
    books.set_switch("stores", "file", mode, count=1)
    assert why(fetched(stores, name)) == because
    assert len(list(parse([fetched(stores, name)]))) == 1


def test_a_file_is_sent_to_nobody_without_the_secret(books: SandboxBooks, stores: StoresClient) -> None:
    stranger = StoresClient(wire.Peer("stores", f"{books.url}/stores", "another secret"))
    with pytest.raises(wire.CallFailed):
        stranger.offered_files()
    assert urllib3.request("GET", f"{books.url}/stores/v1/collection-files").status == 401


@pytest.mark.parametrize("query", ["channel=post", "through=today", "pays_on=2026-02-30"])
def test_a_closing_that_makes_no_sense_is_refused(books: SandboxBooks, query: str) -> None:
    assert urllib3.request("POST", f"{books.url}/stores/closing?{query}").status in (404, 422)
