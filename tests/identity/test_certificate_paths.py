"""What a certificate proves by itself: each break of its path, use and signature, made by hand."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier

from core.certificate_settings import CLASS_3
from core.errors import Problem
from identity import certificate_paths
from identity.certificate_errors import (
    CertificateChainBroken,
    CertificateExpired,
    CertificateNotYetValid,
    CertificatePolicyWrong,
    CertificateRootUnknown,
    CertificateSignatureRefused,
    CertificateUnreadable,
    CertificateUseWrong,
)
from identity.certificate_paths import Trust
from partners.moica.authority import Authority, Issuer, Person, new_key, pem_of

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MEI = Person("王小美", "1234567890123456", "6789")
KEY = new_key()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")), "http://lists.example")


@pytest.fixture(scope="module")
def trust(authority: Authority) -> Trust:
    return Trust((authority.root.certificate,), (), frozenset({CLASS_3}))


def of_mei(authority: Authority, key: rsa.RSAPublicKey | None = None) -> x509.Certificate:
    return authority.issue(MEI, key or KEY.public_key(), serial=7, valid=(NOON - DAY, NOON + DAY))


def made(
    by: Issuer,
    *,
    subject: x509.Name | None = None,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | None = None,
    usage: str | None = "digital_signature",
    is_authority: bool = False,
    policy: str | None = CLASS_3,
    valid: tuple[datetime, datetime] = (NOON - DAY, NOON + DAY),
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> x509.Certificate:
    """A certificate with one thing unusual."""
    uses = {
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    }  # fmt: skip
    key = key or KEY.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or named())
        .issuer_name(by.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )
    if usage:
        flags = {use: use in usage.split() for use in uses}
        builder = builder.add_extension(x509.KeyUsage(**flags), True)
    if is_authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    if policy:
        information = [x509.PolicyInformation(ObjectIdentifier(policy), None)]
        builder = builder.add_extension(x509.CertificatePolicies(information), False)
    for extension, is_critical in more:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(by.key, hashes.SHA256())


def named(**values: str | tuple[str, ...]) -> x509.Name:
    """C, CN and serialNumber as they should be, or otherwise as is said."""
    wanted: dict[str, str | tuple[str, ...]] = {
        "COUNTRY_NAME": "TW", "COMMON_NAME": MEI.name, "SERIAL_NUMBER": MEI.serial_number, **values,
    }  # fmt: skip
    attributes = []
    for name, said in wanted.items():
        for value in (said,) if isinstance(said, str) else said:
            kind = None if value.isascii() else _ASN1Type.UTF8String
            attributes.append(x509.NameAttribute(getattr(NameOID, name), value, kind, _validate=False))
    return x509.Name(attributes)


def judged(trust: Trust, *certificates: x509.Certificate, now: datetime = NOON) -> certificate_paths.Holder:
    ders = [certificate.public_bytes(serialization.Encoding.DER) for certificate in certificates]
    path = certificate_paths.followed(certificate_paths.read(ders), trust, now=now)
    certificate_paths.check_use(path, trust)
    return certificate_paths.holder_of(path[0])


def test_a_citizens_certificate_leads_to_the_pinned_root_and_names_its_holder(
    authority: Authority, trust: Trust
) -> None:
    holder = judged(trust, of_mei(authority), authority.issuing.certificate)
    assert (holder.name, holder.serial_number, holder.last_four) == ("王小美", "1234567890123456", "6789")
    assert judged(trust, of_mei(authority), authority.issuing.certificate, authority.root.certificate)


def test_readers_that_give_the_signers_certificate_alone_need_the_authority_pinned_too(
    authority: Authority, trust: Trust, tmp_path: Path
) -> None:
    with pytest.raises(CertificateChainBroken):
        judged(trust, of_mei(authority))
    file = tmp_path / "roots.pem"
    pems = [
        one.public_bytes(serialization.Encoding.PEM)
        for one in (authority.root.certificate, authority.issuing.certificate)
    ]
    file.write_bytes(b"".join(pems))
    both = certificate_paths.trust_in(file, [CLASS_3])
    assert (both.roots, both.authorities) == ((authority.root.certificate,), (authority.issuing.certificate,))
    assert judged(both, of_mei(authority))


def test_an_authority_that_is_pinned_beside_the_root_is_no_root(authority: Authority) -> None:
    alone = Trust((), (authority.issuing.certificate,), frozenset({CLASS_3}))
    with pytest.raises(CertificateChainBroken):
        judged(alone, of_mei(authority))


@pytest.mark.parametrize(
    ("now", "refusal"),
    [(NOON - 2 * DAY, CertificateNotYetValid), (NOON + 2 * DAY, CertificateExpired)],
)
def test_a_certificate_is_judged_by_the_clock_of_the_city(
    authority: Authority, trust: Trust, now: datetime, refusal: type[Problem]
) -> None:
    with pytest.raises(refusal):
        judged(trust, of_mei(authority), authority.issuing.certificate, now=now)


def test_an_expired_authority_ends_the_path_of_a_card_that_is_good(authority: Authority, trust: Trust) -> None:
    key = new_key()
    old = made(authority.root, key=key.public_key(), usage="key_cert_sign crl_sign", is_authority=True,
               subject=authority.issuing.certificate.subject, valid=(NOON - 9 * DAY, NOON - DAY))  # fmt: skip
    with pytest.raises(CertificateExpired):
        judged(trust, made(Issuer(old, key)), old)


def test_nobody_issues_certificates_with_a_citizens_card(authority: Authority, trust: Trust) -> None:
    mine = of_mei(authority)
    forged = made(Issuer(mine, KEY), subject=named(COMMON_NAME="林志明", SERIAL_NUMBER="9" * 16))
    with pytest.raises(CertificateChainBroken):
        judged(trust, forged, mine, authority.issuing.certificate)


def test_a_root_of_the_same_name_is_another_root(authority: Authority, trust: Trust) -> None:
    root, issuing = authority.stranger
    forged = made(issuing)
    for above in ((issuing.certificate,), (issuing.certificate, root.certificate)):
        with pytest.raises(CertificateRootUnknown):
            judged(trust, forged, *above)


def test_a_self_signed_certificate_leads_nowhere(trust: Trust) -> None:
    nobody = Issuer(made(Issuer(_blank(), KEY)), KEY)
    with pytest.raises(CertificateRootUnknown):
        judged(trust, made(nobody, subject=nobody.certificate.subject))


def test_a_chain_without_end_is_broken(authority: Authority, trust: Trust) -> None:
    above: list[Issuer] = [authority.root]
    for number in range(5):
        key = new_key() if number == 0 else above[-1].key
        subject = named(COMMON_NAME=f"authority {number}")
        above.append(
            Issuer(
                made(
                    above[-1], subject=subject, key=key.public_key(), usage="key_cert_sign crl_sign", is_authority=True
                ),
                key,
            )
        )
    with pytest.raises(CertificateChainBroken):
        judged(trust, made(above[-1]), *[each.certificate for each in reversed(above[1:])])


@pytest.mark.parametrize(
    ("odd", "refusal"),
    [
        pytest.param(lambda by: made(by, usage="key_encipherment"), CertificateUseWrong, id="for encryption"),
        pytest.param(lambda by: made(by, usage="content_commitment"), CertificateUseWrong, id="for contracts alone"),
        pytest.param(lambda by: made(by, usage=None), CertificateUseWrong, id="for nothing that it says"),
        pytest.param(
            lambda by: made(by, usage="digital_signature key_cert_sign"), CertificateUseWrong, id="for certificates too"
        ),
        pytest.param(
            lambda by: made(by, key=rsa.generate_private_key(65537, 1024).public_key()), CertificateUseWrong,
            id="a short key",
        ),
        pytest.param(
            lambda by: made(by, key=ec.generate_private_key(ec.SECP256R1()).public_key()), CertificateUseWrong,
            id="another kind of key",
        ),
        pytest.param(lambda by: made(by, policy=None), CertificatePolicyWrong, id="no policy"),
        pytest.param(lambda by: made(by, policy="2.16.886.101.0.3.2"), CertificatePolicyWrong, id="a lower level"),
        pytest.param(lambda by: made(by, policy="2.5.29.32.0"), CertificatePolicyWrong, id="any policy"),
        pytest.param(lambda by: made(by, is_authority=True), Problem, id="an authority"),
        pytest.param(
            lambda by: made(by, more=((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00"), True),)),
            CertificateChainBroken, id="a critical word that nobody knows",
        ),
        pytest.param(
            lambda by: made(by, more=((x509.ExtendedKeyUsage([ObjectIdentifier("1.3.6.1.5.5.7.3.1")]), False),)),
            CertificateUseWrong, id="for servers",
        ),
    ],
)  # fmt: skip
def test_a_certificate_that_is_not_one_for_a_citizen_to_sign_with_is_refused(
    authority: Authority, trust: Trust, odd: Callable[[Issuer], x509.Certificate], refusal: type[Problem]
) -> None:
    with pytest.raises(refusal):
        judged(trust, odd(authority.issuing), authority.issuing.certificate)


def test_an_authority_hands_on_no_policy_that_it_was_not_given(authority: Authority, trust: Trust) -> None:
    key = new_key()
    lower = made(authority.root, key=key.public_key(), usage="key_cert_sign crl_sign", is_authority=True,
                 subject=named(COMMON_NAME="authority"), policy="2.16.886.101.0.3.2")  # fmt: skip
    with pytest.raises(CertificatePolicyWrong):
        judged(trust, made(Issuer(lower, key)), lower)


@pytest.mark.parametrize(
    "subject",
    [
        named(SERIAL_NUMBER="123456789012345"),
        named(SERIAL_NUMBER="１２３４５６７８９０１２３４５６"),
        named(SERIAL_NUMBER=("1234567890123456", "6543210987654321")),
        named(SERIAL_NUMBER=()),
        named(COMMON_NAME=()),
        named(COMMON_NAME=("王小美", "林志明")),
    ],
)
def test_a_subject_that_does_not_say_one_holder_is_unreadable(
    authority: Authority, trust: Trust, subject: x509.Name
) -> None:
    with pytest.raises(CertificateUnreadable):
        judged(trust, made(authority.issuing, subject=subject), authority.issuing.certificate)


@pytest.mark.parametrize(
    "value", [b"", b"\x31\x05\x13\x036789", b"\x31\x06\x13\x04678", b"\x31\x06\x13\x04\xff\xff\xff\xff"]
)
def test_the_end_of_the_id_number_is_read_as_it_should_be_or_not_at_all(
    authority: Authority, trust: Trust, value: bytes
) -> None:
    content = bytes.fromhex("060760867601640233") + value
    attributes = x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.9"), content)
    with pytest.raises(CertificateUnreadable):
        judged(trust, made(authority.issuing, more=((attributes, False),)), authority.issuing.certificate)


def test_a_certificate_without_the_end_of_the_id_number_is_one_too(authority: Authority, trust: Trust) -> None:
    assert judged(trust, made(authority.issuing), authority.issuing.certificate).last_four is None


def test_a_certificate_that_was_signed_over_sha1_is_refused(authority: Authority, trust: Trust, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to sign over SHA-1 with")
    files = {
        "ca.pem": authority.issuing.certificate.public_bytes(serialization.Encoding.PEM),
        "ca.key": pem_of(authority.issuing.key),
        "own.key": pem_of(KEY),
        "more": f"keyUsage=critical,digitalSignature\ncertificatePolicies={CLASS_3}\n".encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for command in (
        "openssl req -new -key own.key -subj /C=TW/CN=Wang/serialNumber=1234567890123456 -out own.csr",
        "openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 30 -sha1 -extfile more -out own.pem",
    ):
        subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    old = x509.load_pem_x509_certificate((tmp_path / "own.pem").read_bytes())
    assert old.signature_hash_algorithm is not None and old.signature_hash_algorithm.name == "sha1"
    with pytest.raises(CertificateChainBroken):
        judged(trust, old, authority.issuing.certificate, now=datetime.now(UTC) + timedelta(minutes=1))


@pytest.mark.parametrize("algorithm", certificate_paths.ALGORITHMS)
def test_a_signature_is_checked_by_the_algorithm_that_is_named_and_by_no_other(
    authority: Authority, algorithm: str
) -> None:
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]
    pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
    signature = KEY.sign(b"words", pss if algorithm.startswith("PS") else padding.PKCS1v15(), digest)
    leaf = of_mei(authority)
    certificate_paths.check_signature(leaf, b"words", signature, algorithm)
    for other in set(certificate_paths.ALGORITHMS) - {algorithm}:
        with pytest.raises(CertificateSignatureRefused):
            certificate_paths.check_signature(leaf, b"words", signature, other)
    for content, other_signature in ((b"other words", signature), (b"words", signature[:-1]), (b"words", b"")):
        with pytest.raises(CertificateSignatureRefused):
            certificate_paths.check_signature(leaf, content, other_signature, algorithm)


@pytest.mark.parametrize("der", [b"", b"\x30\x80", b"not a certificate", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_certificate_is_unreadable(der: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        certificate_paths.read([der])


def _blank() -> x509.Certificate:
    """Somebody without a name of authority, to sign for themselves."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(named())
        .issuer_name(named())
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(NOON - DAY)
        .not_valid_after(NOON + DAY)
    )
    return builder.sign(KEY, hashes.SHA256())


def test_whatever_bytes_are_changed_the_answer_is_a_refusal(authority: Authority, trust: Trust) -> None:
    chance = random.Random(26)
    good = [one.public_bytes(serialization.Encoding.DER) for one in (of_mei(authority), authority.issuing.certificate)]
    for _ in range(400):
        ders = [bytearray(der) for der in good]
        for _ in range(chance.choice((1, 1, 3))):
            der = chance.choice(ders)
            der[chance.randrange(len(der))] = chance.randrange(256)
        if [bytes(der) for der in ders] == good:
            continue
        with pytest.raises(Problem):
            path = certificate_paths.followed(certificate_paths.read([bytes(der) for der in ders]), trust, now=NOON)
            certificate_paths.check_use(path, trust)
            certificate_paths.holder_of(path[0])
