"""Why a message came: told from the rows that led to it, for whatever ground it was sent on.

transaction, test   what happened, and the legal basis
subscription        the subscription, the rule that matched, who wrote and who approved, what the cap decided
question            the subscription that is asked about
digest              what it has gathered
alert               who warned, and who approved
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.districts import DISTRICTS
from core.errors import NotFound
from core.ids import typeid
from core.text import Text
from identity import officers
from identity.words import BUREAU_NAMES
from notify import points_expiry_texts
from notify.campaigns import audiences
from notify.cap import cap_texts as words
from notify.topics import ending_words, facts, standing
from notify.topics.standing import Subscription


@dataclass(frozen=True, slots=True)
class Cause:
    """What caused it: a kind of event, its id as others may know it, and when it happened."""

    kind: str
    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent it: the bureau, and the officers who wrote and approved it, by name: these are public acts."""

    bureau_name: Text
    written_by: str | None
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the cap decided: the place among so many of that moment, the cap, and how often it had rung that day."""

    words: Text
    rank: int
    of: int
    cap: int
    used: int


@dataclass(frozen=True, slots=True)
class Stop:
    """How to get no more of it: a request that the reader may send as it stands."""

    words: Text
    href: str
    method: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything there is to say; what a ground does not have is None. `alert`: id, sender, severity, is_drill."""

    id: UUID
    basis: str
    explanation: Text
    cause: Cause
    subscription: Subscription | None = None
    rule: Text | None = None
    sender: Sender | None = None
    decision: Decision | None = None
    alert: dict[str, Any] | None = None
    stop: Stop | None = None


def why(session: Session, *, person_id: UUID, message_id: UUID) -> Why:
    """Why the person has that message. Raises NotFound for a message that is none of theirs."""
    row = session.execute(_ROW, {"person_id": person_id, "id": message_id}).one_or_none()
    if row is None:
        raise NotFound
    match row.basis:
        case "subscription":
            return _by_subscription(session, person_id, row)
        case "digest":
            return _by_digest(row)
        case "alert":
            return _by_alert(session, row)
        case _:
            return _by_event(session, person_id, row)


def ends(mine: Subscription) -> Text:
    """How a subscription ends, in one sentence."""
    rules = ending_words.shown(mine.topic.rules, subject=mine.subject, has_date=mine.ends_at is not None)
    if mine.ends_on is not None:
        rules = [ending_words.until(mine.ends_on), *rules]
    if not rules:
        return words.NEVER
    return words.ENDS.format(rules=Text("、".join(r.zh for r in rules), ", or ".join(r.en for r in rules)))


def _by_subscription(session: Session, person_id: UUID, row: Any) -> Why:
    mine = standing.one(session, person_id, row.subscription_id)
    explanation, legal = Text(**row.content_why["explanation"]), mine.topic.legal_basis
    # As it was agreed on when the run began: the campaign may have been written anew since.
    agreed = row.content_why if "audience" in row.content_why else row._mapping
    written_by, approved_by = (
        UUID(str(agreed[each])) if agreed[each] else None for each in ("written_by", "approved_by")
    )
    names = officers.names_of(session, [each for each in (written_by, approved_by) if each is not None])
    return Why(
        id=row.id,
        basis=row.basis,
        explanation=Text(f"{explanation.zh}{legal.zh}", f"{explanation.en} {legal.en}"),
        cause=Cause("notify.run", typeid("run", row.run_id), row.begun_at),
        subscription=mine,
        rule=_rule(mine, audiences.stored(agreed["audience"])) if agreed["audience"] else None,
        sender=Sender(
            BUREAU_NAMES[row.bureau],
            names.get(written_by) if written_by else None,
            names.get(approved_by) if approved_by else None,
        ),
        decision=_decision(row.why),
        stop=_stop(mine),
    )


def _by_digest(row: Any) -> Why:
    return Why(
        id=row.id,
        basis=row.basis,
        explanation=words.DIGEST_BECAUSE.format(count=row.why["count"]),
        cause=Cause("notify.digest", typeid("msg", row.id), row.created_at),
        stop=Stop(words.STOP_DIGEST, "/v1/notification-preferences", "PATCH"),
    )


def _by_alert(session: Session, row: Any) -> Why:
    told = row.content_why
    names = officers.names_of(session, [each for each in (row.received_by, row.alert_approved_by) if each is not None])
    return Why(
        id=row.id,
        basis=row.basis,
        explanation=Text(**told["explanation"]),
        cause=_told_cause(told["event"]),
        rule=words.EVERYBODY_INSIDE,
        sender=Sender(
            Text(told["alert"]["sender"], told["alert"]["sender"]),
            names.get(row.received_by),
            names.get(row.alert_approved_by),
        ),
        alert=told["alert"],
    )


def _by_event(session: Session, person_id: UUID, row: Any) -> Why:
    mine = standing.one(session, person_id, row.subscription_id) if row.subscription_id else None
    stop = _stop(mine) if mine and row.basis == "question" else None
    if row.kind == points_expiry_texts.EXPIRING_SOON.kind:
        stop = Stop(words.STOP_EXPIRY, "/v1/notification-preferences", "PATCH")
    return Why(
        id=row.id,
        basis=row.basis,
        explanation=Text(**row.why["explanation"]),
        cause=_told_cause(row.why["event"]),
        subscription=mine,
        stop=stop,
    )


def _told_cause(event: dict[str, Any]) -> Cause:
    return Cause(event["kind"], event["id"], datetime.fromisoformat(event["at"]))


def _decision(decided: dict[str, Any]) -> Decision:
    rank, of, cap, used = (decided[name] for name in ("rank", "of", "cap", "used"))
    told = (words.RANG if decided["rang"] else words.DID_NOT_RING).format(rank=rank, of=of, cap=cap, used=used)
    if decided["waited"]:
        waited = words.WAITED.format(days=decided["waited"])
        told = Text(f"{told.zh}{waited.zh}", f"{told.en}{waited.en}")
    return Decision(told, rank, of, cap, used)


def _stop(mine: Subscription) -> Stop | None:
    if not mine.is_live:
        return None
    return Stop(
        words.STOP_SUBSCRIPTION.format(topic=mine.topic.name), f"/v1/subscriptions/{typeid('sub', mine.id)}", "DELETE"
    )


def _rule(mine: Subscription, audience: audiences.Audience) -> Text:
    """Which conditions the sender chose, all of which the reader met when the audience was made."""
    conditions = []
    if audience.subject is not None and mine.subject_name is not None:
        conditions.append(words.ABOUT.format(subject=mine.subject_name))
    if audience.districts:
        places = [words.PLACES[kind] for kind in audience.place_kinds] or [words.SOME_PLACE]
        districts = [DISTRICTS[code] for code in audience.districts]
        conditions.append(words.IN_DISTRICTS.format(places=_one_of(places), districts=_one_of(districts)))
    for fact in audience.facts:
        kind = facts.FACTS[fact.name]
        label = kind.choices.get(fact.value or "", kind.label)
        conditions.append(words.WITH_FACT.format(fact=label))
    if audience.near is not None:
        conditions.append(words.NEAR)
    told = Text("".join(each.zh for each in conditions), "".join(each.en for each in conditions))
    return words.RULE.format(topic=mine.topic.name, conditions=Text(f"{told.zh}。", f"{told.en}."))


def _one_of(names: list[Text]) -> Text:
    return Text("或".join(name.zh for name in names), " or ".join(name.en for name in names))


_ROW = text(
    """
    SELECT m.id, m.kind, m.basis, m.why, m.created_at, m.subscription_id, m.run_id, c.why AS content_why, r.begun_at,
           g.bureau, g.audience, g.written_by, g.approved_by, a.received_by, a.approved_by AS alert_approved_by
      FROM notify.message m
           LEFT JOIN notify.content c ON c.id = m.content_id
           LEFT JOIN notify.run r ON r.id = m.run_id
           LEFT JOIN notify.campaign g ON g.id = r.campaign_id
           LEFT JOIN notify.alert a ON a.id = m.alert_id
     WHERE m.person_id = :person_id AND m.id = :id
    """
)
