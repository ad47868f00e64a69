"""How a session that has just begun goes back to its caller: token in the body, or in a cookie no script can read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.clock import on_the_wire
from core.http import Answer, Call
from core.ids import typeid
from identity import levels
from identity.models import Passkey
from identity.sessions import Issued

COOKIE = "__Host-session"
CLEARED_COOKIE = f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
COOKIE_HEADER = {"Set-Cookie": "the session, where `transport` is cookie"}


def session_answer(session: Session, issued: Issued, *, now: datetime, status: int = 200, **more: Any) -> Answer:
    """The answer that hands over a new session."""
    is_cookie = issued.transport == "cookie"
    seconds = int((issued.expires_at - now).total_seconds())
    cookie = f"{COOKIE}={issued.token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"
    has_passkey = session.execute(select(exists().where(Passkey.person_id == issued.person_id))).scalar_one()
    body = {
        "session_id": typeid("ses", issued.session_id),
        "person_id": typeid("per", issued.person_id),
        "acr": levels.acr(issued.loa),
        "amr": list(issued.amr),
        "auth_time": on_the_wire(issued.auth_time),
        "expires_at": on_the_wire(issued.expires_at),
        "token_type": "Bearer",
        "access_token": None if is_cookie else issued.token,
        "has_passkey": has_passkey,
        **more,
    }
    return Answer(body, status, {"Set-Cookie": cookie} if is_cookie else {})


def user_agent_of(call: Call) -> str:
    """What the caller's program calls itself, for the list of sessions."""
    return call.request.headers.get("User-Agent", "").replace("\x00", "")
