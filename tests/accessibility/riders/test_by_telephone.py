"""Somebody without a phone of their own: 1999 sets everything up together with them, and it stands in their log."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from sqlalchemy import text
from werkzeug.test import TestResponse

from accessibility.riders import profile
from core import clock, db
from tests.accessibility.riders.test_profile import MING_HUI
from tests.identity.test_printed_cards import Line, codes, desk, line, operator

__all__ = ["codes", "desk", "line", "operator"]


def test_an_operator_sets_up_a_rider_together_with_the_caller(
    client: FlaskClient, register: SandboxBooks, line: Line, codes: tuple[str, ...]
) -> None:
    call = line.code(line.begin(), codes[0])
    assert line.key_in(call).status_code == 200
    token = line.serve(call).json["access_token"]
    alone = client.application.test_client(use_cookies=False)

    def together(method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        return alone.open(path, method=method, json=body, headers={"Authorization": f"Bearer {token}", **headers})

    # 陳阿嬤 has no certificate, but a paper that her doctor wrote.
    assert together("POST", "/v1/rider/eligibility/check").json["reason"] == "none"
    paper = {"issuer": "高雄市立民生醫院", "issued_on": clock.taipei_date(clock.now()).isoformat()}
    assert together("POST", "/v1/rider/eligibility/papers", paper).status_code == 201
    said = MING_HUI | {"contact": {"way": "telephone", "phone": "07-5215678"}}
    assert together("PUT", "/v1/rider", said, **{"If-Match": '"0"'}).status_code == 200
    home = {"name": "家", "place_id": "krtc-R11", "directions": "一號出口電梯"}
    assert together("POST", "/v1/rider/places", home).status_code == 201
    with db.unit_of_work() as session:
        rider_id = session.execute(text("SELECT rider_id FROM accessibility.rider")).scalar_one()
        assert profile.of(session, rider_id).contact_phone == "075215678"
        logged = session.execute(
            text(
                "SELECT reference FROM identity.access_log WHERE person_id = :person AND what = 'visit_done' "
                "AND actor_name = '曾話務' ORDER BY id"
            ),
            {"person": rider_id},
        ).scalars()  # fmt: skip
    assert [each.split(" ", 1)[1] for each in logged] == [
        "POST /v1/rider/eligibility/check", "POST /v1/rider/eligibility/papers", "PUT /v1/rider",
        "POST /v1/rider/places",
    ]  # fmt: skip
