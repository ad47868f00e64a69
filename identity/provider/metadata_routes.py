"""What sites' libraries fetch by themselves: metadata, keys, and the style of our pages."""

from __future__ import annotations

from core.http import Answer, Call, Routes, relying_party
from core.text import Text
from identity.provider import keys, metadata, pages
from identity.provider.schemas import KeySetSchema, MetadataSchema

routes = Routes("identity")
_PUBLIC = {"Access-Control-Allow-Origin": "*"}
_KEPT = {"Cache-Control": f"public, max-age={int(keys.JWKS_LIFE.total_seconds())}", **_PUBLIC}


@routes.get(
    "/.well-known/openid-configuration",
    access=relying_party(),
    answers={200: MetadataSchema},
    summary=Text("OpenID 提供者的描述", "What the OpenID provider offers"),
)
def openid_configuration(call: Call) -> Answer:
    """OpenID Connect Discovery 1.0 §4."""
    return Answer(metadata.document(), 200, _KEPT)


@routes.get(
    "/.well-known/oauth-authorization-server",
    access=relying_party(),
    answers={200: MetadataSchema},
    summary=Text("授權伺服器的描述", "What the authorization server offers"),
)
def authorization_server_metadata(call: Call) -> Answer:
    """RFC 8414 §3, the same as for OpenID."""
    return Answer(metadata.document(), 200, _KEPT)


@routes.get(
    "/oauth/jwks",
    access=relying_party(),
    answers={200: KeySetSchema},
    summary=Text("驗證識別權杖的公鑰", "The public keys that ID tokens are verified with"),
)
def key_set(call: Call) -> Answer:
    """RFC 7517: those that sign, and those that will sign or did lately."""
    return Answer({"keys": keys.published(call.session, now=call.now)}, 200, _KEPT)


@routes.get(
    pages.STYLE_PATH,
    access=relying_party(),
    content_types=("text/css",),
    answers={200: None},
    summary=Text("登入頁面的樣式", "The style of the provider's pages"),
)
def page_style(call: Call) -> Answer:
    """CSS."""
    return Answer(raw=pages.STYLE.encode(), content_type="text/css; charset=utf-8")


@routes.get(
    pages.SEND_PATH,
    access=relying_party(),
    content_types=("text/javascript",),
    answers={200: None},
    summary=Text("送出回覆表單的程式", "The script that sends an answer's form"),
)
def send_script(call: Call) -> Answer:
    """JavaScript of one line."""
    return Answer(raw=pages.SEND_SCRIPT.encode(), content_type="text/javascript; charset=utf-8")
