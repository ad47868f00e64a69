"""Calls as they are kept: to be made from a moment on and not later than another, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.calls import ports
from accessibility.calls.errors import CallOver, NotAnAnswer
from core import crypto, db
from core.errors import NotFound
from core.ids import new_uuid
from core.text import Text

Kind = Literal["fleet", "rider"]
Question = Literal["ask", "hold", "bind", "customer", "cancel", "change", "message", "under_way", "driven"]
QUESTIONS: Final[tuple[Question, ...]] = (
    "ask", "hold", "bind", "customer", "cancel", "change", "message", "under_way", "driven",
)  # fmt: skip
ANSWERS: Final = ("yes", "no", "unreached", "later", "nobody_came")
_TOLD: Final = ("yes", "no", "unreached")
_OF_A_DAY: Final[Mapping[str, tuple[str, ...]]] = {
    "under_way": ("yes", "later", "no", "unreached"),
    "driven": ("yes", "later", "nobody_came", "no", "unreached"),
}
_ABOARD: Final = ("yes", "later", "unreached")
_TABLE: Final = "accessibility.call"


class _Patience(NamedTuple):
    """How long after nobody answered they are rung again, and how often in all."""

    pause: timedelta
    tries: int


_PATIENCE: Final = _Patience(timedelta(minutes=3), 3)
# A company that closes for the night is asked how a ride went until it opens again.
_PATIENCE_AFTERWARDS: Final = _Patience(timedelta(hours=2), 100)


class Asked(NamedTuple):
    """Whether a call with some question is still to be made, when the last one was over, and for what moment its fleet
    gave its word last; None: there was none."""

    is_open: bool
    last_over_at: datetime | None
    said_for: datetime | None


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

    @property
    def answers(self) -> tuple[str, ...]:
        """What may have come of it. Who is aboard was met."""
        answers = _OF_A_DAY.get(self.question, _TOLD)
        return _ABOARD if self.facts.get("is_aboard") else answers


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
    """The calls that are to be made now, first those that are soonest of no use. `after`: until when the one before
    the first of them is of use, and its id."""
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
    """Somebody rang, and this is what came of it. Who was not reached is rung again, three times in all; how a ride
    went is asked until somebody says it.

    Answers the call as it was. Raises NotFound, CallOver, NotAnAnswer.
    """
    row = session.execute(_LOCKED, {"id": call_id}).first()
    if row is None:
        raise NotFound
    if row.done_at is not None or row.until <= now:
        raise CallOver
    call = _call(row)
    if said not in call.answers or (said == "later" and "minutes" not in given):
        raise NotAnAnswer(answers=list(call.answers))
    patience = _PATIENCE_AFTERWARDS if call.question == "driven" else _PATIENCE
    if said == "unreached" and call.tries + 1 < patience.tries and now + patience.pause < call.until:
        session.execute(_LATER, {"id": call_id, "due": now + patience.pause})
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


def asked_of(session: Session, order_id: UUID, question: Question) -> Asked:
    """Whether that is to be asked about an order already, or was."""
    row = session.execute(_ASKED_OF, {"order": order_id, "question": question}).one()
    return Asked(row.is_open, row.last_over_at, row.said_for)


def is_known(session: Session, call_id: UUID) -> bool:
    """Whether somebody was asked already to make this call."""
    return bool(session.execute(_IS_KNOWN, {"id": call_id}).scalar())


def take_away(session: Session, order_id: UUID, now: datetime) -> None:
    """The order is given up, or for another time: nobody rings its fleet about how it was."""
    session.execute(_TAKE_AWAY, {"order": order_id, "now": now})


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
       AND (CAST(:at AS timestamptz) IS NULL OR (until, id) > (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY until, id LIMIT :limit
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
_ASKED_OF = text(
    """
    SELECT count(*) FILTER (WHERE done_at IS NULL) > 0 AS is_open, max(done_at) AS last_over_at,
           (array_agg(done_at + make_interval(mins => CAST(given ->> 'minutes' AS integer)) ORDER BY done_at DESC)
              FILTER (WHERE answer IN ('yes', 'later') AND jsonb_exists(given, 'minutes')))[1] AS said_for
      FROM accessibility.call WHERE order_id = :order AND question = :question
    """
)
# Whoever answers one of them now holds it, and waits for the booking that we hold.
_TAKE_AWAY = text(
    """
    UPDATE accessibility.call SET done_at = :now, answer = 'overdue'
     WHERE id IN (SELECT id FROM accessibility.call WHERE order_id = :order AND done_at IS NULL
                     AND question IN ('customer', 'change', 'under_way', 'driven') FOR UPDATE SKIP LOCKED)
    """
)
_IS_KNOWN = text("SELECT EXISTS (SELECT FROM accessibility.call WHERE id = :id)")
_GIVE_UP = text(
    """
    UPDATE accessibility.call SET done_at = :now, answer = 'overdue'
     WHERE ride_id = :ride AND kind = 'rider' AND done_at IS NULL AND asked_at < :before
    """
)
