"""Telling a person on every channel what happened to the account, with a link for "that was not me".

The text message carries a token of 256 bits, good without signing in (whoever reads this person's text messages may
shut a way to sign in, and no more); the message in the inbox names the notice itself, which asks for a session of
this person. `identity.disavowals` acts on both.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core import outbox
from core.crypto import token_hash
from core.ids import new_uuid
from core.settings import settings
from core.text import Text
from identity import people, texts_out
from identity.models import Disavowal
from identity.notice_words import NOT_ME, NOTICES

DISAVOWABLE = timedelta(days=30)


def tell(
    session: Session,
    person_id: UUID,
    kind: str,
    *,
    values: Mapping[str, str | Text] | None = None,
    session_id: UUID | None = None,
    method: str | None = None,
    now: datetime,
) -> UUID | None:
    """Tell this person by text message, in the inbox and by push. Answers the notice's id, where it can be disavowed.

    `kind` is a row of `identity.notice_words`, `values` fill its fields; `session_id` is the session it was done in or
    that began, `method` the way to sign in to shut where it depends on the case. Raises NotFound.
    """
    words, person = NOTICES[kind], people.get(session, person_id)
    filled = dict(values or {})
    sms, notice_id = words.sms.format(**filled), None
    if words.may_be_disavowed:
        token, notice_id = secrets.token_urlsafe(32), new_uuid()
        session.add(
            Disavowal(
                token_hash=token_hash(token),
                id=notice_id,
                person_id=person_id,
                kind=kind,
                session_id=session_id,
                method=method or words.method,
                made_at=now,
                expires_at=now + DISAVOWABLE,
            )
        )
        address = f"{settings().public_origin}/app/not-me?token={token}"
        link = NOT_ME.format(url=address)
        sms = Text(f"{sms.zh}{link.zh}", f"{sms.en}{link.en}")
    mobile = people.opened_mobile(person)
    if mobile is not None:
        texts_out.write(session, person_id=person_id, mobile=mobile, body=sms.in_language(person.language), now=now)
    told = {
        "person_id": str(person_id),
        "kind": kind,
        "notice_id": str(notice_id) if notice_id else None,
        "values": {name: [value.zh, value.en] if isinstance(value, Text) else value for name, value in filled.items()},
    }
    outbox.record(session, "identity.security_notice", told, now=now)
    return notice_id
