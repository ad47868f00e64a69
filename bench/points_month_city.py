"""The city of the month of points: campaigns, shops, partners and officers, and a sandbox of the outside systems."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

import urllib3
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db, embedded
from core.clock import TAIPEI
from core.text import Text
from identity import approvals, officers
from identity.actors import Actor
from partners import wire
from partners.bank.payouts import PayoutClient
from partners.exchanging import ean13_holds, luhn_holds
from partners.familymart.client import FamilyMartClient
from partners.ipass.client import IpassClient
from partners.okmart.client import OkMartClient
from partners.pxmart.client import PxMartClient
from partners.seveneleven.client import SevenElevenClient
from points.campaigns import Terms, open_campaign
from points.exchange import breaks, exchanges, nettings, saga, terms
from points.exchange import ports as exchange_ports
from points.merchants import ports as merchant_ports

PARTNERS: Final[Mapping[str, Callable[[wire.Peer], exchange_ports.Partner]]] = {
    "ipass": IpassClient, "okmart": OkMartClient, "pxmart": PxMartClient, "familymart": FamilyMartClient,
    "seveneleven": SevenElevenClient,
}  # fmt: skip
BUREAUS: Final = ("finance", "transport")
# A campaign for each way of paying, and for each kind of deed with the bureau that tells of it and its facts: who earns
# from one waits for nobody who earns from another.
RAILS: Final = tuple(f"rail-{number}" for number in range(20))
DEEDS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "ride": ("transport", {"operator": "metro", "is_complete": True, "fare_twd": 25}),
    "health_check_in": ("health", {"activity": "walk", "steps": 8_000}),
    "volunteering": ("social_affairs", {"hours": 2}),
}
CAMPAIGNS: Final = tuple(f"month-{each}".replace("_", "-") for each in (*RAILS, *DEEDS))
BUDGET: Final = 100_000_000
MERCHANTS: Final = 20
OFFICERS: Final = ("M00001", "M00002")
BANK_ACCOUNT: Final = "901790000002"
# Over so many points a day a person's next use waits for the desk.
PERSON_A_DAY: Final = 250
# So many of a hundred calls go wrong after the partner has acted.
_WRONG: Final = 0.03
_MISBEHAVIOUR: Final = (
    ("ipass", "reservation", "timeout_after"), ("ipass", "confirmation", "error_500_after"),
    ("okmart", "credit", "timeout_after"), ("familymart", "transfer", "bad_signature"),
    ("familymart", "completion", "timeout_after"), ("seveneleven", "order", "error_500_after"),
    ("bank", "payout_file", "error_500_after"),
)  # fmt: skip
_NAMESPACE: Final = UUID("6b3cfb0e-3a0e-5d0c-9d67-6d6f6e746873")


@contextmanager
def sandbox(folder: Path, ahead_file: Path) -> Iterator[str]:
    """The outside systems as a process whose clock follows that file; partners lose a few answers. Its address."""
    port = embedded.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_SECRET")} | {
        "SANDBOX_PORT": str(port), "STATE_DIR": str(folder), "API_URL": "http://127.0.0.1:1", "SANDBOX_URL": url,
        "CLOCK_AHEAD_FILE": str(ahead_file), "SANDBOX_SEVENELEVEN_SECONDS": "0", "MYKH_DEMO": "1",
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sandbox.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "partners.sandbox"], env=environment, stdout=log, stderr=log)
    try:
        _wait_for(url, process)
        asked(url, "PUT", "/switches", {"settings": {"webhooks": False}})
        for partner, operation, mode in _MISBEHAVIOUR:
            params = {"seconds": 0.0} if mode == "timeout_after" else {}
            rule = {"partner": partner, "operation": operation, "mode": mode, "rate": _WRONG, "params": params}
            asked(url, "POST", "/switches", rule)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def asked(url: str, method: str, path: str, body: Any = None) -> Any:
    """One call to the sandbox's own desk."""
    answer = urllib3.request(method, url + path, json=body, timeout=60, retries=False)
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {answer.data[:200]!r}")
    return answer.json() if answer.data else None


def plug_in(url: str) -> None:
    """Connect this process with the partners and the bank at that sandbox."""
    exchange_ports.plug_in({code: client(_peer(url, code)) for code, client in PARTNERS.items()})
    payer = merchant_ports.Payer(PayoutClient(_peer(url, "bank")), "高雄市政府經濟發展局", "016", BANK_ACCOUNT)
    merchant_ports.plug_in(merchant_ports.Ports(payer, {}, lambda *_: True, "http://localhost/app"))
    breaks.register()
    nettings.register()


def found(session: Session) -> None:
    """Campaigns, shops with proven accounts, partners, and a limit that some will exceed."""
    start = datetime(2026, 10, 1, tzinfo=TAIPEI)
    for number, rail in enumerate(RAILS):
        of_rail = _terms(f"month-{rail}", BUREAUS[number % len(BUREAUS)], start, rail=rail)
        open_campaign(session, of_rail, budget_points=BUDGET, now=start)
    for kind, (bureau, _) in DEEDS.items():
        more: dict[str, Any] = {"points_per_payment": 6, "points_per_step": 0, "event_kind": f"deed.{kind}"}
        open_campaign(
            session, _terms(f"month-{kind}".replace("_", "-"), bureau, start, **more), budget_points=BUDGET, now=start
        )
    for number in range(MERCHANTS):
        values = {"id": merchant(number), "branch": branch(number), "number": f"{number:08d}", "now": start,
                  "code": shop_code(number), "account": f"6001002{number:05d}"}  # fmt: skip
        session.execute(_MERCHANT, values)
        session.execute(_BRANCH, values)
    for staff_number in OFFICERS:
        officers.add(
            session, staff_number=staff_number, name=staff_number, bureau="economic", roles=("points_officer",),
            now=start,
        )  # fmt: skip
    terms.ensure_demo_terms(session, start)
    session.execute(text("UPDATE points.velocity_limit SET most_points = :most WHERE code = 'person_day'"),
                    {"most": PERSON_A_DAY})  # fmt: skip


def merchant(number: int) -> UUID:
    """The n-th merchant."""
    return uuid5(_NAMESPACE, f"merchant {number}")


def branch(number: int) -> UUID:
    """Its branch."""
    return uuid5(_NAMESPACE, f"branch {number}")


def shop_code(number: int) -> str:
    """What is printed at its counter."""
    return f"SH{number:08d}"


def till(number: int) -> Actor:
    """Its cash register."""
    return Actor(
        kind="till", id=uuid5(_NAMESPACE, f"till {number}"), merchant_id=merchant(number), branch_id=branch(number),
        is_register=True,
    )  # fmt: skip


def member(partner: str, number: int) -> str:
    """The number of that citizen's card or membership at a partner."""
    if partner == "okmart":
        return f"09{number:08d}"
    digits, holds = {"pxmart": (13, ean13_holds), "familymart": (10, luhn_holds)}.get(partner, (16, luhn_holds))
    body = f"9{number:0{digits - 2}d}"
    return next(whole for check in range(10) if holds(whole := f"{body}{check}"))


def officer(staff_number: str) -> Actor:
    """Somebody at the points desk."""
    with db.unit_of_work() as session:
        found = session.execute(_OFFICER, {"number": staff_number}).scalar_one()
    return Actor(kind="officer", id=found, name=staff_number, roles=frozenset({"points_officer"}), bureau="economic")


def look_at_held() -> tuple[int, int]:
    """The desk looks at the exchanges that wait: every third is refused. How many were released, and refused."""
    who = officer(OFFICERS[0]).id
    with db.unit_of_work() as session:
        waiting = sorted(
            exchanges.with_status(session, ["held"], limit=100_000, before=None), key=lambda each: each.person_id
        )
    refused = 0
    for place, each in enumerate(waiting):
        with db.unit_of_work() as session:
            if place % 3 == 2:
                exchanges.refuse(session, each.id, by=who, reason="month", now=clock.now())
                refused += 1
            else:
                exchanges.release(session, each.id, by=who, now=clock.now())
    return len(waiting) - refused, refused


def drive_exchanges(ahead: Callable[[timedelta], None]) -> None:
    """The worker's sweeps, until nothing that can go on is on its way; between them the clock goes on."""
    for _ in range(30):
        while saga.drive_due(clock.now()):
            pass
        with db.unit_of_work() as session:
            if not session.execute(text("SELECT count(*) FROM points.exchange WHERE next_at IS NOT NULL")).scalar():
                return
        ahead(timedelta(minutes=6))
    raise RuntimeError("an exchange does not come to its end")


def pay_partners() -> None:
    """Two officers have what the city owes for its months paid."""
    first, second = map(officer, OFFICERS)
    with db.unit_of_work() as session:
        due = nettings.page(session, statuses=("to_pay", "stopped"), partner=None, limit=100, before=None)
    for each in due:
        with db.unit_of_work() as session:
            proposed = nettings.propose(session, each.id, note="月結", by=first, now=clock.now())
            assert proposed.approval_id is not None
        with db.unit_of_work() as session:
            approvals.decide(session, proposed.approval_id, by=second, is_approved=True, note="", now=clock.now())


def partners_pay(url: str) -> int:
    """Partners that owe pay in, under the reference. Answers how many."""
    with db.unit_of_work() as session:
        owed = nettings.page(session, statuses=("owed",), partner=None, limit=100, before=None)
    for each in owed:
        entry = {"account": "points", "reference": f"IN-{each.partner}", "party": each.partner,
                 "amount_twd": -each.amount_twd, "remittance": each.reference}  # fmt: skip
        asked(url, "PUT", "/books/bank/incoming", entry)
    return len(owed)


def _terms(code: str, bureau: str, start: datetime, **changed: Any) -> Terms:
    values: dict[str, Any] = {
        "code": code, "name": Text("集點", "Points"), "bureau": bureau, "rail": None, "points_per_payment": 10,
        "points_per_step": 1, "step_twd": 100, "points_per_person_and_day": None, "lifetime_months": 1,
        "valid_from": start, "valid_until": start + timedelta(days=300),
    }  # fmt: skip
    return Terms(**{**values, **changed})


def _peer(url: str, name: str) -> wire.Peer:
    return wire.Peer(name, f"{url}/{name}", f"sandbox-{name}-secret", read_timeout_seconds=60.0)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if urllib3.request("GET", f"{url}/healthz", retries=False, timeout=1).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the sandbox did not come up")


_OFFICER = text("SELECT id FROM identity.officer WHERE staff_number = :number")
_MERCHANT = text(
    """
    INSERT INTO points.merchant (id, business_id, name, category, owner_person_id, phone, status, bank_code,
                                 bank_account, bank_proven_at, applied_at, approved_at)
    VALUES (:id, :number, '測試', 'food', :id, '075550123', 'approved', '016', :account, :now, :now, :now)
    """
)
_BRANCH = text(
    """
    INSERT INTO points.branch (id, merchant_id, name, address, district, latitude, longitude, shop_code, opened_at)
    VALUES (:branch, :id, '本店', '高雄市', '64000010', 22.62, 120.28, :code, :now)
    """
)
