"""An officer's own phone, on which campaigns are tried before anybody else has them.

The desk shows a code once, and the officer enters it in their own app, signed in as the citizen they are. So nobody can
send a test to a phone that is not in their hand. Either side ends the link.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.ids import new_uuid, typeid
from core.text import Text
from identity.actors import Actor
from notify.campaigns import previews
from notify.campaigns.campaigns import Campaign
from notify.campaigns.errors import LinkCodeRefused, NoPhoneLinked

CODE_LIFE = timedelta(minutes=10)
PUSH_LIFE = timedelta(hours=1)
# Crockford's base 32: no I, L, O, U to mistake. 12 of them are 60 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110", "- \u2010\u2011\u2012\u2013\u2014\u3000")
_MARK = Text("【測試】", "[Test] ")
_WHY = Text(
    "您在承辦桌面連結了這支手機，這是您自己試送的訊息，沒有送給其他人。",
    "You linked this phone at a bureau's desk, and sent this test to yourself; nobody else got it.",
)


def make_code(session: Session, *, by: Actor, now: datetime) -> tuple[str, datetime]:
    """A new code for the officer's own phone, shown this once, and until when it is good; an earlier one is dead."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    until = now + CODE_LIFE
    session.execute(_MAKE, {"officer": by.id, "hash": token_hash(code), "until": until})
    return "-".join(code[start : start + 4] for start in range(0, 12, 4)), until


def link(session: Session, *, person_id: UUID, code: str, now: datetime) -> None:
    """Let the officer who was shown that code send tests to this person. Raises LinkCodeRefused."""
    typed = code.upper().translate(_MISREAD)
    officer_id = session.execute(_USE, {"hash": token_hash(typed), "now": now}).scalar()
    if officer_id is None:
        raise LinkCodeRefused
    session.execute(_LINK, {"officer": officer_id, "person": person_id, "now": now})


def linked_at(session: Session, *, by: Actor) -> datetime | None:
    """Since when the officer's own phone is linked; None: none is."""
    found: datetime | None = session.execute(_LINKED, {"officer": by.id}).scalar()
    return found


def unlink(session: Session, *, by: Actor) -> None:
    """End the link from the desk."""
    session.execute(_UNLINK, {"officer": by.id})


def links_of_person(session: Session, person_id: UUID) -> list[datetime]:
    """Since when desks may send tests to this person."""
    return list(session.execute(_OF_PERSON, {"person": person_id}).scalars())


def unlink_person(session: Session, person_id: UUID) -> None:
    """End every such link from the phone."""
    session.execute(_UNLINK_PERSON, {"person": person_id})


def send_test(session: Session, campaign: Campaign, *, by: Actor, now: datetime) -> str:
    """Send the campaign as it is now to the officer's own phone, marked as a test. Answers the message's public id.

    Raises NoPhoneLinked.
    """
    person_id = session.execute(_PERSON, {"officer": by.id}).scalar()
    if person_id is None:
        raise NoPhoneLinked
    zh, en = previews.previews_of(campaign)
    message_id = new_uuid()
    why = {
        "explanation": {"zh": _WHY.zh, "en": _WHY.en},
        "event": {"kind": "notify.test_message", "id": str(message_id), "at": now.isoformat()},
    }
    session.execute(
        _WRITE,
        {
            "id": message_id, "person_id": person_id, "title_zh": _MARK.zh + zh.title, "title_en": _MARK.en + en.title,
            "body_zh": zh.body, "body_en": en.body, "link": campaign.said.link, "now": now,
            "why": orjson.dumps(why).decode(),
        },
    )  # fmt: skip
    session.execute(
        _LINE_UP, {"id": message_id, "person_id": person_id, "now": now, "until": now + PUSH_LIFE, "urgency": 5}
    )
    return typeid("msg", message_id)


_MAKE = text(
    """
    INSERT INTO notify.desk_phone_code AS c (officer_id, code_hash, expires_at) VALUES (:officer, :hash, :until)
    ON CONFLICT (officer_id) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at
    """
)
_USE = text("DELETE FROM notify.desk_phone_code WHERE code_hash = :hash AND expires_at > :now RETURNING officer_id")
_LINK = text(
    """
    INSERT INTO notify.desk_phone AS p (officer_id, person_id, linked_at) VALUES (:officer, :person, :now)
    ON CONFLICT (officer_id) DO UPDATE SET person_id = excluded.person_id, linked_at = excluded.linked_at
    """
)
_LINKED = text("SELECT linked_at FROM notify.desk_phone WHERE officer_id = :officer")
_PERSON = text("SELECT person_id FROM notify.desk_phone WHERE officer_id = :officer")
_UNLINK = text("DELETE FROM notify.desk_phone WHERE officer_id = :officer")
_OF_PERSON = text("SELECT linked_at FROM notify.desk_phone WHERE person_id = :person ORDER BY linked_at")
_UNLINK_PERSON = text("DELETE FROM notify.desk_phone WHERE person_id = :person")
_WRITE = text(
    """
    INSERT INTO notify.message (person_id, id, kind, basis, title_zh, title_en, body_zh, body_en, link, why, event_id,
                                created_at)
    VALUES (:person_id, :id, 'test', 'test', :title_zh, :title_en, :body_zh, :body_en, :link, CAST(:why AS jsonb), :id,
            :now)
    """
)
_LINE_UP = text(
    """
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, channel, urgency, status, next_at, expires_at)
    SELECT gen_random_uuid(), :id, id, :id, CASE kind WHEN 'webpush' THEN 'webpush' ELSE 'push' END, :urgency,
           'pending', :now, :until
      FROM notify.device WHERE person_id = :person_id AND gone_at IS NULL AND kind <> 'line'
    """
)
