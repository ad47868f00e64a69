"""The sandbox as a program: its books outlive it, and nothing of it outlives its end."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sandbox_process import SandboxBooks, free_port, start_sandbox


def test_books_and_switches_outlive_a_kill(tmp_path: Path) -> None:
    port = free_port()
    killed = start_sandbox(tmp_path, port=port)
    books = SandboxBooks(killed.url)
    books.put("bank/accounts", account_no="9017-7777-0001", holder_name="X", balance_twd=5)
    books.set_switch("bank", "debit", "slow", seconds=1)
    killed.process.kill()
    killed.process.wait()
    wait_until_closed(killed.url)
    started = start_sandbox(tmp_path, port=port)
    try:
        assert books.balance("9017-7777-0001") == 5
        assert len(books.accounts(national_id="A123456789")) == 1
        assert [rule["mode"] for rule in books.asked("GET", "/switches")["rules"]] == ["slow"]
    finally:
        started.stop()


def test_a_held_connection_does_not_hold_up_the_end(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path)
    SandboxBooks(sandbox.url).set_switch("fcm", "token", "timeout_before", seconds=60)
    address = urlsplit(sandbox.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as connection:
        connection.sendall(b"POST /fcm/token HTTP/1.1\r\nhost: sandbox\r\ncontent-length: 0\r\n\r\n")
        time.sleep(0.2)
        began = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - began < 6


def wait_until_closed(url: str) -> None:
    address = urlsplit(url)
    for _ in range(100):
        try:
            socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=1).close()
        except OSError:
            return
        time.sleep(0.1)
    pytest.fail("the killed sandbox still listens")
