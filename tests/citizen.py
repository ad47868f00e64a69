"""A citizen as a program: signs in with text message and passkey, links an account, looks, pays, over real HTTP."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3
from software_authenticator import SoftwareAuthenticator, unb64


class Refused(Exception):
    """An answer that is a refusal: `status`, and the problem's `slug` and `body`."""

    def __init__(self, status: int, body: dict[str, Any], headers: Mapping[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.slug = str(body.get("type", "")).rsplit("/", 1)[-1]
        super().__init__(f"{status} {self.slug}: {body.get('detail')} {body.get('errors', '')}")


class Citizen:
    """One person with one device."""

    def __init__(self, url: str, sandbox_url: str, *, origin: str | None = None, pool: Any = None) -> None:
        self.url = url
        self.sandbox_url = sandbox_url
        self.origin = origin or f"http://localhost:{urlsplit(url).port}"
        self.http = pool or urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(30))
        self.device = SoftwareAuthenticator("localhost", self.origin)
        self.token: str | None = None
        self.person_id = ""

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        """One request; the JSON that came back. Raises Refused."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content = None
        if body is not None:
            content = json.dumps(body)
            sent["Content-Type"] = "application/json"
        if key:
            sent["Idempotency-Key"] = key
        answer = self.http.request(method, self.url + path, body=content, headers=sent)
        self.last_headers = answer.headers
        if answer.status >= 400:
            try:
                problem = json.loads(answer.data)
            except ValueError:
                problem = {"detail": answer.data[:200]}
            raise Refused(answer.status, problem, answer.headers)
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            return json.loads(answer.data)
        return answer.data

    def register(self, national_id: str, mobile: str, password: str) -> None:
        """A new person, with the code from the sandbox's telephone company."""
        self._note_texts(mobile)
        challenge = self.call(
            "POST", "/v1/auth/password/register",
            {"national_id": national_id, "mobile": mobile, "password": password},
        )  # fmt: skip
        self._enter_code(challenge, mobile)

    def sign_in(self, national_id: str, password: str, mobile: str) -> None:
        """ID number, password, and the code."""
        self._note_texts(mobile)
        challenge = self.call("POST", "/v1/auth/password/login", {"national_id": national_id, "password": password})
        self._enter_code(challenge, mobile)

    def add_passkey(self) -> None:
        """A passkey on this device; the session rises to level 3."""
        ceremony = self.call("POST", "/v1/auth/passkeys/registration/options", {})
        session = self.call(
            "POST", "/v1/auth/passkeys/registration/verify",
            {"ceremony_id": ceremony["ceremony_id"], "credential": self.device.create(ceremony["options"]),
             "name": "test phone"},
        )  # fmt: skip
        self.token = session["access_token"]

    def link_account(self, *, per_payment: int = 5000, daily: int = 20000, account: int = 0) -> dict[str, Any]:
        """Consent on the bank's own page, and back."""
        link = self.call("POST", "/v1/bank-links", {})
        page = self.http.request("GET", link["authorize_url"]).data.decode()
        accounts = re.findall(r'name="account"[^>]*?value="([^"]+)"', page)
        form = {"account": accounts[account], "per_payment_limit": str(per_payment), "daily_limit": str(daily),
                "decision": "approve"}  # fmt: skip
        answer = self.http.request("POST", link["authorize_url"], fields=form, encode_multipart=False, redirect=False)
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
        body = {"state": back["state"][0], "code": back["code"][0]}
        return self.call("POST", f"/v1/bank-links/{link['id']}/completion", body)  # type: ignore[no-any-return]

    def unpaid(self) -> list[dict[str, Any]]:
        """The bills that can be paid now."""
        return [bill for bill in self.call("GET", "/v1/bills?status=unpaid&limit=200")["items"] if bill["is_payable"]]

    def begin(
        self, bill_ids: list[str], link_id: str | None = None, key: str | None = None, **how: Any
    ) -> dict[str, Any]:
        """POST /v1/payments, by a linked account or as `how` says (rail, card_id, points)."""
        body = {"bill_ids": bill_ids, **({"bank_link_id": link_id} if link_id else {}), **how}
        return self.call("POST", "/v1/payments", body, key=key or str(uuid.uuid4()))  # type: ignore[no-any-return]

    def confirm(self, payment: dict[str, Any], key: str | None = None, **device: Any) -> dict[str, Any]:
        """POST …/authorization with this device's assertion."""
        credential = self.device.get(payment["authorization"]["options"], **device)
        return self.call(  # type: ignore[no-any-return]
            "POST", f"/v1/payments/{payment['id']}/authorization", {"credential": credential},
            key=key or str(uuid.uuid4()),
        )  # fmt: skip

    def pay(self, bill_ids: list[str], link_id: str | None = None, **how: Any) -> dict[str, Any]:
        """Begin and confirm."""
        return self.confirm(self.begin(bill_ids, link_id, **how))

    def _enter_code(self, challenge: dict[str, Any], mobile: str) -> None:
        code = self._code_sent_to(mobile)
        session = self.call("POST", "/v1/auth/otp/verify", {"challenge_id": challenge["challenge_id"], "code": code})
        self.token, self.person_id = session["access_token"], session["person_id"]

    def _texts(self, mobile: str) -> list[dict[str, Any]]:
        answer = self.http.request("GET", f"{self.sandbox_url}/books/sms?to=%2B886{mobile[1:]}")
        return json.loads(answer.data)["items"]  # type: ignore[no-any-return]

    def _note_texts(self, mobile: str) -> None:
        self._old_texts = {message["id"] for message in self._texts(mobile)}

    def _code_sent_to(self, mobile: str, *, seconds: float = 60.0) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in self._texts(mobile):
                found = re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", message["text"])
                if found and message["id"] not in self._old_texts:
                    return found.group()
            time.sleep(0.1)
        came = [message["text"] for message in self._texts(mobile)]
        raise AssertionError(f"no text message with a code reached {mobile} in {seconds:.0f} s; what came: {came}")


__all__ = ["Citizen", "Refused", "unb64"]
