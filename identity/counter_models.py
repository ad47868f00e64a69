"""The tables of the service counter, of visits, of codes on paper, printed cards and calls. Made by migration 0027."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class CounterCase(Base):
    """Somebody who stands at a counter: every look-up, refused ones too. The ID number is blanked in the end."""

    __tablename__ = "counter_case"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    officer_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    national_id_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    national_id_index: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str]
    case_number: Mapped[str]
    outcome: Mapped[str]
    papers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    written_at: Mapped[datetime | None] = mapped_column(_Moment)
    proofed_at: Mapped[datetime | None] = mapped_column(_Moment)
    opened_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)


class CounterCode(Base):
    """A code on paper by which somebody makes a passkey on their own phone; stored as a hash only."""

    __tablename__ = "counter_code"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)


class Visit(Base):
    """A citizen and an officer who do something together: one session of the citizen, for as long as both are there."""

    __tablename__ = "visit"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    person_id: Mapped[UUID]
    session_id: Mapped[UUID]
    officer_id: Mapped[UUID]
    officer_session_id: Mapped[UUID]
    officer_bureau: Mapped[str]
    case_number: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(_Moment)
    ends_at: Mapped[datetime] = mapped_column(_Moment)
    closed_at: Mapped[datetime | None] = mapped_column(_Moment)
    end_reason: Mapped[str | None]


class VisitAct(Base):
    """One thing that was read or done in a visit, in the words of the route."""

    __tablename__ = "visit_act"
    __table_args__ = _SCHEMA
    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(_Moment)
    method: Mapped[str]
    path: Mapped[str]
    words_zh: Mapped[str]
    words_en: Mapped[str]


class PrintedCard(Base):
    """A card with numbered codes; together with its PIN it signs somebody in who has no smartphone."""

    __tablename__ = "printed_card"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    pin_hash: Mapped[str]
    code_count: Mapped[int]
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    ended_at: Mapped[datetime | None] = mapped_column(_Moment)
    end_reason: Mapped[str | None]


class PrintedCardCode(Base):
    """One numbered code of a card, used once; stored as a keyed hash only."""

    __tablename__ = "printed_card_code"
    __table_args__ = _SCHEMA
    card_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)


class CardQuestion(Base):
    """Which code of a card was asked for. Without a card it is a question that nothing answers."""

    __tablename__ = "card_question"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    card_id: Mapped[UUID | None]
    code_number: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    answered_at: Mapped[datetime | None] = mapped_column(_Moment)


class PhoneCall(Base):
    """A caller at the 1999 line who is to be confirmed: code by word of mouth, PIN on the telephone's keys."""

    __tablename__ = "phone_call"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    question_id: Mapped[UUID]
    officer_id: Mapped[UUID]
    officer_session_id: Mapped[UUID]
    case_number: Mapped[str]
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    keypad_number: Mapped[str | None]
    status: Mapped[str]
    person_id: Mapped[UUID | None]
    begun_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
