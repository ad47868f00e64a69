"""Signing out, when a site asks for it (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from core.errors import NotFound
from core.http import Answer, Call, Routes, public, relying_party
from core.text import Text
from identity import sessions
from identity.provider import forms, logout, pages
from identity.provider.errors import ShownHere
from identity.provider.logout import CONFIRMATION_PATH, LOGOUT_PATH
from identity.provider.schemas import LogoutForm
from identity.session_answers import CLEARED_COOKIE

routes = Routes("identity")
_PAGE = ("text/html",)


@routes.get(
    LOGOUT_PATH,
    access=public(),
    content_types=_PAGE,
    answers={200: None, 303: None, 400: None},
    summary=Text("網站請您登出", "A site asks to sign somebody out"),
)
def ask_to_sign_out(call: Call) -> Answer:
    """`id_token_hint`, `client_id`, `post_logout_redirect_uri`, `state`, all optional. The person is asked first; who
    is not signed in goes straight back."""
    try:
        sent = dict(call.request.args.lists())
        wanted = logout.read(call.session, sent)
        if call.actor is None:
            return _away(wanted)
        return pages.sign_out(CONFIRMATION_PATH, _carried(sent), wanted.asked_by)
    except ShownHere as refusal:
        return pages.refusal(refusal.why, refusal.status)


@routes.post(
    LOGOUT_PATH,
    access=relying_party(),
    accepts=(forms.FORM,),
    form=LogoutForm,
    content_types=_PAGE,
    answers={200: None, 400: None},
    summary=Text("網站請您登出（表單）", "A site asks to sign somebody out, with a form"),
)
def ask_to_sign_out_by_form(call: Call) -> Answer:
    """The same in a form. It comes from another site, so no session is looked at before the person has said yes."""
    try:
        sent = forms.fields(call)
        wanted = logout.read(call.session, sent)
        return pages.sign_out(CONFIRMATION_PATH, _carried(sent), wanted.asked_by)
    except ShownHere as refusal:
        return pages.refusal(refusal.why, refusal.status)


@routes.post(
    CONFIRMATION_PATH,
    access=public(),
    accepts=(forms.FORM,),
    form=LogoutForm,
    content_types=_PAGE,
    answers={200: None, 303: None, 400: None},
    summary=Text("確認登出", "Sign out, confirmed"),
)
def confirm_signing_out(call: Call) -> Answer:
    """Ends the session that the browser carries, and every sign-in at a site that rests on it; those are told."""
    try:
        sent = forms.fields(call)
        wanted = logout.read(call.session, sent)
    except ShownHere as refusal:
        return pages.refusal(refusal.why, refusal.status)
    if sent.get("decision") != ["yes"]:
        return pages.redirect("/app")
    if call.actor is not None and call.actor.session_id is not None:
        try:
            sessions.end(call.session, person_id=call.actor.id, session_id=call.actor.session_id, now=call.now)
        except NotFound:
            # It has just ended elsewhere.
            pass
    answer = _away(wanted)
    answer.headers = {**answer.headers, "Set-Cookie": CLEARED_COOKIE}
    return answer


def _away(wanted: logout.SignOut) -> Answer:
    return pages.redirect(wanted.back_to) if wanted.back_to else pages.signed_out()


def _carried(sent: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, sent[name][0]) for name in logout.FIELDS if sent.get(name)]
