"""The finance desk's own questions over HTTP: today's money, and one payment by its exact name."""

from __future__ import annotations

from typing import Any, Final

from core.clock import on_the_wire, taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log
from wallet import book, payment_event_texts, payment_texts, refund_texts
from wallet.finance import money_today, needs, payment_lookup
from wallet.finance.payment_lookup import Found
from wallet.finance.schemas import (
    LatePaymentsSchema,
    OfficerPaymentsSchema,
    PaymentLookUp,
    PurposeQuery,
    TodaySchema,
    WholeOfficerPaymentSchema,
)
from wallet.rail_names import rail_name
from wallet.reconciliation import booking
from wallet.reconciliation.open_days import OpenDay, open_days

routes = Routes("finance")
_READERS: Final = officer("finance", "auditor")


@routes.get(
    "/v1/finance/today",
    access=_READERS,
    shows_person_data=False,
    answers={200: TodaySchema},
    summary=Text("今天的款項", "Today's money"),
)
def show_today(call: Call) -> Answer:
    """What needs the caller now, payments under way, what was captured, open breaks, files, and days to close."""
    under_way = money_today.under_way(call.session, now=call.now)
    files = money_today.files(call.session, now=call.now)
    days = open_days(call.session, now=call.now)
    captured = money_today.captured(call.session, taipei_date(call.now))
    needed = needs.now_needed(call.session, by=call.actor, under_way=under_way, files=files, days=days, now=call.now)
    missing = {source for day in days for source in day.missing_files}
    return Answer(
        {
            "day": taipei_date(call.now).isoformat(),
            "as_of": on_the_wire(call.now),
            "currency": book.TWD,
            "needs": [
                {"what": each.what, "number": each.number, "amount": each.amount_twd, "since": _moment(each.since),
                 "detail": each.detail, "is_alarm": each.is_alarm}
                for each in needed
            ],
            "under_way": [
                {"status": each.status, "number": each.number, "total": each.total_twd,
                 "oldest_at": _moment(each.oldest_at), "within_minutes": _within_minutes(each.status),
                 "late": each.late}
                for each in under_way
            ],
            "captured": [
                {"rail": each.rail, "name": rail_name(each.rail).in_language(call.language), "number": each.number,
                 "total": each.total_twd, "in_points": each.points_pt}
                for each in captured
            ],
            "captured_total": sum(each.total_twd for each in captured),
            "breaks": [
                {"kind": each.kind, "number": each.number, "in_suspense": each.suspense_twd,
                 "oldest_at": _moment(each.oldest_at), "up_to_1": each.up_to_1, "up_to_3": each.up_to_3,
                 "up_to_7": each.up_to_7, "older": each.older}
                for each in money_today.open_breaks(call.session, now=call.now)
            ],
            "files": [
                {"source": each.source, "taken_today": each.taken_today, "refused_today": each.refused_today,
                 "last_day": each.last_day.isoformat() if each.last_day else None,
                 "last_taken_at": _moment(each.last_taken_at), "is_missing": each.source in missing,
                 "is_refused": each.is_refused, "refusal": each.refusal}
                for each in files
            ],
            "open_days": [_day(each) for each in days],
        }
    )  # fmt: skip


@routes.get(
    "/v1/finance/late-payments",
    access=_READERS,
    shows_person_data=False,
    answers={200: LatePaymentsSchema},
    summary=Text("停留太久的付款", "Payments that stand too long where they are"),
)
def list_late_payments(call: Call) -> Answer:
    """The hundred that have waited longest, by their reference; each is read at its own address, for a purpose."""
    items = [
        {"id": typeid("pay", each.id), "status": each.status, "rail": each.rail, "total": each.total_twd,
         "since": on_the_wire(each.since)}
        for each in money_today.late_payments(call.session, now=call.now, limit=100)
    ]  # fmt: skip
    return Answer({"items": items})


@routes.post(
    "/v1/officer/payment-lookups",
    access=_READERS,
    shows_person_data=True,
    body=PaymentLookUp,
    answers={200: OfficerPaymentsSchema},
    summary=Text("以完整號碼查付款", "Find a payment by an exact number"),
)
def look_up_payment(call: Call) -> Answer:
    """By its reference or the rail's, by the number of its receipt, of a refund, or of a bill in it. The purpose goes
    into the access log of whose payment it is. Nothing found is an empty list."""
    found = payment_lookup.look_up(call.session, call.body["identifier"])
    _record(call, found, call.body["purpose"])
    return Answer({"items": [_on_the_wire(each, call) for each in found]})


@routes.get(
    "/v1/officer/payments/<payment_id>",
    access=_READERS,
    shows_person_data=True,
    query=PurposeQuery,
    answers={200: WholeOfficerPaymentSchema},
    problems=[NotFound],
    summary=Text("一筆付款（承辦）", "One payment, for officers"),
)
def show_payment(call: Call) -> Answer:
    """With its bills, what belongs to it, and what may be asked for now. Nothing says who paid."""
    found = payment_lookup.one(call.session, parse_typeid("pay", call.path["payment_id"]))
    _record(call, [found], call.query["purpose"])
    choices = payment_lookup.choices(call.session, found.payment, call.now)
    reasons = [
        {"code": each.code, "text": refund_texts.REASONS[each.code].in_language(call.language),
         "returns_fee": each.returns_fee, "reopens_bill": each.reopens_bill}
        for each in choices.reasons
    ]  # fmt: skip
    may_ask = {
        "refund_reasons": reasons,
        "two_persons_above": choices.two_persons_above_twd,
        "corrections": list(choices.corrections),
    }
    return Answer(_on_the_wire(found, call) | may_ask)


def _record(call: Call, found: list[Found], purpose: str) -> None:
    people = {each.payment.person_id for each in found}
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=people, what="payment", purpose=purpose,
        reference=found[0].payment.reference if len(people) == 1 else "", now=call.now,
    )  # fmt: skip


def _on_the_wire(found: Found, call: Call) -> dict[str, Any]:
    payment, beside = found.payment, found.beside
    failure = None
    if payment.failure_code:
        message = payment_texts.failure_message(payment.failure_code).in_language(call.language)
        failure = {"code": payment.failure_code, "message": message}
    return {
        "id": payment.reference,
        "status": payment.status,
        "status_text": payment_event_texts.PAYMENT[payment.status].in_language(call.language),
        "rail": payment.rail,
        "rail_name": rail_name(payment.rail).in_language(call.language),
        "account": payment.account_masked or "",
        "external_id": payment.external_id,
        "amount": payment.amount_twd,
        "fee": payment.fee_twd,
        "total": payment.total_twd,
        "in_points": payment.points_pt,
        "currency": book.TWD,
        "initiated_by": payment.initiated_by,
        "created_at": on_the_wire(payment.created_at),
        "authorized_at": _moment(payment.authorized_at),
        "booked_at": _moment(payment.booked_at),
        "final_on": payment.final_on.isoformat() if payment.final_on else None,
        "undone_at": _moment(payment.undone_at),
        "failure": failure,
        "receipt_number": beside.receipt_number,
        "dispute_id": typeid("dsp", beside.dispute_id) if beside.dispute_id else None,
        "break_ids": [booking.break_reference(break_id) for break_id in beside.break_ids],
        "bills": [
            {"bill_id": typeid("bill", item.bill_id), "bureau": item.bureau, "kind": item.kind, "number": item.number,
             "description": item.description, "amount": item.amount_twd, "fee": item.fee_twd,
             "left": found.left_twd[item.bill_id]}
            for item in found.items
        ],
    }  # fmt: skip


def _day(day: OpenDay) -> dict[str, Any]:
    return {"day": day.day.isoformat(), "version": day.version, "missing_files": list(day.missing_files)}


def _within_minutes(status: str) -> int | None:
    within = money_today.WITHIN.get(status)
    return None if within is None else int(within.total_seconds() // 60)


def _moment(at: Any) -> str | None:
    return on_the_wire(at) if at else None
