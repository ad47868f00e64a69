"""The sandbox of outside systems as a process of its own, and its books and switches as tests want them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

_http = urllib3.PoolManager(maxsize=16)


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def post_form(url: str, **form: str) -> urllib3.BaseHTTPResponse:
    """Sends a form as a browser does, and does not follow where the answer leads."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _http.request("POST", url, body=urlencode(form), headers=headers, redirect=False, retries=False)


@dataclass
class SandboxProcess:
    """A running sandbox; `stop` ends it, `start_sandbox` on the same state folder goes on with its books."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Ends the sandbox and waits until it is gone."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_sandbox(state_dir: Path, api_url: str = "http://127.0.0.1:1", port: int | None = None) -> SandboxProcess:
    """Starts a sandbox on a free port (or `port`), its webhooks going to `api_url`, and waits until it answers."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    state_dir.mkdir(parents=True, exist_ok=True)
    log = state_dir / "sandbox.log"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_SECRET")}
    published = Path(os.environ.get("SAMPLES_DIR", "../shared/samples")).absolute() / "adyen"
    if published.is_dir():
        environment["ADYEN_OPENAPI_DIR"] = str(published)
    environment |= {"SANDBOX_PORT": str(port), "STATE_DIR": str(state_dir), "API_URL": api_url, "SANDBOX_URL": url}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "partners.sandbox"],
            cwd=Path(__file__).parent.parent,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if _http.request("GET", f"{url}/healthz", retries=False, timeout=1).status == 200:
                return SandboxProcess(url, process, log)
        except urllib3.exceptions.HTTPError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the sandbox did not come up:\n{log.read_text()}")


@dataclass(frozen=True)
class SandboxBooks:
    """The books and switches of the sandbox at `url`."""

    url: str

    def set_switch(
        self,
        partner: str,
        operation: str,
        mode: str,
        *,
        rate: float = 1.0,
        count: int | None = None,
        match: Mapping[str, str] | None = None,
        **params: float,
    ) -> int:
        """Makes `partner.operation` misbehave; returns the rule's id. `params` are the mode's: seconds, n, delay."""
        rule = {"partner": partner, "operation": operation, "mode": mode, "rate": rate, "count": count}
        rule |= {"match": dict(match or {}), "params": params}
        return int(self.asked("POST", "/switches", rule)["id"])

    def clear_switches(self) -> None:
        """Everything behaves again."""
        self.asked("DELETE", "/switches")

    def set_settings(self, **settings: bool) -> None:
        """Turns the settings `webhooks` and `adopt_unknown` on or off."""
        self.asked("PUT", "/switches", {"settings": settings})

    def reset(self) -> None:
        """Empties the books and fills the demo city in again."""
        self.asked("POST", "/books/reset")

    def accounts(self, **filters: str) -> list[dict[str, Any]]:
        """Bank accounts, all or by account_no, national_id, holder_ref."""
        return self.read("bank/accounts", **filters)

    def balance(self, account_no: str) -> int:
        """What is in a bank account, in NT$."""
        (account,) = self.accounts(account_no=account_no)
        return int(account["balance_twd"])

    def mandates(self, **filters: str) -> list[dict[str, Any]]:
        """Mandates, all or by mandate_id, holder_ref, status."""
        return self.read("bank/mandates", **filters)

    def debits(self, **filters: str) -> list[dict[str, Any]]:
        """Debits, all or by reference, mandate_id, status."""
        return self.read("bank/debits", **filters)

    def refunds(self, **filters: str) -> list[dict[str, Any]]:
        """Refunds, all or by reference, debit_reference, status."""
        return self.read("bank/refunds", **filters)

    def bills(self, bureau: str, **filters: str) -> list[dict[str, Any]]:
        """A bureau's bills, all or by number, status, payment_id."""
        return self.read(f"bureaus/{bureau}/bills", **filters)

    def payment_notices(self, bureau: str, **filters: str) -> list[dict[str, Any]]:
        """What a bureau was told, all or by webhook_id, payment_id; `deliveries` says how often."""
        return self.read(f"bureaus/{bureau}/payment-notices", **filters)

    def news(self, bureau: str, **filters: str) -> list[dict[str, Any]]:
        """Everything a bureau was told about payments, in the order in which it first came."""
        return self.read(f"bureaus/{bureau}/news", **filters)

    def sms(self, to: str | None = None) -> list[dict[str, Any]]:
        """Text messages, oldest first, all or to one number."""
        return self.read("sms", **({"to": to} if to else {}))

    def latest_code(self, to: str) -> str:
        """The code in the newest text message to a number."""
        return str(next(message["code"] for message in reversed(self.sms(to)) if message["code"]))

    def pushes(self, address: str | None = None, **filters: str) -> list[dict[str, Any]]:
        """Pushes, oldest first, all or to one address, or by message_id."""
        return self.read("fcm", **({"address": address} if address else {}), **filters)

    def webhooks(self, **filters: str) -> list[dict[str, Any]]:
        """The bank's webhooks, all or by state, type, id."""
        return self.read("webhooks", **filters)

    def approve_mandate(self, authorize_url: str, **form: str) -> str:
        """Approves as a citizen on the consent page; returns the address the browser is sent back to."""
        return self.decide(authorize_url, decision="approve", **form)

    def decide(self, authorize_url: str, **form: str) -> str:
        """Sends the consent page's form; returns the address the browser is sent back to."""
        answer = post_form(authorize_url, **form)
        assert answer.status == 303, answer.data.decode()
        return str(answer.headers["location"])

    def read(self, book: str, **filters: str) -> list[dict[str, Any]]:
        """The rows of a book."""
        answer = _http.request("GET", f"{self.url}/books/{book}", fields=filters or None)
        assert answer.status == 200, answer.data.decode()
        rows: list[dict[str, Any]] = answer.json()["items"]
        return rows

    def put(self, book: str, **values: Any) -> None:
        """Puts something into a book: `put("bureaus/fines/bills", number="…", amount_twd=600)`."""
        self.asked("PUT", f"/books/{book}", values)

    def asked(self, method: str, path: str, body: Any = None) -> Any:
        """One call to the switches or books that must succeed."""
        answer = _http.request(method, self.url + path, json=body)
        assert answer.status < 300, answer.data.decode()
        return answer.json() if answer.data else None
