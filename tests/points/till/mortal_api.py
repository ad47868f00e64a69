"""The API in a process of its own that is killed (SIGKILL) at a chosen moment of one request: before any of its
statements or commits, or when all is committed and the answer not yet sent.

    python mortal_api.py <database's address>

Says on which port it listens; then each line that it reads, a number n, is a request that dies at its n-th moment (0:
never), and it says what became of it: "killed" or "answered". Each request is served by a copy of the process.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

_ROOT = Path(__file__).resolve().parents[3]


@dataclass
class MortalApi:
    """The process, as a test holds it."""

    process: subprocess.Popen[str]
    url: str

    def asked(self, dies_at: int, path: str, body: bytes, headers: dict[str, str]) -> bool:
        """POST to it while it dies at this moment; True where it lived to answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{dies_at}\n")
        self.process.stdin.flush()
        try:
            answer = urllib3.request(
                "POST", self.url + path, body=body, headers=headers | {"Content-Type": "application/json"},
                retries=False, timeout=60,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError:
            answer = None
        ended = self.process.stdout.readline().strip()
        assert ended == ("killed" if answer is None else "answered"), ended
        return answer is not None


@contextmanager
def mortal_api(database_url: str) -> Iterator[MortalApi]:
    """One for a test, on this database."""
    process = subprocess.Popen(
        [sys.executable, __file__, database_url], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield MortalApi(process, f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def main(database_url: str) -> None:
    """Serve one request after the other until the input ends."""
    from api.app import create_app
    from core import db

    app = create_app()
    door = socket.create_server(("127.0.0.1", 0))
    print(door.getsockname()[1], flush=True)
    for line in sys.stdin:
        copy = os.fork()
        if copy == 0:
            _serve_one(app, db.configure(database_url).engine, door, int(line))
            os._exit(0)
        _, status = os.waitpid(copy, 0)
        print("killed" if os.WIFSIGNALED(status) else "answered", flush=True)


def _serve_one(app: Any, engine: Any, door: socket.socket, dies_at: int) -> None:
    from sqlalchemy import event
    from werkzeug.serving import make_server

    moments = 0

    def another_moment(*_: object, **__: object) -> None:
        nonlocal moments
        moments += 1
        if moments == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", another_moment)
    event.listen(engine, "commit", another_moment)

    def counted(environ: Any, start_response: Any) -> Any:
        answer = app(environ, start_response)
        another_moment()
        return answer

    make_server("127.0.0.1", 0, counted, fd=door.fileno()).handle_request()


if __name__ == "__main__":
    main(sys.argv[1])
