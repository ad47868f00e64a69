"""Whether a certificate of a path is revoked: by its issuer's revocation list (RFC 5280 §5 and §6.3).

A list is fetched while no transaction is open, from pinned origins alone whatever a certificate says, and kept in
PostgreSQL until its own next update. Some minutes later (a setting) the issuer is asked for a newer one; where it does
not answer, the list that is kept still counts for as long as its issuer has said it would. Without a list that counts
nobody gets in.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import text
from sqlalchemy.orm import Session, undefer

from core import db
from core.errors import Problem
from identity import certificate_ports
from identity.certificate_errors import (
    CertificateRevoked,
    RevocationListNotTrusted,
    RevocationListStale,
    RevocationListUnreachable,
)
from identity.certificate_models import RevocationList
from identity.certificate_paths import Path
from partners import wire

MOST_BYTES = 32 << 20
REST = timedelta(seconds=10)
"""How long an issuer whose list brought nothing is left alone."""
_PLAIN = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/%=&?+-]*")
_CLOCKS_APART = timedelta(minutes=5)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_FAILURES = {kind.slug: kind for kind in (RevocationListUnreachable, RevocationListStale, RevocationListNotTrusted)}
_log = logging.getLogger("mykaohsiung.identity")


@dataclass(frozen=True, slots=True)
class _Parsed:
    sha256: bytes
    issuer: bytes
    content: x509.CertificateRevocationList


# The list that each address gave last, so that a long one is read once in a process and not at each sign-in.
_parsed: dict[str, _Parsed] = {}


def check(path: Path, *, now: datetime) -> None:
    """No certificate of the path is revoked, the root excepted, which nobody is above.

    Opens units of work of its own. Raises CertificateRevoked, RevocationListUnreachable, RevocationListStale,
    RevocationListNotTrusted.
    """
    # From the top: a list is worth as much as the certificate of whoever signed it.
    for certificate, issuer in reversed(list(pairwise(path))):
        url = _address(certificate)
        listed = _current(url, issuer, now)
        if not _covers(listed, certificate, url):
            raise RevocationListNotTrusted(retry_after_seconds=_seconds(REST))
        if listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            raise CertificateRevoked


def checked(content: bytes, issuer: x509.Certificate, *, now: datetime) -> x509.CertificateRevocationList:
    """The list in `content` (DER), which `issuer` has signed and which counts at `now`.

    Raises RevocationListNotTrusted, RevocationListStale.
    """
    try:
        listed = x509.load_der_x509_crl(content)
        is_theirs = _is_signed_by(listed, issuer) and _is_complete(listed)
        begins, ends = listed.last_update_utc, listed.next_update_utc
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise RevocationListNotTrusted(retry_after_seconds=_seconds(REST)) from None
    if not is_theirs or ends is None or begins > now + _CLOCKS_APART:
        raise RevocationListNotTrusted(retry_after_seconds=_seconds(REST))
    if ends <= now:
        raise RevocationListStale(retry_after_seconds=_seconds(REST))
    return listed


def _current(url: str, issuer: x509.Certificate, now: datetime) -> x509.CertificateRevocationList:
    with db.unit_of_work() as session:
        kept = session.get(RevocationList, url)
    is_good = kept is not None and kept.next_update is not None and kept.next_update > now
    if kept is not None and is_good and not _is_to_be_asked(kept, now):
        return _kept_list(kept, issuer, now)
    if kept is not None and kept.failure and kept.tried_at > now - REST:
        raise _FAILURES[kept.failure](retry_after_seconds=_seconds(REST))
    try:
        with db.unit_of_work() as session:
            session.execute(_TRYING, {"url": url, "now": now})
        content = certificate_ports.ports().fetch_list(url, most_bytes=MOST_BYTES)
        listed = checked(content, issuer, now=now)
        if kept is not None and kept.this_update is not None and listed.last_update_utc < kept.this_update:
            # An old copy that is still good must not bring a card back to life.
            raise RevocationListStale(retry_after_seconds=_seconds(REST))
    except wire.CallFailed as failure:
        problem: Problem = RevocationListUnreachable(retry_after_seconds=_seconds(REST))
        _log.warning("the revocation list %s cannot be fetched: %s", url, failure)
    except (RevocationListStale, RevocationListNotTrusted) as refused:
        problem = refused
        _log.warning("the revocation list %s is refused: %s", url, refused.slug)
    else:
        with db.unit_of_work() as session:
            _keep(session, url, content, listed, now)
        _parsed[url] = _Parsed(_sha256(content), _of(issuer), listed)
        return listed
    with db.unit_of_work() as session:
        session.execute(_FAILED, {"url": url, "now": now, "failure": problem.slug})
    if kept is None or not is_good:
        raise problem
    return _kept_list(kept, issuer, now)


def _is_to_be_asked(kept: RevocationList, now: datetime) -> bool:
    """Whether it is time to ask for a newer list, and nobody is doing so or has just done so in vain."""
    kept_for = timedelta(seconds=certificate_ports.ports().settings.list_seconds)
    is_quiet = kept.tried_at == kept.fetched_at or kept.tried_at <= now - REST
    return is_quiet and (kept.fetched_at is None or kept.fetched_at <= now - kept_for)


def _kept_list(kept: RevocationList, issuer: x509.Certificate, now: datetime) -> x509.CertificateRevocationList:
    parsed = _parsed.get(kept.url)
    if parsed is None or (parsed.sha256, parsed.issuer) != (kept.sha256, _of(issuer)):
        with db.unit_of_work() as session:
            row = session.get(RevocationList, kept.url, options=[undefer(RevocationList.content)])
            assert row is not None and row.content is not None
            content = bytes(row.content)
        parsed = _Parsed(_sha256(content), _of(issuer), checked(content, issuer, now=now))
        _parsed[kept.url] = parsed
    return parsed.content


def _keep(session: Session, url: str, content: bytes, listed: x509.CertificateRevocationList, now: datetime) -> None:
    """Keep it, unless somebody else has kept a newer one meanwhile."""
    number = next((each.value.crl_number for each in listed.extensions if isinstance(each.value, x509.CRLNumber)), None)
    session.execute(
        _KEEP,
        {
            "url": url, "content": content, "sha256": _sha256(content), "number": number, "now": now,
            "this_update": listed.last_update_utc, "next_update": listed.next_update_utc,
        },
    )  # fmt: skip


def _address(certificate: x509.Certificate) -> str:
    """Where the list for this certificate is. Raises RevocationListNotTrusted when it names no pinned origin."""
    origins = certificate_ports.ports().settings.list_origins
    for url in _addresses(certificate):
        # Nothing that two readers of addresses could read in two ways.
        if _PLAIN.fullmatch(url) is None:
            continue
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" in origins:
            return url
    raise RevocationListNotTrusted(retry_after_seconds=_seconds(REST))


def _addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return
    for point in points:
        # Lists of somebody else, and of some reasons alone, say less than is asked.
        if point.crl_issuer is None and point.reasons is None:
            for name in point.full_name or ():
                if isinstance(name, x509.UniformResourceIdentifier):
                    yield name.value


def _is_signed_by(listed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    if listed.issuer != issuer.subject or not isinstance(listed.signature_hash_algorithm, _HASHES):
        return False
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    return usage.crl_sign and listed.is_signature_valid(key)


def _is_complete(listed: x509.CertificateRevocationList) -> bool:
    """Neither a list of changes, nor of other issuers, nor with critical words that are not understood."""
    for extension in listed.extensions:
        if isinstance(extension.value, x509.DeltaCRLIndicator):
            return False
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            scope = extension.value
            if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs:
                return False
        elif extension.critical:
            return False
    return True


def _covers(listed: x509.CertificateRevocationList, certificate: x509.Certificate, url: str) -> bool:
    """Whether the certificate would be on this list (RFC 5280 §6.3.3 (b) (2))."""
    scope = next(
        (each.value for each in listed.extensions if isinstance(each.value, x509.IssuingDistributionPoint)), None
    )
    if scope is None:
        return True
    constraints = next(
        (each.value for each in certificate.extensions if isinstance(each.value, x509.BasicConstraints)), None
    )
    is_authority = constraints is not None and constraints.ca
    if scope.only_contains_user_certs if is_authority else scope.only_contains_ca_certs:
        return False
    if scope.relative_name is not None:
        return False
    named = {name.value for name in scope.full_name or () if isinstance(name, x509.UniformResourceIdentifier)}
    return not scope.full_name or url in named


def _of(issuer: x509.Certificate) -> bytes:
    return issuer.fingerprint(hashes.SHA256())


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


_KEEP = text(
    """
    INSERT INTO identity.revocation_list AS kept
           (url, content, sha256, number, this_update, next_update, fetched_at, tried_at, failure)
    VALUES (:url, :content, :sha256, CAST(:number AS numeric), :this_update, :next_update, :now, :now, NULL)
    ON CONFLICT (url) DO UPDATE
       SET content = excluded.content, sha256 = excluded.sha256, number = excluded.number,
           this_update = excluded.this_update, next_update = excluded.next_update,
           fetched_at = excluded.fetched_at, tried_at = excluded.tried_at, failure = NULL
     WHERE kept.this_update IS NULL OR kept.this_update <= excluded.this_update
    """
)
_TRYING = text(
    """
    INSERT INTO identity.revocation_list (url, tried_at) VALUES (:url, :now)
    ON CONFLICT (url) DO UPDATE SET tried_at = excluded.tried_at
    """
)
_FAILED = text(
    """
    INSERT INTO identity.revocation_list (url, tried_at, failure) VALUES (:url, :now, :failure)
    ON CONFLICT (url) DO UPDATE SET tried_at = excluded.tried_at, failure = excluded.failure
    """
)
