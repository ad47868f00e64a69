"""Which telegram was answered how: the same id again gets the same answer, and with other words in it none."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.fleets.client import Dispatch, FleetRefused
from partners.fleets.contents import Content, FleetError
from partners.fleets.telegrams import Telegram, decode, encode

FLEET = "rehabus"


def take_turns(session: Session, trip: str) -> None:
    """Wait for whoever does something about this trip, until the end of the transaction."""
    session.execute(_LOCK, {"key": f"own_fleet {trip}"})


class NotDone(Exception):
    """Raised within an act: what this fleet understood and will not do."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(code)
        self.error = FleetError(code, detail, pointer)


def said_hash(dispatch: Dispatch, content: Content, now: datetime) -> bytes:
    """What distinguishes what was said: none of it is kept. Raises TelegramWrong for what would not be as agreed."""
    written = encode(Telegram(dispatch.id, dispatch.trip, now, content, dispatch.answer_by))
    said = {name: written[name] for name in ("kind", "tds", "more")}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


def answered(session: Session, dispatch: Dispatch, said: bytes) -> Content | None:
    """What was answered to this telegram before. Raises FleetRefused `id_reused` where it said something else."""
    row = session.execute(_FIND, {"id": dispatch.id}).one_or_none()
    if row is None:
        return None
    if bytes(row.said_hash) != said or row.trip != dispatch.trip:
        error = FleetError("id_reused", "此編號已用於其他內容 This id was used for something else")
        raise FleetRefused(FLEET, error)
    return decode(row.answer).content


def keep(session: Session, dispatch: Dispatch, said: bytes, answer: Content, now: datetime) -> None:
    """Write down what is answered. Raises TelegramWrong for what would not be as agreed between fleets."""
    telegram = Telegram(_answer_id(dispatch.id), dispatch.trip, now, answer, answers=dispatch.id)
    values = {
        "id": dispatch.id, "trip": dispatch.trip, "said": said, "answer": orjson.dumps(encode(telegram)).decode(),
        "now": now,
    }  # fmt: skip
    session.execute(_KEEP, values)


def _answer_id(question: UUID) -> UUID:
    """The id of an answer follows from its question's."""
    return UUID(bytes=hashlib.sha256(question.bytes).digest()[:16], version=5)


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_FIND = text("SELECT trip, said_hash, answer FROM accessibility.van_telegram WHERE id = :id")
_KEEP = text(
    """
    INSERT INTO accessibility.van_telegram (id, trip, said_hash, answer, answered_at)
    VALUES (:id, :trip, :said, CAST(:answer AS jsonb), :now)
    """
)
