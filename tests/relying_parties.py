"""Sites to register, for tests that sign in to one."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import ECKey
from signed_in_officer import SignedInOfficer

KEY = ECKey.generate_key("P-256")


def registration(**changed: Any) -> dict[str, Any]:
    """What a library's officer fills in."""
    return {
        "client_id": "library",
        "name": {"zh": "圖書館預約", "en": "Library booking"},
        "purpose": {"zh": "預約館藏與討論室", "en": "To book books and rooms"},
        "contact": "07-222-1111",
        "redirect_uris": ["https://library.example.gov.tw/callback"],
        "post_logout_redirect_uris": ["https://library.example.gov.tw/"],
        "backchannel_logout_uri": "https://library.example.gov.tw/logout",
        "token_endpoint_auth_method": "private_key_jwt",
        "public_key": KEY.as_dict(private=False),
        "scopes": ["openid", "profile"],
        "claims": {
            "name": {
                "zh": "在預約單上顯示您的姓名",
                "en": "To print your name on the booking",
                "is_essential": True,
                "legal_basis": "",
            }
        },
        "reason": "新網站",
    } | changed


def approve(registrar: SignedInOfficer, proposed: Any) -> None:
    """The registrar says yes."""
    answer = registrar.decide(proposed["approval_id"], is_approved=True)
    assert answer.status_code == 200, answer.text
