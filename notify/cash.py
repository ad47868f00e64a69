"""A message when a slip's money has arrived, when it was too much, and when that was sent back or could not be."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import typeid
from core.outbox import Event
from core.text import Text
from notify import cash_texts, texts
from notify.messages import write
from notify.wording import Wording

_NOTHING = Text("", "")


def tell_of_arrival(session: Session, event: Event, now: datetime) -> None:
    """wallet.bill_collected: whoever made the slip need not wonder any more whether it was paid."""
    paid = event.payload
    if "person_id" not in paid:
        return
    fee_twd = paid["fee_twd"]
    values = {
        "bill": typeid("bill", UUID(paid["bill_id"])),
        "channel": texts.CHANNELS.get(paid["channel"], texts.SOME_CHANNEL),
        "fee": cash_texts.FEE_THERE.format(fee=f"{fee_twd:,}") if fee_twd else _NOTHING,
    }
    _tell(session, cash_texts.SLIP_PAID, event, paid["person_id"], now, at=paid["paid_at"], **values)


def tell_of_overpayment(session: Session, event: Event, now: datetime) -> None:
    """wallet.overpayment_found: everybody whose bill it is, and how it comes back."""
    found = event.payload
    channel = texts.CHANNELS.get(found["channel"], texts.SOME_CHANNEL)
    why = cash_texts.WHY_TOO_MUCH.get(found["reason"], cash_texts.SOME_WHY_TOO_MUCH).format(channel=channel)
    for person_id in found.get("person_ids", ()):
        _tell(session, cash_texts.OVERPAYMENT_FOUND, event, person_id, now, why=why)


def tell_of_return(session: Session, event: Event, now: datetime) -> None:
    """wallet.overpayment_returned: it is back."""
    back = event.payload
    _tell(
        session, cash_texts.OVERPAYMENT_RETURNED, event, back["person_id"], now, at=back["returned_at"],
        account=back["account"],
    )  # fmt: skip


def tell_of_failed_return(session: Session, event: Event, now: datetime) -> None:
    """wallet.overpayment_not_returned: another account has to be chosen."""
    failed = event.payload
    wording = cash_texts.OVERPAYMENT_NOT_RETURNED
    _tell(session, wording, event, failed["person_id"], now, account=failed["account"])


def _tell(
    session: Session,
    wording: Wording,
    event: Event,
    person_id: str,
    now: datetime,
    *,
    at: str | None = None,
    **more: Any,
) -> None:
    values = {"amount": f"{event.payload['amount_twd']:,}", **more}
    moment = datetime.fromisoformat(at) if at else event.recorded_at
    write(session, wording, event, person_id=UUID(person_id), values=values, at=moment, now=now)
