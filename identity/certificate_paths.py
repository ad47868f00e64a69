"""What a citizen certificate proves by itself: its path to a pinned root, its use, and the signature made with it.

Nothing here asks the database or the network; whether a certificate is revoked is `identity.revocation`. The path is
followed by our own hands, so that each break has its own name, and then validated once more by the library (RFC 5280
§6). Citizens' certificates have no subjectAltName, which the library demands of others by default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path as FilePath
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from core.names import NameRefused, checked_name
from identity.certificate_errors import (
    CertificateChainBroken,
    CertificateExpired,
    CertificateNameRefused,
    CertificateNotYetValid,
    CertificatePolicyWrong,
    CertificateRootUnknown,
    CertificateSignatureRefused,
    CertificateUnreadable,
    CertificateUseWrong,
)

MOST_CERTIFICATES = 4
"""So many a caller may send: the signer's, and those above it."""
_LEAST_KEY_BITS = 2048
# Where a certificate names purposes, one of these must be among them (RFC 5280 §4.2.1.12).
_SIGNS_IN = {
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.SMARTCARD_LOGON,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
}
_ANY_POLICY = "2.5.29.32.0"
_DIRECTORY_ATTRIBUTES = ObjectIdentifier("2.5.29.9")
# 2.16.886.1.100.2.51, in DER: the attribute that holds the last four characters of the ID number.
_LAST_FOUR = bytes.fromhex("0607608676016402 33")

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)

# JWA names (RFC 7518 §3.1). SHA-1 is not among them.
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
ALGORITHMS = tuple(f"{scheme}{bits}" for scheme in ("RS", "PS") for bits in _HASHES)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is pinned: the roots, authorities below them that readers leave out, and the policies that count."""

    roots: tuple[x509.Certificate, ...]
    authorities: tuple[x509.Certificate, ...]
    policies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate names: name, the 16 digits of its subject, and the end of the ID number where it has that."""

    name: str
    serial_number: str
    last_four: str | None


Path = tuple[x509.Certificate, ...]
"""From the signer's certificate to a pinned root, both included."""


def trust_in(roots_file: FilePath, policies: Sequence[str]) -> Trust:
    """What a settings file pins: self-signed certificates as roots, the others as authorities below them.

    Raises OSError or ValueError for a file that cannot be used.
    """
    return _trust_in(roots_file, roots_file.stat().st_mtime_ns, tuple(policies))


@lru_cache(maxsize=4)
def _trust_in(roots_file: FilePath, _changed_at: int, policies: tuple[str, ...]) -> Trust:
    pinned = x509.load_pem_x509_certificates(roots_file.read_bytes())
    roots = tuple(one for one in pinned if one.subject == one.issuer)
    return Trust(roots, tuple(one for one in pinned if one not in roots), frozenset(policies))


def read(ders: Sequence[bytes]) -> list[x509.Certificate]:
    """The certificates in DER, the signer's first. Raises CertificateUnreadable."""
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in ders]
        for certificate in certificates:
            # Read here, so that what cannot be read is found here.
            _ = certificate.extensions, certificate.subject, certificate.issuer, certificate.not_valid_after_utc
    except Exception:
        # What a stranger sends may break the parsing in any way.
        raise CertificateUnreadable from None
    return certificates


def followed(certificates: Sequence[x509.Certificate], trust: Trust, *, now: datetime) -> Path:
    """The path from the first of `certificates` to a pinned root, valid at `now`.

    Raises CertificateRootUnknown, CertificateChainBroken, CertificateExpired, CertificateNotYetValid.
    """
    leaf, *above = certificates
    path = _linked(leaf, [*above, *trust.authorities], trust.roots)
    for certificate in path:
        if now > certificate.not_valid_after_utc:
            raise CertificateExpired
        if now < certificate.not_valid_before_utc:
            raise CertificateNotYetValid
    builder = verification.PolicyBuilder().store(verification.Store([path[-1]])).time(now)
    builder = builder.max_chain_depth(MOST_CERTIFICATES).extension_policies(
        ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
        ee_policy=verification.ExtensionPolicy.permit_all(),
    )
    try:
        builder.build_client_verifier().verify(leaf, list(path[1:-1]))
    except verification.VerificationError:
        raise CertificateChainBroken from None
    return path


def check_use(path: Path, trust: Trust) -> None:
    """The signer's certificate is one for signing, of a person, with a key that is long enough; policy and authorities
    are as they should be. Raises CertificateUseWrong, CertificatePolicyWrong."""
    leaf = path[0]
    key, usage = leaf.public_key(), _extension(leaf, x509.KeyUsage)
    constraints = _extension(leaf, x509.BasicConstraints)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_KEY_BITS:
        raise CertificateUseWrong
    if usage is None or not usage.digital_signature or usage.key_cert_sign or (constraints and constraints.ca):
        raise CertificateUseWrong
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if purposes is not None and not _SIGNS_IN & set(purposes):
        raise CertificateUseWrong
    if not _policies_of(leaf) & trust.policies:
        raise CertificatePolicyWrong
    # A policy that an authority above was not itself given cannot be handed on (RFC 5280 §6.1.3 (d)).
    if any(not _policies_of(authority) & {*trust.policies, _ANY_POLICY} for authority in path[1:-1]):
        raise CertificatePolicyWrong


def check_signature(leaf: x509.Certificate, content: bytes, signature: bytes, algorithm: str) -> None:
    """The key of `leaf` has signed `content` with `algorithm`, one of ALGORITHMS (RFC 8017 §8).

    Raises CertificateSignatureRefused.
    """
    key, digest = leaf.public_key(), _HASHES[algorithm[2:]]()
    if not isinstance(key, rsa.RSAPublicKey):
        raise CertificateSignatureRefused
    is_pss = algorithm.startswith("PS")
    scheme = padding.PSS(padding.MGF1(digest), digest.digest_size) if is_pss else padding.PKCS1v15()
    try:
        key.verify(signature, content, scheme, digest)
    except InvalidSignature:
        raise CertificateSignatureRefused from None


def holder_of(leaf: x509.Certificate) -> Holder:
    """Whom the certificate names. Raises CertificateUnreadable, CertificateNameRefused."""
    serial_number = _only(leaf, NameOID.SERIAL_NUMBER)
    if len(serial_number) != 16 or not (serial_number.isascii() and serial_number.isdigit()):
        raise CertificateUnreadable
    try:
        name = checked_name(_only(leaf, NameOID.COMMON_NAME))
    except NameRefused:
        raise CertificateNameRefused from None
    return Holder(name, serial_number, _last_four(leaf))


def _linked(leaf: x509.Certificate, above: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> Path:
    path = [leaf]
    while len(path) <= MOST_CERTIFICATES:
        last = path[-1]
        if last in roots:
            return tuple(path)
        pinned = [root for root in roots if root.subject == last.issuer]
        issuer = _issuer_of(last, pinned) or _issuer_of(last, [one for one in above if one not in path])
        if issuer is None:
            # It ends in a root that nobody has pinned, or in one that only bears the name of a pinned one.
            raise CertificateRootUnknown if last.subject == last.issuer or pinned else CertificateChainBroken
        path.append(issuer)
    raise CertificateChainBroken


def _issuer_of(certificate: x509.Certificate, candidates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    for candidate in candidates:
        try:
            certificate.verify_directly_issued_by(candidate)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            continue
        return candidate
    return None


def _policies_of(certificate: x509.Certificate) -> set[str]:
    policies = _extension(certificate, x509.CertificatePolicies) or ()
    return {policy.policy_identifier.dotted_string for policy in policies}


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _only(leaf: x509.Certificate, oid: ObjectIdentifier) -> str:
    """The subject's one attribute of this kind: two would let a reader choose. Raises CertificateUnreadable."""
    values = [attribute.value for attribute in leaf.subject.get_attributes_for_oid(oid)]
    if len(values) != 1 or not isinstance(values[0], str):
        raise CertificateUnreadable
    return values[0]


def _last_four(leaf: x509.Certificate) -> str | None:
    """The text that follows the attribute's identifier: SET { PrintableString or UTF8String of 4 bytes }."""
    try:
        extension = leaf.extensions.get_extension_for_oid(_DIRECTORY_ATTRIBUTES).value
    except x509.ExtensionNotFound:
        return None
    assert isinstance(extension, x509.UnrecognizedExtension)
    _, found, rest = extension.value.partition(_LAST_FOUR)
    if not found:
        return None
    if len(rest) < 8 or rest[:2] != b"\x31\x06" or rest[2] not in (0x13, 0x0C) or rest[3] != 4:
        raise CertificateUnreadable
    last_four = rest[4:8].decode("ascii", "replace")
    if not last_four.isdigit():
        raise CertificateUnreadable
    return last_four
