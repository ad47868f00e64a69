"""Somebody who signs in with an app or a recovery code, forgets a password, or says "that was not me"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyotp
from identity_city import City, Phone
from werkzeug.test import TestResponse

from api.delivery import deliver
from core import clock
from identity import tasks

STEP = timedelta(seconds=30)


def bring_events(city: City) -> None:
    """What the worker does: every event that waits reaches this room's consumers."""
    waiting = [row.id for row in city.sql("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY id")]
    consumers: dict[str, list[Any]] = {}
    for consumer in tasks.CONSUMERS:
        consumers.setdefault(consumer.kind, []).append(consumer)
    deliver(waiting, consumers)


def later(city: City, **by: float) -> None:
    """Everything that has happened to resets, notices and codes was so much longer ago."""
    seconds = timedelta(**by).total_seconds()
    city.sql(
        "UPDATE identity.password_reset SET asked_at = asked_at - make_interval(secs => :s), "
        "evidence_until = evidence_until - make_interval(secs => :s), proved_at = proved_at - make_interval(secs => :s),"
        "possible_at = possible_at - make_interval(secs => :s), lapses_at = lapses_at - make_interval(secs => :s)",
        s=seconds,
    )


def app_code(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many steps of 30 seconds from now."""
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // 30 + steps)


def set_up_app(phone: Phone) -> str:
    """Set up an authenticator app; answers its secret. The step of the code before now is spent with it."""
    begun = phone.post("/v1/me/totp")
    assert begun.status_code == 201, begun.json
    secret: str = begun.json["secret"]
    done = phone.post(f"/v1/me/totp/{begun.json['id']}/confirmation", {"code": app_code(secret, -1)})
    assert done.status_code == 200, done.json
    return secret


def challenge(phone: Phone, second_factor: str, password: str | None = None) -> TestResponse:
    """Give the password, wanting to answer by that factor."""
    return phone.post(
        "/v1/auth/password/login",
        {
            "national_id": phone.national_id,
            "password": password or phone.password,
            "second_factor": second_factor,
        },
    )


def answer_by_app(phone: Phone, asked: TestResponse, code: str) -> TestResponse:
    body = {"challenge_id": asked.json["challenge_id"], "code": code}
    return phone.kept(phone.post("/v1/auth/totp/verify", body))


def answer_by_recovery_code(phone: Phone, asked: TestResponse, code: str) -> TestResponse:
    body = {"challenge_id": asked.json["challenge_id"], "code": code}
    return phone.kept(phone.post("/v1/auth/recovery-codes/verify", body))


def ask_for_reset(phone: Phone, evidence: str = "sms") -> TestResponse:
    return phone.post("/v1/auth/resets", {"national_id": phone.national_id, "evidence": evidence})


def prove_reset(city: City, phone: Phone, asked: TestResponse, code: str | None = None) -> TestResponse:
    """Give the code that the mobile got, or another."""
    bring_events(city)
    code = code or city.code_for(phone.mobile)
    return phone.post(f"/v1/auth/resets/{asked.json['id']}/evidence", {"code": code})


def finish_reset(phone: Phone, proved: Any, password: str) -> TestResponse:
    body = {"token": proved["token"], "new_password": password}
    return phone.post(f"/v1/auth/resets/{proved['id']}/completion", body)


def not_me_token(city: City, mobile: str) -> str:
    """The newest link "that was not me" that this mobile has received."""
    found = [
        match for text in city.messages_to(mobile) for match in re.findall(r"not-me\?token=([A-Za-z0-9_-]+)", text)
    ]
    return str(found[-1])
