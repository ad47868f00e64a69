"""Refusals on the wire (RFC 9457), and the page behind each problem type that explains it in two languages."""

from __future__ import annotations

from html import escape

import orjson
from flask import Blueprint, Request, Response

from api.field_words import in_words
from core.errors import NotFound, Problem, all_problems
from core.settings import settings
from core.text import chosen_language

pages = Blueprint("problems", __name__)


def problem_response(problem: Problem, incoming: Request) -> Response:
    """`problem` as application/problem+json in the language of the request."""
    language = chosen_language(incoming.headers.get("Accept-Language"))
    body: dict[str, object] = {
        "type": f"{settings().public_origin}/problems/{problem.slug}",
        "title": problem.title.in_language(language),
        "status": problem.status,
        "detail": (problem.detail or problem.explanation).in_language(language),
        "instance": incoming.path,
    }
    if problem.errors:
        body["errors"] = [
            {"pointer": error.pointer, "detail": in_words(error.detail, language)} for error in problem.errors
        ]
    body.update(problem.extensions)
    response = Response(orjson.dumps(body, default=str), problem.status, content_type="application/problem+json")
    for name, value in problem.headers.items():
        response.headers[name] = value
    response.headers["Content-Language"] = language
    return response


@pages.get("/problems/")
def catalogue() -> Response:
    """Every problem type, as a list of links."""
    rows = "".join(
        f'<li><a href="/problems/{escape(kind.slug)}"><code>{escape(kind.slug)}</code></a> '
        f"<b>{kind.status}</b> {escape(kind.title.zh)} · {escape(kind.title.en)}</li>"
        for kind in sorted(all_problems(), key=lambda kind: (kind.status, kind.slug))
    )
    return _page("問題類型 · Problem types", f"<h1>問題類型 · Problem types</h1><ul>{rows}</ul>")


@pages.get("/problems/<slug>")
def explanation(slug: str) -> Response:
    """The page of one problem type."""
    for kind in all_problems():
        if kind.slug == slug:
            return _page(
                f"{kind.title.zh} · {kind.title.en}",
                f"<h1>{escape(kind.title.zh)}</h1><p>{escape(kind.explanation.zh)}</p>"
                f'<h2 lang="en">{escape(kind.title.en)}</h2><p lang="en">{escape(kind.explanation.en)}</p>'
                f"<p><code>{escape(kind.slug)}</code> · HTTP {kind.status}</p>"
                '<p><a href="/problems/">所有類型 · All types</a></p>',
            )
    page = _page("找不到 · Not found", f"<h1>{NotFound.title.zh} · {NotFound.title.en}</h1>")
    page.status_code = 404
    return page


def _page(title: str, content: str) -> Response:
    document = (
        f'<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/problems/style.css"></head>'
        f"<body><main>{content}</main></body></html>"
    )
    return Response(document, content_type="text/html; charset=utf-8")


@pages.get("/problems/style.css")
def style() -> Response:
    """The pages' style."""
    return Response(
        "body{font:1.05rem/1.7 system-ui,'Noto Sans TC',sans-serif;color:#12333d;background:#f6f9f9;margin:0}"
        "main{max-width:44rem;margin:2rem auto;padding:1.5rem}code{background:#e3eeee;padding:.1em .35em;"
        "border-radius:.3em}a{color:#00647a}@media(prefers-color-scheme:dark){body{background:#0d1f25;color:#e4f0f0}"
        "code{background:#1d3840}a{color:#7fd3e0}}",
        content_type="text/css; charset=utf-8",
    )
