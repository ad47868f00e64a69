"""A message the day before each automatic debit, for each that was not made, and when it or an account ends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.outbox import Event
from core.taiwan import roc_text
from core.text import Text
from notify import automatic_debit_texts as words
from notify.messages import write
from notify.wording import Wording


def tell_of_plan(session: Session, event: Event, now: datetime) -> None:
    """wallet.automatic_debit_announced: amount, vehicle, when, and how to skip it."""
    planned = event.payload
    more = {"account": planned["account"], "when": _moment(planned["debit_at"])}
    _tell(session, words.ANNOUNCED, event, now, **_of_bill(planned), **more)


def tell_of_debit_not_made(session: Session, event: Event, now: datetime) -> None:
    """wallet.automatic_debit_not_made: why, and whether it is tried again or left to the citizen."""
    planned = event.payload
    reason = words.REASONS.get(planned["reason"], words.SOME_REASON)
    if planned["retry_at"] is not None:
        more: dict[str, Any] = {"reason": reason, "when": _moment(planned["retry_at"])}
        _tell(session, words.TO_BE_RETRIED, event, now, **_of_bill(planned), **more)
    else:
        due_on = date.fromisoformat(planned["due_on"])
        more = {"reason": reason, "due": Text(roc_text(due_on), f"{due_on:%Y-%m-%d}")}
        _tell(session, words.LEFT, event, now, **_of_bill(planned), **more)


def tell_of_stop(session: Session, event: Event, now: datetime) -> None:
    """wallet.automatic_debit_stopped: also to whoever stopped it, since somebody else may hold the phone."""
    _tell(session, words.STOPPED, event, now, reason=words.STOP_REASONS[event.payload["reason"]])


def tell_of_ended_account(session: Session, event: Event, now: datetime) -> None:
    """wallet.bank_link_ended: told when the bank ended it; whoever unlinked it here knows."""
    if event.payload["by"] == "bank":
        _tell(session, words.ACCOUNT_ENDED, event, now, account=event.payload["account"])


def _tell(session: Session, wording: Wording, event: Event, now: datetime, **values: Any) -> None:
    person_id = UUID(event.payload["person_id"])
    write(session, wording, event, person_id=person_id, values=values, at=event.recorded_at, now=now)


def _of_bill(planned: dict[str, Any]) -> dict[str, Any]:
    tail = words.VEHICLE.format(tail=planned["plate"][-2:])
    return {"amount": f"{planned['amount_twd']:,}", "vehicle": tail}


def _moment(iso: str) -> Text:
    local = datetime.fromisoformat(iso).astimezone(TAIPEI)
    return Text(f"{roc_text(local.date())} {local:%H:%M}", f"{local:%Y-%m-%d %H:%M}")
