"""Disputes: a cardholder does not recognise a payment, its card's bank takes the money, and may have to give it again.

What the processor says comes in any order and many times. Its notices have an order of their own, and the money goes
that way step by step: whatever notice is heard of, every step up to it is made once, and an earlier one that comes
later changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.errors import NotFound
from core.ids import new_uuid
from wallet import events, refunds, states
from wallet.errors import DisputeClosed
from wallet.payments import Payment, items_of, lock_items, lock_payment
from wallet.undoing import redo, undo

Kind = Literal[
    "NOTIFICATION_OF_CHARGEBACK",
    "CHARGEBACK",
    "CHARGEBACK_REVERSED",
    "SECOND_CHARGEBACK",
    "PREARBITRATION_WON",
    "PREARBITRATION_LOST",
    "DISPUTE_DEFENSE_PERIOD_ENDED",
]
# How far the money has gone when a notice is true, and the states that the dispute passes through up to then.
_STEPS: Final[dict[str, int]] = {
    "NOTIFICATION_OF_CHARGEBACK": 0,
    "CHARGEBACK": 1,
    "DISPUTE_DEFENSE_PERIOD_ENDED": 0,
    "CHARGEBACK_REVERSED": 2,
    "SECOND_CHARGEBACK": 3,
    "PREARBITRATION_WON": 4,
    "PREARBITRATION_LOST": 3,
}
KINDS: Final = frozenset(_STEPS)
_NEVER: Final = datetime(9000, 1, 1, tzinfo=UTC)
_STATE_AT: Final = {2: "won", 3: "second_chargeback", 4: "won"}
_TAKES: Final = {1: True, 2: False, 3: True, 4: False}


@dataclass(frozen=True, slots=True)
class Notice:
    """What the processor says about one payment. `reference` is its name for the dispute, `amount_twd` what is disputed
    (NT$), `defend_until` how long evidence is taken."""

    payment_id: UUID
    kind: Kind
    reference: str
    reason: str
    reason_code: str
    amount_twd: int
    happened_at: datetime
    defend_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as it stands. Money in NT$."""

    id: UUID
    payment_id: UUID
    person_id: UUID
    status: str
    reference: str
    reason: str
    reason_code: str
    amount_twd: int
    steps_done: int
    opened_at: datetime
    defend_until: datetime | None
    closed_at: datetime | None


def take_notice(session: Session, notice: Notice, now: datetime) -> bool:
    """Take down what the processor says, and do what follows from it once.

    False: the payment does not count as paid yet, so the notice has to come again later. Raises NotFound for a payment
    that is none.
    """
    lock_items(session, notice.payment_id)
    payment = lock_payment(session, notice.payment_id)
    if payment.status in (states.AWAITING, *states.AT_THE_RAIL, states.PROVISIONAL):
        return False
    dispute = _opened(session, payment, notice, now)
    session.execute(
        _NOTICE,
        {"dispute_id": dispute.id, "kind": notice.kind, "reason": notice.reason, "amount": notice.amount_twd,
         "at": notice.happened_at, "now": now},
    )  # fmt: skip
    for step in range(dispute.steps_done + 1, _STEPS[notice.kind] + 1):
        _money_goes(session, payment.id, notice, is_taken=_TAKES[step], now=now)
        session.execute(_STEP_DONE, {"id": dispute.id, "step": step})
        if step in _STATE_AT:
            _move(session, dispute.id, _STATE_AT[step], now)
    if notice.kind == "PREARBITRATION_LOST":
        _move(session, dispute.id, "lost", now)
    if notice.kind == "DISPUTE_DEFENSE_PERIOD_ENDED" and dispute_of(session, dispute.id).status == "opened":
        _move(session, dispute.id, "lost", now)
    return True


def accept(session: Session, dispute_id: UUID, now: datetime) -> Dispute:
    """The city does not defend the payment: the cardholder keeps the money. Raises NotFound, DisputeClosed."""
    dispute = lock(session, dispute_id)
    if dispute.status != "opened":
        raise DisputeClosed(dispute_status=dispute.status)
    _move(session, dispute_id, "accepted", now)
    return dispute_of(session, dispute_id)


def evidence_was_submitted(session: Session, dispute_id: UUID, now: datetime) -> None:
    """The city defends the payment. The caller holds the lock."""
    _move(session, dispute_id, "evidence_submitted", now)


def dispute_of(session: Session, dispute_id: UUID) -> Dispute:
    """One dispute. Raises NotFound."""
    row = session.execute(_ONE, {"id": dispute_id}).first()
    if row is None:
        raise NotFound
    return Dispute(**row._mapping)


def lock(session: Session, dispute_id: UUID) -> Dispute:
    """One dispute with its bills and payment locked before it. Raises NotFound."""
    payment_id = dispute_of(session, dispute_id).payment_id
    lock_items(session, payment_id)
    lock_payment(session, payment_id)
    session.execute(_LOCK, {"id": dispute_id})
    return dispute_of(session, dispute_id)


def page(session: Session, *, status: str | None, limit: int, before: UUID | None) -> list[Dispute]:
    """Disputes in that state, or all, newest first."""
    rows = session.execute(_PAGE, {"status": status, "limit": limit, "before": before or UUID(int=(1 << 128) - 1)})
    return [Dispute(**row._mapping) for row in rows]


def by_deadline(
    session: Session, *, status: str | None, limit: int, after: tuple[datetime, UUID] | None
) -> list[Dispute]:
    """Disputes in that state, or all, those first that have to be answered first; `after` is `deadline_of` the last
    one shown, and its id."""
    at, last = after or (None, None)
    rows = session.execute(_BY_DEADLINE, {"status": status, "limit": limit, "at": at, "id": last, "never": _NEVER})
    return [Dispute(**row._mapping) for row in rows]


def deadline_of(dispute: Dispute) -> datetime:
    """Where a dispute stands in a list by deadline: one without any stands last."""
    return dispute.defend_until or _NEVER


def notices_of(session: Session, dispute_id: UUID) -> list[Any]:
    """What the processor has said (kind, reason, amount_twd, happened_at, received_at), in the order of its moments."""
    return list(session.execute(_NOTICES, {"id": dispute_id}).all())


def _opened(session: Session, payment: Payment, notice: Notice, now: datetime) -> Dispute:
    made = session.execute(
        _OPEN_ONE,
        {"id": new_uuid(), "payment_id": payment.id, "person_id": payment.person_id, "reference": notice.reference,
         "reason": notice.reason, "code": notice.reason_code, "amount": notice.amount_twd, "now": now},
    ).first()  # fmt: skip
    if notice.defend_until is not None:
        session.execute(_DEFEND_UNTIL, {"payment_id": payment.id, "until": notice.defend_until})
    dispute = Dispute(**session.execute(_OF_PAYMENT, {"payment_id": payment.id}).one()._mapping)
    if made is not None:
        outbox.record(session, events.DISPUTE_OPENED, _facts(session, dispute, payment), now=now)
    return dispute


def _money_goes(session: Session, payment_id: UUID, notice: Notice, *, is_taken: bool, now: datetime) -> None:
    if is_taken:
        was_taken = undo(session, payment_id, "charged_back", reason=notice.reason, now=now)
        payment = lock_payment(session, payment_id)
        if not was_taken and payment.status == states.REFUNDED:
            refunds.gone_twice(session, payment, notice.amount_twd, now)
    else:
        redo(session, payment_id, reason=notice.reason, now=now)


def _move(session: Session, dispute_id: UUID, target: str, now: datetime) -> None:
    """Move as the table allows; what the table does not allow is for two persons to correct, and stays as it is."""
    dispute = dispute_of(session, dispute_id)
    if not states.DISPUTE.may_move(dispute.status, target):
        return
    closed_at = now if target in states.DISPUTE.resting else None
    session.execute(_MOVE, {"id": dispute_id, "status": target, "closed_at": closed_at})
    if closed_at is not None:
        moved = dispute_of(session, dispute_id)
        payment = lock_payment(session, moved.payment_id)
        outbox.record(session, events.DISPUTE_CLOSED, _facts(session, moved, payment), now=now)


def _facts(session: Session, dispute: Dispute, payment: Payment) -> dict[str, Any]:
    return {
        "dispute_id": str(dispute.id),
        "payment_id": str(payment.id),
        "person_id": str(payment.person_id),
        "status": dispute.status,
        "reason": dispute.reason,
        "amount_twd": dispute.amount_twd,
        "total_twd": payment.total_twd,
        "bills": [{"bill_id": str(item.bill_id)} for item in items_of(session, [payment.id])[payment.id]],
    }


_COLUMNS = (
    "id, payment_id, person_id, status, reference, reason, reason_code, amount_twd, steps_done, opened_at, "
    "defend_until, closed_at"
)
_OPEN_ONE = text(
    """
    INSERT INTO wallet.dispute (id, payment_id, person_id, status, reference, reason, reason_code, amount_twd,
                                opened_at)
    VALUES (:id, :payment_id, :person_id, 'opened', :reference, :reason, :code, :amount, :now)
    ON CONFLICT (payment_id) DO NOTHING RETURNING id
    """
)
_DEFEND_UNTIL = text("UPDATE wallet.dispute SET defend_until = :until WHERE payment_id = :payment_id")
_NOTICE = text(
    """
    INSERT INTO wallet.dispute_notice (dispute_id, kind, reason, amount_twd, happened_at, received_at)
    VALUES (:dispute_id, :kind, :reason, :amount, :at, :now) ON CONFLICT DO NOTHING
    """
)
_STEP_DONE = text("UPDATE wallet.dispute SET steps_done = :step WHERE id = :id")
_MOVE = text("UPDATE wallet.dispute SET status = :status, closed_at = :closed_at WHERE id = :id")
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.dispute WHERE id = :id")  # noqa: S608
_OF_PAYMENT = text(f"SELECT {_COLUMNS} FROM wallet.dispute WHERE payment_id = :payment_id FOR UPDATE")  # noqa: S608
_LOCK = text("SELECT 1 FROM wallet.dispute WHERE id = :id FOR UPDATE")
_PAGE = text(
    f"SELECT {_COLUMNS} FROM wallet.dispute WHERE id < :before "  # noqa: S608
    "AND (CAST(:status AS text) IS NULL OR status = :status) ORDER BY id DESC LIMIT :limit"
)
_BY_DEADLINE = text(
    f"SELECT {_COLUMNS} FROM wallet.dispute "  # noqa: S608
    "WHERE (CAST(:status AS text) IS NULL OR status = :status) "
    "AND (CAST(:at AS timestamptz) IS NULL OR (coalesce(defend_until, :never), id) > (:at, CAST(:id AS uuid))) "
    "ORDER BY coalesce(defend_until, :never), id LIMIT :limit"
)
_NOTICES = text(
    "SELECT kind, reason, amount_twd, happened_at, received_at FROM wallet.dispute_notice WHERE dispute_id = :id "
    "ORDER BY happened_at, received_at"
)
