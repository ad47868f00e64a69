"""The sweep of `bench.points_expiry`, in a process of its own: for each line it reads, it expires for some seconds.

It answers with how many lots that were, how long it took, and the seconds of processors that it has taken in all.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from sqlalchemy import text

from bench.points_expiry import ENDED
from core import db
from points.expiry import expire_lots

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Expire what is due in the database whose address is given, in batches of so many lots with such a rest."""
    url, batch, rest, seconds = sys.argv[1:]
    db.configure(url)
    before = _of_backend()
    for _ in sys.stdin:
        began = time.monotonic()
        lots = expire_lots(ENDED, batch=int(batch), rest=float(rest), seconds=float(seconds))
        print(lots, time.monotonic() - began, time.process_time() + _of_backend() - before, flush=True)


def _of_backend() -> float:
    """Seconds of processor time of the one backend that this process has (man 5 proc: fields 14 and 15)."""
    with db.unit_of_work() as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:13]) / _TICKS_PER_SECOND


if __name__ == "__main__":
    main()
