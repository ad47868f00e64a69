"""Whose turn a sweep is: of all workers as many at once as it says, as a rule one; who comes besides leaves.

So a long pass holds one thread of one worker, and the others are free for events and for what else is due. The turn is
an advisory lock of a transaction that does nothing else: a worker that is killed gives it back with its connection.
Nothing depends on it but who waits for whom: what a pass does is safe to be done twice.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db


def in_turn(name: str, pass_: Callable[[], object], *, side_by_side: int = 1) -> bool:
    """Run one pass of the sweep of that name, unless `side_by_side` of them are under way anywhere. Answers whether it
    was run."""
    with db.unit_of_work() as session:
        if not any(_is_free(session, f"{name} {place}") for place in range(side_by_side)):
            return False
        pass_()
    return True


def _is_free(session: Session, place: str) -> bool:
    return bool(session.execute(_TRY, {"place": place}).scalar_one())


_TRY = text("SELECT pg_try_advisory_xact_lock(hashtextextended('sweep ' || :place, 0))")
