"""What was redeemed at a merchant, line by line, and what it was settled to: to read, and for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import on_the_wire
from core.errors import FieldError, InvalidRequest, NotFound
from core.ids import typeid
from core.text import Language, Text
from points.merchants import paid

LONGEST: Final = timedelta(days=92)
_COLUMNS: Final = (
    Text("日期", "Day"),
    Text("時間", "Time"),
    Text("種類", "Kind"),
    Text("分店", "Branch"),
    Text("收銀機", "Till"),
    Text("員工", "Staff"),
    Text("優惠", "Offer"),
    Text("點數", "Points"),
    Text("NT$", "NT$"),
    Text("編號", "Number"),
    Text("結算", "Settlement"),
)
_KINDS: Final = {
    "redemption": Text("使用點數", "Redeemed"),
    "refund": Text("退點", "Refunded"),
    "void": Text("取消", "Voided"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One redemption, refund or void; `points` below zero where they went back to the customer."""

    id: UUID
    kind: str
    redemption_id: UUID
    at: datetime
    day: date
    branch: str
    till: str
    staff: str
    offer: Text | None
    points: int
    settlement_id: UUID | None


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to, in points: one is worth NT$1."""

    day: date
    redeemed: int
    given_back: int
    redemptions: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """A week's settlement. `account` is masked, `reason` the bank's word where it did not pay."""

    id: UUID
    merchant_id: UUID
    merchant: str
    until: date
    redeemed_points: int
    refunded_points: int
    redemptions: int
    refunds: int
    carried_twd: int
    amount_twd: int
    carried_on_twd: int
    status: str
    reason: str
    settled_at: datetime
    paid_on: date | None
    account: str | None

    @property
    def first_day(self) -> date:
        return self.until - timedelta(days=7)

    @property
    def last_day(self) -> date:
        return self.until - timedelta(days=1)


def checked(first: date, last: date) -> tuple[date, date]:
    """A span of days. Raises InvalidRequest where it ends before it begins, or is longer than a quarter."""
    if not first <= last <= first + LONGEST:
        raise InvalidRequest(errors=[FieldError("to", f"is on or after `from`, at most {LONGEST.days} days later")])
    return first, last


def days(session: Session, merchant_id: UUID, first: date, last: date) -> list[Day]:
    """The days on which anything happened."""
    rows = session.execute(_DAYS, {"merchant_id": merchant_id, "first": first, "last": last})
    return [Day(*row) for row in rows]


def lines(
    session: Session,
    merchant_id: UUID,
    first: date,
    last: date,
    *,
    limit: int | None,
    after: tuple[datetime, UUID] | None = None,
) -> list[Line]:
    """The lines in the order in which they happened; `after` continues a list."""
    at, line_id = after or (None, None)
    rows = session.execute(
        _LINES,
        {"merchant_id": merchant_id, "first": first, "last": last, "limit": limit, "at": at, "id": line_id},
    )
    return [
        Line(row.id, row.kind, row.redemption_id, row.at, row.day, row.branch, row.till or "", row.staff or "",
             Text(row.offer_zh, row.offer_en) if row.offer_zh else None, row.points, row.settlement_id)
        for row in rows
    ]  # fmt: skip


def csv_of(written: list[Line], language: Language) -> bytes:
    """The lines and their sum, RFC 4180 in UTF-8 with the mark by which a spreadsheet knows it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.in_language(language) for column in _COLUMNS])
    writer.writerows(_rows(written, language))
    total = sum(line.points for line in written)
    writer.writerow(["", "", Text("合計", "Total").in_language(language), "", "", "", "", total, total, "", ""])
    return ("\ufeff" + out.getvalue()).encode()


def settlements(
    session: Session,
    *,
    merchant_id: UUID | None = None,
    status: str | None = None,
    limit: int,
    after: tuple[date, UUID] | None,
) -> list[Settlement]:
    """Settlements, the newest first, of one merchant or of all."""
    until, settlement_id = after or (None, None)
    rows = session.execute(
        _SETTLEMENTS,
        {
            "merchant_id": merchant_id,
            "status": status,
            "limit": limit,
            "until": until,
            "id": settlement_id,
            "one": None,
        },
    )
    return [_settlement(row) for row in rows]


def settlement(session: Session, settlement_id: UUID, *, merchant_id: UUID | None = None) -> Settlement:
    """One settlement, of that merchant where one is named. Raises NotFound."""
    row = session.execute(
        _SETTLEMENTS,
        {"merchant_id": merchant_id, "status": None, "limit": 1, "until": None, "id": None, "one": settlement_id},
    ).first()
    if row is None:
        raise NotFound
    return _settlement(row)


def by_bureau(session: Session, settlement_id: UUID) -> list[tuple[str, int, int]]:
    """Bureau, points redeemed and points refunded of a settlement."""
    rows = session.execute(_BY_BUREAU, {"id": settlement_id})
    return [(row.bureau, row.redeemed_points, row.refunded_points) for row in rows]


def payments(session: Session, settlement_id: UUID) -> list[Any]:
    """Every order to the bank for a settlement, the newest last; accounts are to be masked before they are shown."""
    return list(session.execute(_PAYMENTS, {"id": settlement_id}))


def _rows(written: list[Line], language: Language) -> Iterator[list[str | int]]:
    for line in written:
        at = on_the_wire(line.at)
        yield [
            line.day.isoformat(), at[11:19], _KINDS[line.kind].in_language(language), _plain(line.branch),
            _plain(line.till), _plain(line.staff), _plain(line.offer.in_language(language) if line.offer else ""),
            line.points, line.points, typeid("rdm", line.redemption_id),
            typeid("stl", line.settlement_id) if line.settlement_id else "",
        ]  # fmt: skip


def _plain(words: str) -> str:
    """Words that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def _settlement(row: Any) -> Settlement:
    *members, account = row
    return Settlement(*(*members, paid.masked(account) if account else None))


_DAYS = text(
    """
    SELECT day, sum(redeemed)::bigint, sum(given_back)::bigint, sum(times)::bigint FROM (
        SELECT business_day AS day, points AS redeemed, 0 AS given_back, 1 AS times FROM points.redemption
         WHERE merchant_id = :merchant_id AND status IN ('done', 'voided') AND done_at IS NOT NULL
           AND business_day BETWEEN :first AND :last
        UNION ALL
        SELECT business_day, 0, points, 0 FROM points.redemption_refund
         WHERE merchant_id = :merchant_id AND business_day BETWEEN :first AND :last
    ) AS moved GROUP BY day ORDER BY day
    """
)
_LINES = text(
    """
    SELECT l.id, l.kind, l.redemption_id, l.at, l.day, b.name AS branch, t.name AS till, s.number AS staff,
           o.title_zh AS offer_zh, o.title_en AS offer_en, l.points, l.settlement_id
      FROM (
        SELECT r.id, 'redemption' AS kind, r.id AS redemption_id, r.done_at AS at, r.business_day AS day, r.branch_id,
               r.till_id, r.staff_id, r.offer_id, r.points, r.settlement_id
          FROM points.redemption r
         WHERE r.merchant_id = :merchant_id AND r.status IN ('done', 'voided') AND r.done_at IS NOT NULL
           AND r.business_day BETWEEN :first AND :last
        UNION ALL
        SELECT f.id, CASE WHEN f.is_void THEN 'void' ELSE 'refund' END, f.redemption_id, f.at, f.business_day,
               r.branch_id, r.till_id, f.staff_id, r.offer_id, -f.points, f.settlement_id
          FROM points.redemption_refund f JOIN points.redemption r ON r.id = f.redemption_id
         WHERE f.merchant_id = :merchant_id AND f.business_day BETWEEN :first AND :last
      ) AS l
      JOIN points.branch b ON b.id = l.branch_id
      LEFT JOIN points.till t ON t.id = l.till_id
      LEFT JOIN points.staff s ON s.id = l.staff_id
      LEFT JOIN points.offer o ON o.id = l.offer_id
     WHERE CAST(:at AS timestamptz) IS NULL OR (l.at, l.id) > (:at, CAST(:id AS uuid))
     ORDER BY l.at, l.id LIMIT :limit
    """
)
_SETTLEMENTS = text(
    """
    SELECT s.id, s.merchant_id, m.name, s.until, s.redeemed_points, s.refunded_points, s.redemptions, s.refunds,
           s.carried_twd, s.amount_twd, s.carried_on_twd, s.status, s.reason, s.settled_at, s.paid_on,
           (SELECT p.account FROM points.payout p WHERE p.purpose = 'settlement' AND p.subject_id = s.id
             ORDER BY p.ordered_at DESC, p.id DESC LIMIT 1) AS account
      FROM points.settlement s JOIN points.merchant m ON m.id = s.merchant_id
     WHERE (CAST(:merchant_id AS uuid) IS NULL OR s.merchant_id = :merchant_id)
       AND (CAST(:status AS text) IS NULL OR s.status = :status)
       AND (CAST(:one AS uuid) IS NULL OR s.id = :one)
       AND (CAST(:until AS date) IS NULL OR (s.until, s.id) < (:until, CAST(:id AS uuid)))
     ORDER BY s.until DESC, s.id DESC LIMIT :limit
    """
)
_BY_BUREAU = text(
    "SELECT bureau, redeemed_points, refunded_points FROM points.settlement_line WHERE settlement_id = :id "
    "ORDER BY bureau"
)
_PAYMENTS = text(
    """
    SELECT p.id, p.bank_code, p.account, p.amount_twd, p.status, p.reason, p.ordered_at, p.booked_on, p.bank_reference,
           p.statement_day, p.batch_id
      FROM points.payout p WHERE p.purpose = 'settlement' AND p.subject_id = :id ORDER BY p.ordered_at, p.id
    """
)
