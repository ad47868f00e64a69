"""Officers who are signed in already, for tests that are about something else."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import clock, db
from identity import officer_sessions, officers
from identity.actors import Actor

_numbers = itertools.count(1)


@dataclass(frozen=True)
class SignedInOfficer:
    """An officer on the roster with a running session, calling the app; `actor` is who use cases are told acts."""

    client: FlaskClient
    officer_id: UUID
    staff_number: str
    token: str
    actor: Actor

    def call(
        self, method: str, path: str, body: Any = None, *, language: str = "zh-TW", **headers: str
    ) -> TestResponse:
        """One request of theirs; header names are written with underscores."""
        sent = {"Authorization": f"Bearer {self.token}", "Accept-Language": language}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, json=body, headers=sent)

    def decide(self, approval_id: str, *, is_approved: bool, note: str = "", key: str | None = None) -> TestResponse:
        """Approve or decline a proposal."""
        body = {"is_approved": is_approved, "note": note}
        return self.call("POST", f"/v1/approvals/{approval_id}/decision", body, Idempotency_Key=key or str(uuid4()))


def signed_in_officer(
    client: FlaskClient,
    *roles: str,
    bureau: str = "treasury",
    name: str = "測試承辦",
) -> SignedInOfficer:
    """Somebody new on the roster with these roles (none named: finance), signed in with a passkey.

    Two calls are two persons, as a decision of two persons needs.
    """
    now = clock.now()
    number = f"T{next(_numbers):05d}"
    with db.unit_of_work() as session:
        who = officers.add(session, staff_number=number, name=name, bureau=bureau, roles=roles or ("finance",), now=now)
        issued = officer_sessions.begin(session, who, amr=("hwk", "user"), transport="bearer", user_agent="", now=now)
        actor = officer_sessions.resolve(session, issued.token, now)
        assert actor is not None
    return SignedInOfficer(client, actor.id, number, issued.token, actor)
