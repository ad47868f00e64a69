"""People of a month: each with a phone, an account here and at another bank, and a kept card, over HTTP alone."""

from __future__ import annotations

import itertools
import random
import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import urllib3

from bench.payers import Payer
from core.ids import typeid

RAILS = {
    "bank_of_kaohsiung": 34, "ach": 13, "card": 8, "card_kept": 10, "apple_pay": 5, "google_pay": 5, "jkopay": 7,
    "line_pay": 6, "split": 5, "store_barcode": 5, "twqr": 2,
}  # fmt: skip
_DEVICE_TOKEN = '{"network": "visa", "last4": "1111", "holderName": "王小美"}'
_NEVER_COMES_BACK = 0.05
_PAYS_AGAIN_AT_A_STORE = 0.02
_ASKS_BACK = 0.02
_TRIES = 4
_accounts = itertools.count(1)


class NotDone(Exception):
    """A wish that was refused, or that nobody answered: what the payer saw, in one word."""


@dataclass
class Person:
    """One of them. What they saw is counted in `seen`; what is true stands in the books."""

    payer: Payer
    url: str
    sandbox: str
    http: urllib3.PoolManager
    token: str = ""
    other_link: str = ""
    kept_card: str = ""
    seen: Counter[str] = field(default_factory=Counter)
    by_card: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        """With the passkey."""
        begun = self.call("POST", "/v1/auth/passkeys/login/options", {})
        credential = orjson.loads(self.payer.assertion(begun["options"]["challenge"]))["credential"]
        body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
        self.token = self.call("POST", "/v1/auth/passkeys/login/verify", body)["access_token"]

    def settle_in(self) -> None:
        """Link an account at another bank; keep a card when something is paid with it."""
        account_no = f"{next(_accounts):012d}"
        self._sandbox("PUT", "/books/ach/accounts", {"bank": "822", "account_no": account_no, "balance_twd": 10**8})
        begun = self.call("POST", "/v1/bank-links", {"bank": "822", "account_no": account_no})
        form = {"decision": "approve", "per_payment_limit": "100000", "daily_limit": "1000000"}
        back = self._form(begun["authorize_url"], form)
        body = {"state": back["state"], "code": back["code"]}
        self.other_link = self.call("POST", f"/v1/bank-links/{begun['id']}/completion", body)["id"]
        self.pay("card", [self.bills()[0]], random.Random(0), keeps=True)

    def find_card(self) -> None:
        """The card that was kept, once the processor has told of it."""
        cards = self.call("GET", "/v1/cards")["items"]
        self.kept_card = cards[0]["id"] if cards else ""

    def bills(self) -> list[dict[str, Any]]:
        """What can be paid now."""
        found = self.call("GET", "/v1/bills?status=unpaid&limit=200")["items"]
        return [bill for bill in found if bill["is_payable"] and bill["status"] == "unpaid"]

    def day(self, chance: random.Random, payments: int) -> None:
        """So many payments, one after the other, by whatever way comes to mind."""
        try:
            self.sign_in()
            bills = self.bills()
        except NotDone as problem:
            self.seen[str(problem)] += 1
            return
        for _ in range(payments):
            if not bills:
                return
            count = min(len(bills), 2 if chance.random() < 0.2 else 1)
            chosen, bills = bills[:count], bills[count:]
            (rail,) = chance.choices(list(RAILS), list(RAILS.values()))
            try:
                self.pay(rail, chosen, chance)
            except NotDone as problem:
                self.seen[str(problem)] += 1

    def pay(self, rail: str, bills: list[dict[str, Any]], chance: random.Random, *, keeps: bool = False) -> None:
        """Pay these by that rail. Raises NotDone."""
        if rail in ("store_barcode", "twqr"):
            for bill in bills:
                self._take_to_the_till(self._slip(bill, rail), rail)
            return
        slip = None
        if chance.random() < _PAYS_AGAIN_AT_A_STORE:
            slip = self._slip(bills[0], "store_barcode")
        payment = self._confirmed(rail, bills)
        if payment["status"] == "action_required" and chance.random() >= _NEVER_COMES_BACK:
            payment = self._elsewhere(payment, rail, keeps, comes_back=chance.random() >= _NEVER_COMES_BACK)
        self.seen[payment["status"]] += 1
        if slip is not None:
            self._take_to_the_till(slip, "store_barcode")
        if payment["status"] != "captured":
            return
        if payment["rail"] in ("card", "apple_pay", "google_pay"):
            self.by_card.append(payment["id"])
        if chance.random() < _ASKS_BACK and bills[0]["kind"] == "parking":
            self._ask_back(payment)

    def call(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """One request, sent again under its key when nobody answers. Raises NotDone."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        for _ in range(_TRIES if key or method == "GET" else 1):
            try:
                answer = self.http.request(method, self.url + path, json=body, headers=headers, timeout=40.0)
            except urllib3.exceptions.HTTPError:
                continue
            if answer.status < 400:
                return orjson.loads(answer.data) if answer.data else None
            if answer.status not in (409, 503) or "in-progress" not in answer.data.decode():
                break
        else:
            raise NotDone("no answer")
        problem = orjson.loads(answer.data) if "json" in answer.headers.get("Content-Type", "") else {}
        raise NotDone(str(problem.get("type", answer.status)).rsplit("/", 1)[-1])

    def _confirmed(self, rail: str, bills: list[dict[str, Any]]) -> dict[str, Any]:
        how: dict[str, Any] = {"rail": rail}
        if rail in ("bank_of_kaohsiung", "split"):
            how = {"bank_link_id": typeid("blk", self.payer.link_id)}
        elif rail == "ach":
            how = {"bank_link_id": self.other_link}
        elif rail == "card_kept":
            how = {"card_id": self.kept_card} if self.kept_card else {"rail": "card"}
        if rail == "split":
            balance = self.call("GET", "/v1/points")["balance"]
            how["points"] = max(min(balance, sum(bill["amount"] for bill in bills) - 1), 0)
        wanted = {"bill_ids": [bill["id"] for bill in bills], **how}
        begun = self.call("POST", "/v1/payments", wanted, key=str(uuid.uuid4()))
        word = orjson.loads(self.payer.assertion(begun["authorization"]["options"]["challenge"]))
        if rail in ("apple_pay", "google_pay"):
            word["wallet_token"] = _DEVICE_TOKEN
        path = f"/v1/payments/{begun['id']}/authorization"
        return self.call("POST", path, word, key=str(uuid.uuid4()))  # type: ignore[no-any-return]

    def _elsewhere(self, payment: dict[str, Any], rail: str, keeps: bool, *, comes_back: bool) -> dict[str, Any]:
        form = {"decision": "pay"}
        if rail.startswith("card"):
            form = {"number": "4111111111111111", "holder_name": "王小美", "expiry": "03/30", "cvc": "737"}
            form |= {"keep": "yes"} if keeps else {}
        result = self._form(payment["action"]["url"], form)
        if not comes_back or not result:
            return payment
        path = f"/v1/payments/{payment['id']}/completion"
        return self.call("POST", path, {"result": result}, key=str(uuid.uuid4()))  # type: ignore[no-any-return]

    def _slip(self, bill: dict[str, Any], channel: str) -> dict[str, Any]:
        return self.call("POST", f"/v1/bills/{bill['id']}/payment-slips", {"channel": channel})  # type: ignore[no-any-return]

    def _take_to_the_till(self, slip: dict[str, Any], channel: str) -> None:
        form = {"channel": "twqr", "payload": slip["payload"] or ""}
        if channel == "store_barcode":
            chain = ("7-eleven", "family", "ok", "hi-life")[int(slip["number"][-2:]) % 4]
            form = {"channel": chain} | {f"segment_{n}": each for n, each in enumerate(slip["segments"], start=1)}
        answer = self.http.request(
            "POST", f"{self.sandbox}/stores/till", fields=form, encode_multipart=False,
            headers={"Accept": "application/json"}, timeout=40.0,
        )  # fmt: skip
        self.seen["cash" if answer.status == 201 else "not taken"] += 1

    def _ask_back(self, payment: dict[str, Any]) -> None:
        bill = payment["bills"][0]
        register = {"number": bill["number"], "amount_twd": bill["amount"], "status": "void"}
        self._sandbox("PUT", "/books/bureaus/parking/bills", register)
        body = {"bill_id": bill["bill_id"], "reason": "bill_withdrawn"}
        self.call("POST", f"/v1/payments/{payment['id']}/refunds", body, key=str(uuid.uuid4()))
        self.seen["asked back"] += 1

    def _form(self, url: str, form: dict[str, str]) -> dict[str, str]:
        """Fill in a page of somebody else's, and the page behind it; what the browser brings back to the city."""
        for _ in range(3):
            page = self.http.request("GET", url, timeout=40.0).data.decode()
            accounts = re.findall(r'name="account"[^>]*?value="([^"]+)"', page)
            sent = form | ({"account": accounts[0]} if accounts else {})
            answer = self.http.request("POST", url, fields=sent, encode_multipart=False, redirect=False, timeout=40.0)
            if answer.status != 303:
                return {}
            address = str(answer.headers["Location"])
            if not address.startswith(self.sandbox):
                return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
            url, form = address, {"decision": "approve"}
        return {}

    def _sandbox(self, method: str, path: str, body: Any) -> None:
        self.http.request(method, self.sandbox + path, json=body, timeout=40.0)
