"""Refused lines as a file for a bureau's own programs: its encoding, its bytes, and no cell that runs as a formula."""

from collections.abc import Iterable, Iterator

from core import db
from wallet.bill_batches import Batch, RefusedLine, refusals_of
from wallet.feed_profiles import PROFILES, Profile

HEADER = ("row", "field", "reason", "raw")
# What spreadsheets take for the beginning of a formula (OWASP, CSV Injection), full-width forms too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
CHARSETS = {"cp950": "big5", "utf-8": "utf-8"}


_PAGE_LINES = 1_000


def refusals_file(batch: Batch) -> Iterator[bytes]:
    """All refused lines of a batch, a page at a time, each page in a unit of work of its own."""
    return refusals_csv(_every_refusal(batch), PROFILES[batch.source])


def refusals_csv(lines: Iterable[RefusedLine], profile: Profile) -> Iterator[bytes]:
    """The file, a piece at a time: the bytes of a raw line are given back as they came, decodable or not."""
    if profile.encoding == "utf-8":
        yield b"\xef\xbb\xbf"
    yield _record(*(name.encode() for name in HEADER))
    for line in lines:
        yield _record(
            str(line.row).encode(), line.field.encode(profile.encoding), line.reason.encode(),
            harmless(line.raw, profile.encoding),
        )  # fmt: skip


def harmless(cell: bytes, encoding: str) -> bytes:
    """A cell with an apostrophe before it if a spreadsheet would take it for a formula."""
    # Three bytes hold the first character in either encoding.
    return b"'" + cell if cell[:3].decode(encoding, "replace").startswith(FORMULA_STARTS) else cell


def _every_refusal(batch: Batch) -> Iterator[RefusedLine]:
    after_row = 0
    while True:
        with db.unit_of_work() as session:
            lines = refusals_of(session, batch.id, after_row=after_row, limit=_PAGE_LINES)
        yield from lines
        if len(lines) < _PAGE_LINES:
            return
        after_row = lines[-1].row


def _record(*cells: bytes) -> bytes:
    return b",".join(b'"' + cell.replace(b'"', b'""') + b'"' for cell in cells) + b"\r\n"
