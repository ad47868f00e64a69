"""People with bills in a running city: each invented, registered over HTTP, with what they owe sent in as a bureau does."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import urllib3
from citizen import Citizen
from stack import Stack
from strangers import mobile, national_id, new_number

from api import demo_bureaus
from api.demo import FINES_HEADER, PARKING_HEADER
from core import clock
from core.clock import TAIPEI

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass
class Payer:
    """Somebody signed in with a passkey, with a linked account and unpaid bills."""

    citizen: Citizen
    national_id: str
    mobile: str
    password: str
    plate: str
    link: dict[str, Any]
    bills: list[dict[str, Any]] = field(default_factory=list)

    def bill_ids(self, *numbers: str) -> list[str]:
        """The ids of these bills, or of all."""
        return [bill["id"] for bill in self.bills if not numbers or bill["number"] in numbers]

    @property
    def linked_account(self) -> str:
        """The last four digits of the account that pays."""
        return str(self.link["account"])


def new_payer(
    stack: Stack,
    *,
    parking: Sequence[int] = (),
    fines: Sequence[int] = (),
    per_payment: int = 5000,
    daily: int = 90_000,
) -> Payer:
    """A new person who owes these amounts (NT$)."""
    number = new_number()
    identity, telephone, password = national_id(number), mobile(number), f"pass phrase {number}"
    plate = f"{_LETTERS[number // 9_000 % 24]}{_LETTERS[number // 216_000 % 24]}{_LETTERS[number // 5_184_000 % 24]}-{number % 9000 + 1000}"
    citizen = stack.citizen()
    citizen.register(identity, telephone, password)
    citizen.add_passkey()
    if parking:
        stack.sandbox.put("bureaus/vehicles", plate=plate, vehicle="car", national_id=identity)
        citizen.call("POST", "/v1/me/vehicles", {"plate": plate, "vehicle": "car"})
        send_bills(stack, "parking", parking_file(plate, parking))
    if fines:
        send_bills(stack, "fines", fines_file(plate, identity, fines))
    link = citizen.link_account(per_payment=per_payment, daily=daily)
    return Payer(citizen, identity, telephone, password, plate, link, citizen.unpaid())


def more_parking(stack: Stack, payer: Payer, amounts: Sequence[int]) -> None:
    """More parking fees for the same car."""
    send_bills(stack, "parking", parking_file(payer.plate, amounts))
    payer.bills = payer.citizen.unpaid()


def parking_file(plate: str, amounts: Sequence[int], *, number: str | None = None, status: str = "未繳") -> bytes:
    """A parking export with one line for each amount."""
    today = clock.now().astimezone(TAIPEI).date()
    rows = [
        (number or f"2{new_number():015d}", plate, "汽車", f"{today - timedelta(2):%Y-%m-%d}", "10:00", "四維三路",
         "苓雅區", "計時", str(amount), f"{today + timedelta(12):%Y-%m-%d}", status)
        for amount in amounts
    ]  # fmt: skip
    return _file(PARKING_HEADER, rows).encode("cp950")


def fines_file(
    plate: str,
    owner: str,
    amounts: Sequence[int],
    *,
    number: str | None = None,
    payable: str = "Y",
    status: str = "未結",
) -> bytes:
    """A fines export with one line for each amount."""
    today = clock.now().astimezone(TAIPEI).date()
    rows = [
        (number or f"BX{new_number():07d}", plate, owner, "", f"{today - timedelta(3):%Y-%m-%d} 10:00",
         "苓雅區四維三路", "5630101", "第56條第3項 違規停車", f"{today + timedelta(40):%Y-%m-%d}", str(amount), payable, status)
        for amount in amounts
    ]  # fmt: skip
    return _file(FINES_HEADER, rows).encode("utf-8-sig")


def paid_elsewhere_file(lines: Sequence[tuple[str, int, datetime]], channel: str = "7-ELEVEN") -> bytes:
    """What a store collected: number, NT$, when."""
    rows = [
        (number, channel, str(amount), f"{at.astimezone(TAIPEI):%Y%m%d%H%M}", f"{random.randrange(10**11, 10**12)}")
        for number, amount, at in lines
    ]
    return _file(("帳單編號", "繳費通路", "金額", "繳費時間", "通路交易序號"), rows).encode("utf-8")


def bureau_token(stack: Stack, client_id: str = "parking-demo") -> str:
    """An access token for one of the demo city's bureaus."""
    assertion = demo_bureaus.client_assertion(
        client_id, demo_bureaus.key_path(stack.state_dir, client_id), stack.url, clock.now()
    )
    answer = urllib3.PoolManager().request(
        "POST", f"{stack.api_url}/oauth/token", encode_multipart=False,
        fields={"grant_type": "client_credentials", "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    )  # fmt: skip
    assert answer.status == 200, answer.data
    return str(answer.json()["access_token"])


_CLIENTS = {"parking": "parking-demo", "fines": "fines-demo", "paid-elsewhere": "treasury-demo"}


def send_bills(stack: Stack, source: str, content: bytes) -> dict[str, Any]:
    """Send a file as its bureau does."""
    token = bureau_token(stack, _CLIENTS[source])
    answer = urllib3.request(
        "POST", f"{stack.api_url}/v1/bureau/bill-batches?source={source}", body=content,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "text/csv"},
    )  # fmt: skip
    body = json.loads(answer.data)
    assert answer.status in (200, 201), body
    assert body["refused"] == 0, body
    return dict(body)


def _file(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
