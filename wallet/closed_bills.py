"""Telling that bills are closed without a payment made here: their bureau says that they are paid or void, or somebody
else has collected them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from core import outbox
from wallet import events

Closed = Literal["paid", "void"]

IN_ONE_EVENT = 500


def tell(session: Session, bill_ids: Sequence[UUID], how: Closed, *, now: datetime) -> None:
    """Record that these bills are closed, in the transaction that closes them; `IN_ONE_EVENT` bills in each event.

    A bill that was closed already may be among them: what follows from it changes nothing then.
    """
    told = [
        {"how": how, "bill_ids": [str(bill_id) for bill_id in bill_ids[start : start + IN_ONE_EVENT]]}
        for start in range(0, len(bill_ids), IN_ONE_EVENT)
    ]
    outbox.record_all(session, events.BILLS_CLOSED, told, now=now)
