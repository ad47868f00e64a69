"""What runs outside requests: sending text messages, and forgetting what has lapsed."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.outbox import Consumer, Event
from identity import approvals, delegation_tasks, ports, resets, texts_out, visits
from identity.provider import tasks as provider_tasks
from identity.relying_parties import consents
from partners import wire

_log = logging.getLogger("mykaohsiung.identity")
_SENT_PER_SWEEP = 100


def deliver_sms(event: Event) -> None:
    """Send the text message that an event asks for; one that does not leave now is found by `send_due_sms`."""
    _send(UUID(event.payload["sms_id"]), clock.now())


def send_due_sms(now: datetime) -> None:
    """Send the text messages that are waiting for another attempt."""
    with db.unit_of_work() as session:
        waiting = texts_out.due(session, now=now, limit=_SENT_PER_SWEEP)
    for sms_id in waiting:
        _send(sms_id, now)


def forget_lapsed(now: datetime) -> None:
    """Delete challenges, ceremonies, tokens, counters and sessions that can no longer matter."""
    for statement in _FORGET:
        with db.unit_of_work() as session:
            session.execute(statement, {"now": now})


def send_reset_code(session: Session, event: Event, now: datetime) -> None:
    """Look up who has forgotten a password, and send the code: after the answer, which is the same for everybody."""
    resets.send_code(session, UUID(event.payload["reset_id"]), now=now)


def look_after_resets(now: datetime) -> None:
    """Close resets whose time has run out, and tell those whose day is over."""
    with db.unit_of_work() as session:
        resets.let_lapse(session, now=now)
    with db.unit_of_work() as session:
        resets.tell_of_possible(session, now=now)


def _send(sms_id: UUID, now: datetime) -> None:
    with db.unit_of_work() as session:
        outgoing = texts_out.lease(session, sms_id, now=now)
    if outgoing is None:
        return
    try:
        ports.telephone_company.send(message_id=str(outgoing.id), to=outgoing.to, text=outgoing.body)
        was_sent = True
    except wire.Refused as refusal:
        _log.warning("text message %s was refused: %s", sms_id, refusal.code)
        was_sent = False
    except wire.CallFailed as failure:
        _log.warning("text message %s is tried again: %s", sms_id, failure)
        return
    with db.unit_of_work() as session:
        texts_out.finish(session, sms_id, was_sent=was_sent, now=now)


def _nothing_more(_session: Session, _event: Event, _now: datetime) -> None:
    """The message is a row already; all that is left is to send it, after the commit."""


CONSUMERS = (
    Consumer("identity.deliver_sms", "identity.sms_requested", _nothing_more, then=deliver_sms),
    delegation_tasks.CONSUMER,
    Consumer("identity.send_reset_code", "identity.reset_asked", send_reset_code),
    *provider_tasks.CONSUMERS,
)

SWEEPS = {
    "identity.send_due_sms": (5.0, send_due_sms),
    "identity.forget_lapsed": (3600.0, forget_lapsed),
    "identity.look_after_resets": (60.0, look_after_resets),
    "identity.expire_due_approvals": (300.0, approvals.expire_due),
    "identity.end_lapsed_consents": (300.0, consents.end_lapsed),
    "identity.end_delegations": (60.0, delegation_tasks.end_delegations),
    "identity.close_due_visits": (30.0, visits.close_due),
    **provider_tasks.SWEEPS,
}
"""Name: every so many seconds, what."""

_FORGET = tuple(
    text(statement)
    for statement in (
        "DELETE FROM identity.otp_challenge WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
        "DELETE FROM identity.ceremony WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.certificate_challenge WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.revocation_list WHERE tried_at < CAST(:now AS timestamptz) - interval '30 days'",
        "DELETE FROM identity.used_jti WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.access_token WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
        "DELETE FROM identity.attempt WHERE resets_at < CAST(:now AS timestamptz) - interval '1 day'",
        "DELETE FROM identity.acting_session WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
        "DELETE FROM identity.session WHERE expires_at < CAST(:now AS timestamptz) - interval '30 days'",
        "DELETE FROM identity.known_place WHERE last_seen_at < CAST(:now AS timestamptz) - interval '180 days'",
        "DELETE FROM identity.officer_session WHERE expires_at < CAST(:now AS timestamptz) - interval '30 days'",
        "DELETE FROM identity.officer_enrolment_code WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
        "UPDATE identity.counter_case SET national_id_sealed = NULL "
        "WHERE national_id_sealed IS NOT NULL AND expires_at < :now",
        "DELETE FROM identity.counter_code WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
        "DELETE FROM identity.card_question WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.phone_call WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.disavowal WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'",
        "DELETE FROM identity.totp WHERE confirmed_at IS NULL "
        "AND created_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.password_reset WHERE status IN ('asked', 'lapsed') AND proved_at IS NULL "
        "AND asked_at < CAST(:now AS timestamptz) - interval '1 day'",
        "DELETE FROM identity.federation_request WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.first_mobile WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.pending_link WHERE expires_at < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM identity.sms WHERE created_at < CAST(:now AS timestamptz) - interval '30 days'",
        *provider_tasks.FORGET,
    )
)
