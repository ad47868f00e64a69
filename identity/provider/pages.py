"""The provider's own pages, where a browser sees it: refusals, signing out, and the form that carries an answer.

They need no script and no cookie; both languages stand on each, since nobody may be signed in. The one script sends the
answer's form by itself, and without it there is a button.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from core.http import Answer
from core.text import Text

STYLE_PATH = "/oauth/pages.css"
SEND_PATH = "/oauth/send.js"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With no referrer at all a browser would not say either that our own form comes from here (Fetch, "Origin").
_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}
_CONTENT_TYPE = "text/html; charset=utf-8"

_REFUSED = Text("無法登入", "This sign-in cannot go on")
_SIGN_OUT = Text("要登出我的高雄嗎？", "Sign out of My Kaohsiung?")
_SIGN_OUT_WHY = Text(
    "「{name}」請您登出。登出後，您在這個瀏覽器上以我的高雄登入的其他網站也會一併登出。",
    "{name} asks to sign you out. The other sites that you signed in to through My Kaohsiung in this browser are told, "
    "too.",
)
_SOMEBODY = Text("有一個網站", "A site")
_YES = Text("登出", "Sign out")
_NO = Text("不要登出", "Stay signed in")
_SIGNED_OUT = Text("您已登出", "You are signed out")
_SIGNED_OUT_MORE = Text("可以關閉這個視窗了。", "You can close this window.")
_SENDING = Text("正在回到網站", "Going back to the site")
_SEND = Text("繼續", "Continue")
_HOME = '<p><a href="/app">我的高雄 <span lang=en>My Kaohsiung</span></a></p>'


def refusal(why: Text, status: int) -> Answer:
    """Why the site's request is not answered to the site."""
    return _page(_REFUSED, f"<p>{escape(why.zh)}</p><p lang=en>{escape(why.en)}</p>{_HOME}", status)


def redirect(url: str) -> Answer:
    """On to another address; 303, so that a form is not posted again there (RFC 9700 §4.12)."""
    return Answer(raw=b"", status=303, headers={**_HEADERS, "Location": url}, content_type=_CONTENT_TYPE)


def sign_out(action: str, fields: Iterable[tuple[str, str]], asked_by: Text | None) -> Answer:
    """Whether to sign out, as a site asks."""
    why = _SIGN_OUT_WHY.format(name=asked_by or _SOMEBODY)
    content = (
        f"<p>{escape(why.zh)}</p><p lang=en>{escape(why.en)}</p>"
        f'<form method=post action="{escape(action)}">{_hidden(fields)}'
        f"<button name=decision value=yes>{_both(_YES)}</button> "
        f"<button name=decision value=no class=quiet>{_both(_NO)}</button></form>"
    )
    return _page(_SIGN_OUT, content, 200)


def signed_out() -> Answer:
    """That it is done, where there is nowhere to go back to."""
    more = f"<p>{escape(_SIGNED_OUT_MORE.zh)}</p><p lang=en>{escape(_SIGNED_OUT_MORE.en)}</p>{_HOME}"
    return _page(_SIGNED_OUT, more, 200)


def form_post(redirect_uri: str, parameters: Iterable[tuple[str, str]]) -> Answer:
    """An answer that travels in a form (OAuth 2.0 Form Post Response Mode)."""
    content = (
        f'<form method=post action="{escape(redirect_uri)}" id=answer>{_hidden(parameters)}'
        f"<button>{_both(_SEND)}</button></form><script src={SEND_PATH}></script>"
    )
    return _page(_SENDING, content, 200)


STYLE = (
    "*{box-sizing:border-box}body{margin:0;background:#f6f9f9;color:#12333d;"
    "font:1.1rem/1.7 system-ui,'Noto Sans TC','PingFang TC',sans-serif}"
    "main{max-width:36rem;margin:0 auto;padding:2rem 1.25rem}h1{font-size:1.7rem;line-height:1.3}"
    "[lang=en]{color:#4a6067}h1 [lang=en]{display:block;font-size:.75em}a{color:#00647a}a [lang=en]{color:inherit}"
    "button{font:inherit;min-height:3rem;padding:.5rem 1.5rem;margin:.5rem .5rem 0 0;border-radius:.8rem;"
    "border:2px solid #00647a;background:#00647a;color:#fff}button [lang=en]{color:inherit}"
    "button.quiet{background:transparent;color:#00647a}"
    "button:focus-visible{outline:3px solid #e08a00;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{background:#0d1f25;color:#e4f0f0}[lang=en]{color:#a9c2c8}"
    "a{color:#7fd3e0}button{background:#7fd3e0;border-color:#7fd3e0;color:#0d1f25}"
    "button.quiet{background:transparent;color:#7fd3e0}}"
)
SEND_SCRIPT = 'document.getElementById("answer").submit();\n'


def _page(title: Text, content: str, status: int) -> Answer:
    document = (
        f'<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8"><title>{escape(title.zh)} · '
        f'{escape(title.en)}</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head>'
        f"<body><main><h1>{_both(title)}</h1>{content}</main></body></html>"
    )
    return Answer(raw=document.encode(), status=status, headers=_HEADERS, content_type=_CONTENT_TYPE)


def _both(text: Text) -> str:
    return f"{escape(text.zh)} <span lang=en>{escape(text.en)}</span>"


def _hidden(fields: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<input type=hidden name="{escape(name)}" value="{escape(value)}">' for name, value in fields)
