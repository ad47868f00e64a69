"""Handing messages over to devices in three steps: lease a batch that is due, send it from many threads outside any
transaction, commit what became of it in one statement.

    pending ─ delivered ────────────────────→ handed_over
            ─ unregistered, device gone ────→ gone         (and the device is gone, at the first word of it)
            ─ refused, lapsed, 12 attempts ─→ given_up
            ─ its ground is gone ───────────→ withdrawn    (recalled, stopped, subscription ended, alert cancelled)
            ─ not now ──────────────────────→ pending, later

A sender that dies leaves a journal, from which the next one settles what was answered; the few calls that were in the
air go out again, with the same tag, which the device replaces.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from queue import SimpleQueue
from uuid import UUID

from core import db
from core.settings import settings
from notify.channels import gates, providers, sending, settling, wording
from notify.channels.journal import Entry, Journal, Journals, left_by_the_dead
from notify.channels.leases import LEASE_SECONDS, URGENT_FROM, Due, Leased, due_channels, lease
from notify.channels.settling import MOST_ATTEMPTS, Settled
from notify.channels.threads import threads
from partners.outcomes import Outcome, RetryLater

__all__ = ["LEASE_SECONDS", "MOST_ATTEMPTS", "recover", "send_due"]

_log = logging.getLogger("mykaohsiung.push")

BATCH = 240
# The longest that a provider's client keeps a thread, with a new access token first: each of the two connects within
# 5 s, or once more, and is read from within 5 s.
CALL_SECONDS = 30.0
_LONGEST_SECONDS = 20.0
_WAIT_AFTER_A_FAULT_OF_OURS = 60
_COMMIT_TRIES = 5


def send_due(
    now: datetime,
    *,
    event_id: UUID | None = None,
    least_urgency: int = 0,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Hand over what is due (of that event alone, when given), for as long as there is some and `_LONGEST_SECONDS` are
    not over. Answers how many deliveries were taken up.

    Opens its own units of work. Run by several senders at once, each takes others.
    """
    watch = _Watch(now)
    taken = 0
    while not stopping() and watch.passed() < _LONGEST_SECONDS:
        with db.single_statements() as session:
            due = due_channels(session, watch.now(), event_id=event_id, least_urgency=least_urgency)
        found = sum(_send_from(channel, watch, event_id, least_urgency, stopping) for channel in due)
        taken += found
        if not found:
            break
    return taken


def recover(now: datetime) -> int:
    """Settle what senders that were killed on this machine left in their journals. Answers how many calls were in the
    air when they died, and may be repeated."""
    in_doubt = 0
    with left_by_the_dead(_folder()) as found:
        for left in found:
            batch = [settling.answered(e.id, e.attempt, e.excused, outcome, now) for e, outcome in left.answered]
            batch += [settling.put_back(entry.id, entry.attempt, now) for entry in left.not_begun]
            batch += [settling.put_back(entry.id, entry.attempt, now, wording.IN_DOUBT) for entry in left.in_doubt]
            _commit(left.channel, batch, None, now)
            in_doubt += len(left.in_doubt)
            _log.warning(
                "a sender was killed: %d answers settled from its journal, %d not begun, %d in doubt",
                len(left.answered), len(left.not_begun), len(left.in_doubt),
            )  # fmt: skip
    return in_doubt


class _Watch:
    """The moment that the caller gave, and the time that passes since then."""

    def __init__(self, now: datetime) -> None:
        self._now, self._started = now, time.monotonic()

    def passed(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._started

    def now(self) -> datetime:
        """The moment by now."""
        return self._now + timedelta(seconds=self.passed())


@dataclass(slots=True)
class _Batch:
    """What the threads of one batch know of each other: when the last call may begin, and whether to go on at all."""

    is_probe: bool
    people_told: int
    last_begin: float
    stopping: Callable[[], bool]
    failures: int = 0
    is_answered: bool = False
    told_to_wait: dict[UUID, int] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def may_begin(self) -> bool:
        """Whether one more call may be made: its lease outlives it, and the provider is not known to be closed."""
        if len(self.told_to_wait) >= self.people_told or self.failures >= gates.SILENCES:
            return False
        return time.monotonic() < self.last_begin and not self.stopping()

    def heard(self, person_id: UUID, outcome: Outcome) -> None:
        """A call about a message of that person has come back."""
        with self.turn:
            match outcome:
                case RetryLater(after_seconds, "provider"):
                    self.told_to_wait[person_id] = max(after_seconds, self.told_to_wait.get(person_id, 0))
                case RetryLater(_, "connection"):
                    self.failures += 1
                case _:
                    self.is_answered, self.failures = True, 0

    def said(self) -> gates.Said:
        """The batch as the channel's gate sees it."""
        # What so many were told; where a closed channel is tried, one is enough unless others were answered.
        needed = 1 if self.is_probe and not self.is_answered else self.people_told
        waits = sorted(self.told_to_wait.values(), reverse=True)
        closed_seconds = waits[needed - 1] if len(waits) >= needed else None
        return gates.Said(self.is_probe, self.is_answered, self.failures, closed_seconds)


def _send_from(due: Due, watch: _Watch, event_id: UUID | None, least_urgency: int, stopping: Callable[[], bool]) -> int:
    """Send one batch of a channel. Answers how many deliveries were leased for it."""
    leased_at = time.monotonic()
    is_probe, leased = _leased(due, watch.now(), event_id, least_urgency)
    batch = _Batch(is_probe, gates.people_told(due.name), leased_at + LEASE_SECONDS - CALL_SECONDS, stopping)
    able = [each for each in leased if each.objection is None]
    with ExitStack() as stack:
        journal = stack.enter_context(_journals().opened()) if able else None
        settled: list[Settled] = []
        heard: dict[str, providers.Heard] = {}
        if journal is not None:
            journal.leased(due.name, [Entry(each.id, each.attempt, each.excused) for each in able])
            results = _sent(able, batch, journal)
            now = watch.now()
            settled = [_settled(each, outcome, is_probe, now) for each, outcome in results]
            heard = sending.heard_of_providers(results)
        now = watch.now()
        settled += [
            settling.objected(e.id, e.attempt, e.objection, now, wakes_at=e.wakes_at)
            for e in leased
            if e.objection is not None
        ]
        _commit(due.name, settled, batch.said(), now, heard)
        if journal is not None:
            journal.settled()
    return len(leased)


def _leased(due: Due, now: datetime, event_id: UUID | None, least_urgency: int) -> tuple[bool, list[Leased]]:
    """A batch of the channel, alerts first and without waiting for the rate; and whether it is a probe."""
    if event_id is not None:
        # What an event left is a handful: it goes ahead of the rate.
        turn = gates.Turn(0, BATCH, is_probe=False)
        least_urgency, urgent_from = 0, 0
    else:
        urgent_from = URGENT_FROM
        with db.unit_of_work() as session:
            turn = gates.take_turn(session, due.name, BATCH, now, has_alerts=due.has_emergencies)
    leased: list[Leased] = []
    with db.single_statements() as session:
        if due.has_emergencies and turn.most_emergencies:
            leased = lease(
                session, due.name, now, limit=turn.most_emergencies, event_id=event_id, least_urgency=urgent_from
            )
        room = turn.most - len(leased)
        if due.has_others and room > 0:
            leased += lease(
                session, due.name, now, limit=room, most_urgency=URGENT_FROM - 1, least_urgency=least_urgency
            )
        leased = sending.with_providers(session, leased, now)
    if event_id is None and not turn.is_probe:
        unused = turn.most - sum(each.objection is None and each.urgency < URGENT_FROM for each in leased)
        if unused > 0:
            with db.unit_of_work() as session:
                gates.give_back(session, due.name, unused)
    return turn.is_probe, leased


def _sent(able: Sequence[Leased], batch: _Batch, journal: Journal) -> list[tuple[Leased, Outcome | None]]:
    """Send them, the most urgent first; None for those that were not begun. Raises what stops a thread."""
    answers: SimpleQueue[tuple[Leased, Outcome | BaseException | None]] = SimpleQueue()
    if len(able) == 1:
        _send_one(able[0], batch, journal, answers)
    else:
        for each in able:
            threads().submit(each.urgency, partial(_send_one, each, batch, journal, answers))
    results: list[tuple[Leased, Outcome | None]] = []
    stopped: BaseException | None = None
    for _ in able:
        each, outcome = answers.get()
        if isinstance(outcome, BaseException):
            stopped = outcome
        else:
            results.append((each, outcome))
    if stopped is not None:
        raise stopped
    return results


def _send_one(
    each: Leased,
    batch: _Batch,
    journal: Journal,
    answers: SimpleQueue[tuple[Leased, Outcome | BaseException | None]],
) -> None:
    try:
        if not batch.may_begin():
            answers.put((each, None))
            return
        journal.begun(each.id)
        outcome = _outcome(each)
        journal.answered(each.id, outcome)
        batch.heard(each.person_id, outcome)
        answers.put((each, outcome))
    except BaseException as error:
        answers.put((each, error))


def _outcome(each: Leased) -> Outcome:
    try:
        return sending.hand_over(each)
    except Exception:
        # One message that we cannot write must not hold up the others of its batch for ever.
        _log.exception("delivery %s could not be handed over", each.id)
        return RetryLater(_WAIT_AFTER_A_FAULT_OF_OURS)


def _settled(each: Leased, outcome: Outcome | None, is_probe: bool, now: datetime) -> Settled:
    if outcome is None:
        return settling.put_back(each.id, each.attempt, now)
    is_alert = each.urgency >= URGENT_FROM
    return settling.answered(each.id, each.attempt, each.excused, outcome, now, is_alert=is_alert, is_probe=is_probe)


def _commit(
    channel: str,
    settled: Sequence[Settled],
    said: gates.Said | None,
    now: datetime,
    heard: Mapping[str, providers.Heard] | None = None,
) -> None:
    """Commit a batch; a database that is away for a moment is waited for, since the messages have gone."""
    for tries_left in reversed(range(_COMMIT_TRIES)):
        try:
            with db.unit_of_work() as session:
                settling.settle(session, channel, settled, now)
                providers.weigh(session, heard or {}, now)
                if said is not None and said.is_trouble:
                    gates.note(session, channel, said, now)
            return
        except Exception as error:
            if not (tries_left and db.is_outage(error)):
                raise
            time.sleep(1)


@cache
def _journals() -> Journals:
    return Journals(_folder())


def _folder() -> Path:
    return settings().state_dir / "pushes"
