"""A day's totals, on the wire and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from core.ids import typeid
from core.text import Language, Text
from points.till.listed import DayTotal

_COLUMNS: Final = (
    Text("日期", "Day"),
    Text("收銀機", "Till"),
    Text("員工", "Staff"),
    Text("完成筆數", "Done"),
    Text("完成點數", "Points done"),
    Text("取消筆數", "Voided"),
    Text("取消點數", "Points voided"),
    Text("退點筆數", "Refunds"),
    Text("退點點數", "Points refunded"),
    Text("等待中筆數", "Waiting"),
    Text("等待中點數", "Points waiting"),
    Text("淨點數（NT$）", "Net points (NT$)"),
)
_AT_THE_COUNTER = Text("櫃檯 QR", "Shop QR")


def shown(row: DayTotal) -> dict[str, Any]:
    """One till's and staff member's line."""
    return {
        "till": {"id": typeid("til", row.till_id), "name": row.till_name} if row.till_id else None,
        "staff": {"id": typeid("stf", row.staff_id), "name": row.staff_name} if row.staff_id else None,
        "done": row.done,
        "done_points": row.done_points,
        "voided": row.voided,
        "voided_points": row.voided_points,
        "refunds": row.refunds,
        "refunded_points": row.refunded_points,
        "waiting": row.waiting,
        "waiting_points": row.waiting_points,
        "net_points": row.net_points,
    }


def csv_of(day: date, rows: Sequence[DayTotal], language: Language) -> bytes:
    """The lines and their sum, RFC 4180 in UTF-8 with the mark by which a spreadsheet knows it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.in_language(language) for column in _COLUMNS])
    for row in rows:
        name = row.till_name if row.till_id else _AT_THE_COUNTER.in_language(language)
        writer.writerow([day.isoformat(), _plain(name), _plain(row.staff_name), *_numbers(row)])
    sums = [sum(column) for column in zip(*(_numbers(row) for row in rows), strict=True)] or [0] * 9
    writer.writerow([day.isoformat(), "", "", *sums])
    return ("\ufeff" + out.getvalue()).encode()


def _numbers(row: DayTotal) -> tuple[int, ...]:
    return (
        row.done, row.done_points, row.voided, row.voided_points, row.refunds, row.refunded_points, row.waiting,
        row.waiting_points, row.net_points,
    )  # fmt: skip


def _plain(name: str) -> str:
    # A spreadsheet must not take a name for a formula (CWE-1236).
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
