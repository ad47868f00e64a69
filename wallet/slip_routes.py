"""Slips over HTTP: a bill as a barcode for a store's counter, or as a QR code for any bank's app."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core import db
from core.clock import on_the_wire, taipei_date
from core.errors import NotFound, Unavailable
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.taiwan import roc_text
from core.text import Text
from wallet import code39, payment_slips, twqr
from wallet.bills import Bill
from wallet.confirmation import confirm_amounts
from wallet.errors import AmountNotConfirmed, BillAlreadyPaid, BillBeingPaid, BillNotPayable
from wallet.payment_slips import Slip
from wallet.slip_errors import LateFineNotForAgents, SlipEnded, SlipNotOffered, SlipOverLimit
from wallet.slip_schemas import SlipCreate, SlipSchema
from wallet.slip_texts import ALTS, COUNTS, HOW_TO, TITLES

routes = Routes("slips")

_REFUSALS = [NotFound, BillAlreadyPaid, BillNotPayable, BillBeingPaid, LateFineNotForAgents, SlipOverLimit,
             SlipNotOffered, AmountNotConfirmed, Unavailable]  # fmt: skip


@routes.post(
    "/v1/bills/<bill_id>/payment-slips",
    access=citizen(loa=2),
    body=SlipCreate,
    own_units=True,
    answers={200: SlipSchema, 201: SlipSchema},
    answer_headers={201: {"Location": "where the slip is"}},
    problems=_REFUSALS,
    summary=Text("產生繳費單（超商條碼或 TWQR）", "Make a slip: a store barcode or a TWQR code"),
)
def make_slip(call: Call) -> Answer:
    """The slip that is good already is answered again (200). A fine's amount is confirmed by its bureau first."""
    bill_id, channel = parse_typeid("bill", call.path["bill_id"]), call.body["channel"]
    with db.unit_of_work() as session:
        payment_slips.look(session, person_id=call.actor.id, bill_id=bill_id, channel=channel, now=call.now)
    confirm_amounts(call.actor.id, [bill_id], call.now)
    with db.unit_of_work() as session:
        slip, bill, is_new = payment_slips.issue(
            session, person_id=call.actor.id, bill_id=bill_id, channel=channel, now=call.now
        )
        body = _on_the_wire(session, call, slip, bill)
    if not is_new:
        return Answer(body)
    return Answer(body, 201, headers={"Location": f"/v1/payment-slips/{body['id']}"})


@routes.get(
    "/v1/payment-slips/<slip_id>",
    access=citizen(loa=2),
    answers={200: SlipSchema},
    problems=[NotFound],
    summary=Text("一張繳費單", "One slip"),
)
def show_slip(call: Call) -> Answer:
    """A slip of one of my bills; its status says whether it may still be paid."""
    slip, bill = payment_slips.slip_of(
        call.session, person_id=call.actor.id, slip_id=parse_typeid("slip", call.path["slip_id"])
    )
    return Answer(_on_the_wire(call.session, call, slip, bill))


@routes.delete(
    "/v1/payment-slips/<slip_id>",
    access=citizen(loa=2),
    answers={204: None},
    problems=[NotFound, SlipEnded],
    summary=Text("作廢繳費單", "Withdraw a slip"),
)
def withdraw_slip(call: Call) -> Answer:
    """It is shown no more. A store that scans a picture of it takes the cash all the same, and it counts."""
    payment_slips.withdraw(
        call.session, person_id=call.actor.id, slip_id=parse_typeid("slip", call.path["slip_id"]), now=call.now
    )
    return Answer(None, 204)


def _on_the_wire(session: Session, call: Call, slip: Slip, bill: Bill) -> dict[str, Any]:
    words = {
        "amount": slip.amount_twd,
        "fee": slip.fee_twd,
        "total": slip.amount_twd + slip.fee_twd,
        "number": slip.number,
        "code": "；".join(slip.code),
        "last_day": roc_text(taipei_date(slip.expires_at)),
    }
    english = words | {"code": "; ".join(slip.code), "last_day": taipei_date(slip.expires_at).isoformat()}

    def said(text: Text) -> str:
        return text.en.format(**english) if call.language.startswith("en") else text.zh.format(**words)

    is_barcode = slip.channel == "store_barcode"
    title, alt = said(TITLES[slip.channel]), said(ALTS[slip.channel])
    return {
        "id": typeid("slip", slip.id),
        "bill_id": typeid("bill", slip.bill_id),
        "channel": slip.channel,
        "status": slip.status(bill, call.now),
        "number": slip.number,
        "segments": list(slip.code) if is_barcode else None,
        "payload": None if is_barcode else slip.code[0],
        "svg": code39.svg(slip.code, title=title, description=alt) if is_barcode else twqr.svg(slip.code[0], title=alt),
        "alt": alt,
        "amount": slip.amount_twd,
        "fee": slip.fee_twd,
        "total": slip.amount_twd + slip.fee_twd,
        "currency": "TWD",
        "expires_at": on_the_wire(slip.expires_at),
        "limits": {"per_item": payment_slips.item_cap_twd(session, slip.channel, call.now)},
        "counts_as_paid": said(COUNTS),
        "how_to": [said(step) for step in HOW_TO[slip.channel]],
    }
