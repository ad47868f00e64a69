"""Revocation lists: which count, how long each is kept, and what happens when there is no newer one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from core.certificate_settings import CLASS_3, CertificateSettings
from core.db import Database
from core.errors import Problem
from identity import certificate_ports, revocation
from identity.certificate_errors import (
    CertificateRevoked,
    RevocationListNotTrusted,
    RevocationListStale,
    RevocationListUnreachable,
)
from partners import wire
from partners.moica.authority import ISSUING, ROOT, Authority, Person, new_key

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ORIGIN = "http://lists.example"
KEY = new_key()
Path_ = tuple[x509.Certificate, ...]
_serials = itertools.count(1000)


@dataclass
class Lists:
    """What the authority's web server answers, and what it was asked."""

    authority: Authority
    contents: dict[str, bytes | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, most_bytes: int) -> bytes:
        self.asked.append(url.rpartition("/")[2].removesuffix(".crl"))
        content = self.contents[self.asked[-1]]
        if isinstance(content, Exception):
            raise content
        return content

    def publish(
        self, name: str = ISSUING, *, revoked: tuple[int, ...] = (), at: datetime = NOON, **more: object
    ) -> None:
        self.contents[name] = crl(self.authority, name, revoked=revoked, at=at, **more)  # type: ignore[arg-type]

    def break_down(self, name: str = ISSUING) -> None:
        self.contents[name] = wire.NotReached("moica", "refused")


def crl(
    authority: Authority,
    name: str = ISSUING,
    *,
    revoked: tuple[int, ...] = (),
    at: datetime = NOON,
    lifetime: timedelta | None = DAY,
    by: rsa.RSAPrivateKey | None = None,
    issuer: x509.Name | None = None,
    scope: x509.IssuingDistributionPoint | None = None,
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> bytes:
    """A list, whole and in order but for what is said."""
    of = authority.root if name == ROOT else authority.issuing
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer or of.certificate.subject).last_update(at)
    builder = builder.next_update(at + (lifetime or DAY)).add_extension(x509.CRLNumber(int(at.timestamp())), False)
    for serial in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        )
    if scope is not None:
        builder = builder.add_extension(scope, True)
    for extension, is_critical in more:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(by or of.key, hashes.SHA256()).public_bytes(Encoding.DER)


def scoped(**said: object) -> x509.IssuingDistributionPoint:
    values: dict[str, object] = {
        "full_name": None, "relative_name": None, "only_contains_user_certs": False, "only_contains_ca_certs": False,
        "only_some_reasons": None, "indirect_crl": False, "only_contains_attribute_certs": False,
    }  # fmt: skip
    return x509.IssuingDistributionPoint(**(values | said))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")), ORIGIN)


@pytest.fixture
def path(authority: Authority) -> tuple[x509.Certificate, ...]:
    """Somebody's certificate and those above it."""
    leaf = authority.issue(
        Person("王小美", "1" * 16, "6789"), KEY.public_key(), serial=next(_serials), valid=(NOON - DAY, NOON + 9 * DAY)
    )
    return leaf, authority.issuing.certificate, authority.root.certificate


@pytest.fixture
def lists(authority: Authority, database: Database) -> Iterator[Lists]:
    """Both lists as they should be, and nothing kept yet."""
    lists = Lists(authority)
    lists.publish(ROOT)
    lists.publish(ISSUING)
    of = CertificateSettings(Path("/nowhere"), (ORIGIN,), (CLASS_3,), "", list_seconds=600)
    certificate_ports.plug_in(authority=None, fetch_list=lists.fetch, settings=of)  # type: ignore[arg-type]
    revocation._parsed.clear()
    yield lists
    revocation._parsed.clear()


def test_every_certificate_of_the_path_but_the_root_is_looked_up_from_the_top(lists: Lists, path: Path_) -> None:
    revocation.check(path, now=NOON)
    assert lists.asked == [ROOT, ISSUING]


@pytest.mark.parametrize(("name", "place"), [(ISSUING, 0), (ROOT, 1)])
def test_a_revoked_certificate_ends_the_path_wherever_it_stands(
    lists: Lists, path: Path_, name: str, place: int
) -> None:
    lists.publish(name, revoked=(path[place].serial_number, 5))
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON)


def test_a_list_is_taken_for_ten_minutes_without_asking_and_then_asked_for_anew(lists: Lists, path: Path_) -> None:
    revocation.check(path, now=NOON)
    lists.publish(revoked=(path[0].serial_number,), at=NOON + timedelta(minutes=1))
    revocation.check(path, now=NOON + timedelta(minutes=9))
    assert lists.asked == [ROOT, ISSUING]
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON + timedelta(minutes=10))
    assert lists.asked == [ROOT, ISSUING] * 2


def test_what_is_kept_is_found_again_by_another_process(lists: Lists, path: Path_) -> None:
    lists.publish(revoked=(path[0].serial_number,))
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON)
    revocation._parsed.clear()
    lists.break_down(ROOT)
    lists.break_down()
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON + timedelta(minutes=1))


def test_while_the_issuer_is_silent_a_list_counts_until_its_own_next_update_and_no_longer(
    lists: Lists, path: Path_
) -> None:
    revocation.check(path, now=NOON)
    for name in (ROOT, ISSUING):
        lists.break_down(name)
    revocation.check(path, now=NOON + DAY - timedelta(seconds=1))
    with pytest.raises(RevocationListUnreachable):
        revocation.check(path, now=NOON + DAY)


def test_an_issuer_that_gave_nothing_is_left_alone_for_ten_seconds(lists: Lists, path: Path_) -> None:
    lists.break_down(ROOT)
    for _ in range(3):
        with pytest.raises(RevocationListUnreachable):
            revocation.check(path, now=NOON)
    assert lists.asked == [ROOT]
    lists.publish(ROOT)
    revocation.check(path, now=NOON + timedelta(seconds=10))


def test_an_older_copy_that_is_still_good_does_not_bring_a_card_back_to_life(lists: Lists, path: Path_) -> None:
    lists.publish(revoked=(path[0].serial_number,))
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON)
    lists.publish(at=NOON - timedelta(hours=1))
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON + timedelta(minutes=11))


Spoiled = Callable[[Authority], bytes]


@pytest.mark.parametrize(
    ("spoiled", "refusal"),
    [
        pytest.param(lambda a: crl(a, at=NOON - DAY), RevocationListStale, id="its time is over"),
        pytest.param(lambda a: crl(a, at=NOON + DAY), RevocationListNotTrusted, id="its time has not begun"),
        pytest.param(lambda a: crl(a, by=KEY), RevocationListNotTrusted, id="another key signed it"),
        pytest.param(lambda a: crl(a, by=a.root.key), RevocationListNotTrusted, id="the root signed it"),
        pytest.param(lambda a: crl(a, ROOT), RevocationListNotTrusted, id="it is the root's list"),
        pytest.param(
            lambda a: crl(a, issuer=a.root.certificate.subject), RevocationListNotTrusted, id="it names another issuer"
        ),
        pytest.param(
            lambda a: crl(a, more=((x509.DeltaCRLIndicator(1), True),)), RevocationListNotTrusted, id="changes alone"
        ),
        pytest.param(
            lambda a: crl(a, more=((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),)),
            RevocationListNotTrusted,
            id="a critical word that nobody knows",
        ),
        pytest.param(lambda a: crl(a, scope=scoped(indirect_crl=True)), RevocationListNotTrusted, id="of others"),
        pytest.param(
            lambda a: crl(a, scope=scoped(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}))),
            RevocationListNotTrusted,
            id="of some reasons alone",
        ),
        pytest.param(
            lambda a: crl(a, scope=scoped(only_contains_ca_certs=True)), RevocationListNotTrusted, id="of authorities"
        ),
        pytest.param(
            lambda a: crl(a, scope=scoped(full_name=[x509.UniformResourceIdentifier(f"{ORIGIN}/moica/crl/2.crl")])),
            RevocationListNotTrusted,
            id="of another address",
        ),
        pytest.param(lambda a: crl(a)[:-40], RevocationListNotTrusted, id="cut off"),
        pytest.param(lambda _: b"<html>404</html>", RevocationListNotTrusted, id="a page"),
        pytest.param(lambda _: b"", RevocationListNotTrusted, id="nothing"),
    ],
)
def test_a_list_with_one_thing_wrong_lets_nobody_in(
    lists: Lists, path: Path_, spoiled: Spoiled, refusal: type[Problem]
) -> None:
    lists.contents[ISSUING] = spoiled(lists.authority)
    with pytest.raises(refusal):
        revocation.check(path, now=NOON)


def test_a_spoiled_list_does_not_take_the_place_of_the_one_that_is_kept(lists: Lists, path: Path_) -> None:
    lists.publish(revoked=(path[0].serial_number,))
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON)
    lists.publish(by=KEY, at=NOON + timedelta(minutes=1))
    with pytest.raises(CertificateRevoked):
        revocation.check(path, now=NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://lists.example@127.0.0.1/x.crl",
        "http://lists.example:81/x.crl",
        "https://lists.example/x.crl",
        "http://lists.example.evil/x.crl",
        "http://lists.example\\@evil/x.crl",
        "http://lists.example/x.crl#elsewhere",
        "http://lists.exam\tple/x.crl",
        "file:///etc/passwd",
        "ldap://lists.example/cn=x",
    ],
)
def test_a_certificate_cannot_have_us_ask_whomever_it_likes(lists: Lists, path: Path_, url: str) -> None:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    issuing = lists.authority.issuing
    leaf = (
        x509.CertificateBuilder()
        .subject_name(path[0].subject)
        .issuer_name(issuing.certificate.subject)
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(NOON - DAY)
        .not_valid_after(NOON + DAY)
        .add_extension(x509.CRLDistributionPoints([point]), critical=False)
        .sign(issuing.key, hashes.SHA256())
    )
    with pytest.raises(RevocationListNotTrusted):
        revocation.check((leaf, *path[1:]), now=NOON)
    assert lists.asked == [ROOT]


def test_an_authority_that_may_not_sign_lists_signs_none(lists: Lists, path: Path_) -> None:
    with pytest.raises(RevocationListNotTrusted):
        revocation.checked(crl(lists.authority, by=KEY, issuer=path[0].subject), path[0], now=NOON)
