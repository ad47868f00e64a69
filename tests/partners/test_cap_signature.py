"""Signed alerts: by the registered certificate, over the whole, or not at all; and what we write reads as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from partners.cap.errors import AlertDocumentRefused, AlertSignatureWrong
from partners.cap.reading import read
from partners.cap.signature import signed, verified
from partners.cap.writing import write
from tests.partners.cap_documents import GOOD, changed
from tests.partners.cap_keys import key_and_certificate

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module", params=["elliptic", "rsa"])
def pair(request: pytest.FixtureRequest) -> tuple[bytes, bytes]:
    if request.param == "elliptic":
        return key_and_certificate(ec.generate_private_key(ec.SECP256R1()), NOW)
    return key_and_certificate(rsa.generate_private_key(65537, 2048), NOW)


def test_what_the_holder_signed_is_what_is_believed(pair: tuple[bytes, bytes]) -> None:
    document = signed(GOOD, *pair)
    assert read(document).has_signature
    message = verified(document, pair[1].decode(), now=NOW)
    assert (message.identifier, message.infos) == (read(GOOD).identifier, read(GOOD).infos)


def test_a_changed_word_a_strange_key_an_old_certificate_or_no_signature_is_not_trusted(
    pair: tuple[bytes, bytes],
) -> None:
    document = signed(GOOD, *pair)
    _, strange = key_and_certificate(ec.generate_private_key(ec.SECP256R1()), NOW)
    for content, certificate, at in (
        (changed("Severe", "Minor", document), pair[1], NOW),
        (document, strange, NOW),
        (document, pair[1], NOW + timedelta(days=400)),
        (GOOD, pair[1], NOW),
    ):
        with pytest.raises(AlertSignatureWrong):
            verified(content, certificate.decode(), now=at)


def test_what_was_not_signed_cannot_be_wrapped_around_what_was(pair: tuple[bytes, bytes]) -> None:
    inner = etree.fromstring(signed(GOOD, *pair))
    outer = etree.fromstring(GOOD)
    around = outer.find("{*}info")
    assert around is not None
    around.append(inner)
    with pytest.raises((AlertSignatureWrong, AlertDocumentRefused)):
        verified(etree.tostring(outer), pair[1].decode(), now=NOW)


def test_what_is_written_reads_as_the_same_message() -> None:
    message = read(GOOD)
    assert read(write(message)) == message
