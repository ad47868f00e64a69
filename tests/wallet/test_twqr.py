"""The TWQR payload of a bill: one way to write it, no other way read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import TAIPEI
from wallet import twqr
from wallet.twqr import TwqrBill, TwqrWrong

BILL = TwqrBill(
    amount_twd=600,
    due_on=date(2026, 11, 5),
    bank_code="016",
    account="0000900000000001",
    number="68000000000017",
    service_name="高雄市政府",
    expires_at=datetime(2026, 11, 5, 23, 59, 59, tzinfo=TAIPEI),
    memo="交通罰鍰 BX1234567",
    fee_twd=13,
)
WORDS = st.characters(categories=("L", "N", "P", "S"))
BILLS = st.builds(
    TwqrBill,
    amount_twd=st.integers(1, 9_999_999),
    due_on=st.dates(date(1912, 1, 1), date(9999, 12, 31)),
    bank_code=st.text("0123456789", min_size=3, max_size=3),
    account=st.text("0123456789", min_size=16, max_size=16),
    number=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=16),
    service_name=st.text(WORDS, min_size=1, max_size=20),
    expires_at=st.datetimes(datetime(2000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    memo=st.text(WORDS, max_size=19),
    fee_twd=st.integers(0, 9_999_999),
)


def test_a_bill_of_six_hundred_dollars_as_banks_read_it() -> None:
    city = "%E9%AB%98%E9%9B%84%E5%B8%82%E6%94%BF%E5%BA%9C"
    assert BILL.payload == (
        f"TWQRP://{city}/158/03/V1?D1=60000&D4=20261105&D5=016&D6=0000900000000001&D7=68000000000017&D8={city}"
        "&D9=%E4%BA%A4%E9%80%9A%E7%BD%B0%E9%8D%B0%20BX1234567&D10=901&D12=20261105235959&D15=1300"
    )


@given(BILLS)
def test_what_is_written_reads_back_and_is_written_the_same_again(bill: TwqrBill) -> None:
    read = twqr.read(bill.payload)
    assert read == bill
    assert read.payload == bill.payload


def test_without_fee_or_memo_their_fields_are_absent() -> None:
    payload = TwqrBill(
        BILL.amount_twd, BILL.due_on, BILL.bank_code, BILL.account, BILL.number, BILL.service_name, BILL.expires_at
    ).payload
    assert "D9=" not in payload and "D15=" not in payload
    assert twqr.read(payload).fee_twd == 0


PAYLOAD = BILL.payload


@pytest.mark.parametrize(
    "payload",
    [
        "", "TWQRP://", "https://example.com/", PAYLOAD.replace("TWQRP", "twqrp"), PAYLOAD.replace("TWQRP", "TWQR"),
        PAYLOAD.replace("/158/", "/156/"), PAYLOAD.replace("/03/", "/01/"), PAYLOAD.replace("/V1?", "/V2?"),
        PAYLOAD.replace("D1=60000", "D1=605"), PAYLOAD.replace("D1=60000", "D1=60050"),
        PAYLOAD.replace("D1=60000", "D1=060000"), PAYLOAD.replace("D1=60000", "D1=-60000"),
        PAYLOAD.replace("D1=60000", "D1=6e4"), PAYLOAD.replace("D1=60000", "D1=%EF%BC%96%EF%BC%90000"),
        PAYLOAD.replace("D1=60000", "D1=" + "9" * 8 + "00"), PAYLOAD.replace("D1=60000&", ""),
        PAYLOAD.replace("D1=60000", "D1=60000&D1=60000"), PAYLOAD.replace("D1=60000", "D1=60000&D2=1"),
        PAYLOAD.replace("D4=20261105", "D4=20260229"), PAYLOAD.replace("D4=20261105", "D4=1151105"),
        PAYLOAD.replace("D5=016", "D5=16"), PAYLOAD.replace("D6=0000900000000001", "D6=900000000001"),
        PAYLOAD.replace("D7=68000000000017", "D7=68%26D1=100"), PAYLOAD.replace("D10=901", "D10=840"),
        PAYLOAD.replace("D10=901", "D10="), PAYLOAD.replace("D12=20261105235959", "D12=20261105245959"),
        PAYLOAD.replace("D12=20261105235959", "D12=99991231235959 "), PAYLOAD.replace("%20", "+"),
        PAYLOAD.replace("%E9", "%e9"), PAYLOAD.replace("D15=1300", "D15=00"), PAYLOAD + "&", PAYLOAD + "&D99=1",
        PAYLOAD + "#x", PAYLOAD + "\n", f" {PAYLOAD}", PAYLOAD.replace("D9=%E4", "D9=%FF"), PAYLOAD * 10,
        PAYLOAD.replace("&D5=016&D6=0000900000000001", "&D6=0000900000000001&D5=016"),
        PAYLOAD.replace("&D8=%E9%AB%98", "&D8=%E4%BD%8E"),
    ],
)  # fmt: skip
def test_any_other_way_of_writing_is_refused(payload: str) -> None:
    with pytest.raises(TwqrWrong):
        twqr.read(payload)


@given(st.text(max_size=200))
def test_no_text_is_read_by_accident(text: str) -> None:
    with pytest.raises(TwqrWrong):
        twqr.read(text)


@given(BILLS, st.data())
def test_one_character_changed_is_refused_or_read_as_exactly_what_it_says(bill: TwqrBill, data: st.DataObject) -> None:
    payload = bill.payload
    index = data.draw(st.integers(0, len(payload) - 1))
    changed = payload[:index] + data.draw(st.sampled_from("0123456789ADQ%&=/?:+ ")) + payload[index + 1 :]
    try:
        read = twqr.read(changed)
    except TwqrWrong:
        return
    assert read.payload == changed


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_twd": 0}, {"amount_twd": -600}, {"amount_twd": 10_000_000}, {"amount_twd": 600.0}, {"fee_twd": -1},
        {"bank_code": "16"}, {"account": "1"}, {"number": ""}, {"number": "1" * 17}, {"number": "a"},
        {"service_name": ""}, {"service_name": "高" * 21}, {"memo": "m" * 20}, {"memo": " m"}, {"memo": "a\nb"},
        {"expires_at": datetime(2026, 11, 5)}, {"expires_at": datetime(2026, 11, 5, microsecond=1, tzinfo=UTC)},
    ],
)  # fmt: skip
def test_a_bill_that_twqr_cannot_carry_is_not_written(changes: dict[str, Any]) -> None:
    values = {name: getattr(BILL, name) for name in BILL.__slots__}
    with pytest.raises(TwqrWrong):
        TwqrBill(**{**values, **changes})


def test_a_code_lapses_in_taipei_time_whatever_zone_the_moment_was_in() -> None:
    utc = BILL.expires_at.astimezone(UTC)
    assert (
        "D12=20261105235959" in TwqrBill(**{n: getattr(BILL, n) for n in BILL.__slots__} | {"expires_at": utc}).payload
    )
    assert twqr.read(BILL.payload).expires_at - utc == timedelta(0)


def test_the_picture_scales_has_a_quiet_zone_and_a_name() -> None:
    picture = twqr.svg(PAYLOAD, title="台灣Pay <繳費>")
    assert re.match(r'<svg role="img" .*viewBox="0 0 \d+ \d+"', picture)
    assert "<title>台灣Pay &lt;繳費&gt;</title>" in picture
    assert "#fff" in picture and 'width="' not in picture.partition(">")[0]
