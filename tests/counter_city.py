"""A service counter and the people who come to it, for tests of the counter, of visits and of printed cards."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from signed_in_officer import SignedInOfficer, signed_in_officer
from werkzeug.test import TestResponse

from core import clock, db
from identity import printed_cards

GRANDMOTHER = "E261622434"
NAME = "林·瑪雅 Maya Lin"
PIN = "804317"


@dataclass
class Counter:
    """An officer's desk at the counter."""

    officer: SignedInOfficer

    def look_up(self, national_id: str = GRANDMOTHER, **more: Any) -> TestResponse:
        body = {"national_id": national_id, "purpose": "proofing_in_person", "case_number": "115-KH-000123"} | more
        return self.officer.call("POST", "/v1/counter/cases", body)

    def at(self, case: Any, method: str, what: str = "", body: Any = None) -> TestResponse:
        """One request at an open case."""
        path = f"/v1/counter/cases/{case['id']}" + (f"/{what}" if what else "")
        return self.officer.call(method, path, body if body is not None or method in ("GET", "DELETE") else {})

    def papers(self, case: Any, *papers: str) -> TestResponse:
        return self.at(case, "PUT", "papers", {"papers": papers or ("id_card", "health_card")})

    def write_down(self, case: Any, name: str = NAME, mobile: str | None = None, **more: Any) -> TestResponse:
        return self.at(case, "PUT", "person", {"name": name, "mobile": mobile, "language": "zh-TW"} | more)

    def proved(self, national_id: str = GRANDMOTHER, mobile: str | None = None) -> Any:
        """Look up, papers, name and mobile, proof: the case."""
        case = self.look_up(national_id).json
        for answer in (self.papers(case), self.write_down(case, mobile=mobile), self.at(case, "POST", "proof")):
            assert answer.status_code == 200, answer.json
        return self.at(case, "GET").json

    def code(self, case: Any) -> str:
        answer = self.at(case, "POST", "codes")
        assert answer.status_code == 201, answer.json
        assert base64.b64decode(answer.json["sheet"]).startswith(b"%PDF")
        return str(answer.json["code"])

    def visit(self, case: Any) -> Any:
        answer = self.at(case, "POST", "visits")
        assert answer.status_code == 201, answer.json
        return answer.json


def counter(client: FlaskClient, **more: Any) -> Counter:
    """A desk at the counter with somebody new at it."""
    return Counter(signed_in_officer(client, "counter", bureau="civil_affairs", name="洪櫃檯", **more))


def issued_card(case: Any, desk: Counter, pin: str = PIN) -> tuple[str, ...]:
    """A printed card for whoever was proved: its codes in order, as on the paper."""
    from core.ids import parse_typeid
    from identity import passwords
    from identity.counter_models import CounterCase

    with db.unit_of_work() as session:
        person_id = session.get_one(CounterCase, parse_typeid("ccs", case["id"])).person_id
        assert person_id is not None
        return printed_cards.issue(
            session, person_id, pin_hash=passwords.hash_of(pin), officer_id=desk.officer.officer_id, now=clock.now()
        ).codes
