"""One request for a ride asked of four fleets: what asking adds beside the slowest fleet's own answer, in the same run.

Run: python -m bench.ride_requests [--requests N]. A PostgreSQL and a sandbox of its own. Two fleets of the sandbox
answer at once, one after 0.2 s and one after 0.8 s (the fourth is the quick one by another code). Each request is
written down, asked of all, answered and read back through the use cases behind `POST /v1/ride-requests`; every fleet's
call is timed where it is made, so that what is left is ours: threads, signatures, commits, prices.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from accessibility.fleets import city, ports
from accessibility.places.place import Place
from accessibility.requests import asking, bodies, making, records
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility, profile
from accessibility.riders.profile import RiderProfile, Wheelchair
from bench.load import percentile
from core import clock, db, embedded, migrate
from core.ids import new_uuid
from identity.actors import Actor
from partners import wire
from partners.bureaus.client import RideStanding
from partners.fleets.client import FleetClient

AIM: Final = 1.2
_HOME: Final = Place(22.626837, 120.357218, "64000120", "home")
_HOSPITAL: Final = Place(22.645612, 120.309571, "64000050", "hospital")
_FLEETS: Final = {"yellow": "yellow", "harbour": "harbour", "mountain": "mountain", "second": "yellow"}


@dataclass
class Timed:
    """A fleet whose calls are timed."""

    client: FleetClient
    took: list[float]

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self.took.append(time.perf_counter() - began)

        return timed


@dataclass
class Result:
    """Seconds of each request in all, of the slowest fleet in it, and of our own processors."""

    whole: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def ratio(self, share: float) -> float:
        """A percentile of the whole beside the same of the slowest fleet."""
        return percentile(self.whole, share) / percentile(self.slowest, share)

    def overhead(self, share: float) -> float:
        """A percentile of what is ours, in seconds."""
        return percentile([whole - slow for whole, slow in zip(self.whole, self.slowest, strict=True)], share)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=60)
    show(measure(requests=parser.parse_args().requests))


def measure(*, requests: int) -> Result:
    """Ask so many times, one after the other."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder), {})
        try:
            embedded.make_database(server, "rides")
            migrate.to_head(server.url("rides"))
            database = db.configure(server.url("rides"))
            with _sandbox(Path(folder)) as url:
                result = _ask(url, requests)
            database.engine.dispose()
            return result
        finally:
            server.stop()


def show(result: Result) -> None:
    """Print it."""
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        whole, slow = percentile(result.whole, share) * 1000, percentile(result.slowest, share) * 1000
        print(
            f"{name}: {whole:.0f} ms, the slowest fleet {slow:.0f} ms, ours {result.overhead(share) * 1000:.0f} ms, "
            f"ratio {result.ratio(share):.3f} (aim: p50 at most {AIM})"
        )
    print(f"processor: {percentile(result.processor, 0.5) * 1000:.1f} ms a request")


def _ask(url: str, requests: int) -> Result:
    took: list[float] = []
    peers = {
        code: wire.Peer(house, f"{url}/fleets/{house}", f"sandbox-{house}-secret") for code, house in _FLEETS.items()
    }
    ports.plug_in({code: Timed(FleetClient(peer), took) for code, peer in peers.items()})
    rider, result = _rider(), Result()
    for number in range(requests + 5):
        took.clear()
        began, spent, now = time.perf_counter(), time.process_time(), clock.now()
        wish = RideWish(_HOME, _HOSPITAL, pick_up_at=now + timedelta(hours=5), purpose="medical")
        with db.unit_of_work() as session:
            (made,) = making.make(session, rider, rider.id, wish, now)
        asking.ask_all([made.id], now)
        with db.unit_of_work() as session:
            shown = bodies.with_return(session, records.get(session, made.id), "zh-TW", now)
        assert shown["status"] == "offered", shown["asks"]
        if number >= 5:
            result.whole.append(time.perf_counter() - began)
            result.processor.append(time.process_time() - spent)
            result.slowest.append(max(took))
    return result


def _rider() -> Actor:
    now, rider_id = clock.now(), new_uuid()
    with db.unit_of_work() as session:
        city.ensure_fleets(session)
        session.execute(text("UPDATE accessibility.fleet SET is_open = code = ANY(:codes)"), {"codes": list(_FLEETS)})
        session.execute(_SECOND, {"code": "second"})
        session.execute(_SECOND_TERMS, {"code": "second"})
        told = RideStanding(
            has_certificate=True, severity="severe", needs_wheelchair=True, books_first=True, valid_until=None,
            card=None, is_low_income=False,
        )  # fmt: skip
        eligibility.hear(session, rider_id, told, now=now)
        chair = Wheelchair("manual", 62, 105, 120)
        profile.save(session, RiderProfile(rider_id, 0, chair, can_transfer=False), now=now)
    return Actor("citizen", rider_id, loa=2)


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    port = embedded.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_SECRET")}
    environment |= {
        "SANDBOX_PORT": str(port),
        "STATE_DIR": str(folder),
        "API_URL": "http://127.0.0.1:1",
        "SANDBOX_URL": url,
    }
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "partners.sandbox"], env=environment, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{url}/healthz", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


_SECOND = text(
    """
    INSERT INTO accessibility.fleet (code, kind, name_zh, name_en, phone, is_open, place)
    VALUES (:code, 'taxi', '第二車隊', 'Second Taxi', '075550505', true, 9)
    """
)
_SECOND_TERMS = text(
    """
    INSERT INTO accessibility.fleet_terms
    SELECT :code, valid_from, opens_at, closes_at, areas, areas_beyond, tiers, closes_minutes, is_only_for_eligible,
           free_until_minutes, late_fee_twd, late_points, is_pooled_obligatory, widest_chair_cm, longest_chair_cm,
           heaviest_chair_kg, source, is_confirmed
      FROM accessibility.fleet_terms WHERE fleet = 'yellow'
    """
)


if __name__ == "__main__":
    main()
