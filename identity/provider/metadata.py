"""What the provider says of itself, for sites' libraries (OpenID Connect Discovery 1.0, RFC 8414)."""

from __future__ import annotations

from typing import Any

from core.settings import settings
from core.text import LANGUAGES
from identity.provider import claims, clients, keys, requests

_ASSERTION_ALGORITHMS = ["ES256", "RS256"]


def document() -> dict[str, Any]:
    """The metadata; both well-known addresses answer with it."""
    origin = settings().public_origin
    ways = {
        f"{endpoint}_endpoint_auth_{what}": values
        for endpoint in ("token", "revocation")
        for what, values in (
            ("methods_supported", list(clients.AUTH_METHODS)),
            ("signing_alg_values_supported", _ASSERTION_ALGORITHMS),
        )
    }
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/oauth/authorize",
        "pushed_authorization_request_endpoint": f"{origin}/oauth/par",
        "require_pushed_authorization_requests": False,
        "token_endpoint": f"{origin}/oauth/token",
        "userinfo_endpoint": f"{origin}/oauth/userinfo",
        "revocation_endpoint": f"{origin}/oauth/revoke",
        "end_session_endpoint": f"{origin}/oauth/logout",
        "jwks_uri": f"{origin}/oauth/jwks",
        "scopes_supported": list(clients.SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": list(requests.RESPONSE_MODES),
        "grant_types_supported": [*clients.GRANT_TYPES, "client_credentials"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(keys.ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "acr_values_supported": list(requests.LEVELS),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "azp", "nonce", "sid",
                             *claims.CLAIMS],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": list(requests.PROMPTS),
        "display_values_supported": ["page"],
        "ui_locales_supported": list(LANGUAGES),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "service_documentation": f"{origin}/docs",
        **ways,
    }  # fmt: skip
