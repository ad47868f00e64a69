"""The demo city's connected site: the library of the sandbox, registered as a bureau would, approved by a registrar."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.settings import Settings
from identity import approvals, officers
from identity.actors import Actor
from identity.provider.models import RelyingParty
from identity.relying_parties import proposals_in_words, registration
from identity.relying_parties.rules import checked_keys, sector_of
from partners.library.keys import CLIENT_ID, key_in

_BUREAU_OFFICER, _REGISTRAR = "CUL-001", "REG-001"


def register(session: Session, of: Settings, now: datetime) -> None:
    """Register the library; one that is registered follows the sandbox to where it is now. The demo officers must be
    on the roster."""
    wanted = _wanted(of)
    site = session.scalars(select(RelyingParty).where(RelyingParty.client_id == CLIENT_ID)).one_or_none()
    if site is not None:
        site.redirect_uris = wanted["redirect_uris"]
        site.post_logout_redirect_uris = wanted["post_logout_redirect_uris"]
        site.backchannel_logout_uri = wanted["backchannel_logout_uri"]
        site.sector_identifier = sector_of(wanted["redirect_uris"])
        site.jwks = checked_keys(wanted["public_key"])
        return
    proposals_in_words.register()
    proposed = registration.propose(
        session, wanted, reason="示範網站 / the demo site", by=_actor(session, _BUREAU_OFFICER), now=now
    )
    registrar = _actor(session, _REGISTRAR)
    approvals.decide(session, proposed.approval.id, by=registrar, is_approved=True, note="", now=now)


def _wanted(of: Settings) -> dict[str, Any]:
    at = f"{of.sandbox_url}/library"
    return {
        "client_id": CLIENT_ID,
        "name": {"zh": "圖書館空間預約", "en": "Library booking"},
        "purpose": {"zh": "預約圖書館的討論室", "en": "To reserve rooms at the city's libraries"},
        "contact": "07-222-5136",
        "client_uri": None,
        "policy_uri": None,
        "redirect_uris": [f"{at}/callback"],
        "post_logout_redirect_uris": [f"{at}/signed-out"],
        "backchannel_logout_uri": f"{at}/backchannel-logout",
        "token_endpoint_auth_method": "private_key_jwt",
        "public_key": dict(key_in(of.state_dir).as_dict(private=False)),
        "id_token_alg": "ES256",
        "scopes": ["openid", "profile"],
        "claims": {
            "name": {
                "zh": "在預約單和門口的名牌上顯示您的姓名",
                "en": "To print your name on the booking and at the door",
                "is_essential": False,
                "legal_basis": "",
            }
        },
        "default_loa": 2,
        "requires_par": True,
    }


def _actor(session: Session, staff_number: str) -> Actor:
    officer = officers.find(session, staff_number)
    assert officer is not None, f"{staff_number} is on the demo's roster"
    return Actor(
        kind="officer", id=officer.id, name=officer.name, bureau=officer.bureau, roles=frozenset(officer.roles)
    )
