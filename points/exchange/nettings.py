"""What an agreed month comes to, and how it is closed: paid through the bank, or received from the partner.

What the city owes goes the way of merchants' payments (`points.merchants.payouts`), once two officers have said so.
What is owed to the city waits for a credit that bears the netting's id, on the statement of the same account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid, parse_typeid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from ledger import book
from partners.bank.account_statement import Line
from points.exchange.errors import NothingToPay, PartnerAccountMissing
from points.merchants import accounts, bank_days, differences, paid, payouts

KIND: Final = "points.partner_payment"
ROLES: Final = ("points_officer",)
STATUSES: Final = ("even", "to_pay", "proposed", "ordered", "stopped", "paid", "owed", "received")
OPEN: Final = ("to_pay", "proposed", "ordered", "stopped", "owed")
_REFERENCE: Final = re.compile(r"net_[0-7][0-9a-hjkmnp-tv-z]{25}")


@dataclass(frozen=True, slots=True)
class Netting:
    """A month's netting: `amount_twd` is what the city owes, below zero what it is owed."""

    id: UUID
    partner: str
    month: str
    amount_twd: int
    received_twd: int
    status: str
    reason: str
    approval_id: UUID | None
    agreed_at: datetime
    due_on: date | None
    closed_on: date | None
    payee: str | None
    bank_code: str | None
    account: str | None

    @property
    def reference(self) -> str:
        """What stands on the bank's statement when the partner pays, and in proposals."""
        return typeid("net", self.id)


def payable_code(partner: str) -> str:
    """The account of what the city owes a partner; below zero: is owed."""
    return f"points:payable:partner:{partner}"


def begin(session: Session, statement_id: UUID, *, now: datetime) -> None:
    """A month is agreed: what it comes to is to be paid, or is owed. Again does nothing."""
    netting_id = uuid5(statement_id, "netting")
    session.execute(_BEGIN, {"id": netting_id, "statement": statement_id, "now": now, "today": taipei_date(now)})


def page(
    session: Session,
    *,
    statuses: Sequence[str],
    partner: str | None,
    limit: int,
    before: tuple[datetime, UUID] | None,
) -> list[Netting]:
    """Nettings, the newest first."""
    at, last = before or (None, None)
    values = {"statuses": list(statuses), "partner": partner, "limit": limit, "at": at, "id": last}
    return [Netting(*row) for row in session.execute(_PAGE, values)]


def get(session: Session, netting_id: UUID) -> Netting:
    """One netting. Raises NotFound."""
    row = session.execute(_GET, {"id": netting_id}).first()
    if row is None:
        raise NotFound
    return Netting(*row)


def propose(session: Session, netting_id: UUID, *, note: str, by: Actor, now: datetime) -> Netting:
    """Propose that the city pays a month, also one that the bank would not pay before; another officer decides.

    Raises NotFound, NothingToPay, PartnerAccountMissing.
    """
    found = _locked(session, netting_id)
    if found.status not in ("to_pay", "stopped"):
        raise NothingToPay
    if not (found.payee and found.bank_code and found.account):
        raise PartnerAccountMissing
    body = {
        "netting_id": found.reference, "partner": found.partner, "month": found.month, "amount_twd": found.amount_twd,
        "payee": found.payee, "bank_code": found.bank_code, "account": found.account,
    }  # fmt: skip
    approval = approvals.propose(session, kind=KIND, subject=found.reference, body=body, reason=note, by=by, now=now)
    session.execute(_PROPOSED, {"id": found.id, "approval": approval.id})
    return get(session, netting_id)


def carry_out(session: Session, approval: Approval, now: datetime) -> None:
    """The second officer has approved: the payment is ordered, to the account that both have seen."""
    body = approval.body
    found = _locked(session, parse_typeid("net", body["netting_id"]))
    if found.status != "proposed" or found.approval_id != approval.id:
        raise NothingToPay
    order = payouts.Order(
        purpose="netting", subject_id=found.id, payee=body["payee"], bank_code=body["bank_code"],
        account=body["account"], amount_twd=body["amount_twd"], remark=f"高雄點數兌換 {found.month}",
        debit_code=payable_code(found.partner),
    )  # fmt: skip
    payouts.order(session, order, now=now)
    session.execute(_MOVED, {"id": found.id, "status": "ordered", "reason": "", "on": None})


def let_go(session: Session, approval: Approval, now: datetime) -> None:
    """The proposal was declined, withdrawn or has lapsed: it is to be paid as before."""
    netting_id = parse_typeid("net", approval.body["netting_id"])
    session.execute(_LET_GO, {"id": netting_id, "approval": approval.id})


def shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    """What the proposal would do, for the officer who decides."""
    return [
        Shown(Text("夥伴與月份", "Partner and month"), f"{body['partner']} {body['month']}"),
        Shown(Text("金額", "Amount"), f"NT${body['amount_twd']:,}"),
        Shown(Text("付給", "To"), str(body["payee"])),
        Shown(Text("帳戶", "Account"), f"{body['bank_code']} {body['account']}"),
    ]


def register() -> None:
    """Let points officers decide payments, and have the bank's word about them, and partners' credits, come here."""
    title = Text("兌換月結付款", "Payment of a month to a partner")
    approvals.on_approved(KIND, ROLES, carry_out, shown, title=title, on_refused=let_go)
    paid.on_word("netting", done=_paid, stopped=_stopped)
    bank_days.on_credit(received)


def received(session: Session, day: date, line: Line, now: datetime) -> bank_days.Claimed:
    """A credit on the account's statement: booked where it names a month that is owed, once for the bank's reference.

    What comes in beyond what is owed is booked, too, for it is there; the desk is told of it.
    """
    named = _REFERENCE.search(f"{line.end_to_end} {line.remark}".lower())
    row = session.execute(_LOCK, {"id": parse_typeid("net", named.group())}).first() if named else None
    found = get(session, row.id) if row else None
    if found is None or found.status not in ("owed", "received"):
        return "unknown"
    receipt_id = new_uuid()
    # A bank need not name its entries; the day's line is a name as well, for a day is taken once.
    named_so = line.bank_reference or f"{day} line {line.row}"
    values = {"id": receipt_id, "netting": found.id, "bank": named_so, "day": day, "now": now}
    if session.execute(_RECEIVED, values | {"amount": line.signed_twd}).first() is None:
        return "again"
    bank = accounts.opened(session, accounts.BANK, now)
    payable = accounts.opened(session, payable_code(found.partner), now)
    posting = book.Posting(
        receipt_id, bank, payable, line.signed_twd, accounts.TWD, "netting received", found.reference
    )
    book.post(session, [posting], now=now)
    total = found.received_twd + line.signed_twd
    is_whole = total >= -found.amount_twd
    session.execute(_SUMMED, {"id": found.id, "total": total, "is_whole": is_whole, "on": line.booked_on})
    before = max(0, found.received_twd + found.amount_twd)
    if (beyond := max(0, total + found.amount_twd) - before) > 0:
        differences.open_one(
            session, day=day, kind="amount", payout_id=None, reference=line.bank_reference or found.reference,
            amount_twd=beyond, details=f"{found.reference}: NT${beyond:,} beyond what is owed", now=now,
        )  # fmt: skip
    return "taken"


def _paid(session: Session, payout: Any, on: date, now: datetime) -> None:
    session.execute(_MOVED, {"id": payout.subject_id, "status": "paid", "reason": "", "on": on})


def _stopped(session: Session, payout: Any, reason: str, now: datetime) -> None:
    session.execute(_MOVED, {"id": payout.subject_id, "status": "stopped", "reason": reason, "on": None})


def _locked(session: Session, netting_id: UUID) -> Netting:
    if session.execute(_LOCK, {"id": netting_id}).first() is None:
        raise NotFound
    return get(session, netting_id)


_COLUMNS = (
    "n.id, n.partner_code, n.month, n.amount_twd, n.received_twd, n.status, n.reason, n.approval_id, n.agreed_at, "
    "n.due_on, n.closed_on, p.payee, p.bank_code, p.bank_account"
)
_FROM = "FROM points.partner_netting AS n JOIN points.partner AS p ON p.code = n.partner_code"
# Of a statement its lines' sum, in which an explained break counts as we have it and not as the partner does.
_BEGIN = text(
    """
    INSERT INTO points.partner_netting (id, statement_id, partner_code, month, amount_twd, status, agreed_at, due_on)
    SELECT :id, s.id, s.partner_code, s.month, s.amount,
           CASE WHEN s.amount > 0 THEN 'to_pay' WHEN s.amount < 0 THEN 'owed' ELSE 'even' END, :now,
           CASE WHEN s.amount < 0 THEN CAST(:today AS date) + p.payment_days END
      FROM (SELECT id, partner_code, month,
                   net_twd + coalesce((SELECT sum(b.ours_twd - b.theirs_twd) FROM points.exchange_break AS b
                                        WHERE b.statement_id = :statement AND b.status = 'explained'), 0) AS amount
              FROM points.partner_statement WHERE id = :statement AND status = 'agreed') AS s
      JOIN points.partner AS p ON p.code = s.partner_code
    ON CONFLICT (statement_id) DO NOTHING
    """
)
_PAGE = text(
    f"""
    SELECT {_COLUMNS} {_FROM}
     WHERE n.status = ANY(:statuses) AND (CAST(:partner AS text) IS NULL OR n.partner_code = :partner)
       AND (CAST(:at AS timestamptz) IS NULL OR (n.agreed_at, n.id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY n.agreed_at DESC, n.id DESC LIMIT :limit
    """
)
_GET = text(f"SELECT {_COLUMNS} {_FROM} WHERE n.id = :id")
_LOCK = text("SELECT id FROM points.partner_netting WHERE id = :id FOR UPDATE")
_PROPOSED = text("UPDATE points.partner_netting SET status = 'proposed', approval_id = :approval WHERE id = :id")
_LET_GO = text(
    """
    UPDATE points.partner_netting
       SET status = CASE WHEN reason = '' THEN 'to_pay' ELSE 'stopped' END, approval_id = NULL
     WHERE id = :id AND status = 'proposed' AND approval_id = :approval
    """
)
_MOVED = text("UPDATE points.partner_netting SET status = :status, reason = :reason, closed_on = :on WHERE id = :id")
_RECEIVED = text(
    """
    INSERT INTO points.partner_receipt (id, netting_id, bank_reference, amount_twd, day, taken_at)
    VALUES (:id, :netting, :bank, :amount, :day, :now)
    ON CONFLICT (bank_reference) DO NOTHING RETURNING id
    """
)
_SUMMED = text(
    """
    UPDATE points.partner_netting
       SET received_twd = :total, status = CASE WHEN :is_whole THEN 'received' ELSE 'owed' END,
           closed_on = CASE WHEN :is_whole THEN coalesce(closed_on, CAST(:on AS date)) END
     WHERE id = :id
    """
)
