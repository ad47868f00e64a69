"""What a person owes: bills on their ID number, and parking on vehicles they have shown to be theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from core.errors import NotFound
from core.text import Text
from identity import people

LARGEST_SELECTION = 50


@dataclass(frozen=True, slots=True)
class Bill:
    """A parking fee, a traffic fine or the fare of a ride as its bureau stated it. Money in NT$."""

    id: UUID
    bureau: str
    kind: str
    number: str
    plate: str
    vehicle: str | None
    district: str | None
    road: str | None
    place: str | None
    occurred_at: datetime
    law_code: str | None
    law_text: str | None
    amount_twd: int
    due_on: date
    payable_by_agent: bool
    status: str
    claimed_by: UUID | None
    paid_by_payment: UUID | None
    paid_channel: str | None
    paid_at: datetime | None
    plan_id: UUID | None = None
    part_number: int | None = None
    part_count: int | None = None

    @property
    def state(self) -> str:
        """What the citizen sees: unpaid, processing, paid, void or appealed."""
        if self.status == "unpaid" and self.claimed_by is not None:
            return "processing"
        return self.status

    def is_overdue(self, now: datetime) -> bool:
        """Whether the last day to pay has passed in Taipei."""
        return self.status == "unpaid" and self.due_on < taipei_date(now)

    def not_payable_reason(self) -> str | None:
        """Why this bill cannot be paid here now; None when it can. A claim that only waits is no hindrance."""
        if self.status != "unpaid":
            return self.status
        if self.plan_id is not None and self.part_number is None:
            return "on_instalments"
        if self.kind == "fine" and not self.payable_by_agent:
            return "not_payable_by_agent"
        return None

    @property
    def description(self) -> Text:
        """The bill in a few words, as on a receipt; no ID number, no plate."""
        if self.kind == "parking":
            where = f"{self.district or ''}{self.road or ''}"
            return Text(f"路邊停車費 {where}", f"Roadside parking {where}")
        if self.kind == "ride":
            # Who drove, and when it was over. The fleet gives a proof of the ride itself (汽車運輸業管理規則 art. 91).
            ride = f"{self.place or ''} {self.occurred_at.astimezone(TAIPEI):%Y-%m-%d %H:%M}".strip()
            return Text(f"無障礙接送車資 {ride}", f"Fare of a ride {ride}")
        part = f" {self.part_number}/{self.part_count}" if self.part_number else ""
        return Text(f"交通罰鍰{part} {self.law_text or ''}", f"Traffic fine{part} {self.law_text or ''}")


@dataclass(frozen=True, slots=True)
class Owner:
    """By what a person's bills are found: the blind index of their ID number, and their vehicles (plate, class).

    Where `only_plates` are named, bills of other vehicles are as if they were not there.
    """

    national_id_index: bytes
    vehicles: tuple[tuple[str, str], ...]
    only_plates: tuple[str, ...] | None = None


def owner_of(session: Session, person_id: UUID) -> Owner:
    """What identifies this person's bills."""
    national_id_index, vehicles = people.owner_key_of(session, person_id)
    return Owner(national_id_index, tuple(vehicles))


def people_of(session: Session, bill_id: UUID) -> list[UUID]:
    """Everybody who sees this bill as theirs: nobody, one person, or those who share a vehicle."""
    bill = session.execute(_NAMES, {"id": bill_id}).one()
    return people.holders_of(session, national_id_index=bill.owner_index, plate=bill.plate, vehicle=bill.vehicle)


def page_of_bills(
    session: Session, owner: Owner, *, status: str, limit: int, after: Sequence[Any] | None
) -> list[Bill]:
    """Up to `limit` bills in the order in which they matter: unpaid first, then by due date, then by id.

    `status` is unpaid, paid or all; `after` is the sort key (is settled, due date, id) of the last bill shown.
    """
    parameters = ownership(owner) | {
        "status": status,
        "limit": limit,
        "is_first_page": after is None,
        "after_settled": int(after[0]) if after else 0,
        "after_due": date.fromisoformat(after[1]) if after else date.min,
        "after_id": UUID(after[2]) if after else UUID(int=0),
    }
    return [_bill(row) for row in session.execute(_PAGE, parameters)]


def sort_key(bill: Bill) -> tuple[int, str, str]:
    """The key that `page_of_bills` continues after."""
    return (0 if bill.status in ("unpaid", "appealed") else 1, bill.due_on.isoformat(), str(bill.id))


def bill_of(session: Session, owner: Owner, bill_id: UUID) -> Bill:
    """One bill of this person. Raises NotFound for anybody else's, as for none at all."""
    row = session.execute(_ONE, ownership(owner) | {"ids": [bill_id]}).first()
    if row is None:
        raise NotFound
    return _bill(row)


def bills_for_payment(session: Session, owner: Owner, bill_ids: Sequence[UUID]) -> list[Bill]:
    """These bills of this person, locked against every other payment, in the order of their ids.

    The other bills of payments that claim them are locked with them: whoever has such a payment give its bills up must
    not lock those afterwards, out of order. Raises NotFound unless every one is there and theirs.
    """
    wanted = set(bill_ids)
    rows = session.execute(_ONE_LOCKED, ownership(owner) | {"ids": list(wanted)}).all()
    mine = [_bill(row) for row in rows if row.id in wanted]
    if len(mine) != len(wanted):
        raise NotFound
    return mine


def bills_seen(session: Session, owner: Owner, bill_ids: Sequence[UUID]) -> list[Bill]:
    """These bills of this person, without locking them. Raises NotFound unless all are there and theirs."""
    rows = session.execute(_ONE, ownership(owner) | {"ids": list(bill_ids)}).all()
    if len(rows) != len(set(bill_ids)):
        raise NotFound
    return [_bill(row) for row in rows]


def correct_amount(session: Session, bill_id: UUID, amount_twd: int, *, payable: bool, now: datetime) -> None:
    """The bureau has stated another amount for a bill that is still unpaid."""
    session.execute(_CORRECT, {"id": bill_id, "amount": amount_twd, "payable": payable, "now": now})


def set_status_from_bureau(session: Session, bill_id: UUID, status: str, *, now: datetime) -> bool:
    """The bureau has stated that an unpaid bill is paid, void or under appeal. Whether it changed: a claimed one does
    not."""
    return session.execute(_SET_STATUS, {"id": bill_id, "status": status, "now": now}).first() is not None


def ownership(owner: Owner) -> dict[str, Any]:
    """The parameters of `IS_MINE`."""
    return {
        "owner_index": owner.national_id_index,
        "plates": [plate for plate, _ in owner.vehicles],
        "vehicles": [vehicle for _, vehicle in owner.vehicles],
        "only_plates": None if owner.only_plates is None else list(owner.only_plates),
    }


def _bill(row: Any) -> Bill:
    return Bill(**row._mapping)


_COLUMNS = (
    "b.id, b.bureau, b.kind, b.number, b.plate, b.vehicle, b.district, b.road, b.place, b.occurred_at, b.law_code, "
    "b.law_text, b.amount_twd, b.due_on, b.payable_by_agent, b.status, b.claimed_by, b.paid_by_payment, "
    "b.paid_channel, b.paid_at, b.plan_id, b.part_number, b.part_count"
)
# A fine on my vehicle that names somebody else is that person's, so plates match only bills that name nobody.
IS_MINE = (
    "((b.owner_index = :owner_index OR (b.owner_index IS NULL AND EXISTS ("
    "SELECT 1 FROM unnest(CAST(:plates AS text[]), CAST(:vehicles AS text[])) AS v(plate, vehicle) "
    "WHERE v.plate = b.plate AND v.vehicle = b.vehicle))) "
    "AND (CAST(:only_plates AS text[]) IS NULL OR b.plate = ANY(CAST(:only_plates AS text[]))))"
)
_PAGE = text(
    f"""
    WITH mine AS (
        SELECT b.* FROM wallet.bill b WHERE b.owner_index = :owner_index
        UNION ALL
        SELECT b.* FROM unnest(CAST(:plates AS text[]), CAST(:vehicles AS text[])) AS v(plate, vehicle)
          JOIN wallet.bill b ON b.plate = v.plate AND b.vehicle = v.vehicle AND b.owner_index IS NULL
    ), keyed AS (
        SELECT mine.*, CASE WHEN status IN ('unpaid', 'appealed') THEN 0 ELSE 1 END AS is_settled FROM mine
    )
    SELECT {_COLUMNS} FROM keyed b
     WHERE (:status = 'all' OR (:status = 'paid') = (b.is_settled = 1))
       AND (CAST(:only_plates AS text[]) IS NULL OR b.plate = ANY(CAST(:only_plates AS text[])))
       AND (:is_first_page OR (b.is_settled, b.due_on, b.id)
            > (CAST(:after_settled AS integer), CAST(:after_due AS date), CAST(:after_id AS uuid)))
     ORDER BY b.is_settled, b.due_on, b.id LIMIT :limit
    """  # noqa: S608
)
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.bill b WHERE b.id = ANY(:ids) AND {IS_MINE} ORDER BY b.id")  # noqa: S608
# The ids are an array before the bills are looked at, so that they are found by their key.
_ONE_LOCKED = text(
    f"""
    SELECT {_COLUMNS} FROM wallet.bill b
     WHERE b.id = ANY(ARRAY(
               SELECT unnest(CAST(:ids AS uuid[])) UNION
               SELECT i.bill_id FROM wallet.bill c JOIN wallet.payment_item i ON i.payment_id = c.claimed_by
                WHERE c.id = ANY(:ids)))
       AND (NOT b.id = ANY(:ids) OR {IS_MINE})
     ORDER BY b.id FOR UPDATE OF b
    """  # noqa: S608
)
_NAMES = text("SELECT owner_index, plate, vehicle FROM wallet.bill WHERE id = :id")
_CORRECT = text(
    "UPDATE wallet.bill SET amount_twd = :amount, payable_by_agent = :payable, updated_at = :now "
    "WHERE id = :id AND status = 'unpaid'"
)
_SET_STATUS = text(
    "UPDATE wallet.bill SET status = :status, updated_at = :now, "
    "paid_channel = CASE WHEN :status = 'paid' THEN 'bureau-register' ELSE paid_channel END, "
    "paid_at = CASE WHEN :status = 'paid' THEN CAST(:now AS timestamptz) ELSE paid_at END "
    "WHERE id = :id AND status = 'unpaid' AND claimed_by IS NULL RETURNING id"
)
