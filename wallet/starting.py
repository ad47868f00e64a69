"""A payment from the choice of bills to the challenge: bills are claimed, amounts fixed, the instruction written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import FieldError, InvalidRequest
from core.ids import new_uuid, typeid
from identity.actors import Actor
from wallet import states
from wallet.bills import Bill, Owner, bills_for_payment, owner_of
from wallet.errors import BillAlreadyPaid, BillBeingPaid, BillNotPayable, OverLimit
from wallet.instruction import InstructedBill, challenge_of, instruction_text
from wallet.paying_for import check_beginning, owner_seen_by
from wallet.payments import Item, Payment, give_up
from wallet.ports import ports
from wallet.rails.contract import Instrument
from wallet.tariffs import tariffs_on, terms_on

AUTHORIZATION_WINDOW = timedelta(minutes=5)


class FinesNotConfirmed(Exception):
    """Some of these bills are fines whose amount their bureau has not been asked for yet."""


def start(
    session: Session,
    *,
    person_id: UUID,
    bill_ids: Sequence[UUID],
    rail: str,
    chosen: Mapping[str, Any],
    points_pt: int = 0,
    fines_are_confirmed: bool,
    actor: Actor | None = None,
    now: datetime,
) -> tuple[Payment, list[Item]]:
    """Claim the bills and write the instruction that the phone has to sign.

    `chosen` says what the rail shall debit (`bank_link_id`, `card_id`); `points_pt` of the bills' amount is paid in
    points. An `actor` who acts for somebody pays that person's bills, within what was agreed. An earlier payment of the
    same payer that still waits for its assertion gives its bills up: people go back and choose again.

    Raises NotFound, InvalidRequest, BillAlreadyPaid, BillBeingPaid, BillNotPayable, OverLimit, NotDelegated and what
    the rail refuses; and FinesNotConfirmed, before anything is written, where a fine is among them and
    `fines_are_confirmed` is False.
    """
    if rail not in ports().rails:
        raise InvalidRequest(errors=[FieldError("/rail", "not a rail that payments are made by")])
    one_at_a_time(session, person_id)
    instrument = ports().rails[rail].instrument(session, person_id, chosen, now)
    is_for_another = actor is not None and actor.on_behalf_of is not None
    if actor is not None and is_for_another:
        owner = owner_seen_by(session, actor, what="bills", now=now)
    else:
        owner = owner_of(session, person_id)
    bills = _claimable_bills(session, owner, person_id, bill_ids, fines_are_confirmed, now)
    items = _items(session, bills, rail, now)
    amount, fee = sum(item.amount_twd for item in items), sum(item.fee_twd for item in items)
    items = _with_points(items, rail, amount if rail == "points" else points_pt, fee)
    money = amount + fee - sum(item.points_pt for item in items)
    if instrument.limit_twd is not None and money > instrument.limit_twd:
        raise OverLimit(limit=instrument.limit_twd, total=money)
    payment_id = new_uuid()
    if actor is not None and is_for_another:
        check_beginning(session, actor, bills, amount + fee, payment_id=payment_id, now=now)
    payment = _write(session, payment_id, person_id, actor, rail, instrument, items, now)
    return payment, items


def one_at_a_time(session: Session, person_id: UUID) -> None:
    """Somebody who begins twice at once holds bills of both: one after the other, or each could wait for the other.

    Whoever locks bills of this person before they `start` takes this first.
    """
    session.execute(_ONE_AT_A_TIME, {"person": str(person_id)})


def _claimable_bills(
    session: Session,
    owner: Owner,
    person_id: UUID,
    bill_ids: Sequence[UUID],
    fines_are_confirmed: bool,
    now: datetime,
) -> list[Bill]:
    bills = bills_for_payment(session, owner, bill_ids)
    if not fines_are_confirmed and any(bill.kind == "fine" and bill.not_payable_reason() is None for bill in bills):
        raise FinesNotConfirmed
    claims = {bill.claimed_by for bill in bills if bill.claimed_by is not None and bill.status == "unpaid"}
    if claims:
        others = session.execute(_CLAIMS, {"ids": list(claims)}).all()
        for other in others:
            is_mine_and_waiting = other.person_id == person_id and other.status == states.AWAITING
            if not is_mine_and_waiting and not (other.status == states.AWAITING and other.expires_at <= now):
                busy = next(bill for bill in bills if bill.claimed_by == other.id)
                raise BillBeingPaid(bill_id=typeid("bill", busy.id))
        ended = give_up(session, list(claims), states.CANCELLED, now=now)
        if len(ended) != len(claims):
            busy = next(bill for bill in bills if bill.claimed_by in claims - set(ended))
            raise BillBeingPaid(bill_id=typeid("bill", busy.id))
    for bill in bills:
        if bill.status == "paid":
            raise BillAlreadyPaid(bill_id=typeid("bill", bill.id))
        reason = bill.not_payable_reason()
        if reason is not None:
            raise BillNotPayable(bill_id=typeid("bill", bill.id), reason=reason)
    return bills


def _items(session: Session, bills: Sequence[Bill], rail: str, now: datetime) -> list[Item]:
    tariffs, term = tariffs_on(session, taipei_date(now)), terms_on(session, taipei_date(now)).get(rail)
    items = []
    for bill in bills:
        tariff = tariffs.get((rail, bill.kind))
        if tariff is None or term is None:
            raise BillNotPayable(bill_id=typeid("bill", bill.id), reason="no_tariff")
        barred = term.bars(bill.kind, bill.amount_twd, is_overdue=bill.is_overdue(now))
        if barred is not None:
            raise BillNotPayable(bill_id=typeid("bill", bill.id), reason=barred)
        fee_hold = new_uuid() if tariff.fee_twd else None
        items.append(
            Item(bill.id, bill.bureau, bill.kind, bill.number, bill.description.zh, bill.amount_twd, tariff.fee_twd,
                 new_uuid(), fee_hold)
        )  # fmt: skip
    return items


def _with_points(items: Sequence[Item], rail: str, points_pt: int, fee_twd: int) -> list[Item]:
    """The items with so many points spread over them, the first bill first; the fee is always paid in money."""
    amount_twd = sum(item.amount_twd for item in items)
    if points_pt > amount_twd:
        raise InvalidRequest(errors=[FieldError("/points", "more than the bills cost")])
    if rail != "points" and points_pt == amount_twd and not fee_twd:
        raise InvalidRequest(errors=[FieldError("/rail", "nothing is left to pay in money: choose the rail `points`")])
    spread, left = [], points_pt
    for item in items:
        part = min(left, item.amount_twd)
        left -= part
        spread.append(replace(item, points_pt=part, points_hold_id=new_uuid()) if part else item)
    return spread


def _write(
    session: Session,
    payment_id: UUID,
    person_id: UUID,
    actor: Actor | None,
    rail: str,
    instrument: Instrument,
    items: Sequence[Item],
    now: datetime,
) -> Payment:
    on_behalf_of, delegation_id = (actor.on_behalf_of, actor.delegation_id) if actor else (None, None)
    expires_at = now + AUTHORIZATION_WINDOW
    fee, points = sum(item.fee_twd for item in items), sum(item.points_pt for item in items)
    instruction = instruction_text(
        payment_id=payment_id,
        person_id=person_id,
        on_behalf_of=on_behalf_of,
        bills=[InstructedBill(item.bill_id, item.number, item.amount_twd) for item in items],
        fee_twd=fee,
        points_pt=points,
        rail=rail,
        instrument=instrument,
        expires_at=expires_at,
    )
    payment = Payment(
        id=payment_id, person_id=person_id, status=states.AWAITING, rail=rail, instrument_kind=instrument.kind,
        bank_link_id=instrument.id if instrument.kind == "bank_link" else None,
        card_id=instrument.id if instrument.kind == "card" else None, mandate_id=instrument.token or None,
        account_masked=instrument.label, amount_twd=sum(item.amount_twd for item in items), fee_twd=fee,
        instruction=instruction, challenge=challenge_of(instruction), created_at=now, expires_at=expires_at,
        authorized_at=None, ended_at=None, booked_at=None, failure_code=None, points_pt=points,
        on_behalf_of=on_behalf_of, delegation_id=delegation_id,
    )  # fmt: skip
    session.execute(
        _INSERT,
        {
            "id": payment.id,
            "person_id": person_id,
            "status": payment.status,
            "rail": rail,
            "kind": payment.instrument_kind,
            "link": payment.bank_link_id,
            "card": payment.card_id,
            "mandate": payment.mandate_id,
            "account": payment.account_masked,
            "amount": payment.amount_twd,
            "fee": fee,
            "points": points,
            "instruction": instruction,
            "challenge": payment.challenge,
            "now": now,
            "expires": expires_at,
            "on_behalf_of": on_behalf_of,
            "delegation": delegation_id,
            "items": orjson.dumps([_item_row(item) for item in items]).decode(),
        },
    )
    return payment


def _item_row(item: Item) -> dict[str, Any]:
    return {
        "bill_id": str(item.bill_id), "bureau": item.bureau, "kind": item.kind, "number": item.number,
        "description": item.description, "amount_twd": item.amount_twd, "fee_twd": item.fee_twd,
        "hold_id": str(item.hold_id), "fee_hold_id": item.fee_hold_id and str(item.fee_hold_id),
        "points_pt": item.points_pt, "points_hold_id": item.points_hold_id and str(item.points_hold_id),
    }  # fmt: skip


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('payment.start ' || :person, 0))")
# One statement writes the payment, its items and the claims on its bills.
_INSERT = text(
    """
    WITH payment AS (
        INSERT INTO wallet.payment (id, person_id, status, rail, instrument_kind, bank_link_id, card_id, mandate_id,
                                    account_masked, amount_twd, fee_twd, points_pt, instruction, challenge, created_at,
                                    expires_at, on_behalf_of, delegation_id)
        VALUES (:id, :person_id, :status, :rail, :kind, :link, :card, :mandate, :account, :amount, :fee, :points,
                :instruction, :challenge, :now, :expires, :on_behalf_of, :delegation)
    ), item AS (
        INSERT INTO wallet.payment_item (payment_id, bill_id, bureau, kind, number, description, amount_twd, fee_twd,
                                         hold_id, fee_hold_id, points_pt, points_hold_id)
        SELECT :id, i.* FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS i(
               bill_id uuid, bureau text, kind text, number text, description text, amount_twd bigint, fee_twd bigint,
               hold_id uuid, fee_hold_id uuid, points_pt bigint, points_hold_id uuid)
        RETURNING bill_id
    )
    UPDATE wallet.bill SET claimed_by = :id WHERE id IN (SELECT bill_id FROM item)
    """
)
_CLAIMS = text("SELECT id, person_id, status, expires_at FROM wallet.payment WHERE id = ANY(:ids)")
