"""A delegation that is set up at a service counter, by what the principal says before an officer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from counter_city import GRANDMOTHER, Counter, counter
from delegating import Somebody, somebody
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import clock
from core.clock import taipei_date


@pytest.fixture
def desk(client: FlaskClient) -> Counter:
    return counter(client)


@pytest.fixture
def caregiver(client: FlaskClient) -> Somebody:
    return somebody(client, 2, "林志明")


def set_up(desk: Counter, case: Any, *scopes: str, **more: Any) -> TestResponse:
    until = taipei_date(clock.now()) + timedelta(days=90)
    body = {"scopes": [{"scope": scope} for scope in scopes], "ends_on": until.isoformat(), **more}
    return desk.at(case, "POST", "delegations", body)


def test_a_grandmother_without_a_phone_lets_a_caregiver_book_rides(desk: Counter, caregiver: Somebody) -> None:
    made = set_up(desk, desk.proved(), "rides:book", "bills:read", agent_national_id=caregiver.number)
    assert made.status_code == 201, made.text
    assert made.json["waits_for_agent"] and made.json["scopes"] == ["預約與取消乘車", "查看帳單"]
    accepted = caregiver.accept(made.json)
    assert accepted["status"] == "active" and accepted["basis"] == "counter"
    assert {each["side"]: each["by"] for each in accepted["approvals"]} == {"principal": "officer", "agent": "person"}
    assert caregiver.acting(made.json).got("GET", "/v1/bills")["items"] == []


def test_it_is_in_force_at_once_where_both_were_proved_at_the_same_desk(desk: Counter, caregiver: Somebody) -> None:
    agent_case = desk.proved(caregiver.number, mobile="0977000002")
    made = set_up(desk, desk.proved(), "rides:book", agent_case_id=agent_case["id"])
    assert made.status_code == 201 and not made.json["waits_for_agent"], made.text
    (mine,) = caregiver.again().got("GET", "/v1/me/delegations")["items"]
    assert mine["status"] == "active" and {each["by"] for each in mine["approvals"]} == {"officer"}
    whats = [entry["what"] for entry in caregiver.again().got("GET", "/v1/me/access-log")["items"]]
    assert whats[0] == "counter_delegation"


def test_nobody_is_let_pay_at_a_counter_nor_set_up_before_they_are_proved(desk: Counter, caregiver: Somebody) -> None:
    case = desk.proved()
    refused = set_up(desk, case, "payments:pay", agent_national_id=caregiver.number)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/scopes/0/scope")
    unproved = desk.look_up(caregiver.number).json
    assert set_up(desk, unproved, "rides:book", agent_national_id=GRANDMOTHER).status_code == 409
    assert set_up(desk, case, "rides:book", agent_case_id=unproved["id"]).status_code == 409
    for agent in ({}, {"agent_national_id": caregiver.number, "agent_case_id": case["id"]}):
        assert set_up(desk, case, "rides:book", **agent).status_code == 422
    assert (
        set_up(counter(desk.officer.client), case, "rides:book", agent_national_id=caregiver.number).status_code == 404
    )
