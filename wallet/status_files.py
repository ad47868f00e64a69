"""The nightly file for a bureau: everything that became of its bills with us on one day, with totals to check it by.

It is made of the same facts as the notices, so a bureau that missed some finds them here. A day's file is the same
bytes whenever it is fetched: it is not given out before everything of the day is written down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from core import db, outbox
from core.clock import TAIPEI, on_the_wire
from core.errors import Conflict
from core.ids import typeid
from core.text import Text
from wallet import bureau_notices
from wallet.feed_profiles import PROFILES
from wallet.rail_names import rail_name

VERSION: Final = "1"
# A request that began before midnight may commit a little after it.
_READY_AFTER: Final = timedelta(minutes=10)
_ROWS_AT_ONCE: Final = 2_000
_STATUS: Final[dict[str, str]] = {
    bureau_notices.PAID: "已繳",
    bureau_notices.WITHDRAWN: "撤銷",
    bureau_notices.RESTORED: "恢復",
    bureau_notices.REFUNDED: "退款",
}


class StatusFileNotReady(Conflict):
    """The day is not over, or something of it is still being written down."""

    slug = "status-file-not-ready"
    title = Text("這一天的檔案還沒有準備好", "The file of this day is not ready yet")
    explanation = Text(
        "當日的資料在隔天凌晨 0 時 10 分以後提供，之後內容不再改變。",
        "A day's file is given out from ten past midnight (Taipei) on, and never changes after that.",
    )


@dataclass(slots=True)
class _Totals:
    lines: int = 0
    twd: dict[str, int] = field(default_factory=lambda: dict.fromkeys(bureau_notices.KINDS, 0))

    def add(self, kind: str, amount_twd: int) -> None:
        self.lines += 1
        self.twd[kind] += amount_twd

    @property
    def net_twd(self) -> int:
        """What we collected for the bureau that day, less what was withdrawn or went back."""
        gained = self.twd[bureau_notices.PAID] + self.twd[bureau_notices.RESTORED]
        return gained - self.twd[bureau_notices.WITHDRAWN] - self.twd[bureau_notices.REFUNDED]


def must_be_ready(session: Session, day: date, now: datetime) -> None:
    """Raises StatusFileNotReady unless the day is over in Taipei and all that happened on it is written down."""
    end = _begin(day) + timedelta(days=1)
    if now < end + _READY_AFTER:
        raise StatusFileNotReady(available_from=on_the_wire(end + _READY_AFTER))
    if outbox.is_any_unsettled(session, kinds=bureau_notices.EVENTS, before=end):
        raise StatusFileNotReady(headers={"Retry-After": "60"})


def status_file(bureau: str, day: date) -> Iterator[bytes]:
    """The file of a day, a piece at a time, in the bureau's own encoding: header, one line for each bill, trailer."""
    encoding = PROFILES[bureau].encoding
    if encoding == "utf-8":
        yield b"\xef\xbb\xbf"
    yield _line(encoding, "H", bureau, day.isoformat(), "MYKH", VERSION)
    totals = _Totals()
    for row in _notices_of(bureau, day):
        lines = []
        for bill in row["body"]["bills"]:
            totals.add(row["kind"], bill["amount"])
            lines.append(_line(encoding, "D", str(totals.lines), *_cells(row, bill)))
        yield b"".join(lines)
    yield _line(
        encoding, "T", str(totals.lines), *(str(totals.twd[kind]) for kind in bureau_notices.KINDS),
        str(totals.net_twd),
    )  # fmt: skip


def _cells(row: dict[str, Any], bill: dict[str, Any]) -> list[str]:
    body = row["body"]
    return [
        _STATUS[row["kind"]],
        row["kind"],
        bill["number"],
        str(bill["amount"]),
        on_the_wire(row["happened_at"]),
        bill.get("paid_at", ""),
        bill.get("bill_status", ""),
        typeid("pay", row["payment_id"]),
        typeid("ntc", row["id"]),
        rail_name(body["rail"]).zh if body.get("rail") else "",
        body.get("final_on") or "",
        body.get("reason") or body.get("how") or "",
    ]


def _notices_of(bureau: str, day: date) -> Iterator[dict[str, Any]]:
    """The day's notices from a cursor at the server: memory does not grow with the file."""
    values = {"bureau": bureau, "begin": _begin(day), "end": _begin(day) + timedelta(days=1)}
    with db.unit_of_work() as session:
        driver: Any = session.connection().connection.driver_connection
        with driver.cursor(name="status_file") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(_OF_DAY, values)
            names = [column.name for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), TAIPEI)


def _line(encoding: str, *cells: str) -> bytes:
    quoted = (cell.replace('"', '""') for cell in cells)
    return (",".join(f'"{cell}"' for cell in quoted) + "\r\n").encode(encoding, "replace")


_OF_DAY = """
    SELECT id, kind, payment_id, body, happened_at FROM wallet.bureau_notice
     WHERE bureau = %(bureau)s AND happened_at >= %(begin)s AND happened_at < %(end)s
     ORDER BY happened_at, id
"""
