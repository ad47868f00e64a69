"""Bureau files for tests: samples, other seeds from the generator, single lines by hand, and what each must become."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from core import taiwan
from wallet.feed_lines import Line
from wallet.feed_profiles import PROFILES, Profile

SAMPLES = Path(__file__).parent / "wallet" / "feeds"
TODAY = date(2026, 11, 19)
FILE_NAMES = {"parking": "parking.csv", "fines": "fines.csv", "paid-elsewhere": "paid_elsewhere.csv"}

PARKING_LINE = {
    "單號": "3326266985532151", "車號": "KK-9786", "車種": "汽車", "停車日期": "1151027", "停車時間": "15:56", "路段": "臨海二路",
    "行政區": "鼓山區", "費率說明": "計時", "應繳金額": "40", "繳費期限": "1151110", "狀態": "未繳",
}  # fmt: skip
FINES_LINE = {
    "NOTICE_NO": "BFG614086", "PLATE": "0822-QF", "OWNER_ID": "A175863492", "SEX": "男", "VIOLATED_AT": "2026-10-30 08:33",
    "PLACE": "岡山區岡山路", "LAW_CODE": "4800101", "LAW_TEXT": "未依規定轉彎", "DUE_DATE": "1151214", "AMOUNT": "600",
    "PAYABLE_BY_AGENT": "Y", "STATUS": "未結",
}  # fmt: skip
PAID_ELSEWHERE_LINE = {
    "帳單編號": "BGA457353", "繳費通路": "全家", "金額": "600", "繳費時間": "202611191400", "通路交易序號": "481647525949",
}  # fmt: skip
GOOD_LINES = {"parking": PARKING_LINE, "fines": FINES_LINE, "paid-elsewhere": PAID_ELSEWHERE_LINE}


def feed(source: str, *lines: dict[str, str], encoding: str | None = None) -> bytes:
    """A file of that source: each line is a good one with the given cells changed."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(GOOD_LINES[source]), lineterminator="\r\n")
    writer.writeheader()
    for changes in lines:
        writer.writerow({**GOOD_LINES[source], **changes})
    return buffer.getvalue().encode(encoding or PROFILES[source].encoding)


def in_chunks(content: bytes, size: int = 65_536) -> Iterator[bytes]:
    """The content as it would arrive, `size` bytes at a time."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


def generate(samples_dir: Path, folder: Path, *, seed: int, rows: int) -> Path:
    """Files of another seed, made by the samples' own generator; answers their folder."""
    program = samples_dir / "feeds" / "make_feeds.py"
    subprocess.run(
        [sys.executable, program, "--seed", str(seed), "--rows", str(rows), "--out", folder], check=True, timeout=240
    )
    return folder


def expectations(file: Path) -> Iterator[dict[str, Any]]:
    """The oracle of a generated file, a line at a time."""
    with open(f"{file}.expected.jsonl", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def as_expected(line: Line, profile: Profile, earlier: dict[tuple[str, ...], Any]) -> dict[str, Any]:
    """One line read, in the oracle's form. `earlier` remembers what was accepted, by key."""
    if line.refusal is not None:
        return {"row": line.row, "refused": {"field": line.refusal.field, "reason": line.refusal.reason}}
    assert line.record is not None
    key = tuple(line.record[field] for field in profile.key)
    before = earlier.setdefault(key, line.record)
    if before is line.record:
        return {"row": line.row, "bill": {k: v for k, v in line.record.items() if k != "channel_reference"}}
    reason = "duplicate_ignored" if before == line.record else "conflicts_with_earlier_line"
    return {"row": line.row, "refused": {"field": profile.key_header, "reason": reason}}


def corrected(expected: dict[str, Any], numbers: set[str], *, source: str) -> dict[str, Any]:
    """The oracle's line where the generator cannot know better. `numbers` remembers the notices accepted so far.

    Two notices may draw the same number by chance, and then the rule for lines of the same number holds. A fines file
    names no kind of vehicle, so a car that drew a motorcycle's plate (M..-1234) is read as what its plate says.
    """
    if source != "fines" or "bill" not in expected:
        return expected
    bill = expected["bill"]
    if bill["number"] in numbers:
        refusal = {"field": PROFILES[source].key_header, "reason": "conflicts_with_earlier_line"}
        return {"row": expected["row"], "refused": refusal}
    numbers.add(bill["number"])
    return {"row": expected["row"], "bill": {**bill, "vehicle": taiwan.plate_vehicle(bill["plate"])}}
