"""Serving the API: granian, measured against the others in bench/README.md."""

from __future__ import annotations

import os

from flask import Flask
from granian.constants import Interfaces
from granian.server import Server

from api.app import create_app
from api.worker import hand_over_through_celery
from core.settings import settings
from core.stopping import wake_main_thread_on_signals


def app() -> Flask:
    """The application of one server process."""
    wake_main_thread_on_signals()
    application = create_app()
    hand_over_through_celery()
    return application


def main() -> None:
    """Serve until stopped."""
    of = settings()
    Server(
        "api.serve:app",
        factory=True,
        interface=Interfaces.WSGI,
        address=os.environ.get("ADDRESS", "127.0.0.1"),
        port=of.port,
        workers=of.api_workers,
        blocking_threads=of.api_threads,
        backlog=1024,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    main()
