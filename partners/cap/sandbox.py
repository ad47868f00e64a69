"""An authority that publishes alerts: a feed of CAP documents, and a page on which a tester publishes them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from lxml import etree

from core import clock
from partners.cap import reading, writing
from partners.cap.document import Message, Reference
from partners.cap.examples import EXAMPLES, cancelled, example, updated
from partners.desk.books import Row
from partners.desk.protocol import Answer, Desk, after_acting, before_acting
from partners.desk.switches import SwitchWrong

SCHEMA = """
CREATE TABLE IF NOT EXISTS cap_alert (
    position     INTEGER PRIMARY KEY,
    identifier   TEXT NOT NULL UNIQUE,
    title        TEXT NOT NULL,
    msg_type     TEXT NOT NULL,
    status       TEXT NOT NULL,
    content      BLOB NOT NULL,
    published_at TEXT NOT NULL
);
"""

_ATOM = "http://www.w3.org/2005/Atom"
_NEWEST = 50


def blueprint(desk: Desk) -> Blueprint:
    """The authority's routes under /cap."""
    authority = Blueprint("cap", __name__, url_prefix="/cap", template_folder="templates")

    @authority.get("")
    def page() -> Response:
        nonce = secrets.token_urlsafe(12)
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        shown = render_template("cap/alerts.html", nonce=nonce, examples=EXAMPLES, alerts=_newest(desk))
        return Response(shown, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")

    @authority.post("/alerts")
    def publish() -> Response:
        message = _made(desk, request.form.get("example", ""))
        if message is None:
            return Response("unknown example", 422, content_type="text/plain; charset=utf-8")
        _keep(desk, message)
        return Response(status=303, headers={"Location": "/cap"})

    @authority.get("/feed")
    def feed() -> Response:
        return _served(desk, "feed", lambda: _feed(desk))

    @authority.get("/alerts/<identifier>")
    def document(identifier: str) -> Response:
        return _served(desk, "document", lambda: _document(desk, identifier))

    return authority


def _made(desk: Desk, name: str) -> Message | None:
    """The message that a button asks for: an example, or a word about the newest alert."""
    now = clock.now().replace(microsecond=0)
    identifier = f"SANDBOX-{secrets.token_hex(8)}"
    if name in EXAMPLES:
        return example(name, identifier, now)
    row = desk.books.one("SELECT * FROM cap_alert WHERE msg_type != 'Cancel' ORDER BY position DESC LIMIT 1")
    if row is None or name not in ("update", "cancel"):
        return None
    newest = reading.read(bytes(row["content"]))
    # An update must be later than what it updates, to the second.
    sent = max(now, newest.sent + timedelta(seconds=1))
    about = Reference(newest.sender, newest.identifier, newest.sent)
    return updated(newest, about, identifier, sent) if name == "update" else cancelled(newest, about, identifier, sent)


def _keep(desk: Desk, message: Message) -> None:
    title = message.infos[0].headline if message.infos else f"解除 {message.references[0].identifier}"
    with desk.books.writing() as writer:
        writer.execute(
            "INSERT INTO cap_alert (identifier, title, msg_type, status, content, published_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (message.identifier, title, message.msg_type, message.status, writing.write(message),
             clock.on_the_wire(clock.now())),
        )  # fmt: skip


def _newest(desk: Desk) -> list[Row]:
    return desk.books.all("SELECT * FROM cap_alert ORDER BY position DESC LIMIT ?", _NEWEST)


def _feed(desk: Desk) -> Response:
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]
    rows = _newest(desk)
    own = f"{request.host_url}cap"
    _text(root, "id", f"{own}/feed")
    _text(root, "title", "Sandbox alerts 沙盒告警")
    _text(root, "updated", rows[0]["published_at"] if rows else "2026-01-01T00:00:00+08:00")
    for row in rows:
        entry = etree.SubElement(root, f"{{{_ATOM}}}entry")
        _text(entry, "id", row["identifier"])
        _text(entry, "title", row["title"])
        _text(entry, "updated", row["published_at"])
        address = f"{own}/alerts/{row['identifier']}"
        etree.SubElement(entry, f"{{{_ATOM}}}link", href=address, rel="alternate", type="application/cap+xml")
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    response = Response(content, content_type="application/atom+xml")
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.make_conditional(request)
    return response


def _document(desk: Desk, identifier: str) -> Response:
    row = desk.books.one("SELECT content FROM cap_alert WHERE identifier = ?", identifier)
    if row is None:
        return Response(status=404)
    return Response(bytes(row["content"]), content_type="application/cap+xml")


def _served(desk: Desk, operation: str, act: Any) -> Response:
    """The act's answer, or the misbehaviour that somebody asked for."""
    try:
        if operation == "feed":
            mode = desk.switches.chosen("cap", "feed", request.headers.get("x-sandbox-mode"), {})
        else:
            mode = desk.switches.chosen("cap", "document", request.headers.get("x-sandbox-mode"), {})
    except SwitchWrong as problem:
        return Response(str(problem), 400, content_type="text/plain; charset=utf-8")
    early = before_acting(mode)
    if early is not None:
        return Response(status=503, headers=early.headers) if isinstance(early, Answer) else early
    response: Response = act()
    return after_acting(mode) or response


def _text(parent: etree._Element, name: str, value: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}{name}").text = value
