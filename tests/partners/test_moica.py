"""The certificate authority of the sandbox: certificates as the real ones are, cards with PINs, revocation lists."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier
from sandbox_process import SandboxBooks

from partners import wire
from partners.moica.client import MoicaClient, fetch_list

MEI = "A123456789"
PIN = "246810"


@pytest.fixture
def moica(books: SandboxBooks) -> MoicaClient:
    """The authority's client."""
    return MoicaClient(wire.Peer("moica", f"{books.url}/moica", "sandbox-moica-secret", read_timeout_seconds=1.0))


def card_of(books: SandboxBooks, national_id: str = MEI) -> str:
    (card,) = books.read("moica/cards", national_id=national_id)
    return str(card["card"])


def sign(books: SandboxBooks, content: bytes = b"words", *, pin: str = PIN, card: str = "") -> tuple[int, Any]:
    asked = {"card": card or card_of(books), "pin": pin, "to_be_signed": base64.b64encode(content).decode()}
    answer = urllib3.request("POST", f"{books.url}/moica/reader/sign", json=asked)
    return answer.status, answer.json()


def chain(signed: Any) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(base64.b64decode(one)) for one in signed["certificates"]]


def root(books: SandboxBooks) -> x509.Certificate:
    return x509.load_pem_x509_certificate(urllib3.request("GET", f"{books.url}/moica/roots.pem").data)


def key_of(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def revoked(books: SandboxBooks, name: str = "issuing") -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(fetch_list(f"{books.url}/moica/crl/{name}.crl", most_bytes=1 << 20))


def test_a_citizens_certificate_is_shaped_as_the_real_ones_are(books: SandboxBooks) -> None:
    status, signed = sign(books)
    assert status == 200
    leaf, issuing = chain(signed)
    assert [attribute.oid for attribute in leaf.subject] == [
        NameOID.COUNTRY_NAME,
        NameOID.COMMON_NAME,
        NameOID.SERIAL_NUMBER,
    ]
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "王小美"
    assert leaf.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == card_of(books)
    assert key_of(leaf).key_size == 2048
    oids = {extension.oid for extension in leaf.extensions}
    assert ExtensionOID.SUBJECT_ALTERNATIVE_NAME not in oids and ExtensionOID.BASIC_CONSTRAINTS not in oids
    attributes = leaf.extensions.get_extension_for_oid(ObjectIdentifier("2.5.29.9")).value
    assert isinstance(attributes, x509.UnrecognizedExtension) and attributes.value.endswith(b"\x13\x046789")
    policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier.dotted_string for policy in policies] == ["2.16.886.101.0.3.3"]
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root(books))


def test_the_signature_is_the_cards_over_what_was_given(books: SandboxBooks) -> None:
    _, signed = sign(books, "登入 nonce 1".encode())
    key = key_of(chain(signed)[0])
    signature = base64.b64decode(signed["signature"])
    key.verify(signature, "登入 nonce 1".encode(), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(signature, "登入 nonce 2".encode(), padding.PKCS1v15(), hashes.SHA256())


def test_three_wrong_pins_block_a_card_until_it_is_unblocked(books: SandboxBooks) -> None:
    assert [sign(books, pin="000000")[1]["tries_left"] for _ in range(2)] == [2, 1]
    assert sign(books)[0] == 200, "the right one gives the tries back"
    answers = [sign(books, pin="000000") for _ in range(3)]
    assert [answer["code"] for _, answer in answers] == ["pin_wrong", "pin_wrong", "pin_blocked"]
    assert sign(books)[1] == {"code": "pin_blocked", "detail": "0 tries left", "tries_left": 0}
    assert urllib3.request("POST", f"{books.url}/moica/cards/{card_of(books)}/unblocking").status == 204
    assert sign(books)[0] == 200


def test_a_card_keeps_its_number_when_it_is_renewed_and_nothing_else(books: SandboxBooks) -> None:
    before, number = chain(sign(books)[1])[0], card_of(books)
    assert chain(sign(books)[1])[0] == before
    assert urllib3.request("POST", f"{books.url}/moica/cards/{number}/renewal").status == 204
    after = chain(sign(books)[1])[0]
    assert after.subject == before.subject
    assert (after.serial_number, after.public_key()) != (before.serial_number, before.public_key())


def test_a_revoked_card_is_on_the_list_and_the_list_is_the_authoritys(books: SandboxBooks) -> None:
    leaf, issuing = chain(sign(books)[1])
    before = revoked(books)
    assert before.is_signature_valid(key_of(issuing)) and len(before) == 0
    assert urllib3.request("POST", f"{books.url}/moica/cards/{card_of(books)}/revocation").status == 204
    after = revoked(books)
    assert after.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None
    numbers = [each.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for each in (before, after)]
    assert numbers[0] < numbers[1]
    assert after.next_update_utc is not None and after.next_update_utc > datetime.now(UTC)
    assert revoked(books, "root").is_signature_valid(key_of(root(books)))


@pytest.mark.parametrize(
    ("mode", "is_wrong"),
    [
        ("expired_certificate", lambda leaf, _: leaf.not_valid_after_utc < datetime.now(UTC)),
        ("not_yet_valid_certificate", lambda leaf, _: leaf.not_valid_before_utc > datetime.now(UTC)),
        (
            "wrong_policy",
            lambda leaf, _: "0.3.0" in str(leaf.extensions.get_extension_for_class(x509.CertificatePolicies)),
        ),
        (
            "encryption_certificate",
            lambda leaf, _: not leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature,
        ),
        ("broken_chain", lambda _, above: above == []),
        ("other_root", lambda _, above: above[1].subject == above[1].issuer),
    ],
)
def test_a_card_can_be_told_to_show_a_wrong_certificate(books: SandboxBooks, mode: str, is_wrong: Any) -> None:
    books.set_switch("moica", "reader_sign", mode, count=1)
    leaf, *above = chain(sign(books)[1])
    assert is_wrong(leaf, above)
    assert chain(sign(books)[1])[0].not_valid_after_utc > datetime.now(UTC)


def test_a_card_can_be_told_to_sign_over_sha1(books: SandboxBooks) -> None:
    books.set_switch("moica", "reader_sign", "sha1_signature", count=1)
    _, signed = sign(books, b"words")
    signature = base64.b64decode(signed["signature"])
    key_of(chain(signed)[0]).verify(signature, b"words", padding.PKCS1v15(), hashes.SHA1())


def test_a_list_can_be_stale_or_somebody_elses(books: SandboxBooks) -> None:
    books.set_switch("moica", "crl", "stale_crl", count=1)
    stale = revoked(books)
    assert stale.next_update_utc is not None and stale.next_update_utc < datetime.now(UTC)
    books.set_switch("moica", "crl", "crl_wrong_signer", count=1)
    assert not revoked(books).is_signature_valid(key_of(chain(sign(books)[1])[1]))


def test_a_list_that_is_too_long_or_led_elsewhere_or_late_is_no_list(books: SandboxBooks) -> None:
    url = f"{books.url}/moica/crl/issuing.crl"
    books.set_switch("moica", "crl", "huge_crl", count=1)
    with pytest.raises(wire.NoAnswer, match="more than"):
        fetch_list(url, most_bytes=1 << 20)
    books.set_switch("moica", "crl", "timeout_before", count=1, seconds=3)
    with pytest.raises(wire.NoAnswer):
        fetch_list(url, most_bytes=1 << 20, read_seconds=0.3)
    with pytest.raises(wire.NoAnswer, match="status 404"):
        fetch_list(f"{books.url}/moica/crl/other.crl", most_bytes=1 << 20)
    with pytest.raises(wire.NotReached):
        fetch_list("http://127.0.0.1:1/x.crl", most_bytes=1 << 20)


def test_a_certificate_belongs_to_one_id_number(moica: MoicaClient, books: SandboxBooks) -> None:
    number = card_of(books)
    assert moica.is_certificate_of(serial_number=number, national_id=MEI)
    assert not moica.is_certificate_of(serial_number=number, national_id="E179864328")
    assert not moica.is_certificate_of(serial_number="0" * 16, national_id=MEI)


def test_whoever_is_asked_about_a_certificate_must_sign(moica: MoicaClient, books: SandboxBooks) -> None:
    books.set_switch("moica", "match", "bad_signature", count=1)
    with pytest.raises(wire.AnswerNotTrusted):
        moica.is_certificate_of(serial_number=card_of(books), national_id=MEI)
    unsigned = urllib3.request("POST", f"{books.url}/moica/v1/id-number-matches", json={})
    assert unsigned.status == 401


def test_the_reader_answers_the_citys_pages_and_shows_no_id_numbers(books: SandboxBooks) -> None:
    city = {"Origin": "http://localhost:8080"}
    answer = urllib3.request("GET", f"{books.url}/moica/reader/cards", headers=city)
    assert answer.headers["Access-Control-Allow-Origin"] == city["Origin"]
    assert MEI not in answer.data.decode()
    asked = urllib3.request("OPTIONS", f"{books.url}/moica/reader/sign", headers=city)
    assert asked.status == 200 and asked.headers["Access-Control-Allow-Headers"] == "content-type"
    assert sign(books, card="0" * 16)[0] == 404
    assert sign(books, b"")[0] == 422


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", "null"])
def test_the_reader_signs_nothing_for_a_page_of_a_strange_site(books: SandboxBooks, origin: str) -> None:
    asked = {"card": card_of(books), "pin": PIN, "to_be_signed": "d29yZHM="}
    answer = urllib3.request("POST", f"{books.url}/moica/reader/sign", json=asked, headers={"Origin": origin})
    assert (answer.status, answer.json()["code"]) == (403, "site_not_trusted")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_page_of_the_cards_shows_each_with_its_pin(books: SandboxBooks) -> None:
    page = urllib3.request("GET", f"{books.url}/moica/cards")
    assert page.status == 200
    for words in ("王小美", "Maria Santos", PIN, card_of(books)):
        assert words in page.data.decode()


def test_no_book_shows_a_key(books: SandboxBooks) -> None:
    sign(books)
    assert "PRIVATE" not in urllib3.request("GET", f"{books.url}/books/moica/cards").data.decode()
