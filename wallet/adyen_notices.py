"""What a notice of the card processor means for a payment, a refund or a dispute; in any order, and once.

Only what the processor signs is relied upon: names, amount, event and success. A notice whose predecessor has not come
waits for it. One that contradicts what we know changes nothing and is explained by people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.errors import NotFound
from core.ids import parse_typeid
from core.money import MoneyNotConvertible, from_minor
from core.outbox import Event
from partners.adyen.client import CURRENCY, NAME
from wallet import adyen_inbox, adyen_reports, cards, disputes, outcomes, refunds, states, undoing
from wallet.adyen_inbox import TOKEN_SOURCE, Message
from wallet.payments import Payment, authorized_payment
from wallet.rails.contract import Booked, Rejected
from wallet.reconciliation import breaks

_LEASE = timedelta(seconds=20)
_BATCH = 100
_FIRST_WAIT_SECONDS = 2
_LAST_WAIT_SECONDS = 3600
WAITS_AT_MOST: Final = timedelta(days=3)
_log = logging.getLogger("mykaohsiung.wallet")


@dataclass(frozen=True, slots=True)
class Applied:
    """It has taken effect, now or before."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """It is of no consequence here; `note` says why."""

    note: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something must come first; `note` says what."""

    note: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """It contradicts what we know. Money in NT$, None where it is none."""

    kind: breaks.BreakKind
    cause: str
    subject_kind: str = "payment"
    subject_id: UUID | None = None
    ours_twd: int | None = None
    theirs_twd: int | None = None
    rail: str | None = None
    detail: str = ""


Verdict = Applied | Ignored | Waiting | Mismatch


def take_event(session: Session, event: Event, now: datetime) -> None:
    """Each message is weighed in a unit of work of its own, after this one: many come in one batch, and each locks
    bills and payments."""


def after_event(event: Event) -> None:
    """Weigh a message that has just come."""
    process(UUID(event.payload["message_id"]))


def process_due(now: datetime) -> None:
    """Weigh what waited, or was left lying; safe to run twice and in two workers at once."""
    with db.unit_of_work() as session:
        due = adyen_inbox.lease_due(session, now=now, until=now + _LEASE, limit=_BATCH)
    for message_id in due:
        try:
            process(message_id)
        except Exception:
            # One message that cannot be weighed must not keep the others waiting; it stays open and is seen.
            _log.exception("the processor's message %s could not be weighed", message_id)


def process(message_id: UUID) -> None:
    """Weigh one message and commit its effect together with the word that it has been weighed."""
    now = clock.now()
    with db.unit_of_work() as session:
        message = adyen_inbox.lock(session, message_id)
        if message is None:
            return
        verdict = weigh(session, message, now=now)
        if isinstance(verdict, Waiting) and now - message.received_at > WAITS_AT_MOST:
            verdict = Mismatch("missing_ours", "notice_without_predecessor", "message", message.id,
                               theirs_twd=_twd(message), detail=verdict.note)  # fmt: skip
        _settle(session, message, verdict, now)


def weigh(session: Session, message: Message, *, now: datetime) -> Verdict:
    """What this message means, with its effect in the caller's transaction."""
    if message.source == TOKEN_SOURCE:
        return _token_changed(session, message, now)
    meaning = MEANINGS.get(message.event_code)
    if meaning is None:
        return Ignored("an event of no consequence here")
    return meaning(session, message, now)


def _authorisation(session: Session, message: Message, now: datetime) -> Verdict:
    payment = _payment_of(session, message)
    if not isinstance(payment, Payment):
        return payment
    if not message.is_success:
        return _not_authorised(session, payment, now)
    amount_twd = _same_amount(message, payment.money_twd)
    if amount_twd is None:
        return _other_amount(message, payment)
    if payment.status in states.AT_THE_RAIL:
        booked_at = _moment(message, payment)
        recorded = outcomes.record(session, payment.id, Booked(message.psp_reference, amount_twd, booked_at), now=now)
        return Applied(recorded.status)
    if payment.external_id == message.psp_reference:
        return Applied("known")
    if payment.booked_at is not None:
        return _about(payment, "duplicate", "authorised_twice", message)
    return _about(payment, "missing_ours", "authorised_after_the_end", message)


def _not_authorised(session: Session, payment: Payment, now: datetime) -> Verdict:
    if payment.status not in states.AT_THE_RAIL:
        return Ignored(f"the payment is {payment.status}")
    if payment.rail == "card" and payment.instrument_kind == "one_time":
        return Ignored("the payer may try another card on the same page")
    outcomes.record(session, payment.id, Rejected("card_declined"), now=now)
    return Applied("refused")


def _capture(session: Session, message: Message, now: datetime) -> Verdict:
    return Ignored("captured as it was authorised") if message.is_success else _capture_failed(session, message, now)


def _capture_failed(session: Session, message: Message, now: datetime) -> Verdict:
    payment = _payment_of(session, message)
    if not isinstance(payment, Payment):
        return payment
    if payment.status in states.AT_THE_RAIL:
        return Waiting("its authorisation has not come")
    if payment.status == states.RETURNED:
        return Applied("known")
    if _same_amount(message, payment.money_twd) is None:
        return _other_amount(message, payment)
    if undoing.undo(session, payment.id, "returned", reason="capture_failed", now=now):
        return Applied("undone")
    if payment.booked_at is None:
        return Ignored(f"the payment is {payment.status}")
    return _about(payment, "missing_theirs", "capture_failed_later", message)


def _cancelled(session: Session, message: Message, now: datetime) -> Verdict:
    payment = _payment_of(session, message)
    if not isinstance(payment, Payment):
        return payment
    is_unknown_there = not message.is_success and not message.original_reference
    if payment.status in states.AT_THE_RAIL and (message.is_success or is_unknown_there):
        outcomes.record(session, payment.id, Rejected("not_executed"), now=now)
        return Applied("ended")
    if message.is_success and payment.status in states.COUNTS_AS_PAID:
        return _about(payment, "missing_theirs", "cancelled_after_capture", message)
    return Ignored(f"the payment is {payment.status}")


def _refund(session: Session, message: Message, now: datetime) -> Verdict:
    return _refund_verdict(session, message, is_done=message.is_success, now=now)


def _refund_undone(session: Session, message: Message, now: datetime) -> Verdict:
    if not message.is_success:
        return Ignored("it did not come to that")
    return _refund_verdict(session, message, is_done=False, now=now)


def _refund_verdict(session: Session, message: Message, *, is_done: bool, now: datetime) -> Verdict:
    found = session.execute(_ATTEMPT, {"psp": message.psp_reference, "ours": _refund_id(message)}).first()
    if found is None:
        return Waiting("no refund is known by this name yet")
    refund = refunds.refund_of(session, found.refund_id)
    if found.number != refund.attempt:
        return Ignored("about an earlier attempt")
    if _same_amount(message, refund.money_twd) is None:
        return Mismatch("amount", "refund_amount", "refund", refund.id, refund.money_twd, _twd(message), refund.rail)
    if is_done:
        did = refunds.completed(session, refund.id, message.psp_reference, message.received_at, now)
    else:
        did = refunds.came_back(session, refund.id, f"processor_{message.event_code.lower()}", now)
    return Applied(refunds.refund_of(session, refund.id).status if did else "known")


def _dispute(session: Session, message: Message, now: datetime) -> Verdict:
    payment = _payment_of(session, message)
    if not isinstance(payment, Payment):
        return payment
    amount_twd = _twd(message)
    if amount_twd is None or not 0 < amount_twd <= payment.money_twd:
        return _other_amount(message, payment)
    notice = disputes.Notice(
        payment_id=payment.id,
        kind=message.event_code,  # type: ignore[arg-type]  # MEANINGS sends the kinds of disputes here alone
        reference=message.psp_reference,
        reason=message.reason,
        reason_code=message.additional.get("chargebackReasonCode", "").strip(),
        amount_twd=amount_twd,
        happened_at=_moment(message, payment),
        defend_until=_defend_until(message),
    )
    if not disputes.take_notice(session, notice, now):
        return Waiting("its payment does not count as paid yet")
    return Applied("taken down")


def _defend_until(message: Message) -> datetime | None:
    try:
        until = datetime.fromisoformat(message.additional.get("defensePeriodEndsAt", ""))
    except ValueError:
        return None
    return until if until.tzinfo is not None else None


def _report(session: Session, message: Message, now: datetime) -> Verdict:
    is_ours = adyen_reports.announced(session, message.psp_reference, message.reason, now=now)
    return Applied("to be fetched") if is_ours else Ignored("a report that settles nothing")


def _token_changed(session: Session, message: Message, now: datetime) -> Verdict:
    try:
        person_id = parse_typeid("per", message.merchant_reference)
    except NotFound:
        return Ignored("not about anybody of ours")
    cards.ask_about(session, person_id, now=now)
    return Applied("the processor is asked which cards it keeps")


# What each event means here. Whatever is not named changes nothing: new kinds must not stop the others.
MEANINGS: dict[str, Callable[[Session, Message, datetime], Verdict]] = {
    "AUTHORISATION": _authorisation,
    "CAPTURE": _capture,
    "CAPTURE_FAILED": _capture_failed,
    "CANCELLATION": _cancelled,
    "TECHNICAL_CANCEL": _cancelled,
    "REFUND": _refund,
    "REFUND_FAILED": _refund_undone,
    "REFUNDED_REVERSED": _refund_undone,
    "REPORT_AVAILABLE": _report,
    **dict.fromkeys(sorted(disputes.KINDS), _dispute),
}


def _payment_of(session: Session, message: Message) -> Payment | Verdict:
    try:
        payment_id = parse_typeid("pay", message.merchant_reference)
    except NotFound:
        return Ignored("not a reference of ours")
    payment = authorized_payment(session, payment_id)
    if payment is None:
        return Mismatch("missing_ours", "payment_never_made", "message", message.id, theirs_twd=_twd(message))
    return payment


def _refund_id(message: Message) -> UUID | None:
    try:
        return parse_typeid("ref", message.merchant_reference)
    except NotFound:
        return None


def _same_amount(message: Message, ours_twd: int) -> int | None:
    """NT$ when the message names exactly our amount in our currency."""
    theirs_twd = _twd(message)
    return theirs_twd if theirs_twd == ours_twd else None


def _twd(message: Message) -> int | None:
    if message.currency != CURRENCY or message.amount_minor is None:
        return None
    try:
        return from_minor(message.amount_minor)
    except MoneyNotConvertible:
        return None


def _other_amount(message: Message, payment: Payment) -> Mismatch:
    detail = f"{message.amount_minor} {message.currency} in minor units"
    return _about(payment, "amount", "notice_amount", message, detail=detail)


def _about(payment: Payment, kind: breaks.BreakKind, cause: str, message: Message, *, detail: str = "") -> Mismatch:
    return Mismatch(kind, cause, "payment", payment.id, payment.money_twd, _twd(message), payment.rail,
                    detail or f"{message.event_code}; the payment is {payment.status}")  # fmt: skip


def _moment(message: Message, payment: Payment) -> datetime:
    """When it was paid: the processor's moment, which no signature covers, within the limits of what we know."""
    assert payment.authorized_at is not None
    return max(payment.authorized_at, min(message.event_at, message.received_at))


def _settle(session: Session, message: Message, verdict: Verdict, now: datetime) -> None:
    match verdict:
        case Applied():
            adyen_inbox.settle(session, message, "applied", verdict.note, None, now)
        case Ignored():
            adyen_inbox.settle(session, message, "ignored", verdict.note, None, now)
        case Waiting():
            wait = min(_FIRST_WAIT_SECONDS * 2 ** min(message.attempts, 12), _LAST_WAIT_SECONDS)
            adyen_inbox.settle(session, message, "waiting", verdict.note, now + timedelta(seconds=wait), now)
        case Mismatch():
            _record_break(session, message, verdict, now)
            adyen_inbox.settle(session, message, "mismatch", verdict.cause, None, now)


def _record_break(session: Session, message: Message, mismatch: Mismatch, now: datetime) -> None:
    breaks.record(
        session,
        kind=mismatch.kind,
        source=NAME,
        cause=mismatch.cause,
        subject_kind=mismatch.subject_kind,
        subject_id=mismatch.subject_id,
        our_reference=message.merchant_reference,
        their_reference=message.psp_reference,
        ours_twd=mismatch.ours_twd,
        theirs_twd=mismatch.theirs_twd,
        rail=mismatch.rail,
        detail=mismatch.detail,
        now=now,
    )


_ATTEMPT = text(
    "SELECT refund_id, number FROM wallet.refund_attempt WHERE external_id = :psp OR id = :ours "
    "ORDER BY number DESC LIMIT 1"
)
