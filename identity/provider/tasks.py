"""What the provider does outside requests: telling sites of sign-outs, renewing keys, forgetting what has lapsed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.outbox import Consumer, Event
from identity.provider import backchannel, keys, sign_ons


def _nothing_more(_session: Session, _event: Event, _now: datetime) -> None:
    """Who is to be told is a row already; all that is left is to tell them, after the commit."""


CONSUMERS = (Consumer("identity.deliver_logout", "identity.sign_on_ended", _nothing_more, then=backchannel.deliver),)

SWEEPS = {
    "identity.send_due_logouts": (10.0, backchannel.send_due),
    "identity.end_forgotten_sign_ons": (30.0, sign_ons.end_forgotten),
    "identity.keep_provider_keys": (3600.0, keys.keep_fresh),
}
"""Name: every so many seconds, what."""

FORGET = (
    "DELETE FROM identity.pushed_request WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
    "DELETE FROM identity.authorization_request WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
    "DELETE FROM identity.provider_access_token WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
    "DELETE FROM identity.provider_grant WHERE expires_at < CAST(:now AS timestamptz) - interval '30 days'",
    "DELETE FROM identity.provider_logout WHERE created_at < CAST(:now AS timestamptz) - interval '30 days'",
    "DELETE FROM identity.sign_on s WHERE s.began_at < CAST(:now AS timestamptz) - interval '40 days' "
    "AND s.ended_at IS NOT NULL AND NOT EXISTS (SELECT FROM identity.provider_grant g WHERE g.sign_on_id = s.id) "
    "AND NOT EXISTS (SELECT FROM identity.provider_logout l WHERE l.sign_on_id = s.id)",
)
"""Statements that delete what can no longer matter."""
