"""`make bench`: everything that is measured, each beside its yardstick in the same run, in one table.

    python -m bench [ledger] [payments] [bills] [quotes] [feeds] [reconciliation] [servers] [webhooks] [sign_ins]
                    [provider] [deliveries] [redemptions] [insertion] [ride_requests] [audience] [month] [--quick]

The rows, their yardsticks and what was seen last are explained in bench/README.md. `--quick` shows in a minute or two
that the benches work; its numbers mean little.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import (
    audience,
    bills,
    deliveries,
    feeds,
    insertion,
    ledger,
    load,
    month,
    payments,
    points_expiry,
    points_month,
    points_reads,
    points_reports,
    provider,
    quotes,
    reconciliation,
    redemptions,
    ride_requests,
    servers,
    sign_ins,
    webhooks,
)
from bench.ride_day import running as ride_day


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `aim` is the ratio to reach; where `is_at_most`, the ratio not to exceed."""

    bench: str
    what: str
    ours: str
    yardstick: str
    ratio: float
    aim: float | None = None
    is_at_most: bool = False

    @property
    def verdict(self) -> str:
        """Whether the aim is met; a dash where there is none."""
        if self.aim is None:
            return "–"
        return "yes" if (self.ratio <= self.aim if self.is_at_most else self.ratio >= self.aim) else "NO"

    @property
    def aimed_at(self) -> str:
        """The aim in words."""
        return "–" if self.aim is None else f"{'≤' if self.is_at_most else '≥'} {self.aim:g}"


def main() -> None:
    """Run the benches that were named, or all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="bench", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="a short smoke: the numbers mean little")
    parser.add_argument("--people", type=int, default=audience.PEOPLE, help="of the bench audience")
    parser.add_argument("--subscriptions", type=int, default=audience.SUBSCRIPTIONS, help="of the bench audience")
    chosen = parser.parse_args()
    audience.PEOPLE, audience.SUBSCRIPTIONS = chosen.people, chosen.subscriptions
    unknown = set(chosen.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    rows = run(chosen.names or [name for name in BENCHES if name not in _LONG], quick=chosen.quick)
    show(rows)


def run(names: Sequence[str], *, quick: bool) -> list[Row]:
    """The rows of these benches."""
    rows: list[Row] = []
    for name in names:
        print(f"— {name}", flush=True)
        rows += BENCHES[name](quick)
        print(flush=True)
    return rows


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    one, five, _ = os.getloadavg()
    print(f"{os.cpu_count()} cores; load average at the end {one:.1f} (1 min), {five:.1f} (5 min)\n")
    print(f"{'bench':<10}{'what':<48}{'ours':>14}{'yardstick':>34}{'ratio':>8}{'aim':>8}{'met':>5}")
    for row in rows:
        print(
            f"{row.bench:<10}{row.what:<48}{row.ours:>14}{row.yardstick:>34}{row.ratio:>8.3g}{row.aimed_at:>8}"
            f"{row.verdict:>5}"
        )


def _ledger(quick: bool) -> list[Row]:
    rates = ledger.run(1, 1) if quick else ledger.run(5, 5)
    mine = statistics.median(rates[ledger.BOOK])
    rows = []
    for other, label, aim in ((ledger.TPC_B, "TPC-B", 1.0), (ledger.NAIVE, "one-row balance", 1.0)):
        ratio = statistics.median(one / two for one, two in zip(rates[ledger.BOOK], rates[other], strict=True))
        theirs = f"{statistics.median(rates[other]):,.0f} {label}"
        rows.append(Row("ledger", "transfers/s into one hot account, 32 clients", f"{mine:,.0f}", theirs, ratio, aim))
    return rows


def _payments(quick: bool) -> list[Row]:
    if quick:
        result = payments.measure(rounds=1, seconds=1.0, people=64, scale=1)
    else:
        result = payments.measure(rounds=3, seconds=15.0)
    payments.show(result)
    tpc_b = statistics.median(each.tpc_b for each in result.rounds)
    rate = statistics.median(each.rate for each in result.rounds)
    finished = statistics.median(each.finished_rate for each in result.rounds)
    beside = f"{tpc_b:,.0f} TPC-B"
    return [
        Row("payments", "whole payments/s over HTTP, 32 clients", f"{rate:,.0f}", beside, result.ratio, payments.AIM),
        Row("payments", "until all that follows is done too", f"{finished:,.0f}", beside, finished / tpc_b),
    ]


def _bills(quick: bool) -> list[Row]:
    if quick:
        result = bills.measure(bills=100_000, seconds=1.0, rounds=1)
    else:
        result = bills.measure(bills=bills.FULL, seconds=6.0, rounds=4)
    bills.show(result)
    rows = []
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        large, small = (load.percentile(city.warm, share) * 1000 for city in (result.large, result.small))
        what = f"GET /v1/bills {name} ms, {result.large.bills:,} bills"
        beside = f"{small:,.1f} with {result.small.bills:,}"
        rows.append(Row("bills", what, f"{large:,.1f}", beside, result.ratio(share), bills.AIM, is_at_most=True))
    return rows


def _quotes(quick: bool) -> list[Row]:
    result = (
        quotes.measure(people=30, seconds=0.5, rounds=1) if quick else quotes.measure(people=200, seconds=3.0, rounds=4)
    )
    quotes.show(result)
    rows = []
    for share, name, aim in ((0.5, "p50", None), (0.99, "p99", quotes.AIM)):
        beside = f"{result.milliseconds('bills', share):,.1f} GET /v1/bills"
        ours = f"{result.milliseconds('quotes', share):,.1f}"
        rows.append(
            Row("quotes", f"GET /v1/bills/{{id}}/quotes {name} ms", ours, beside, result.ratio(share), aim, True)
        )
    return rows


def _feeds(quick: bool) -> list[Row]:
    rows = 20_000 if quick else 1_000_000
    return [
        Row(
            "feeds",
            f"rows/s taken over, {run.source}, {run.peak_mib:,.0f} MiB at most",
            f"{run.rate:,.0f}",
            f"{run.yardstick_rate:,.0f} csv.reader + COPY",
            run.rate / run.yardstick_rate,
        )
        for run in feeds.measure(rows)
        if run.what == "take-over"
    ]


def _reconciliation(quick: bool) -> list[Row]:
    rows = 20_000 if quick else 1_000_000
    return [
        Row(
            "reconcile",
            f"rows/s matched and booked, {run.source}, {run.peak_mib:,.0f} MiB",
            f"{run.rate:,.0f}",
            f"{run.yardstick_rate:,.0f} csv.reader + COPY",
            run.rate / run.yardstick_rate,
        )
        for run in reconciliation.measure(rows)
        if run.what == "receive"
    ]


def _servers(quick: bool) -> list[Row]:
    rates = servers.measure(rounds=1, seconds=0.3) if quick else servers.measure(rounds=3, seconds=4.0)
    servers.show(rates)
    return [
        Row(
            "servers",
            f"requests/s, {target}, {servers.CHOSEN}",
            f"{statistics.median(by_server[servers.CHOSEN]):,.0f}",
            f"{statistics.median(by_server['gunicorn']):,.0f} gunicorn threads",
            servers.ratio(rates, target),
            servers.AIM,
        )
        for target, by_server in rates.items()
    ]


def _webhooks(quick: bool) -> list[Row]:
    result = webhooks.measure(rounds=1, seconds=1.0) if quick else webhooks.measure(rounds=3, seconds=10.0)
    webhooks.show(result)
    rate, rows = statistics.median(result.rates), statistics.median(result.rows)
    p99, aim = result.p99_seconds * 1000, webhooks.AIM_P99_SECONDS * 1000
    return [
        Row(
            "webhooks", "notices/s taken in, worker stopped", f"{rate:,.0f}", f"{rows:,.0f} rows/s pgbench", rate / rows
        ),
        Row("webhooks", "the same, p99 ms", f"{p99:,.1f}", f"{aim:,.0f} at most", p99 / aim, 1.0, is_at_most=True),
    ]


def _sign_ins(quick: bool) -> list[Row]:
    result = (
        sign_ins.measure(people=20, seconds=1.0, rounds=1)
        if quick
        else sign_ins.measure(people=400, seconds=10.0, rounds=3)
    )
    sign_ins.show(result)
    rate, raw = statistics.median(result.rates), statistics.median(result.hash_rates)
    what = "sign-ins/s by password and text message"
    return [Row("sign_ins", what, f"{rate:,.1f}", f"{raw:,.1f} weighings/s of argon2", result.ratio)]


def _provider(quick: bool) -> list[Row]:
    result = (
        provider.measure(people=60, seconds=1.0, rounds=1)
        if quick
        else provider.measure(people=400, seconds=10.0, rounds=3)
    )
    provider.show(result)
    rate, plain = statistics.median(result.rates), statistics.median(result.plain_rates)
    what = "sign-ins/s at a site: authorize, token, userinfo"
    return [Row("provider", what, f"{rate:,.1f}", f"{plain:,.1f} times three GET /v1/me", result.ratio)]


def _deliveries(quick: bool) -> list[Row]:
    result = (
        deliveries.measure(devices=400, rounds=1, emergency=400, delay=0.02, sizes=[400])
        if quick
        else deliveries.measure(devices=15_000, rounds=3, emergency=20_000, delay=0.08, sizes=[1_000, 100_000])
    )
    deliveries.show(result)
    ours, bare = statistics.median(result.ours), statistics.median(result.yardstick)
    one, two = (f"{result.emergency_seconds[senders]:,.1f}" for senders in (1, 2))
    small, large = (result.rss_mib[size] for size in (min(result.rss_mib), max(result.rss_mib)))
    emergency = f"s, emergency to {result.emergency_devices:,} devices, 2 senders"
    memory = f"MiB of a sender after {max(result.rss_mib):,} deliveries"
    beside = f"{small:,.0f} after {min(result.rss_mib):,}"
    return [
        Row("deliveries", "pushes/s, one sender", f"{ours:,.0f}", f"{bare:,.0f} bare requests", result.ratio, 0.7),
        Row("deliveries", emergency, two, f"{one} with one sender", result.scaling, 1.7),
        Row("deliveries", memory, f"{large:,.0f}", beside, large / small, 1.2, is_at_most=True),
    ]


def _redemptions(quick: bool) -> list[Row]:
    if quick:
        result = redemptions.measure(rounds=1, seconds=1.0, people=40, scale=1)
    else:
        result = redemptions.measure(rounds=3, seconds=10.0)
    redemptions.show(result)
    tpc_b = statistics.median(each.tpc_b for each in result.rounds)
    rate = statistics.median(each.rate for each in result.rounds)
    what = "redemptions/s at tills over HTTP, 32 clients"
    return [Row("redemptions", what, f"{rate:,.0f}", f"{tpc_b:,.0f} TPC-B", result.ratio, redemptions.AIM)]


def _month(quick: bool) -> list[Row]:
    result = (
        month.measure(payments=100, days=3, people=10) if quick else month.measure(payments=10_000, days=30, people=250)
    )
    month.show(result)
    wrong = len(result.verdict.wrong)
    what = "payments with everybody misbehaving, not explained"
    return [Row("month", what, f"{result.payments:,}", f"{wrong} not explained", wrong, 0.0, is_at_most=True)]


def _audience(quick: bool) -> list[Row]:
    people, subscriptions = (27_000, 200_000) if quick else (audience.PEOPLE, audience.SUBSCRIPTIONS)
    result = audience.measure(people=people, subscriptions=subscriptions)
    audience.show(result)
    count = result.count_all_seconds
    beside = f"{count:,.2f} SELECT count(*)"
    rows = [
        Row(
            "audience",
            f"s to estimate {name}, {result.found[name]:,} people",
            f"{seconds:,.2f}",
            beside,
            seconds / count,
        )
        for name, seconds in result.estimate_seconds.items()
    ]
    rate = result.found["resolved everybody"] / result.resolve_seconds["everybody"]
    what = f"people/s resolved, {result.resolve_mib['everybody']:,.0f} MiB"
    rows.append(
        Row("audience", what, f"{rate:,.0f}", f"{result.insert_rate:,.0f} INSERT … SELECT", rate / result.insert_rate)
    )
    mib = [result.resolve_mib[name] for name in ("everybody", "a hundredth")]
    what = "MiB to resolve, beside a hundredth of the people"
    rows.append(Row("audience", what, f"{mib[0]:,.0f}", f"{mib[1]:,.0f}", mib[0] / mib[1], audience.AIM_MEMORY, True))
    return rows


def _points_expiry(quick: bool) -> list[Row]:
    result = points_expiry.measure(lots=2_000 if quick else points_expiry.LOTS)
    points_expiry.show(result)
    quiet, during = (result.milliseconds(of, 0.99) for of in (result.quiet, result.during))
    what = f"ms, p99 of using points beside {result.rate:,.0f} lots/s"
    beside = f"{quiet:,.1f} alone"
    return [Row("p. expiry", what, f"{during:,.1f}", beside, during / quiet, points_expiry.AIM, is_at_most=True)]


def _points_reads(quick: bool) -> list[Row]:
    result = points_reads.measure(reads=200 if quick else 2_000)
    points_reads.show(result)
    rows = []
    for name in result.long:
        long, short = result.milliseconds(name, 0.99)
        what = f"{name} p99 ms with {points_reads.LONG:,} entries"
        beside = f"{short:,.1f} with {points_reads.SHORT}"
        rows.append(Row("p. reads", what, f"{long:,.1f}", beside, long / short, points_reads.AIM, is_at_most=True))
    return rows


def _points_reports(quick: bool) -> list[Row]:
    result = points_reports.measure(entries=20_000 if quick else points_reports.ENTRIES)
    points_reports.show(result)
    return [
        Row(
            "p. reports", f"{name}, ms with {result.entries:,} entries", f"{seconds * 1000:,.0f}",
            f"{result.few[name] * 1000:,.0f} with a tenth", seconds / result.few[name], points_reports.AIM, True,
        )
        for name, seconds in result.many.items()
    ]  # fmt: skip


def _points_month(quick: bool) -> list[Row]:
    result = points_month.measure(people=100 if quick else 20_000, seed=20261101, workers=0 if quick else 4)
    points_month.show(result)
    wrong = len(result.wrong)
    what = "people's month of points, sums that differ"
    return [Row("p. month", what, f"{result.people:,}", f"{wrong} differ", wrong, 0.0, is_at_most=True)]


def _insertion(quick: bool) -> list[Row]:
    result = insertion.measure(vans=20, requests=240, compared=2) if quick else insertion.measure()
    insertion.show(result)
    p99, aim = load.percentile(result.seconds, 0.99) * 1000, insertion.AIM_P99_SECONDS * 1000
    ours, tried = statistics.median(result.compared_seconds), statistics.median(result.exhaustive_seconds)
    what = f"one more ride, {result.vans} vans, {result.taken:,} rides in plan"
    return [
        Row("insertion", f"{what}, p99 ms", f"{p99:,.1f}", f"{aim:,.0f} at most", p99 / aim, 1.0, is_at_most=True),
        Row("insertion", "the same, p50 ms", f"{ours * 1000:,.1f}", f"{tried * 1000:,.0f} every place", ours / tried),
    ]


def _ride_requests(quick: bool) -> list[Row]:
    result = ride_requests.measure(requests=5 if quick else 60)
    ride_requests.show(result)
    return [
        Row(
            "ride_requests", f"asked of four fleets, {name} ms", f"{load.percentile(result.whole, share) * 1000:,.0f}",
            f"{load.percentile(result.slowest, share) * 1000:,.0f} the slowest fleet", result.ratio(share),
            ride_requests.AIM if name == "p50" else None, is_at_most=True,
        )
        for share, name in ((0.5, "p50"), (0.99, "p99"))
    ]  # fmt: skip


def _ride_day(quick: bool) -> list[Row]:
    result = ride_day.measure(legs=60, vans=6, taxis=0.07) if quick else ride_day.measure()
    ride_day.show(result)
    wrong, alone = len(result.verdict.findings), len(result.verdict_alone.findings)
    what = f"rides of a day, stranded, doubled or not explained, {result.vans} vans"
    beside = f"{alone} with each fleet by itself"
    return [Row("ride_day", what, f"{result.legs:,}: {wrong}", beside, wrong, 0.0, is_at_most=True)]


BENCHES: dict[str, Callable[[bool], list[Row]]] = {
    "ledger": _ledger,
    "payments": _payments,
    "bills": _bills,
    "quotes": _quotes,
    "feeds": _feeds,
    "reconciliation": _reconciliation,
    "servers": _servers,
    "webhooks": _webhooks,
    "sign_ins": _sign_ins,
    "provider": _provider,
    "deliveries": _deliveries,
    "redemptions": _redemptions,
    "insertion": _insertion,
    "ride_requests": _ride_requests,
    "month": _month,
    "audience": _audience,
    "points_expiry": _points_expiry,
    "points_reads": _points_reads,
    "points_reports": _points_reports,
    "points_month": _points_month,
    "ride_day": _ride_day,
}


_LONG = ("month", "audience", "points_month", "ride_day")
"""Only where they are named."""


if __name__ == "__main__":
    main()
