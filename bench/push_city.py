"""A city of phones with a message waiting for each, as an alert leaves them: straight into the tables, in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from core.crypto import blind_index, seal
from core.ids import new_uuid
from partners.fcm.sandbox import GONE_PREFIX

TITLE, BODY = "大雨特報 Heavy rain", "請遠離低窪地區，暫勿外出。Keep away from low ground and stay indoors."


@dataclass(frozen=True, slots=True)
class PhoneCity:
    """The devices that were made: those whose app is still there, and those whose app is gone."""

    live: Sequence[str]
    gone: Sequence[str]


def settle_phones(url: str, number: int, *, gone_share: float = 0.0, name: str = "phone") -> PhoneCity:
    """Register `number` devices, each of a person of its own; every so many of them belongs to an app that is gone."""
    now = datetime.now(UTC)
    every = round(1 / gone_share) if gone_share else 0
    addresses = [
        f"{GONE_PREFIX}{name}-{nth:07}" if every and nth % every == 0 else f"fid-{name}-{nth:07}"
        for nth in range(number)
    ]
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(
            "COPY notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, last_seen_at)"
            " FROM STDIN"
        ) as copy,
    ):
        for address in addresses:
            device = new_uuid()
            sealed = seal(address, table="notify.device", column="address", row_id=device)
            index = blind_index(f"fid\x00{address}", purpose="device_address")
            copy.write_row((device, new_uuid(), "fid", index, sealed, "", now, now))
    return PhoneCity(
        [each for each in addresses if not each.startswith(GONE_PREFIX)],
        [each for each in addresses if each.startswith(GONE_PREFIX)],
    )


def line_up(url: str, *, urgency: int = 9, hours: float = 1.0) -> UUID:
    """A message for every live device, and its hand-over due now, in one transaction. Answers the event's id: of an
    alert where it is an emergency, else of something that concerns everybody."""
    now = datetime.now(UTC)
    event, content = new_uuid(), new_uuid()
    values = {
        "event": event, "content": content, "now": now, "until": now + timedelta(hours=hours), "urgency": urgency,
        "title": TITLE, "body": BODY, "basis": "alert" if urgency == 9 else "transaction",
        "alert": event if urgency == 9 else None,
    }  # fmt: skip
    with psycopg.connect(url) as connection:
        for statement in (_CONTENT, *((_ALERT,) if urgency == 9 else ()), _MESSAGES, _DELIVERIES):
            connection.execute(statement, values)
    return event


def states(url: str) -> dict[str, int]:
    """How many deliveries are in which state."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT status, count(*) FROM notify.delivery GROUP BY status").fetchall()
    return {str(status): int(count) for status, count in rows}


_CONTENT = """
    INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at)
    VALUES (%(content)s, %(title)s, %(title)s, %(body)s, %(body)s, '/app/inbox', '{}', %(now)s)
"""
_ALERT = """
    INSERT INTO notify.alert (id, identifier, sender, sent_at, status, msg_type, source, severity, content_id, parsed,
                              is_signature_trusted, document, expires_at, received_at)
    VALUES (%(event)s, %(event)s, 'bench', %(now)s, 'sending', 'Alert', 'bench', 'Extreme', %(content)s,
            '{"event": "bench", "categories": ["Other"], "urgency": "Immediate", "certainty": "Observed",
              "sender_name": null, "web": null, "note": null, "areas": [], "parts": []}', true, '', %(until)s, %(now)s)
"""
_MESSAGES = """
    INSERT INTO notify.message (person_id, id, kind, why, event_id, created_at, basis, content_id, alert_id)
    SELECT person_id, gen_random_uuid(), 'alert', '{}', %(event)s, %(now)s, %(basis)s, %(content)s, %(alert)s
      FROM notify.device WHERE gone_at IS NULL
"""
_DELIVERIES = """
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at, channel, urgency)
    SELECT gen_random_uuid(), m.id, v.id, m.event_id, 'pending', %(now)s, %(until)s, 'push', %(urgency)s
      FROM notify.message AS m JOIN notify.device AS v ON v.person_id = m.person_id AND v.gone_at IS NULL
     WHERE m.event_id = %(event)s
"""
