"""Redemptions to look at: at the till those of its branch, on the phone one's own; and what a day came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.text import Text
from points.till.redemptions import SHOP_NAMES


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of redemptions, the newest first."""

    rows: list[Any]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What one till (None: the printed code) came to in one staff member's hands on one day; `net_points` are what the
    merchant will be paid for: done less refunded on that day, voids left out."""

    till_id: UUID | None
    till_name: str
    staff_id: UUID | None
    staff_name: str
    done: int
    done_points: int
    voided: int
    voided_points: int
    refunds: int
    refunded_points: int
    waiting: int
    waiting_points: int

    @property
    def net_points(self) -> int:
        """Points to be settled of this day."""
        return self.done_points - self.refunded_points


def of_branch(
    session: Session,
    branch_id: UUID,
    *,
    day: date | None,
    status: str | None,
    reference: str | None,
    till_id: UUID,
    limit: int,
    cursor: str | None,
) -> Page:
    """A page of the branch's redemptions: of one day, in one state, or with `till_id`'s own reference. Raises
    InvalidRequest for a strange cursor."""
    before_at, before_id = decode_moment_cursor(cursor) if cursor else (None, None)
    values = {"branch_id": branch_id, "day": day, "status": status, "reference": reference, "till_id": till_id,
              "before_at": before_at, "before_id": before_id, "limit": limit + 1}  # fmt: skip
    statement = _OF_BRANCH if reference is None else _BY_REFERENCE
    return _page(session.execute(statement, values).all(), limit)


def at_branch(session: Session, branch_id: UUID, redemption_id: UUID) -> Any:
    """One of this branch's redemptions. Raises NotFound."""
    row = session.execute(_ONE, {"id": redemption_id}).one_or_none()
    if row is None or row.branch_id != branch_id:
        raise NotFound
    return row


def of_person(session: Session, person_id: UUID, *, status: str | None, limit: int, cursor: str | None) -> Page:
    """A page of the person's redemptions. Raises InvalidRequest for a strange cursor."""
    before_at, before_id = decode_moment_cursor(cursor) if cursor else (None, None)
    values = {"person_id": person_id, "status": status, "before_at": before_at, "before_id": before_id,
              "limit": limit + 1}  # fmt: skip
    return _page(session.execute(_OF_PERSON, values).all(), limit)


def one_of_person(session: Session, person_id: UUID, redemption_id: UUID) -> Any:
    """One of this person's redemptions. Raises NotFound."""
    row = session.execute(_ONE, {"id": redemption_id}).one_or_none()
    if row is None or row.person_id != person_id:
        raise NotFound
    return row


def held(session: Session, *, limit: int, cursor: str | None) -> Page:
    """A page of those that wait for the desk, the oldest first. Raises InvalidRequest for a strange cursor."""
    after_at, after_id = decode_moment_cursor(cursor) if cursor else (None, None)
    values = {"after_at": after_at, "after_id": after_id, "limit": limit + 1}
    return _page(session.execute(_HELD, values).all(), limit)


def day_totals(session: Session, branch_id: UUID, day: date) -> list[DayTotal]:
    """What this branch's tills came to on that day in Taipei: sales by the day they were done, refunds by their own."""
    return [DayTotal(*row) for row in session.execute(_TOTALS, {"branch_id": branch_id, "day": day})]


def shop_of(row: Any) -> Text:
    """The shop's name in a row of redemptions."""
    return Text(row.shop_zh, row.shop_en)


def _page(rows: Sequence[Any], limit: int) -> Page:
    page = list(rows[:limit])
    return Page(page, encode_moment_cursor(page[-1].created_at, page[-1].id) if len(rows) > limit else None)


_ROWS = f"""
    SELECT r.*, t.name AS till_name, s.name AS staff_name, s.number AS staff_number, {SHOP_NAMES}
      FROM points.redemption AS r
      JOIN points.branch AS b ON b.id = r.branch_id JOIN points.merchant AS m ON m.id = r.merchant_id
      LEFT JOIN points.till AS t ON t.id = r.till_id LEFT JOIN points.staff AS s ON s.id = r.staff_id
"""  # noqa: S608
_BEFORE = """
       AND (CAST(:before_at AS timestamptz) IS NULL OR (r.created_at, r.id) < (:before_at, CAST(:before_id AS uuid)))
     ORDER BY r.created_at DESC, r.id DESC LIMIT :limit
"""
_ONE = text(f"{_ROWS} WHERE r.id = :id")
_OF_BRANCH = text(
    f"""
    {_ROWS}
     WHERE r.branch_id = :branch_id AND (CAST(:day AS date) IS NULL OR r.business_day = :day)
       AND (CAST(:status AS text) IS NULL OR r.status = :status)
    {_BEFORE}
    """
)
_BY_REFERENCE = text(
    f"""
    {_ROWS}
     WHERE r.till_id = :till_id AND r.reference = :reference AND r.branch_id = :branch_id
       AND (CAST(:day AS date) IS NULL OR r.business_day = :day)
       AND (CAST(:status AS text) IS NULL OR r.status = :status)
    {_BEFORE}
    """
)
_OF_PERSON = text(
    f"{_ROWS} WHERE r.person_id = :person_id AND (CAST(:status AS text) IS NULL OR r.status = :status) {_BEFORE}"
)
_HELD = text(
    f"""
    {_ROWS}
     WHERE r.status = 'held'
       AND (CAST(:after_at AS timestamptz) IS NULL OR (r.created_at, r.id) > (:after_at, CAST(:after_id AS uuid)))
     ORDER BY r.created_at, r.id LIMIT :limit
    """
)
_TOTALS = text(
    """
    WITH sale AS (
        SELECT till_id, staff_id,
               count(*) FILTER (WHERE status = 'done') AS done,
               coalesce(sum(points) FILTER (WHERE status = 'done'), 0) AS done_points,
               count(*) FILTER (WHERE status = 'voided' AND done_at IS NOT NULL) AS voided,
               coalesce(sum(points) FILTER (WHERE status = 'voided' AND done_at IS NOT NULL), 0) AS voided_points,
               0 AS refunds, 0 AS refunded_points,
               count(*) FILTER (WHERE status IN ('held', 'awaiting_citizen')) AS waiting,
               coalesce(sum(points) FILTER (WHERE status IN ('held', 'awaiting_citizen')), 0) AS waiting_points
          FROM points.redemption WHERE branch_id = :branch_id AND business_day = :day GROUP BY till_id, staff_id
        UNION ALL
        SELECT r.till_id, f.staff_id, 0, 0, 0, 0, count(*), sum(f.points), 0, 0
          FROM points.redemption_refund AS f JOIN points.redemption AS r ON r.id = f.redemption_id
         WHERE r.branch_id = :branch_id AND f.business_day = :day AND NOT f.is_void
           AND f.merchant_id = (SELECT merchant_id FROM points.branch WHERE id = :branch_id)
         GROUP BY r.till_id, f.staff_id
    )
    SELECT sale.till_id, coalesce(t.name, '') AS till_name, sale.staff_id, coalesce(s.name, '') AS staff_name,
           sum(done)::bigint, sum(done_points)::bigint, sum(voided)::bigint, sum(voided_points)::bigint,
           sum(refunds)::bigint, sum(refunded_points)::bigint, sum(waiting)::bigint, sum(waiting_points)::bigint
      FROM sale LEFT JOIN points.till AS t ON t.id = sale.till_id LEFT JOIN points.staff AS s ON s.id = sale.staff_id
     GROUP BY 1, 2, 3, 4 ORDER BY 2, 4, 1, 3
    """
)
