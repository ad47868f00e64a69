"""A payment's state put right where its rail's own books say otherwise: proposed by one officer, decided by another.

The database lets a correction pass only in a transaction that names the decision (`wallet.correction`), and writes the
decision into the payment's history. Book, bills, receipt and events follow as they would have at first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.ids import new_uuid, parse_typeid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from partners import wire
from wallet import book, outcomes, states
from wallet.errors import CorrectionNotPossible
from wallet.payments import Item, LockedItem, Payment, lock_items, lock_payment
from wallet.ports import ports
from wallet.rails.contract import Booked, Outcome, Provisional
from wallet.undoing import undo

APPROVAL: Final = "wallet.payment_correction"
_CORRECTIONS: Final = {(move.source, move.target) for move in states.PAYMENT.moves if move.is_correction}
# The rail took another amount than was ordered: the payment neither stands nor ends by itself, so people end it.
_OTHER_AMOUNT: Final = {(state, states.FAILED) for state in (states.UNKNOWN, states.ACTION_REQUIRED)}
OTHER_AMOUNT: Final = "other_amount"
TARGETS: Final = tuple(sorted({target for _, target in _CORRECTIONS}))
_WORDS = {
    states.CAPTURED: Text("錢已收到", "the money has come"),
    states.FAILED: Text("沒有扣款", "nothing was taken"),
}
_TOOK_ANOTHER = Text(
    "扣了別的金額，這筆付款作罷；扣走的錢另請付款機構退還",
    "another amount was taken: it ends unpaid, and the rail has to be asked to give back what it took",
)


def targets_of(status: str) -> tuple[str, ...]:
    """Where a payment that stands there may be proposed to stand instead."""
    return tuple(sorted(target for source, target in _CORRECTIONS | _OTHER_AMOUNT if source == status))


def ask_the_rail(payment: Payment) -> Outcome | None:
    """What the rail's own books say about a payment now; no transaction may be open. Raises Unavailable."""
    try:
        return ports().rails[payment.rail].find(payment.order())
    except wire.CallFailed as failure:
        raise Unavailable from failure


def propose(
    session: Session,
    *,
    by: Actor,
    payment_id: UUID,
    target: str,
    rail_says: Outcome | None,
    reason: str,
    now: datetime,
) -> UUID:
    """Propose that a payment stands otherwise, as its rail says. Answers the proposal's id.

    Raises NotFound, CorrectionNotPossible.
    """
    payment = lock_payment(session, payment_id)
    if not _is_shown(payment, target, rail_says):
        said = type(rail_says).__name__.lower() if rail_says else "unknown"
        raise CorrectionNotPossible(payment_status=payment.status, rail_says=said)
    body = {
        "payment_id": payment.reference,
        "source": payment.status,
        "target": target,
        "total_twd": payment.total_twd,
        "rail": payment.rail,
        "external_id": rail_says.external_id if isinstance(rail_says, Booked) else None,
        "booked_at": rail_says.booked_at.isoformat() if isinstance(rail_says, Booked) else None,
    }
    approval = approvals.propose(
        session, kind=APPROVAL, subject=payment.reference, body=body, reason=reason, by=by,
        person_id=payment.person_id, now=now,
    )  # fmt: skip
    return approval.id


def _is_shown(payment: Payment, target: str, rail_says: Outcome | None) -> bool:
    """Whether the rail's own books show that the payment should stand there."""
    move = (payment.status, target)
    if move in _OTHER_AMOUNT:
        return isinstance(rail_says, Booked | Provisional) and rail_says.amount_twd != payment.money_twd
    is_booked = isinstance(rail_says, Booked) and rail_says.amount_twd == payment.money_twd
    return move in _CORRECTIONS and is_booked == (target == states.CAPTURED)


def approved(session: Session, approval: Approval, now: datetime) -> None:
    """A second officer agrees. Raises CorrectionNotPossible when the payment has moved meanwhile.

    Money that came for a bill which was paid otherwise, or is being paid, goes back to the payer.
    """
    payment_id = parse_typeid("pay", approval.body["payment_id"])
    locked = lock_items(session, payment_id)
    payment = lock_payment(session, payment_id)
    if payment.status != approval.body["source"]:
        raise CorrectionNotPossible(payment_status=payment.status)
    session.execute(_NAME_DECISION, {"decision": typeid("apr", approval.id)})
    if approval.body["target"] == states.CAPTURED:
        _was_booked(session, payment, locked, approval, now)
    elif (payment.status, states.FAILED) in _OTHER_AMOUNT:
        outcomes.fail(session, payment, [each.item for each in locked], OTHER_AMOUNT, now=now)
    else:
        undo(session, payment.id, "returned", reason=approval.reason[:200], now=now, is_correction=True)
    session.execute(_NAME_DECISION, {"decision": ""})


def shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    """What a proposed correction would do."""
    return (
        Shown(Text("付款", "Payment"), str(body["payment_id"])),
        Shown(Text("金額", "Amount"), f"NT${body['total_twd']:,}"),
        Shown(Text("現在的狀態", "It stands as"), str(body["source"])),
        Shown(
            Text("更正為", "It shall stand as"),
            _TOOK_ANOTHER if (body["source"], body["target"]) in _OTHER_AMOUNT else _WORDS[body["target"]],
        ),
    )


def register() -> None:
    """Let finance officers decide corrections."""
    title = Text("更正付款狀態", "Correcting a payment's state")
    approvals.on_approved(APPROVAL, ["finance"], approved, shown, title=title)


def _was_booked(
    session: Session, payment: Payment, locked: Sequence[LockedItem], approval: Approval, now: datetime
) -> None:
    # What the first try had held was released when it ended: what is booked now is held anew.
    anew = [replace(each, item=_with_new_holds(each.item)) for each in locked]
    items = [each.item for each in anew]
    for item in items:
        session.execute(
            _HOLDS, {"payment_id": payment.id, "bill_id": item.bill_id, "hold": item.hold_id, "fee": item.fee_hold_id,
                     "points": item.points_hold_id}
        )  # fmt: skip
    clearing = ports().rails[payment.rail].clearing
    book.hold(session, payment.reference, items, clearing=clearing, rail=payment.rail, now=now)
    if payment.points_pt:
        ports().tender.take_again(
            session, payment_id=payment.id, points=payment.points_pt, cause_id=approval.id, now=now
        )
    body = approval.body
    booked = Booked(body["external_id"], payment.money_twd, datetime.fromisoformat(body["booked_at"]))
    outcomes.booked_after_all(session, payment, anew, booked, now=now)


def _with_new_holds(item: Item) -> Item:
    return replace(
        item,
        hold_id=new_uuid(),
        fee_hold_id=new_uuid() if item.fee_hold_id else None,
        points_hold_id=new_uuid() if item.points_hold_id else None,
    )


_NAME_DECISION = text("SELECT set_config('wallet.correction', :decision, true)")
_HOLDS = text(
    "UPDATE wallet.payment_item SET hold_id = :hold, fee_hold_id = :fee, points_hold_id = :points "
    "WHERE payment_id = :payment_id AND bill_id = :bill_id"
)
