"""A bureau's own topics: written, opened, closed.

What people have subscribed to is changed by two persons: once a topic is open, a change is proposed, and holds when a
publisher of the bureau who did not write it has approved it. So is opening a closed topic otherwise than it was open,
and so are the sensitive facts of any topic. A topic whose purpose changes loses the sensitive facts that were agreed
to for the old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from core.errors import FieldError, Forbidden, InvalidRequest, PreconditionFailed
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from notify.campaigns import words
from notify.topics import ending_words, topics
from notify.topics.endings import NEEDS, NeedPassedRule, SilenceRule, read_rules
from notify.topics.errors import TopicChangeWaits, TopicCodeTaken
from notify.topics.facts import FACTS, SENSITIVE
from notify.topics.topics import TEXTS, Topic

APPROVAL: Final = "notify.topic_facts"
CHANGE: Final = "notify.topic_change"
APPROVERS: Final = ("publisher",)
_TITLE = Text("主題使用敏感資料", "A topic that uses sensitive facts")
_CHANGE_TITLE = Text("修改開放中的主題，或改過再開放", "A change of an open topic, or one opened again otherwise")
_LABELS: Final = {
    "name": Text("名稱", "Name"),
    "purpose": Text("用途", "Purpose"),
    "sample_title": Text("範例標題", "Title of the sample"),
    "sample_body": Text("範例內文", "Body of the sample"),
    "legal_basis": Text("法律依據", "Legal basis"),
}
# Who may be told of a topic changes when it opens or closes: that is for whoever answers for what is sent.
_MOVERS: Final = "publisher"
# How long each may be is in the schema: here only what the words say is judged.
_MOST_COLUMNS = 1200
_PLAIN: Final = ("highest_priority", "subject_kind", "offered_at", "offered_days")


def create(session: Session, body: Mapping[str, Any], *, by: Actor, now: datetime) -> Topic:
    """Write a new topic of the officer's bureau. Raises TopicCodeTaken, Forbidden, InvalidRequest."""
    _require_right(by, "draft", body["status"])
    values = _checked(body) | {"code": body["code"], "bureau": by.bureau, "now": now}
    allowed, sensitive = _split(body["facts"], ())
    if not topics.insert(session, values | {"facts": allowed}):
        raise TopicCodeTaken
    topic = topics.of_bureau(session, str(by.bureau), body["code"])
    _ask_for(session, topic, sensitive, by, now)
    return topic


def change(session: Session, code: str, body: Mapping[str, Any], *, version: int, by: Actor, now: datetime) -> Topic:
    """Put a topic as it is to be from now on; of an open one the change is proposed and holds once it is approved,
    except that a publisher opens and closes alone. A closed one opens alone only as it was when it was open: else that
    is proposed, too. People who have it keep the last day that they were told; the other rules hold for them from the
    next message on. Raises NotFound, PreconditionFailed, Forbidden, InvalidRequest, TopicChangeWaits."""
    topic = topics.of_bureau(session, str(by.bureau), code, is_locked=True)
    if topic.version != version:
        raise PreconditionFailed
    _require_right(by, topic.status, body["status"])
    if body["status"] == "draft" and topic.status != "draft":
        raise _invalid("/status", "what was open does not become a draft again")
    held = topic.facts if body["texts"]["purpose"] == _both(topic.purpose) else ()
    allowed, sensitive = _split(body["facts"], held)
    values = _checked(body) | {"id": topic.id, "facts": allowed, "now": now}
    if topic.status == "open" and _differs(topic, values) and body["status"] != "open":
        raise _invalid("/status", "close it as it is: a change of an open topic waits for a second person")
    if _takes_two(session, topic, values):
        # New sensitive facts are asked for once the change holds: who decides on them reads the purpose that holds.
        _propose(session, topic, values, by, now)
        return topic
    session.execute(_CHANGE, values | {"last_open": _as_open(topic, values)})
    changed = topics.of_bureau(session, str(by.bureau), code)
    _ask_for(session, changed, sensitive, by, now)
    return changed


def facts_awaiting(session: Session, code: str) -> list[str]:
    """The sensitive facts for which a second person has yet to decide."""
    waiting = select(Approval.body).where(
        Approval.kind == APPROVAL, Approval.subject == code, Approval.status == "proposed"
    )
    return sorted({fact for body in session.scalars(waiting) for fact in body["facts"]})


def awaits_change(session: Session, code: str) -> bool:
    """Whether a change of it waits for a second person."""
    return session.scalars(_proposed_change(code)).first() is not None


def register_approvals() -> None:
    """Let publishers decide which topics may use sensitive facts, and how open ones change. Called once at start-up."""
    approvals.on_approved(CHANGE, APPROVERS, _put_in_force, _change_shown, title=_CHANGE_TITLE)
    approvals.on_approved(APPROVAL, APPROVERS, _allow, _shown, title=_TITLE)


def _proposed_change(code: str) -> Select[Approval]:
    return select(Approval).where(Approval.kind == CHANGE, Approval.subject == code, Approval.status == "proposed")


def _takes_two(session: Session, topic: Topic, values: Mapping[str, Any]) -> bool:
    """Whether people would be told of something else than what stood open, and nobody but its writer has read it."""
    if values["status"] != "open" or topic.status == "draft":
        return False
    if topic.status == "open":
        return _differs(topic, values)
    last_open = session.execute(_LAST_OPEN, {"id": topic.id}).scalar()
    return bool(last_open != _terms_of(values))


def _as_open(topic: Topic, values: Mapping[str, Any]) -> str | None:
    """What is remembered of a topic that closes now; None keeps what is remembered already."""
    is_closing = topic.status == "open" and values["status"] == "closed"
    return orjson.dumps(_terms(topic)).decode() if is_closing else None


def _differs(topic: Topic, values: Mapping[str, Any]) -> bool:
    """Whether anything but its status would change."""
    return _terms_of(values) != _terms(topic)


def _terms(topic: Topic) -> dict[str, Any]:
    """All that people are told of a topic, and by which its messages are held, as JSON."""
    held = {name: getattr(topic, name) for name in _PLAIN}
    endings = [dict(each) for each in topic.endings]
    held |= topics.text_columns(topic)
    return held | {"channels": sorted(topic.channels), "facts": sorted(topic.facts), "endings": endings}


def _terms_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a topic that is to be."""
    held = {name: values[name] for name in _PLAIN}
    held |= {f"{name}_{language}": values[f"{name}_{language}"] for name in TEXTS for language in ("zh", "en")}
    endings = orjson.loads(values["endings"])
    return held | {"channels": sorted(values["channels"]), "facts": sorted(values["facts"]), "endings": endings}


def _propose(session: Session, topic: Topic, values: Mapping[str, Any], by: Actor, now: datetime) -> None:
    if awaits_change(session, topic.code):
        raise TopicChangeWaits
    body = {name: value for name, value in values.items() if name != "now"}
    approvals.propose(
        session, kind=CHANGE, subject=topic.code, body=body | {"code": topic.code, "version": topic.version},
        reason=values["purpose_zh"][:200], by=by, bureau=topic.bureau, now=now,
    )  # fmt: skip


def _put_in_force(session: Session, approval: Approval, now: datetime) -> None:
    values = dict(approval.body)
    topic = topics.of_bureau(session, str(approval.bureau), values.pop("code"), is_locked=True)
    if topic.version != values.pop("version"):
        raise PreconditionFailed
    session.execute(_CHANGE, values | {"now": now, "last_open": None})


def _change_shown(body: Mapping[str, Any]) -> list[Shown]:
    facts = (
        "、".join(FACTS[fact].label.zh for fact in body["facts"]),
        ", ".join(FACTS[fact].label.en for fact in body["facts"]),
    )
    rules = ending_words.shown(tuple(read_rules(orjson.loads(body["endings"]))), subject=None)
    offer = "—" if body["offered_at"] is None else f"{body['offered_at']}, {body['offered_days']}"
    return [
        Shown(Text("主題", "Topic"), body["code"]),
        *(Shown(label, Text(body[f"{name}_zh"], body[f"{name}_en"])) for name, label in _LABELS.items()),
        Shown(Text("結束", "Ends"), Text("、".join(r.zh for r in rules), ", or ".join(r.en for r in rules))),
        Shown(Text("最高優先", "Highest priority"), topics.PRIORITIES[body["highest_priority"] - 1]),
        Shown(Text("管道", "Channels"), ", ".join(body["channels"])),
        Shown(Text("關於", "About"), body["subject_kind"] or "—"),
        Shown(Text("可用的資料", "Facts"), Text(*facts) if body["facts"] else "—"),
        Shown(Text("主動提供", "Offered"), offer),
    ]


def _both(said: Text) -> dict[str, str]:
    return {"zh": said.zh, "en": said.en}


def _require_right(by: Actor, status: str, wanted: str) -> None:
    if wanted != status and _MOVERS not in by.roles:
        raise Forbidden


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a topic, once its rules are rules and fit what it is about. Raises InvalidRequest."""
    endings = [{**rule, **({"on": rule["on"].isoformat()} if "on" in rule else {})} for rule in body["endings"]]
    for position, each in enumerate(endings):
        try:
            read_rules([each])
        except (ValueError, TypeError):
            raise _invalid(f"/endings/{position}/rule", "not a rule by which a subscription ends") from None
    rules = read_rules(endings)
    for position, rule in enumerate(rules):
        if isinstance(rule, NeedPassedRule) and NEEDS[rule.event] != body["subject_kind"]:
            detail = f"happens to a {NEEDS[rule.event]}, which this topic is not about"
            raise _invalid(f"/endings/{position}/rule", detail)
    if sum(isinstance(rule, SilenceRule) for rule in rules) > 1:
        raise _invalid("/endings", "one rule of silence, with sends and days")
    if (body["offered_at"] is None) != (body["offered_days"] is None):
        raise _invalid("/offered_days", "an offer is dated to end, so both are named or neither")
    for name in TEXTS:
        for language in ("zh", "en"):
            said = body["texts"][name][language]
            wrong = words.what_is_wrong(said, domains=words.DEFAULT_DOMAINS, most_columns=_MOST_COLUMNS, lines=True)
            if wrong:
                raise _invalid(f"/texts/{name}/{language}", wrong[0])
    return {
        **{f"{name}_{language}": body["texts"][name][language] for name in TEXTS for language in ("zh", "en")},
        "channels": list(dict.fromkeys(body["channels"])),
        "highest_priority": topics.PRIORITIES.index(body["highest_priority"]) + 1,
        "subject_kind": body["subject_kind"],
        "endings": orjson.dumps(endings).decode(),
        "status": body["status"],
        "offered_at": body["offered_at"],
        "offered_days": body["offered_days"],
    }


def _split(wanted: Sequence[str], held: Sequence[str]) -> tuple[list[str], list[str]]:
    """The facts that take effect at once, and the sensitive ones that are new."""
    new = sorted({fact for fact in wanted if fact in SENSITIVE and fact not in held})
    return sorted(set(wanted) - set(new)), new


def _ask_for(session: Session, topic: Topic, facts: Sequence[str], by: Actor, now: datetime) -> None:
    missing = sorted(set(facts) - set(facts_awaiting(session, topic.code)))
    if missing:
        approvals.propose(
            session, kind=APPROVAL, subject=topic.code,
            body={
                "topic": topic.code, "facts": missing, "purpose": _both(topic.purpose),
                "legal_basis": _both(topic.legal_basis),
            },
            reason=topic.purpose.zh[:200], by=by, bureau=topic.bureau, now=now,
        )  # fmt: skip


def _allow(session: Session, approval: Approval, now: datetime) -> None:
    topic = topics.of_bureau(session, str(approval.bureau), approval.body["topic"], is_locked=True)
    if approval.body.get("purpose", _both(topic.purpose)) != _both(topic.purpose):
        raise PreconditionFailed
    session.execute(_ALLOW, {"code": approval.body["topic"], "facts": approval.body["facts"], "now": now})


def _shown(body: Mapping[str, Any]) -> list[Shown]:
    labels = [FACTS[fact].label for fact in body["facts"]]
    facts = Text("、".join(label.zh for label in labels), ", ".join(label.en for label in labels))
    return [
        Shown(Text("主題", "Topic"), body["topic"]),
        Shown(Text("可用來縮小對象的敏感資料", "Sensitive facts by which its audiences may be narrowed"), facts),
        *(
            Shown(_LABELS[name], Text(body[name]["zh"], body[name]["en"]))
            for name in ("purpose", "legal_basis")
            if name in body
        ),
        Shown(
            Text("依據", "Ground"),
            Text(
                "個人資料保護法第 6 條第 1 項第 6 款：只用於自己同意的人。",
                "Personal Data Protection Act, article 6(1)(6): only of people who agreed to it.",
            ),
        ),
    ]


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(errors=[FieldError(pointer, detail)])


_PAIRS = ", ".join(f"{name}_{language} = :{name}_{language}" for name in TEXTS for language in ("zh", "en"))
_CHANGE = text(
    f"""
    UPDATE notify.topic
       SET {_PAIRS}, channels = :channels, highest_priority = :highest_priority, subject_kind = :subject_kind,
           endings = CAST(:endings AS jsonb), facts = :facts, status = :status, offered_at = :offered_at,
           offered_days = :offered_days, last_open = coalesce(CAST(:last_open AS jsonb), last_open),
           version = version + 1, updated_at = :now
     WHERE id = :id
    """  # noqa: S608
)
_LAST_OPEN = text("SELECT last_open FROM notify.topic WHERE id = :id")
_ALLOW = text(
    """
    UPDATE notify.topic
       SET facts = array(SELECT DISTINCT fact FROM unnest(facts || CAST(:facts AS text[])) AS fact ORDER BY fact),
           version = version + 1, updated_at = :now
     WHERE code = :code
    """
)
