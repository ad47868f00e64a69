"""Payments that have been made, refunded, returned or charged back, and the files in which others report them."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from core import db
from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid, typeid
from core.money import to_major_text
from ledger import audit
from ledger import book as ledger
from wallet import book
from wallet.reconciliation import camt053, files, in_transit
from wallet.reconciliation.adyen_settlement import COLUMNS
from wallet.reconciliation.files import Content, StatementFile

DAY = date(2026, 11, 5)
PAID_AT = datetime(2026, 11, 5, 10, tzinfo=TAIPEI).astimezone(UTC)
NOW = datetime(2026, 11, 6, 3, tzinfo=UTC)
CLEARING = {
    "bank_of_kaohsiung": book.BANK_CLEARING,
    "ach": book.ACH_CLEARING,
    "card": book.ADYEN_CLEARING,
    "apple_pay": book.ADYEN_CLEARING,
    "google_pay": book.ADYEN_CLEARING,
    "jkopay": book.ewallet_clearing("jkopay"),
    "line_pay": book.ewallet_clearing("line_pay"),
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Item:
    """One bill's part of a payment, as the book wants it."""

    bureau: str
    amount_twd: int
    fee_twd: int
    hold_id: UUID
    fee_hold_id: UUID | None
    points_pt: int = 0
    points_hold_id: UUID | None = None


@dataclass(frozen=True)
class Paid:
    """A payment of ours."""

    id: UUID
    rail: str
    amount_twd: int
    item: Item

    @property
    def reference(self) -> str:
        return typeid("pay", self.id)


def open_city(now: datetime = NOW) -> None:
    """The accounts of the book."""
    with db.unit_of_work() as session:
        book.open_accounts(session, now)


def pay(
    rail: str, amount: int, *, fee: int = 0, status: str = "captured", at: datetime = PAID_AT, bureau: str = "parking"
) -> Paid:
    """A payment of one bill with this amount (NT$), up to this state, in our tables and in the book."""
    payment_id, bill_id = new_uuid(), new_uuid()
    item = Item(bureau, amount, fee, new_uuid(), new_uuid() if fee else None)
    paid = Paid(payment_id, rail, amount + fee, item)
    with db.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO wallet.bill (id, bureau, kind, number, plate, amount_twd, due_on, payable_by_agent, status,"
                " occurred_at, batch_id, updated_at) VALUES (:id, :bureau, :kind, :number, 'ABC-1235', :amount,"
                " '2026-12-31', true, 'unpaid', :at, :id, :at)"
            ),
            {"id": bill_id, "bureau": bureau, "kind": "parking" if bureau == "parking" else "fine",
             "number": f"{next(_numbers):016d}", "amount": amount, "at": at},
        )  # fmt: skip
        session.execute(
            text(
                "INSERT INTO wallet.payment (id, person_id, status, rail, account_masked, amount_twd, fee_twd,"
                " instruction, challenge, created_at, expires_at, authorized_at) VALUES (:id, :person,"
                " 'awaiting_authorization', :rail, '***1234', :amount, :fee, '{}', '\\x00', :at, :at, :at)"
            ),
            {"id": payment_id, "person": uuid4(), "rail": rail, "amount": amount, "fee": fee, "at": at},
        )
        session.execute(
            text(
                "INSERT INTO wallet.payment_item (payment_id, bill_id, bureau, kind, number, description, amount_twd,"
                " fee_twd, hold_id, fee_hold_id) VALUES (:id, :bill, :bureau, 'parking', 'x', 'x', :amount, :fee, :hold,"
                " :fee_hold)"
            ),
            {"id": payment_id, "bill": bill_id, "bureau": bureau, "amount": amount, "fee": fee, "hold": item.hold_id,
             "fee_hold": item.fee_hold_id},
        )  # fmt: skip
        book.hold(session, paid.reference, [item], clearing=CLEARING[rail], rail=rail, now=at)
        _move(session, payment_id, "debiting")
    if status in ("unknown", "action_required"):
        with db.unit_of_work() as session:
            _move(session, payment_id, status)
    elif status == "failed":
        with db.unit_of_work() as session:
            book.release(session, paid.reference, [item], clearing=CLEARING[rail], rail=rail, now=at)
            _move(session, payment_id, "failed")
    elif status != "debiting":
        capture(paid, at=at, status=status)
    return paid


def capture(paid: Paid, *, at: datetime = PAID_AT, status: str = "captured") -> None:
    """The rail has said that a payment was booked."""
    with db.unit_of_work() as session:
        book.settle(session, paid.reference, [paid.item], clearing=CLEARING[paid.rail], rail=paid.rail, now=at)
        session.execute(
            text("UPDATE wallet.payment SET status = :status, booked_at = :at, external_id = :ext WHERE id = :id"),
            {"id": paid.id, "status": status, "at": at, "ext": f"EXT{paid.id.hex[-8:]}"},
        )


def take_back(paid: Paid, how: str, *, gone_before: int = 0, at: datetime = NOW) -> None:
    """The money did not come ("returned") or was taken back ("charged_back"); so much of it had gone back before."""
    item = replace(paid.item, amount_twd=paid.item.amount_twd - gone_before)
    with db.unit_of_work() as session:
        book.take_out(session, paid.reference, [item], clearing=CLEARING[paid.rail], rail=paid.rail, cause=how, now=at)
        session.execute(
            text("UPDATE wallet.payment SET status = :how, undone_at = :at WHERE id = :id"),
            {"id": paid.id, "how": how, "at": at},
        )
        session.execute(
            text("INSERT INTO wallet.taken_back (payment_id, how, nth, bill_id, amount_twd, fee_twd, points_pt,"
                 " is_owed, taken_at) SELECT payment_id, :how, 1, bill_id, amount_twd - :gone, fee_twd, points_pt, true, :at"
                 " FROM wallet.payment_item WHERE payment_id = :id"),
            {"id": paid.id, "how": how, "at": at, "gone": gone_before},
        )  # fmt: skip


def refund(paid: Paid, amount: int, *, at: datetime = NOW, status: str = "completed") -> str:
    """Part of a payment has gone back over its rail, or is "pending" there; answers our reference for it."""
    refund_id, hold = new_uuid(), new_uuid()
    leg = book.Leg(paid.item.bureau, amount, 0, hold, None)
    with db.unit_of_work() as session:
        bill = session.execute(
            text("SELECT bill_id, (SELECT person_id FROM wallet.payment WHERE id = :id) AS person"
                 " FROM wallet.payment_item WHERE payment_id = :id"),
            {"id": paid.id},
        ).one()  # fmt: skip
        session.execute(
            text("INSERT INTO wallet.refund (id, payment_id, bill_id, person_id, reason, amount_twd, fee_twd, status,"
                 " created_at) VALUES (:id, :payment, :bill, :person, 'goodwill', :amount, 0, 'requested', :at)"),
            {"id": refund_id, "payment": paid.id, "bill": bill.bill_id, "person": bill.person, "amount": amount,
             "at": at},
        )  # fmt: skip
        session.execute(
            text("INSERT INTO wallet.refund_attempt (id, refund_id, number, account, hold_id, began_at, ended_at)"
                 " VALUES (:id, :id, 1, '***1234', :hold, :at, :at)"),
            {"id": refund_id, "hold": hold, "at": at},
        )  # fmt: skip
        clearing = CLEARING[paid.rail]
        book.hold_refund(session, paid.reference, leg, clearing=clearing, rail=paid.rail, now=at)
        if status == "completed":
            book.settle_refund(session, paid.reference, leg, now=at)
        done_at = at if status == "completed" else None
        session.execute(
            text("UPDATE wallet.refund SET status = :status, completed_at = :at WHERE id = :id"),
            {"id": refund_id, "at": done_at, "status": status},
        )
    return typeid("ref", refund_id)


def take(source: str, content: bytes, *, now: datetime = NOW, sender: str = "test") -> StatementFile:
    """A file arrives."""
    with db.unit_of_work() as session:
        return files.receive(session, Content([content]), source=source, received_from=sender, now=now)


def adyen_row(
    type_: str,
    *,
    ours: str = "",
    theirs: str = "",
    gross: int = 0,
    net: int = 0,
    day: date = DAY,
    batch: str = "7",
    of_modification: bool = False,
    parts: tuple[str, str, str, str] | None = None,
) -> dict[str, str]:
    """One record of a settlement report; money in NT$, signed."""
    fee = gross - net
    filled = parts or (to_major_text(fee) if fee >= 0 else f"-{to_major_text(-fee)}", "", "", "")
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "Merchant Account": "KaohsiungCity", "Psp Reference": theirs, "Creation Date": f"{day} 10:00:00", "Type": type_,
        "Merchant Reference": "" if of_modification else ours, "Net Currency": "TWD", "Batch Number": batch,
        "Modification Reference": theirs if of_modification else "",
        "Modification Merchant Reference": ours if of_modification else "",
        "Net Credit (NC)": to_major_text(net) if net > 0 else "",
        "Net Debit (NC)": to_major_text(-net) if net < 0 else "",
    }  # fmt: skip
    if gross:
        row |= {
            "Gross Currency": "TWD", "Gross Credit (GC)": to_major_text(gross) if gross > 0 else "",
            "Gross Debit (GC)": to_major_text(-gross) if gross < 0 else "",
        }  # fmt: skip
        row |= dict(
            zip(("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)"), filled, strict=True)
        )
    return row


def settled(paid: Paid, *, fee: int = 10, gross: int | None = None, **more: Any) -> dict[str, str]:
    """The record of a payment that the processor pays out."""
    amount = paid.amount_twd if gross is None else gross
    return adyen_row(
        "Settled", ours=paid.reference, theirs=f"PSP{paid.id.hex[-10:]}", gross=amount, net=amount - fee, **more
    )


def adyen_file(
    rows: Sequence[dict[str, str]],
    *,
    payout: int | None = None,
    batch: str = "7",
    day: date = DAY,
    with_payout: bool = True,
) -> bytes:
    """A settlement report with these records, and the payout that they come to unless another is given."""
    nets = sum(_signed(row) for row in rows)
    whole = list(rows)
    if with_payout:
        whole.append(adyen_row("MerchantPayout", theirs=f"PAYOUT{batch}", net=-(nets if payout is None else payout),
                               batch=batch, day=day))  # fmt: skip
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(whole)
    return buffer.getvalue().encode()


def statement(
    entries: Iterable[tuple[str, int, str]],
    *,
    day: date = DAY,
    opening: int = 10_000,
    closing: int | None = None,
    number: str | None = None,
) -> bytes:
    """The bank's statement of a day; an entry is (our reference or remittance, NT$ signed, the bank's reference)."""
    listed = list(entries)
    end = opening + sum(amount for _, amount, _ in listed) if closing is None else closing
    pieces = [
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{camt053.NAMESPACE}"><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>STM{day:%Y%m%d}</MsgId><CreDtTm>{day}T23:59:59+08:00</CreDtTm></GrpHdr><Stmt>"
        f"<Id>{number or f'9017-{day:%Y%m%d}'}</Id><Acct><Id><Othr><Id>901790000001</Id></Othr></Id></Acct>"
        f"{_balance('OPBD', opening, day)}{_balance('CLBD', end, day)}"
    ]
    pieces += [_entry(reference, amount, theirs, day) for reference, amount, theirs in listed]
    return "".join([*pieces, "</Stmt></BkToCstmrStmt></Document>"]).encode()


def open_breaks() -> list[Any]:
    """The breaks that are not closed, by kind and reference."""
    with db.unit_of_work() as session:
        return session.execute(
            text("SELECT * FROM wallet.reconciliation_break WHERE status <> 'closed'"
                 " ORDER BY kind, our_reference, their_reference")
        ).all()  # fmt: skip


def kinds() -> list[str]:
    """The kinds of the open breaks."""
    return [each.kind for each in open_breaks()]


def balance(code: str) -> int:
    """What an account of the book holds, on its normal side."""
    with db.unit_of_work() as session:
        return ledger.balance(session, ledger.account_id(code)).posted


def transfers() -> int:
    """How many transfers the book has."""
    with db.unit_of_work() as session:
        return int(session.execute(text("SELECT count(*) FROM ledger.transfer")).scalar_one())


def must_be_explained(now: datetime = NOW + timedelta(days=1)) -> None:
    """Every dollar has a place: the book balances, and no in-transit account holds what nothing explains."""
    with db.unit_of_work() as session:
        assert all(each.is_balanced for each in ledger.trial_balance(session))
        assert audit.disagreements(session) == []
        assert in_transit.unexplained(session, now=now) == []


def _move(session: Any, payment_id: UUID, status: str) -> None:
    session.execute(text("UPDATE wallet.payment SET status = :s WHERE id = :id"), {"s": status, "id": payment_id})


def _signed(row: dict[str, str]) -> int:
    credit, debit = row["Net Credit (NC)"], row["Net Debit (NC)"]
    return int(float(credit or 0)) - int(float(debit or 0))


def _balance(code: str, amount: int, day: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="TWD">{abs(amount)}.00</Amt>'
        f"<CdtDbtInd>{'CRDT' if amount >= 0 else 'DBIT'}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(reference: str, amount: int, theirs: str, day: date) -> str:
    side = "CRDT" if amount >= 0 else "DBIT"
    return (
        f'<Ntry><Amt Ccy="TWD">{abs(amount)}.00</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{theirs}</AcctSvcrRef><NtryDtls><TxDtls><Refs>"
        f"<EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
    )


def day_of(moment: datetime) -> date:
    """The day in Taipei."""
    return taipei_date(moment)
