"""Whose account it is: a NT$1 credit is sent there, and whoever can read its remark types the six digits in it.

Until then settlements go to the account before; what waited for an account is paid to the new one at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from points.merchants import accounts, events, paid, payouts, rules, settlements, texts
from points.merchants.errors import AccountCodeWrong, AccountProofLimit, NoAccountProofOpen
from points.merchants.merchants import Merchant
from points.merchants.payouts import Order
from points.merchants.secrets import is_proof_code

PROOF_TWD: Final = 1


@dataclass(frozen=True, slots=True)
class Proof:
    """The newest question whose account it is; `account` is masked, `reason` why the bank did not pay."""

    bank_code: str
    account: str
    status: str
    reason: str
    tries_left: int
    asked_at: datetime


def ask(session: Session, merchant: Merchant, *, bank_code: str, account: str, now: datetime) -> Proof:
    """Send NT$1 with a code to an account. One that is asked about already is let go. Raises AccountProofLimit."""
    session.execute(_LOCK_MERCHANT, {"id": merchant.id})
    today = taipei_date(now)
    sent = session.execute(_ASKED_TODAY, {"merchant_id": merchant.id, "today": today}).scalar_one()
    if sent >= rules.value(session, "proof_credits_per_day", now):
        tomorrow = datetime.combine(today + timedelta(days=1), time.min, TAIPEI)
        raise AccountProofLimit(headers={"Retry-After": str(int((tomorrow - now).total_seconds()) + 1)})
    session.execute(_LET_GO, {"merchant_id": merchant.id, "now": now})
    proof_id = new_uuid()
    session.execute(
        _ASK,
        {"id": proof_id, "merchant_id": merchant.id, "bank_code": bank_code, "account": account, "now": now,
         "today": today},
    )  # fmt: skip
    order = Order("proof", proof_id, merchant.name, bank_code, account, PROOF_TWD, texts.PROOF_REMARK, accounts.PROOFS)
    payouts.order(session, order, now=now)
    return _newest(session, merchant.id, now)


def prove(session: Session, merchant: Merchant, code: str, *, now: datetime) -> None:
    """The owner has read the remark: from now on this is the account.

    Raises NoAccountProofOpen, AccountCodeWrong (which counts the try).
    """
    proof = session.execute(_OPEN, {"merchant_id": merchant.id}).first()
    most = rules.value(session, "proof_tries", now)
    if proof is None or proof.tries >= most:
        raise NoAccountProofOpen
    if not is_proof_code(proof.id, code):
        left = most - proof.tries - 1
        session.execute(_WRONG, {"id": proof.id, "is_last": left == 0, "now": now})
        raise AccountCodeWrong(tries_left=left)
    session.execute(_PROVEN, {"id": proof.id, "now": now})
    session.execute(_TAKE, {"id": merchant.id, "bank_code": proof.bank_code, "account": proof.account, "now": now})
    payload = {
        **paid.of_merchant(session, merchant.id),
        "account": paid.masked(proof.account),
        "status": "proven",
        "reason": "",
    }
    outbox.record(session, events.ACCOUNT_PROOF, payload, now=now)
    settlements.order_waiting(session, merchant.id, now=now)


def newest(session: Session, merchant_id: UUID, now: datetime) -> Proof | None:
    """The newest question, however it stands; None where nobody has asked."""
    row = session.execute(_NEWEST, {"merchant_id": merchant_id}).first()
    if row is None:
        return None
    left = max(0, rules.value(session, "proof_tries", now) - row.tries)
    return Proof(row.bank_code, paid.masked(row.account), row.status, row.reason, left, row.asked_at)


def _newest(session: Session, merchant_id: UUID, now: datetime) -> Proof:
    proof = newest(session, merchant_id, now)
    assert proof is not None, "it was written a moment ago"
    return proof


_LOCK_MERCHANT = text("SELECT id FROM points.merchant WHERE id = :id FOR NO KEY UPDATE")
_ASKED_TODAY = text("SELECT count(*) FROM points.account_proof WHERE merchant_id = :merchant_id AND asked_on = :today")
_LET_GO = text(
    "UPDATE points.account_proof SET status = 'replaced', closed_at = :now "
    "WHERE merchant_id = :merchant_id AND status IN ('sending', 'sent')"
)
_ASK = text(
    """
    INSERT INTO points.account_proof (id, merchant_id, bank_code, account, status, asked_at, asked_on)
    VALUES (:id, :merchant_id, :bank_code, :account, 'sending', :now, :today)
    """
)
_OPEN = text("SELECT * FROM points.account_proof WHERE merchant_id = :merchant_id AND status = 'sent' FOR UPDATE")
_WRONG = text(
    """
    UPDATE points.account_proof
       SET tries = tries + 1, status = CASE WHEN :is_last THEN 'used_up' ELSE status END,
           closed_at = CASE WHEN :is_last THEN CAST(:now AS timestamptz) END
     WHERE id = :id
    """
)
_PROVEN = text("UPDATE points.account_proof SET status = 'proven', closed_at = :now WHERE id = :id")
_TAKE = text(
    """
    UPDATE points.merchant
       SET bank_code = :bank_code, bank_account = :account, bank_proven_at = :now, bank_refused = NULL,
           version = version + 1
     WHERE id = :id
    """
)
_NEWEST = text(
    "SELECT * FROM points.account_proof WHERE merchant_id = :merchant_id ORDER BY asked_at DESC, id DESC LIMIT 1"
)
