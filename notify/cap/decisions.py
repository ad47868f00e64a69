"""Deciding on all that is due, in small transactions, by as many workers as there are."""

from __future__ import annotations

import logging
import random
from datetime import datetime

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import DBAPIError

from core import db
from notify import passes
from notify.campaigns import tallies
from notify.cap import endings, rounds, turns
from notify.channels import paid
from notify.topics import sends

_log = logging.getLogger("mykaohsiung.cap")

_MOST_TRIES = 5


def decide_due(now: datetime) -> int:
    """Decide on every candidate whose round is closed. Answers how many decisions were made.

    Opens its own units of work, one for up to `turns.MOST_PEOPLE` people: a crash between two of them leaves the rest
    to whoever comes next. Run by several workers at once, each takes other lanes. What a long pass leaves is for the
    next, whose `now` is later.
    """
    ends_at = passes.ends_at()
    decided = endings.close_what_is_over(now, until=ends_at)
    with db.single_statements() as session:
        closed = rounds.closed_rounds(session, now)
        lanes = rounds.lanes_with_work(session, closed) if closed.runs else []
    random.shuffle(lanes)
    for lane in lanes:
        try:
            while more := _decide_some(lane, now):
                decided += more
                if passes.is_over(ends_at):
                    break
        except Exception:
            # One lane's people are no other lane's matter.
            _log.exception("lane %s cannot be decided", lane)
    endings.finish_runs(now)
    return decided


def _decide_some(lane: int, now: datetime) -> int:
    for attempt in range(_MOST_TRIES):
        try:
            return _decide_once(lane, now)
        except DBAPIError as error:
            # Other rooms lock subscriptions and interests in orders of their own.
            if not isinstance(error.orig, DeadlockDetected) or attempt == _MOST_TRIES - 1:
                raise
    return 0


def _decide_once(lane: int, now: datetime) -> int:
    """One transaction; 0 where nobody is due, the lane is somebody else's, or the channels have enough to do."""
    with db.unit_of_work() as session:
        closed = rounds.closed_rounds(session, now)
        taken = turns.take(session, lane, closed, now) if closed.runs else None
        if taken is None or not taken.people:
            return 0
        decided = turns.decide(session, taken.people, closed, now)
        sends.count_sends(session, decided.subscriptions, now=now)
        paid.fall_back(session, taken.people, decided.tallies, now, counts=decided.tallies)
        tallies.add_to_each(session, decided.tallies)
        return decided.decisions
