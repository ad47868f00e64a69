"""What happened to a payment, over HTTP: to its payer in plain words, to officers with causes; and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from core import db
from core.clock import on_the_wire
from core.errors import NotFound, Unavailable
from core.http import Answer, Call, Routes, citizen, officer, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log
from identity.access_words import PURPOSES
from wallet import corrections, payment_event_texts, payment_events
from wallet.errors import CorrectionNotPossible
from wallet.payment_events import PaymentEvent
from wallet.payments import authorized_payment, lock_payment, payment_of

routes = Routes("payment_events")
# Behind the scenes: what partners sent us says nothing to a citizen that the moves do not say.
_FOR_CITIZENS = ("payment", "refund", "dispute", "bureau_notice")


class PaymentEventSchema(Schema):
    at = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(payment_events.PREFIXES))
    subject = fields.String(required=True)
    status = fields.String(required=True)
    text = fields.String(required=True)


class OfficerPaymentEventSchema(PaymentEventSchema):
    cause = fields.String(required=True)
    correction = fields.String(required=True, allow_none=True)


class EventsQuery(Schema):
    """For what purpose they are read; the citizen sees it."""

    purpose = fields.String(load_default=None, validate=validate.OneOf(tuple(PURPOSES)))


class PaymentCorrection(Schema):
    """Where the payment has to stand, and what shows it."""

    status = fields.String(required=True, validate=validate.OneOf(corrections.TARGETS))
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class CorrectionProposedSchema(Schema):
    approval_id = fields.String(required=True)


@routes.get(
    "/v1/payments/<payment_id>/events",
    access=citizen(loa=2),
    answers={200: page_of(PaymentEventSchema)},
    problems=[NotFound],
    summary=Text("這筆付款發生過的事", "What happened to a payment"),
)
def list_events(call: Call) -> Answer:
    """Its own moves, its refunds, a dispute, and what the bureau was told, oldest first."""
    payment = payment_of(call.session, call.actor.id, parse_typeid("pay", call.path["payment_id"]))
    found = payment_events.events_of(call.session, payment.id)
    shown = [event for event in found if event.kind in _FOR_CITIZENS and event.status not in ("proposed", "declined")]
    return Answer({"items": [_on_the_wire(event, call.language) for event in shown], "next_cursor": None})


@routes.get(
    "/v1/officer/payments/<payment_id>/events",
    access=officer("finance", "auditor"),
    shows_person_data=True,
    query=EventsQuery,
    answers={200: page_of(OfficerPaymentEventSchema)},
    problems=[NotFound],
    summary=Text("一筆付款發生過的事（承辦）", "What happened to a payment, for officers"),
)
def events_for_officers(call: Call) -> Answer:
    """With the cause of every move, corrections, and the card processor's messages."""
    payment_id = parse_typeid("pay", call.path["payment_id"])
    payment = lock_payment(call.session, payment_id)
    access_log.record_access(
        call.session,
        actor=call.actor,
        person_id=payment.person_id,
        what="payment",
        purpose=call.query["purpose"] or ("audit" if "auditor" in call.actor.roles else "citizen_request"),
        reference=payment.reference,
        now=call.now,
    )
    return Answer({"items": _for_officers(payment_events.events_of(call.session, payment_id), call.language),
                   "next_cursor": None})  # fmt: skip


@routes.post(
    "/v1/officer/payments/<payment_id>/corrections",
    access=officer("finance"),
    shows_person_data=False,
    body=PaymentCorrection,
    own_units=True,
    answers={202: CorrectionProposedSchema},
    problems=[NotFound, CorrectionNotPossible, Unavailable],
    summary=Text("提議更正付款狀態", "Propose to correct a payment's state"),
)
def propose_correction(call: Call) -> Answer:
    """For a payment whose rail's own books say otherwise: they are asked first. A second officer decides; nothing
    changes before."""
    payment_id = parse_typeid("pay", call.path["payment_id"])
    with db.unit_of_work() as session:
        payment = authorized_payment(session, payment_id)
    if payment is None:
        raise NotFound
    rail_says = corrections.ask_the_rail(payment)
    with db.unit_of_work() as session:
        approval_id = corrections.propose(
            session,
            by=call.actor,
            payment_id=payment_id,
            target=call.body["status"],
            rail_says=rail_says,
            reason=call.body["reason"],
            now=call.now,
        )
    return Answer({"approval_id": typeid("apr", approval_id)}, 202)


def _for_officers(found: Sequence[PaymentEvent], language: str) -> list[dict[str, Any]]:
    return [{**_on_the_wire(event, language), "cause": event.cause, "correction": event.correction} for event in found]


def _on_the_wire(event: PaymentEvent, language: str) -> dict[str, Any]:
    words = payment_event_texts.WORDS.get(event.kind, {}).get(event.status, payment_event_texts.WEBHOOK)
    corrected = payment_event_texts.CORRECTION.in_language(language) if event.correction else ""
    return {
        "at": on_the_wire(event.at),
        "kind": event.kind,
        "subject": typeid(payment_events.PREFIXES[event.kind], event.subject),
        "status": event.status,
        "text": words.in_language(language) + corrected,
    }
