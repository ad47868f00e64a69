"""Tells a site that a session is over: OpenID Connect Back-Channel Logout 1.0 §2.5.

The address is one that the site registered and an officer approved, and even so it is not trusted to lead outside: it
must be https, its name is resolved once, every address that it stands for must be a public one, the connection goes to
exactly that address, and no redirect is followed (SSRF, ASVS 15.3.2). The demo's own sites are on this machine; there,
and only there, plain http to the loopback is allowed.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

import urllib3

from partners.wire import NoAnswer, NotReached, Refused

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 5.0
_MOST_ANSWER_BYTES = 1 << 16
_PARTNER = "relying party"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to connect: the address that was looked at, and the name that the certificate must be for."""

    address: str
    port: int
    host: str
    is_https: bool


def send_logout_token(uri: str, logout_token: str, *, is_demo: bool) -> None:
    """POST a logout token. Raises Refused (the site says no, or the address will not do), NotReached, NoAnswer."""
    place = _place_of(uri, is_demo=is_demo)
    parts = urlsplit(uri)
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
    pool = (
        urllib3.HTTPSConnectionPool(
            place.address, place.port, timeout=timeout, retries=False, assert_hostname=place.host,
            server_hostname=place.host,
        )
        if place.is_https
        else urllib3.HTTPConnectionPool(place.address, place.port, timeout=timeout, retries=False)
    )  # fmt: skip
    try:
        response = pool.request(
            "POST",
            target,
            body=urlencode({"logout_token": logout_token}),
            headers={"Host": parts.netloc, "Content-Type": "application/x-www-form-urlencoded"},
            redirect=False,
            preload_content=False,
        )
        response.read(_MOST_ANSWER_BYTES)
        response.close()
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise NotReached(_PARTNER, type(error).__name__) from error
    except urllib3.exceptions.HTTPError as error:
        raise NoAnswer(_PARTNER, type(error).__name__) from error
    finally:
        pool.close()
    if 200 <= response.status < 300:
        return
    if response.status >= 500 or response.status == 429:
        raise NoAnswer(_PARTNER, f"status {response.status}")
    raise Refused(_PARTNER, "did not take the logout token", response.status, "refused")


def _place_of(uri: str, *, is_demo: bool) -> _Place:
    parts = urlsplit(uri)
    host = parts.hostname or ""
    is_https = parts.scheme == "https"
    port = parts.port or (443 if is_https else 80)
    if not host or parts.username is not None or parts.scheme not in ("http", "https"):
        raise Refused(_PARTNER, "not an address to send to", 0, "address")
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise NotReached(_PARTNER, "the name is not known") from error
    addresses = sorted((ip_address(str(each).partition("%")[0]) for each in found), key=lambda each: each.version)
    is_loopback = all(address.is_loopback for address in addresses)
    is_public = is_https and all(address.is_global and not address.is_multicast for address in addresses)
    if not (is_public or (is_demo and is_loopback)):
        raise Refused(_PARTNER, "the address leads inside", 0, "address")
    return _Place(str(addresses[0]), port, host, is_https)
