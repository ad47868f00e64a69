"""The browsable documentation at /docs: Swagger UI's own files, started by a script that our policy allows."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory

pages = Blueprint("docs", __name__)

_FILES = Path(flask_swagger_ui.__file__).parent / "dist"
_PAGE = """<!doctype html>
<html lang="zh-Hant-TW"><head><meta charset="utf-8"><title>我的高雄 API · My Kaohsiung API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, docExpansion: "list", filter: true,
  defaultModelsExpandDepth: 0, validatorUrl: null
});
"""


@pages.get("/docs")
@pages.get("/docs/")
def index() -> Response:
    """The page."""
    return Response(_PAGE, content_type="text/html; charset=utf-8")


@pages.get("/docs/start.js")
def start() -> Response:
    """What an inline script would do, which our content security policy refuses."""
    return Response(_START, content_type="text/javascript; charset=utf-8")


@pages.get("/docs/<path:name>")
def file(name: str) -> Response:
    """One of Swagger UI's files."""
    return send_from_directory(_FILES, name, max_age=3600)
