"""Fares of rides as bills: what a rider owes the transport bureau for a ride is paid and refunded as every bill is.

The transport bureau collects for its fleets and passes on what they earned. A taxi platform may take at most
`LARGEST_TWD` for one ride (電子支付機構業務管理規則 art. 15); what costs more is paid to the driver.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Problem
from core.ids import typeid
from core.text import Text
from identity import people
from wallet import bill_news, refund_orders, states
from wallet.book import RIDES
from wallet.feed_staging import sealed_owner
from wallet.payments import give_up, lock_items, lock_payment
from wallet.refund_orders import Wanted

LARGEST_TWD: Final = 5_000
FARE_LOWERED: Final = "ride_fare_lowered"
_NAMESPACE: Final = UUID("5d0f6a0e-3b4c-5d6e-8f70-72696465666f")

Lowered = Literal["lowered", "refunded", "unchanged"]


class FareBeingPaid(Problem):
    slug = "fare-being-paid"
    status = 409
    title = Text("這筆車資正在付款中", "This fare is being paid right now")
    explanation = Text(
        "請等付款有了結果再更正金額，通常不到一分鐘。",
        "Correct it once the payment has its outcome, usually within a minute.",
    )


class RideBills:
    """The wallet as the room of fares sees it."""

    @property
    def largest_twd(self) -> int:
        """The most that one ride may cost here."""
        return LARGEST_TWD

    def owe(
        self,
        session: Session,
        *,
        ride_id: UUID,
        rider_id: UUID,
        amount_twd: int,
        payee: str,
        done_at: datetime,
        due_on: date,
        now: datetime,
    ) -> None:
        """The rider owes this for the ride; a second call about the same ride changes nothing.

        `payee` is who drove, and what the bill and its receipt name. Raises NotFound when nobody is that person.
        """  # fmt: skip
        assert 0 < amount_twd <= LARGEST_TWD, "what is more is paid to the driver, and nothing is no bill"
        bill_id = bill_of_ride(ride_id)
        national_id = people.opened_national_id(people.get(session, rider_id))
        index, sealed = sealed_owner(national_id, bill_id)
        session.execute(
            _OWE,
            {"id": bill_id, "bureau": RIDES, "number": typeid("ride", ride_id), "index": index, "sealed": sealed,
             "place": payee, "done_at": done_at, "amount": amount_twd, "due": due_on, "now": now},
        )  # fmt: skip

    def lower(self, session: Session, *, ride_id: UUID, amount_twd: int, now: datetime) -> Lowered:
        """The rider owes only so much for the ride. What was paid beyond it goes back where it came from.

        Raises FareBeingPaid while the money is on its way: it is right to ask again later.
        """
        bill = session.execute(_BILL, {"id": bill_of_ride(ride_id)}).first()
        if bill is None or bill.status == "void":
            return "unchanged"
        if bill.paid_by_payment is not None:
            return self._give_back(session, bill.id, bill.paid_by_payment, amount_twd, now)
        if bill.status != "unpaid" or amount_twd >= bill.amount_twd:
            return "unchanged"
        if bill.claimed_by is not None:
            give_up(session, [bill.claimed_by], states.CANCELLED, now=now)
        values = {"id": bill.id, "amount": amount_twd, "now": now}
        if session.execute(_LOWER if amount_twd else _VOID, values).first() is None:
            raise FareBeingPaid
        if not amount_twd:
            bill_news.tell(session, [bill.id], "void", now=now)
        return "lowered"

    def _give_back(self, session: Session, bill_id: UUID, payment_id: UUID, amount_twd: int, now: datetime) -> Lowered:
        items = [each.item for each in lock_items(session, payment_id)]
        payment = lock_payment(session, payment_id)
        if payment.status not in states.COUNTS_AS_PAID:
            raise FareBeingPaid
        item = next(each for each in items if each.bill_id == bill_id)
        too_much = refund_orders.left_twd(session, payment_id, bill_id) - amount_twd
        if too_much <= 0:
            return "unchanged"
        refund_orders.write(session, payment, item, Wanted(FARE_LOWERED, too_much, returns_fee=False), now=now)
        # Should the payment come to nothing afterwards, no more than the lowered fare is owed again.
        values = {"id": bill_id, "payment": payment_id, "amount": amount_twd, "now": now}
        session.execute(_LOWER_PAID if amount_twd else _VOID_PAID, values)
        return "refunded"

    def standing(self, session: Session, *, ride_id: UUID) -> tuple[UUID, str] | None:
        """The bill of a ride and how it stands (unpaid, processing, paid, void), or None where nothing was owed."""
        row = session.execute(_STANDING, {"id": bill_of_ride(ride_id)}).first()
        return None if row is None else (row.id, row.state)


def bill_of_ride(ride_id: UUID) -> UUID:
    """The id that the bill of a ride has, whether it is there or not."""
    return uuid5(_NAMESPACE, str(ride_id))


_OWE = text(
    """
    INSERT INTO wallet.bill (id, bureau, kind, number, plate, owner_index, owner_sealed, place, occurred_at, amount_twd,
                             due_on, payable_by_agent, status, batch_id, updated_at)
    VALUES (:id, :bureau, 'ride', :number, '', :index, :sealed, :place, :done_at, :amount, :due, true, 'unpaid', :id,
            :now)
    ON CONFLICT (bureau, number) DO NOTHING
    """
)
# Not locked here: whoever pays locks all bills of a payment in the order of their ids, and so do the functions below.
_BILL = text("SELECT id, status, amount_twd, claimed_by, paid_by_payment FROM wallet.bill WHERE id = :id")
_IS_FREE = "WHERE id = :id AND status = 'unpaid' AND claimed_by IS NULL RETURNING id"
_LOWER = text(f"UPDATE wallet.bill SET amount_twd = :amount, updated_at = :now {_IS_FREE}")  # noqa: S608
_VOID = text(f"UPDATE wallet.bill SET status = 'void', updated_at = :now {_IS_FREE}")  # noqa: S608
_IS_PAID = "WHERE id = :id AND status = 'paid' AND paid_by_payment = :payment"
_LOWER_PAID = text(f"UPDATE wallet.bill SET amount_twd = :amount, updated_at = :now {_IS_PAID}")  # noqa: S608
_VOID_PAID = text(
    "UPDATE wallet.bill SET status = 'void', paid_by_payment = NULL, paid_channel = NULL, paid_at = NULL, "  # noqa: S608
    f"updated_at = :now {_IS_PAID}"
)
_STANDING = text(
    "SELECT id, CASE WHEN status = 'unpaid' AND claimed_by IS NOT NULL THEN 'processing' ELSE status END AS state "
    "FROM wallet.bill WHERE id = :id"
)
