"""What the bank's word about a payment means for what it was for: a week's settlement, or the proof of an account.

Payments for anything else are told to whoever has asked for that (`on_word`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import taipei_date
from core.ids import typeid
from points.merchants import differences, events

# Reasons (ISO 20022 external code list, payment status reasons) that lie with the payee's account: another one helps.
OF_THE_ACCOUNT: Final = frozenset({"AC01", "AC03", "AC04", "AC06", "AC14", "AG01", "BE01", "RC01"})


class Told(NamedTuple):
    """Who is told that a payment is done, on which day, or that it stopped, and why."""

    done: Callable[[Session, Any, date, datetime], None]
    stopped: Callable[[Session, Any, str, datetime], None]


_told: dict[str, Told] = {}


def on_word(
    purpose: str,
    *,
    done: Callable[[Session, Any, date, datetime], None],
    stopped: Callable[[Session, Any, str, datetime], None],
) -> None:
    """Have the bank's word about payments for that purpose told to others, in the transaction that writes it down."""
    _told[purpose] = Told(done, stopped)


def done(session: Session, payout: Any, *, on: date, now: datetime) -> None:
    """The bank has paid."""
    if payout.purpose in _told:
        _told[payout.purpose].done(session, payout, on, now)
        return
    if payout.purpose == "proof":
        _proof(session, payout, "sent", "", now)
        return
    settlement = session.execute(_PAID, {"id": payout.subject_id, "on": on}).one()
    payload = {**_about(session, settlement, payout), "paid_on": on.isoformat()}
    outbox.record(session, events.SETTLEMENT_PAID, payload, now=now)


def refused(session: Session, payout: Any, *, reason: str, now: datetime) -> None:
    """The bank will not pay this. Where the account is at fault, the amount waits for another; else a desk looks."""
    if payout.purpose == "proof":
        _proof(session, payout, "not_paid", reason, now)
        return
    if reason not in OF_THE_ACCOUNT or payout.purpose in _told:
        stopped(session, payout, reason=reason, now=now)
        differences.open_one(
            session, day=taipei_date(now), kind="stopped", payout_id=payout.id, reference=typeid("pyt", payout.id),
            amount_twd=payout.amount_twd, details=reason, now=now,
        )  # fmt: skip
        return
    settlement = session.execute(_WAITS, {"id": payout.subject_id, "reason": reason}).one()
    session.execute(
        _ACCOUNT_REFUSED,
        {"id": settlement.merchant_id, "bank_code": payout.bank_code, "account": payout.account, "reason": reason},
    )
    payload = {**_about(session, settlement, payout), "reason": reason}
    outbox.record(session, events.SETTLEMENT_NOT_PAID, payload, now=now)


def stopped(session: Session, payout: Any, *, reason: str, now: datetime) -> None:
    """The bank took no file, or says what no account explains: the settlement stops until a desk sends it again."""
    if payout.purpose in _told:
        _told[payout.purpose].stopped(session, payout, reason, now)
    elif payout.purpose == "proof":
        _proof(session, payout, "not_paid", reason, now)
    else:
        session.execute(_STOPS, {"id": payout.subject_id, "reason": reason})


def masked(account: str) -> str:
    """An account number as it may be shown: its last four digits."""
    return f"***{account[-4:]}"


def of_merchant(session: Session, merchant_id: UUID) -> dict[str, Any]:
    """What every fact about a merchant says."""
    row = session.execute(_MERCHANT, {"id": merchant_id}).one()
    return {"merchant_id": str(row.id), "name": row.name, "person_id": str(row.owner_person_id)}


def _proof(session: Session, payout: Any, status: str, reason: str, now: datetime) -> None:
    proof = session.execute(_PROOF, {"id": payout.subject_id, "status": status, "reason": reason, "now": now}).first()
    if proof is None:
        return
    payload = {
        **of_merchant(session, proof.merchant_id),
        "account": masked(payout.account),
        "status": status,
        "reason": reason,
    }
    outbox.record(session, events.ACCOUNT_PROOF, payload, now=now)


def _about(session: Session, settlement: Any, payout: Any) -> dict[str, Any]:
    until: date = settlement.until
    return {
        **of_merchant(session, settlement.merchant_id),
        "settlement_id": str(settlement.id),
        "amount_twd": payout.amount_twd,
        "account": masked(payout.account),
        "first_day": (until - timedelta(days=7)).isoformat(),
        "last_day": (until - timedelta(days=1)).isoformat(),
    }


_PAID = text(
    "UPDATE points.settlement SET status = 'paid', reason = '', paid_on = :on WHERE id = :id "
    "RETURNING id, merchant_id, until"
)
_WAITS = text(
    "UPDATE points.settlement SET status = 'waiting', reason = :reason WHERE id = :id RETURNING id, merchant_id, until"
)
_STOPS = text("UPDATE points.settlement SET status = 'stopped', reason = :reason WHERE id = :id")
# An account that was proven meanwhile is not to blame for what the old one did.
_ACCOUNT_REFUSED = text(
    """
    UPDATE points.merchant SET bank_refused = :reason
     WHERE id = :id AND bank_code = :bank_code AND bank_account = :account
    """
)
_MERCHANT = text("SELECT id, name, owner_person_id FROM points.merchant WHERE id = :id")
_PROOF = text(
    """
    UPDATE points.account_proof
       SET status = :status, reason = :reason, closed_at = CASE WHEN :status = 'sent' THEN NULL ELSE :now END
     WHERE id = :id AND status = 'sending' RETURNING merchant_id
    """
)
