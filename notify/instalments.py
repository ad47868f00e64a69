"""A message at every turn of a fine that is paid in parts, to everybody whose fine it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import typeid
from core.outbox import Event
from notify import instalment_texts as words
from notify.messages import day_text, write
from notify.wording import Wording


def tell_of_plan(session: Session, event: Event, now: datetime) -> None:
    """wallet.instalments_granted: how many parts, and when the first is due."""
    plan = event.payload
    _tell(session, words.GRANTED, event, now, amount=_money(plan["first_twd"]), due=day_text(plan["first_due_on"]))


def tell_of_refusal(session: Session, event: Event, now: datetime) -> None:
    """wallet.instalments_refused: to whoever asked, with the bureau's reason."""
    refused = event.payload
    values = {
        "bill": typeid("bill", UUID(refused["bill_id"])),
        "total": _money(refused["amount_twd"]),
        "reason": words.REFUSALS.get(refused["refusal"], words.SOME_REFUSAL),
    }
    person_id = UUID(refused["person_id"])
    write(session, words.REFUSED, event, person_id=person_id, values=values, at=event.recorded_at, now=now)


def tell_of_delay(session: Session, event: Event, now: datetime) -> None:
    """wallet.instalment_delayed: until when."""
    _tell(session, words.DELAYED, event, now, **_of_part(event.payload), due=day_text(event.payload["due_on"]))


def tell_of_missed_part(session: Session, event: Event, now: datetime) -> None:
    """wallet.instalment_missed: what happens when another one is missed."""
    plan = event.payload
    if plan["next_due_on"] is None:
        then = words.NOTHING_ELSE_TO_COME
    else:
        then = words.ONE_MORE_ENDS_IT.format(due=day_text(plan["next_due_on"]), left=_money(plan["left_twd"]))
    _tell(session, words.MISSED, event, now, **_of_part(plan), then=then)


def tell_of_completion(session: Session, event: Event, now: datetime) -> None:
    """wallet.instalments_completed: in the inbox alone, since the receipt of the last part is pushed at that moment."""
    _tell(session, words.COMPLETED, event, now)


def tell_of_end(session: Session, event: Event, now: datetime) -> None:
    """wallet.instalments_ended: what is owed at once."""
    _tell(session, words.ENDED, event, now, left=_money(event.payload["left_twd"]))


def _tell(session: Session, wording: Wording, event: Event, now: datetime, **more: Any) -> None:
    plan = event.payload
    values: dict[str, Any] = {
        "bill": typeid("bill", UUID(plan["bill_id"])),
        "total": _money(plan["amount_twd"]),
        "count": plan["parts"],
        **more,
    }
    for person_id in plan["person_ids"]:
        write(session, wording, event, person_id=UUID(person_id), values=values, at=event.recorded_at, now=now)


def _of_part(plan: dict[str, Any]) -> dict[str, Any]:
    part_bill = typeid("bill", UUID(plan["part_bill_id"]))
    return {"part": plan["part"], "part_bill": part_bill, "amount": _money(plan["part_twd"])}


def _money(twd: int) -> str:
    return f"{twd:,}"
