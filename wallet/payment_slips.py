"""Slips: a bill on a phone's screen, to be paid in cash at a store or in any bank's app.

A slip claims nothing, because cash may come or not: the bill stays payable every other way. Whatever comes by a slip of
a bill that is paid already is money that comes back (`double_payments.py`, `overpayments.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from core.errors import NotFound
from core.ids import new_uuid, typeid
from wallet import bills, states, tariffs
from wallet.bills import Bill
from wallet.errors import BillAlreadyPaid, BillBeingPaid, BillNotPayable
from wallet.slip_errors import LateFineNotForAgents, SlipEnded, SlipNotOffered, SlipOverLimit
from wallet.slip_numbers import slip_number
from wallet.store_barcode import StoreBarcode, contract_digits, padded
from wallet.twqr import LONGEST_MEMO, TwqrBill

Channel = Literal["store_barcode", "twqr"]
CHANNELS: Final[tuple[Channel, ...]] = ("store_barcode", "twqr")
_LAST_SECOND = time(23, 59, 59, tzinfo=TAIPEI)


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip as it stands. Money in NT$; `code` is the three segments, or the payload alone.

    `ended_as` says what became of it: withdrawn, replaced by a newer one, collected; None while it is good.
    """

    id: UUID
    number: str
    channel: Channel
    bill_id: UUID
    amount_twd: int
    fee_twd: int
    code: tuple[str, ...]
    expires_at: datetime
    created_at: datetime
    ended_at: datetime | None
    ended_as: str | None

    def status(self, bill: Bill, now: datetime) -> str:
        """collected, withdrawn, replaced (also when the bill costs something else by now); bill_closed when the bill
        needs no money any more; expired; live."""
        if self.ended_as is not None:
            return self.ended_as
        if bill.status != "unpaid":
            return "bill_closed"
        if bill.amount_twd != self.amount_twd:
            return "replaced"
        return "expired" if self.expires_at <= now else "live"


def look(session: Session, *, person_id: UUID, bill_id: UUID, channel: Channel, now: datetime) -> Bill:
    """The bill, when a slip could be made for it. Raises as `issue`."""
    bill = bills.bill_of(session, bills.owner_of(session, person_id), bill_id)
    _check(session, bill, channel, now)
    return bill


def issue(
    session: Session, *, person_id: UUID, bill_id: UUID, channel: Channel, now: datetime
) -> tuple[Slip, Bill, bool]:
    """The slip of this bill for this channel: the one that is good already, or a new one (True).

    Raises NotFound, BillAlreadyPaid, BillNotPayable, BillBeingPaid, LateFineNotForAgents, SlipOverLimit,
    SlipNotOffered.
    """
    (bill,) = bills.bills_for_payment(session, bills.owner_of(session, person_id), [bill_id])
    fee_twd, agreement = _check(session, bill, channel, now)
    expires_at = datetime.combine(_last_day(bill, agreement, now), _LAST_SECOND)
    live = session.execute(_LIVE, {"bill_id": bill_id, "channel": channel}).first()
    if live is not None:
        slip = _slip(live)
        if slip.status(bill, now) == "live" and slip.fee_twd == fee_twd:
            return slip, bill, False
        session.execute(_END, {"id": slip.id, "as": "replaced", "now": now})
    number = slip_number(int(session.execute(_NEXT).scalar_one()))
    code = _code(bill, channel, number, fee_twd, agreement, expires_at)
    slip = Slip(new_uuid(), number, channel, bill_id, bill.amount_twd, fee_twd, code, expires_at, now, None, None)
    session.execute(
        _INSERT,
        {"id": slip.id, "number": number, "channel": channel, "bill_id": bill_id, "person_id": person_id,
         "amount": slip.amount_twd, "fee": fee_twd, "code": list(code), "expires": expires_at, "now": now},
    )  # fmt: skip
    return slip, bill, True


def slip_of(session: Session, *, person_id: UUID, slip_id: UUID) -> tuple[Slip, Bill]:
    """A slip of one of this person's bills, and the bill. Raises NotFound."""
    row = session.execute(_ONE, {"id": slip_id}).first()
    if row is None:
        raise NotFound
    slip = _slip(row)
    return slip, bills.bill_of(session, bills.owner_of(session, person_id), slip.bill_id)


def withdraw(session: Session, *, person_id: UUID, slip_id: UUID, now: datetime) -> None:
    """The slip is not to be paid any more. A store that scans a picture of it all the same takes the cash, which then
    counts as any other. Raises NotFound, SlipEnded."""
    slip, _ = slip_of(session, person_id=person_id, slip_id=slip_id)
    if slip.ended_as == "collected":
        raise SlipEnded
    session.execute(_END, {"id": slip_id, "as": "withdrawn", "now": now})


def item_cap_twd(session: Session, channel: Channel, now: datetime) -> int | None:
    """The most that one bill may cost by this channel (NT$); None where nothing limits it."""
    term = tariffs.terms_on(session, taipei_date(now)).get(channel)
    return None if term is None else term.item_cap_twd


def offered(session: Session, bill_kind: str, *, is_overdue: bool, now: datetime) -> frozenset[str]:
    """The channels that take a slip for such a bill at all, by their agreements with the city."""
    rows = session.execute(_AGREEMENTS, {"kind": bill_kind, "day": taipei_date(now)})
    return frozenset(row.channel for row in rows if not is_overdue or row.overdue_days is not None)


def _check(session: Session, bill: Bill, channel: Channel, now: datetime) -> tuple[int, Any]:
    identifier = typeid("bill", bill.id)
    if bill.status == "paid":
        raise BillAlreadyPaid(bill_id=identifier)
    reason = bill.not_payable_reason()
    if bill.kind == "fine" and bill.is_overdue(now):
        term = tariffs.terms_on(session, taipei_date(now)).get(channel)
        if reason == "not_payable_by_agent" or term is None or not term.takes_overdue_fines:
            raise LateFineNotForAgents(bill_id=identifier)
    if reason is not None:
        raise BillNotPayable(bill_id=identifier, reason=reason)
    if bill.claimed_by is not None and session.execute(_CLAIMANT, {"id": bill.claimed_by}).scalar() != states.AWAITING:
        raise BillBeingPaid(bill_id=identifier)
    cap = item_cap_twd(session, channel, now)
    if cap is not None and bill.amount_twd > cap:
        raise SlipOverLimit(bill_id=identifier, limit=cap)
    today = taipei_date(now)
    tariff = tariffs.tariffs_on(session, today).get((channel, bill.kind))
    agreement = session.execute(_AGREEMENT, {"channel": channel, "kind": bill.kind, "day": today}).first()
    if tariff is None or agreement is None or (bill.is_overdue(now) and agreement.overdue_days is None):
        raise SlipNotOffered(bill_id=identifier)
    return tariff.fee_twd, agreement


def _last_day(bill: Bill, agreement: Any, now: datetime) -> date:
    return taipei_date(now) + timedelta(days=agreement.overdue_days) if bill.is_overdue(now) else bill.due_on


def _code(
    bill: Bill, channel: Channel, number: str, fee_twd: int, agreement: Any, expires_at: datetime
) -> tuple[str, ...]:
    last_day = taipei_date(expires_at)
    if channel == "store_barcode":
        return StoreBarcode(
            pay_by=last_day,
            collection_code=agreement.collection_code,
            number=padded(number, agreement.number_padding),
            contract_digits=contract_digits(last_day, agreement.contract_digits),
            amount_twd=bill.amount_twd,
        ).segments
    payload = TwqrBill(
        amount_twd=bill.amount_twd, due_on=last_day, bank_code=agreement.bank_code, account=agreement.account,
        number=number, service_name=agreement.service_name, expires_at=expires_at, memo=bill.number[:LONGEST_MEMO],
        fee_twd=fee_twd,
    ).payload  # fmt: skip
    return (payload,)


def _slip(row: Any) -> Slip:
    return Slip(**{**row._mapping, "code": tuple(row.code)})


_COLUMNS = "id, number, channel, bill_id, amount_twd, fee_twd, code, expires_at, created_at, ended_at, ended_as"
_LIVE = text(
    f"SELECT {_COLUMNS} FROM wallet.payment_slip "  # noqa: S608
    "WHERE bill_id = :bill_id AND channel = :channel AND ended_as IS NULL"
)
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.payment_slip WHERE id = :id")  # noqa: S608
_NEXT = text("SELECT nextval('wallet.payment_slip_sequence')")
_INSERT = text(
    "INSERT INTO wallet.payment_slip (id, number, channel, bill_id, person_id, amount_twd, fee_twd, code, expires_at, "
    "created_at) VALUES (:id, :number, :channel, :bill_id, :person_id, :amount, :fee, :code, :expires, :now)"
)
_END = text("UPDATE wallet.payment_slip SET ended_at = :now, ended_as = :as WHERE id = :id AND ended_as IS NULL")
_CLAIMANT = text("SELECT status FROM wallet.payment WHERE id = :id")
_AGREEMENTS = text(
    "SELECT DISTINCT ON (channel) channel, overdue_days FROM wallet.collection_agreement WHERE bill_kind = :kind "
    "AND valid_from <= :day AND (valid_until IS NULL OR valid_until >= :day) ORDER BY channel, valid_from DESC"
)
_AGREEMENT = text(
    "SELECT collection_code, number_padding, contract_digits, bank_code, account, service_name, overdue_days "
    "FROM wallet.collection_agreement WHERE channel = :channel AND bill_kind = :kind AND valid_from <= :day "
    "AND (valid_until IS NULL OR valid_until >= :day) ORDER BY valid_from DESC LIMIT 1"
)
