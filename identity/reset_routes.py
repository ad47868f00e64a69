"""Passwords over HTTP: changing one, and getting a new one where it was forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core import db
from core.clock import on_the_wire
from core.errors import InsufficientAuthentication, NotFound
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import password_change, passwords, resets
from identity.errors import CodeRefused, MethodLocked, PasswordRefused
from identity.recovery_errors import CurrentPasswordWrong, MethodShut, ResetClosed, ResetWaits
from identity.recovery_models import PasswordReset
from identity.recovery_schemas import (
    PasswordChange,
    ResetAskedSchema,
    ResetCompletion,
    ResetEvidence,
    ResetProvedSchema,
    ResetRequest,
    ResetSchema,
    ResetsSchema,
    ResetToken,
)
from identity.schemas import Nothing

routes = Routes("identity")


@routes.post(
    "/v1/me/password",
    access=citizen(loa=1),
    body=PasswordChange,
    answers={204: None},
    problems=[PasswordRefused, CurrentPasswordWrong, MethodLocked, InsufficientAuthentication],
    own_units=True,
    summary=Text("變更密碼", "Change the password"),
)
def change_password(call: Call) -> Answer:
    """With the present one, or without in a fresh session of level 3. Every other session ends at once."""
    current, new = call.body["current_password"], call.body["new_password"]
    with db.unit_of_work() as session:
        claimed = password_change.claim(session, call.actor, gives_current=current is not None, now=call.now)
    if current is not None and not passwords.is_right(current, claimed.password_hash):
        raise CurrentPasswordWrong
    passwords.check(new, not_containing=claimed.personal)
    new_hash = passwords.hash_of(new)
    with db.unit_of_work() as session:
        password_change.change(session, call.actor, claimed, new_hash, now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/auth/resets",
    access=public(),
    body=ResetRequest,
    answers={202: ResetAskedSchema},
    problems=[MethodLocked],
    summary=Text("忘記密碼", "A forgotten password"),
)
def ask_for_reset(call: Call) -> Answer:
    """Answers alike for everybody. A code goes to the mobile that was proved, where there is one; five minutes to give
    it, or a recovery code."""
    asked = resets.ask(call.session, call.body["national_id"], call.body["evidence"], now=call.now)
    body = {
        "id": typeid("rst", asked.id),
        "evidence": asked.evidence,
        "expires_at": on_the_wire(asked.evidence_until),
    }
    return Answer(body, 202)


@routes.post(
    "/v1/auth/resets/<reset_id>/evidence",
    access=public(),
    body=ResetEvidence,
    answers={200: ResetProvedSchema},
    problems=[NotFound, CodeRefused, MethodLocked, MethodShut],
    own_units=True,
    summary=Text(
        "忘記密碼：輸入簡訊驗證碼或復原碼", "A forgotten password: give the code by text message, or a recovery code"
    ),
)
def prove_for_reset(call: Call) -> Answer:
    """The day begins, and every channel tells of it, with a way to stop it. A try is counted before it is weighed."""
    reset_id = parse_typeid("rst", call.path["reset_id"])
    with db.unit_of_work() as session:
        claimed = resets.claim(session, reset_id, now=call.now)
    code_hash = resets.weighed(claimed, call.body["code"])
    with db.unit_of_work() as session:
        proved = resets.prove(session, claimed, code_hash, now=call.now)
        return Answer(_shown(proved.reset, call.now) | {"token": proved.token})


@routes.post(
    "/v1/auth/resets/<reset_id>/progress",
    access=public(),
    body=ResetToken,
    answers={200: ResetSchema},
    problems=[NotFound],
    summary=Text("忘記密碼：目前進度", "A forgotten password: how far it is"),
)
def reset_progress(call: Call) -> Answer:
    """When the new password can be set, and until when."""
    found = resets.followed(call.session, parse_typeid("rst", call.path["reset_id"]), call.body["token"])
    return Answer(_shown(found, call.now))


@routes.post(
    "/v1/auth/resets/<reset_id>/completion",
    access=public(),
    body=ResetCompletion,
    answers={204: None},
    problems=[NotFound, PasswordRefused, ResetWaits, ResetClosed],
    own_units=True,
    summary=Text("忘記密碼：設定新密碼", "A forgotten password: set the new one"),
)
def complete_reset(call: Call) -> Answer:
    """Once, after the day. Nobody is signed in by it, and every session ends."""
    reset_id, token = parse_typeid("rst", call.path["reset_id"]), call.body["token"]
    with db.unit_of_work() as session:
        personal = resets.finishing(session, reset_id, token, now=call.now)
    passwords.check(call.body["new_password"], not_containing=personal)
    new_hash = passwords.hash_of(call.body["new_password"])
    with db.unit_of_work() as session:
        resets.complete(session, reset_id, token, new_hash, now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/me/resets",
    access=citizen(loa=1),
    answers={200: ResetsSchema},
    summary=Text("進行中的重設密碼", "A reset of my password that is under way"),
)
def my_resets(call: Call) -> Answer:
    """One at the most."""
    return Answer({"items": [_shown(found, call.now) for found in resets.waiting(call.session, call.actor.id)]})


@routes.post(
    "/v1/me/resets/<reset_id>/cancellation",
    access=citizen(loa=1),
    body=Nothing,
    answers={204: None},
    problems=[NotFound],
    summary=Text("取消重設密碼", "Cancel a reset of my password"),
)
def cancel_reset(call: Call) -> Answer:
    """The password stays as it is. Every channel tells of it."""
    resets.cancel(call.session, call.actor.id, parse_typeid("rst", call.path["reset_id"]), now=call.now)
    return Answer(status=204)


def _shown(found: PasswordReset, now: datetime) -> dict[str, Any]:
    assert found.possible_at is not None and found.lapses_at is not None
    status = found.status
    if status == "waiting" and now >= found.lapses_at:
        status = "lapsed"
    elif status == "waiting" and now >= found.possible_at:
        status = "possible"
    return {
        "id": typeid("rst", found.id),
        "status": status,
        "asked_at": on_the_wire(found.asked_at),
        "possible_at": on_the_wire(found.possible_at),
        "lapses_at": on_the_wire(found.lapses_at),
    }
