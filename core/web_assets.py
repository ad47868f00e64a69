"""Pages that are a few files on a shelf: read once, gzipped once, kept a year by browsers under an address that changes
whenever any file does.

Every shelf holds the files of `core/web/` beside its own: the city's colours, and how pages are built from plain
values.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Template

from flask import Response, abort, request

_SHARED = Path(__file__).parent / "web"
_COMPRESSIBLE = frozenset({".js", ".css", ".svg", ".html", ".webmanifest"})
_ONE_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Asset:
    """One static file, held in memory: its bytes, the same gzipped (or None where that gains nothing), and its type."""

    body: bytes
    gzipped: bytes | None
    content_type: str


@dataclass(frozen=True)
class Contents:
    """Everything on a shelf. `version` changes whenever any file changes, and is part of every address."""

    version: str
    assets: dict[str, Asset]


class Shelf:
    """The files of a folder and the shared ones, served under `address` ("/app/assets").

    Those named in `templates` are no files of their own: they are filled in with the addresses of the others.
    """

    def __init__(self, folder: Path, address: str, templates: Collection[str]) -> None:
        self.folder = folder
        self.address = address
        self.templates = frozenset(templates)

    @cached_property
    def contents(self) -> Contents:
        """Read once per process."""
        digest = hashlib.sha256()
        assets: dict[str, Asset] = {}
        for root in (_SHARED, self.folder):
            for path in sorted(item for item in root.rglob("*") if item.is_file()):
                name = path.relative_to(root).as_posix()
                assert name not in assets, f"{name} is among the shared files already"
                body = path.read_bytes()
                digest.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
                assets[name] = _asset(path.suffix, body)
        return Contents(version=digest.hexdigest()[:12], assets=assets)

    def file(self, version: str, name: str) -> Response:
        """One file. With the current version in its address it may be kept for a year, else not at all."""
        found = self.contents.assets.get(name)
        if found is None or name in self.templates:
            abort(404)
        response = _fitting(found)
        if version == self.contents.version:
            response.headers["Cache-Control"] = f"public, max-age={_ONE_YEAR_SECONDS}, immutable"
        else:
            response.headers["Cache-Control"] = "no-store"
        return response

    def filled_in(self, name: str, content_type: str) -> Response:
        """A template with the addresses of the current files; asked again each time, answered 304 if unchanged."""
        base = f"{self.address}/{self.contents.version}"
        files = [f"{base}/{item}" for item in self.contents.assets if item not in self.templates]
        text = Template(self.contents.assets[name].body.decode()).substitute(
            version=self.contents.version, assets=base, files=json.dumps(files)
        )
        response = _fitting(_asset(Path(name).suffix, text.encode(), content_type))
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        response.make_conditional(request)
        return response


def _fitting(found: Asset) -> Response:
    """The file as this browser can take it."""
    if found.gzipped is not None and request.accept_encodings.quality("gzip") > 0:
        response = Response(found.gzipped, content_type=found.content_type)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(found.body, content_type=found.content_type)
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _asset(suffix: str, body: bytes, content_type: str | None = None) -> Asset:
    guessed = "text/javascript" if suffix == ".js" else mimetypes.types_map.get(suffix, "application/octet-stream")
    if guessed.startswith("text/"):
        guessed += "; charset=utf-8"
    return Asset(
        body=body,
        gzipped=gzip.compress(body, mtime=0) if suffix in _COMPRESSIBLE else None,
        content_type=content_type or guessed,
    )
