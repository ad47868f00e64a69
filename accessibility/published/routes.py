"""The feeds over HTTP, for anybody: GTFS-Flex as a zip, GOFS as documents in each language.

Every answer carries an entity tag of its bytes (RFC 9110 §8.8.3): who has them is told 304.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from accessibility.published import gofs, gtfs_flex, services
from accessibility.published.schemas import GofsDocumentSchema
from accessibility.published.services import Edition
from core.errors import NotFound
from core.http import Answer, Call, Routes, public
from core.settings import settings
from core.text import LANGUAGES, Text

routes = Routes("published")
GTFS: Final = "/v1/ride-feeds/gtfs-flex.zip"
GOFS: Final = "/v1/ride-feeds/gofs"
_HEADERS: Final = {
    "ETag": "of these bytes: send it in If-None-Match, and what you have is not sent again",
    "Last-Modified": "since when it may be so",
    "Cache-Control": "for how long to keep it",
}
_NOT_AGAIN: Final = {200: _HEADERS, 304: _HEADERS}


@routes.get(
    GTFS,
    access=public(),
    answers={200: None, 304: None},
    answer_headers=_NOT_AGAIN,
    content_types=("application/zip",),
    summary=Text("GTFS-Flex 資料（路線規劃用）", "The fleets as a GTFS-Flex feed, for journey planners"),
)
def gtfs_feed(call: Call) -> Answer:
    """Zones, hours and booking rules of every accessible fleet. Nothing in it is about a person."""
    edition = services.edition(call.session, call.now)
    return _unless_known(call, _archive(edition, settings().public_origin), edition, "application/zip")


@routes.get(
    f"{GOFS}/gofs.json",
    access=public(),
    answers={200: GofsDocumentSchema, 304: None},
    answer_headers=_NOT_AGAIN,
    summary=Text("GOFS 資料的起點", "Where the GOFS feed begins"),
)
def gofs_discovery(call: Call) -> Answer:
    """Where each document is, in each language."""
    edition = services.edition(call.session, call.now)
    return _document(call, gofs.discovery(edition, base=_base()), edition)


@routes.get(
    f"{GOFS}/gofs_versions.json",
    access=public(),
    answers={200: GofsDocumentSchema, 304: None},
    answer_headers=_NOT_AGAIN,
    summary=Text("GOFS 資料的版本", "Which versions of GOFS are published"),
)
def gofs_versions(call: Call) -> Answer:
    """One."""
    edition = services.edition(call.session, call.now)
    return _document(call, gofs.versions(edition, base=_base()), edition)


@routes.get(
    f"{GOFS}/<language>/<part>.json",
    access=public(),
    answers={200: GofsDocumentSchema, 304: None},
    answer_headers=_NOT_AGAIN,
    problems=[NotFound],
    summary=Text("一份 GOFS 資料", "One document of the GOFS feed"),
)
def gofs_document(call: Call) -> Answer:
    """Fleets, zones, hours and booking rules, in the language of its address."""
    language = next((each for each in LANGUAGES if each == call.path["language"]), None)
    if language is None:
        raise NotFound
    edition = services.edition(call.session, call.now)
    found = gofs.document(call.path["part"], edition, language, origin=settings().public_origin)
    if found is None:
        raise NotFound
    return _document(call, found, edition)


@lru_cache(maxsize=4)
def _archive(edition: Edition, origin: str) -> bytes:
    return gtfs_flex.archive(edition, origin=origin)


def _base() -> str:
    return f"{settings().public_origin}{GOFS}"


def _document(call: Call, document: Mapping[str, Any], edition: Edition) -> Answer:
    return _unless_known(call, orjson.dumps(document), edition, "application/json")


def _unless_known(call: Call, content: bytes, edition: Edition, content_type: str) -> Answer:
    tag = hashlib.sha256(content).hexdigest()[:32]
    headers = {
        "ETag": f'"{tag}"',
        "Last-Modified": format_datetime(edition.changed_at.astimezone(UTC), usegmt=True),
        "Cache-Control": f"public, max-age={gofs.TTL_SECONDS}",
    }
    if call.request.if_none_match.contains_weak(tag):
        return Answer(status=304, headers=headers)
    return Answer(raw=content, headers=headers, content_type=content_type)
