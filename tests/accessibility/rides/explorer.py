"""Explores what fleets, riders, deaths and time can do to a ride, one seed after the other, against a real database.

python -m tests.accessibility.rides.explorer --seeds 2000
python -m tests.accessibility.rides.explorer --from 1234 --seeds 1       the whole story of a seed that fails
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from core import db, embedded, migrate
from tests.accessibility.rides.storm import Storm
from tests.accessibility.rides.voyage import BEGINS, Voyage, prepare


@dataclass(frozen=True, slots=True)
class Found:
    """A seed that fails: why, with which draws, and everything that happened."""

    seed: int
    faults: list[str]
    happened: list[int]
    story: list[str]

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}", *self.story, "", *(f"FAULT {each}" for each in self.faults)])


def explore(seeds: Sequence[int], *, is_whole: bool = False) -> Iterator[Found]:
    """The seeds that fail, each with a story as short as it gets, or with all of it."""
    for seed in seeds:
        found = sail(seed)
        if found.faults:
            yield found if is_whole else shrunk(found)


def sail(seed: int, kept: Sequence[int] | None = None, *, roughness: int = 1) -> Found:
    """One seed; with `kept` all that goes wrong at other draws is taken away."""
    muted: Sequence[int] | set[int] = ()
    if kept is not None:
        muted = _AllBut(kept)
    voyage = Voyage(Storm(seed, BEGINS, muted, roughness))
    faults = voyage.sail()
    with db.unit_of_work() as session:
        session.execute(text("UPDATE accessibility.booking SET next_at = NULL WHERE next_at IS NOT NULL"))
    return Found(seed, faults, voyage.storm.happened, voyage.storm.story)


class _AllBut(set[int]):
    def __contains__(self, number: object) -> bool:
        return not super().__contains__(number)


def shrunk(found: Found, tries: int = 60) -> Found:
    """The same fault with fewer things that go wrong: parts of them are taken away while it stays (ddmin)."""
    kind, best, parts = _kind(found), found, 2
    while tries > 0 and len(best.happened) > 1:
        size = max(len(best.happened) // parts, 1)
        for start in range(0, len(best.happened), size):
            tries -= 1
            less = sail(found.seed, best.happened[:start] + best.happened[start + size :])
            if less.faults and _kind(less) == kind and len(less.happened) < len(best.happened):
                best, parts = less, max(parts - 1, 2)
                break
            if tries <= 0:
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(best.happened))
    return best


def _kind(found: Found) -> str:
    return found.faults[0].split(":")[0]


@contextmanager
def _database() -> Iterator[None]:
    folder = Path(tempfile.mkdtemp(prefix="mykh-explorer-"))
    os.chmod(folder, 0o755)
    options = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    server = embedded.start_postgres(folder, options)
    try:
        embedded.make_database(server, "explorer")
        migrate.to_head(server.url("explorer"))
        db.configure(server.url("explorer"), connections=6)
        yield
    finally:
        server.stop(immediately=True)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Answers how many seeds fail."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=1000, help="how many")
    asked.add_argument("--from", type=int, default=1, dest="first", help="the first of them")
    asked.add_argument("--whole", action="store_true", help="tell the whole story and not the shortest one")
    asked.add_argument("--most", type=int, default=5, help="stop after so many that fail")
    said = asked.parse_args()
    failed, prepared = 0, 0.0
    with _database():
        prepare()
        prepared = time.process_time()
        for found in explore(range(said.first, said.first + said.seeds), is_whole=said.whole):
            failed += 1
            print(found, end="\n\n", flush=True)
            if failed >= said.most:
                break
    print(f"{failed} of {said.seeds} seeds fail, {time.process_time() - prepared:.0f} CPU s", flush=True)
    return failed


if __name__ == "__main__":
    os.environ.update({"ARGON2_MEMORY_KIB": "1024", "MYKH_DEMO": "1"})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    raise SystemExit(min(main(), 100))
