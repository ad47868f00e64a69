"""Where sites get, use and give back tokens (RFC 6749 §3.2, OpenID Connect Core §5.3, RFC 7009)."""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error

from core.http import Answer, Call, Routes, relying_party
from core.text import Text
from identity.provider import claims, clients, disclosures, forms, subjects, tokens
from identity.provider.schemas import RevocationForm, UserInfoForm, UserInfoSchema
from identity.provider.server import Server
from identity.schemas import OAuthErrorSchema

routes = Routes("identity")
_REFUSED = {400: OAuthErrorSchema, 401: OAuthErrorSchema, 429: OAuthErrorSchema}
_CHALLENGE = {401: {"WWW-Authenticate": "how to prove oneself, and what was wrong (RFC 6750 §3)"}}


def answer_token_request(call: Call, form: dict[str, str]) -> Answer:
    """The answer to a token request of a site: tokens for a code or a refresh token, or why not."""
    try:
        body = Server(call.session, call.now).create_token_response(forms.request(call, form))
    except OAuth2Error as error:
        return forms.refusal(error)
    return Answer(body, 200, forms.NOT_STORED)


@routes.get(
    "/oauth/userinfo",
    access=relying_party(),
    answers={200: UserInfoSchema, 400: OAuthErrorSchema, 401: OAuthErrorSchema},
    answer_headers=_CHALLENGE,
    summary=Text("網站讀取您同意提供的資料", "A site reads what the person agreed to tell it"),
)
def userinfo(call: Call) -> Answer:
    """With the access token as a bearer token in the header (RFC 6750 §2.1). Each reading is in the person's access
    log."""
    return _userinfo(call, _from_header(call))


@routes.post(
    "/oauth/userinfo",
    access=relying_party(),
    accepts=(forms.FORM,),
    form=UserInfoForm,
    answers={200: UserInfoSchema, 400: OAuthErrorSchema, 401: OAuthErrorSchema},
    answer_headers=_CHALLENGE,
    summary=Text("網站讀取您同意提供的資料（表單）", "A site reads what the person agreed to tell it, with a form"),
)
def userinfo_by_form(call: Call) -> Answer:
    """With the access token in the header or, once, in the form (RFC 6750 §2.2)."""
    in_form = call.request.form.getlist("access_token") if call.request.mimetype == forms.FORM else []
    in_header = _from_header(call)
    if len(in_form) + (in_header is not None) > 1:
        return _refused("invalid_request", 400)
    return _userinfo(call, in_header or (in_form[0] if in_form else None))


@routes.post(
    "/oauth/revoke",
    access=relying_party(),
    accepts=(forms.FORM,),
    form=RevocationForm,
    answers={200: None, **_REFUSED},
    summary=Text("網站交回權杖", "A site gives a token back"),
)
def revoke_token(call: Call) -> Answer:
    """RFC 7009: an access token ends alone, a refresh token with everything granted beside it. A token that is unknown,
    or another site's, gets the same answer."""
    try:
        form = forms.once(call)
        client = Server(call.session, call.now).authenticate_client(forms.request(call, form), endpoint="revocation")
        if "token" not in form:
            raise forms.invalid("token is missing")
    except OAuth2Error as error:
        return forms.refusal(error)
    tokens.revoke(call.session, form["token"], client.get_client_id(), now=call.now)
    return Answer(status=200, headers=forms.NOT_STORED)


def _userinfo(call: Call, token: str | None) -> Answer:
    if token is None:
        return _refused("", 401)
    holder = tokens.bearer(call.session, token, now=call.now)
    client = clients.approved(call.session, holder.client_id) if holder else None
    if holder is None or client is None:
        return _refused("invalid_token", 401)
    body: dict[str, object] = {"sub": subjects.subject_of(call.session, holder.person_id, client.sector_identifier)}
    # What was agreed to is told while its purpose is approved, and unless a refresh asked for less.
    left_out = set(holder.granted_scopes) - set(holder.scopes)
    told = claims.allowed(client, holder.userinfo_claims) - claims.of_scopes(left_out)
    if told:
        disclosures.record(call.session, client, holder.person_id, now=call.now)
        body |= claims.of_person(call.session, holder.person_id, told)
    return Answer(body, 200, forms.NOT_STORED)


def _from_header(call: Call) -> str | None:
    scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _refused(error: str, status: int) -> Answer:
    """RFC 6750 §3.1; a request without a token is told nothing but how to send one."""
    said = f', error="{error}"' if error else ""
    headers = {**forms.NOT_STORED, "WWW-Authenticate": f'Bearer realm="mykaohsiung"{said}'}
    return Answer({"error": error or "invalid_request"}, status, headers)
