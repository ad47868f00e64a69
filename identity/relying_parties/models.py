"""Consents and the history of registrations, in the PostgreSQL schema `identity`. Made by migration 0030."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class Consent(Base):
    """What a person decided about one site: the claims asked with their purposes, and those agreed to."""

    __tablename__ = "consent"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    purposes: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB)
    agreed: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    given_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(_Moment)
    ended_at: Mapped[datetime | None] = mapped_column(_Moment)
    end_reason: Mapped[str | None]


class RelyingPartyEvent(Base):
    """Something that happened to a registration; rows are added and never changed."""

    __tablename__ = "relying_party_event"
    __table_args__ = _SCHEMA
    client_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(_Moment)
    what: Mapped[str]
    officer_id: Mapped[UUID | None]
    officer_name: Mapped[str]
    approval_id: Mapped[UUID | None]
    note: Mapped[str]
    registered: Mapped[dict[str, Any]] = mapped_column(JSONB)
