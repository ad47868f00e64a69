"""The senders whose signature is trusted: each by the one certificate that was registered for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.cap import signature
from partners.cap.document import Message
from partners.cap.errors import AlertSignatureWrong


@dataclass(frozen=True, slots=True)
class Sender:
    """A trusted sender: the bureau whose system brings its alerts (None: a feed), and its certificate in PEM."""

    sender: str
    bureau: str | None
    certificate_pem: str


def register(
    session: Session, sender: str, certificate_pem: str, *, bureau: str | None, now: datetime
) -> x509.Certificate:
    """Trust this sender's signatures by this certificate from now on, brought by the bureau's own system or, with no
    bureau, by a feed. Again: with another certificate. Raises ValueError when it is no certificate in PEM."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    session.execute(_REGISTER, {"sender": sender, "bureau": bureau, "certificate": certificate_pem, "now": now})
    return certificate


def revoke(session: Session, sender: str, now: datetime) -> bool:
    """Trust a sender no longer; False: nobody did."""
    return session.execute(_REVOKE, {"sender": sender, "now": now}).scalar() is not None


def trusted(session: Session) -> list[Sender]:
    """Everybody whose signature is trusted."""
    return [Sender(row.sender, row.bureau, row.certificate_pem) for row in session.execute(_TRUSTED)]


def signed_message(
    session: Session, content: bytes, message: Message, *, bureau: str | None, now: datetime
) -> Message | None:
    """What the registered sender signed; None where nobody registered a certificate for this sender and this way.

    CAP 1.2 §3.3.4.1: a signature that cannot be verified is no reason to refuse a message. One that is wrong is:
    raises AlertSignatureWrong.
    """
    row = session.execute(_FIND, {"sender": message.sender}).one_or_none()
    if row is None or row.bureau != bureau:
        return None
    signed = signature.verified(content, row.certificate_pem, now=now)
    # What was signed may be another alert inside this one.
    if signed.itself != message.itself:
        raise AlertSignatureWrong
    return signed


_REGISTER = text(
    """
    INSERT INTO notify.alert_sender (sender, bureau, certificate_pem, registered_at)
    VALUES (:sender, :bureau, :certificate, :now)
    ON CONFLICT (sender) DO UPDATE
       SET bureau = :bureau, certificate_pem = :certificate, registered_at = :now, revoked_at = NULL
    """
)
_REVOKE = text(
    "UPDATE notify.alert_sender SET revoked_at = :now WHERE sender = :sender AND revoked_at IS NULL RETURNING sender"
)
_TRUSTED = text(
    "SELECT sender, bureau, certificate_pem FROM notify.alert_sender WHERE revoked_at IS NULL ORDER BY sender"
)
_FIND = text("SELECT bureau, certificate_pem FROM notify.alert_sender WHERE sender = :sender AND revoked_at IS NULL")
