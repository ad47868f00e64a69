"""A process that does nothing but one of the worker's sweeps, to be killed in the middle of it.

The processes are forked from one that has loaded the program already, so that each begins at once.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest.mock import patch

from api import wiring, worker
from core import db

ROOT = Path(__file__).resolve().parents[3]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def started(database_url: str, sweep: str) -> BaseProcess:
    """A new one on that database."""
    # What is to be loaded beforehand is looked for on the path of the environment alone.
    with patch.dict(os.environ, {"PYTHONPATH": str(ROOT)}):
        forkserver.ensure_running()
    process = _context.Process(target=_go_on, args=(database_url, sweep), daemon=True)
    process.start()
    return process


def _go_on(database_url: str, sweep: str) -> None:
    db.configure(database_url)
    wiring.plug_in()
    while True:
        worker.sweep(sweep)
        time.sleep(0.1)
