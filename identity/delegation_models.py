"""The tables of who may act for whom. Made by migration 0028."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class Delegation(Base):
    """What one person (the principal) lets another (the agent) do for them. Terms never change; it is closed once."""

    __tablename__ = "delegation"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    principal_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None]
    begun_by: Mapped[str]
    named_index: Mapped[bytes] = mapped_column(LargeBinary)
    named_masked: Mapped[str]
    basis: Mapped[str]
    status: Mapped[str]
    grants: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    starts_at: Mapped[datetime] = mapped_column(_Moment)
    ends_at: Mapped[datetime | None] = mapped_column(_Moment)
    made_at: Mapped[datetime] = mapped_column(_Moment)
    lapses_at: Mapped[datetime] = mapped_column(_Moment)
    closed_at: Mapped[datetime | None] = mapped_column(_Moment)
    closed_by: Mapped[str | None]
    close_reason: Mapped[str | None]
    register_asked_at: Mapped[datetime | None] = mapped_column(_Moment)
    use_told_on: Mapped[date | None]


class DelegationApproval(Base):
    """The yes of one side: in a session of their own, before an officer, or by a register."""

    __tablename__ = "delegation_approval"
    __table_args__ = _SCHEMA
    delegation_id: Mapped[UUID] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    by_kind: Mapped[str]
    by_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    loa: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(_Moment)


class ActingSession(Base):
    """That an agent is acting for a principal now; its token is stored as a hash only."""

    __tablename__ = "acting_session"
    __table_args__ = _SCHEMA
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    delegation_id: Mapped[UUID]
    session_id: Mapped[UUID]
    transport: Mapped[str]
    began_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    ended_at: Mapped[datetime | None] = mapped_column(_Moment)
