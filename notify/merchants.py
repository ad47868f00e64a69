"""A message to a shop's owner for every decision about it, every step of proving its account, every week's money."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import typeid
from core.outbox import Event
from core.text import Text
from notify import merchant_texts
from notify.messages import day_text, write
from notify.wording import Wording

_WEEK = Text("{first}到{last}", "from {first} to {last}")


def tell_of_decision(session: Session, event: Event, now: datetime) -> None:
    """points.merchant_decided: approved, refused with the reason, suspended, or closed, by the city or as wished."""
    decided = "left" if event.payload.get("closed_by") == "owner" else event.payload["status"]
    _tell(session, merchant_texts.DECIDED[decided], event, now)


def tell_of_account(session: Session, event: Event, now: datetime) -> None:
    """points.account_proof: the credit has gone, could not be paid, or its code was right."""
    _tell(session, merchant_texts.OF_ACCOUNT[event.payload["status"]], event, now, account=event.payload["account"])


def tell_of_payment(session: Session, event: Event, now: datetime) -> None:
    """points.settlement_paid: the week's money is there."""
    _tell(session, merchant_texts.PAID, event, now, **_week(event))


def tell_of_no_payment(session: Session, event: Event, now: datetime) -> None:
    """points.settlement_not_paid: the bank could not pay it, and what to do."""
    _tell(session, merchant_texts.NOT_PAID, event, now, **_week(event))


def _week(event: Event) -> dict[str, Any]:
    week = event.payload
    return {
        "amount": f"{week['amount_twd']:,}",
        "account": week["account"],
        "when": _WEEK.format(first=day_text(week["first_day"]), last=day_text(week["last_day"])),
    }


def _tell(session: Session, wording: Wording, event: Event, now: datetime, **more: Any) -> None:
    merchant = event.payload
    values = {"merchant": typeid("mer", UUID(merchant["merchant_id"])), "shop": merchant["name"], **more}
    person_id = UUID(merchant["person_id"])
    write(session, wording, event, person_id=person_id, values=values, at=event.recorded_at, now=now)
