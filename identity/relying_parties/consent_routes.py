"""A person decides what a site may know, sees what was decided, and takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from core import taiwan
from core.clock import on_the_wire
from core.errors import InsufficientAuthentication, InvalidRequest, NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen, page_of, public
from core.ids import parse_typeid, typeid
from core.settings import settings
from core.text import Text
from identity import levels, people
from identity.actors import Actor
from identity.pages_of_ids import continued, page_answer
from identity.provider import authorization, claims, grants, sign_ons
from identity.provider.authorization import Description
from identity.provider.models import AuthorizationRequest, RelyingParty
from identity.relying_parties import consents
from identity.relying_parties.consent_schemas import (
    AskingSiteSchema,
    ConsentSchema,
    Decision,
    GoOnSchema,
    SiteAuthorizationSchema,
)
from identity.relying_parties.errors import AskedOtherwiseSince, ConsentOfAnother, EssentialClaimMissing
from identity.relying_parties.models import Consent
from identity.schemas import Nothing
from identity.words import BUREAU_NAMES

routes = Routes("identity")
_NOBODY = Actor(kind="system", id=UUID(int=0))
"""Who decides when nobody has signed in: somebody who turns back at the door."""
_MASKS = {"phone_number": taiwan.mask_mobile, "national_id": taiwan.mask_national_id}


@routes.get(
    "/v1/auth/authorizations/<authorization_id>",
    access=public(),
    answers={200: AskingSiteSchema},
    problems=[NotFound],
    summary=Text("要登入哪一個網站", "Which site one is about to sign in to"),
)
def show_asking_site(call: Call) -> Answer:
    """For the sign-in page: who sent the browser here. Nothing about anybody is in it."""
    asked = authorization.describe(call.session, _authorization_id(call), call.actor or _NOBODY, now=call.now)
    return Answer(_asking(asked, call))


@routes.post(
    "/v1/auth/authorizations/<authorization_id>/refusal",
    access=public(),
    body=Nothing,
    answers={200: GoOnSchema},
    problems=[NotFound],
    summary=Text("不登入，回到原網站", "Go back to the site without signing in"),
)
def turn_back(call: Call) -> Answer:
    """The site is told `access_denied`, and nothing about anybody."""
    asked_id = _authorization_id(call)
    _refuse_if_decided_by_another(call.session, asked_id, call.actor)
    url = authorization.refuse(call.session, asked_id, call.actor or _NOBODY, now=call.now)
    return Answer({"continue_url": url})


@routes.get(
    "/v1/me/authorizations/<authorization_id>",
    access=citizen(loa=1),
    answers={200: SiteAuthorizationSchema},
    problems=[NotFound, ConsentOfAnother],
    summary=Text("一個網站想知道什麼、為了什麼", "What a site wants to know, and what for"),
)
def show_authorization(call: Call) -> Answer:
    """Each claim with its purpose and what the site would be told, its middle hidden where it is sensitive."""
    consents.refuse_for_another(call.actor)
    asked_id = _authorization_id(call)
    _refuse_if_decided_by_another(call.session, asked_id, call.actor)
    asked = authorization.describe(call.session, asked_id, call.actor, now=call.now)
    return Answer({**_asking(asked, call), **_wanted(asked, call)})


@routes.post(
    "/v1/me/authorizations/<authorization_id>/decision",
    access=citizen(loa=1),
    body=Decision,
    answers={200: GoOnSchema},
    problems=[
        NotFound,
        ConsentOfAnother,
        EssentialClaimMissing,
        AskedOtherwiseSince,
        InvalidRequest,
        InsufficientAuthentication,
    ],
    summary=Text("同意或不同意", "Agree, or do not"),
)
def decide_authorization(call: Call) -> Answer:
    """Agreed for a year, to the claims named alone; a session too weak or too old for the site is asked to step up."""
    consents.refuse_for_another(call.actor)
    asked_id = _authorization_id(call)
    _refuse_if_decided_by_another(call.session, asked_id, call.actor)
    if not call.body["is_agreed"]:
        return Answer({"continue_url": authorization.refuse(call.session, asked_id, call.actor, now=call.now)})
    asked = authorization.describe(call.session, asked_id, call.actor, now=call.now)
    _refuse_if_changed_since(call.session, asked)
    agreed = set(call.body["claims"])
    if any(_is_essential(asked.client, each.claim) and each.claim not in agreed for each in asked.claims):
        raise EssentialClaimMissing
    url = authorization.grant(call.session, asked_id, call.actor, agreed, now=call.now)
    consents.give(
        call.session,
        actor=call.actor,
        client=asked.client,
        scopes=asked.scopes,
        asked=[each.claim for each in asked.claims],
        agreed=agreed,
        now=call.now,
    )
    return Answer({"continue_url": url})


@routes.get(
    "/v1/me/consents",
    access=citizen(loa=1),
    query=PageQuery,
    answers={200: page_of(ConsentSchema)},
    summary=Text("哪些網站知道我的資料", "Sites that know me"),
)
def list_consents(call: Call) -> Answer:
    """What stands, the newest first, with the purposes as they read when it was decided."""
    limit = call.query["limit"]
    before = continued(call, "cns")
    rows = consents.page(call.session, call.actor.id, now=call.now, limit=limit + 1, before=before)
    return page_answer([_consent(consent, site, call) for consent, site in rows], limit)


@routes.delete(
    "/v1/me/consents/<consent_id>",
    access=citizen(loa=1),
    answers={204: None},
    problems=[NotFound, ConsentOfAnother],
    summary=Text("收回同意", "Take a consent back"),
)
def end_consent(call: Call) -> Answer:
    """Every token the site holds for this person is dead with this answer, and the site is told to end its session."""
    consents.refuse_for_another(call.actor)
    consent_id = parse_typeid("cns", call.path["consent_id"])
    ended = consents.end(call.session, person_id=call.actor.id, consent_id=consent_id, now=call.now)
    whose = {"person_id": call.actor.id, "client_id": ended.client_id, "now": call.now}
    grants.revoke_for_client(call.session, **whose, reason="consent revoked")
    sign_ons.end_at_site(call.session, **whose, reason="consent revoked")
    return Answer(status=204)


def _authorization_id(call: Call) -> UUID:
    return parse_typeid("aut", call.path["authorization_id"])


def _refuse_if_decided_by_another(session: Session, asked_id: UUID, actor: Actor | None) -> None:
    """Once somebody has decided, the request is theirs alone. Raises NotFound."""
    asked = session.get(AuthorizationRequest, asked_id)
    who = actor.id if actor else _NOBODY.id
    if asked is None or asked.decided_by not in (None, who):
        raise NotFound


def _refuse_if_changed_since(session: Session, asked: Description) -> None:
    """Nobody agrees to a purpose in other words than they read. Raises AskedOtherwiseSince."""
    begun_at = session.get_one(AuthorizationRequest, asked.request_id).created_at
    if asked.client.updated_at > begun_at:
        raise AskedOtherwiseSince


def _asking(asked: Description, call: Call) -> dict[str, Any]:
    request_id = typeid("aut", asked.request_id)
    return {
        "site": _site(asked.client, call),
        "acr": levels.acr(asked.loa),
        "expires_at": on_the_wire(asked.expires_at),
        "continue_url": f"{settings().public_origin}{authorization.CONTINUE_PATH}?authorization={request_id}",
    }


def _wanted(asked: Description, call: Call) -> dict[str, Any]:
    names = [each.claim for each in asked.claims]
    values = claims.of_person(call.session, call.actor.id, names)
    name = people.name_of(call.session, call.actor.id)
    return {
        "id": typeid("aut", asked.request_id),
        "person": name or people.masked(call.session, call.actor.id).national_id,
        "claims": [
            {
                "claim": each.claim,
                "label": each.label.in_language(call.language),
                "purpose": each.purpose.in_language(call.language),
                "legal_basis": asked.client.claims[each.claim].get("legal_basis", ""),
                "is_essential": _is_essential(asked.client, each.claim),
                "value": _shown(each.claim, values),
            }
            for each in asked.claims
        ],
        "keeps_access": "offline_access" in asked.scopes,
        "is_signed_in_enough": asked.is_signed_in_enough,
    }


def _shown(claim: str, values: Mapping[str, Any]) -> str | None:
    value = values.get(claim)
    if value is None:
        return None
    if claim == "phone_number":
        value = f"0{str(value).removeprefix('+886')}"
    return _MASKS.get(claim, str)(str(value))


def _is_essential(client: RelyingParty, claim: str) -> bool:
    words: Mapping[str, Any] = client.claims[claim]
    return bool(words.get("is_essential", False))


def _site(site: RelyingParty, call: Call) -> dict[str, Any]:
    name, purpose = Text(site.name_zh, site.name_en), Text(site.purpose_zh, site.purpose_en)
    return {
        "client_id": site.client_id,
        "name": name.in_language(call.language),
        "purpose": purpose.in_language(call.language),
        "bureau_name": BUREAU_NAMES.get(site.bureau, Text(site.bureau, site.bureau)).in_language(call.language),
        "host": urlsplit(site.redirect_uris[0]).netloc,
        "contact": site.contact,
        "client_uri": site.client_uri,
        "policy_uri": site.policy_uri,
    }


def _consent(consent: Consent, site: RelyingParty, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("cns", consent.id),
        "site": _site(site, call),
        "claims": [
            {
                "claim": name,
                "label": claims.CLAIMS[name].label.in_language(call.language),
                "purpose": Text(words["zh"], words["en"]).in_language(call.language),
                "is_agreed": name in consent.agreed,
            }
            for name, words in sorted(consent.purposes.items())
        ],
        "keeps_access": "offline_access" in consent.scopes,
        "is_suspended": site.status == "suspended",
        "given_at": on_the_wire(consent.given_at),
        "expires_at": on_the_wire(consent.expires_at),
        "last_used_at": on_the_wire(consent.last_used_at) if consent.last_used_at else None,
    }
