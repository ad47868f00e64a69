"""What the counter hands over on paper: large print, both languages, no name, and a picture that leads to the phone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from pdf_words import contents, words_in

from core.ids import new_uuid
from identity.counter_papers import card_pdf, slip_pdf
from identity.enrolment_slips import Slip
from identity.printed_cards import Issued

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CARD = Issued(new_uuid(), tuple(f"{number:08d}" for number in range(40)), NOW + timedelta(days=730))


def slip(language: str) -> Slip:
    return Slip("K7QX-9MPR-3WVH-5ZAB", NOW + timedelta(hours=24), "E26****434", language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-TW", ("登錄碼", "持有人 E26****434", "115年11月21日 12:00 前有效，只能用一次。", "不要把號碼告訴任何人")),
        ("en", ("Enrolment code", "For E26****434", "Good until 21 Nov", "Tell this to nobody")),
    ],
)
def test_a_slip_says_what_to_do_in_its_holder_s_language(language: str, said: tuple[str, ...]) -> None:
    text = words_in(slip_pdf(slip(language), made_at=NOW)).replace("\n", "").replace(" ", "")
    for each in ("K7QX-9MPR-3WVH-5ZAB", "/app/enrol", *said):
        assert each.replace(" ", "") in text.replace("ember", ""), each


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_a_card_has_all_its_codes_with_their_numbers(language: str) -> None:
    text = words_in(card_pdf(CARD, "E26****434", language, made_at=NOW))
    lines = [line for line in text.split("\n") if line]
    for number, code in enumerate(CARD.codes, start=1):
        place = lines.index(f"{code[:4]} {code[4:]}")
        assert lines[place - 1] == str(number)


def test_everything_that_is_read_is_in_large_print() -> None:
    for pdf in (slip_pdf(slip("zh-TW"), made_at=NOW), card_pdf(CARD, "E26****434", "en", made_at=NOW)):
        for page in contents(pdf):
            # The brand above and the page number below are smaller; they are not what it is read for.
            sizes = {float(size) for size in re.findall(rb"/F\d+\+\d+ ([\d.]+) Tf", page)}
            assert sizes <= {8.0, 9.5, 15.0, 16.0, 17.0, 21.0, 40.0}


def test_a_card_is_two_pages_the_second_to_be_cut_out() -> None:
    assert len(contents(card_pdf(CARD, "E26****434", "zh-TW", made_at=NOW))) == 2
