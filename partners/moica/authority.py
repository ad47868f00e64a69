"""A certificate authority as the government's: a root, an issuing authority below it, and their revocation lists.

The names and extensions are those of the real certificates (RFC 5280 profile of the GPKI): a person's certificate has
no subjectAltName, its subject is C, CN and a serialNumber of 16 digits, and the last four characters of the ID number
stand in its subject directory attributes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

# id-tw-gpki-certpolicy-class3Assurance: "level 3" on the government's own scale.
POLICY_CLASS_3 = ObjectIdentifier("2.16.886.101.0.3.3")
POLICY_TEST = ObjectIdentifier("2.16.886.101.0.3.0")
LAST_FOUR = "2.16.886.1.100.2.51"
# Real lists live for a day; here nobody should wait that long to see what a switch does.
LIST_LIFETIME = timedelta(seconds=30)
ROOT, ISSUING = "root", "issuing"
_ROOT_LIFETIME = timedelta(days=7300)
_EPOCH = datetime.fromisoformat("2024-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority: its certificate and the key that signs for it."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Person:
    """What a certificate says of its holder."""

    name: str
    serial_number: str
    last_four: str


class Authority:
    """Root and issuing authority, their keys kept in `folder`; made when they are first needed.

    `own_url` is where certificates say that the revocation lists are. The root's certificate, which a service pins, is
    `folder`/roots.pem.
    """

    def __init__(self, folder: Path, own_url: str) -> None:
        self._folder = folder
        self._own_url = own_url
        self._turn = threading.RLock()

    @cached_property
    def root(self) -> Issuer:
        """The root, as the pinned file has it."""
        with self._turn:
            key = self._key("root")
            path = self._folder / "roots.pem"
            if path.exists():
                return Issuer(x509.load_pem_x509_certificate(path.read_bytes()), key)
            certificate = _root_certificate(_root_name("Government Root Certification Authority (sandbox)"), key)
            _write(path, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
            return Issuer(certificate, key)

    @cached_property
    def issuing(self) -> Issuer:
        """The authority that issues to people."""
        with self._turn:
            key = self._key("issuing")
            return Issuer(_issuing_certificate(self.root, key, self.crl_url(ROOT)), key)

    @cached_property
    def stranger(self) -> tuple[Issuer, Issuer]:
        """Another root with the same names, and its issuing authority: nobody has pinned it."""
        with self._turn:
            key = self._key("stranger")
            root = Issuer(_root_certificate(_root_name("Government Root Certification Authority (sandbox)"), key), key)
            issuing_key = self._key("stranger-issuing")
            return root, Issuer(_issuing_certificate(root, issuing_key, self.crl_url(ROOT)), issuing_key)

    def crl_url(self, name: str) -> str:
        """Where the revocation list of `name` (root, issuing) is fetched."""
        return f"{self._own_url}/moica/crl/{name}.crl"

    def issue(
        self,
        person: Person,
        public_key: rsa.RSAPublicKey,
        *,
        serial: int,
        valid: tuple[datetime, datetime],
        is_for_signing: bool = True,
        policy: ObjectIdentifier = POLICY_CLASS_3,
        by: Issuer | None = None,
    ) -> x509.Certificate:
        """A certificate for a person's key: for signing, or for encryption (then it may sign nothing)."""
        issuer = by or self.issuing
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "TW"),
                x509.NameAttribute(NameOID.COMMON_NAME, person.name, _validate=False),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, person.serial_number),
            ]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject)
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(valid[0])
            .not_valid_after(valid[1])
            .add_extension(_key_usage(signs=is_for_signing, enciphers=not is_for_signing), critical=True)
            .add_extension(x509.CertificatePolicies([x509.PolicyInformation(policy, None)]), critical=False)
            .add_extension(_found_at(self.crl_url(ISSUING)), critical=False)
            .add_extension(_key_id(issuer), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(_directory_attributes(person.last_four), critical=False)
        )
        return builder.sign(issuer.key, hashes.SHA256())

    def revocation_list(
        self,
        name: str,
        revoked: Iterable[tuple[int, datetime]],
        *,
        now: datetime,
        by: rsa.RSAPrivateKey | None = None,
    ) -> bytes:
        """The list of `name` (root, issuing) in DER as it is at `now`, signed by another key where `by` names one."""
        issuer = self.root if name == ROOT else self.issuing
        scope = x509.IssuingDistributionPoint(
            full_name=[x509.UniformResourceIdentifier(self.crl_url(name))],
            relative_name=None,
            only_contains_user_certs=name == ISSUING,
            only_contains_ca_certs=name == ROOT,
            only_some_reasons=None,
            indirect_crl=False,
            only_contains_attribute_certs=False,
        )
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(now)
            .next_update(now + LIST_LIFETIME)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
            .add_extension(_key_id(issuer), critical=False)
            .add_extension(scope, critical=True)
        )
        for serial, at in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        signed = builder.sign(by or issuer.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)

    def _key(self, name: str) -> rsa.RSAPrivateKey:
        path = self._folder / f"{name}.key"
        if not path.exists():
            _write(path, pem_of(new_key()), mode=0o600)
        return key_of(path.read_bytes())


def new_key() -> rsa.RSAPrivateKey:
    """A key as the cards have them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    """The key in PEM. It is a sandbox's: nothing encrypts it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_of(pem: bytes) -> rsa.RSAPrivateKey:
    """The key that `pem_of` wrote."""
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _root_name(common_name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "TW"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, common_name)]
    )


def _root_certificate(name: x509.Name, key: rsa.RSAPrivateKey) -> x509.Certificate:
    builder = (
        _authority(name, name, key, path_length=None).not_valid_before(_EPOCH).not_valid_after(_EPOCH + _ROOT_LIFETIME)
    )
    return builder.sign(key, hashes.SHA256())


def _issuing_certificate(root: Issuer, key: rsa.RSAPrivateKey, crl_url: str) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TW"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "行政院（測試）"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "內政部憑證管理中心（測試）"),
        ]
    )
    builder = (
        _authority(name, root.certificate.subject, key, path_length=0)
        .not_valid_before(_EPOCH)
        .not_valid_after(_EPOCH + _ROOT_LIFETIME / 2)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(POLICY_CLASS_3, None)]), critical=False)
        .add_extension(_found_at(crl_url), critical=False)
        .add_extension(_key_id(root), critical=False)
    )
    return builder.sign(root.key, hashes.SHA256())


def _authority(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, *, path_length: int | None
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs=False, enciphers=False, certifies=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs: bool, enciphers: bool, certifies: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=enciphers,
        data_encipherment=enciphers,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _found_at(url: str) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([point])


def _key_id(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _directory_attributes(last_four: str) -> x509.UnrecognizedExtension:
    """SubjectDirectoryAttributes (RFC 5280 §4.2.1.8) with the end of the ID number, as a PrintableString."""
    # The library writes no such extension, so its DER is put together here.
    attribute = _tlv(0x30, _oid(LAST_FOUR) + _tlv(0x31, _tlv(0x13, last_four.encode("ascii"))))
    return x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.9"), _tlv(0x30, attribute))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return _tlv(0x06, content)


def _tlv(tag: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes((tag, len(content))) + content


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Whole or not at all: the city may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(descriptor, "wb") as file:
        file.write(content)
    half.replace(path)
