"""An officer's own phone, on which campaigns are tried before anybody else has them.

The desk shows a code once, and the officer enters it in their own app, signed in as the citizen they are. The phone
says whose desk that is and is linked once its owner has agreed: a code that somebody read out links nobody unawares.
Either side ends the link. Each test stands in the campaign's history, and there are only so many an hour.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import crypto
from core.crypto import token_hash
from core.errors import NotFound
from core.ids import new_uuid, typeid
from core.text import Text
from identity import attempts
from identity.actors import Actor
from identity.attempts import Limit
from identity.officer_models import Officer
from identity.words import BUREAU_NAMES
from notify.campaigns import history, previews
from notify.campaigns.campaigns import Campaign
from notify.campaigns.errors import LinkCodeRefused, NoPhoneLinked, TestsUsedUp

CODE_LIFE = timedelta(minutes=10)
PUSH_LIFE = timedelta(hours=1)
TESTS = Limit("desk_phone_tests", 20, timedelta(hours=1), extends=False)
"""Of one officer to one person."""
# Crockford's base 32: no I, L, O, U to mistake. 12 of them are 60 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110", "- \u2010\u2011\u2012\u2013\u2014\u3000")
_MARK = Text("【測試】", "[Test] ")
_WHY = Text(
    "您在承辦桌面連結了這支手機，這是您自己試送的訊息，沒有送給其他人。",
    "You linked this phone at a bureau's desk, and sent this test to yourself; nobody else got it.",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer's desk as the owner of a phone is told of it. `until`: as long as it may be agreed to; `linked_at`:
    since when it is linked. `id` is the officer's."""

    id: UUID
    staff_number: str
    officer_name: str
    bureau_name: Text
    until: datetime | None = None
    linked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """A test that was sent: the message's public id, and to how many of the officer's own devices it goes."""

    __test__ = False

    message_id: str
    own_phones: int


def make_code(session: Session, *, by: Actor, now: datetime) -> tuple[str, datetime]:
    """A new code for the officer's own phone, shown this once, and until when it is good; an earlier one is dead."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    until = now + CODE_LIFE
    session.execute(_MAKE, {"officer": by.id, "hash": token_hash(code), "until": until})
    return "-".join(code[start : start + 4] for start in range(0, 12, 4)), until


def ask(session: Session, *, person_id: UUID, code: str, now: datetime) -> Desk:
    """Whose desk showed that code: nothing is linked before this person agrees. The code is this person's from now on.

    Raises LinkCodeRefused.
    """
    typed = code.upper().translate(_MISREAD)
    row = session.execute(_ASK, {"hash": token_hash(typed), "person": person_id, "now": now}).one_or_none()
    if row is None:
        raise LinkCodeRefused
    (desk,) = _desks(session, [row.officer_id])
    return replace(desk, until=row.expires_at)


def link(session: Session, *, person_id: UUID, officer_id: UUID, now: datetime) -> None:
    """Let the officer whose code this person has entered send tests to them. Raises LinkCodeRefused (too late)."""
    if session.execute(_USE, {"officer": officer_id, "person": person_id, "now": now}).scalar() is None:
        raise LinkCodeRefused
    session.execute(_LINK, {"officer": officer_id, "person": person_id, "now": now})


def linked_at(session: Session, *, by: Actor) -> datetime | None:
    """Since when the officer's own phone is linked; None: none is."""
    found: datetime | None = session.execute(_LINKED, {"officer": by.id}).scalar()
    return found


def unlink(session: Session, *, by: Actor) -> None:
    """End the link from the desk."""
    session.execute(_UNLINK, {"officer": by.id})


def desks_of_person(session: Session, person_id: UUID) -> list[Desk]:
    """The desks that may send tests to this person, the longest linked first."""
    linked = {row.officer_id: row.linked_at for row in session.execute(_OF_PERSON, {"person": person_id})}
    found = [replace(desk, linked_at=linked[desk.id]) for desk in _desks(session, linked)]
    return sorted(found, key=lambda desk: (linked[desk.id], desk.staff_number))


def unlink_from_phone(session: Session, *, person_id: UUID, officer_id: UUID) -> None:
    """End one such link from the phone. Raises NotFound."""
    values = {"person": person_id, "officer": officer_id}
    if session.execute(_UNLINK_FROM_PHONE, values).scalar() is None:
        raise NotFound


def send_test(session: Session, campaign: Campaign, *, by: Actor, now: datetime) -> Test:
    """Send the campaign as it is now to the officer's own phone, marked as a test, and note it in its history.

    Raises NoPhoneLinked, TestsUsedUp.
    """
    person_id = session.execute(_PERSON, {"officer": by.id}).scalar()
    if person_id is None:
        raise NoPhoneLinked
    subject = crypto.blind_index(f"{by.id}:{person_id}", purpose="attempt")
    if not attempts.take(session, subject, TESTS, now=now):
        seconds = attempts.seconds_to_wait(session, subject, TESTS, now=now)
        raise TestsUsedUp(headers={"Retry-After": str(seconds)})
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
    devices = session.execute(
        _LINE_UP, {"id": message_id, "person_id": person_id, "now": now, "until": now + PUSH_LIFE, "urgency": 5}
    ).scalars()
    own_phones = len(devices.all())
    history.note(session, campaign, "tested", by=by, from_state=campaign.state, now=now, own_phones=own_phones)
    return Test(typeid("msg", message_id), own_phones)


def _desks(session: Session, officers: Collection[UUID]) -> list[Desk]:
    query = select(Officer.id, Officer.staff_number, Officer.name, Officer.bureau).where(Officer.id.in_(officers))
    return [Desk(row.id, row.staff_number, row.name, BUREAU_NAMES[row.bureau]) for row in session.execute(query)]


_MAKE = text(
    """
    INSERT INTO notify.desk_phone_code AS c (officer_id, code_hash, expires_at) VALUES (:officer, :hash, :until)
    ON CONFLICT (officer_id) DO UPDATE
       SET code_hash = excluded.code_hash, expires_at = excluded.expires_at, person_id = NULL
    """
)
_ASK = text(
    """
    UPDATE notify.desk_phone_code SET person_id = :person
     WHERE code_hash = :hash AND expires_at > :now AND coalesce(person_id, :person) = :person
    RETURNING officer_id, expires_at
    """
)
_USE = text(
    "DELETE FROM notify.desk_phone_code WHERE officer_id = :officer AND person_id = :person AND expires_at > :now "
    "RETURNING officer_id"
)
_LINK = text(
    """
    INSERT INTO notify.desk_phone AS p (officer_id, person_id, linked_at) VALUES (:officer, :person, :now)
    ON CONFLICT (officer_id) DO UPDATE SET person_id = excluded.person_id, linked_at = excluded.linked_at
    """
)
_LINKED = text("SELECT linked_at FROM notify.desk_phone WHERE officer_id = :officer")
_PERSON = text("SELECT person_id FROM notify.desk_phone WHERE officer_id = :officer")
_UNLINK = text("DELETE FROM notify.desk_phone WHERE officer_id = :officer")
_OF_PERSON = text("SELECT officer_id, linked_at FROM notify.desk_phone WHERE person_id = :person")
_UNLINK_FROM_PHONE = text(
    "DELETE FROM notify.desk_phone WHERE person_id = :person AND officer_id = :officer RETURNING officer_id"
)
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
    SELECT gen_random_uuid(), :id, id, :id, channel, :urgency, 'pending', :now, :until
      FROM notify.pushed_device WHERE person_id = :person_id
    RETURNING id
    """
)
