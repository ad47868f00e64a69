"""Who signed an alert: the enveloped XML signature of CAP 1.2 §3.3.4.1 (W3C XML Signature), by a certificate we hold.

A certificate that comes inside the document proves nothing; only the one registered for its sender counts. What is
believed afterwards is what was signed, and no other part of the document.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from partners.cap.document import NAMESPACE, Message
from partners.cap.errors import AlertSignatureWrong
from partners.cap.gate import must_be_safe
from partners.cap.reading import message_in, parsed

_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512,
    }
)  # fmt: skip
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


def verified(content: bytes, certificate_pem: str, *, now: datetime) -> Message:
    """The message that the certificate's holder signed as a whole.

    Raises AlertSignatureWrong when signature, content and certificate do not fit, or the certificate is not valid now;
    AlertXmlUnsafe and AlertDocumentRefused as `reading.read`.
    """
    must_be_safe(content)
    expected = SignatureConfiguration(
        location="./", signature_methods=_METHODS, digest_algorithms=_DIGESTS, verification_time=now
    )
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
        result = XMLVerifier().verify(parsed(content), x509_cert=certificate, expect_config=expected)
    # The library lets errors of its parts through, and every one of them means the same here.
    except Exception:
        raise AlertSignatureWrong from None
    signed = None if isinstance(result, list) else result.signed_xml
    if signed is None or signed.tag != f"{{{NAMESPACE}}}alert":
        raise AlertSignatureWrong
    return message_in(signed)


def signed(content: bytes, key_pem: bytes, certificate_pem: bytes) -> bytes:
    """The document with an enveloped signature by this key (RSA or elliptic curve, PEM)."""
    is_elliptic = b"ecdsa" in _key_kind(certificate_pem)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256 if is_elliptic else SignatureMethod.RSA_SHA256,
    )
    return etree.tostring(
        signer.sign(parsed(content), key=key_pem, cert=certificate_pem.decode()),
        xml_declaration=True,
        encoding="UTF-8",
    )


def _key_kind(certificate_pem: bytes) -> bytes:
    oid = x509.load_pem_x509_certificate(certificate_pem).signature_algorithm_oid
    return oid._name.encode()
