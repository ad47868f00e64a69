"""A real process that is killed with SIGKILL between two steps of an exchange; the worker goes on from what is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox_process import SandboxBooks

from core import db
from partners.exchanging import Direction
from tests.points.exchange.city import City

_ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = """
import os, signal, sys
from datetime import datetime
from uuid import UUID

sys.path[:0] = [os.getcwd(), os.path.join(os.getcwd(), "tests")]
from core import db
from exchange_partners import peer
from points.exchange import ports, saga
from tests.points.exchange.city import CLIENTS, Killed, Mortal

url, sandbox, partner, exchange, call, when, now = sys.argv[1:]
db.configure(url)
mortal = Mortal(CLIENTS[partner](peer(sandbox, partner)))
mortal.die((int(call), when))
ports.plug_in({partner: mortal})
try:
    saga.drive(UUID(exchange), now=datetime.fromisoformat(now), is_first=True)
except Killed:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("partner", "direction", "call", "when"),
    [("ipass", "out", 1, "after"), ("ipass", "out", 2, "after"), ("familymart", "in", 2, "after")],
)
def test_a_process_that_is_killed_loses_and_doubles_nothing(
    kaohsiung: City, books: SandboxBooks, partner: str, direction: Direction, call: int, when: str
) -> None:
    mei = kaohsiung.somebody(200)
    exchange = kaohsiung.begun(partner, mei, direction)
    arguments = [
        db.database().url, books.url, partner, str(exchange.id), str(call), when, kaohsiung.now.isoformat(),
    ]  # fmt: skip
    killed = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments], cwd=_ROOT, env=dict(os.environ), timeout=120, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert not kaohsiung.at(exchange).is_resting
    kaohsiung.settle()
    assert kaohsiung.at(exchange).status == "done"
    assert kaohsiung.balance(mei) == (100 if direction == "out" else 300)
    (order,) = books.read("exchange/orders")
    assert order["state"] == "done"
