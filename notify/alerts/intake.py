"""Taking an alert in: read, recognised if it was here before, judged, and sent at once only on a trusted signature.

trusted signature ────────────────→ sending → sent        (then cancelled: by Cancel, Update, correction)
no trusted signature → awaiting_approval ─ two officers → sending
                                         ─ refused
nothing to tell in Kaohsiung ─────→ recorded, with the reason
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.text import Text
from notify.alerts import records, senders, words
from notify.alerts.areas import Part, Reach, parts_of
from notify.alerts.errors import AlertNamedTwice, AlertReachesNobody, AlertTimesWrong
from notify.alerts.records import Alert, NewAlert, NewPart
from partners.cap import reading
from partners.cap.document import SEVERITIES, Message

# Why an alert is kept and nobody is told.
RECORDED_BECAUSE = {
    "not_public": Text("不是公開的訊息（scope 不是 Public）。", "It is not public (its scope is another)."),
    "not_actual": Text("測試、系統或草稿訊息。", "It is a test, a system message or a draft."),
    "not_for_people": Text("回條（Ack、Error），不是給民眾的。", "It is a receipt (Ack, Error), not for people."),
    "outside": Text("範圍不在高雄。", "Its area is not in Kaohsiung."),
    "no_area": Text("沒有可判讀的範圍。", "It has no area that can be read."),
    "expired": Text("收到時已經過期。", "It had expired when it came."),
    "unknown_reference": Text("所指的告警沒有在這裡發送過。", "What it is about is not known here, or is over."),
}
# Without `expires` every recipient chooses (CAP 1.2 §3.2.2): half a day.
LIFE_UNSAID = timedelta(hours=12)
_AHEAD = timedelta(minutes=10)
_LONGEST_LIFE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Received:
    """The alert, and whether this was the first time that it came."""

    alert: Alert
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whom it is for, which alerts it ends, what is said; or why it is only recorded."""

    audience: str = "area"
    about: tuple[Alert, ...] = ()
    parts: tuple[NewPart, ...] = ()
    because: str | None = None


def receive(
    session: Session,
    content: bytes,
    *,
    source: str,
    now: datetime,
    bureau: str | None = None,
    officer_id: UUID | None = None,
) -> Received:
    """Take a CAP 1.2 document in. The same again answers the alert that it was, and changes nothing.

    What its sender signed takes the place of a copy that nobody did, as long as that was not sent: whoever is first to
    bring a document of that name cannot keep the alert from going out.
    `source` says where it comes from ("bureau:fire", "feed", "desk"); `bureau` is whose system brings it, `officer_id`
    the officer who enters it. Raises AlertXmlUnsafe, AlertDocumentRefused, AlertSignatureWrong, AlertTimesWrong,
    AlertNamedTwice, and AlertReachesNobody where an officer enters what would only be recorded.
    """
    message = reading.read(content)
    signed = None
    if message.has_signature:
        signed = senders.signed_message(session, content, message, bureau=bureau, now=now)
    is_signed = signed is not None
    message = signed or message
    known = records.named(session, message.itself)
    if known is not None and not (is_signed and _may_be_replaced(known[0])):
        # An officer sees whatever came from anywhere; a system sees its own.
        return _again(message, *known, source=source if officer_id is None and not is_signed else None)
    expires_at = _expiry(message, now)
    verdict = _judge(session, message, expires_at, now)
    if verdict.because is not None and officer_id is not None:
        if verdict.because == "expired":
            raise AlertTimesWrong(RECORDED_BECAUSE["expired"])
        raise AlertReachesNobody(RECORDED_BECAUSE[verdict.because], reason=verdict.because)
    # Whoever signs may end their own alerts and nobody else's.
    is_trusted = is_signed and all(other.sender == message.sender for other in verdict.about)
    status = "recorded" if verdict.because else "sending" if is_trusted else "awaiting_approval"
    if known is not None and known[1] == content and status == "awaiting_approval":
        return Received(known[0], False)
    new = NewAlert(
        message=message,
        document=content,
        status=status,
        audience=verdict.audience,
        about=tuple(other.id for other in verdict.about),
        thread=verdict.about[0].thread if verdict.about else None,
        source=source,
        is_signature_trusted=is_trusted,
        severity=verdict.parts[0].severity if verdict.parts else _gravest(message),
        because=verdict.because,
        expires_at=expires_at,
        received_by=officer_id,
        parts=verdict.parts,
    )
    if known is None:
        alert_id = records.add(session, new, now)
    else:
        alert_id = records.replace_unsigned(session, known[0].id, new, now)
    if alert_id is None:
        # Somebody sent the same, or decided on it, at the same moment, and was first.
        return receive(session, content, source=source, now=now, bureau=bureau, officer_id=officer_id)
    if status == "sending":
        begin(session, records.get(session, alert_id), now)
    return Received(records.get(session, alert_id), True)


def begin(session: Session, alert: Alert, now: datetime) -> None:
    """What an alert puts an end to when it goes out: what it updates or cancels."""
    how = "superseded" if alert.audience == "area" else "cancelled"
    records.end(session, alert.about, how=how, by=alert.approved_by or alert.received_by, now=now)


def _may_be_replaced(known: Alert) -> bool:
    return not known.is_signature_trusted and known.status in records.NOT_OUT


def _again(message: Message, known: Alert, document: bytes, *, source: str | None) -> Received:
    before = reading.read(document)
    if replace(before, has_signature=False) != replace(message, has_signature=False):
        raise AlertNamedTwice
    if source is not None and known.source != source:
        raise AlertNamedTwice
    return Received(known, False)


def _expiry(message: Message, now: datetime) -> datetime:
    if message.sent > now + _AHEAD:
        raise AlertTimesWrong(Text("sent 在未來。", "`sent` is in the future."))
    ends = [info.expires for info in message.infos if info.expires is not None]
    expires_at = max(ends) if ends else message.sent + LIFE_UNSAID
    if expires_at > now + _LONGEST_LIFE:
        raise AlertTimesWrong(Text("expires 超過一年以後。", "`expires` is more than a year ahead."))
    return expires_at


def _judge(session: Session, message: Message, expires_at: datetime, now: datetime) -> _Verdict:
    if message.scope != "Public":
        return _Verdict(because="not_public")
    if message.status not in ("Actual", "Exercise"):
        return _Verdict(because="not_actual")
    if message.msg_type in ("Ack", "Error"):
        return _Verdict(because="not_for_people")
    about = _live_ones(session, message)
    if message.msg_type == "Cancel":
        return _ending(message, about) if about else _Verdict(because="unknown_reference")
    if expires_at <= now:
        return _Verdict(because="expired")
    live = tuple(info for info in message.infos if info.expires is None or info.expires > now)
    parts = parts_of(replace(message, infos=live))
    if parts:
        return _Verdict("area", about, tuple(_new_part(message, part) for part in parts))
    if about:
        # An update that moved away from Kaohsiung ends here what it updates.
        return _ending(message, about)
    has_area = any(area.polygons or area.circles or area.geocodes for info in live for area in info.areas)
    return _Verdict(because="outside" if has_area else "no_area")


def _new_part(message: Message, part: Part) -> NewPart:
    said = words.of_infos(message, part.infos, part.places, is_for_everybody=part.reach.is_whole_city)
    return NewPart(said, part.severity, records.URGENCIES[part.severity], part.reach)


def _ending(message: Message, about: tuple[Alert, ...]) -> _Verdict:
    said = words.of_cancellation(message, words.without_mark(about[0].title))
    return _Verdict("told", about, (NewPart(said, "Minor", records.URGENCIES["Moderate"], Reach()),))


def _live_ones(session: Session, message: Message) -> tuple[Alert, ...]:
    """The alerts that a message is about, as far as they are here and not over, the newest first."""
    found = [records.named(session, reference) for reference in message.references]
    live = [known[0] for known in found if known is not None and known[0].status in records.LIVE]
    telling = [alert for alert in live if alert.audience == "area"]
    return tuple(sorted(telling, key=lambda alert: alert.sent_at, reverse=True))


def _gravest(message: Message) -> str:
    return min((info.severity for info in message.infos), key=SEVERITIES.index, default="Unknown")
