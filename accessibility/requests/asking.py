"""Asking every fleet at once, each for as long as the slowest may take and no longer.

What a fleet's own terms forbid is not asked; the rider is told which term it is. Each answer is written down as it
comes. Whoever is silent until the deadline is unreached: nothing was held, so nothing can be left behind.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.fleets import envelopes, ports, terms
from accessibility.requests import making, offers, records, states, telephone
from accessibility.requests.records import RideRequest
from accessibility.riders import eligibility
from core import db, outbox
from core.clock import on_the_wire
from core.ids import new_uuid, typeid
from partners import wire
from partners.fleets.checking import TelegramWrong
from partners.fleets.client import FleetRefused
from partners.fleets.contents import Chair, FleetOffer, NoOffer, Wish

PATIENCE_SECONDS: Final = 3.0
_WITHOUT_ANSWER: Final = timedelta(seconds=5)
_ROUNDED: Final = timedelta(minutes=5)
_log = logging.getLogger("mykaohsiung.accessibility")


@dataclass(frozen=True, slots=True)
class _Question:
    """One fleet to be asked about one request; `telegram_id` is the ask's own id."""

    telegram_id: UUID
    request: RideRequest
    fleet: str
    trip: str
    wish: Wish


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of it: an offer, or a status of an ask with its reason."""

    offer: FleetOffer | None
    status: str = "offered"
    reason: str = ""
    next_at: datetime | None = None


def ask_all(
    request_ids: Sequence[UUID],
    now: datetime,
    patience_seconds: float = PATIENCE_SECONDS,
    *,
    but: Collection[str] = (),
) -> None:
    """Ask every fleet about each of these requests, in a new round, in units of work of its own; fleets in `but` are
    left out. A request that is not to be asked (will_call) is passed over.

    Afterwards each is `offered` or `none`, unless it was chosen before: then it stays so.
    """
    questions: list[_Question] = []
    rounds: dict[UUID, int] = {}
    with db.unit_of_work() as session:
        for request_id in request_ids:
            request = records.locked(session, request_id)
            if request.window_starts_at is not None and request.status != states.WITHDRAWN:
                rounds[request_id], asked = _begin(session, request, now, patience_seconds, but)
                questions += asked
    _gather(questions, now, patience_seconds)
    with db.unit_of_work() as session:
        for request_id, round_of in rounds.items():
            finish(session, request_id, round_of, now=now)


def finish(session: Session, request_id: UUID, round_of: int, *, now: datetime) -> None:
    """Close a round: who has not answered is unreached, and the request is offered or none. Again changes nothing."""
    request = records.locked(session, request_id)
    if session.execute(_ANSWERED, {"rider": request.rider_id, "id": request_id, "now": now}).first() is None:
        return
    session.execute(_SILENT, {"rider": request.rider_id, "request": request_id, "round": round_of, "now": now})
    _tell_refusals(session, request, round_of, now)
    if request.status != states.ASKING:
        return
    found = offers.standing(session, request_id, now)
    until = max((each.lapses_at for each in found), default=None)
    records.move(session, request, states.OFFERED if found else states.NONE, answers_by=until)
    told = {"request_id": str(request.id), "rider_id": str(request.rider_id), "offers": len(found)}
    outbox.record(session, events.REQUEST_ANSWERED, told, now=now)


def close_overdue(now: datetime) -> int:
    """The sweep: finish rounds whose asker died, and let offers lapse that nobody chose. Answers how many."""
    with db.unit_of_work() as session:
        rows = session.execute(_OVERDUE, {"now": now, "before": now - _WITHOUT_ANSWER}).all()
        for row in rows:
            if row.status == states.ASKING:
                finish(session, row.id, row.round or 0, now=now)
            else:
                records.move(session, records.locked(session, row.id), states.LAPSED)
    return len(rows)


def wish_of(request: RideRequest, *, may_be_pooled: bool) -> Wish:
    """A request as fleets are asked: nothing in it says who asks, or why."""
    assert request.window_starts_at is not None and request.window_ends_at is not None
    chair = None
    if request.chair is not None:
        chair = Chair(request.chair["width_cm"], request.chair["length_cm"], request.chair.get("weight_kg"))
    whole = [
        each.replace(microsecond=0)
        for each in (making.pick_up_at_of(request), request.window_starts_at, request.window_ends_at)
    ]
    return Wish(
        envelopes.rough(request.pickup), envelopes.rough(request.dropoff), whole[0], whole[1], whole[2],
        tuple(request.functions),  # type: ignore[arg-type]
        chair, request.companions,
        request.wanted_at.replace(microsecond=0) if request.time_kind == "arrive_by" and request.wanted_at else None,
        request.time_kind in ("asap", "will_call"), may_be_pooled,
        tuple(envelopes.rough(each) for each in request.stops),
    )  # fmt: skip


def _begin(
    session: Session, request: RideRequest, now: datetime, patience_seconds: float, but: Collection[str]
) -> tuple[int, list[_Question]]:
    """Commit the intent: an ask for each fleet, and for those that can be asked the question."""
    session.execute(
        _ASKING,
        {"rider": request.rider_id, "id": request.id, "by": now + timedelta(seconds=patience_seconds),
         "keeps": request.status == states.CHOSEN},
    )  # fmt: skip
    round_of = (session.execute(_LAST_ROUND, {"request": request.id}).scalar() or 0) + 1
    entitled = eligibility.standing(session, request.rider_id, now).eligibility
    wanted = making.wanted_of(request, entitled)
    questions = []
    for fleet in terms.in_force(session, now):
        if fleet.code in but:
            continue
        ask_id = new_uuid()
        trip = typeid("ford", new_uuid())
        against = terms.objection(fleet.terms, wanted, now)
        status, reason = "asking", ""
        if against is not None:
            status, reason = "not_asked", against.reason
        elif fleet.kind == "telephone":
            status, reason = "by_telephone", "by_telephone"
        elif not ports.is_connected(fleet.code):
            status, reason = "unreached", "not_connected"
        session.execute(
            _ADD_ASK,
            {"rider": request.rider_id, "id": ask_id, "request": request.id, "round": round_of, "fleet": fleet.code,
             "trip": trip, "status": status, "reason": reason, "next_at": against.next_at if against else None,
             "now": now, "answered": None if status in ("asking", "by_telephone") else now},
        )  # fmt: skip
        if status == "by_telephone":
            telephone.ring(session, request, fleet, ask_id, now)
        if status == "asking":
            may_be_pooled = request.is_shared or fleet.terms.is_pooled_obligatory
            wish = wish_of(request, may_be_pooled=may_be_pooled)
            questions.append(_Question(ask_id, request, fleet.code, trip, wish))
    return round_of, questions


def _gather(questions: Sequence[_Question], now: datetime, patience_seconds: float) -> None:
    """Ask all at once; write down each answer as it comes, several at a time where they come together."""
    if not questions:
        return
    until = time.monotonic() + patience_seconds
    pool = ThreadPoolExecutor(len(questions), thread_name_prefix="ask")
    try:
        waiting: dict[Future[_Answer], _Question] = {
            pool.submit(_ask, each, patience_seconds): each for each in questions
        }
        while waiting and (left := until - time.monotonic()) > 0:
            done, _ = wait(waiting, left, FIRST_COMPLETED)
            if done:
                with db.unit_of_work() as session:
                    for each in done:
                        record(session, waiting.pop(each), each.result(), now=now)
    finally:
        # Whoever is late is not waited for: its call ends by its own deadline, and holds nothing.
        pool.shutdown(wait=False, cancel_futures=True)


def _ask(question: _Question, patience_seconds: float) -> _Answer:
    envelope = envelopes.dispatch(question.telegram_id, question.trip, seconds=patience_seconds)
    try:
        said = ports.fleet(question.fleet).ask(envelope, question.wish)
    except FleetRefused as refused:
        return _Answer(None, "refused", "by_telephone" if refused.code == "no_machine" else "fleet_refuses")
    except wire.CallFailed as failure:
        return _Answer(None, "unreached", "no_answer" if failure.may_have_acted else "unreached")
    except TelegramWrong:
        _log.exception("a question to %s would not be as agreed", question.fleet)
        return _Answer(None, "unreached", "unreached")
    except Exception:
        _log.exception("asking %s failed", question.fleet)
        return _Answer(None, "unreached", "unreached")
    if isinstance(said, NoOffer):
        return _Answer(None, "none", said.reason, said.next_at)
    if not _is_as_asked(question.wish, said):
        _log.warning("%s offers something else than was asked for", question.fleet)
        return _Answer(None, "none", "not_as_asked")
    return _Answer(said)


def _is_as_asked(wish: Wish, offered: FleetOffer) -> bool:
    """Whether an offer keeps to the times that were wished for, and to riding alone where that was wished for."""
    is_in_time = wish.arrive_by is None or offered.arrives_at <= wish.arrive_by
    is_then = wish.window_starts_at - _ROUNDED <= offered.pick_up_at <= wish.window_ends_at + _ROUNDED
    return is_in_time and is_then and (wish.may_be_pooled or not offered.is_pooled)


def record(session: Session, question: _Question, answer: _Answer, *, now: datetime) -> None:
    """Write down what a fleet answered, unless its round is closed."""
    fit = offers.fits(question.request, answer.offer.vehicle) if answer.offer else {}
    if answer.offer is not None and not fit["fits"]:
        answer = replace(answer, offer=None, status="none", reason="too_large")
    changed = session.execute(
        _ANSWER,
        {"rider": question.request.rider_id, "id": question.telegram_id, "status": answer.status,
         "reason": answer.reason, "next_at": answer.next_at, "now": now},
    ).first()  # fmt: skip
    if changed is not None and answer.offer is not None:
        entitled = eligibility.standing(session, question.request.rider_id, now).eligibility
        offers.add(
            session, question.request, ask_id=question.telegram_id, fleet=question.fleet, offered=answer.offer,
            fit=fit, is_low_income=entitled.is_low_income if entitled else False, now=now,
        )  # fmt: skip


def _tell_refusals(session: Session, request: RideRequest, round_of: int, now: datetime) -> None:
    """Every no of a fleet is told, for the report on who is refused how often."""
    rows = session.execute(
        _REFUSALS, {"rider": request.rider_id, "request": request.id, "round": round_of, "now": now}
    ).all()
    told: list[dict[str, Any]] = [
        {"request_id": str(request.id), "rider_id": str(request.rider_id), "fleet": row.fleet, "reason": row.reason,
         "asked_at": on_the_wire(row.asked_at)}
        for row in rows
    ]  # fmt: skip
    outbox.record_all(session, events.RIDE_REFUSED, told, now=now)


_LAST_ROUND = text("SELECT max(round) FROM accessibility.ask WHERE request_id = :request")
_ASKING = text(
    """
    UPDATE accessibility.ride_request
       SET status = CASE WHEN :keeps THEN status ELSE 'asking' END, answers_by = :by, answered_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_ADD_ASK = text(
    """
    INSERT INTO accessibility.ask (rider_id, id, request_id, round, fleet, trip, status, reason, next_at, asked_at,
                                   answered_at)
    VALUES (:rider, :id, :request, :round, :fleet, :trip, :status, :reason, :next_at, :now, :answered)
    """
)
_ANSWER = text(
    """
    UPDATE accessibility.ask SET status = :status, reason = :reason, next_at = :next_at, answered_at = :now
     WHERE rider_id = :rider AND id = :id AND status IN ('asking', 'by_telephone')
    RETURNING id
    """
)
_SILENT = text(
    """
    UPDATE accessibility.ask SET status = 'unreached', reason = 'no_answer', answered_at = :now
     WHERE rider_id = :rider AND request_id = :request AND round = :round AND status = 'asking'
    """
)
_REFUSALS = text(
    """
    SELECT fleet, reason, asked_at FROM accessibility.ask
     WHERE rider_id = :rider AND request_id = :request AND round = :round AND status IN ('none', 'refused')
    """
)
_ANSWERED = text(
    """
    UPDATE accessibility.ride_request SET answered_at = :now
     WHERE rider_id = :rider AND id = :id AND answered_at IS NULL
    RETURNING id
    """
)
_OVERDUE = text(
    """
    SELECT q.rider_id, q.id, q.status,
           (SELECT max(round) FROM accessibility.ask AS a WHERE a.request_id = q.id) AS round
      FROM accessibility.ride_request AS q
     WHERE q.status = 'asking' AND q.answers_by < :before OR q.status = 'offered' AND q.answers_by < :now
     ORDER BY q.answers_by LIMIT 100 FOR UPDATE SKIP LOCKED
    """
)
