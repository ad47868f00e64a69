"""The channels' files as the city fetches them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO
from urllib.parse import quote

from partners import wire

LARGEST_FILE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file that waits to be fetched: its name, whose it is, of which business day, and its SHA-256."""

    name: str
    channel: str
    business_on: date
    sha256: bytes


@dataclass(frozen=True, slots=True)
class StoresClient:
    """The channels behind `peer.url`, which share `peer.secret` with us. Raises the failures of `partners.wire`."""

    peer: wire.Peer

    def offered_files(self) -> list[OfferedFile]:
        """What the channels have put out in the last weeks, oldest first."""
        return wire.shaped(self.peer, wire.call(self.peer, "GET", "/v1/collection-files").body, _offered)

    def fetch(self, name: str, into: BinaryIO) -> int:
        """Writes a file into `into`; returns how many bytes it has."""
        path = f"/v1/collection-files/{quote(name, safe='')}"
        return wire.download(self.peer, path, into, most_bytes=LARGEST_FILE_BYTES)


def _offered(answer: dict[str, Any]) -> list[OfferedFile]:
    return [
        OfferedFile(
            str(file["name"]), str(file["channel"]), date.fromisoformat(file["business_on"]),
            bytes.fromhex(file["sha256"]),
        )
        for file in answer["files"]
    ]  # fmt: skip
