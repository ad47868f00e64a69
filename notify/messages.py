"""Writing a message: into the inbox of one person, with a hand-over waiting for each of that person's devices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.ids import new_uuid
from core.outbox import Event
from core.taiwan import roc_text
from core.text import Text
from notify.texts import BASES
from notify.wording import Wording

# Ahead of every campaign, behind an emergency.
_URGENCY = 5


def write(
    session: Session,
    wording: Wording,
    event: Event,
    *,
    person_id: UUID,
    values: Mapping[str, object],
    at: datetime,
    now: datetime,
    rings_at: datetime | None = None,
) -> UUID | None:
    """Put a message of that wording into the person's inbox and line it up for the person's devices.

    `values` fill the wording's fields, a Text in each language; `at` is when the thing told of happened; the devices
    ring at `rings_at` (None: now). Answers the message's id, or None when this event has already told this person. A
    quiet wording stays in the inbox.
    """
    filled = {**values, "moment": _moment(at)}
    title, body = wording.title.format(**filled), wording.body.format(**filled)
    explanation = wording.explanation.format(**filled)
    basis = BASES[wording.kind]
    why = {
        "explanation": {"zh": f"{explanation.zh}{basis.zh}", "en": f"{explanation.en} {basis.en}"},
        "event": {"kind": event.kind, "id": str(event.id), "at": at.isoformat()},
    }
    message_id = session.execute(
        _WRITE,
        {
            "id": new_uuid(), "person_id": person_id, "kind": wording.kind, "title_zh": title.zh, "title_en": title.en,
            "body_zh": body.zh, "body_en": body.en, "link": wording.link.format(**values),
            "why": orjson.dumps(why).decode(), "event_id": event.id, "now": now,
        },
    ).scalar()  # fmt: skip
    if message_id is None:
        return None
    if wording.push_ttl_seconds is not None:
        rings_at = rings_at or now
        expires_at = rings_at + timedelta(seconds=wording.push_ttl_seconds)
        values = {"message_id": message_id, "person_id": person_id, "event_id": event.id, "rings_at": rings_at}
        session.execute(_LINE_UP, values | {"expires_at": expires_at, "urgency": _URGENCY})
    return UUID(str(message_id))


def day_text(iso: str) -> Text:
    """A date as people read it."""
    day = date.fromisoformat(iso)
    return Text(roc_text(day), f"{day:%Y-%m-%d}")


def _moment(at: datetime) -> Text:
    local = at.astimezone(TAIPEI)
    return Text(f"{roc_text(local.date())} {local:%H:%M}", f"{local:%Y-%m-%d %H:%M}")


_WRITE = text(
    """
    INSERT INTO notify.message (person_id, id, kind, title_zh, title_en, body_zh, body_en, link, why, event_id,
                                created_at)
    VALUES (:person_id, :id, :kind, :title_zh, :title_en, :body_zh, :body_en, :link, CAST(:why AS jsonb), :event_id,
            :now)
    ON CONFLICT ON CONSTRAINT message_once_per_event DO NOTHING
    RETURNING id
    """
)
_LINE_UP = text(
    """
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at, channel, urgency)
    SELECT gen_random_uuid(), :message_id, id, :event_id, 'pending', :rings_at, :expires_at,
           channel, :urgency
      FROM notify.pushed_device WHERE person_id = :person_id
    """
)
