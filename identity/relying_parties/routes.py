"""The desk of sites that people sign in to with us: registered by their bureau, approved by a registrar."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, PageQuery, Routes, officer, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import officers
from identity.pages_of_ids import continued, page_answer
from identity.provider.models import RelyingParty
from identity.relying_parties import registration
from identity.relying_parties.errors import ClientIdTaken, NotInThisState, ProposalOpen, RegistrationRefused
from identity.relying_parties.registration import Proposed
from identity.relying_parties.schemas import (
    NewRelyingParty,
    Reason,
    RegisteredSchema,
    RelyingPartyChange,
    RelyingPartyItemSchema,
    RelyingPartySchema,
    SecretSchema,
)
from identity.schemas import Nothing
from identity.words import BUREAU_NAMES

routes = Routes("identity")
_READERS = officer("bureau_officer", "registrar", "auditor")
_ETAG = {200: {"ETag": "what If-Match of the next change carries"}}
_NOT_STORED = {"Cache-Control": "no-store"}


@routes.get(
    "/v1/relying-parties",
    access=_READERS,
    shows_person_data=False,
    query=PageQuery,
    answers={200: page_of(RelyingPartyItemSchema)},
    summary=Text("使用我的高雄登入的網站", "Sites that people sign in to with us"),
)
def list_relying_parties(call: Call) -> Answer:
    """Those of one's own bureau; a registrar and an auditor see all. The newest first."""
    limit = call.query["limit"]
    rows = registration.page(call.session, by=call.actor, limit=limit + 1, before=continued(call, "rlp"))
    return page_answer([_item(row, call) for row in rows], limit)


@routes.post(
    "/v1/relying-parties",
    access=officer("bureau_officer"),
    shows_person_data=False,
    body=NewRelyingParty,
    answers={201: RegisteredSchema},
    problems=[ClientIdTaken, RegistrationRefused],
    summary=Text("申請登記一個網站", "Propose a site"),
)
def propose_relying_party(call: Call) -> Answer:
    """It works once a registrar has approved it. A site without a key of its own gets a secret, shown this once."""
    proposed = registration.propose(call.session, call.body, reason=call.body["reason"], by=call.actor, now=call.now)
    return _registered(proposed, 201)


@routes.get(
    "/v1/relying-parties/<relying_party_id>",
    access=_READERS,
    shows_person_data=False,
    answers={200: RelyingPartySchema},
    answer_headers=_ETAG,
    problems=[NotFound],
    summary=Text("一個網站的登記與紀錄", "A site's registration and history"),
)
def show_relying_party(call: Call) -> Answer:
    """With the entity tag that a change of it needs."""
    return _tagged(registration.get(call.session, _id(call), by=call.actor), call)


@routes.patch(
    "/v1/relying-parties/<relying_party_id>",
    access=officer("bureau_officer"),
    shows_person_data=False,
    body=RelyingPartyChange,
    answers={202: RegisteredSchema},
    problems=[NotFound, PreconditionRequired, PreconditionFailed, NotInThisState, ProposalOpen, RegistrationRefused],
    summary=Text("提出變更登記", "Propose a change of a site's registration"),
)
def change_relying_party(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading. Nothing changes until a registrar approves it."""
    sent = call.request.headers.get("If-Match")
    if sent is None:
        raise PreconditionRequired
    proposed = registration.propose_change(
        call.session,
        _id(call),
        {name: value for name, value in call.body.items() if name != "reason"},
        version=sent.strip().removeprefix('"').removesuffix('"'),
        reason=call.body["reason"],
        by=call.actor,
        now=call.now,
    )
    return _registered(proposed, 202)


@routes.post(
    "/v1/relying-parties/<relying_party_id>/suspension",
    access=officer("bureau_officer", "registrar"),
    shows_person_data=False,
    body=Reason,
    answers={200: RelyingPartySchema},
    answer_headers=_ETAG,
    problems=[NotFound, NotInThisState],
    summary=Text("立即停用一個網站", "Shut a site at once"),
)
def suspend_relying_party(call: Call) -> Answer:
    """One person is enough: nobody signs in there any more, and what was issued to it is dead with this answer."""
    site = registration.suspend(call.session, _id(call), reason=call.body["reason"], by=call.actor, now=call.now)
    return _tagged(site, call)


@routes.post(
    "/v1/relying-parties/<relying_party_id>/resumption",
    access=officer("bureau_officer", "registrar"),
    shows_person_data=False,
    body=Reason,
    answers={202: RegisteredSchema},
    problems=[NotFound, NotInThisState, ProposalOpen],
    summary=Text("申請恢復一個停用的網站", "Propose that a suspended site go on"),
)
def resume_relying_party(call: Call) -> Answer:
    """To open again what was shut takes two persons."""
    proposed = registration.propose_resumption(
        call.session, _id(call), reason=call.body["reason"], by=call.actor, now=call.now
    )
    return _registered(proposed, 202)


@routes.post(
    "/v1/relying-parties/<relying_party_id>/secret",
    access=officer("bureau_officer"),
    shows_person_data=False,
    body=Nothing,
    answers={200: SecretSchema},
    problems=[NotFound, NotInThisState],
    summary=Text("換發網站的密鑰", "Give a site a new secret"),
)
def renew_secret(call: Call) -> Answer:
    """The one before is dead with this answer. A site with a key of its own changes that by proposal instead."""
    _, secret = registration.renew_secret(call.session, _id(call), by=call.actor, now=call.now)
    return Answer({"secret": secret}, headers=_NOT_STORED)


def _id(call: Call) -> Any:
    return parse_typeid("rlp", call.path["relying_party_id"])


def _registered(proposed: Proposed, status: int) -> Answer:
    body = {
        "id": typeid("rlp", proposed.site.id),
        "client_id": proposed.site.client_id,
        "approval_id": typeid("apr", proposed.approval.id),
        "secret": proposed.secret,
    }
    return Answer(body, status, _NOT_STORED)


def _tagged(site: RelyingParty, call: Call) -> Answer:
    return Answer(_whole(site, call), headers={"ETag": f'"{registration.version_of(site)}"'})


def _item(site: RelyingParty, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("rlp", site.id),
        "client_id": site.client_id,
        "bureau": site.bureau,
        "bureau_name": BUREAU_NAMES.get(site.bureau, Text(site.bureau, site.bureau)).in_language(call.language),
        "name": {"zh": site.name_zh, "en": site.name_en},
        "status": site.status,
        "proposed_at": on_the_wire(site.proposed_at),
        "approved_at": on_the_wire(site.approved_at) if site.approved_at else None,
        "suspended_at": on_the_wire(site.suspended_at) if site.suspended_at else None,
    }


def _whole(site: RelyingParty, call: Call) -> dict[str, Any]:
    events = registration.history_of(call.session, site)
    names = officers.names_of(call.session, {event.officer_id for event in events if event.officer_id})
    waiting = registration.open_proposal_of(call.session, site)
    is_own = "bureau_officer" in call.actor.roles and call.actor.bureau == site.bureau
    history = [
        {
            "at": on_the_wire(event.at),
            "what": event.what,
            "by": names.get(event.officer_id, event.officer_name) if event.officer_id else None,
            "note": event.note,
            "approval_id": typeid("apr", event.approval_id) if event.approval_id else None,
        }
        for event in events
    ]
    return {
        **_item(site, call),
        **registration.registered(site),
        "sector_identifier": site.sector_identifier,
        "version": registration.version_of(site),
        "open_approval_id": typeid("apr", waiting) if waiting else None,
        "may_change": is_own and site.status in ("approved", "declined") and waiting is None,
        "may_suspend": site.status == "approved" and (is_own or "registrar" in call.actor.roles),
        "history": history,
    }
