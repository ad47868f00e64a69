"""How a site is registered, changed and shut: one person proposes, a registrar approves, anybody in charge may shut it.

What is registered is kept in `identity.relying_party`, where the provider reads it; what was proposed waits in the
approval itself, and every turn is written to a history that only grows.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.errors import FieldError, NotFound, PreconditionFailed
from core.ids import new_uuid, typeid
from identity import approvals
from identity.actors import Actor
from identity.officer_models import Approval
from identity.provider import grants
from identity.provider.models import RelyingParty
from identity.relying_parties import rules
from identity.relying_parties.errors import (
    ClientIdTaken,
    NotInThisState,
    ProposalOpen,
    RegistrationChanged,
    RegistrationRefused,
)
from identity.relying_parties.models import RelyingPartyEvent

KIND = "identity.relying_party"
APPROVERS = ("registrar",)
_PRIVATE_KEY_JWT = "private_key_jwt"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal that has just been made. `secret` is the site's, shown this once; a site with a key of its own has
    none."""

    site: RelyingParty
    approval: Approval
    secret: str | None


def propose(session: Session, wanted: Mapping[str, Any], *, reason: str, by: Actor, now: datetime) -> Proposed:
    """Propose a new site of the officer's own bureau. Raises RegistrationRefused, ClientIdTaken."""
    after = _checked(wanted)
    client_id = str(wanted["client_id"])
    if session.get(RelyingParty, client_id) is not None:
        raise ClientIdTaken
    secret = None if after["token_endpoint_auth_method"] == _PRIVATE_KEY_JWT else secrets.token_urlsafe(32)
    site = RelyingParty(
        client_id=client_id,
        id=new_uuid(),
        bureau=by.bureau,
        secret_hash=token_hash(secret) if secret else None,
        sector_identifier=rules.sector_of(after["redirect_uris"]),
        subject_type="pairwise",
        status="proposed",
        proposed_at=now,
        updated_at=now,
    )
    _write(site, after)
    session.add(site)
    session.flush()
    approval = _put_forward(session, site, "register", after, reason=reason, by=by, now=now)
    _note(session, site, "proposed", after, by=by, approval_id=approval.id, note=reason, now=now)
    return Proposed(site, approval, secret)


def propose_change(
    session: Session, site_id: UUID, changes: Mapping[str, Any], *, version: str, reason: str, by: Actor, now: datetime
) -> Proposed:
    """Propose that an approved site be registered otherwise from its approval on, or a declined one after all.

    Raises NotFound, PreconditionFailed (`version` is not the present one), NotInThisState, ProposalOpen and
    RegistrationRefused, also for another host: people would be strangers there, so that is another site.
    """
    site = _locked(session, site_id, by)
    if version != version_of(site):
        raise PreconditionFailed
    if site.status not in ("approved", "declined"):
        raise NotInThisState if site.status == "suspended" else ProposalOpen
    _refuse_second_proposal(session, site)
    is_new = site.status == "declined"
    after = _checked({**registered(site), **changes})
    if not is_new and after == registered(site):
        raise RegistrationRefused(errors=[FieldError("/", "nothing would change")])
    if not is_new and rules.sector_of(after["redirect_uris"]) != site.sector_identifier:
        raise RegistrationRefused(
            errors=[
                FieldError("/redirect_uris", f"on another host than {site.sector_identifier}: that is another site")
            ]
        )
    secret = None
    if is_new:
        needs_secret = after["token_endpoint_auth_method"] != _PRIVATE_KEY_JWT
        secret = secrets.token_urlsafe(32) if needs_secret else None
        site.secret_hash = token_hash(secret) if secret else None
        site.sector_identifier = rules.sector_of(after["redirect_uris"])
        site.status = "proposed"
        _write(site, after)
        _touch(site, now)
        session.flush()
    elif after["token_endpoint_auth_method"] != _PRIVATE_KEY_JWT and site.secret_hash is None:
        raise RegistrationRefused(
            errors=[FieldError("/token_endpoint_auth_method", "a site with a key of its own does not go back")]
        )
    action = "register" if is_new else "change"
    approval = _put_forward(session, site, action, after, reason=reason, by=by, now=now)
    what = "proposed" if is_new else "change_proposed"
    _note(session, site, what, after, by=by, approval_id=approval.id, note=reason, now=now)
    return Proposed(site, approval, secret)


def propose_resumption(session: Session, site_id: UUID, *, reason: str, by: Actor, now: datetime) -> Proposed:
    """Propose that a suspended site go on as it was. Raises NotFound, NotInThisState, ProposalOpen."""
    site = _locked(session, site_id, by)
    if site.status != "suspended":
        raise NotInThisState
    _refuse_second_proposal(session, site)
    after = registered(site)
    approval = _put_forward(session, site, "resume", after, reason=reason, by=by, now=now)
    _note(session, site, "resumption_proposed", after, by=by, approval_id=approval.id, note=reason, now=now)
    return Proposed(site, approval, None)


def suspend(session: Session, site_id: UUID, *, reason: str, by: Actor, now: datetime) -> RelyingParty:
    """Shut an approved site at once: nobody signs in there with us, and what was issued to it is dead.

    Raises NotFound, NotInThisState.
    """
    site = _locked(session, site_id, by)
    if site.status != "approved":
        raise NotInThisState
    site.status, site.suspended_at = "suspended", now
    _touch(site, now)
    grants.revoke_of_site(session, client_id=site.client_id, reason="site suspended", now=now)
    _note(session, site, "suspended", registered(site), by=by, note=reason, now=now)
    return site


def renew_secret(session: Session, site_id: UUID, *, by: Actor, now: datetime) -> tuple[RelyingParty, str]:
    """A new secret, shown this once; the one before is dead with this commit. Raises NotFound, NotInThisState."""
    site = _locked(session, site_id, by)
    if site.status not in ("approved", "proposed") or site.secret_hash is None:
        raise NotInThisState
    secret = secrets.token_urlsafe(32)
    site.secret_hash = token_hash(secret)
    _touch(site, now)
    _note(session, site, "secret_renewed", registered(site), by=by, now=now)
    return site, secret


def get(session: Session, site_id: UUID, *, by: Actor) -> RelyingParty:
    """One site. Raises NotFound, also for a site that this officer has nothing to do with."""
    site = session.scalars(select(RelyingParty).where(RelyingParty.id == site_id)).one_or_none()
    if site is None or not _may_see(by, site):
        raise NotFound
    return site


def page(session: Session, *, by: Actor, limit: int, before: UUID | None = None) -> Sequence[RelyingParty]:
    """The sites that this officer sees, the newest first; `before` continues a list after that site."""
    query = select(RelyingParty)
    if not _sees_all(by):
        query = query.where(RelyingParty.bureau == by.bureau)
    if before is not None:
        query = query.where(RelyingParty.id < before)
    return session.scalars(query.order_by(RelyingParty.id.desc()).limit(limit)).all()


def history_of(session: Session, site: RelyingParty) -> Sequence[RelyingPartyEvent]:
    """All that happened to a registration, the latest first."""
    query = select(RelyingPartyEvent).where(RelyingPartyEvent.client_id == site.client_id)
    return session.scalars(query.order_by(RelyingPartyEvent.id.desc()).limit(200)).all()


def open_proposal_of(session: Session, site: RelyingParty) -> UUID | None:
    """The proposal about this site that waits for a decision, if there is one."""
    return session.scalars(_open_proposals(site)).first()


def version_of(site: RelyingParty) -> str:
    """What a change names as the state it was made from: another one after every turn."""
    return str(int(site.updated_at.timestamp() * 1_000_000))


def registered(site: RelyingParty) -> dict[str, Any]:
    """The registration as it stands, in the form in which it is proposed."""
    return {
        "name": {"zh": site.name_zh, "en": site.name_en},
        "purpose": {"zh": site.purpose_zh, "en": site.purpose_en},
        "contact": site.contact,
        "client_uri": site.client_uri,
        "policy_uri": site.policy_uri,
        "redirect_uris": list(site.redirect_uris),
        "post_logout_redirect_uris": list(site.post_logout_redirect_uris),
        "backchannel_logout_uri": site.backchannel_logout_uri,
        "token_endpoint_auth_method": site.token_endpoint_auth_method,
        "jwks": site.jwks,
        "id_token_alg": site.id_token_alg,
        "scopes": sorted(site.scopes),
        "claims": site.claims,
        "default_loa": site.default_loa,
        "requires_par": site.requires_par,
    }


def carry_out(session: Session, approval: Approval, now: datetime) -> None:
    """What was approved: the effect of a proposal. Raises RegistrationChanged."""
    body = approval.body
    site = _of_approval(session, approval)
    if body["based_on"] != version_of(site):
        raise RegistrationChanged
    if body["action"] == "register":
        site.status, site.approved_at = "approved", now
    elif body["action"] == "resume":
        site.status, site.suspended_at = "approved", None
    else:
        _write(site, body["after"])
        if site.token_endpoint_auth_method == _PRIVATE_KEY_JWT:
            site.secret_hash = None
    _touch(site, now)
    session.flush()
    what = {"register": "approved", "resume": "resumed", "change": "changed"}[body["action"]]
    _note_decision(session, site, what, approval, now)


def put_away(session: Session, approval: Approval, now: datetime) -> None:
    """What was declined, taken back, or has lapsed: a new site is declined, one that stands stays as it is."""
    site = _of_approval(session, approval)
    if approval.body["action"] == "register" and site.status == "proposed":
        site.status = "declined"
        _touch(site, now)
        session.flush()
    _note_decision(session, site, "declined", approval, now)


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The registration with its keys as they are kept. Raises RegistrationRefused."""
    after = {name: wanted.get(name) for name in _MEMBERS}
    after["scopes"] = sorted(set(wanted["scopes"]))
    wrong = rules.problems_of(after)
    if after["token_endpoint_auth_method"] == _PRIVATE_KEY_JWT:
        sent = wanted.get("public_key") or wanted.get("jwks")
        try:
            after["jwks"] = rules.checked_keys(sent) if sent else None
        except rules.KeyRefused as refused:
            wrong.append(FieldError("/public_key", str(refused)))
        if not sent:
            wrong.append(FieldError("/public_key", "a site that signs needs its public key"))
    else:
        after["jwks"] = None
        if wanted.get("public_key"):
            wrong.append(FieldError("/public_key", "a site with a secret has no key"))
    if wrong:
        raise RegistrationRefused(errors=wrong)
    return after


def _write(site: RelyingParty, after: Mapping[str, Any]) -> None:
    site.name_zh, site.name_en = after["name"]["zh"], after["name"]["en"]
    site.purpose_zh, site.purpose_en = after["purpose"]["zh"], after["purpose"]["en"]
    for name in _MEMBERS:
        if name not in ("name", "purpose"):
            setattr(site, name, after[name])


def _touch(site: RelyingParty, now: datetime) -> None:
    # It is the version that a change names, so it moves on even for two turns within one moment.
    site.updated_at = max(now, site.updated_at + timedelta(microseconds=1))


def _put_forward(
    session: Session,
    site: RelyingParty,
    action: str,
    after: Mapping[str, Any],
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> Approval:
    body = {
        "action": action,
        "id": typeid("rlp", site.id),
        "client_id": site.client_id,
        "bureau": site.bureau,
        "based_on": version_of(site),
        "before": registered(site) if action == "change" else None,
        "after": dict(after),
    }
    return approvals.propose(
        session, kind=KIND, subject=site.client_id, body=body, reason=reason, by=by, bureau=site.bureau, now=now
    )


def _note(
    session: Session,
    site: RelyingParty,
    what: str,
    state: Mapping[str, Any],
    *,
    by: Actor,
    approval_id: UUID | None = None,
    note: str = "",
    now: datetime,
) -> None:
    session.add(
        RelyingPartyEvent(
            client_id=site.client_id,
            id=new_uuid(),
            at=now,
            what=what,
            officer_id=by.id,
            officer_name=by.name,
            approval_id=approval_id,
            note=note,
            registered=dict(state),
        )
    )
    session.flush()


def _note_decision(session: Session, site: RelyingParty, what: str, approval: Approval, now: datetime) -> None:
    session.add(
        RelyingPartyEvent(
            client_id=site.client_id,
            id=new_uuid(),
            at=now,
            what=what,
            officer_id=approval.decided_by,
            officer_name="",
            approval_id=approval.id,
            note=approval.note or "",
            registered=approval.body["after"],
        )
    )
    session.flush()


def _locked(session: Session, site_id: UUID, by: Actor) -> RelyingParty:
    query = select(RelyingParty).where(RelyingParty.id == site_id).with_for_update()
    site = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if site is None or not _may_see(by, site):
        raise NotFound
    return site


def _of_approval(session: Session, approval: Approval) -> RelyingParty:
    site = session.get(RelyingParty, approval.subject, with_for_update=True, populate_existing=True)
    assert site is not None, "a registration is never deleted"
    return site


def _refuse_second_proposal(session: Session, site: RelyingParty) -> None:
    if session.scalar(select(exists(_open_proposals(site)))):
        raise ProposalOpen


def _open_proposals(site: RelyingParty) -> Any:
    return select(Approval.id).where(
        Approval.kind == KIND, Approval.subject == site.client_id, Approval.status == "proposed"
    )


def _may_see(by: Actor, site: RelyingParty) -> bool:
    return _sees_all(by) or by.bureau == site.bureau


def _sees_all(by: Actor) -> bool:
    return bool(by.roles & {"registrar", "auditor"})


_MEMBERS = (
    "name", "purpose", "contact", "client_uri", "policy_uri", "redirect_uris", "post_logout_redirect_uris",
    "backchannel_logout_uri", "token_endpoint_auth_method", "jwks", "id_token_alg", "scopes", "claims", "default_loa",
    "requires_par",
)  # fmt: skip
