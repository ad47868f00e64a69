"""The provider's tables, in the PostgreSQL schema `identity`. Made by migration 0029."""

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


class RelyingParty(Base):
    """A site of a bureau that people may sign in to with us: what was registered, and whether it is approved."""

    __tablename__ = "relying_party"
    __table_args__ = _SCHEMA
    client_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    bureau: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    purpose_zh: Mapped[str]
    purpose_en: Mapped[str]
    contact: Mapped[str] = mapped_column(default="")
    client_uri: Mapped[str | None]
    policy_uri: Mapped[str | None]
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    backchannel_logout_uri: Mapped[str | None]
    token_endpoint_auth_method: Mapped[str]
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    id_token_alg: Mapped[str] = mapped_column(default="ES256")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    claims: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB, default=dict)
    sector_identifier: Mapped[str]
    subject_type: Mapped[str] = mapped_column(default="pairwise")
    default_loa: Mapped[int] = mapped_column(default=2)
    requires_par: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str]
    proposed_at: Mapped[datetime] = mapped_column(_Moment)
    approved_at: Mapped[datetime | None] = mapped_column(_Moment)
    suspended_at: Mapped[datetime | None] = mapped_column(_Moment)
    updated_at: Mapped[datetime] = mapped_column(_Moment)


class AuthorizationRequest(Base):
    """What a site asked for, checked, while the person signs in and decides."""

    __tablename__ = "authorization_request"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    redirect_uri: Mapped[str]
    response_mode: Mapped[str]
    state: Mapped[str | None]
    nonce: Mapped[str | None]
    code_challenge: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    id_token_claims: Mapped[list[str]] = mapped_column(ARRAY(Text))
    userinfo_claims: Mapped[list[str]] = mapped_column(ARRAY(Text))
    prompt: Mapped[list[str]] = mapped_column(ARRAY(Text))
    loa: Mapped[int]
    subject_hint: Mapped[str | None]
    auth_not_before: Mapped[datetime | None] = mapped_column(_Moment)
    ui_locale: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    decision: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_in: Mapped[UUID | None]
    granted_claims: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    answered_at: Mapped[datetime | None] = mapped_column(_Moment)


class SignOn(Base):
    """That a session of ours is in use at a client; the id is what the client knows as `sid`."""

    __tablename__ = "sign_on"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    session_id: Mapped[UUID]
    client_id: Mapped[str]
    began_at: Mapped[datetime] = mapped_column(_Moment)
    ended_at: Mapped[datetime | None] = mapped_column(_Moment)
    end_reason: Mapped[str | None]


class ProviderGrant(Base):
    """What one authorization code stands for; every token issued from it dies with it."""

    __tablename__ = "provider_grant"
    __table_args__ = _SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    client_id: Mapped[str]
    sign_on_id: Mapped[UUID]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    code_expires_at: Mapped[datetime] = mapped_column(_Moment)
    code_used_at: Mapped[datetime | None] = mapped_column(_Moment)
    redirect_uri: Mapped[str]
    code_challenge: Mapped[str]
    nonce: Mapped[str | None]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    id_token_claims: Mapped[list[str]] = mapped_column(ARRAY(Text))
    userinfo_claims: Mapped[list[str]] = mapped_column(ARRAY(Text))
    loa: Mapped[int]
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    auth_time: Mapped[datetime] = mapped_column(_Moment)
    granted_at: Mapped[datetime] = mapped_column(_Moment)
    expires_at: Mapped[datetime] = mapped_column(_Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(_Moment)
    revoke_reason: Mapped[str | None]


class ProviderKey(Base):
    """A key pair that ID tokens are signed with; the private half is sealed, and gone when it signs no more."""

    __tablename__ = "provider_key"
    __table_args__ = _SCHEMA
    kid: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    alg: Mapped[str]
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    published_at: Mapped[datetime] = mapped_column(_Moment)
    signs_from: Mapped[datetime] = mapped_column(_Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(_Moment)
