"""The tables of the city's officers, their decisions and what they read. Made by migrations 0009 and 0027."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class Officer(Base):
    """Somebody who works for the city at one of the desks."""

    __tablename__ = "officer"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_number: Mapped[str]
    name: Mapped[str]
    bureau: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    on_roster_from: Mapped[datetime] = mapped_column(_Moment)
    on_roster_until: Mapped[datetime | None] = mapped_column(_Moment)
    left_at: Mapped[datetime | None] = mapped_column(_Moment)
    added_at: Mapped[datetime] = mapped_column(_Moment)
    shift: Mapped[Any | None] = mapped_column(INT4MULTIRANGE)
    national_id_index: Mapped[bytes | None] = mapped_column(LargeBinary)


class OfficerEnrolmentCode(Base):
    """A code that lets an officer register one passkey; stored as a hash only."""

    __tablename__ = "officer_enrolment_code"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    officer_id: Mapped[UUID]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)


class OfficerPasskey(Base):
    """A public key that a device of this officer holds the other half of."""

    __tablename__ = "officer_passkey"
    __table_args__ = _SCHEMA
    officer_id: Mapped[UUID] = mapped_column(primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    is_backup_eligible: Mapped[bool]
    is_backed_up: Mapped[bool]
    transports: Mapped[list[str]] = mapped_column(ARRAY(Text))
    aaguid: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(_Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(_Moment)
    counter_regressed_at: Mapped[datetime | None] = mapped_column(_Moment)


class OfficerSessionRow(Base):
    """An officer's session; its token is stored as a hash only."""

    __tablename__ = "officer_session"
    __table_args__ = _SCHEMA
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    officer_id: Mapped[UUID]
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    transport: Mapped[str]
    auth_time: Mapped[datetime] = mapped_column(_Moment)
    last_used_at: Mapped[datetime] = mapped_column(_Moment)
    idle_until: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    ended_at: Mapped[datetime | None] = mapped_column(_Moment)
    end_reason: Mapped[str | None]
    user_agent: Mapped[str]


class Approval(Base):
    """Something that one person proposed and another has to decide."""

    __tablename__ = "approval"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str]
    person_id: Mapped[UUID | None]
    bureau: Mapped[str | None]
    status: Mapped[str]
    proposer_kind: Mapped[str]
    proposed_by: Mapped[UUID]
    proposer_name: Mapped[str]
    proposed_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    decided_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None] = mapped_column(_Moment)
    note: Mapped[str | None]


class AccessLogEntry(Base):
    """That somebody read a citizen's data."""

    __tablename__ = "access_log"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(_Moment)
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID]
    actor_name: Mapped[str]
    actor_bureau: Mapped[str]
    actor_roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    what: Mapped[str]
    purpose: Mapped[str]
    reference: Mapped[str]
    delegation_id: Mapped[UUID | None]
