"""The book over HTTP: its trial balance, the accounts that must return to zero, and days that are closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.clock import on_the_wire, taipei_date
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, PageQuery, Routes
from core.ids import typeid
from core.text import Text
from identity.schemas import Nothing
from ledger import book as ledger
from ledger import journal
from wallet import book
from wallet.reconciliation import day_close, export, in_transit, open_days
from wallet.reconciliation.break_routes import READERS, WRITERS
from wallet.reconciliation.day_close import ClosedDay, DayNotClosed, DayNotOver, DayNotReady
from wallet.reconciliation.schemas import (
    DayPage,
    DaySchema,
    InTransitSchema,
    OpenDaysSchema,
    ProposedSchema,
    ReadinessSchema,
    Reopening,
    TrialBalanceQuery,
    TrialBalanceSchema,
)

routes = Routes("reconciliation")


@routes.get(
    "/v1/ledger/trial-balance",
    access=READERS,
    shows_person_data=False,
    query=TrialBalanceQuery,
    answers={200: TrialBalanceSchema},
    summary=Text("試算表", "Trial balance"),
)
def show_trial_balance(call: Call) -> Answer:
    """Every money account, and that debits equal credits for each asset."""
    as_of = call.query["as_of"]
    totals = ledger.trial_balance(call.session, as_of)
    accounts = journal.balances(call.session, book.TWD, as_of)
    return Answer(
        {
            "as_of": on_the_wire(as_of or call.now),
            "accounts": [
                {"account": each.code, "normal_side": each.normal_side, "debit": each.debits_posted,
                 "credit": each.credits_posted, "held_debit": each.debits_pending,
                 "held_credit": each.credits_pending, "balance": each.balance}
                for each in accounts
            ],
            "totals": [
                {"asset": each.asset, "debit": each.debits_posted, "credit": each.credits_posted,
                 "held_debit": each.debits_pending, "held_credit": each.credits_pending,
                 "is_balanced": each.is_balanced}
                for each in totals
            ],
            "is_balanced": all(each.is_balanced for each in totals),
        }
    )  # fmt: skip


@routes.get(
    "/v1/reconciliation/in-transit",
    access=READERS,
    shows_person_data=False,
    answers={200: InTransitSchema},
    summary=Text("在途款項", "Money in transit"),
)
def show_in_transit(call: Call) -> Answer:
    """Each account that must return to zero: what it holds, what explains that, and whether it is late."""
    items = [
        {"account": each.account, "balance": each.balance_twd, "explained": each.explained_twd,
         "unexplained": each.unexplained_twd, "items": each.items,
         "oldest_on": each.oldest_on.isoformat() if each.oldest_on else None, "within_days": each.within_days,
         "is_overdue": each.is_overdue, "currency": book.TWD}
        for each in in_transit.accounts(call.session, now=call.now)
    ]  # fmt: skip
    return Answer({"items": items, "as_of": on_the_wire(call.now)})


@routes.get(
    "/v1/reconciliation/days",
    access=READERS,
    shows_person_data=False,
    query=PageQuery,
    answers={200: DayPage},
    summary=Text("已關帳的日子", "Closed days"),
)
def list_days(call: Call) -> Answer:
    """Newest first, each as it was closed last."""
    limit = call.query["limit"]
    found = day_close.days(call.session, limit=limit + 1, before=_continued(call))
    shown = found[:limit]
    more = encode_cursor(shown[-1].day.isoformat()) if len(found) > limit else None
    return Answer({"items": [_day_body(each) for each in shown], "next_cursor": more})


@routes.get(
    "/v1/reconciliation/days/<day>",
    access=READERS,
    shows_person_data=False,
    answers={200: DaySchema},
    problems=[NotFound],
    summary=Text("一天的帳", "One closed day"),
)
def show_day(call: Call) -> Answer:
    """Its figures as they were when it was closed."""
    return Answer(_day_body(day_close.day_of(call.session, _day_in(call))))


@routes.get(
    "/v1/reconciliation/open-days",
    access=READERS,
    shows_person_data=False,
    answers={200: OpenDaysSchema},
    summary=Text("還沒關帳的日子", "Days that are not closed"),
)
def list_open_days(call: Call) -> Answer:
    """Days that are over, newest first, with the files that each of them still lacks."""
    items = [
        {"day": each.day.isoformat(), "version": each.version, "missing_files": list(each.missing_files)}
        for each in open_days.open_days(call.session, now=call.now)
    ]
    return Answer({"items": items})


@routes.get(
    "/v1/reconciliation/days/<day>/readiness",
    access=READERS,
    shows_person_data=False,
    answers={200: ReadinessSchema},
    problems=[NotFound],
    summary=Text("這一天能不能關帳", "Whether a day can be closed"),
)
def show_readiness(call: Call) -> Answer:
    """Everything that is in the way, and what the day has moved so far."""
    day = _day_in(call)
    found = day_close.readiness(call.session, day, call.now)
    return Answer(
        {
            "day": day.isoformat(),
            "is_over": day < taipei_date(call.now),
            "is_ready": found.is_ready,
            "missing_files": found.missing_files,
            "untyped_differences": found.untyped_differences,
            "statement_gaps": found.statement_gaps,
            "figures": day_close.figures_of(call.session, day),
        }
    )


@routes.post(
    "/v1/reconciliation/days/<day>/close",
    access=WRITERS,
    shows_person_data=False,
    body=Nothing,
    answers={200: DaySchema},
    problems=[NotFound, DayNotOver, DayNotReady],
    summary=Text("關帳", "Close a day"),
)
def close_day(call: Call) -> Answer:
    """A day that is closed stays as it is. Refuses while files are missing or something has no explanation."""
    return Answer(_day_body(day_close.close(call.session, _day_in(call), by_name=call.actor.name, now=call.now)))


@routes.post(
    "/v1/reconciliation/days/<day>/reopening",
    access=WRITERS,
    shows_person_data=False,
    body=Reopening,
    answers={202: ProposedSchema},
    problems=[NotFound, DayNotClosed],
    summary=Text("提出重新開帳", "Propose to reopen a day"),
)
def propose_reopening(call: Call) -> Answer:
    """Another officer decides."""
    approval = day_close.propose_reopening(
        call.session, _day_in(call), reason=call.body["reason"], by=call.actor, now=call.now
    )
    return Answer({"approval_id": typeid("apr", approval.id)}, status=202)


@routes.get(
    "/v1/reconciliation/days/<day>/export.csv",
    access=READERS,
    shows_person_data=False,
    answers={200: None},
    content_types=("text/csv",),
    answer_headers={200: {"Content-Disposition": "a file name to save it under"}},
    problems=[NotFound, DayNotClosed],
    summary=Text("匯出一天的帳", "Export a closed day"),
)
def export_day(call: Call) -> Answer:
    """Every transfer of the day as a debit and a credit line, then the totals."""
    day = _day_in(call)
    return Answer(
        raw=export.day_csv(call.session, day),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="journal-{day.isoformat()}.csv"'},
    )


def _day_body(closed: ClosedDay) -> dict[str, Any]:
    return {
        "day": closed.day.isoformat(),
        "version": closed.version,
        "is_closed": closed.is_closed,
        "closed_at": on_the_wire(closed.closed_at),
        "closed_by": closed.closed_by,
        "reopened_at": on_the_wire(closed.reopened_at) if closed.reopened_at else None,
        "figures": closed.figures,
    }


def _day_in(call: Call) -> date:
    text = call.path["day"]
    try:
        if len(text) == 10 and text.isascii():
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise NotFound


def _continued(call: Call) -> date | None:
    if call.query["cursor"] is None:
        return None
    (text,) = decode_cursor(call.query["cursor"], str)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None
