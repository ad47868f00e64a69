"""The tables of accounts elsewhere and of first mobiles, in the schema `identity`. Made by migration 0025."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class FederationRequest(Base):
    """A browser that was sent to a provider, and may come back once."""

    __tablename__ = "federation_request"
    __table_args__ = _SCHEMA
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    provider: Mapped[str]
    purpose: Mapped[str]
    person_id: Mapped[UUID | None]
    transport: Mapped[str]
    remember: Mapped[bool]
    return_to: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class PendingLink(Base):
    """An account that nobody has linked yet, kept for the browser that has just shown to hold it."""

    __tablename__ = "pending_link"
    __table_args__ = _SCHEMA
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    provider: Mapped[str]
    account_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[UUID | None]
    return_to: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)


class LinkedAccount(Base):
    """An account elsewhere that signs this person in, known by a keyed hash of issuer and subject."""

    __tablename__ = "linked_account"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    account_index: Mapped[bytes] = mapped_column(LargeBinary)
    label_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    linked_at: Mapped[datetime] = mapped_column(_Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(_Moment)


class FirstMobile(Base):
    """A number given by somebody who has none here, until the code that was sent there comes back."""

    __tablename__ = "first_mobile"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    mobile_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
