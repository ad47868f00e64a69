"""A card reader on a citizen's computer, with the sandbox's cards, and signing in to the city with one of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
from identity_city import Phone
from sandbox_process import SandboxBooks
from werkzeug.test import TestResponse

from core.certificate_settings import CLASS_3, CertificateSettings
from identity import certificate_ports
from partners import wire
from partners.moica.client import MoicaClient, fetch_list

PIN = "246810"


def plug_in(books: SandboxBooks, folder: Path, **more: Any) -> CertificateSettings:
    """Connect the city with the sandbox's certificate authority, its root pinned in `folder`; `more` are settings."""
    roots = folder / "roots.pem"
    roots.write_bytes(urllib3.request("GET", f"{books.url}/moica/roots.pem").data)
    of = CertificateSettings(
        **{"roots_file": roots, "list_origins": (books.url,), "policies": (CLASS_3,), "reader_url": "", **more}
    )
    peer = wire.Peer("moica", f"{books.url}/moica", "sandbox-moica-secret", read_timeout_seconds=5.0)
    certificate_ports.plug_in(authority=MoicaClient(peer), fetch_list=fetch_list, settings=of)
    return of


@dataclass
class Reader:
    """The reader; one card lies in it at a time."""

    books: SandboxBooks
    national_id: str

    @property
    def card(self) -> str:
        """The number of the card: the 16 digits in its certificate."""
        (card,) = self.books.read("moica/cards", national_id=self.national_id)
        return str(card["card"])

    def sign(self, to_be_signed: str, **wrong: str) -> dict[str, Any]:
        """What the card makes of `to_be_signed` (base64): signature, algorithm, certificates."""
        asked = {"card": self.card, "pin": PIN, "to_be_signed": to_be_signed, **wrong}
        answer = urllib3.request("POST", f"{self.books.url}/moica/reader/sign", json=asked)
        assert answer.status == 200, answer.data
        signed: dict[str, Any] = answer.json()
        return signed

    def shows(self, mode: str) -> None:
        """The next signature has this wrong with it."""
        self.books.set_switch("moica", "reader_sign", mode, count=1)

    def renew(self) -> None:
        """A new card with new keys."""
        assert urllib3.request("POST", f"{self.books.url}/moica/cards/{self.card}/renewal").status == 204

    def revoke(self) -> None:
        """The card is reported as lost."""
        assert urllib3.request("POST", f"{self.books.url}/moica/cards/{self.card}/revocation").status == 204


@dataclass
class CardHolder:
    """Somebody with a card at a computer."""

    phone: Phone
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.phone.city.outside, self.phone.national_id)

    def challenge(self) -> Any:
        """Words to sign."""
        answer = self.phone.post("/v1/auth/certificate/challenge", {"transport": self.phone.transport})
        assert answer.status_code == 200, answer.json
        cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
        return {**answer.json, "cookie": cookie}

    def verify(self, challenge: Any, signed: Mapping[str, Any], **other: Any) -> TestResponse:
        """Send a signature back; `other` members instead of the right ones, None to leave one out."""
        body = {
            "challenge_id": challenge["challenge_id"],
            "challenge_secret": challenge["challenge_secret"],
            "national_id": self.phone.national_id,
            "transport": self.phone.transport,
            **signed,
            **other,
        }
        sent = {name: value for name, value in body.items() if value is not None}
        cookies = {"Cookie": challenge["cookie"]} if challenge["cookie"] else {}
        return self.phone.kept(self.phone.post("/v1/auth/certificate/verify", sent, **cookies))

    def sign_in(self, **other: Any) -> TestResponse:
        """Card, PIN, signature, session."""
        challenge = self.challenge()
        return self.verify(challenge, self.reader.sign(challenge["to_be_signed"]), **other)


def slug_of(answer: TestResponse) -> str:
    """By which name it was refused."""
    return str(answer.json["type"]).rpartition("/")[2]


def altered(encoded: str) -> str:
    """Base64 of the same bytes with the last one changed."""
    content = bytearray(base64.b64decode(encoded))
    content[-1] ^= 1
    return base64.b64encode(content).decode()
