"""Taking back what a stopped run still has on its way, and of a recalled one what people have, in bounded chunks.

Nothing more is decided of a stopped run from the moment of the stop, and a hand-over looks at it once more. A decision
that was in hand at that moment may still commit: so everything is looked through again once that can no longer be.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from core import db
from notify import passes
from notify.cap import digests
from notify.channels.leases import LEASE_SECONDS

CHUNK = 2_000
SETTLE_SECONDS = 90
"""Longer than any transaction lives: statements end after 60 seconds."""
_CLOCKS_APART_SECONDS = 15
_BEFORE_ALL, _AFTER_ALL = UUID(int=0), UUID(int=2**128 - 1)


def withdraw_stopped(now: datetime) -> None:
    """Go on with every stopped run, from where the last one left it. Opens its own units of work."""
    ends_at = passes.ends_at()
    with db.single_statements() as session:
        stopped = list(session.execute(_STOPPED).scalars())
    for run_id in stopped:
        while _withdraw_some(run_id, now) and not passes.is_over(ends_at):
            pass


def _withdraw_some(run_id: UUID, now: datetime) -> bool:
    """One chunk; whether there is another to do now that no other worker is at."""
    with db.unit_of_work() as session:
        run = session.execute(_TAKE, {"id": run_id}).one_or_none()
        if run is None:
            return False
        is_second_pass = run.withdrawn_to == _AFTER_ALL
        if is_second_pass and run.ended_at + timedelta(seconds=SETTLE_SECONDS) > now:
            return False
        after = (run.withdrawn_again_to if is_second_pass else run.withdrawn_to) or _BEFORE_ALL
        upto: UUID | None = session.execute(_EDGE, {"run_id": run_id, "after": after, "skip": CHUNK - 1}).scalar()
        values = {
            "run_id": run_id, "after": after, "upto": upto or _AFTER_ALL, "now": now,
            "leased_until": now + timedelta(seconds=LEASE_SECONDS + _CLOCKS_APART_SECONDS),
        }  # fmt: skip
        session.execute(_DELIVERIES, values)
        if run.stop_reason is not None:
            session.execute(_MESSAGES, values)
            digests.take_out_recalled(session, run_id, after=after, upto=upto or _AFTER_ALL, now=now)
        if is_second_pass:
            is_over = upto is None and session.execute(_STILL_WAITING, {"run_id": run_id}).first() is None
            session.execute(_WITHDRAWN_AGAIN, {"id": run_id, "upto": upto or after, "is_over": is_over, "now": now})
        else:
            session.execute(_WITHDRAWN, {"id": run_id, "upto": upto or _AFTER_ALL})
    return upto is not None


_STOPPED = text("SELECT id FROM notify.run WHERE status = 'stopped' AND withdrawn_at IS NULL ORDER BY id")
_TAKE = text(
    """
    SELECT stop_reason, ended_at, withdrawn_to, withdrawn_again_to FROM notify.run
     WHERE id = :id AND status = 'stopped' AND withdrawn_at IS NULL FOR NO KEY UPDATE SKIP LOCKED
    """
)
_EDGE = text(
    """
    SELECT person_id FROM notify.message WHERE run_id = :run_id AND person_id > :after
     ORDER BY person_id OFFSET :skip LIMIT 1
    """
)
_MESSAGES = text(
    """
    UPDATE notify.message SET recalled_at = :now
     WHERE run_id = :run_id AND person_id > :after AND person_id <= :upto AND recalled_at IS NULL
    """
)
# One that a sender has in hand is due when its lease ends: then it is looked at again before it goes.
_DELIVERIES = text(
    """
    UPDATE notify.delivery SET status = 'withdrawn', settled_at = :now, last_error = 'stopped'
     WHERE id IN (SELECT d.id FROM notify.message m JOIN notify.delivery d ON d.message_id = m.id
                   WHERE m.run_id = :run_id AND m.person_id > :after AND m.person_id <= :upto AND d.status = 'pending'
                     AND (d.next_at <= :now OR d.next_at > :leased_until)
                   ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED)
    """
)
_STILL_WAITING = text("SELECT 1 FROM notify.candidate WHERE run_id = :run_id AND status = 'waiting' LIMIT 1")
_WITHDRAWN = text("UPDATE notify.run SET withdrawn_to = :upto WHERE id = :id")
_WITHDRAWN_AGAIN = text(
    """
    UPDATE notify.run
       SET withdrawn_again_to = :upto, withdrawn_at = CASE WHEN :is_over THEN CAST(:now AS timestamptz) END
     WHERE id = :id
    """
)
