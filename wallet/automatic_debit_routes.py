"""Automatic debit over HTTP: sign it with the passkey, see what is planned, skip one, stop at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import passkeys
from identity.errors import AssertionRefused
from wallet import automatic_debits, planned_debits
from wallet.automatic_debit_errors import AutomaticDebitAccount, AutomaticDebitNotAwaiting, DebitHasBegun
from wallet.automatic_debit_schemas import (
    AutomaticDebitAuthorization,
    AutomaticDebitProposalSchema,
    AutomaticDebitPut,
    AutomaticDebitSchema,
    PlannedDebitPage,
    PlannedDebitSchema,
)
from wallet.automatic_debit_texts import reason_message
from wallet.automatic_debits import AutomaticDebit
from wallet.planned_debits import PlannedDebit

routes = Routes("automatic_debits")


@routes.get(
    "/v1/automatic-debits",
    access=citizen(loa=2),
    answers={200: AutomaticDebitSchema},
    summary=Text("停車費自動扣繳", "Automatic debit of parking fees"),
)
def show_automatic_debit(call: Call) -> Answer:
    """Whether it is on, the words that were signed, and what has been debited this month."""
    return Answer(_standing(call))


@routes.put(
    "/v1/automatic-debits",
    access=citizen(loa=3, phishing_resistant=True),
    body=AutomaticDebitPut,
    answers={200: AutomaticDebitProposalSchema},
    problems=[NotFound, AutomaticDebitAccount],
    summary=Text("設定自動扣繳", "Set automatic debit up, or change it"),
)
def propose_automatic_debit(call: Call) -> Answer:
    """Answers the words to be signed within five minutes. Until then everything stays as it is."""
    proposed = automatic_debits.propose(
        call.session,
        person_id=call.actor.id,
        bank_link_id=parse_typeid("blk", call.body["bank_link_id"]),
        per_bill_cap_twd=call.body["per_bill_cap"],
        monthly_cap_twd=call.body["monthly_cap"],
        now=call.now,
    )
    return Answer(_proposal(call, proposed))


@routes.post(
    "/v1/automatic-debits/<automatic_debit_id>/authorization",
    access=citizen(loa=3, phishing_resistant=True),
    body=AutomaticDebitAuthorization,
    answers={200: AutomaticDebitSchema},
    problems=[NotFound, AutomaticDebitNotAwaiting, AutomaticDebitAccount, AssertionRefused],
    summary=Text("用通行金鑰確認自動扣繳", "Confirm automatic debit with the passkey"),
)
def authorize_automatic_debit(call: Call) -> Answer:
    """The passkey's word over exactly these words: they are in force from now on."""
    automatic_debits.authorize(
        call.session,
        person_id=call.actor.id,
        automatic_debit_id=parse_typeid("adb", call.path["automatic_debit_id"]),
        credential=call.body["credential"],
        now=call.now,
    )
    return Answer(_standing(call))


@routes.delete(
    "/v1/automatic-debits",
    access=citizen(loa=2),
    answers={200: AutomaticDebitSchema},
    summary=Text("立即停止自動扣繳", "Stop automatic debit at once"),
)
def stop_automatic_debit(call: Call) -> Answer:
    """No debit begins after this, also none that was told of. What the bank has been asked for runs its course."""
    automatic_debits.stop(call.session, person_id=call.actor.id, reason="citizen", now=call.now)
    return Answer(_standing(call))


@routes.get(
    "/v1/automatic-debits/planned",
    access=citizen(loa=2),
    query=PageQuery,
    answers={200: PlannedDebitPage},
    problems=[InvalidRequest],
    summary=Text("排定的扣款", "Planned debits"),
)
def list_planned_debits(call: Call) -> Answer:
    """What will be debited when, what was, and what was not and why; newest first."""
    before: UUID | None = None
    if call.query["cursor"]:
        try:
            before = UUID(decode_cursor(call.query["cursor"], str)[0])
        except ValueError:
            raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None
    limit = call.query["limit"]
    found = planned_debits.planned_of(call.session, call.actor.id, limit=limit + 1, before=before)
    return Answer(
        {
            "items": [_planned(call, each) for each in found[:limit]],
            "next_cursor": encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
        }
    )


@routes.post(
    "/v1/automatic-debits/planned/<planned_id>/skip",
    access=citizen(loa=2),
    answers={200: PlannedDebitSchema},
    problems=[NotFound, DebitHasBegun],
    summary=Text("略過這一筆", "Skip one planned debit"),
)
def skip_planned_debit(call: Call) -> Answer:
    """This bill is left to its owner; the others go on."""
    planned_id = parse_typeid("apd", call.path["planned_id"])
    planned = planned_debits.skip(call.session, person_id=call.actor.id, planned_id=planned_id, now=call.now)
    return Answer(_planned(call, planned))


@routes.delete(
    "/v1/automatic-debits/planned/<planned_id>/skip",
    access=citizen(loa=2),
    answers={200: PlannedDebitSchema},
    problems=[NotFound, DebitHasBegun],
    summary=Text("取消略過", "Take a skip back"),
)
def take_skip_back(call: Call) -> Answer:
    """It is debited after all, as long as its moment has not passed."""
    planned_id = parse_typeid("apd", call.path["planned_id"])
    planned = planned_debits.take_skip_back(call.session, person_id=call.actor.id, planned_id=planned_id, now=call.now)
    return Answer(_planned(call, planned))


def _standing(call: Call) -> dict[str, Any]:
    standing = automatic_debits.standing_of(call.session, call.actor.id, now=call.now)
    ended = standing.last_ended if standing.active is None else None
    return {
        "kind": automatic_debits.PARKING,
        "is_on": standing.active is not None,
        "terms": _terms(standing.active) if standing.active else None,
        "proposal": _proposal(call, standing.proposed) if standing.proposed else None,
        "debited_this_month": standing.debited_this_month_twd,
        "currency": "TWD",
        "stopped_at": on_the_wire(ended.ended_at) if ended and ended.ended_at else None,
        "stopped_reason": ended.end_reason if ended else None,
    }


def _terms(terms: AutomaticDebit) -> dict[str, Any]:
    return {
        "id": typeid("adb", terms.id),
        "bank_link_id": typeid("blk", terms.bank_link_id),
        "account": terms.account_masked,
        "per_bill_cap": terms.per_bill_cap_twd,
        "monthly_cap": terms.monthly_cap_twd,
        "currency": "TWD",
        "instruction": terms.instruction,
        "authorized_at": on_the_wire(terms.authorized_at) if terms.authorized_at else None,
    }


def _proposal(call: Call, proposed: AutomaticDebit) -> dict[str, Any]:
    options = passkeys.assertion_options(call.session, proposed.person_id, proposed.challenge, call.now)
    return {
        **_terms(proposed),
        "expires_at": on_the_wire(proposed.expires_at),
        "authorization": {"options": options},
    }


def _planned(call: Call, planned: PlannedDebit) -> dict[str, Any]:
    return {
        "id": typeid("apd", planned.id),
        "bill_id": typeid("bill", planned.bill_id),
        "number": planned.number,
        "plate": planned.plate,
        "amount": planned.amount_twd,
        "currency": "TWD",
        "due_on": planned.due_on.isoformat(),
        "debit_at": on_the_wire(planned.debit_at),
        "announced_at": on_the_wire(planned.announced_at) if planned.announced_at else None,
        "status": planned.status,
        "can_skip": planned.status == "planned",
        "can_take_skip_back": planned.status == "skipped" and planned.debit_at > call.now,
        "reason": planned.reason,
        "message": reason_message(planned.reason).in_language(call.language) if planned.reason else None,
        "payment_id": typeid("pay", planned.payment_id) if planned.payment_id else None,
    }
