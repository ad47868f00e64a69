"""A running copy whose clock can be put ahead: people who pay by every rail, officers, and second front doors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3
from card_desk import brought_back, enter_card
from celery import Celery
from citizen import Citizen, Refused
from paying_city import Payer, new_payer
from roster import on_the_roster
from sandbox_process import free_port
from software_authenticator import SoftwareAuthenticator
from stack import ROOT, Stack
from state_folders import STATE_PARENT
from waiting import wait_until

from api import wiring
from core import clock

# The turn of `api.sweeping`, taken and given back at once.
_HAS_NO_TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))::int"
KEPT_CARD_WALLET = json.dumps({"network": "visa", "last4": "1111", "holderName": "王小美"})


@dataclass
class City:
    """One running copy and the hands on its clock."""

    stack: Stack
    ahead_file: Path
    ahead: timedelta = timedelta()
    desks: dict[str, Officer] = field(default_factory=dict)

    @classmethod
    def started(cls, state_dir: Path, **environment: str) -> City:
        """A copy of its own, durable, its clock right at first; this process's clock goes with it."""
        ahead_file = state_dir / "clock"
        city = cls(Stack(state_dir, CLOCK_AHEAD_FILE=str(ahead_file), **environment), ahead_file)
        state_dir.mkdir(parents=True, exist_ok=True)
        clock.follow(ahead_file)
        city.stack.start()
        return city

    def stop(self) -> None:
        """The end of it, and of its folder."""
        self.stack.remove()
        clock.follow(None)

    def let_pass(self, **time_passing: float) -> None:
        """So much time passes for everybody at once."""
        self.ahead += timedelta(**time_passing)
        clock.put_ahead(self.ahead_file, self.ahead)

    def sweep(self, *names: str) -> None:
        """Have the worker run these sweeps now instead of at their next turn.

        A pass that is still under way began before what the test has done since, and would send ours away.
        """
        port = (self.stack.state_dir / "redis.port").read_text()
        with Celery(broker=f"redis://127.0.0.1:{port}/0") as beat:
            for name in names:
                assert name in wiring.sweeps(), f"no such sweep: {name}"
                wait_until(lambda name=name: self.number(_HAS_NO_TURN, f"sweep {name} 0"))
                beat.send_task("sweeps.run", args=[name], queue="sweeps", ignore_result=True)

    def payer(self, *, parking: tuple[int, ...] = (), fines: tuple[int, ...] = (), **limits: int) -> CityPayer:
        """Somebody new who owes these amounts."""
        payer = CityPayer(self, new_payer(self.stack, parking=parking, fines=fines, **{"daily": 90_000, **limits}),
                          (*parking, *fines))  # fmt: skip
        # One passkey on several devices, as phones share them: it keeps no counter.
        payer.citizen.device.has_counter = False
        return payer

    def officer(self, name: str = "finance", *roles: str) -> Officer:
        """The officer of that name, with these roles (their name, when none is given); the same one when asked again."""
        if name not in self.desks:
            self.desks[name] = Officer.enrolled(self.stack, name, *(roles or (name,)))
        return self.desks[name]

    def rows(self, question: str, *values: Any) -> list[Any]:
        """Rows of the product's own database, to look at."""
        with self.stack.database() as connection:
            return connection.execute(question, values or None).fetchall()  # type: ignore[arg-type]

    def number(self, question: str, *values: Any) -> int:
        """One number of the product's own database."""
        return int(self.rows(question, *values)[0][0])

    def breaks(self, query: str = "") -> list[dict[str, Any]]:
        """What the finance desk sees as differences."""
        return list(self.officer().call("GET", f"/v1/reconciliation/breaks?limit=200{query}")["items"])

    def metric(self, line: str) -> float:
        """The value of one line of /metrics; 0 when it is not there."""
        text = urllib3.request("GET", f"{self.stack.api_url}/metrics").data.decode()
        found = re.search(rf"^{re.escape(line)} ([0-9.e+]+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    @contextmanager
    def front_door(self, **environment: str) -> Iterator[str]:
        """A second API on the same database, with other settings; its address."""
        port = free_port()
        folder = self.stack.state_dir / f"door-{port}"
        folder.mkdir()
        broker = (self.stack.state_dir / "redis.port").read_text()
        whole = self.stack.environment | {
            "DATABASE_URL": self.stack.database_url, "BROKER_URL": f"redis://127.0.0.1:{broker}/0", "PORT": str(port),
            "PUBLIC_ORIGIN": self.stack.url, "MYKH_DEMO": "1", "PROMETHEUS_MULTIPROC_DIR": str(folder),
            "API_WORKERS": "1", **environment,
        }  # fmt: skip
        with open(folder / "api.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "api.serve"], cwd=ROOT, env=whole, stdout=log, stderr=log, start_new_session=True
            )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: _is_there(f"{url}/healthz"))
            yield url
        finally:
            process.terminate()
            process.wait(20)


class Officer:
    """Somebody on the roster at their desk, over HTTP; signs in again when the session has run out."""

    def __init__(self, stack: Stack, device: SoftwareAuthenticator, token: str) -> None:
        self.stack, self.device, self.token = stack, device, token

    @classmethod
    def enrolled(cls, stack: Stack, name: str, *roles: str) -> Officer:
        """Put on the roster with the product's own command, enrolled with a passkey."""
        _, code = on_the_roster(stack, name, *roles)
        device = SoftwareAuthenticator(origin=stack.url)
        enrolment = f"{stack.api_url}/v1/auth/officers/enrolment"
        begun = urllib3.request("POST", f"{enrolment}/options", json={"code": code}).json()
        body = {"ceremony_id": begun["ceremony_id"], "credential": device.create(begun["options"])}
        answer = urllib3.request("POST", f"{enrolment}/verify", json=body)
        assert answer.status == 201, answer.data
        return cls(stack, device, str(answer.json()["access_token"]))

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        """One request; the JSON that came back. Raises Refused."""
        answer = self._once(method, path, body, raw, headers)
        if answer.status == 401:
            self._sign_in()
            answer = self._once(method, path, body, raw, headers)
        is_json = "json" in answer.headers.get("Content-Type", "")
        content = json.loads(answer.data) if is_json and answer.data else answer.data
        if answer.status >= 400:
            raise Refused(answer.status, content if is_json else {}, answer.headers)
        return content

    def decide(self, approval_id: str, *, is_approved: bool = True) -> Any:
        """Approve or decline what a colleague proposed."""
        body = {"is_approved": is_approved, "note": "查過了"}
        return self.call("POST", f"/v1/approvals/{approval_id}/decision", body, Idempotency_Key=str(uuid.uuid4()))

    def send_file(self, source: str, content: bytes) -> dict[str, Any]:
        """Upload a settlement file or statement. Raises Refused."""
        path = f"/v1/reconciliation/files?source={source}"
        return self.call("POST", path, raw=content, Content_Type="application/octet-stream")  # type: ignore[no-any-return]

    def _sign_in(self) -> None:
        login = f"{self.stack.api_url}/v1/auth/officers/login"
        begun = urllib3.request("POST", f"{login}/options", json={}).json()
        body = {"ceremony_id": begun["ceremony_id"], "credential": self.device.get(begun["options"])}
        answer = urllib3.request("POST", f"{login}/verify", json=body)
        assert answer.status == 200, answer.data
        self.token = str(answer.json()["access_token"])

    def _once(
        self, method: str, path: str, body: Any, raw: bytes | None, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = {"body": raw} if raw is not None else {"json": body} if body is not None else {}
        return urllib3.request(method, self.stack.api_url + path, headers=sent, timeout=60.0, **content)  # type: ignore[arg-type]


@dataclass
class CityPayer:
    """Somebody who pays by every rail there is."""

    city: City
    payer: Payer
    amounts: tuple[int, ...]

    @property
    def citizen(self) -> Citizen:
        """Their phone."""
        return self.payer.citizen

    @property
    def bills(self) -> list[str]:
        """The ids of the bills they had at first, in the order in which their amounts were given."""
        left = sorted(self.payer.bills, key=lambda bill: str(bill["number"]))
        ordered = []
        for amount in self.amounts:
            ordered.append(next(bill for bill in left if bill["amount"] == amount))
            left.remove(ordered[-1])
        return [str(bill["id"]) for bill in ordered]

    @property
    def link(self) -> str:
        """Their account at the city's bank."""
        return str(self.payer.link["id"])

    def owed(self) -> list[int]:
        """The amounts of what they can pay now, and that no payment has in hand."""
        return sorted(bill["amount"] for bill in self.citizen.unpaid() if bill["status"] == "unpaid")

    def by_bank(self, *bills: str, **how: Any) -> dict[str, Any]:
        """A payment from the account at the city's bank."""
        return self.citizen.pay(list(bills or self.bills), self.link, **how)

    def other_bank(self, *, balance_twd: int = 100_000) -> str:
        """Link an account at another bank; its id."""
        account_no = f"{uuid.uuid4().int % 10**12:012d}"
        sandbox = self.city.stack.sandbox
        sandbox.put("ach/accounts", bank="822", account_no=account_no, national_id=self.payer.national_id,
                    balance_twd=balance_twd)  # fmt: skip
        begun = self.citizen.call("POST", "/v1/bank-links", {"bank": "822", "account_no": account_no})
        address = sandbox.decide(
            begun["authorize_url"], decision="approve", per_payment_limit="30000", daily_limit="90000"
        )
        query = parse_qs(urlsplit(address).query)
        body = {"state": query["state"][0], "code": query["code"][0]}
        return str(self.citizen.call("POST", f"/v1/bank-links/{begun['id']}/completion", body)["id"])

    def card_page(self, *bills: str, **how: Any) -> dict[str, Any]:
        """A payment that waits for a new card on the processor's page."""
        payment = self.citizen.pay(list(bills or self.bills), rail="card", **how)
        assert payment["status"] == "action_required", payment
        return payment

    def enter(self, payment: dict[str, Any], **form: str) -> dict[str, str]:
        """Enter a card on the page; what the browser brings back."""
        return brought_back(enter_card(payment["action"]["url"], **form), self.city.stack.url)

    def back(self, payment: dict[str, Any], result: dict[str, str]) -> dict[str, Any]:
        """The browser comes back to the city."""
        path = f"/v1/payments/{payment['id']}/completion"
        return self.citizen.call("POST", path, {"result": result}, key=str(uuid.uuid4()))  # type: ignore[no-any-return]

    def by_card(self, *bills: str, **form: str) -> dict[str, Any]:
        """A payment with a new card, from beginning to end."""
        payment = self.card_page(*bills)
        done = self.back(payment, self.enter(payment, **form))
        assert done["status"] == "captured", done
        return done

    def kept_card(self) -> str:
        """The id of a card that was kept when something else was paid with it."""
        items = wait_until(lambda: self.citizen.call("GET", "/v1/cards")["items"])
        return str(items[-1]["id"])

    def by_device(self, rail: str, *bills: str) -> dict[str, Any]:
        """A payment by Apple Pay or Google Pay."""
        begun = self.citizen.begin(list(bills or self.bills), rail=rail)
        body = {"credential": self.citizen.device.get(begun["authorization"]["options"]),
                "wallet_token": KEPT_CARD_WALLET}  # fmt: skip
        path = f"/v1/payments/{begun['id']}/authorization"
        return self.citizen.call("POST", path, body, key=str(uuid.uuid4()))  # type: ignore[no-any-return]

    def now(self, payment: dict[str, Any]) -> dict[str, Any]:
        """The payment as it stands."""
        return self.citizen.call("GET", f"/v1/payments/{payment['id']}")  # type: ignore[no-any-return]

    def status(self, payment: dict[str, Any]) -> str:
        """Where the payment stands."""
        return str(self.now(payment)["status"])

    def becomes(self, payment: dict[str, Any], *statuses: str, seconds: float = 30.0) -> str:
        """Wait until the payment stands at one of these; which."""
        return str(wait_until(lambda: (s := self.status(payment)) in statuses and s, seconds=seconds))

    def earn(self, bill: str) -> int:
        """Pay that bill from the account, wait for what follows; the points there are then."""
        assert self.by_bank(bill)["status"] == "captured"
        wait_until(lambda: self.points()["balance"] > 0)
        wait_until(lambda: self.city.number("SELECT count(*) FROM core.outbox WHERE settled_at IS NULL") == 0)
        return int(self.points()["balance"])

    def points(self) -> dict[str, Any]:
        """GET /v1/points."""
        return self.citizen.call("GET", "/v1/points")  # type: ignore[no-any-return]

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one kind in the inbox."""
        return [each for each in self.citizen.call("GET", "/v1/inbox?limit=50")["items"] if each["kind"] == kind]

    def sign_in_again(self) -> None:
        """With the passkey, after the session has run out."""
        sign_in(self.citizen)

    def on_another_device(self, url: str = "") -> Citizen:
        """The same person, signed in on another device with the same synced passkey, perhaps at another front door."""
        other = self.city.stack.citizen()
        other.url = url or other.url
        other.device, other.person_id = self.citizen.device, self.citizen.person_id
        sign_in(other)
        return other


def sign_in(citizen: Citizen) -> None:
    """A session from the passkey on this device."""
    citizen.token = None
    begun = citizen.call("POST", "/v1/auth/passkeys/login/options", {})
    body = {"ceremony_id": begun["ceremony_id"], "credential": citizen.device.get(begun["options"])}
    citizen.token = citizen.call("POST", "/v1/auth/passkeys/login/verify", body)["access_token"]


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads got: an answer or a refusal."""

    def one(number: int) -> Any:
        try:
            return act(number)
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def new_folder(name: str) -> Path:
    """A folder of this run's own, for a copy that is killed and comes back."""
    return STATE_PARENT / f"mykh-{name}-{os.getpid()}-{time.monotonic_ns() % 10**6}"


def _is_there(url: str) -> bool:
    try:
        return urllib3.request("GET", url, timeout=2.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
