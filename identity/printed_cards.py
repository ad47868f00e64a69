"""Printed cards: for people without a smartphone, 40 numbered codes on paper and a PIN of their own choice.

A code is asked for by its number, in order, and is used up as soon as it was right, whatever comes of the PIN: whoever
finds a card has as many tries at the PIN as there are codes on it, in all its life, and five of them in a row.
"""

from __future__ import annotations

import hmac
import itertools
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid
from core.text import Text
from identity import attempts, locks, passwords, people, security_notices
from identity.attempts import Limit
from identity.counter_errors import CardRefused, PinRefused
from identity.counter_models import CardQuestion, PrintedCard, PrintedCardCode

CODES = 40
QUESTION_LIFE = timedelta(minutes=5)
CARD_LIFE = timedelta(days=730)
CARD = Limit("card", 5, timedelta(minutes=15), extends=True)
_RUNNING_OUT = 5
_PIN = re.compile("[0-9]{6}")
# The first that anybody tries, beside what `check_pin` finds by rule.
_TOO_COMMON = frozenset(
    {"112233", "223344", "520520", "521521", "520131", "131420", "147258", "159357", "258369", "168168"}
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A card that has just been made; `codes` in their order, shown this once."""

    id: UUID
    codes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """Which code the caller is asked for."""

    id: UUID
    code_number: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A try that has been taken. Without a card there is no hash, and no way to tell."""

    question_id: UUID
    subject: bytes
    card_id: UUID | None
    code_number: int
    pin_hash: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A running card, as the counter sees it."""

    issued_at: datetime
    expires_at: datetime
    codes_left: int


def is_pin(text: str) -> bool:
    """Whether this is six ASCII digits."""
    return _PIN.fullmatch(text) is not None


def check_pin(pin: str, *, national_id: str) -> None:
    """Raises PinRefused for what is not six digits, or is among the first that anybody would try."""
    if not is_pin(pin):
        raise PinRefused
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    is_in_a_row = len(steps) == 1
    is_repeated = pin[:3] == pin[3:] or pin[:2] == pin[2:4] == pin[4:] or len(set(pin)) < 3
    is_mirrored = pin == pin[::-1]
    if is_in_a_row or is_repeated or is_mirrored or pin in _TOO_COMMON or pin in national_id:
        raise PinRefused


def issue(session: Session, person_id: UUID, *, pin_hash: str, officer_id: UUID, now: datetime) -> Issued:
    """A new card for this person; the one there was ends, and the person is told.

    Raises MethodShut for somebody who has said of a card "that was not me", until that case is resolved.
    """
    locks.refuse_if_locked(session, person_id, "card")
    _end(session, person_id, "replaced by a new card", now)
    codes = tuple(f"{secrets.randbelow(100_000_000):08d}" for _ in range(CODES))
    card = PrintedCard(
        id=new_uuid(),
        person_id=person_id,
        pin_hash=pin_hash,
        code_count=CODES,
        issued_by=officer_id,
        issued_at=now,
        expires_at=now + CARD_LIFE,
    )
    session.add(card)
    session.flush()
    rows = [
        {"card_id": card.id, "number": number, "code_hash": _hash_of(card.id, number, code)}
        for number, code in enumerate(codes, start=1)
    ]
    session.execute(insert(PrintedCardCode), rows)
    security_notices.tell(session, person_id, "card_issued", now=now)
    return Issued(card.id, codes, card.expires_at)


def ask(session: Session, national_id: str, *, now: datetime) -> Question:
    """Ask for the next code of whoever holds this ID number; for somebody without a card it looks the same."""
    subject = people.index_of(national_id)
    row = session.execute(_NEXT, {"subject": subject, "now": now}).one_or_none()
    question = CardQuestion(
        id=new_uuid(),
        subject=subject,
        card_id=row.card_id if row else None,
        code_number=row.number if row else _pretended_number(subject),
        asked_at=now,
        expires_at=now + QUESTION_LIFE,
    )
    session.add(question)
    session.flush()
    return Question(question.id, question.code_number, question.expires_at)


def claim(session: Session, question_id: UUID, *, now: datetime) -> Claim:
    """Take one try at the card that was asked about, before anything is weighed. Commit it whatever comes of the try.

    Raises CardRefused for no such question, MethodLocked when no try is left.
    """
    question = session.get(CardQuestion, question_id)
    if question is None or question.expires_at <= now or question.answered_at is not None:
        raise CardRefused
    attempts.take_or_refuse(session, question.subject, CARD, now=now)
    # Nobody's card is looked for as well, under an id that no card has, so that it takes as long.
    card = session.get(PrintedCard, question.card_id or question.id)
    return Claim(question.id, question.subject, question.card_id, question.code_number, card.pin_hash if card else None)


def pin_is_right(claimed: Claim, pin: str) -> bool:
    """Whether the PIN belongs to the card; slow on purpose: never with a transaction open. Nobody's takes as long."""
    return passwords.is_right(pin, claimed.pin_hash)


def weigh(session: Session, claimed: Claim, code: str, *, pin_was_right: bool, now: datetime) -> UUID:
    """Whose card it is, if code and PIN were right. A right code is used up in any case.

    Raises CardRefused (which stays counted), MethodShut.
    """
    return weigh_hash(
        session, claimed, hash_of(claimed.card_id, claimed.code_number, code), pin_was_right=pin_was_right, now=now
    )


def weigh_hash(
    session: Session, claimed: Claim, code_hash: bytes | None, *, pin_was_right: bool, now: datetime
) -> UUID:
    """The same for a code that was said before, and kept as `hash_of` it."""
    card_id = claimed.card_id or claimed.question_id
    question = session.get(CardQuestion, claimed.question_id, with_for_update=True, populate_existing=True)
    card = session.get(PrintedCard, card_id, with_for_update=True, populate_existing=True)
    asked = session.get(PrintedCardCode, (card_id, claimed.code_number), with_for_update=True, populate_existing=True)
    if question is None or card is None or asked is None or asked.used_at is not None or code_hash is None:
        raise CardRefused
    code_is_right = hmac.compare_digest(asked.code_hash, code_hash)
    if code_is_right:
        asked.used_at = now
    is_good = card.ended_at is None and card.expires_at > now and question.answered_at is None
    if not (code_is_right and pin_was_right and is_good):
        session.flush()
        raise CardRefused
    locks.refuse_if_locked(session, card.person_id, "card")
    question.answered_at = now
    attempts.clear(session, claimed.subject, CARD)
    session.flush()
    _warn_when_running_out(session, card, now)
    return card.person_id


def end(session: Session, person_id: UUID, *, reason: Text, now: datetime) -> bool:
    """End this person's card and whatever session it began; the person is told. False where there is none."""
    if not _end(session, person_id, reason.en, now):
        return False
    security_notices.tell(session, person_id, "card_ended", values={"reason": reason}, now=now)
    return True


def standing(session: Session, person_id: UUID, *, now: datetime) -> Standing | None:
    """The person's running card; None where there is none."""
    row = session.execute(_STANDING, {"person_id": person_id, "now": now}).one_or_none()
    return None if row is None else Standing(row.issued_at, row.expires_at, row.codes_left)


def hash_of(card_id: UUID | None, number: int, code: str) -> bytes | None:
    """How a code is kept: keyed, because a hundred million are tried in a minute. None without a card."""
    return None if card_id is None else _hash_of(card_id, number, code)


def _hash_of(card_id: UUID, number: int, code: str) -> bytes:
    return crypto.blind_index(f"{card_id}:{number}:{code}", purpose="card_code")


def _pretended_number(subject: bytes) -> int:
    drawn = crypto.blind_index(subject.hex(), purpose="card_of_nobody")
    return 1 + int.from_bytes(drawn[:4]) % CODES


def _end(session: Session, person_id: UUID, reason: str, now: datetime) -> bool:
    ended = session.scalars(
        select(PrintedCard).where(PrintedCard.person_id == person_id, PrintedCard.ended_at.is_(None)).with_for_update()
    ).one_or_none()
    if ended is None:
        return False
    ended.ended_at, ended.end_reason = now, reason
    session.execute(_END_SESSIONS, {"person_id": person_id, "now": now})
    session.flush()
    return True


def _warn_when_running_out(session: Session, card: PrintedCard, now: datetime) -> None:
    left = session.execute(_LEFT, {"card_id": card.id}).scalar_one()
    if left == _RUNNING_OUT or left == 1:
        security_notices.tell(session, card.person_id, "card_running_out", values={"left": str(left)}, now=now)


_NEXT = text(
    """
    SELECT c.card_id, min(c.number) AS number
      FROM identity.person p
      JOIN identity.printed_card k ON k.person_id = p.id AND k.ended_at IS NULL AND k.expires_at > :now
      JOIN identity.printed_card_code c ON c.card_id = k.id AND c.used_at IS NULL
     WHERE p.national_id_index = :subject
     GROUP BY c.card_id
    """
)
_STANDING = text(
    """
    SELECT k.issued_at, k.expires_at,
           (SELECT count(*) FROM identity.printed_card_code c WHERE c.card_id = k.id AND c.used_at IS NULL)
               AS codes_left
      FROM identity.printed_card k WHERE k.person_id = :person_id AND k.ended_at IS NULL AND k.expires_at > :now
    """
)
_LEFT = text("SELECT count(*) FROM identity.printed_card_code WHERE card_id = :card_id AND used_at IS NULL")
_END_SESSIONS = text(
    "UPDATE identity.session SET ended_at = :now, end_reason = 'card ended' "
    "WHERE person_id = :person_id AND ended_at IS NULL AND 'card' = ANY (amr)"
)
