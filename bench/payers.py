"""Citizens ready to pay: registered, signed in with a passkey, with a car, a linked account and unpaid parking fees."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import cbor2
import orjson
import psycopg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from core import clock, db, taiwan
from core.ids import new_uuid, typeid
from identity import levels, people, sessions, vehicles
from notify import devices
from partners.bank.accounts import create_mandate, masked, open_account
from partners.desk.books import Books

FEE_TWD = 20
_LIMIT_TWD = 100_000_000
_ECDSA = ec.ECDSA(hashes.SHA256())
_USER_PRESENT_AND_VERIFIED = 0x05


@dataclass(frozen=True, slots=True)
class Payer:
    """One person: bearer token, link, and the key on their phone."""

    person_id: UUID
    token: str
    link_id: UUID
    plate: str
    credential_id: bytes
    key: ec.EllipticCurvePrivateKey
    origin: str

    def assertion(self, challenge: str) -> bytes:
        """An authorization's body: this device's signature over the challenge (base64url), its user verified."""
        client_data = orjson.dumps(
            {"type": "webauthn.get", "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        )
        # This device keeps no counter, as phones that copy their keys do not: it always says 0 (WebAuthn §6.1.1).
        auth_data = _RP_HASH + bytes([_USER_PRESENT_AND_VERIFIED, 0, 0, 0, 0])
        signature = self.key.sign(auth_data + hashlib.sha256(client_data).digest(), _ECDSA)
        identifier = _b64(self.credential_id)
        return orjson.dumps(
            {"credential": {
                "id": identifier, "rawId": identifier, "type": "public-key", "clientExtensionResults": {},
                "authenticatorAttachment": "platform",
                "response": {
                    "clientDataJSON": _b64(client_data), "authenticatorData": _b64(auth_data),
                    "signature": _b64(signature), "userHandle": _b64(self.person_id.bytes),
                },
            }}
        )  # fmt: skip


def enrol(database: db.Database, books: Books, origin: str, count: int, *, with_devices: bool) -> list[Payer]:
    """`count` payers in our database and at the bank, each with a car; `with_devices` gives each a phone to push to."""
    now = clock.now()
    found: list[Payer] = []
    with database.unit_of_work() as session, books.writing() as writing:
        for number, national_id in enumerate(itertools.islice(national_ids(), count)):
            person_id = people.enrol(
                session, national_id=national_id, mobile=f"09{number:08d}", password_hash="-",
                proofing_level=levels.PROVED_BY_MOBILE, language="zh-TW", now=now,
            )  # fmt: skip
            assert person_id is not None
            plate = f"BN{chr(65 + number // 9000)}-{1000 + number % 9000}"
            vehicles.add(session, person_id, plate, "car", now=now)
            if with_devices:
                devices.register(
                    session, person_id=person_id, kind="fid", address=f"phone-{plate}", name="phone", now=now
                )
            issued = sessions.begin(
                session, person_id=person_id, amr=("swk", "user"), transport="bearer", user_agent="bench",
                replaces=None, now=now,
            )  # fmt: skip
            account = f"9017-8{number // 10_000:03d}-{number % 10_000:04d}"
            holder = typeid("per", person_id)
            open_account(writing, account, f"Payer {number}", balance_twd=_LIMIT_TWD, holder_ref=holder)
            mandate = create_mandate(writing, holder, account, _LIMIT_TWD, _LIMIT_TWD, _LIMIT_TWD)
            payer = Payer(
                person_id, issued.token, new_uuid(), plate, secrets.token_bytes(32),
                ec.generate_private_key(ec.SECP256R1()), origin,
            )  # fmt: skip
            connection = session.connection().connection.driver_connection
            assert connection is not None
            _write_link_and_passkey(connection, payer, mandate, masked(account), now)
            found.append(payer)
    return found


def charge(url: str, payers: list[Payer], each: int) -> list[list[str]]:
    """`each` more unpaid parking fees for every payer's car, as if a bureau's file had come; their ids."""
    with psycopg.connect(url, autocommit=True) as connection:
        batch = new_uuid()
        rows = connection.execute(
            """
            INSERT INTO wallet.bill (id, bureau, kind, number, plate, vehicle, district, road, occurred_at, amount_twd,
                                     due_on, payable_by_agent, status, batch_id, updated_at)
            SELECT uuidv7(), 'parking', 'parking', lpad((m.n * %(cars)s + p.n)::text, 10, '0') || %(file)s,
                   p.plate, 'car', '苓雅區', '四維三路', now() - interval '2 days', %(fee)s,
                   current_date + 12, true, 'unpaid', %(batch)s, now()
              FROM generate_series(1, %(each)s) AS m(n),
                   unnest(%(plates)s::text[]) WITH ORDINALITY AS p(plate, n)
            RETURNING plate, id
            """,
            {"each": each, "cars": len(payers) + 1, "file": f"{secrets.randbelow(10**6):06d}", "fee": FEE_TWD,
             "batch": batch, "plates": [payer.plate for payer in payers]},
        ).fetchall()  # fmt: skip
        connection.execute("VACUUM ANALYZE wallet.bill")
    bills: dict[str, list[str]] = {payer.plate: [] for payer in payers}
    for plate, bill_id in rows:
        bills[plate].append(typeid("bill", bill_id))
    return [bills[payer.plate] for payer in payers]


def _write_link_and_passkey(connection: object, payer: Payer, mandate: str, account: str, now: datetime) -> None:
    assert isinstance(connection, psycopg.Connection)
    point = payer.key.public_key().public_numbers()
    cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
    connection.execute(
        "INSERT INTO wallet.bank_link (person_id, id, bank, status, state_hash, mandate_id, account_masked,"
        " per_payment_limit_twd, daily_limit_twd, created_at, changed_at)"
        " VALUES (%s, %s, 'bank_of_kaohsiung', 'pending', %s, %s, %s, %s, %s, %s, %s)",
        (payer.person_id, payer.link_id, os.urandom(32), mandate, account, _LIMIT_TWD, _LIMIT_TWD, now, now),
    )
    connection.execute("UPDATE wallet.bank_link SET status = 'active' WHERE id = %s", (payer.link_id,))
    connection.execute(
        "INSERT INTO identity.passkey (person_id, credential_id, id, public_key, sign_count, is_backup_eligible,"
        " is_backed_up, transports, aaguid, name, created_at)"
        " VALUES (%s, %s, %s, %s, 0, false, false, '{internal}', %s, 'phone', %s)",
        (payer.person_id, payer.credential_id, new_uuid(), cose, UUID(int=0), now),
    )


def national_ids() -> Iterator[str]:
    """Valid ID numbers that belong to nobody."""
    for number in itertools.count(1):
        stem = f"Y2{number:07d}"
        yield next(f"{stem}{digit}" for digit in range(10) if taiwan.national_id_valid(f"{stem}{digit}"))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_RP_HASH = hashlib.sha256(b"localhost").digest()
