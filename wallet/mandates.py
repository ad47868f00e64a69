"""Keeping links and the bank's mandates in step: the bank is asked whether they stand, and told of each end here.

A webhook says the same sooner, when it comes. Each link is asked about once a day, and at once when a debit was
rejected because of its mandate or account.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.outbox import Event
from partners import wire
from wallet import bank_links
from wallet.bank_links import BANK_OF_KAOHSIUNG, CHECK_EVERY
from wallet.ports import ports

_RETRY_AFTER = timedelta(minutes=10)
# Reasons of a rejected debit that say something about the mandate.
_SUSPICIOUS = ("mandate_revoked", "mandate_not_found", "account_closed", "limit_exceeded")


def check_due(now: datetime) -> None:
    """Ask the bank about every mandate whose turn it is; safe in two workers at once."""
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_CHECKS, {"bank": BANK_OF_KAOHSIUNG, "now": now, "next": now + CHECK_EVERY}).all()
    for row in due:
        _check(row, now)


def tell_due(now: datetime) -> None:
    """Tell the bank of every mandate that was ended here and that it has not acknowledged yet."""
    with db.unit_of_work() as session:
        due = session.execute(
            _LEASE_TELLINGS, {"bank": BANK_OF_KAOHSIUNG, "now": now, "next": now + _RETRY_AFTER}
        ).all()
    for row in due:
        tell(row.mandate_id)


def tell(mandate_id: str) -> None:
    """Tell the bank that a mandate was ended here; no transaction may be open. What fails is told again by the sweep.

    Nothing can be debited through a link that is revoked here, whatever the bank still believes meanwhile.
    """
    try:
        ports().bank.revoke_mandate(mandate_id)
    except wire.Refused as refusal:
        if refusal.status != 404:
            return
    except wire.CallFailed:
        return
    with db.unit_of_work() as session:
        session.execute(_TOLD, {"bank": BANK_OF_KAOHSIUNG, "mandate": mandate_id})


def look_again(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_failed: a debit rejected because of its mandate or account is a reason to ask the bank now."""
    if event.payload["reason_code"] in _SUSPICIOUS:
        session.execute(_CHECK_NOW, {"payment_id": event.payload["payment_id"], "now": now})


def _check(row: Any, now: datetime) -> None:
    try:
        mandate = ports().bank.find_mandate(row.mandate_id)
    except wire.CallFailed:
        with db.unit_of_work() as session:
            session.execute(_CHECK_LATER, {"person_id": row.person_id, "id": row.id, "next": now + _RETRY_AFTER})
        return
    with db.unit_of_work() as session:
        if mandate is None or mandate.status == "revoked":
            bank_links.revoked_at_the_bank(session, mandate_id=row.mandate_id, now=clock.now())
        else:
            session.execute(
                _LIMITS,
                {"person_id": row.person_id, "id": row.id, "per_payment": mandate.per_payment_limit_twd,
                 "daily": mandate.daily_limit_twd, "monthly": mandate.monthly_limit_twd},
            )  # fmt: skip


_LEASE_CHECKS = text(
    """
    UPDATE wallet.bank_link SET check_at = :next
     WHERE (person_id, id) IN (SELECT person_id, id FROM wallet.bank_link
                                WHERE check_at <= :now AND bank = :bank AND status IN ('active', 'paused')
                                ORDER BY check_at LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING person_id, id, mandate_id
    """
)
_LEASE_TELLINGS = text(
    """
    UPDATE wallet.bank_link SET tell_bank_at = :next
     WHERE (person_id, id) IN (SELECT person_id, id FROM wallet.bank_link
                                WHERE tell_bank_at <= :now AND bank = :bank
                                ORDER BY tell_bank_at LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING mandate_id
    """
)
_TOLD = text("UPDATE wallet.bank_link SET tell_bank_at = NULL WHERE bank = :bank AND mandate_id = :mandate")
_CHECK_LATER = text("UPDATE wallet.bank_link SET check_at = :next WHERE person_id = :person_id AND id = :id")
_CHECK_NOW = text(
    """
    UPDATE wallet.bank_link l SET check_at = :now FROM wallet.payment p
     WHERE p.id = CAST(:payment_id AS uuid) AND l.person_id = p.person_id AND l.id = p.bank_link_id
       AND l.status IN ('active', 'paused')
    """
)
_LIMITS = text(
    """
    UPDATE wallet.bank_link
       SET per_payment_limit_twd = :per_payment, daily_limit_twd = :daily, monthly_limit_twd = :monthly,
           version = version + 1
     WHERE person_id = :person_id AND id = :id
       AND (per_payment_limit_twd, daily_limit_twd, monthly_limit_twd)
           IS DISTINCT FROM (CAST(:per_payment AS bigint), CAST(:daily AS bigint), CAST(:monthly AS bigint))
    """
)
