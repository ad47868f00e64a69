"""Making planned debits: each as a payment like any other, whose word was given with the standing instruction.

Every step is decided again at its moment, in one transaction that holds the bill, the instruction and the plan, in this
order, as everybody does: is it still unpaid, still theirs, still on, not skipped, told of, within the caps. A worker
that dies leaves either a plan that is due or a payment that is resolved by asking, never both.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.clock import taipei_date
from core.errors import NotFound
from core.ids import typeid
from wallet import authorization, automatic_debits, outcomes, planned_debits, starting, states
from wallet.automatic_debits import AutomaticDebit
from wallet.bills import Bill, bills_for_payment, owner_of
from wallet.errors import BankLinkNotActive, BillAlreadyPaid, BillBeingPaid, BillNotPayable, OverLimit
from wallet.payments import Payment, give_up
from wallet.planned_debits import PlannedDebit
from wallet.tariffs import BANK_OF_KAOHSIUNG, tariffs_on

_LEASE = timedelta(seconds=30)
_WHILE_SOMEBODY_PAYS = timedelta(minutes=5)
_log = logging.getLogger("mykaohsiung.wallet")


def plan_due(now: datetime) -> None:
    """Look for new parking fees of everybody whose turn it is."""
    with db.unit_of_work() as session:
        people = planned_debits.lease_people(session, now=now)
    for person_id in people:
        with db.unit_of_work() as session:
            planned_debits.plan(session, person_id, now=now)


def debit_due(now: datetime) -> None:
    """Take every planned debit whose moment has come one step further; safe to run twice and in two workers at once."""
    with db.unit_of_work() as session:
        due = planned_debits.lease_due(session, now=now, until=now + _LEASE)
    for planned_id, person_id, bill_id in due:
        try:
            _step(planned_id, person_id, bill_id, now)
        except Exception:
            # One that cannot be made must not keep the others waiting; its lease runs out and it is tried again.
            _log.exception("planned debit %s could not be made", typeid("apd", planned_id))


def conclude_due(now: datetime) -> None:
    """Write down what became of debits whose payment ended elsewhere: resolved by asking, or after a crash."""
    with db.unit_of_work() as session:
        known = planned_debits.to_conclude(session)
    for planned_id in known:
        with db.unit_of_work() as session:
            planned_debits.conclude(session, planned_id, now=now)


def start_automatic(
    session: Session, planned_id: UUID, person_id: UUID, bill_id: UUID, *, now: datetime
) -> Payment | None:
    """Decide one planned debit's next step: tell of it, drop it, leave it, wait, or begin its payment.

    Answers the payment that is to be ordered after this transaction's commit, or None.
    """
    starting.one_at_a_time(session, person_id)
    try:
        (bill,) = bills_for_payment(session, owner_of(session, person_id), [bill_id])
    except NotFound:
        bill = None
    active = automatic_debits.lock_active(session, person_id)
    planned = planned_debits.lock(session, planned_id)
    # Skipped, stopped or begun by another worker since it was leased.
    if planned is None or planned.status != "planned" or active is None:
        return None
    if bill is None or bill.status != "unpaid":
        planned_debits.drop(session, planned, "not_yours" if bill is None else bill.status, now=now)
        return None
    obstacle = _obstacle(session, bill, planned, active, now)
    if obstacle is not None:
        planned_debits.leave(session, planned, obstacle, now=now)
        return None
    if bill.claimed_by is not None:
        # Somebody is paying it right now: what comes of that decides.
        planned_debits.wait(session, planned, now + _WHILE_SOMEBODY_PAYS)
    elif planned.announced_at is None or bill.amount_twd != planned.amount_twd:
        planned_debits.announce(session, planned, active, bill.amount_twd, now)
    elif now < planned.debit_at:
        planned_debits.wait(session, planned, planned.debit_at)
    else:
        return _begin(session, bill, planned, active, now)
    return None


def _step(planned_id: UUID, person_id: UUID, bill_id: UUID, now: datetime) -> None:
    with db.unit_of_work() as session:
        payment = start_automatic(session, planned_id, person_id, bill_id, now=now)
    if payment is None:
        return
    outcome = authorization.order_debit(payment)
    with db.unit_of_work() as session:
        outcomes.record(session, payment.id, outcome, now=clock.now())
        planned_debits.conclude(session, planned_id, now=now)


def _obstacle(session: Session, bill: Bill, planned: PlannedDebit, active: AutomaticDebit, now: datetime) -> str | None:
    """What stands against debiting this bill at all, whether it is told of now or made."""
    if taipei_date(now) > planned.due_on:
        return "too_late"
    if _total_twd(session, bill, now) > active.per_bill_cap_twd:
        return "over_bill_cap"
    link = session.execute(_LINK, {"person_id": active.person_id, "id": active.bank_link_id}).first()
    if link is None or link.status != "active":
        return "account_paused" if link is not None and link.status == "paused" else "account_ended"
    return None


def _begin(
    session: Session, bill: Bill, planned: PlannedDebit, active: AutomaticDebit, now: datetime
) -> Payment | None:
    month, total_twd = automatic_debits.month_of(now), _total_twd(session, bill, now)
    if not automatic_debits.reserve(session, active.person_id, total_twd, active.monthly_cap_twd, month=month):
        planned_debits.leave(session, planned, "over_monthly_cap", now=now)
        return None
    refusal = None
    try:
        payment, items = starting.start(
            session,
            person_id=active.person_id,
            bill_ids=[bill.id],
            rail=BANK_OF_KAOHSIUNG,
            chosen={"bank_link_id": typeid("blk", active.bank_link_id)},
            fines_are_confirmed=True,
            now=now,
        )
    except OverLimit:
        refusal = "limit_exceeded"
    except (BankLinkNotActive, BillAlreadyPaid, BillBeingPaid, BillNotPayable, NotFound):
        # Decided above under the same locks; what is left is the account, which nobody here has locked.
        refusal = "account_ended"
    if refusal is None:
        session.execute(_INITIATED, {"id": payment.id})
        payment = replace(payment, status=states.DEBITING, authorized_at=now, initiated_by="automatic_debit")
        if not authorization.begin_debit(session, payment, items, passkey_id=active.passkey_id, now=now):
            give_up(session, [payment.id], states.CANCELLED, now=now)
            refusal = "account_ended"
    if refusal is not None:
        automatic_debits.give_back(session, active.person_id, total_twd, month=month)
        planned_debits.failed(session, planned, refusal, attempts=planned.attempts + 1, now=now)
        return None
    planned_debits.begun(session, planned, payment.id, reserved_twd=total_twd, month=month, now=now)
    return payment


def _total_twd(session: Session, bill: Bill, now: datetime) -> int:
    tariff = tariffs_on(session, taipei_date(now)).get((BANK_OF_KAOHSIUNG, bill.kind))
    return bill.amount_twd + (tariff.fee_twd if tariff is not None else 0)


_LINK = text("SELECT status FROM wallet.bank_link WHERE person_id = :person_id AND id = :id")
_INITIATED = text("UPDATE wallet.payment SET initiated_by = 'automatic_debit' WHERE id = :id")
