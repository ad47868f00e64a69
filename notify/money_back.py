"""A message for every step of a refund, and for whatever else takes a payment's money away or brings it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import typeid
from core.outbox import Event
from core.text import Text
from notify import money_back_texts, texts
from notify.messages import day_text, write
from notify.wording import Wording

_NOTHING = Text("", "")
_DOUBLE = ("paid_elsewhere_first", "paid_elsewhere_again")


def tell_of_request(session: Session, event: Event, now: datetime) -> None:
    """wallet.refund_requested: it goes back, and by when it is there."""
    _tell(session, money_back_texts.REFUND_REQUESTED, event, event.recorded_at, now)


def tell_of_acceptance(session: Session, event: Event, now: datetime) -> None:
    """wallet.refund_accepted: whoever pays it out has taken it on."""
    _tell(session, money_back_texts.REFUND_ACCEPTED, event, event.recorded_at, now)


def tell_of_refund(session: Session, event: Event, now: datetime) -> None:
    """wallet.bill_refunded: the money is back."""
    is_double = event.payload["reason"] in _DOUBLE
    wording = texts.DOUBLE_PAYMENT_RETURNED if is_double else money_back_texts.REFUND_COMPLETED
    _tell(session, wording, event, datetime.fromisoformat(event.payload["completed_at"]), now)


def tell_of_refund_failure(session: Session, event: Event, now: datetime) -> None:
    """wallet.refund_failed: it did not arrive, and what to do."""
    failed = event.payload
    _tell(
        session,
        money_back_texts.REFUND_FAILED,
        event,
        event.recorded_at,
        now,
        again=money_back_texts.CAME_BACK_AGAIN if failed["was_completed"] else _NOTHING,
        todo=money_back_texts.CHOOSE_ACCOUNT if failed["can_choose_account"] else money_back_texts.NOTHING_TO_DO,
    )


def tell_of_undoing(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_undone: its bills are unpaid again."""
    how = money_back_texts.HOW_UNDONE[event.payload["how"]]
    _tell_of_payment(session, money_back_texts.PAYMENT_UNDONE, event, now, how=how)


def tell_of_restoring(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_restored: it counts again."""
    _tell_of_payment(session, money_back_texts.PAYMENT_RESTORED, event, now)


def tell_of_dispute(session: Session, event: Event, now: datetime) -> None:
    """wallet.dispute_opened: somebody does not recognise the payment."""
    _tell_of_payment(session, money_back_texts.DISPUTE_OPENED, event, now)


def tell_of_dispute_result(session: Session, event: Event, now: datetime) -> None:
    """wallet.dispute_closed: who keeps the money."""
    result = money_back_texts.DISPUTE_RESULTS[event.payload["status"]]
    _tell_of_payment(session, money_back_texts.DISPUTE_CLOSED, event, now, result=result)


def _tell(session: Session, wording: Wording, event: Event, at: datetime, now: datetime, **more: Text) -> None:
    refund = event.payload
    fee_twd, points = refund["fee_twd"], refund.get("points_pt", 0)
    values: dict[str, Any] = {
        "payment": typeid("pay", UUID(refund["payment_id"])),
        "amount": f"{refund['amount_twd']:,}",
        "account": refund["account"],
        "expected": _day(refund.get("expected_on")),
        "why": money_back_texts.WHY.get(refund["reason"], money_back_texts.SOME_WHY),
        "channel": texts.CHANNELS.get(refund["channel"], texts.SOME_CHANNEL),
        "points": money_back_texts.POINTS_BACK.format(points=f"{points:,}") if points else _NOTHING,
        "fee_back": texts.FEE_BACK.format(fee=f"{fee_twd:,}") if fee_twd else _NOTHING,
        **more,
    }
    write(session, wording, event, person_id=UUID(refund["person_id"]), values=values, at=at, now=now)


def _tell_of_payment(session: Session, wording: Wording, event: Event, now: datetime, **more: Text) -> None:
    payment = event.payload
    values: dict[str, Any] = {
        "payment": typeid("pay", UUID(payment["payment_id"])),
        "total": f"{payment['total_twd']:,}",
        "count": len(payment["bills"]),
        **more,
    }
    person_id = UUID(payment["person_id"])
    write(session, wording, event, person_id=person_id, values=values, at=event.recorded_at, now=now)


def _day(iso: str | None) -> Text:
    if iso is None:
        return Text("近日", "one of the next days")
    return day_text(iso)
