"""What a bureau has to hear about payments: paid, withdrawn, restored, refunded; written down with the event, once.

A notice about a bill waits until every earlier one about the same bill is acknowledged. `notice_sending.py` sends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire
from core.errors import NotFound
from core.ids import new_uuid
from core.outbox import Event
from wallet import book, events

CONSUMER: Final = "wallet.bureau_notices"
PAID: Final = "bill.paid"
WITHDRAWN: Final = "bill.payment_withdrawn"
RESTORED: Final = "bill.payment_restored"
REFUNDED: Final = "bill.refunded"
KINDS: Final = (PAID, WITHDRAWN, RESTORED, REFUNDED)
EVENTS: Final = (
    events.PAYMENT_CAPTURED,
    events.PAYMENT_UNDONE,
    events.PAYMENT_RESTORED,
    events.BILL_REFUNDED,
    events.REFUND_FAILED,
)


class EarlierEventWaits(Exception):
    """Something that happened to this payment before has not been written down yet: this event comes again later."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it stands. Money in NT$ inside `body`, which is what the bureau is told."""

    id: UUID
    bureau: str
    kind: str
    payment_id: UUID
    body: Mapping[str, Any]
    happened_at: datetime
    acknowledged_at: datetime | None
    gave_up_at: datetime | None
    next_try_at: datetime | None
    tries: int
    last_error: str | None
    waits_for: Sequence[UUID]

    @property
    def status(self) -> str:
        """acknowledged, given_up or waiting."""
        if self.acknowledged_at is not None:
            return "acknowledged"
        return "given_up" if self.gave_up_at is not None else "waiting"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery that was tried: what came of it and how long it took."""

    number: int
    started_at: datetime
    took_ms: int
    outcome: str
    detail: str | None


def write_paid(session: Session, event: Event, now: datetime) -> None:
    """One notice for each bureau whose bills a payment settles; bills whose money comes back are left out."""
    facts = event.payload
    told = {"paid_at": facts["captured_at"]}
    bills = [bill for bill in facts["bills"] if bill["stands"]]
    # While another bank may still return the debit, the bureau is told until when.
    more = {"rail": facts["rail"], "final_on": facts.get("final_on")}
    _write(session, event, PAID, _by_bureau(bills, told), more, now)


def write_withdrawn(session: Session, event: Event, now: datetime) -> None:
    """The money of a payment did not come or was taken back: its bills are owed again."""
    _must_be_in_order(session, event)
    facts = event.payload
    _write(session, event, WITHDRAWN, _of_those_told(session, event, {}), {"how": facts["how"]}, now)


def write_collected(session: Session, event: Event, now: datetime) -> None:
    """Money that came by a slip has closed a bill; its report stands in the payment's place."""
    facts = event.payload
    bill = {key: facts[key] for key in ("bill_id", "bureau", "number", "amount_twd")}
    told = _by_bureau([bill], {"paid_at": facts["paid_at"]})
    _write(session, event, PAID, told, {"channel": facts["channel"]}, now)


def write_restored(session: Session, event: Event, now: datetime) -> None:
    """A dispute was won: the bills that nobody else has paid meanwhile are paid by this payment after all."""
    _must_be_in_order(session, event)
    told = {"paid_at": event.payload["restored_at"]}
    _write(session, event, RESTORED, _of_those_told(session, event, told), {}, now)


def write_refunded(session: Session, event: Event, now: datetime) -> None:
    """Money of a bill went back to the payer; the notice says whether the bill is owed again."""
    _write_about_refund(session, event, REFUNDED, now)


def write_refund_failed(session: Session, event: Event, now: datetime) -> None:
    """A refund that the bureau was told of came back unpaid: the payment stands after all."""
    if event.payload["was_completed"]:
        _write_about_refund(session, event, RESTORED, now)


def _write_about_refund(session: Session, event: Event, kind: str, now: datetime) -> None:
    _must_be_in_order(session, event)
    facts = event.payload
    values = {"payment_id": UUID(facts["payment_id"]), "bill_id": UUID(facts["bill_id"])}
    bill = session.execute(_REFUNDED_BILL, values).first()
    if bill is None or not bill.was_told or not facts["amount_twd"]:
        return
    one = {key: facts[key] for key in ("bill_id", "number", "amount_twd")} | {"bureau": bill.bureau}
    told = {"bill_status": bill.status} if kind == REFUNDED else {"paid_at": on_the_wire(bill.booked_at or now)}
    _write(session, event, kind, _by_bureau([one], told), {"reason": facts["reason"]}, now)


def page_of_notices(
    session: Session,
    *,
    bureau: str | None,
    status: str,
    number: str | None,
    limit: int,
    before: UUID | None,
) -> list[Notice]:
    """Notices, newest first, from before the one named: of one bureau, in one status (`all`: any), about one bill."""
    rows = session.execute(
        _PAGE,
        {"bureau": bureau, "status": status, "number": number, "limit": limit, "before": before or _NEWEST,
         "bureaus": list(book.BUREAUS)},
    )  # fmt: skip
    return [Notice(**row._mapping) for row in rows]


def notice_of(session: Session, notice_id: UUID, *, bureau: str | None) -> Notice:
    """One notice. Raises NotFound, also for another bureau's where one is named."""
    row = session.execute(_ONE, {"id": notice_id, "bureau": bureau}).first()
    if row is None:
        raise NotFound
    return Notice(**row._mapping)


def attempts_of(session: Session, notice_id: UUID) -> list[Attempt]:
    """Every delivery that was tried, in order."""
    return [Attempt(**row._mapping) for row in session.execute(_ATTEMPTS, {"id": notice_id})]


def _write(
    session: Session,
    event: Event,
    kind: str,
    by_bureau: Mapping[str, list[dict[str, Any]]],
    more: Mapping[str, Any],
    now: datetime,
) -> None:
    for bureau, bills in by_bureau.items():
        bill_ids = [UUID(bill.pop("bill_id")) for bill in bills]
        values = {
            "id": new_uuid(), "payment_id": UUID(event.payload["payment_id"]), "bureau": bureau, "kind": kind,
            "event_id": event.id, "body": orjson.dumps({"bills": bills, **more}).decode(), "bill_ids": bill_ids,
            "happened_at": event.recorded_at, "now": now,
        }  # fmt: skip
        session.execute(_INSERT, values)


def _by_bureau(bills: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for bill in bills:
        if bill["amount_twd"] and bill["bureau"] in book.BUREAUS:
            found.setdefault(bill["bureau"], []).append(
                {"bill_id": bill["bill_id"], "number": bill["number"], "amount": bill["amount_twd"], **told}
            )
    return found


def _of_those_told(session: Session, event: Event, told: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The event's bills by bureau; a bureau that never heard that they were paid need not hear that they are not."""
    rows = session.execute(_TOLD_PAID, {"payment_id": UUID(event.payload["payment_id"])})
    heard = {(row.bureau, row.number) for row in rows}
    return _by_bureau([bill for bill in event.payload["bills"] if (bill["bureau"], bill["number"]) in heard], told)


def _must_be_in_order(session: Session, event: Event) -> None:
    if outbox.is_preceded(session, event, kinds=EVENTS, consumer=CONSUMER, member="payment_id"):
        raise EarlierEventWaits(event.kind)


_NEWEST = UUID(int=(1 << 128) - 1)
# What it waits for is found when it is written: earlier notices about these bills, by this payment or another.
_INSERT = text(
    """
    INSERT INTO wallet.bureau_notice (id, payment_id, bureau, kind, event_id, body, happened_at, created_at,
                                      next_try_at, waits_for)
    SELECT :id, :payment_id, :bureau, :kind, :event_id, CAST(:body AS jsonb), :happened_at, :now, :now,
           COALESCE(array_agg(n.id), '{}')
      FROM (SELECT DISTINCT n.id FROM wallet.payment_item i
              JOIN wallet.bureau_notice n ON n.payment_id = i.payment_id AND n.bureau = :bureau
             WHERE i.bill_id = ANY(:bill_ids) AND n.acknowledged_at IS NULL) AS n
    ON CONFLICT (payment_id, bureau, kind, event_id) DO NOTHING
    """
)
_TOLD_PAID = text(
    """
    SELECT n.bureau, b.number
      FROM wallet.bureau_notice n, jsonb_to_recordset(n.body -> 'bills') AS b(number text)
     WHERE n.payment_id = :payment_id AND n.kind = 'bill.paid'
    """
)
_REFUNDED_BILL = text(
    """
    SELECT i.bureau, b.status, p.booked_at,
           EXISTS (SELECT FROM wallet.bureau_notice n
                    WHERE n.payment_id = i.payment_id AND n.kind = 'bill.paid' AND n.bureau = i.bureau
                      AND n.body -> 'bills' @> jsonb_build_array(jsonb_build_object('number', i.number))) AS was_told
      FROM wallet.payment_item i JOIN wallet.bill b ON b.id = i.bill_id
      LEFT JOIN wallet.payment p ON p.id = i.payment_id
     WHERE i.payment_id = :payment_id AND i.bill_id = :bill_id
    """
)
_COLUMNS = (
    "n.id, n.bureau, n.kind, n.payment_id, n.body, n.happened_at, n.acknowledged_at, n.gave_up_at, n.next_try_at, "
    "n.tries, n.last_error, n.waits_for"
)
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM wallet.bureau_notice n
     WHERE n.id < :before AND (CAST(:bureau AS text) IS NULL OR n.bureau = :bureau)
       AND (:status = 'all' OR :status = CASE WHEN n.acknowledged_at IS NOT NULL THEN 'acknowledged'
                                              WHEN n.gave_up_at IS NOT NULL THEN 'given_up' ELSE 'waiting' END)
       AND (CAST(:number AS text) IS NULL
            OR n.payment_id IN (SELECT i.payment_id FROM wallet.bill b JOIN wallet.payment_item i ON i.bill_id = b.id
                                 WHERE b.number = :number AND b.bureau = ANY(:bureaus)))
     ORDER BY n.id DESC LIMIT :limit
    """  # noqa: S608
)
_ONE = text(
    f"SELECT {_COLUMNS} FROM wallet.bureau_notice n "  # noqa: S608
    "WHERE n.id = :id AND (CAST(:bureau AS text) IS NULL OR n.bureau = :bureau)"
)
_ATTEMPTS = text(
    "SELECT number, started_at, took_ms, outcome, detail FROM wallet.notice_attempt WHERE notice_id = :id "
    "ORDER BY number"
)
