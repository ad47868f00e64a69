"""How often the provider may be asked: enough for everybody, too little to fill a table or to guess."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core import crypto
from identity import attempts
from identity.attempts import Limit

_UNKNOWN_PEOPLE = Limit("provider_unknown_people", 1200, timedelta(minutes=1), extends=False)
_CODES = Limit("provider_codes", 60, timedelta(minutes=5), extends=False)
_WRONG_CLIENTS = Limit("provider_wrong_clients", 100, timedelta(minutes=15), extends=False)


def may_open(session: Session, network: str, *, now: datetime) -> bool:
    """Whether another request may be written down for somebody in that network who is not signed in."""
    return attempts.take(session, crypto.blind_index(network, purpose="network"), _UNKNOWN_PEOPLE, now=now)


def may_have_code(session: Session, person_id: UUID, *, now: datetime) -> bool:
    """Whether this person may be given another code."""
    return attempts.take(session, crypto.blind_index(str(person_id), purpose="person"), _CODES, now=now)


def may_fail_again(session: Session, network: str, client_id: str, *, now: datetime) -> bool:
    """Whether somebody in that network may fail to prove to be this site once more.

    Counted by both, so that nobody can shut a site out from elsewhere.
    """
    subject = crypto.blind_index(f"{network} {client_id}", purpose="network and client")
    return attempts.take(session, subject, _WRONG_CLIENTS, now=now)
