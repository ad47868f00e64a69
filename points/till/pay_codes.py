"""Pay codes: 24 digits that a phone makes by itself, every 30 seconds another, each good once.

The phone is given a key for some minutes. A code is the key's number (12 digits), the step's password (10 digits) and
two check digits (ISO 7064 MOD 97-10). The password is made as in RFC 6238, with HMAC-SHA-256 and a longer truncation
than RFC 4226 §5.3: eight bytes instead of four, of which the lowest ten decimal digits are kept. The same digits are
the content of the QR and of the Code 128 barcode.

Who knows a key's number and guesses is right once in 5,000,000,000 tries (two steps are good at a time); a till that is
wrong 20 times within ten minutes has to wait, so a till would have to guess for some four thousand years.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid
from points.till import rules
from points.till.errors import CodeNotGenuine, CodeOutOfDate, CodeUnreadable, TooManyKeys
from points.till.rules import Rule

STEP_SECONDS: Final = 30
_NUMBER_DIGITS, _PASSWORD_DIGITS = 12, 10
_CODE = re.compile("[0-9]{24}")
_SEALED = {"table": "points.pay_token", "column": "sealed_key"}
# A code of one of so many steps before is told to be out of date. One of a step to come is not told from an invented
# one: a guess would find out a code that becomes good.
_STEPS_THAT_ARE_TOLD = 40
_MOST_KEYS, _KEYS_WITHIN = 40, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PayKey:
    """What a phone is given to make codes with until `valid_until`; from `renew_after` on it asks for another when it
    can, since by `online_until` this one counts as offline."""

    id: UUID
    number: str
    key: bytes
    valid_until: datetime
    renew_after: datetime
    online_until: datetime
    rule: Rule


@dataclass(frozen=True, slots=True)
class Presented:
    """A genuine code: whose, of which key and step, and whether its phone may be offline."""

    token_id: UUID
    person_id: UUID
    session_id: UUID
    step: int
    is_offline: bool


def issue(session: Session, *, person_id: UUID, session_id: UUID, now: datetime) -> PayKey:
    """A new key for this phone; those that it had stay good until they lapse. Raises TooManyKeys."""
    asked = session.execute(_RECENT, {"person_id": person_id, "since": now - _KEYS_WITHIN}).scalar_one()
    if asked >= _MOST_KEYS:
        raise TooManyKeys(seconds=60)
    rule = rules.at(session, now)
    key = secrets.token_bytes(32)
    valid_until = now + timedelta(seconds=rule.token_seconds)
    while True:
        token_id, number = new_uuid(), f"{secrets.randbelow(10**_NUMBER_DIGITS):0{_NUMBER_DIGITS}d}"
        made = session.execute(
            _MAKE,
            {"id": token_id, "number": number, "person_id": person_id, "session_id": session_id,
             "sealed_key": crypto.seal(key, row_id=token_id, **_SEALED), "now": now, "valid_until": valid_until},
        ).first()  # fmt: skip
        if made is not None:
            break
    online = timedelta(seconds=rule.online_seconds)
    return PayKey(token_id, number, key, valid_until, now + online / 2, now + online, rule)


def revoke(session: Session, *, person_id: UUID, session_id: UUID, now: datetime) -> None:
    """No code of this session's keys is good any more: its phone has put them away."""
    session.execute(_REVOKE, {"person_id": person_id, "session_id": session_id, "now": now})


def code_of(number: str, key: bytes, step: int) -> str:
    """The 24 digits of that step."""
    body = number + password_of(key, step)
    return body + f"{98 - int(body + '00') % 97:02d}"


def password_of(key: bytes, step: int) -> str:
    """The ten digits of that step of 30 seconds since 1970."""
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha256")
    offset = digest[-1] & 0x0F
    truncated = int.from_bytes(digest[offset : offset + 8], "big") & (1 << 63) - 1
    return f"{truncated % 10**_PASSWORD_DIGITS:0{_PASSWORD_DIGITS}d}"


def step_at(moment: datetime) -> int:
    """The step that this moment lies in."""
    return int(moment.timestamp()) // STEP_SECONDS


def number_in(code: str) -> str:
    """The key's number in a code. Raises CodeUnreadable for what is no code of ours."""
    if _CODE.fullmatch(code) is None or int(code) % 97 != 1:
        raise CodeUnreadable
    return code[:_NUMBER_DIGITS]


def presented(token: Any, code: str, rule: Rule, now: datetime) -> Presented:
    """Whose code this is, of the row of its key (None: there is no such key).

    Raises CodeNotGenuine, CodeOutOfDate. Whether it was used, and whether its phone is still signed in, is not looked
    at here.
    """
    if token is None:
        raise CodeNotGenuine
    key = crypto.open_sealed(token.sealed_key, row_id=token.token_id, **_SEALED)
    sent, present = code[_NUMBER_DIGITS:-2], step_at(now)
    for step in (present, present - 1):
        if hmac.compare_digest(sent, password_of(key, step)):
            break
    else:
        past = range(present - _STEPS_THAT_ARE_TOLD, present - 1)
        if any(hmac.compare_digest(sent, password_of(key, step)) for step in past):
            raise CodeOutOfDate
        raise CodeNotGenuine
    if token.valid_until <= now:
        raise CodeOutOfDate
    is_offline = now >= token.made_at + timedelta(seconds=rule.online_seconds)
    return Presented(token.token_id, token.person_id, token.session_id, step, is_offline)


def forget_old_keys(session: Session, now: datetime) -> int:
    """Delete keys, and which of their codes were used, a day after they lapsed; answers how many keys."""
    return int(session.execute(_FORGET, {"before": now - timedelta(days=1)}).scalar_one())


_RECENT = text("SELECT count(*) FROM points.pay_token WHERE person_id = :person_id AND made_at > :since")
_MAKE = text(
    """
    INSERT INTO points.pay_token (id, number, person_id, session_id, sealed_key, made_at, valid_until)
    VALUES (:id, :number, :person_id, :session_id, :sealed_key, :now, :valid_until)
    ON CONFLICT (number) DO NOTHING RETURNING id
    """
)
_REVOKE = text(
    "UPDATE points.pay_token SET revoked_at = :now "
    "WHERE person_id = :person_id AND session_id = :session_id AND revoked_at IS NULL AND valid_until > :now"
)
_FORGET = text(
    """
    WITH gone AS (DELETE FROM points.pay_token WHERE valid_until < :before RETURNING id),
         used AS (DELETE FROM points.pay_code_use WHERE token_id IN (SELECT id FROM gone))
    SELECT count(*) FROM gone
    """
)
