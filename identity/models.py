"""This room's tables, in the PostgreSQL schema `identity`. Made by migrations 0003 and 0009."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class Person(Base):
    """Somebody who has registered. ID number, mobile and name are sealed to the row; the first two are found by keyed
    hashes. Somebody who was enrolled at a counter or by a certificate may have neither mobile nor password."""

    __tablename__ = "person"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    national_id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    national_id_index: Mapped[bytes] = mapped_column(LargeBinary)
    mobile_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    mobile_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None]
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    proofing_level: Mapped[int]
    language: Mapped[str]
    registered_at: Mapped[datetime] = mapped_column(_Moment)
    first_passkey_until: Mapped[datetime | None] = mapped_column(_Moment)


class OtpChallenge(Base):
    """A code that was sent. A decoy's code was sent to nobody and never verifies."""

    __tablename__ = "otp_challenge"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    person_id: Mapped[UUID | None]
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    is_decoy: Mapped[bool]
    national_id_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    mobile_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None]
    language: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    proven_at: Mapped[datetime | None] = mapped_column(_Moment)
    finished_at: Mapped[datetime | None] = mapped_column(_Moment)


class SessionRow(Base):
    """A session on our side; its token is stored as a hash only."""

    __tablename__ = "session"
    __table_args__ = _SCHEMA
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    person_id: Mapped[UUID]
    authenticator_level: Mapped[int]
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    transport: Mapped[str]
    auth_time: Mapped[datetime] = mapped_column(_Moment)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    last_used_at: Mapped[datetime] = mapped_column(_Moment)
    idle_until: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    ended_at: Mapped[datetime | None] = mapped_column(_Moment)
    end_reason: Mapped[str | None]
    user_agent: Mapped[str]
    remembered_until: Mapped[datetime | None] = mapped_column(_Moment)
    network: Mapped[str]
    with_officer: Mapped[UUID | None]


class Proofing(Base):
    """By what evidence a person was proved to be the holder of the ID number."""

    __tablename__ = "proofing"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    level: Mapped[int]
    method: Mapped[str]
    reference: Mapped[str]
    at: Mapped[datetime] = mapped_column(_Moment)


class Disavowal(Base):
    """The link "that was not me" in a security notice; its token is stored as a hash only."""

    __tablename__ = "disavowal"
    __table_args__ = _SCHEMA
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    person_id: Mapped[UUID]
    kind: Mapped[str]
    session_id: Mapped[UUID | None]
    method: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)


class Passkey(Base):
    """A public key that a device of this person holds the other half of."""

    __tablename__ = "passkey"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    is_backup_eligible: Mapped[bool]
    is_backed_up: Mapped[bool]
    transports: Mapped[list[str]] = mapped_column(ARRAY(Text))
    aaguid: Mapped[UUID]
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(_Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(_Moment)
    last_used_network: Mapped[str]
    counter_regressed_at: Mapped[datetime | None] = mapped_column(_Moment)


class Ceremony(Base):
    """A WebAuthn challenge that was given out, to be used once."""

    __tablename__ = "ceremony"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    session_id: Mapped[UUID | None]
    code_id: Mapped[UUID | None]
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)


class Sms(Base):
    """A text message on its way out; its words are blanked as soon as it has left."""

    __tablename__ = "sms"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None]
    mobile_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    status: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(_Moment)
    lapses_at: Mapped[datetime] = mapped_column(_Moment)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    finished_at: Mapped[datetime | None] = mapped_column(_Moment)


class Vehicle(Base):
    """A vehicle that its owner has shown to be theirs."""

    __tablename__ = "vehicle"
    __table_args__ = _SCHEMA
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    plate: Mapped[str] = mapped_column(primary_key=True)
    vehicle: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    added_at: Mapped[datetime] = mapped_column(_Moment)


class BureauClient(Base):
    """A bureau's system that may ask for access tokens."""

    __tablename__ = "bureau_client"
    __table_args__ = _SCHEMA
    client_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    bureau: Mapped[str]
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    registered_at: Mapped[datetime] = mapped_column(_Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(_Moment)
