"""A message as each channel carries it: in the language that the person reads, to the address that is theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import open_sealed
from core.ids import typeid
from core.settings import settings
from notify import ports
from notify.channels import gates
from partners.fcm.messages import Push
from partners.line.messages import LineMessage
from partners.sms.messages import TextMessage
from partners.webpush.messages import WebPush

Message = Push | WebPush | LineMessage | TextMessage

# What the row of a delivery says whose call was in the air when its sender was killed.
IN_DOUBT = "in doubt"
# One part in UCS-2 (3GPP TS 23.038): the city pays for each part.
MOST_SMS_CHARACTERS = 70


MOST_TAKEN_BACK = 10
TOLD_OF_FOR = timedelta(days=7)
"""So long after a recall the next message to a phone says which notices it is to take away."""


def messages_for(session: Session, channel: str, rows: Sequence[Any], now: datetime) -> Mapping[UUID, Message]:
    """What is handed over for each leased row, by delivery; whoever has no address in this channel is left out."""
    if not rows:
        return {}
    people = {row.person_id for row in rows}
    languages = ports.languages_of(session, people)
    mobiles = ports.mobiles_of(session, people) if channel == "sms" else {}
    taken_back = _taken_back(session, people, now) if gates.kind_of(channel) in ("push", "webpush") else {}
    found: dict[UUID, Message] = {}
    for row in rows:
        address = mobiles.get(row.person_id) if channel == "sms" else _address(row)
        if address is not None:
            found[row.id] = _message(
                channel, row, address, languages.get(row.person_id) == "en", taken_back.get(row.person_id, ()), now
            )
    return found


def _taken_back(session: Session, people: Collection[UUID], now: datetime) -> dict[UUID, tuple[str, ...]]:
    """What was recalled of each person's messages lately, the newest first."""
    found: dict[UUID, list[str]] = {}
    for row in session.execute(_TAKEN_BACK, {"people": list(people), "since": now - TOLD_OF_FOR}):
        found.setdefault(row.person_id, []).append(typeid("msg", row.id))
    return {person_id: tuple(each[:MOST_TAKEN_BACK]) for person_id, each in found.items()}


def _message(
    channel: str, row: Any, address: str, in_english: bool, taken_back: tuple[str, ...], now: datetime
) -> Message:
    title = row.title_en if in_english else row.title_zh
    body = row.body_en if in_english else row.body_zh
    message_id = typeid("msg", row.message_id)
    ttl_seconds = max(0, int((row.expires_at - now).total_seconds()))
    # What follows an alert takes its place on the device.
    tag = typeid("alr", row.alert_thread) if row.alert_thread else None
    match gates.kind_of(channel):
        case "push":
            return Push(
                row.device_kind,
                address,
                message_id,
                title,
                body,
                row.link,
                ttl_seconds,
                {"kind": row.kind, "severity": row.severity} if row.severity else {"kind": row.kind},
                row.urgency,
                is_repeat=row.last_error == IN_DOUBT,
                tag=tag,
                taken_back=taken_back,
            )
        case "webpush":
            device_id = typeid("dev", row.device_id)
            return WebPush(
                address, device_id, message_id, title, body, row.link, ttl_seconds, row.urgency, tag, taken_back
            )
        case "line":
            return LineMessage(address, str(row.id), f"{title}\n{body}\n{_absolute(row.link)}")
        case _:
            return TextMessage(address, f"push-{row.id}", in_one_part(title, _absolute(row.link)))


def in_one_part(title: str, link: str) -> str:
    """A text message that costs one part: the title, cut where it must be, and the whole link."""
    room = MOST_SMS_CHARACTERS - len(link) - 1
    if room <= 0:
        return title[:MOST_SMS_CHARACTERS]
    return f"{title if len(title) <= room else title[: room - 1] + '…'} {link}"


def _absolute(link: str) -> str:
    return f"{settings().public_origin}{link}" if link.startswith("/") else link


def _address(row: Any) -> str:
    return open_sealed(row.address_sealed, table="notify.device", column="address", row_id=row.device_id).decode()


_TAKEN_BACK = text(
    """
    SELECT person_id, id FROM notify.message
     WHERE person_id = ANY(CAST(:people AS uuid[])) AND recalled_at > :since ORDER BY recalled_at DESC, id
    """
)
