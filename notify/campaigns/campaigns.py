"""Campaigns as they are written, changed and read; how they go on from there is in `moves.py`.

What two people agree on is the hash of everything that decides what is sent, to whom and when (`agreed_hash`). Any
change makes another hash, and takes a campaign that waited or was scheduled back to a draft.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import orjson
import rfc8785
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import on_the_wire
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import FieldError, NotFound, PreconditionFailed
from core.ids import new_uuid
from core.settings import settings
from identity.actors import Actor
from notify.campaigns import audiences, history, schedules, words
from notify.campaigns.audiences import Audience, TopicRules
from notify.campaigns.errors import CampaignElsewhere, CampaignRefused
from notify.campaigns.schedules import Schedule
from notify.campaigns.words import Content

STATES = ("draft", "submitted", "scheduled", "sending", "paused", "done", "recalled", "cancelled")
EDITABLE = ("draft", "submitted", "scheduled")
PRIORITIES = ("low", "normal", "important", "urgent")
"""In rising order: 1 to 4."""
EVENT_BUREAUS = ("parking", "fines")
MOST_BUDGET_TWD = 1_000_000
LONGEST_LIFE = timedelta(days=366)
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign. The documents (`content`, `audience`, `schedule`, `channels`) are in their canonical form."""

    id: UUID
    bureau: str
    topic_id: int
    topic: str
    name: str
    state: str
    content: dict[str, Any]
    audience: dict[str, Any]
    priority: int
    deadline: datetime | None
    schedule: dict[str, Any]
    channels: dict[str, Any]
    next_run_at: datetime | None
    written_by: UUID
    submitted_by: UUID | None
    submitted_at: datetime | None
    approved_by: UUID | None
    approved_at: datetime | None
    approved_hash: bytes | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def said(self) -> Content:
        """Its words."""
        return words.as_content(self.content)

    @property
    def meant_for(self) -> Audience:
        """Its audience."""
        return audiences.stored(self.audience)

    @property
    def planned(self) -> Schedule:
        """Its schedule."""
        return schedules.stored(self.schedule)

    @property
    def agreed(self) -> dict[str, Any]:
        """Everything that decides what is sent, to whom and when."""
        return {
            "topic": self.topic,
            "name": self.name,
            "content": self.content,
            "audience": self.audience,
            "priority": PRIORITIES[self.priority - 1],
            "deadline": on_the_wire(self.deadline) if self.deadline else None,
            "schedule": self.schedule,
            "channels": self.channels,
        }

    @property
    def agreed_hash(self) -> bytes:
        """SHA-256 of what is agreed on, as canonical JSON (RFC 8785)."""
        return hashlib.sha256(rfc8785.dumps(self.agreed)).digest()


@dataclass(frozen=True, slots=True)
class Topic:
    """What a campaign has to know of its topic."""

    id: int
    code: str
    bureau: str
    highest_priority: int
    channels: tuple[str, ...]
    rules: TopicRules


def write(session: Session, *, by: Actor, document: Mapping[str, Any], now: datetime) -> Campaign:
    """A new draft of the officer's bureau. Raises CampaignRefused, naming everything that is wrong."""
    values = _checked(session, by, document, now) | {"id": new_uuid(), "by": by.id, "bureau": by.bureau, "now": now}
    session.execute(_INSERT, values)
    campaign = get(session, by=by, campaign_id=values["id"])
    history.note(session, campaign, "written", by=by, from_state=None, now=now)
    return campaign


def change(
    session: Session, *, by: Actor, campaign_id: UUID, version: int, document: Mapping[str, Any], now: datetime
) -> Campaign:
    """Write it anew. Whatever it was submitted or approved for is void with that: it is a draft again.

    Raises NotFound, PreconditionFailed (another version by now), CampaignElsewhere (it is being sent, or has ended),
    CampaignRefused.
    """
    before = locked(session, by=by, campaign_id=campaign_id)
    must_be_version(before, version)
    if before.state not in EDITABLE:
        raise CampaignElsewhere
    session.execute(_CHANGE, _checked(session, by, document, now) | {"id": campaign_id, "by": by.id, "now": now})
    campaign = get(session, by=by, campaign_id=campaign_id)
    history.note(session, campaign, "changed", by=by, from_state=before.state, now=now)
    return campaign


def get(session: Session, *, by: Actor, campaign_id: UUID) -> Campaign:
    """One campaign of the officer's bureau. Raises NotFound."""
    return _one(session.execute(_GET, {"id": campaign_id, "bureau": by.bureau}).one_or_none())


def read(session: Session, campaign_id: UUID) -> Campaign:
    """One campaign, whoever asks. Raises NotFound."""
    return _one(session.execute(_READ, {"id": campaign_id}).one_or_none())


def locked(session: Session, *, by: Actor, campaign_id: UUID) -> Campaign:
    """The same, locked until the transaction ends. Raises NotFound."""
    return _one(session.execute(_LOCKED, {"id": campaign_id, "bureau": by.bureau}).one_or_none())


def page(
    session: Session, *, by: Actor, state: str | None, limit: int, cursor: str | None
) -> tuple[list[Campaign], str | None]:
    """A page of the bureau's campaigns, the newest first, and the cursor of the next."""
    before_at, before_id = decode_moment_cursor(cursor) if cursor else (None, None)
    rows = session.execute(
        _PAGE,
        {"bureau": by.bureau, "state": state, "limit": limit + 1, "before_at": before_at, "before_id": before_id},
    ).all()
    found = [_campaign(row) for row in rows[:limit]]
    is_more = len(rows) > limit
    return found, encode_moment_cursor(found[-1].created_at, found[-1].id) if is_more else None


def due(session: Session, now: datetime, passed_over: Collection[UUID] = ()) -> Campaign | None:
    """A campaign whose time has come and that nobody else has in hand, locked; None where there is none but those that
    are `passed_over`."""
    row = session.execute(_DUE, {"now": now, "passed_over": list(passed_over)}).one_or_none()
    return _campaign(row) if row else None


def must_be_version(campaign: Campaign, version: int) -> None:
    """Raises PreconditionFailed for another version than the present one."""
    if campaign.version != version:
        raise PreconditionFailed


def check(session: Session, campaign: Campaign, *, by: Actor, now: datetime) -> None:
    """Hold a campaign that was written earlier against the rules as they are now. Raises CampaignRefused."""
    _checked(session, by, campaign.agreed, now)


def broken_rules(session: Session, campaign: Campaign) -> frozenset[str]:
    """Which of its members do not keep the rules as they are now; its moments aside, which have come."""
    topic = topic_of_bureau(session, campaign.topic, campaign.bureau)
    if topic is None:
        return frozenset({"topic"})
    errors: list[FieldError] = []
    _read_for(topic, campaign.agreed, campaign.planned, errors)
    return frozenset(error.pointer.split("/")[1] for error in errors)


def topic_of_bureau(session: Session, code: str, bureau: str) -> Topic | None:
    """The open topic of that bureau with that code."""
    row = session.execute(_TOPIC, {"code": code, "bureau": bureau}).one_or_none()
    if row is None:
        return None
    rules = TopicRules(frozenset(row.facts), row.subject_kind, frozenset(row.subjects))
    return Topic(row.id, row.code, row.bureau, row.highest_priority, tuple(row.channels), rules)


def _checked(session: Session, by: Actor, document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of a document that keeps every rule. Raises CampaignRefused with all that is wrong at once."""
    errors: list[FieldError] = []
    topic = topic_of_bureau(session, document["topic"], by.bureau)
    if topic is None:
        raise CampaignRefused(errors=[FieldError("/topic", "is not an open topic of this bureau")])
    schedule = _collected(errors, lambda: schedules.read_schedule(document["schedule"], now=now))
    audience, content = _read_for(topic, document, schedule, errors)
    deadline = _deadline(document.get("deadline"), errors, now)
    if errors or schedule is None or audience is None or content is None:
        raise CampaignRefused(errors=errors)
    return {
        "topic_id": topic.id,
        "name": _name(document),
        "content": _json(words.as_document(content)),
        "audience": _json(audiences.as_document(audience)),
        "priority": _priority(document),
        "deadline": deadline,
        "schedule": _json(schedules.as_document(schedule)),
        "channels": _json(dict(document["channels"])),
    }


def _read_for(
    topic: Topic, document: Mapping[str, Any], schedule: Schedule | None, errors: list[FieldError]
) -> tuple[Audience | None, Content | None]:
    """The audience and the words of a document for that topic; `errors` are joined by all that is wrong with it."""
    if _priority(document) > topic.highest_priority:
        errors.append(
            FieldError("/priority", f"is above what this topic allows: {PRIORITIES[topic.highest_priority - 1]}")
        )
    name = _name(document)
    if not name or words.hides_something(name):
        errors.append(FieldError("/name", "is empty, or has a character that cannot be seen"))
    audience = _collected(errors, lambda: audiences.read_audience(document["audience"], topic.rules))
    content = _collected(
        errors,
        lambda: words.read_content(
            document["content"],
            known_fields=schedules.fields_of(schedule) if schedule else (),
            domains=settings().campaign_link_domains,
        ),
    )
    errors += _wrong_link(content, audience)
    errors += _wrong_event(schedule, audience, topic.bureau)
    errors += _wrong_channels(document["channels"], topic)
    return audience, content


def _name(document: Mapping[str, Any]) -> str:
    return " ".join(document["name"].split())


def _priority(document: Mapping[str, Any]) -> int:
    return PRIORITIES.index(document["priority"]) + 1


def _collected(errors: list[FieldError], read: Callable[[], _Read]) -> _Read | None:
    try:
        return read()
    except CampaignRefused as refused:
        errors += refused.errors
        return None


def _wrong_link(content: Content | None, audience: Audience | None) -> list[FieldError]:
    """A link made for those of whom a fact was used would tell the site that whoever comes by it is one of them."""
    if content is None or audience is None or not audience.facts or words.names_only_a_page(content.link):
        return []
    reason = "carries more than a page: to people chosen by a fact, no ?, #, ;, = or & on another site"
    return [FieldError("/content/link", reason)]


def _wrong_event(schedule: Schedule | None, audience: Audience | None, bureau: str) -> list[FieldError]:
    if not isinstance(schedule, schedules.OnEvent):
        return []
    if bureau not in EVENT_BUREAUS:
        return [FieldError("/schedule/event", "is told of by the bureaus whose bills they are")]
    if audience is not None and not audience.is_everybody:
        return [FieldError("/audience", "is whom the event is about: name no other conditions")]
    return []


def _wrong_channels(channels: Mapping[str, Any], topic: Topic) -> list[FieldError]:
    found = [
        FieldError(f"/channels/{paid}", "is not a channel of this topic")
        for paid in ("sms", "line")
        if channels[paid] and paid not in topic.channels
    ]
    if (channels["sms"] or channels["line"]) and not channels["budget_twd"]:
        found.append(FieldError("/channels/budget_twd", "is nothing: say what a paid channel may cost"))
    return found


def _deadline(moment: str | None, errors: list[FieldError], now: datetime) -> datetime | None:
    if moment is None:
        return None
    try:
        deadline = datetime.fromisoformat(moment)
    except ValueError:
        deadline = now
    if deadline.tzinfo is None or not now < deadline <= now + LONGEST_LIFE:
        errors.append(FieldError("/deadline", "has passed, is more than a year away, or is no moment (RFC 3339)"))
    return deadline.replace(microsecond=0)


def _one(row: Row[Any] | None) -> Campaign:
    if row is None:
        raise NotFound
    return _campaign(row)


def _campaign(row: Row[Any]) -> Campaign:
    found = dict(row._mapping)
    found["approved_hash"] = bytes(row.approved_hash) if row.approved_hash is not None else None
    return Campaign(**found)


def _json(document: Mapping[str, Any]) -> str:
    return orjson.dumps(document).decode()


_COLUMNS = """
    c.id, c.bureau, c.topic_id, t.code AS topic, c.name, c.state, c.content, c.audience, c.priority, c.deadline,
    c.schedule, c.channels, c.next_run_at, c.written_by, c.submitted_by, c.submitted_at, c.approved_by, c.approved_at,
    c.approved_hash, c.version, c.created_at, c.updated_at
"""
_FROM = "FROM notify.campaign c JOIN notify.topic t ON t.id = c.topic_id"
_GET = text(f"SELECT {_COLUMNS} {_FROM} WHERE c.id = :id AND c.bureau = :bureau")
_READ = text(f"SELECT {_COLUMNS} {_FROM} WHERE c.id = :id")
_LOCKED = text(f"SELECT {_COLUMNS} {_FROM} WHERE c.id = :id AND c.bureau = :bureau FOR NO KEY UPDATE OF c")
_DUE = text(
    f"SELECT {_COLUMNS} {_FROM} WHERE c.state IN ('scheduled', 'sending') AND c.next_run_at <= :now "
    "AND c.id <> ALL(CAST(:passed_over AS uuid[])) ORDER BY c.next_run_at LIMIT 1 FOR NO KEY UPDATE OF c SKIP LOCKED"
)
_PAGE = text(
    f"SELECT {_COLUMNS} {_FROM} WHERE c.bureau = :bureau "
    "AND (CAST(:state AS text) IS NULL OR c.state = :state) "
    "AND (CAST(:before_at AS timestamptz) IS NULL OR (c.created_at, c.id) < (:before_at, CAST(:before_id AS uuid))) "
    "ORDER BY c.created_at DESC, c.id DESC LIMIT :limit"
)
_INSERT = text(
    """
    INSERT INTO notify.campaign (id, bureau, topic_id, name, content, audience, priority, deadline, schedule, channels,
                                 written_by, created_at, updated_at)
    VALUES (:id, :bureau, :topic_id, :name, CAST(:content AS jsonb), CAST(:audience AS jsonb), :priority, :deadline,
            CAST(:schedule AS jsonb), CAST(:channels AS jsonb), :by, :now, :now)
    """
)
_CHANGE = text(
    """
    UPDATE notify.campaign
       SET topic_id = :topic_id, name = :name, content = CAST(:content AS jsonb), audience = CAST(:audience AS jsonb),
           priority = :priority, deadline = :deadline, schedule = CAST(:schedule AS jsonb),
           channels = CAST(:channels AS jsonb), state = 'draft', written_by = :by, submitted_by = NULL,
           submitted_at = NULL, approved_by = NULL, approved_at = NULL, approved_hash = NULL, next_run_at = NULL,
           version = version + 1, updated_at = :now
     WHERE id = :id
    """
)
_TOPIC = text(
    """
    SELECT t.id, t.code, t.bureau, t.highest_priority, t.channels, t.facts, t.subject_kind,
           ARRAY(SELECT j.subject FROM notify.subject j
                  WHERE j.bureau = t.bureau AND j.kind = t.subject_kind AND j.person_id IS NULL AND j.closed_at IS NULL
                ) AS subjects
      FROM notify.topic t WHERE t.code = :code AND t.bureau = :bureau AND t.status = 'open'
    """
)
