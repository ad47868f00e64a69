"""Automatic debit of parking fees: a standing instruction that the citizen signs with a passkey, and can stop at once.

As with a payment, the exact words are canonical JSON, and their SHA-256 is the challenge that the phone signs
(電子支付機構管理條例 §18: only from one's own account, within limits that the user sets). The assertion is kept beside
the words, with the key that verifies it, for as long as debits made on it may be questioned.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import rfc8785
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire, taipei_date
from core.errors import NotFound
from core.ids import new_uuid, typeid
from core.outbox import Event
from identity import passkeys
from identity.errors import AssertionRefused, AssertionRefusedAndNoted
from wallet import bank_links, events
from wallet.automatic_debit_errors import AutomaticDebitAccount, AutomaticDebitNotAwaiting
from wallet.bank_links import BANK_OF_KAOHSIUNG
from wallet.instruction import challenge_of

PARKING: Final = "parking"
_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class AutomaticDebit:
    """A standing instruction: what, from which account, up to how much for a bill and in a month of Taipei (NT$)."""

    id: UUID
    person_id: UUID
    kind: str
    status: str
    bank_link_id: UUID
    account_masked: str
    per_bill_cap_twd: int
    monthly_cap_twd: int
    instruction: str
    challenge: bytes
    passkey_id: UUID | None
    created_at: datetime
    expires_at: datetime
    authorized_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person has agreed to: the instruction in force and the one that waits for a signature, if any."""

    active: AutomaticDebit | None
    proposed: AutomaticDebit | None
    last_ended: AutomaticDebit | None
    debited_this_month_twd: int


def propose(
    session: Session, *, person_id: UUID, bank_link_id: UUID, per_bill_cap_twd: int, monthly_cap_twd: int, now: datetime
) -> AutomaticDebit:
    """Write the words that the phone has to sign; those in force stay in force until it has.

    An earlier proposal is given up. Raises NotFound, AutomaticDebitAccount.
    """
    link = bank_links.link_of(session, person_id=person_id, link_id=bank_link_id)
    if link.bank != BANK_OF_KAOHSIUNG or link.status != "active":
        raise AutomaticDebitAccount(link_status=link.status)
    session.execute(_ALONE, {"person_id": str(person_id)})
    session.execute(_CANCEL_PROPOSED, {"person_id": person_id, "kind": PARKING, "now": now})
    identifier, expires_at = new_uuid(), now + _WINDOW
    words = rfc8785.dumps(
        {
            "v": 1,
            "type": "mykaohsiung.automatic_debit",
            "id": typeid("adb", identifier),
            "payer": typeid("per", person_id),
            "what": PARKING,
            "rail": link.bank,
            "account": link.account_masked,
            "instrument": typeid("blk", link.id),
            "per_bill_cap": per_bill_cap_twd,
            "monthly_cap": monthly_cap_twd,
            "currency": "TWD",
            "notice": "the day before each debit",
            "nonce": secrets.token_urlsafe(16),
            "expires": on_the_wire(expires_at),
        }
    ).decode()
    row = session.execute(
        _INSERT,
        {"id": identifier, "person_id": person_id, "kind": PARKING, "link": link.id, "account": link.account_masked,
         "per_bill": per_bill_cap_twd, "monthly": monthly_cap_twd, "instruction": words,
         "challenge": challenge_of(words), "now": now, "expires": expires_at},
    ).one()  # fmt: skip
    return _automatic_debit(row)


def authorize(
    session: Session, *, person_id: UUID, automatic_debit_id: UUID, credential: Mapping[str, Any], now: datetime
) -> AutomaticDebit:
    """The assertion over the words: they are in force from now on, in place of those before.

    A refused assertion ends the proposal: a challenge is used once. Raises NotFound, AutomaticDebitNotAwaiting,
    AutomaticDebitAccount, AssertionRefused.
    """
    session.execute(_ALONE, {"person_id": str(person_id)})
    row = session.execute(_LOCKED, {"id": automatic_debit_id, "person_id": person_id}).first()
    if row is None:
        raise NotFound
    proposed = _automatic_debit(row)
    if proposed.status != "awaiting_authorization" or proposed.expires_at <= now:
        raise AutomaticDebitNotAwaiting(instruction_status=proposed.status)
    try:
        verified = passkeys.verify_assertion(
            session, person_id=person_id, credential=dict(credential), challenge=proposed.challenge, now=now
        )
    except AssertionRefused as refused:
        session.execute(_CANCEL_PROPOSED, {"person_id": person_id, "kind": proposed.kind, "now": now})
        raise AssertionRefusedAndNoted from refused
    link = bank_links.link_of(session, person_id=person_id, link_id=proposed.bank_link_id)
    if link.status != "active":
        raise AutomaticDebitAccount(link_status=link.status)
    session.execute(_REPLACE, {"person_id": person_id, "kind": proposed.kind, "now": now})
    evidence = _signed_parts(credential) | {"public_key": base64.urlsafe_b64encode(verified.public_key).decode()}
    active = session.execute(
        _ACTIVATE,
        {"id": proposed.id, "passkey": verified.passkey_id, "evidence": orjson.dumps(evidence).decode(), "now": now},
    ).one()
    # What was planned under the words before goes on under these.
    session.execute(_TAKE_OVER, {"person_id": person_id, "id": proposed.id})
    return _automatic_debit(active)


def stop(session: Session, *, person_id: UUID, reason: str, now: datetime) -> None:
    """End it at once: nothing that is planned and has not begun happens. Again, it changes nothing."""
    session.execute(_ALONE, {"person_id": str(person_id)})
    session.execute(_CANCEL_PROPOSED, {"person_id": person_id, "kind": PARKING, "now": now})
    row = session.execute(_STOP, {"person_id": person_id, "kind": PARKING, "reason": reason, "now": now}).first()
    if row is None:
        return
    session.execute(_STOP_PLANNED, {"person_id": person_id, "now": now})
    outbox.record(
        session,
        events.AUTOMATIC_DEBIT_STOPPED,
        {"automatic_debit_id": str(row.id), "person_id": str(person_id), "account": row.account_masked,
         "reason": reason},
        now=now,
    )  # fmt: skip


def stop_with_its_account(session: Session, event: Event, now: datetime) -> None:
    """wallet.bank_link_ended: what was to be debited from that account is not debited from anywhere."""
    person_id, link_id = UUID(event.payload["person_id"]), UUID(event.payload["bank_link_id"])
    active = standing_of(session, person_id, now=now).active
    if active is not None and active.bank_link_id == link_id:
        stop(session, person_id=person_id, reason="account_ended", now=now)


def standing_of(session: Session, person_id: UUID, *, now: datetime) -> Standing:
    """What this person has agreed to, and what was debited on it this month."""
    rows = [_automatic_debit(row) for row in session.execute(_NEWEST, {"person_id": person_id, "kind": PARKING})]
    by_status = {row.status: row for row in rows}
    proposed = by_status.get("awaiting_authorization")
    month = {"person_id": person_id, "kind": PARKING, "month": month_of(now)}
    return Standing(
        active=by_status.get("active"),
        proposed=proposed if proposed is not None and proposed.expires_at > now else None,
        last_ended=by_status.get("stopped"),
        debited_this_month_twd=int(session.execute(_MONTH, month).scalar() or 0),
    )


def lock_active(session: Session, person_id: UUID) -> AutomaticDebit | None:
    """The instruction in force, locked: debits of one person begin one after the other, none while it is stopped."""
    row = session.execute(_ACTIVE_LOCKED, {"person_id": person_id, "kind": PARKING}).first()
    return None if row is None else _automatic_debit(row)


def reserve(session: Session, person_id: UUID, amount_twd: int, cap_twd: int, *, month: date) -> bool:
    """Count an amount against the month's cap. False, with nothing counted, when it would go over."""
    values = {"person_id": person_id, "kind": PARKING, "month": month, "amount": amount_twd, "cap": cap_twd}
    return amount_twd <= cap_twd and session.execute(_RESERVE, values).first() is not None


def give_back(session: Session, person_id: UUID, amount_twd: int, *, month: date) -> None:
    """What was counted against that month's cap was not debited after all."""
    session.execute(_GIVE_BACK, {"person_id": person_id, "kind": PARKING, "month": month, "amount": amount_twd})


def expire_abandoned(session: Session, *, now: datetime) -> None:
    """End proposals whose five minutes passed without an assertion."""
    session.execute(_EXPIRE, {"now": now})


def month_of(moment: datetime) -> date:
    """The first day of the month in Taipei."""
    return taipei_date(moment).replace(day=1)


def _signed_parts(credential: Mapping[str, Any]) -> dict[str, Any]:
    response = credential["response"]
    return {
        "id": credential["rawId"],
        "clientDataJSON": response["clientDataJSON"],
        "authenticatorData": response["authenticatorData"],
        "signature": response["signature"],
    }


def _automatic_debit(row: Any) -> AutomaticDebit:
    return AutomaticDebit(**{**row._mapping, "challenge": bytes(row.challenge)})


_COLUMNS = (
    "id, person_id, kind, status, bank_link_id, account_masked, per_bill_cap_twd, monthly_cap_twd, instruction, "
    "challenge, passkey_id, created_at, expires_at, authorized_at, ended_at, end_reason"
)
# Two devices of one person at once would each leave an instruction in force.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('wallet.automatic_debit ' || :person_id, 0))")
_CANCEL_PROPOSED = text(
    "UPDATE wallet.automatic_debit SET status = 'cancelled', ended_at = :now "
    "WHERE person_id = :person_id AND kind = :kind AND status = 'awaiting_authorization'"
)
_INSERT = text(
    f"""
    INSERT INTO wallet.automatic_debit (id, person_id, kind, status, bank_link_id, account_masked, per_bill_cap_twd,
                                        monthly_cap_twd, instruction, challenge, created_at, expires_at)
    VALUES (:id, :person_id, :kind, 'awaiting_authorization', :link, :account, :per_bill, :monthly, :instruction,
            :challenge, :now, :expires)
    RETURNING {_COLUMNS}
    """  # noqa: S608
)
_LOCKED = text(
    f"SELECT {_COLUMNS} FROM wallet.automatic_debit WHERE id = :id AND person_id = :person_id FOR UPDATE"  # noqa: S608
)
_ACTIVE_LOCKED = text(
    f"SELECT {_COLUMNS} FROM wallet.automatic_debit "  # noqa: S608
    "WHERE person_id = :person_id AND kind = :kind AND status = 'active' FOR UPDATE"
)
_REPLACE = text(
    "UPDATE wallet.automatic_debit SET status = 'replaced', ended_at = :now, plan_at = NULL "
    "WHERE person_id = :person_id AND kind = :kind AND status = 'active'"
)
_ACTIVATE = text(
    f"""
    UPDATE wallet.automatic_debit
       SET status = 'active', passkey_id = :passkey, evidence = CAST(:evidence AS jsonb), authorized_at = :now,
           plan_at = :now
     WHERE id = :id RETURNING {_COLUMNS}
    """  # noqa: S608
)
_TAKE_OVER = text(
    "UPDATE wallet.planned_debit SET automatic_debit_id = :id "
    "WHERE person_id = :person_id AND status IN ('planned', 'skipped')"
)
_STOP = text(
    "UPDATE wallet.automatic_debit SET status = 'stopped', ended_at = :now, end_reason = :reason, plan_at = NULL "
    "WHERE person_id = :person_id AND kind = :kind AND status = 'active' RETURNING id, account_masked"
)
_STOP_PLANNED = text(
    "UPDATE wallet.planned_debit SET status = 'stopped', next_at = NULL, changed_at = :now "
    "WHERE person_id = :person_id AND status = 'planned'"
)
# The newest in each of these states.
_NEWEST = text(
    f"SELECT DISTINCT ON (status) {_COLUMNS} FROM wallet.automatic_debit "  # noqa: S608
    "WHERE person_id = :person_id AND kind = :kind AND status IN ('active', 'awaiting_authorization', 'stopped') "
    "ORDER BY status, id DESC"
)
_MONTH = text(
    "SELECT debited_twd FROM wallet.automatic_debit_month "
    "WHERE person_id = :person_id AND kind = :kind AND month = :month"
)
_RESERVE = text(
    """
    INSERT INTO wallet.automatic_debit_month AS m (person_id, kind, month, debited_twd)
    VALUES (:person_id, :kind, :month, :amount)
    ON CONFLICT (person_id, kind, month)
    DO UPDATE SET debited_twd = m.debited_twd + excluded.debited_twd
        WHERE m.debited_twd + excluded.debited_twd <= :cap
    RETURNING debited_twd
    """
)
_GIVE_BACK = text(
    "UPDATE wallet.automatic_debit_month SET debited_twd = debited_twd - :amount "
    "WHERE person_id = :person_id AND kind = :kind AND month = :month"
)
_EXPIRE = text(
    "UPDATE wallet.automatic_debit SET status = 'expired', ended_at = :now "
    "WHERE status = 'awaiting_authorization' AND expires_at < :now"
)
