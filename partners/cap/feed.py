"""Following a feed of CAP documents (Atom, RFC 4287, or RSS 2.0): what is new in it, and the documents themselves.

A document's address comes from outside, so it is fetched only from the feed's own host and the hosts that the city
named; no redirect is followed, no proxy used, nothing larger or slower than the limits read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import urllib3
from lxml import etree

from partners.cap.errors import AlertXmlUnsafe
from partners.cap.gate import MOST_BYTES, must_be_safe
from partners.cap.reading import parsed
from partners.wire import retry_after_seconds

MOST_ENTRIES = 500
_SECONDS_IN_ALL = 20.0
_PIECE_BYTES = 1 << 15
_ATOM = "{http://www.w3.org/2005/Atom}"


class FeedFailed(Exception):
    """The feed or a document cannot be had now: `why` in a few words, `retry_after_seconds` where the host named it."""

    def __init__(self, why: str, retry_after: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after_seconds = retry_after


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the feed's id for it, when it was changed (as written), and where its document is."""

    id: str
    updated: str
    url: str


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed holds, the oldest entry first, and by what it is asked next time (RFC 9110 §13.1)."""

    entries: tuple[Entry, ...]
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class FeedClient:
    """A feed at `url`; documents come from its host, and by https from `hosts`."""

    url: str
    hosts: frozenset[str] = frozenset()
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(num_pools=4, maxsize=4))

    def read(self, *, etag: str | None, last_modified: str | None) -> Feed | None:
        """The feed, or None when it has not changed since that etag or moment. Raises FeedFailed."""
        headers = {"Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.8"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        status, answered, content = self._get(self.url, headers)
        if status == 304:
            return None
        return Feed(entries_in(content, self.url), answered.get("ETag"), answered.get("Last-Modified"))

    def document(self, entry: Entry) -> bytes:
        """The document of an entry. Raises FeedFailed, also where its address is not one to fetch from."""
        if not self.is_allowed(entry.url):
            raise FeedFailed("the document is on a host that is not allowed")
        return self._get(entry.url, {"Accept": "application/cap+xml, application/xml;q=0.8"})[2]

    def is_allowed(self, url: str) -> bool:
        """Whether a document may be fetched from there."""
        try:
            own, other = urlsplit(self.url), urlsplit(url)
            same_host = (own.scheme, own.hostname, own.port) == (other.scheme, other.hostname, other.port)
            named = other.scheme == "https" and other.hostname in self.hosts and other.port in (None, 443)
        except ValueError:
            return False
        return (same_host or named) and "@" not in other.netloc

    def _get(self, url: str, headers: dict[str, str]) -> tuple[int, urllib3.HTTPHeaderDict, bytes]:
        until = time.monotonic() + _SECONDS_IN_ALL
        try:
            response = self.http.request(
                "GET", url, headers={"Accept-Encoding": "identity", **headers}, redirect=False, retries=False,
                preload_content=False, timeout=urllib3.Timeout(connect=3.0, read=5.0),
            )  # fmt: skip
        except urllib3.exceptions.HTTPError as error:
            raise FeedFailed(type(error).__name__) from error
        try:
            if response.status not in (200, 304):
                wait = response.headers.get("Retry-After")
                raise FeedFailed(f"status {response.status}", retry_after_seconds(wait) if wait else None)
            content = bytearray()
            for piece in response.stream(_PIECE_BYTES, decode_content=False):
                content += piece
                if len(content) > MOST_BYTES:
                    raise FeedFailed(f"more than {MOST_BYTES} bytes")
                if time.monotonic() > until:
                    raise FeedFailed("too slow")
            return response.status, response.headers, bytes(content)
        except urllib3.exceptions.HTTPError as error:
            raise FeedFailed(type(error).__name__) from error
        finally:
            response.close()


def entries_in(content: bytes, base: str) -> tuple[Entry, ...]:
    """The entries of an Atom or RSS document, the oldest first (feeds begin with the newest). Raises FeedFailed."""
    try:
        must_be_safe(content)
        root = parsed(content)
    except AlertXmlUnsafe as problem:
        raise FeedFailed(problem.reason) from problem
    if root.tag == f"{_ATOM}feed":
        found = [_of_atom(entry, base) for entry in root.findall(f"{_ATOM}entry")]
    elif root.tag == "rss":
        found = [_of_rss(item, base) for item in root.findall("channel/item")]
    else:
        raise FeedFailed("neither Atom nor RSS")
    known = [entry for entry in found if entry is not None]
    return tuple(reversed(known[:MOST_ENTRIES]))


def _of_atom(entry: etree._Element, base: str) -> Entry | None:
    links = [link for link in entry.findall(f"{_ATOM}link") if link.get("href")]
    links.sort(key=lambda link: (link.get("type") != "application/cap+xml", link.get("rel") != "alternate"))
    return _entry(entry.findtext(f"{_ATOM}id"), entry.findtext(f"{_ATOM}updated"), links and links[0].get("href"), base)


def _of_rss(item: etree._Element, base: str) -> Entry | None:
    link = item.findtext("link")
    return _entry(item.findtext("guid") or link, item.findtext("pubDate"), link, base)


def _entry(entry_id: str | None, updated: str | None, link: object, base: str) -> Entry | None:
    if not entry_id or not isinstance(link, str) or not link.strip():
        return None
    try:
        address = urljoin(base, link.strip())
    except ValueError:
        return None
    return Entry(entry_id.strip()[:500], (updated or "").strip()[:100], address[:2000])
