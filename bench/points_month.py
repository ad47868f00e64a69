"""A month of points from a seed, with partners, shops and the bank; then everything must agree to the point and dollar.

Run: python -m bench.points_month [--people 20000] [--seed N] [--workers 4] [--busy 1] [--picture FILE]

In a PostgreSQL of its own and with a sandbox of the outside systems, people pay bills, do what is rewarded, use points
at shops and for bills, exchange them both ways with five partners, and get refunds; deeds are undone, lots lapse at
midnight in Taipei, uses above a limit are looked at. Shops are paid by the bank's files each Monday, partners once
their statements agree. What was counted, the lots, the histories, the book, the partners' books and the bank's are held
against each other. What somebody does is drawn from the seed and their number alone, so that the processes that share
the people change nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import text

from bench import points_month_books, points_month_city, points_month_plot
from bench.points_month_books import Line
from bench.points_month_people import Share, bring_what_is_left
from core import clock, db, embedded, migrate
from core.clock import TAIPEI
from points.exchange import files, statements
from points.expiry import expire_lots
from points.merchants import bank_days, payouts, settlements

FIRST_DAY = date(2026, 11, 1)
DAYS = 30
_FOUNDED = datetime(2026, 10, 20, 12, tzinfo=TAIPEI)


@dataclass(frozen=True, slots=True)
class Day:
    """How the city stands at the end of a day, in points, and NT$ that have gone through the bank so far."""

    day: date
    people: int
    at_merchants: int
    at_partners: int
    lapsed: int
    paid_twd: int


@dataclass(frozen=True, slots=True)
class Result:
    """How much was done in how many seconds, and what it comes to."""

    people: int
    seconds: float
    done: Counter[str]
    lines: list[Line]
    days: list[Day]

    @property
    def wrong(self) -> list[Line]:
        """Where the books differ."""
        return [line for line in self.lines if not line.agrees]


@dataclass
class Clock:
    """The clock that all processes of the city follow."""

    ahead_file: Path

    def put(self, moment: datetime) -> None:
        """It is that moment now."""
        clock.put_ahead(self.ahead_file, moment - datetime.now(TAIPEI))

    def go_on(self, by: timedelta) -> None:
        """So much later."""
        self.put(clock.now() + by)


@dataclass
class Shares:
    """All people, in this process or in several."""

    own: list[Share] = field(default_factory=list)
    others: list[Connection] = field(default_factory=list)

    def do(self, what: str) -> None:
        """Have every share found itself, or live a day."""
        for connection in self.others:
            connection.send(what)
        for share in self.own:
            getattr(share, what)()
        for connection in self.others:
            if isinstance(said := connection.recv(), str):
                raise RuntimeError(said)

    def counted(self) -> Counter[str]:
        """What all of them did."""
        found = sum((share.done for share in self.own), Counter[str]())
        for connection in self.others:
            connection.send("count")
            found.update(connection.recv())
        return found


def main() -> None:
    """Run a month and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--busy", type=float, default=1.0, help="so many times as likely to do something on a day")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    result = measure(people=arguments.people, seed=arguments.seed, workers=arguments.workers, busy=arguments.busy)
    show(result)
    if arguments.picture is not None:
        arguments.picture.write_text(points_month_plot.svg(result.days, result.lines, people=result.people))
    if result.wrong:
        raise SystemExit("the books differ")


def measure(*, people: int, seed: int, workers: int = 4, busy: float = 1.0) -> Result:
    """A month in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder), {"shared_buffers": "256MB", "synchronous_commit": "off"})
        try:
            embedded.make_database(server, "points")
            migrate.to_head(server.url("points"))
            database = db.configure(server.url("points"))
            result = run(
                people=people, seed=seed, folder=Path(folder) / "month", workers=workers, busy=busy, told=_tell
            )
            database.engine.dispose()
        finally:
            server.stop()
    return result


def run(
    *,
    people: int,
    seed: int,
    folder: Path,
    workers: int = 0,
    busy: float = 1.0,
    told: Callable[[Day], None] = lambda _: None,
) -> Result:
    """A month in the database that this process is pointed at, people in `workers` processes (0: in it)."""
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    hands = Clock(folder / "ahead")
    hands.put(_FOUNDED)
    clock.follow(hands.ahead_file)
    try:
        with points_month_city.sandbox(folder / "sandbox", hands.ahead_file) as url:
            points_month_city.plug_in(url)
            with db.unit_of_work() as session:
                points_month_city.found(session)
            with _shares(people, seed, workers, url, hands, busy) as shares:
                counted, days = _live(shares, hands, url, told)
            last = clock.now()
            found = points_month_books.lines(counted, url, date(2026, 10, 1), last.astimezone(TAIPEI).date(), last)
    finally:
        clock.follow(None)
    return Result(people, time.monotonic() - began, counted, found, days)


def _tell(day: Day) -> None:
    print(day, file=sys.stderr, flush=True)


def show(result: Result) -> None:
    """Print the table."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in used)
    done = ", ".join(f"{count:,} {what}" for what, count in sorted(result.done.items()))
    print(f"{result.people:,} people, {result.seconds:,.0f} s, {cpu:,.0f} s of one core: {done}")
    for line in result.lines:
        said = ", ".join(f"{number:,} {who}" for who, number in line.said.items())
        print(f"{'agree' if line.agrees else 'DIFFER':<7}{line.what}: {said}")


def _live(shares: Shares, hands: Clock, url: str, told: Callable[[Day], None]) -> tuple[Counter[str], list[Day]]:
    """The month before, the month, and the days after it in which it is settled."""
    done: Counter[str] = Counter()
    days: list[Day] = []
    shares.do("found")
    for number in range(DAYS + 8):
        midnight = datetime.combine(FIRST_DAY + timedelta(days=number), datetime.min.time(), TAIPEI)
        hands.put(midnight + timedelta(seconds=1))
        done["lots lapsed"] += expire_lots(clock.now())
        if midnight.isoweekday() == 1:
            done["settlements"] += settlements.settle_due(clock.now())
        hands.put(midnight + timedelta(hours=10))
        files.work(clock.now())
        if number < DAYS:
            hands.put(midnight + timedelta(hours=12))
            shares.do("day")
            bring_what_is_left()
            hands.put(midnight + timedelta(hours=20))
            released, refused = points_month_city.look_at_held()
            done["exchanges released"] += released
            done["exchanges refused"] += refused
            points_month_city.drive_exchanges(hands.go_on)
        else:
            statements.take_due(clock.now())
            points_month_city.pay_partners()
            done["months received"] += points_month_city.partners_pay(url) if number == DAYS + 2 else 0
        hands.put(midnight + timedelta(hours=22))
        files.work(clock.now())
        for _ in range(3):
            payouts.send_due(clock.now())
            hands.go_on(timedelta(minutes=5))
        bank_days.fetch_days(clock.now())
        days.append(_end_of(midnight.date()))
        told(days[-1])
    return done + shares.counted(), days


def _end_of(day: date) -> Day:
    with db.unit_of_work() as session:
        return Day(day, *(int(each) for each in session.execute(_STANDING).one()))


@contextmanager
def _shares(people: int, seed: int, workers: int, url: str, hands: Clock, busy: float) -> Iterator[Shares]:
    if not workers:
        yield Shares(own=[Share(seed, 1, people, of=people, busy=busy)])
        return
    context = multiprocessing.get_context("spawn")
    shares, processes = Shares(), []
    for number in range(workers):
        first = people * number // workers
        count = people * (number + 1) // workers - first
        ours, theirs = context.Pipe()
        given = (theirs, db.database().url, url, str(hands.ahead_file), seed, first + 1, count, people, busy)
        processes.append(context.Process(target=_serve, args=given, daemon=True))
        processes[-1].start()
        shares.others.append(ours)
    try:
        yield shares
    finally:
        for connection in shares.others:
            connection.close()
        for process in processes:
            process.join(60)


def _serve(
    connection: Connection,
    database_url: str,
    url: str,
    ahead_file: str,
    seed: int,
    first: int,
    count: int,
    of: int,
    busy: float,
) -> None:
    """A process that looks after a share of the people until nobody asks any more."""
    clock.follow(ahead_file)
    db.configure(database_url, connections=3)
    points_month_city.plug_in(url)
    share = Share(seed, first, count, of=of, busy=busy)
    while True:
        try:
            asked = connection.recv()
        except (EOFError, ConnectionError):
            return
        if asked == "count":
            connection.send(share.done)
            continue
        try:
            getattr(share, asked)()
            connection.send(None)
        except Exception as error:
            connection.send(f"{type(error).__name__}: {error}")
            raise


_STANDING = text(
    """
    SELECT (SELECT coalesce(sum(remaining), 0) FROM points.lot),
           (SELECT coalesce(sum(points - refunded), 0) FROM points.redemption WHERE status = 'done'),
           (SELECT coalesce(sum(CASE direction WHEN 'out' THEN points ELSE -points END), 0) FROM points.exchange
             WHERE status = 'done'),
           (SELECT coalesce(sum(expired), 0) FROM points.lot),
           (SELECT coalesce(sum(amount_twd), 0) FROM points.payout WHERE status = 'booked')
    """
)


if __name__ == "__main__":
    main()
