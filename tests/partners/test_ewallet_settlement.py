"""Wallets' settlement files: read exactly as they are, or refused whole with the one thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.ewallets.settlement import SettlementLine, SettlementRefused, read_settlement, write_settlement

DAY, MOMENT = date(2026, 11, 21), datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)


def line(reference: str = "pay_1", amount_twd: int = 600, fee_twd: int = 12) -> SettlementLine:
    return SettlementLine("PAYMENT", f"txn_{reference}", reference, reference, amount_twd, fee_twd, MOMENT)


REFUND = SettlementLine("REFUND", "rfd_1", "ref_1", "pay_1", 100, 0, MOMENT)
GOOD = write_settlement("jkopay", DAY, [line(), REFUND])


def test_what_is_written_is_read() -> None:
    file = read_settlement(GOOD)
    assert (file.wallet, file.day, file.lines) == ("jkopay", DAY, (line(), REFUND))
    assert (file.paid_twd, file.refunded_twd, file.fees_twd, file.payout_twd) == (600, 100, 12, 488)
    assert b"600.00" in GOOD


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**6), st.booleans()), max_size=20))
def test_every_amount_survives_the_way_and_the_payout_ties(rows: list[tuple[int, int, bool]]) -> None:
    lines = [
        SettlementLine("REFUND" if back else "PAYMENT", f"t{n}", f"r{n}", f"p{n}", amount, fee, MOMENT)
        for n, (amount, fee, back) in enumerate(rows)
    ]
    file = read_settlement(write_settlement("line_pay", DAY, lines))
    assert file.lines == tuple(lines)
    assert file.payout_twd == sum(fee - amount if back else amount - fee for amount, fee, back in rows)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda c: b"", "no_trailer"),
        (lambda c: c[:-1], "no_trailer"),
        (lambda c: c[: c.index(b"TRAILER")], "no_trailer"),
        (lambda c: c[c.index(b"type") :], "no_header"),
        (lambda c: c + b"PAYMENT,t,r,p,1.00,0.00,2026-11-21T00:00:00+08:00\r\n", "after_trailer"),
        (lambda c: b"\xef\xbb\xbf" + c, "no_header"),
        (lambda c: c[:-2] + "檔".encode("cp950") + b"\r\n", "encoding"),
        (lambda c: c.decode().encode("utf-16"), "encoding"),
        (lambda c: c.replace(b"TWD", b"USD"), "field"),
        (lambda c: c.replace(b"2026-11-21,TWD", b"2026-02-30,TWD"), "field"),
        (lambda c: c.replace(b"PAYMENT,", b"PAYMENTS,"), "field"),
        (lambda c: c.replace(b"pay_1,pay_1,600.00", b"pay_1,,600.00"), "field"),
        (lambda c: c.replace(b",600.00,12.00", b",600.01,12.00"), "field"),
        (lambda c: c.replace(b",600.00,12.00", ",６００.00,12.00".encode()), "field"),
        (lambda c: c.replace(b",600.00,12.00", b",-600.00,12.00"), "field"),
        (lambda c: c.replace(b",600.00,12.00", b",6e2,12.00"), "field"),
        (lambda c: c.replace(b",600.00,12.00", b",601.00,12.00"), "total"),
        (lambda c: c.replace(b"+00:00\r\n", b"\r\n", 1), "field"),
        (lambda c: c.replace(b"TRAILER,2", b"TRAILER,3"), "count"),
        (lambda c: c.replace(b"488.00", b"489.00"), "total"),
        (lambda c: c.replace(b",488.00", b""), "field"),
    ],
)
def test_a_file_that_is_not_as_it_has_to_be_is_refused_whole(change: Callable[[bytes], bytes], wrong: str) -> None:
    with pytest.raises(SettlementRefused) as refused:
        read_settlement(change(GOOD))
    assert refused.value.wrong == wrong


@given(st.binary(max_size=400))
def test_no_bytes_are_read_as_something_they_are_not(content: bytes) -> None:
    with pytest.raises(SettlementRefused):
        read_settlement(content)
