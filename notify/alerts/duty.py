"""What duty officers do with an alert: confirm it in two, refuse it, correct it, end it.

What makes an alert go out takes two persons (the database holds that they differ); what stops a false one takes one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import FieldError
from core.ids import new_uuid
from core.text import Text
from notify.alerts import intake, records, words
from notify.alerts.areas import Reach
from notify.alerts.errors import AlertNotOpen, AlertTakesTwo, AlertTimesWrong, AlertWordsRefused
from notify.alerts.records import Alert, NewAlert, NewPart
from notify.campaigns.words import DEFAULT_DOMAINS, what_is_wrong
from partners.cap import writing
from partners.cap.document import Info, Message, Reference

# By whose name the city's own messages go out.
SENDER = "alerts@kcg.gov.tw"
SENDER_NAME = "高雄市政府"
_CORRECTION_LIFE = timedelta(hours=24)
# For how long after its end one person may still speak to whoever was told.
FOLLOWED_UP_FOR = timedelta(hours=24)
_DRILL_URGENCY = 8


def approve(session: Session, alert_id: UUID, *, officer_id: UUID, now: datetime) -> Alert:
    """Confirm an alert. Of one that no officer entered, the first confirmation takes it on and the second sends it.

    Raises NotFound, AlertNotOpen, AlertTakesTwo for the same person twice, AlertTimesWrong when it has expired.
    """
    alert = records.get(session, alert_id, is_locked=True)
    if alert.status != "awaiting_approval":
        raise AlertNotOpen(alert_status=alert.status)
    if alert.received_by == officer_id:
        raise AlertTakesTwo
    if alert.expires_at <= now and alert.audience == "area":
        raise AlertTimesWrong(intake.RECORDED_BECAUSE["expired"])
    if alert.received_by is None:
        session.execute(_TAKE_ON, {"id": alert_id, "officer": officer_id})
        return records.get(session, alert_id)
    session.execute(_APPROVE, {"id": alert_id, "officer": officer_id, "now": now})
    approved = records.get(session, alert_id)
    intake.begin(session, approved, now)
    return approved


def refuse(session: Session, alert_id: UUID, *, officer_id: UUID, now: datetime) -> Alert:
    """Do not send an alert that waits. Raises NotFound, AlertNotOpen."""
    alert = records.get(session, alert_id, is_locked=True)
    if alert.status != "awaiting_approval":
        raise AlertNotOpen(alert_status=alert.status)
    records.end(session, [alert_id], how="refused", by=officer_id, now=now)
    return records.get(session, alert_id)


def correct(session: Session, alert_id: UUID, text_: Text, *, officer_id: UUID, now: datetime) -> Alert:
    """Say that an alert was wrong, in one step: what still waits stops, and whoever was told is told so at once.

    Answers the correction. Raises NotFound, AlertNotOpen unless the alert is going or has gone out,
    and where it expired more than `FOLLOWED_UP_FOR` ago; AlertWordsRefused.
    """
    alert = _out(session, alert_id, now)
    _must_be_fit(text_)
    return _follow_up(
        session,
        alert,
        words.of_correction(text_, words.without_mark(alert.title)),
        "corrected",
        officer_id=officer_id,
        now=now,
    )


def cancel(session: Session, alert_id: UUID, text_: Text | None, *, officer_id: UUID, now: datetime) -> Alert:
    """Say that the danger is over, to whoever was told. Answers the notice. Raises what `correct` does."""
    alert = _out(session, alert_id, now)
    if text_ is not None:
        _must_be_fit(text_)
    said = words.of_all_clear(words.without_mark(alert.title))
    said = words.Words(said.title, text_ or words.OVER, said.explanation)
    return _follow_up(session, alert, said, "cancelled", officer_id=officer_id, now=now)


def all_clear(session: Session, updated: Alert, update: Alert, now: datetime) -> None:
    """Line up the word to those who were told of `updated` and are not told of its `update`."""
    message = _message(updated, words.LEFT, f"CLEAR-{update.id.hex}-{updated.id.hex}", update.sent_at, ())
    said = words.of_all_clear(words.without_mark(updated.title))
    _add(session, message, said, updated, "left", (updated.id, update.id), "all_clear", None, now)


def _out(session: Session, alert_id: UUID, now: datetime) -> Alert:
    alert = records.get(session, alert_id, is_locked=True)
    is_over = alert.expires_at + FOLLOWED_UP_FOR <= now
    if alert.status not in ("sending", "sent") or alert.audience != "area" or is_over:
        raise AlertNotOpen(alert_status=alert.status)
    return alert


def _must_be_fit(said: Text) -> None:
    most = 2 * words.MOST_BODY
    errors = [
        FieldError(f"/text/{language}", reason)
        for language, each in (("zh", said.zh), ("en", said.en))
        for reason in what_is_wrong(each, domains=DEFAULT_DOMAINS, most_columns=most, lines=True)
    ]
    if errors:
        raise AlertWordsRefused(errors=errors)


def _follow_up(
    session: Session, alert: Alert, said: words.Words, how: str, *, officer_id: UUID, now: datetime
) -> Alert:
    records.end(session, [alert.id], how=how, by=officer_id, now=now)
    about = (Reference(alert.sender, alert.identifier, alert.sent_at),)
    message = _message(alert, said.body, f"KHC-{new_uuid().hex}", now, about)
    added = _add(session, message, said, alert, "told", (alert.id,), "correction", officer_id, now)
    return records.get(session, added)


def _message(alert: Alert, said: Text, identifier: str, sent: datetime, about: tuple[Reference, ...]) -> Message:
    infos = tuple(
        Info(
            categories=tuple(alert.summary["categories"]) or ("Other",),
            event=alert.summary["event"] or "告警",
            urgency="Past",
            severity="Minor",
            certainty="Observed",
            language=language,
            responses=("AllClear",),
            sender_name=SENDER_NAME,
            description=said.in_language(language),
        )
        for language in ("zh-TW", "en")
    )
    return Message(
        identifier=identifier,
        sender=SENDER,
        sent=sent.replace(microsecond=0),
        status="Exercise" if alert.is_drill else "Actual",
        msg_type="Cancel" if about else "Alert",
        scope="Public",
        note=said.zh,
        references=about,
        infos=infos,
    )


def _add(
    session: Session,
    message: Message,
    said: words.Words,
    alert: Alert,
    audience: str,
    about: tuple[UUID, ...],
    source: str,
    officer_id: UUID | None,
    now: datetime,
) -> UUID:
    title = words.marked(said.title) if alert.is_drill else said.title
    # It rings as loud as what it takes back.
    urgency = records.URGENCIES[alert.severity]
    if alert.is_drill:
        urgency = min(urgency, _DRILL_URGENCY)
    new = NewAlert(
        message=message,
        document=writing.write(message),
        status="sending",
        audience=audience,
        about=about,
        thread=alert.thread,
        source=source,
        is_signature_trusted=False,
        severity="Minor",
        because=None,
        expires_at=now + _CORRECTION_LIFE,
        received_by=officer_id,
        parts=(NewPart(words.Words(title, said.body, said.explanation), "Minor", urgency, Reach()),),
    )
    added = records.add(session, new, now)
    assert added is not None, "its identifier has just been made up"
    return added


_TAKE_ON = text("UPDATE notify.alert SET received_by = :officer WHERE id = :id")
_APPROVE = text("UPDATE notify.alert SET approved_by = :officer, approved_at = :now, status = 'sending' WHERE id = :id")
