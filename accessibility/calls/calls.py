"""Calls as they are kept: to be made from a moment on and not later than another, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.calls import ports
from accessibility.calls.errors import CallOver
from core import crypto, db
from core.errors import NotFound
from core.ids import new_uuid
from core.text import Text

Kind = Literal["fleet", "rider"]
Question = Literal["ask", "hold", "bind", "customer", "cancel", "change", "message"]
QUESTIONS: Final[tuple[Question, ...]] = ("ask", "hold", "bind", "customer", "cancel", "change", "message")
ANSWERS: Final = ("yes", "no", "unreached")
_TABLE: Final = "accessibility.call"
_AGAIN: Final = timedelta(minutes=3)
_MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class RideCall:
    """A call to be made between `due_at` and `until`. `phone` is the rider's; a fleet's stands with the fleet."""

    id: UUID
    kind: Kind
    question: Question
    fleet: str | None
    rider_id: UUID
    ride_id: UUID | None
    request_id: UUID | None
    ask_id: UUID | None
    order_id: UUID | None
    phone: str | None
    words: Text
    facts: Mapping[str, Any]
    asked_at: datetime
    due_at: datetime
    until: datetime
    tries: int

    @property
    def names_rider(self) -> bool:
        """Whether what is to be said is about somebody by name, or to them."""
        return self.kind == "rider" or self.question == "customer"


def ring_rider(
    session: Session,
    *,
    call_id: UUID,
    rider_id: UUID,
    ride_id: UUID | None,
    phone: str,
    words: Text,
    due_at: datetime,
    until: datetime,
    now: datetime,
) -> None:
    """Have somebody ring a rider and say that; the same id again is the same call."""
    sealed = crypto.seal(phone, table=_TABLE, column="phone", row_id=call_id)
    session.execute(_ADD, {
        **_NOTHING, "id": call_id, "kind": "rider", "question": "message", "rider": rider_id, "ride": ride_id,
        "phone": sealed, "zh": words.zh, "en": words.en, "due": due_at, "until": until, "now": now,
    })  # fmt: skip


def ring_fleet(
    session: Session,
    *,
    question: Question,
    fleet: str,
    rider_id: UUID,
    words: Text,
    facts: Mapping[str, Any],
    due_at: datetime,
    until: datetime,
    now: datetime,
    call_id: UUID | None = None,
    request_id: UUID | None = None,
    ask_id: UUID | None = None,
    ride_id: UUID | None = None,
    order_id: UUID | None = None,
) -> UUID:
    """Have somebody ring a fleet that has no machine. Answers the call's id; the same id again is the same call."""
    made = call_id or new_uuid()
    session.execute(_ADD, {
        **_NOTHING, "id": made, "kind": "fleet", "question": question, "fleet": fleet, "rider": rider_id,
        "ride": ride_id, "request": request_id, "ask": ask_id, "order": order_id, "zh": words.zh, "en": words.en,
        "facts": orjson.dumps(facts).decode(), "due": due_at, "until": until, "now": now,
    })  # fmt: skip
    return made


def not_shown_before(session: Session, calls: Sequence[RideCall], officer_id: UUID) -> list[UUID]:
    """The riders of those calls that name them and that this officer has not seen yet; from now on they have."""
    riders = [each.id for each in calls if each.names_rider]
    return list(session.execute(_SHOW, {"calls": riders, "officer": officer_id}).scalars()) if riders else []


def open_calls(session: Session, now: datetime, *, limit: int, after: tuple[datetime, UUID] | None) -> list[RideCall]:
    """The calls that are to be made now, the most urgent first."""
    at, last = after or (None, None)
    return [_call(row) for row in session.execute(_OPEN, {"now": now, "limit": limit, "at": at, "id": last})]


def answer(
    session: Session,
    call_id: UUID,
    said: str,
    *,
    given: Mapping[str, Any],
    note: str,
    officer_id: UUID,
    now: datetime,
) -> RideCall:
    """Somebody rang, and this is what came of it. Who was not reached is rung again, three times in all.

    Answers the call as it was. Raises NotFound, CallOver.
    """
    row = session.execute(_LOCKED, {"id": call_id}).first()
    if row is None:
        raise NotFound
    if row.done_at is not None or row.until <= now:
        raise CallOver
    call = _call(row)
    if said == "unreached" and call.tries + 1 < _MOST_TRIES and now + _AGAIN < call.until:
        session.execute(_LATER, {"id": call_id, "due": now + _AGAIN})
        return call
    _close(session, call, said, given, note, officer_id, now)
    return call


def close_overdue(now: datetime) -> int:
    """The sweep: what nobody rang about in time is of no use any more. Answers how many those were."""
    with db.unit_of_work() as session:
        calls = [_call(row) for row in session.execute(_OVERDUE, {"now": now}).all()]
        for call in calls:
            _close(session, call, "overdue", {}, "", None, now)
    return len(calls)


def close_unwanted(now: datetime) -> int:
    """The sweep: nobody rings a fleet about a request that is withdrawn, over or booked meanwhile. Answers how many of
    those calls there were."""
    with db.unit_of_work() as session:
        unwanted = [_call(row) for row in session.execute(_UNWANTED).all()]
        for call in unwanted:
            _close(session, call, "overdue", {}, "", None, now)
    return len(unwanted)


def give_up(session: Session, ride_id: UUID, *, before: datetime, now: datetime) -> None:
    """What riders were to be told of this ride, asked for before that moment, is of no use any more."""
    session.execute(_GIVE_UP, {"ride": ride_id, "before": before, "now": now})


def _close(
    session: Session,
    call: RideCall,
    said: str,
    given: Mapping[str, Any],
    note: str,
    officer_id: UUID | None,
    now: datetime,
) -> None:
    session.execute(
        _DONE,
        {"id": call.id, "answer": said, "given": orjson.dumps(given).decode(), "note": note, "by": officer_id,
         "now": now},
    )  # fmt: skip
    if call.kind == "fleet":
        ports.fleet_answered(session, call, said, given, now)


def _call(row: Any) -> RideCall:
    phone = None
    if row.phone_sealed is not None:
        phone = crypto.open_sealed(row.phone_sealed, table=_TABLE, column="phone", row_id=row.id).decode()
    return RideCall(
        row.id, row.kind, row.question, row.fleet, row.rider_id, row.ride_id, row.request_id, row.ask_id, row.order_id,
        phone, Text(row.words_zh, row.words_en), row.facts, row.asked_at, row.due_at, row.until, row.tries,
    )  # fmt: skip


_NOTHING: Final[Mapping[str, Any]] = {
    "fleet": None, "ride": None, "request": None, "ask": None, "order": None, "phone": None, "facts": "{}",
}  # fmt: skip
_ADD = text(
    """
    INSERT INTO accessibility.call (id, kind, question, fleet, rider_id, ride_id, request_id, ask_id, order_id,
                                    phone_sealed, words_zh, words_en, facts, asked_at, due_at, until)
    VALUES (:id, :kind, :question, :fleet, :rider, :ride, :request, :ask, :order, :phone, :zh, :en,
            CAST(:facts AS jsonb), :now, :due, :until)
    ON CONFLICT (id) DO NOTHING
    """
)
_OPEN = text(
    """
    SELECT * FROM accessibility.call
     WHERE done_at IS NULL AND due_at <= :now AND until > :now
       AND (CAST(:at AS timestamptz) IS NULL OR (due_at, id) > (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY due_at, id LIMIT :limit
    """
)
_SHOW = text(
    """
    UPDATE accessibility.call SET shown_to = array_append(shown_to, CAST(:officer AS uuid))
     WHERE id = ANY(:calls) AND NOT CAST(:officer AS uuid) = ANY(shown_to)
    RETURNING rider_id
    """
)
_LOCKED = text("SELECT * FROM accessibility.call WHERE id = :id FOR UPDATE")
_LATER = text("UPDATE accessibility.call SET tries = tries + 1, due_at = :due WHERE id = :id")
_DONE = text(
    """
    UPDATE accessibility.call
       SET done_at = :now, done_by = :by, answer = :answer, given = CAST(:given AS jsonb), note = :note,
           tries = tries + 1
     WHERE id = :id
    """
)
_OVERDUE = text(
    """
    SELECT * FROM accessibility.call WHERE done_at IS NULL AND until <= :now
     ORDER BY until LIMIT 100 FOR UPDATE SKIP LOCKED
    """
)
_UNWANTED = text(
    """
    SELECT c.* FROM accessibility.call AS c
      JOIN accessibility.ride_request AS q ON q.rider_id = c.rider_id AND q.id = c.request_id
     WHERE c.done_at IS NULL AND c.question = 'ask' AND (q.status IN ('withdrawn', 'lapsed')
           OR q.status = 'chosen' AND EXISTS (
               SELECT FROM accessibility.ride AS r WHERE r.rider_id = q.rider_id AND r.request_id = q.id
                  AND r.status IN ('bound', 'on_the_way', 'at_door', 'aboard', 'done')))
     ORDER BY c.due_at LIMIT 100 FOR UPDATE OF c SKIP LOCKED
    """
)
_GIVE_UP = text(
    """
    UPDATE accessibility.call SET done_at = :now, answer = 'overdue'
     WHERE ride_id = :ride AND kind = 'rider' AND done_at IS NULL AND asked_at < :before
    """
)
