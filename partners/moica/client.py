"""The ministry's authority as the city sees it: whether a certificate belongs to an ID number, and revocation lists.

All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from partners import wire

_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class MoicaClient:
    """The authority's matching service at `peer.url`, which shares `peer.secret` with us."""

    peer: wire.Peer

    def is_certificate_of(self, *, serial_number: str, national_id: str) -> bool:
        """Whether the certificate whose subject has `serial_number` (16 digits) was issued to `national_id`."""
        body = {"serial_number": serial_number, "national_id": national_id}
        answer = wire.call(self.peer, "POST", "/v1/id-number-matches", body)
        return wire.shaped(self.peer, answer.body, lambda given: given["matches"] is True)


def fetch_list(url: str, *, most_bytes: int, connect_seconds: float = 2.0, read_seconds: float = 5.0) -> bytes:
    """The bytes behind `url`: whose they are their own signature says. Follows no redirect and uses no proxy.

    Raises NotReached, or NoAnswer for silence, any status but 200, and more than `most_bytes`.
    """
    partner = urlsplit(url).hostname or "?"
    timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
    try:
        response = _http.request(
            "GET", url, headers={"Accept-Encoding": "identity"}, timeout=timeout, redirect=False, retries=False,
            preload_content=False,
        )  # fmt: skip
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise wire.NotReached(partner, type(error).__name__) from error
    except urllib3.exceptions.HTTPError as error:
        raise wire.NoAnswer(partner, type(error).__name__) from error
    try:
        if response.status != 200:
            raise wire.NoAnswer(partner, f"status {response.status}")
        content = bytearray()
        for piece in response.stream(_PIECE_BYTES, decode_content=False):
            content += piece
            if len(content) > most_bytes:
                raise wire.NoAnswer(partner, f"more than {most_bytes} bytes")
        return bytes(content)
    except urllib3.exceptions.HTTPError as error:
        raise wire.NoAnswer(partner, type(error).__name__) from error
    finally:
        response.close()


_http = urllib3.PoolManager(num_pools=4, maxsize=4)
