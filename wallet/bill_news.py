"""Telling what happened to bills without a payment made here: their bureau says that they are paid or void, or owed
after all, or somebody else has collected them."""

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


def tell(session: Session, bill_ids: Sequence[UUID], how: Closed | Literal["reopened"], *, now: datetime) -> None:
    """Record that these bills are closed, or owed again, in the transaction that makes it so; `IN_ONE_EVENT` bills in
    each event.

    A bill that was closed already may be among them: what follows from it changes nothing then.
    """
    named = [str(bill_id) for bill_id in bill_ids]
    parts = [{"bill_ids": named[start : start + IN_ONE_EVENT]} for start in range(0, len(named), IN_ONE_EVENT)]
    if how == "reopened":
        outbox.record_all(session, events.BILLS_REOPENED, parts, now=now)
    else:
        outbox.record_all(session, events.BILLS_CLOSED, [{"how": how, **part} for part in parts], now=now)
