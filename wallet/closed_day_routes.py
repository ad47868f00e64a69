"""Days closed on short notice and return files, for the officers who watch them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from marshmallow import Schema, fields, validate
from sqlalchemy import text

from core.clock import on_the_wire, taipei_date
from core.errors import FieldError, InvalidRequest
from core.http import Answer, Call, Routes, officer, page_of
from core.text import Text
from partners.ach.calendar import is_business_day
from wallet import closed_days

routes = Routes("closed_days")

_READERS: Final = officer("finance", "auditor")
_LONGEST_AHEAD: Final = timedelta(days=31)


class ClosedDayCreate(Schema):
    """A day on which nothing is cleared, why, and who announced it."""

    day = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.Length(1, 100))
    source = fields.String(required=True, validate=validate.Length(1, 200))


class ClosedDaySchema(Schema):
    day = fields.String(required=True)
    reason = fields.String(required=True)
    source = fields.String(required=True)
    learnt_at = fields.String(required=True)


class ClosedDayMadeSchema(ClosedDaySchema):
    payments_shifted = fields.Integer(required=True)


ClosedDayPage = page_of(ClosedDaySchema)


class ReturnFileSchema(Schema):
    day = fields.String(required=True)
    answers_on = fields.String(required=True)
    entries = fields.Integer(required=True)
    total = fields.Integer(required=True)
    read_at = fields.String(required=True)


class ReturnFileProblemSchema(Schema):
    day = fields.String(required=True)
    wrong = fields.String(required=True)
    detail = fields.String(required=True)
    first_seen_at = fields.String(required=True)
    times = fields.Integer(required=True)


class ReturnFilesSchema(Schema):
    items = fields.List(fields.Nested(ReturnFileSchema), required=True)
    problems = fields.List(fields.Nested(ReturnFileProblemSchema), required=True)
    provisional = fields.Integer(required=True)
    provisional_total = fields.Integer(required=True)


@routes.get(
    "/v1/closed-days",
    access=_READERS,
    shows_person_data=False,
    answers={200: ClosedDayPage},
    summary=Text("臨時停止營業日", "Business days closed on short notice"),
)
def list_closed_days(call: Call) -> Answer:
    """The newest first, each with who announced it."""
    rows = call.session.execute(_DAYS)
    return Answer({"items": [_shown(row) for row in rows], "next_cursor": None})


@routes.post(
    "/v1/closed-days",
    access=officer("finance"),
    shows_person_data=False,
    body=ClosedDayCreate,
    answers={201: ClosedDayMadeSchema},
    problems=[InvalidRequest],
    summary=Text("登錄颱風等臨時停止營業日", "Enter a typhoon day"),
)
def close_day(call: Call) -> Answer:
    """Moves the end of every window that the day lies in. A day that is known already stays as it was entered."""
    day, today = call.body["day"], taipei_date(call.now)
    if not today - _LONGEST_AHEAD <= day <= today + _LONGEST_AHEAD:
        raise InvalidRequest(errors=[FieldError("/day", "within a month of today")])
    if not is_business_day(day):
        raise InvalidRequest(errors=[FieldError("/day", "no business day anyway")])
    if call.session.execute(_WAS_CLEARED, {"day": day}).first() is not None:
        raise InvalidRequest(errors=[FieldError("/day", "the return file of this day was read: it was cleared")])
    moved = closed_days.declare(call.session, day, reason=call.body["reason"], source=call.body["source"], now=call.now)
    row = call.session.execute(_ONE_DAY, {"day": day}).one()
    return Answer(_shown(row) | {"payments_shifted": moved}, 201)


@routes.get(
    "/v1/return-files",
    access=_READERS,
    shows_person_data=False,
    answers={200: ReturnFilesSchema},
    summary=Text("退件檔與尚未確定的他行扣款", "Return files, and debits that may still come back"),
)
def list_return_files(call: Call) -> Answer:
    """The last thirty that were read, what stops the next one, and how much is still provisional."""
    open_ = call.session.execute(_PROVISIONAL).one()
    return Answer(
        {
            "items": [
                {"day": row.day.isoformat(), "answers_on": row.answers_on.isoformat(), "entries": row.entries,
                 "total": row.total_twd, "read_at": on_the_wire(row.read_at)}
                for row in call.session.execute(_FILES)
            ],
            "problems": [
                {"day": row.day.isoformat(), "wrong": row.wrong, "detail": row.detail, "times": row.times,
                 "first_seen_at": on_the_wire(row.first_seen_at)}
                for row in call.session.execute(_PROBLEMS)
            ],
            "provisional": open_.payments,
            "provisional_total": open_.total_twd,
        }
    )  # fmt: skip


def _shown(row: Any) -> dict[str, Any]:
    return {
        "day": row.day.isoformat(),
        "reason": row.reason,
        "source": row.source,
        "learnt_at": on_the_wire(row.learnt_at),
    }


_DAYS = text("SELECT day, reason, source, learnt_at FROM wallet.closed_day ORDER BY day DESC LIMIT 100")
_ONE_DAY = text("SELECT day, reason, source, learnt_at FROM wallet.closed_day WHERE day = :day")
_WAS_CLEARED = text("SELECT 1 FROM wallet.ach_return_file WHERE day = :day")
_FILES = text(
    "SELECT day, answers_on, entries, total_twd, read_at FROM wallet.ach_return_file ORDER BY day DESC LIMIT 30"
)
_PROBLEMS = text(
    "SELECT day, wrong, detail, first_seen_at, times FROM wallet.ach_file_problem "
    "WHERE resolved_at IS NULL ORDER BY day"
)
_PROVISIONAL = text(
    "SELECT count(*) AS payments, COALESCE(sum(amount_twd + fee_twd - points_pt), 0)::bigint AS total_twd "
    "FROM wallet.payment WHERE status = 'provisional'"
)
