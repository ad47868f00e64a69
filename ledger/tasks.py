"""What the book needs done from time to time, each in a unit of work of its own."""

from __future__ import annotations

from core import clock, db
from ledger import checkpoints, days, expiry, seals


def roll_up_checkpoints() -> int:
    """Keep balances of hot accounts quick to read; every few seconds. Answers how many entries were folded in."""
    with db.unit_of_work() as session:
        return checkpoints.roll_up(session, clock.now())


def void_expired_holds() -> int:
    """Void holds whose time is over; every minute. Answers how many."""
    with db.unit_of_work() as session:
        return expiry.void_expired(session, clock.now())


def seal_transfers() -> int:
    """Seal what has been written since the last time; every minute. Answers how many transfers."""
    sealed = 0
    while True:
        with db.unit_of_work() as session:
            count = seals.seal(session, now=clock.now())
        sealed += count
        if not count:
            return sealed


def sum_up_days() -> int:
    """Count what has been written since the last time into the sums of its days; every minute. Answers how many."""
    counted = 0
    while True:
        with db.unit_of_work() as session:
            some = days.sum_up(session)
        counted += some
        if some < days.MOST_IN_ONE:
            return counted
