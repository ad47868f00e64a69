"""Slips in tests: a till that writes the chains' files without a sandbox, and what the book says afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from bank_city import BankCustomer
from paying_citizen import PayingCitizen

from core import clock, db
from core.clock import TAIPEI, taipei_date
from ledger import journal
from partners.stores.files import CHANNELS, CollectionLine, Head, written
from wallet import store_collections
from wallet.store_collections import TakenFile

_references = count(1)


def slip_for(citizen: PayingCitizen | BankCustomer, bill_id: str, channel: str = "store_barcode") -> dict[str, Any]:
    """A slip of this bill, new or the one that is good already."""
    answer = citizen.send("POST", f"/v1/bills/{bill_id}/payment-slips", {"channel": channel})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json)


def paid(
    slip: dict[str, Any], *, at: datetime | None = None, amount: int | None = None, number: str | None = None,
    reference: str | None = None, channel: str = "7-eleven",
) -> CollectionLine:  # fmt: skip
    """What a channel reports of this slip: by default just now, and as much as the slip says."""
    moment = (at or clock.now()).astimezone(TAIPEI).replace(second=0, microsecond=0)
    return CollectionLine(
        row=0, channel=CHANNELS[channel], store="170001", store_name="四維門市", slip_number=number or slip["number"],
        amount_twd=amount or slip["amount"], fee_twd=slip["fee"], charge_twd=4, paid_at=moment,
        reference=reference or f"{next(_references):012d}",
    )  # fmt: skip


def file_of(*lines: CollectionLine, channel: str = "7-eleven", on: date | None = None, number: int = 1) -> bytes:
    """The channel's file with these lines."""
    day = on or taipei_date(clock.now())
    head = Head(CHANNELS[channel], day, clock.now().replace(microsecond=0), number)
    reference = f"{CHANNELS[channel].code}-{day:%Y%m%d}-{number:03d}"
    return b"".join(written(head, lines, pays_on=day + timedelta(days=1), payout_reference=reference))


def take(content: bytes, channel: str = "7-eleven", now: datetime | None = None) -> TakenFile:
    """Take a file over, as the sweep does."""
    with db.unit_of_work() as session:
        return store_collections.receive(session, [content], channel=channel, name="test", now=now or clock.now())


def report(*lines: CollectionLine, channel: str = "7-eleven", number: int = 1) -> TakenFile:
    """A file with these lines, taken over."""
    return take(file_of(*lines, channel=channel, number=number), channel)


def balances(*codes: str) -> Sequence[int]:
    """The balances (NT$) of these accounts; 0 for one that is not open."""
    with db.unit_of_work() as session:
        found = {balance.code: balance.balance for balance in journal.balances(session, "TWD")}
    return [found.get(code, 0) for code in codes]
