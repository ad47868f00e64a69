"""The token endpoint (RFC 6749 §3.2), with the errors that §5.2 prescribes: of the bureaus' systems, and of the sites
that people sign in to."""

from __future__ import annotations

from core.http import Answer, Call, Routes, public
from core.text import Text
from identity import bureaus
from identity.bureaus import OAuthRefused
from identity.provider.clients import GRANT_TYPES
from identity.provider.token_routes import answer_token_request
from identity.schemas import OAuthErrorSchema, TokenRequest, TokenSchema

routes = Routes("identity")
_FORM = "application/x-www-form-urlencoded"
_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@routes.post(
    bureaus.TOKEN_PATH,
    access=public(),
    accepts=(_FORM,),
    form=TokenRequest,
    answers={200: TokenSchema, 400: OAuthErrorSchema, 401: OAuthErrorSchema, 429: OAuthErrorSchema},
    summary=Text("機關系統或網站取得權杖", "A bureau's system or site gets tokens"),
)
def token(call: Call) -> Answer:
    """A bureau's system sends `grant_type=client_credentials`, `client_assertion_type`, `client_assertion` (ES256) and
    `scope`; a site `grant_type=authorization_code` with `code`, `redirect_uri` and `code_verifier`, or `refresh_token`
    with `refresh_token`, and its own proof."""
    try:
        form = _form(call)
        if form.get("grant_type") in GRANT_TYPES:
            return answer_token_request(call, form)
        issued = bureaus.issue_token(call.session, form, now=call.now)
    except OAuthRefused as refusal:
        status = 401 if refusal.code == "invalid_client" else 400
        return Answer({"error": refusal.code}, status, _NOT_STORED)
    body = {
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": int(bureaus.TOKEN_LIFE.total_seconds()),
        "scope": " ".join(issued.scopes),
    }
    return Answer(body, 200, _NOT_STORED)


def _form(call: Call) -> dict[str, str]:
    """The form's parameters: an empty one counts as absent, one that is there twice is an error (RFC 6749 §3.2)."""
    if call.request.mimetype != _FORM:
        raise OAuthRefused("invalid_request")
    form = call.request.form
    if any(len(form.getlist(name)) > 1 for name in form):
        raise OAuthRefused("invalid_request")
    return {name: value for name, value in form.items() if value}
