"""The PDF receipt: complete, the same every time, self-contained, and unafraid of any name."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pdf_words import contents, words_in

from core.fonts import run_of, width, wrapped
from wallet.receipt_pdf import Receipt, ReceiptLine, receipt_pdf

RECEIPT = Receipt(
    number="MK-20261105-000123",
    payment_id="pay_01jd3x8k2mfm7v8w9y0z1a2b3c",
    paid_at=datetime(2026, 11, 5, 6, 3, 22, tzinfo=UTC),
    payer_masked="A12****789",
    lines=(
        ReceiptLine("fine", "BZC123456", "違規停車，新興區中山一路與民生路口", 600),
        ReceiptLine("parking", "KH11510010001234", "ABC-1235 前金區成功一路 10月2日 09:00–11:00", 60),
    ),
    fee_twd=5,
    total_twd=665,
    rail_name="高雄銀行",
    account_masked="***1234",
    verify_url="https://kaohsiung.example/verify/3q2u8Jb0VtZ0x8mYk3n4Qw",
)


def test_the_same_receipt_gives_the_same_bytes_from_any_thread() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: receipt_pdf(RECEIPT, "zh-TW"), range(24)))
    assert len(made) == 1


def test_it_names_its_language_title_and_moment_for_screen_readers() -> None:
    chinese, english = receipt_pdf(RECEIPT, "zh-TW"), receipt_pdf(RECEIPT, "en")
    assert b"/Lang (zh-TW)" in chinese
    assert b"/Lang (en)" in english
    assert b"/Title (Payment receipt MK-20261105-000123)" in english
    assert b"/DisplayDocTitle true" in english
    assert b"D:20261105140322+08'00'" in english


def test_every_typeface_is_inside_the_file() -> None:
    pdf = receipt_pdf(RECEIPT, "zh-TW")
    named = set(re.findall(rb"/BaseFont /([^\s/]+)", pdf))
    assert {name.split(b"+")[1] for name in named} == {b"DroidSansFallback", b"OpenSans", b"OpenSans-Semibold"}
    assert pdf.count(b"/FontFile2") == 3
    assert len(pdf) < 100_000


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh-TW",
            ["繳費收據", "115年11月5日 14:03:22", "交通罰鍰", "停車費", "手續費", "違規停車，新興區中山一路與民生路口"],
        ),
        ("en", ["Payment receipt", "5 November 2026, 14:03:22 (Taipei)", "Traffic fine", "Parking fee", "Service fee"]),
    ],
)
def test_its_words_can_be_read_back_and_copied(language: str, words: list[str]) -> None:
    pdf = receipt_pdf(RECEIPT, language)  # type: ignore[arg-type]
    text = words_in(pdf)
    always = ["NT$665", RECEIPT.number, RECEIPT.payer_masked, "BZC123456", RECEIPT.verify_url, "***1234"]
    for expected in [*words, *always]:
        assert expected in text


def test_the_code_is_drawn_not_a_picture_and_leads_to_the_verifying_page() -> None:
    pdf = receipt_pdf(RECEIPT, "zh-TW")
    assert b"/Subtype /Image" not in pdf
    assert f"/URI ({RECEIPT.verify_url})".encode() in pdf
    assert contents(pdf)[0].count(b" re") > 150


def test_characters_that_no_typeface_draws_do_not_break_it() -> None:
    strange = replace(
        RECEIPT,
        payer_masked="𡒟堃 Nguyễn José \u0000\u202e😀\ud800",
        lines=(ReceiptLine("fine", "BZC1", "😀" * 300 + "𠮷" * 20, 600),),
    )
    assert receipt_pdf(strange, "zh-TW").startswith(b"%PDF-1.7")
    assert [run for _, run in run_of("王堃𡒟A")] == ["王堃〓", "A"]


def test_many_bills_go_on_to_more_pages() -> None:
    many = replace(RECEIPT, lines=RECEIPT.lines * 40)
    pages = receipt_pdf(many, "en")
    assert len(contents(pages)) == 5
    assert words_in(pages).count("BZC123456") == 40
    assert "Page 5" in words_in(pages)


def test_lines_stay_within_their_room_and_do_not_begin_with_a_comma() -> None:
    text = "違規停車，道路交通管理處罰條例第五十六條第一項，" * 6 + "averyveryverylongwordwithoutanyspace" * 5
    for room in (40, 90, 200):
        lines = wrapped(text, 10, room)
        assert all(width(line, 10) <= room for line in lines)
        assert "".join(lines).replace(" ", "") == text
        assert not any(line.startswith("，") for line in lines if room > 40)
