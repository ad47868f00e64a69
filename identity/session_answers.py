"""How a session that has just begun goes back to its caller: token in the body, or in a cookie no script can read."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.clock import on_the_wire
from core.http import Answer, Call
from core.ids import typeid
from identity import levels
from identity.models import Passkey
from identity.sessions import Circumstances, Issued

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
        "phishing_resistant": issued.is_phishing_resistant,
        "amr": list(issued.amr),
        "auth_time": on_the_wire(issued.auth_time),
        "expires_at": on_the_wire(issued.expires_at),
        "token_type": "Bearer",
        "access_token": None if is_cookie else issued.token,
        "has_passkey": has_passkey,
        **more,
    }
    return Answer(body, status, {"Set-Cookie": cookie} if is_cookie else {})


def circumstances(call: Call) -> Circumstances:
    """What `sessions.begin` is told of a sign-in's request beside who and how. The body may name `transport` and
    `remember`; a rise of a session that is there keeps its transport."""
    return {
        "transport": call.body.get("transport", call.transport),
        "user_agent": user_agent_of(call),
        "network": network_of(call.request.remote_addr),
        "remember": bool(call.body.get("remember", False)),
        "replaces": call.actor.session_id if call.actor else None,
        "now": call.now,
    }


def network_of(address: str | None) -> str:
    """The network that an address is in, coarsely: /24 (IPv4) or /48 (IPv6). Enough to know a place again, too little
    to find a house. This machine's own: "local"."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return ""
    if parsed.is_loopback:
        return "local"
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(ip_network((mapped or parsed, 24 if mapped or parsed.version == 4 else 48), strict=False))


def user_agent_of(call: Call) -> str:
    """What the caller's program calls itself, for the list of sessions."""
    return call.request.headers.get("User-Agent", "").replace("\x00", "")
