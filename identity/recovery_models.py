"""The tables of codes, resets, locks and cases. Made by migration 0024."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Identity, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class MethodLock(Base):
    """A way to sign in that is shut for a person; in force until it is lifted."""

    __tablename__ = "method_lock"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    method: Mapped[str]
    reason: Mapped[str]
    locked_at: Mapped[datetime] = mapped_column(_Moment)
    lifted_at: Mapped[datetime | None] = mapped_column(_Moment)
    lifted_how: Mapped[str | None]


class Totp(Base):
    """A secret that a person's app makes codes from; only a confirmed one signs in."""

    __tablename__ = "totp"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(_Moment)
    last_step: Mapped[int]
    last_used_at: Mapped[datetime | None] = mapped_column(_Moment)


class RecoveryCodeSet(Base):
    """The recovery codes that a person holds now, hashed with one salt."""

    __tablename__ = "recovery_code_set"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(_Moment)


class RecoveryCode(Base):
    """One recovery code; it signs in once."""

    __tablename__ = "recovery_code"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)


class PasswordReset(Base):
    """Somebody asked for a new password. Where nobody has registered the ID number, `person_id` stays empty."""

    __tablename__ = "password_reset"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    evidence: Mapped[str]
    status: Mapped[str]
    person_id: Mapped[UUID | None]
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime] = mapped_column(_Moment)
    evidence_until: Mapped[datetime] = mapped_column(_Moment)
    proved_at: Mapped[datetime | None] = mapped_column(_Moment)
    possible_at: Mapped[datetime | None] = mapped_column(_Moment)
    lapses_at: Mapped[datetime | None] = mapped_column(_Moment)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    announced_at: Mapped[datetime | None] = mapped_column(_Moment)
    closed_at: Mapped[datetime | None] = mapped_column(_Moment)
    closed_how: Mapped[str | None]


class SecurityCase(Base):
    """Somebody has said “that was not me”, and an officer looks after it until it is resolved."""

    __tablename__ = "security_case"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Identity(always=True))
    person_id: Mapped[UUID]
    disavowal_id: Mapped[UUID]
    notice: Mapped[str]
    method: Mapped[str | None]
    noticed_at: Mapped[datetime] = mapped_column(_Moment)
    opened_at: Mapped[datetime] = mapped_column(_Moment)
    status: Mapped[str]
    resolved_at: Mapped[datetime | None] = mapped_column(_Moment)
    resolved_by: Mapped[UUID | None]


class SecurityCaseEvent(Base):
    """What happened in a case. Rows are only ever added."""

    __tablename__ = "security_case_event"
    __table_args__ = _SCHEMA
    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(_Moment)
    kind: Mapped[str]
    officer_id: Mapped[UUID | None]
    note: Mapped[str]
