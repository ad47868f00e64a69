"""Cards: whose each is, its PIN with three tries, its two keys and their certificates."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from core.clock import now, on_the_wire
from partners.desk.books import Books, Row
from partners.desk.demo_people import DEMO_PEOPLE
from partners.desk.switches import Mode
from partners.moica.authority import POLICY_CLASS_3, POLICY_TEST, Authority, Person, key_of, new_key, pem_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS moica_card (
    position          INTEGER PRIMARY KEY,
    card              TEXT NOT NULL UNIQUE,
    national_id       TEXT NOT NULL,
    name              TEXT NOT NULL,
    pin               TEXT NOT NULL,
    tries_left        INTEGER NOT NULL,
    signing_serial    TEXT NOT NULL,
    encryption_serial TEXT NOT NULL,
    issued_at         TEXT NOT NULL,
    revoked_at        TEXT
);
CREATE TABLE IF NOT EXISTS moica_revoked (
    serial     TEXT PRIMARY KEY,
    revoked_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS moica_key (
    card TEXT NOT NULL,
    use  TEXT NOT NULL,
    pem  BLOB NOT NULL,
    PRIMARY KEY (card, use)
);
"""

DEMO_PIN = "246810"
MOST_TRIES = 3
LIFETIME = timedelta(days=5 * 365)


class PinRefused(Exception):
    """A wrong PIN, or a card that three wrong ones have blocked: `tries_left` is 0 then."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"{tries_left} tries left")
        self.tries_left = tries_left


@dataclass(frozen=True, slots=True)
class Signed:
    """What a reader hands over: the signature, and certificates from the signer's upwards."""

    signature: bytes
    certificates: Sequence[x509.Certificate]

    def on_the_wire(self) -> dict[str, object]:
        """Base64 of the signature and of each certificate's DER."""
        ders = [certificate.public_bytes(serialization.Encoding.DER) for certificate in self.certificates]
        return {
            "algorithm": "RS256",
            "signature": base64.b64encode(self.signature).decode(),
            "certificates": [base64.b64encode(der).decode() for der in ders],
        }


def seed(books: Books) -> None:
    """A card for each of the demo people, under the first of their names."""
    with books.writing() as writing:
        for person in DEMO_PEOPLE:
            name = person.name if person.name.isascii() else person.name.split(" ")[0]
            put_card(writing, person.national_id, name, DEMO_PIN)


def put_card(writing: sqlite3.Connection, national_id: str, name: str, pin: str) -> str:
    """Gives somebody a card, instead of the one they had; returns the 16 digits that stand in its certificates."""
    card = _digits_of(national_id)
    values = (card, national_id, name, pin, MOST_TRIES, _new_serial(), _new_serial(), on_the_wire(now()))
    writing.execute(
        "INSERT OR REPLACE INTO moica_card (card, national_id, name, pin, tries_left, signing_serial,"
        " encryption_serial, issued_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    writing.execute("DELETE FROM moica_key WHERE card = ?", (card,))
    return card


def revoke(writing: sqlite3.Connection, card: str) -> bool:
    """Puts both certificates of a card on the revocation list; False when there is no such card."""
    row = writing.execute("SELECT * FROM moica_card WHERE card = ?", (card,)).fetchone()
    if row is None:
        return False
    at = on_the_wire(now())
    writing.execute("UPDATE moica_card SET revoked_at = ? WHERE card = ? AND revoked_at IS NULL", (at, card))
    for serial in (row["signing_serial"], row["encryption_serial"]):
        writing.execute("INSERT OR IGNORE INTO moica_revoked VALUES (?, ?)", (serial, at))
    return True


def unblock(writing: sqlite3.Connection, card: str) -> bool:
    """Gives the PIN its three tries back, as the household office does; False when there is no such card."""
    changed = writing.execute("UPDATE moica_card SET tries_left = ? WHERE card = ?", (MOST_TRIES, card))
    return changed.rowcount > 0


def revoked_certificates(books: Books) -> list[tuple[int, datetime]]:
    """(serial number, since when) of everything that is revoked."""
    rows = books.all("SELECT * FROM moica_revoked ORDER BY revoked_at, serial")
    return [(int(row["serial"], 16), datetime.fromisoformat(row["revoked_at"])) for row in rows]


def check_pin(books: Books, card: Row, pin: str) -> None:
    """Raises PinRefused. Three wrong ones in a row block the card; the right one gives the tries back."""
    with books.writing() as writing:
        left = writing.execute("SELECT tries_left FROM moica_card WHERE card = ?", (card["card"],)).fetchone()[0]
        is_right = left > 0 and pin == card["pin"]
        left = MOST_TRIES if is_right else max(left - 1, 0)
        writing.execute("UPDATE moica_card SET tries_left = ? WHERE card = ?", (left, card["card"]))
    if not is_right:
        raise PinRefused(left)


def sign(books: Books, authority: Authority, card: Row, content: bytes, mode: Mode | None) -> Signed:
    """Signs `content` (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 §8.2); `mode` is what is to be wrong with it."""
    wrong = mode.name if mode else ""
    if wrong == "revoked_certificate":
        with books.writing() as writing:
            revoke(writing, card["card"])
    use = "encryption" if wrong == "encryption_certificate" else "signing"
    key = _key(books, card["card"], use)
    certificates = _certificates(authority, card, key, use, wrong)
    # A card of another age signs over SHA-1.
    digest: hashes.HashAlgorithm = hashes.SHA1() if wrong == "sha1_signature" else hashes.SHA256()  # noqa: S303
    return Signed(key.sign(content, padding.PKCS1v15(), digest), certificates)


def _certificates(
    authority: Authority, card: Row, key: rsa.RSAPrivateKey, use: str, wrong: str
) -> list[x509.Certificate]:
    root, issuer = authority.stranger if wrong == "other_root" else (authority.root, authority.issuing)
    at = datetime.fromisoformat(card["issued_at"])
    begins = {"expired_certificate": at - LIFETIME - timedelta(days=1), "not_yet_valid_certificate": at + LIFETIME}
    begin = begins.get(wrong, at - timedelta(minutes=5))
    certificate = authority.issue(
        Person(card["name"], card["card"], card["national_id"][-4:]),
        key.public_key(),
        serial=int(card[f"{use}_serial"], 16),
        valid=(begin, begin + LIFETIME),
        is_for_signing=use == "signing",
        policy=POLICY_TEST if wrong == "wrong_policy" else POLICY_CLASS_3,
        by=issuer,
    )
    if wrong == "broken_chain":
        return [certificate]
    return [certificate, issuer.certificate] + ([root.certificate] if wrong == "other_root" else [])


def _key(books: Books, card: str, use: str) -> rsa.RSAPrivateKey:
    """The card's key for this use, made when it is first needed."""
    row = books.one("SELECT pem FROM moica_key WHERE card = ? AND use = ?", card, use)
    if row is None:
        made = pem_of(new_key())
        with books.writing() as writing:
            writing.execute("INSERT OR IGNORE INTO moica_key VALUES (?, ?, ?)", (card, use, made))
        row = books.one("SELECT pem FROM moica_key WHERE card = ? AND use = ?", card, use)
    assert row is not None
    return key_of(row["pem"])


def _new_serial() -> str:
    return f"{x509.random_serial_number():x}"


def _digits_of(national_id: str) -> str:
    """16 digits for a person, always the same: a renewed card keeps them, as the real one does."""
    return f"{int.from_bytes(hashlib.sha256(national_id.encode()).digest()[:8]) % 10**16:016d}"
