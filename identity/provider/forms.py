"""What sites post to the provider, read with OAuth's rules, and refused in OAuth's words (RFC 6749 §3.2 and §5.2)."""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError

from core.http import Answer, Call
from identity.provider.errors import NOT_A_FORM, ShownHere
from identity.provider.server import Request
from identity.session_answers import network_of

FORM = "application/x-www-form-urlencoded"
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
PROOF = frozenset({"client_assertion_type", "client_assertion", "client_secret"})
_MOST_FIELDS = 60
_LONGEST_DESCRIPTION = 200
_DESCRIBABLE = frozenset(chr(code) for code in range(0x20, 0x7F)) - set('"\\')


def fields(call: Call) -> dict[str, list[str]]:
    """The form's parameters, each with all its values. Raises ShownHere."""
    if call.request.mimetype != FORM:
        raise ShownHere(NOT_A_FORM)
    return dict(call.request.form.lists())


def once(call: Call) -> dict[str, str]:
    """The form's parameters: an empty one counts as absent, one that is there twice is an error. Raises OAuth2Error."""
    if call.request.mimetype != FORM:
        raise invalid("The parameters should come as a form")
    sent = dict(call.request.form.lists())
    if len(sent) > _MOST_FIELDS or any(len(values) > 1 for values in sent.values()):
        raise invalid("A parameter comes more than once")
    return {name: values[0] for name, values in sent.items() if values[0]}


def request(call: Call, form: dict[str, str]) -> Request:
    """The form as Authlib reads it."""
    return Request(call.request.path, form, call.request.headers, network_of(call.request.remote_addr))


def invalid(why: str) -> OAuth2Error:
    """`invalid_request`, and why."""
    return InvalidRequestError(why)


def refusal(error: OAuth2Error) -> Answer:
    """The refusal in JSON. A client that was not proven gets 401, with the way it tried (RFC 6749 §5.2)."""
    body = {"error": str(error.error)}
    described = "".join(each for each in str(error.get_error_description() or "") if each in _DESCRIBABLE)
    if described:
        body["error_description"] = described[:_LONGEST_DESCRIPTION]
    headers = dict(NOT_STORED)
    status = error.status_code
    if error.error == "invalid_client":
        status = 401
        headers["WWW-Authenticate"] = 'Basic realm="mykaohsiung"'
    if status == 429:
        headers["Retry-After"] = "60"
    return Answer(body, status, headers)
