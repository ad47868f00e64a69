"""A month of people who earn, use, lose and get back points, from a seed; then everything must agree to the point.

Run: python -m bench.points_month [--people 20000] [--seed N]. In a PostgreSQL of its own people pay bills, use points
at merchants and for bills, let holds go, get refunds of money and of points; lots of the month before lapse at midnight
in Taipei; merchants are settled on Mondays. What the simulation counted itself, the lots, the histories, the book and
the settlements are held against each other.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import db, embedded, migrate
from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from core.outbox import Event
from core.text import Text
from ledger import book
from points import reports, tender
from points.campaigns import Terms, open_campaign
from points.expiry import expire_lots
from points.merchants import accounts, settlements
from points.tasks import CONSUMERS

FIRST_DAY = date(2026, 11, 3)
DAYS = 30
BUDGET = 100_000_000
_BUREAUS = ("finance", "transport")
_MERCHANTS = 20
_WORDS = Text("{points} 點", "{points} points")


@dataclass
class City:
    """What the simulation knows: its people and merchants, what it did, and how many points it saw move."""

    chance: random.Random
    people: list[UUID]
    merchants: list[UUID]
    now: datetime
    paid: list[dict[str, Any]] = field(default_factory=list)
    redeemed: list[list[Any]] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that several books tell of, and what each of them says."""

    what: str
    said: dict[str, int]

    @property
    def agrees(self) -> bool:
        """Whether all say the same."""
        return len(set(self.said.values())) == 1


@dataclass(frozen=True, slots=True)
class Result:
    """How much was done in how many seconds, and what it comes to."""

    people: int
    seconds: float
    done: Counter[str]
    lines: list[Line]

    @property
    def wrong(self) -> list[Line]:
        """Where the books differ."""
        return [line for line in self.lines if not line.agrees]


def main() -> None:
    """Run a month and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20261103)
    arguments = parser.parse_args()
    result = measure(people=arguments.people, seed=arguments.seed)
    show(result)
    if result.wrong:
        raise SystemExit("the books differ")


def measure(*, people: int, seed: int) -> Result:
    """A month in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder), {"shared_buffers": "256MB", "synchronous_commit": "off"})
        try:
            embedded.make_database(server, "points")
            migrate.to_head(server.url("points"))
            database = db.configure(server.url("points"))
            result = run(people=people, seed=seed)
            database.engine.dispose()
            return result
        finally:
            server.stop()


def run(*, people: int, seed: int, days: int = DAYS) -> Result:
    """A month in the database that this process is pointed at."""
    began = time.monotonic()
    city = _founded(random.Random(seed), people)
    for day in range(days):
        city.now = datetime.combine(FIRST_DAY + timedelta(days=day), datetime.min.time(), TAIPEI)
        city.counted["lots lapsed"] += expire_lots(city.now)
        if city.now.isoweekday() == 1:
            city.counted["settlements"] += settlements.settle_due(city.now)
        for person in city.people:
            city.now += timedelta(milliseconds=1)
            _day_of(city, person)
    city.now = datetime.combine(FIRST_DAY + timedelta(days=days), datetime.min.time(), TAIPEI)
    city.counted["lots lapsed"] += expire_lots(city.now)
    return Result(people, time.monotonic() - began, city.counted, _lines(city))


def show(result: Result) -> None:
    """Print the table."""
    done = ", ".join(f"{count:,} {what}" for what, count in sorted(result.done.items()))
    print(f"{result.people:,} people, {result.seconds:,.0f} s: {done}")
    for line in result.lines:
        said = ", ".join(f"{number:,} {who}" for who, number in line.said.items())
        print(f"{'agree' if line.agrees else 'DIFFER':<7}{line.what}: {said}")


def _founded(chance: random.Random, people: int) -> City:
    start = datetime(2026, 10, 1, tzinfo=TAIPEI)
    ids = [UUID(int=chance.getrandbits(128), version=4) for _ in range(people)]
    city = City(chance, ids, [new_uuid() for _ in range(_MERCHANTS)], start)
    with db.unit_of_work() as session:
        for bureau in _BUREAUS:
            terms = Terms(
                code=f"month-{bureau}", name=Text("集點", "Points"), bureau=bureau, rail=bureau, points_per_payment=10,
                points_per_step=1, step_twd=100, points_per_person_and_day=None, lifetime_months=1, valid_from=start,
                valid_until=start + timedelta(days=300),
            )  # fmt: skip
            open_campaign(session, terms, budget_points=BUDGET, now=start)
        for number, merchant in enumerate(city.merchants):
            values = {"id": merchant, "branch": new_uuid(), "number": f"{number:08d}", "now": start,
                      "code": f"SH{number:08d}"}  # fmt: skip
            session.execute(_MERCHANT, values)
            session.execute(_BRANCH, values)
    city.now = datetime(2026, 10, 20, 12, tzinfo=TAIPEI)
    for person in ids:
        city.now += timedelta(milliseconds=1)
        _pay(city, person)
    return city


def _day_of(city: City, person: UUID) -> None:
    draw = city.chance.random()
    if draw < 0.10:
        _pay(city, person)
    elif draw < 0.19:
        _redeem(city, person)
    elif draw < 0.23:
        _use_for_a_bill(city, person)
    elif draw < 0.24:
        _refund(city)
    elif draw < 0.25:
        _give_back(city)


def _pay(city: City, person: UUID) -> None:
    paid = {
        "payment_id": str(new_uuid()), "person_id": str(person), "rail": city.chance.choice(_BUREAUS), "bill_ids": [],
        "kinds": ["parking"], "amount_twd": city.chance.randint(30, 6_000), "fee_twd": 0,
        "captured_at": city.now.isoformat(), "due_before": True, "bills": [],
    }  # fmt: skip
    _bring("wallet.payment_captured", paid, city.now)
    city.paid.append(paid)
    city.counted["payments"] += 1


def _refund(city: City) -> None:
    paid = city.paid.pop(city.chance.randrange(len(city.paid)))
    refund = {
        **paid, "refund_id": str(new_uuid()), "bill_id": str(new_uuid()), "reason": "duplicate",
        "amount_twd": city.chance.randint(1, paid["amount_twd"]),
    }  # fmt: skip
    _bring("wallet.bill_refunded", refund, city.now)
    city.counted["refunds"] += 1


def _redeem(city: City, person: UUID) -> None:
    merchant, redemption_id, points = city.chance.choice(city.merchants), new_uuid(), city.chance.randint(1, 60)
    use = tender.For("redemption", redemption_id, accounts.redeemed_code(merchant), _WORDS)
    try:
        with db.unit_of_work() as session:
            tender.spend_for(session, use, person_id=person, points=points, now=city.now)
            session.execute(
                _REDEEMED,
                {"id": redemption_id, "merchant": merchant, "person": person, "points": points, "now": city.now,
                 "day": taipei_date(city.now)},
            )  # fmt: skip
    except tender.NotEnoughPoints:
        city.counted["uses refused"] += 1
        return
    city.redeemed.append([redemption_id, merchant, points])
    city.counted["redemptions"] += 1
    city.counted["points at merchants"] += points


def _give_back(city: City) -> None:
    if not city.redeemed:
        return
    redemption_id, merchant, points = city.redeemed.pop(city.chance.randrange(len(city.redeemed)))
    back, refund_id = city.chance.randint(1, points), new_uuid()
    with db.unit_of_work() as session:
        values = {"id": refund_id, "redemption": redemption_id, "merchant": merchant, "points": back,
                  "now": city.now, "day": taipei_date(city.now)}  # fmt: skip
        session.execute(_GIVEN_BACK, values)
        tender.give_back(session, payment_id=redemption_id, points=back, cause_id=refund_id, now=city.now)
    city.counted["given back"] += 1
    city.counted["points at merchants"] -= back


def _use_for_a_bill(city: City, person: UUID) -> None:
    payment_id, points, is_done = new_uuid(), city.chance.randint(1, 40), city.chance.random() < 0.7
    try:
        with db.unit_of_work() as session:
            tender.hold(session, person_id=person, payment_id=payment_id, points=points, now=city.now)
    except tender.NotEnoughPoints:
        city.counted["uses refused"] += 1
        return
    with db.unit_of_work() as session:
        (tender.spend if is_done else tender.release)(session, payment_id=payment_id, now=city.now)
    city.counted["bills paid in part" if is_done else "holds let go"] += 1
    city.counted["points for bills"] += points if is_done else 0


def _bring(kind: str, payload: dict[str, Any], now: datetime) -> None:
    event = Event(new_uuid(), kind, payload, now)
    for consumer in CONSUMERS:
        if consumer.kind == kind:
            with db.unit_of_work() as session:
                consumer.effect(session, event, now)


def _lines(city: City) -> list[Line]:
    last = taipei_date(city.now)
    with db.unit_of_work() as session:
        sums = session.execute(_SUMS).one()
        costs = reports.costs(session, date(2026, 10, 1), last, by="bureau")
        owed = reports.liability(session, last, city.now + timedelta(days=1))
        cohorts = reports.breakage(session, date(2026, 10, 1), last)
        budgets = sum(
            book.balance(session, book.account_id(f"points:campaign:month-{each}")).posted for each in _BUREAUS
        )
        at_merchants = sum(_of(session, accounts.redeemed_code(merchant), city.now) for merchant in city.merchants)
        settled = _of(session, accounts.SETTLED, city.now)
        payable = sum(_of(session, accounts.payable_code(merchant), city.now) for merchant in city.merchants)
        cost = sum(_of(session, accounts.cost_code(bureau), city.now) for bureau in _BUREAUS)
        trial = [line.credits_posted - line.debits_posted for line in book.trial_balance(session)]
    used = {
        "counted": city.counted["points at merchants"],
        "book": at_merchants + settled,
        "report": sum(line.at_merchants for line in costs.lines),
    }
    for_bills = {"counted": city.counted["points for bills"], "report": sum(line.paid_bills for line in costs.lines)}
    lapsed = {"book": owed.lapsed, "lots": sum(each.lapsed for each in cohorts), "report": costs.lapsed[0]}
    paid = {"points": settled, "NT$ cost": cost, "NT$ payable": payable, "settlements": int(sums.settled)}
    return [
        Line("sum of every asset", {"book": sum(map(abs, trial)), "nothing": 0}),
        Line("liability", {"book": owed.people, "lots": int(sums.remaining), "histories": int(sums.told + sums.owed)}),
        Line("owed by people", {"book": owed.owed_by_people, "debts": int(sums.owed)}),
        Line("budgets", {"book": budgets, "histories": BUDGET * len(_BUREAUS) - int(sums.granted)}),
        Line("granted", {"report": costs.granted[0], "book": costs.granted[1]}),
        Line("lapsed", lapsed),
        Line("used at merchants", used),
        Line("used for bills", for_bills),
        Line("used", {"report": costs.used[0], "book": costs.used[1]}),
        Line("settled", paid),
    ]


def _of(session: Any, code: str, now: datetime) -> int:
    return book.balance(session, accounts.opened(session, code, now)).posted


_MERCHANT = text(
    """
    INSERT INTO points.merchant (id, business_id, name, category, owner_person_id, phone, status, applied_at,
                                 approved_at)
    VALUES (:id, :number, '測試', 'food', :id, '075550123', 'approved', :now, :now)
    """
)
_BRANCH = text(
    """
    INSERT INTO points.branch (id, merchant_id, name, address, district, latitude, longitude, shop_code, opened_at)
    VALUES (:branch, :id, '本店', '高雄市', '64000010', 22.62, 120.28, :code, :now)
    """
)
_REDEEMED = text(
    """
    INSERT INTO points.redemption (id, merchant_id, branch_id, person_id, points, status, presented, created_at,
                                   done_at, business_day)
    SELECT :id, :merchant, b.id, :person, :points, 'done', 'code', :now, :now, :day
      FROM points.branch AS b WHERE b.merchant_id = :merchant
    """
)
_GIVEN_BACK = text(
    """
    WITH noted AS (
        INSERT INTO points.redemption_refund (id, redemption_id, merchant_id, points, is_void, at, business_day)
        VALUES (:id, :redemption, :merchant, :points, false, :now, :day)
    )
    UPDATE points.redemption SET refunded = refunded + :points WHERE id = :redemption
    """
)
_SUMS = text(
    """
    SELECT (SELECT coalesce(sum(remaining), 0) FROM points.lot) AS remaining,
           (SELECT coalesce(sum(amount), 0) FROM points.entry) AS told,
           (SELECT coalesce(sum(amount), 0) FROM points.entry
             WHERE kind IN ('earn', 'restore', 'reverse', 'owe')) AS granted,
           (SELECT coalesce(sum(owed), 0) FROM points.debt) AS owed,
           (SELECT coalesce(sum(redeemed_points - refunded_points), 0) FROM points.settlement) AS settled
    """
)


if __name__ == "__main__":
    main()
