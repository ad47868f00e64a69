"""Whole files: what every line becomes, what refuses a file, and that memory stays flat."""

import gzip
import io
import itertools
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from feed_files import FILE_NAMES, SAMPLES, TODAY, as_expected, corrected, expectations, feed, generate, in_chunks

from wallet import feed_problems
from wallet.feed_lines import Line, read_lines
from wallet.feed_profiles import PROFILES

SOURCES = tuple(PROFILES)
MEBIBYTE = 1 << 20


def read(source: str, content: bytes, chunk_size: int = 65_536) -> list[Line]:
    return list(read_lines(in_chunks(content, chunk_size), PROFILES[source], today=TODAY))


def fates(lines: Iterable[Line]) -> list[str]:
    return [line.refusal.reason if line.refusal else "accepted" for line in lines]


def assert_every_line_is_as_the_oracle_says(source: str, folder: Path) -> int:
    profile, file = PROFILES[source], folder / FILE_NAMES[source]
    earlier: dict[tuple[str, ...], object] = {}
    numbers: set[str] = set()
    with open(file, "rb") as opened:
        lines = read_lines(iter(lambda: opened.read(65_536), b""), profile, today=TODAY)
        for line, expected in itertools.zip_longest(lines, expectations(file)):
            assert as_expected(line, profile, earlier) == corrected(expected, numbers, source=source)
    return line.row


@pytest.mark.parametrize("source", SOURCES)
def test_every_line_of_the_samples_becomes_what_the_oracle_says(source: str) -> None:
    assert_every_line_is_as_the_oracle_says(source, SAMPLES)


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_every_line_of_other_seeds_becomes_what_the_oracle_says(seed: int, samples_dir: Path, tmp_path: Path) -> None:
    generate(samples_dir, tmp_path, seed=seed, rows=1_000)
    for source in SOURCES:
        assert_every_line_is_as_the_oracle_says(source, tmp_path)


_READ_AND_WEIGH = """
import resource, sys
from datetime import date
from wallet.feed_lines import read_lines
from wallet.feed_profiles import PROFILES

with open(sys.argv[2], "rb") as file:
    chunks = iter(lambda: file.read(65_536), b"")
    print(sum(1 for _ in read_lines(chunks, PROFILES[sys.argv[1]], today=date(2026, 11, 19))))
try:
    with open("/proc/self/status") as status:
        print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
except FileNotFoundError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def rows_and_peak_kib(source: str, file: Path) -> tuple[int, int]:
    """Read the file in a process of its own; how many rows it has, and the most memory that took."""
    done = subprocess.run(
        [sys.executable, "-c", _READ_AND_WEIGH, source, file], check=True, capture_output=True, text=True, timeout=240
    )
    rows, peak = done.stdout.split()
    return int(rows), int(peak)


def test_a_file_of_a_hundred_thousand_lines_is_read_in_constant_memory(samples_dir: Path, tmp_path: Path) -> None:
    generate(samples_dir, tmp_path, seed=6, rows=100_000)
    for source in SOURCES:
        assert_every_line_is_as_the_oracle_says(source, tmp_path)
        _, few_kib = rows_and_peak_kib(source, SAMPLES / FILE_NAMES[source])
        rows, many_kib = rows_and_peak_kib(source, tmp_path / FILE_NAMES[source])
        assert rows >= 5_000
        assert many_kib - few_kib < 12 * 1024


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("chunk_size", [1, 7, 1000])
def test_how_a_file_is_cut_into_chunks_makes_no_difference(source: str, chunk_size: int) -> None:
    content = (SAMPLES / FILE_NAMES[source]).read_bytes()
    assert read(source, content, chunk_size) == read(source, content)


def test_the_raw_line_is_kept_as_the_bureau_wrote_it() -> None:
    content = feed("parking", {"應繳金額": "-40", "路段": "功許蓋路"})
    (line,) = read("parking", content)
    assert line.raw == content.split(b"\r\n")[1]
    assert line.row == 1


def test_columns_may_come_in_any_order_and_end_with_line_feeds_only() -> None:
    names = list(reversed(PROFILES["paid-elsewhere"].headers))
    content = ",".join(names) + "\n" + "481647525949,202611191400,600,全家,BGA457353\n"
    (line,) = read("paid-elsewhere", content.encode())
    assert line.record is not None
    assert line.record["number"] == "BGA457353"


def test_blank_lines_are_no_records() -> None:
    content = feed("paid-elsewhere", {}, {"通路交易序號": "1"}).replace(b"\r\n", b"\r\n\r\n")
    assert [line.row for line in read("paid-elsewhere", content)] == [1, 2]


def test_a_file_with_a_header_alone_has_no_records() -> None:
    assert read("parking", feed("parking")) == []


def test_a_line_with_too_few_or_too_many_cells_costs_itself_alone() -> None:
    content = feed("fines", {}, {}, {})
    head, first, second, third, _ = content.split(b"\r\n")
    lines = read("fines", b"\r\n".join([head, first.rsplit(b",", 2)[0], second + b",more", third, b""]))
    assert fates(lines) == ["columns_missing", "columns_extra", "accepted"]
    assert [line.refusal.field for line in lines if line.refusal] == ["PAYABLE_BY_AGENT", "STATUS"]


def test_an_undecodable_line_costs_itself_alone() -> None:
    content = feed("parking", {}, {"路段": "??"}, {}).replace(b"??", b"\xff\xff")
    lines = read("parking", content)
    assert fates(lines) == ["accepted", "encoding_invalid", "accepted"]
    assert lines[1].refusal is not None
    assert lines[1].refusal.field == "路段"
    assert b"\xff\xff" in lines[1].raw


def test_a_stray_quote_costs_its_own_line_alone() -> None:
    content = feed("fines", {}, {"PLACE": "STRAY"}, *([{}] * 200), {"PLACE": "岡山路\n往北"})
    lines = read("fines", content.replace(b"STRAY", b'"' + "岡山路".encode()))
    assert fates(lines) == ["accepted", "quote_unclosed", *["accepted"] * 201]
    assert lines[1].refusal is not None
    assert lines[1].refusal.field == "PLACE"
    assert lines[-1].record is not None
    assert lines[-1].record["place"] == "岡山路\n往北"


def test_a_stray_quote_in_the_last_lines_costs_its_own_line_alone() -> None:
    content = feed("fines", {}, {"PLACE": "STRAY"}, {}).replace(b"STRAY", b'"oops')
    assert fates(read("fines", content)) == ["accepted", "quote_unclosed", "accepted"]


def test_a_quote_inside_an_unquoted_cell_is_a_character() -> None:
    content = feed("fines", {"PLACE": "STRAY"}, {}).replace(b"STRAY", '5"水管'.encode())
    lines = read("fines", content)
    assert fates(lines) == ["accepted", "accepted"]
    assert lines[0].record is not None
    assert lines[0].record["place"] == '5"水管'


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("parking.csv", b"0" * (64 * MEBIBYTE))
    return buffer.getvalue()


GOOD = feed("parking", {}, {})
GOOD_FINES = feed("fines", {}, {})


@pytest.mark.parametrize(
    ("source", "content", "problem"),
    [
        pytest.param("parking", b"", feed_problems.FeedHeaderUnknown, id="empty"),
        pytest.param("parking", b"\r\n", feed_problems.FeedHeaderUnknown, id="an empty line"),
        pytest.param("parking", gzip.compress(GOOD), feed_problems.FeedCompressed, id="gzip"),
        pytest.param("parking", _zip_bomb(), feed_problems.FeedCompressed, id="zip bomb"),
        pytest.param("parking", b"PK\x03\x04", feed_problems.FeedCompressed, id="four bytes of zip"),
        pytest.param("parking", b"\x89PNG\r\n\x1a\n" + bytes(100), feed_problems.FeedNotText, id="picture"),
        pytest.param("parking", GOOD.replace(b"40", b"4\0"), feed_problems.FeedNotText, id="NUL"),
        pytest.param("parking", b"%PDF-1.7\n1 0 obj\n", feed_problems.FeedHeaderUnknown, id="PDF"),
        pytest.param("parking", b'{"bills": []}\n', feed_problems.FeedHeaderUnknown, id="JSON"),
        pytest.param("parking", b'"never closed\n', feed_problems.FeedHeaderUnknown, id="open quote in the header"),
        pytest.param("parking", GOOD_FINES, feed_problems.FeedHeaderUnknown, id="another source"),
        pytest.param("parking", GOOD.replace(b",", b";"), feed_problems.FeedHeaderUnknown, id="semicolons"),
        pytest.param("parking", GOOD.split(b"\r\n", 1)[1], feed_problems.FeedHeaderUnknown, id="no header"),
        pytest.param("parking", GOOD.decode("cp950").encode(), feed_problems.FeedEncodingWrong, id="UTF-8 for CP950"),
        pytest.param("parking", GOOD.decode("cp950").encode("utf-8-sig"), feed_problems.FeedEncodingWrong, id="BOM"),
        pytest.param("parking", GOOD.decode("cp950").encode("utf-16"), feed_problems.FeedEncodingWrong, id="UTF-16"),
        pytest.param(
            "paid-elsewhere",
            feed("paid-elsewhere", {}, encoding="cp950"),
            feed_problems.FeedEncodingWrong,
            id="CP950 for UTF-8",
        ),
        pytest.param(
            "fines",
            feed("fines", *[{}] * 11, encoding="cp950"),
            feed_problems.FeedEncodingWrong,
            id="ASCII header, lines in CP950",
        ),
        pytest.param("parking", GOOD[:-2], feed_problems.FeedTruncated, id="no line end"),
        pytest.param("parking", GOOD[:-20], feed_problems.FeedTruncated, id="cut in a line"),
        pytest.param(
            "fines", feed("fines", {}, {"PLACE": "a\nb"})[:-60], feed_problems.FeedTruncated, id="cut after quotes"
        ),
        pytest.param(
            "fines",
            feed("fines", {}, {"PLACE": "a\nb"}).split(b"\nb")[0] + b"\n",
            feed_problems.FeedTruncated,
            id="cut in quotes",
        ),
        pytest.param("parking", GOOD + b"x" * 65_537 + b"\n", feed_problems.FeedRecordTooLong, id="a long line"),
    ],
)
def test_a_file_that_is_not_what_was_agreed_is_refused_with_one_problem(
    source: str, content: bytes, problem: type[feed_problems.FeedRefused]
) -> None:
    for chunk_size in (3, 65_536):
        with pytest.raises(problem):
            read(source, content, chunk_size)


def test_a_gibibyte_of_one_line_is_refused_before_the_second_chunk_is_asked_for() -> None:
    asked = 0

    def one_line() -> Iterator[bytes]:
        nonlocal asked
        for _ in range(1024):
            asked += 1
            yield b"1" * MEBIBYTE

    with pytest.raises(feed_problems.FeedRecordTooLong):
        list(read_lines(one_line(), PROFILES["parking"], today=TODAY))
    assert asked == 1


def test_a_gibibyte_of_one_line_after_good_lines_is_refused_in_flat_memory() -> None:
    def lines() -> Iterator[bytes]:
        yield GOOD
        yield from itertools.repeat(b"\xa4\xa4" * 32_768, 16_384)

    tracemalloc.start()
    try:
        with pytest.raises(feed_problems.FeedRecordTooLong):
            for _ in read_lines(lines(), PROFILES["parking"], today=TODAY):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MEBIBYTE


def test_an_open_quote_before_a_gibibyte_of_lines_is_given_up_after_a_hundred_lines() -> None:
    content = feed("fines", {"PLACE": "STRAY"}, *[{}] * 1_000).replace(b"STRAY", b'"')
    assert fates(read("fines", content)) == ["quote_unclosed", *["accepted"] * 1_000]


def test_a_file_in_another_encoding_is_refused_early() -> None:
    asked = 0

    def lines() -> Iterator[bytes]:
        nonlocal asked
        content = feed("fines", *[{}] * 2_000, encoding="cp950")
        yield content
        for _ in range(100):
            asked += 1
            yield content.split(b"\r\n", 1)[1]

    with pytest.raises(feed_problems.FeedEncodingWrong):
        list(read_lines(lines(), PROFILES["fines"], today=TODAY))
    assert asked == 0


def test_a_few_undecodable_lines_among_many_do_not_refuse_the_file() -> None:
    content = feed("parking", *[{}] * 400, *[{"路段": "??"}] * 15).replace(b"??", b"\xff\xff")
    assert fates(read("parking", content)).count("accepted") == 400


def test_the_columns_that_are_missing_are_named_but_nothing_of_the_file_is_quoted() -> None:
    with pytest.raises(feed_problems.FeedHeaderUnknown) as refused:
        read("fines", b"NOTICE_NO,PLATE,A123456789\n")
    assert refused.value.detail is not None
    assert "OWNER_ID" in refused.value.detail.en
    assert "A123456789" not in refused.value.detail.en
