"""Links to accounts at other banks: asked for through the clearing house, and kept in step with it.

A bank may answer on its next business day; until then the link is pending and the clearing house is asked. A link that
stands is asked about once a day: these banks send no word of their own when a payer ends it there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from core import clock, db
from core.errors import FieldError, InvalidRequest
from partners import wire
from partners.ach.banks import OWN_BANK, BankUnknown, bank_of, is_account
from partners.ach.client import Authorisation
from partners.bank.client import Mandate
from wallet import bank_links
from wallet.bank_links import BANK_OF_KAOHSIUNG, CHECK_EVERY
from wallet.ports import ports

_RETRY_AFTER = timedelta(minutes=10)
_ASK_WHILE_PENDING = timedelta(minutes=1)


def bank_wanted(bank: str, account_no: str | None) -> str:
    """The bank that a citizen named, as links have it: `bank_of_kaohsiung`, or the three digits of another.

    Raises InvalidRequest for a code that no bank has, and for an account that is missing or cannot be.
    """
    if bank == BANK_OF_KAOHSIUNG or bank.startswith(OWN_BANK):
        return BANK_OF_KAOHSIUNG
    try:
        code = bank_of(bank)
    except BankUnknown:
        raise InvalidRequest(errors=[FieldError("/bank", "not the code of a bank that can be debited")]) from None
    if account_no is None or not is_account(account_no):
        raise InvalidRequest(errors=[FieldError("/account_no", "6 to 14 digits, for an account at another bank")])
    return code


def mandate_of(authorisation: Authorisation) -> Mandate:
    """An authorisation as links keep it; there is no monthly limit at other banks."""
    return Mandate(
        mandate_id=authorisation.authorisation_id,
        account_masked=authorisation.account_masked,
        per_payment_limit_twd=authorisation.per_payment_limit_twd,
        daily_limit_twd=authorisation.daily_limit_twd,
        status="active",
    )


def check_due(now: datetime) -> None:
    """Ask about every authorisation whose turn it is; safe in two workers at once."""
    with db.unit_of_work() as session:
        due = session.execute(
            _LEASE_CHECKS,
            {"bank": BANK_OF_KAOHSIUNG, "now": now, "next": now + CHECK_EVERY, "soon": now + _ASK_WHILE_PENDING},
        ).all()
    for row in due:
        _check(row)


def tell_due(now: datetime) -> None:
    """Tell the clearing house of every link that was ended here and that it has not acknowledged yet."""
    with db.unit_of_work() as session:
        due = session.execute(
            _LEASE_TELLINGS, {"bank": BANK_OF_KAOHSIUNG, "now": now, "next": now + _RETRY_AFTER}
        ).all()
    for row in due:
        tell(row.mandate_id)


def tell(authorisation_id: str) -> None:
    """Tell that a link was ended here; no transaction may be open. What fails is told again by the sweep."""
    try:
        ports().ach.end_authorisation(authorisation_id)
    except wire.Refused as refusal:
        if refusal.status != 404:
            return
    except wire.CallFailed:
        return
    with db.unit_of_work() as session:
        session.execute(_TOLD, {"bank": BANK_OF_KAOHSIUNG, "mandate": authorisation_id})


def _check(row: Any) -> None:
    whose = {"person_id": row.person_id, "link_id": row.id}
    try:
        found = ports().ach.find_authorisation(row.mandate_id)
    except wire.CallFailed:
        # It is leased already: the next sweep after the lease asks again.
        return
    now = clock.now()
    with db.unit_of_work() as session:
        if found is None or found.status in ("refused", "ended"):
            if row.status == "pending":
                bank_links.refuse(session, **whose, now=now)
            else:
                bank_links.revoked_at_the_bank(session, mandate_id=row.mandate_id, bank=row.bank, now=now)
        elif row.status == "pending" and found.status == "active":
            bank_links.activate(session, **whose, mandate=mandate_of(found), now=now)


_LEASE_CHECKS = text(
    """
    UPDATE wallet.bank_link
       SET check_at = CASE status WHEN 'pending' THEN CAST(:soon AS timestamptz) ELSE CAST(:next AS timestamptz) END
     WHERE (person_id, id) IN (SELECT person_id, id FROM wallet.bank_link
                                WHERE check_at <= :now AND bank <> :bank AND mandate_id IS NOT NULL
                                  AND status IN ('pending', 'active', 'paused')
                                ORDER BY check_at LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING person_id, id, bank, mandate_id, status
    """
)
_LEASE_TELLINGS = text(
    """
    UPDATE wallet.bank_link SET tell_bank_at = :next
     WHERE (person_id, id) IN (SELECT person_id, id FROM wallet.bank_link
                                WHERE tell_bank_at <= :now AND bank <> :bank
                                ORDER BY tell_bank_at LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING mandate_id
    """
)
_TOLD = text("UPDATE wallet.bank_link SET tell_bank_at = NULL WHERE bank <> :bank AND mandate_id = :mandate")
