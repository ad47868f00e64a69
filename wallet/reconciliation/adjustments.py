"""Closing a break for good: one officer proposes where its money belongs, another decides, and one transfer moves it.

A break whose money stands nowhere (a date, an outcome that came late) is closed as explained, by two persons as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidRequest
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from wallet import book
from wallet.reconciliation import booking, breaks
from wallet.reconciliation.breaks import Break, BreakClosed

KIND: Final = "wallet.reconciliation_adjustment"
ROLES: Final = frozenset({"finance"})
# Where the money of a break may go to or come from.
COUNTER_ACCOUNTS: Final = (
    book.TREASURY_BANK,
    book.DISPUTE_COSTS,
    *(book.bureau_payable(bureau) for bureau in book.PAYEES),
    *(book.rail_costs(rail) for rail in (*book.RAILS, "store_barcode", "twqr")),
    *(book.fee_payable(rail) for rail in (*book.RAILS, "store_barcode", "twqr")),
    book.BANK_CLEARING,
    book.ACH_CLEARING,
    book.ADYEN_CLEARING,
    book.TWQR_CLEARING,
    *(book.ewallet_clearing(wallet) for wallet in book.EWALLETS),
)


class AdjustmentPending(Conflict):
    slug = "adjustment-pending"
    status = 409
    title = Text("這筆差異已有待簽核的調整", "An adjustment of this break waits to be decided")
    explanation = Text(
        "先等另一位承辦人決定，或由提案人撤回。", "Wait for the second person, or let the proposer withdraw it."
    )


class AdjustmentMoved(Conflict):
    slug = "adjustment-moved"
    status = 409
    title = Text("差異已改變，調整不再適用", "The break has changed, and the adjustment no longer fits it")
    explanation = Text(
        "提案之後差異已自動結案或金額不同，請重新查看。",
        "Since it was proposed the break was closed by itself, or its amount changed. Please look at it again.",
    )


@dataclass(frozen=True, slots=True)
class Transfer:
    """What closes a break's money: NT$ from `debit` to `credit`."""

    debit: str
    credit: str
    amount_twd: int


def propose(
    session: Session, break_id: UUID, *, counter_account: str | None, reason: str, by: Actor, now: datetime
) -> Approval:
    """Propose where a break's money belongs. Answers the approval that a second officer decides.

    `counter_account` is one of COUNTER_ACCOUNTS, and None exactly where no money of it stands anywhere. Raises
    NotFound, BreakClosed, AdjustmentPending, InvalidRequest.
    """
    found = breaks.lock(session, break_id)
    if found.status == "proposed":
        raise AdjustmentPending
    transfer = transfer_of(found, counter_account)
    body: dict[str, Any] = {
        "break_id": booking.break_reference(break_id),
        "kind": found.kind,
        "reference": found.our_reference or found.their_reference,
        "counter_account": counter_account,
        "debit": transfer.debit if transfer else None,
        "credit": transfer.credit if transfer else None,
        "amount_twd": transfer.amount_twd if transfer else 0,
    }
    approval = approvals.propose(session, kind=KIND, subject=body["break_id"], body=body, reason=reason, by=by, now=now)
    session.execute(_PROPOSED, {"id": break_id, "approval": approval.id})
    breaks.note(session, break_id, "proposed", by_name=by.name, text_=reason, now=now)
    return approval


def transfer_of(found: Break, counter_account: str | None) -> Transfer | None:
    """The transfer that brings a break's money to `counter_account`; None where there is none to move.

    Raises InvalidRequest for an account that may not be used, or is missing, or is too much.
    """
    standing = _standing(found)
    if (standing is None) != (counter_account is None):
        raise InvalidRequest(Text("對方科目不符。", "This break needs, or must not have, a counter account."))
    if standing is None or counter_account is None:
        return None
    account, amount = standing
    if counter_account not in COUNTER_ACCOUNTS or counter_account == account:
        raise InvalidRequest(Text("不能用這個科目調整。", "This account cannot be used for an adjustment."))
    # Above zero the money stands on the debit side of its account.
    if amount > 0:
        return Transfer(counter_account, account, amount)
    return Transfer(account, counter_account, -amount)


def carry_out(session: Session, approval: Approval, now: datetime) -> None:
    """The second officer has approved: the money moves, the break is closed."""
    body = approval.body
    break_id = parse_typeid("brk", body["break_id"])
    try:
        found = breaks.lock(session, break_id)
    except BreakClosed:
        raise AdjustmentMoved from None
    transfer = transfer_of(found, body["counter_account"])
    stated = Transfer(body["debit"], body["credit"], body["amount_twd"]) if body["debit"] else None
    if transfer != stated or found.approval_id != approval.id:
        raise AdjustmentMoved
    if transfer is not None:
        booking.book_adjustment(
            session, break_id, debit=transfer.debit, credit=transfer.credit, amount_twd=transfer.amount_twd,
            reason=approval.reason, now=now,
        )  # fmt: skip
    breaks.close(session, break_id, "adjustment", by_name=approval.proposer_name, remark=approval.reason, now=now)


def let_go(session: Session, approval: Approval, now: datetime) -> None:
    """The proposal was declined, withdrawn or has lapsed: the break is open as before."""
    break_id = parse_typeid("brk", approval.body["break_id"])
    if session.execute(_LET_GO, {"id": break_id, "approval": approval.id}).rowcount:  # type: ignore[attr-defined]
        breaks.note(session, break_id, "declined", by_name="", text_=approval.note or approval.status, now=now)


def shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    """What the proposal would do, for the officer who decides."""
    lines = [
        Shown(Text("差異", "Break"), f"{body['break_id']} ({body['kind']})"),
        Shown(Text("對象", "About"), str(body["reference"])),
    ]
    if body["debit"]:
        lines += [
            Shown(Text("借方科目", "Debit"), body["debit"]),
            Shown(Text("貸方科目", "Credit"), body["credit"]),
            Shown(Text("金額", "Amount"), f"NT${body['amount_twd']:,}"),
        ]
    else:
        lines.append(Shown(Text("處理", "Effect"), Text("說明後結案", "Closed as explained; nothing moves")))
    return lines


def register() -> None:
    """Let finance officers decide adjustments."""
    approvals.on_approved(
        KIND, ROLES, carry_out, shown, title=Text("對帳差異調整", "Adjusting entry for a break"), on_refused=let_go
    )


def needs_counter_account(found: Break) -> bool:
    """Whether money of a break stands somewhere and has to go somewhere."""
    return found.status != "closed" and _standing(found) is not None


def proposal_of(found: Break) -> str | None:
    """The approval that decides about a break, if one waits."""
    return typeid("apr", found.approval_id) if found.status == "proposed" and found.approval_id else None


def _standing(found: Break) -> tuple[str, int] | None:
    """Where a break's money stands, and NT$ on that account's debit side (below zero: its credit side)."""
    if found.suspense_twd:
        return book.BREAK_SUSPENSE, -found.suspense_twd
    if found.kind == "missing_theirs" and found.cause == "no_line" and found.account and found.ours_twd:
        return found.account, found.ours_twd
    return None


_PROPOSED = text("UPDATE wallet.reconciliation_break SET status = 'proposed', approval_id = :approval WHERE id = :id")
_LET_GO = text(
    "UPDATE wallet.reconciliation_break SET status = 'open', approval_id = NULL "
    "WHERE id = :id AND status = 'proposed' AND approval_id = :approval"
)
