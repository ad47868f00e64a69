"""Where sites send people to sign in, and where the browser goes on from our pages (RFC 6749 §3.1, RFC 9126)."""

from __future__ import annotations

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from sqlalchemy.orm import Session

from core.http import Answer, Call, Routes, public, relying_party
from core.text import Text
from identity.provider import authorization, errors, forms, limits, pages, pushed, requests
from identity.provider.authorization import AUTHORIZE_PATH, CONTINUE_PATH, Answered, GoTo
from identity.provider.errors import ShownHere
from identity.provider.models import AuthorizationRequest
from identity.provider.requests import Asked, SentBack
from identity.provider.schemas import AuthorizationForm, PushedForm, PushedSchema
from identity.provider.server import Server
from identity.schemas import OAuthErrorSchema
from identity.session_answers import network_of

routes = Routes("identity")
_SEEN = {200: None, 303: None, 400: None, 429: None}
_PAGE = ("text/html",)
_LOCATION = {303: {"Location": "where the browser goes on: a page of ours, or the site's registered address"}}


@routes.get(
    AUTHORIZE_PATH,
    access=public(),
    content_types=_PAGE,
    answers=_SEEN,
    answer_headers=_LOCATION,
    summary=Text("網站請求以我的高雄登入", "A site asks somebody to sign in"),
)
def authorize(call: Call) -> Answer:
    """The parameters of OpenID Connect Core §3.1.2.1 in the query; PKCE with S256 is required of every client."""
    try:
        asked = requests.read(call.session, dict(call.request.args.lists()), now=call.now)
        return _sent_on(authorization.proceed(
            call.session, _written_down(call, asked), asked.to.client, call.actor, now=call.now
        ))  # fmt: skip
    except SentBack as refusal:
        return _sent_on(authorization.refused(refusal.to, refusal.error))
    except ShownHere as refusal:
        return pages.refusal(refusal.why, refusal.status)


@routes.post(
    AUTHORIZE_PATH,
    access=relying_party(),
    accepts=(forms.FORM,),
    form=AuthorizationForm,
    content_types=_PAGE,
    answers=_SEEN,
    answer_headers=_LOCATION,
    summary=Text("網站請求以我的高雄登入（表單）", "A site asks somebody to sign in, with a form"),
)
def authorize_by_form(call: Call) -> Answer:
    """The same parameters in a form. It comes from another site, so no session is looked at: the browser goes on to
    where it is."""
    try:
        asked = requests.read(call.session, forms.fields(call), now=call.now)
        written = _written_down(call, asked)
        return _sent_on(GoTo(authorization.continue_address(written)))
    except SentBack as refusal:
        return _sent_on(authorization.refused(refusal.to, refusal.error))
    except ShownHere as refusal:
        return pages.refusal(refusal.why, refusal.status)


@routes.get(
    CONTINUE_PATH,
    access=public(),
    content_types=_PAGE,
    answers=_SEEN,
    answer_headers=_LOCATION,
    summary=Text("登入或同意之後，繼續回到網站", "On to the site, after signing in or agreeing"),
)
def continue_authorization(call: Call) -> Answer:
    """`authorization`: the request, as the sign-in and consent pages were given it."""
    try:
        named = call.request.args.get("authorization", "")
        return _sent_on(authorization.proceed_with(call.session, named, call.actor, now=call.now))
    except ShownHere as refusal:
        return pages.refusal(refusal.why, refusal.status)


@routes.post(
    "/oauth/par",
    access=relying_party(),
    accepts=(forms.FORM,),
    form=PushedForm,
    answers={201: PushedSchema, 400: OAuthErrorSchema, 401: OAuthErrorSchema, 429: OAuthErrorSchema},
    summary=Text("網站預先送出登入請求（PAR）", "A site pushes its request beforehand (PAR)"),
)
def push_request(call: Call) -> Answer:
    """RFC 9126: the parameters of an authorization request, with the client's proof. The answer's `request_uri` is good
    once, for 90 seconds."""
    try:
        form = forms.once(call)
        server = Server(call.session, call.now)
        client = server.authenticate_client(forms.request(call, form), endpoint="par")
        given = {name: value for name, value in form.items() if name not in forms.PROOF}
        if "request_uri" in given:
            raise forms.invalid("A pushed request holds no request_uri (RFC 9126 2.1)")
        requests.checked(
            call.session, client.registered, given | {"client_id": client.get_client_id()}, is_pushed=True,
            now=call.now,
        )  # fmt: skip
        request_uri = pushed.keep(call.session, client.get_client_id(), given, now=call.now)
        body = {"request_uri": request_uri, "expires_in": int(pushed.LIFE.total_seconds())}
        return Answer(body, 201, forms.NOT_STORED)
    except OAuth2Error as error:
        return forms.refusal(error)
    except SentBack as refusal:
        return forms.refusal(refusal.error)
    except ShownHere as shown:
        return forms.refusal(forms.invalid(shown.why.en))


def _written_down(call: Call, asked: Asked) -> AuthorizationRequest:
    if call.actor is None:
        _must_not_be_too_many(call.session, call)
    return authorization.begin(call.session, asked, now=call.now)


def _must_not_be_too_many(session: Session, call: Call) -> None:
    if not limits.may_open(session, network_of(call.request.remote_addr), now=call.now):
        raise ShownHere(errors.TOO_OFTEN, 429)


def _sent_on(step: GoTo | Answered) -> Answer:
    if isinstance(step, Answered) and step.response_mode == "form_post":
        return pages.form_post(step.redirect_uri, step.parameters)
    url = step.url if isinstance(step, GoTo) else add_params_to_uri(step.redirect_uri, list(step.parameters))
    return pages.redirect(url)
