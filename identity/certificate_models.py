"""The tables of signing in by citizen certificate. Made by migration 0026."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Numeric
from sqlalchemy.orm import Mapped, deferred, mapped_column

from core.db import Base

_SCHEMA = {"schema": "identity"}
_Moment = DateTime(timezone=True)


class CertificateChallenge(Base):
    """Words that were given out to be signed once."""

    __tablename__ = "certificate_challenge"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    to_be_signed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    used_at: Mapped[datetime | None] = mapped_column(_Moment)


class Certificate(Base):
    """A certificate that has signed its holder in: whose it is need not be asked again."""

    __tablename__ = "certificate"
    __table_args__ = _SCHEMA
    holder_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID]
    person_id: Mapped[UUID]
    ending: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    valid_until: Mapped[datetime] = mapped_column(_Moment)
    added_at: Mapped[datetime] = mapped_column(_Moment)
    last_used_at: Mapped[datetime] = mapped_column(_Moment)


class RevocationList(Base):
    """A revocation list as it was last fetched; `content` is read when it is asked for, since it can be long."""

    __tablename__ = "revocation_list"
    __table_args__ = _SCHEMA
    url: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    number: Mapped[Decimal | None] = mapped_column(Numeric)
    this_update: Mapped[datetime | None] = mapped_column(_Moment)
    next_update: Mapped[datetime | None] = mapped_column(_Moment)
    fetched_at: Mapped[datetime | None] = mapped_column(_Moment)
    tried_at: Mapped[datetime] = mapped_column(_Moment)
    failure: Mapped[str | None]
