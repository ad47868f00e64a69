"""What the inbox says of a subscription: that it has ended and why, and the one question whether it is still wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.ids import new_uuid, typeid
from core.taiwan import roc_text
from core.text import Text
from notify.cap.preferences import Preferences
from notify.topics import ending_words, events
from notify.topics.endings import EndedHow
from notify.topics.standing import Subscription
from notify.wording import Wording

ENDED = Wording(
    kind="subscription_ended",
    title=Text("「{topic}」的訂閱結束了", "Your subscription to “{topic}” has ended"),
    body=Text(
        "因為{because}，之後不會再打擾您。想再收到的話，點進來就能續訂。",
        "Because {because}. It will not disturb you again; should you want it back, one tap renews it.",
    ),
    link="/app/subscriptions/{subscription}",
    explanation=Text(
        "您從 {began} 起訂閱「{topic}」，它依約定的規則結束，所以只在信箱告訴您這一次。",
        "You subscribed to “{topic}” on {began}. It ended by its rules, and you are told once, here in the inbox.",
    ),
    push_ttl_seconds=None,
)
QUESTION = Wording(
    kind="question",
    title=Text("還需要「{topic}」嗎？", "Do you still want “{topic}”?"),
    body=Text(
        "最近的訊息您都沒有點開。還要的話點進來按「還需要」；{day}前沒有回覆，就不再打擾您。",
        "You opened none of the last messages. If you still want them, open this and say so; without an answer by "
        "{day} they stop.",
    ),
    link="/app/subscriptions/{subscription}",
    explanation=Text(
        "您從 {began} 起訂閱「{topic}」，一段時間都沒有點開。這樣的訂閱只會問您一次，沒有回覆就結束。",
        "You subscribed to “{topic}” on {began} and opened none of it for a while. Such a subscription asks once, and "
        "ends without an answer.",
    ),
    push_ttl_seconds=2 * 86_400,
)
WORDINGS = (ENDED, QUESTION)
_USUAL = Preferences()
# Whoever ended it knows.
_UNTOLD: frozenset[EndedHow] = frozenset({"citizen", "replaced"})


def tell_of_ends(session: Session, ended: Iterable[tuple[Subscription, EndedHow, UUID]], now: datetime) -> None:
    """Put into the inboxes, and nowhere else, that subscriptions have ended and why; each with its event's id."""
    notes = []
    for each, how, cause in ended:
        if how not in _UNTOLD:
            because = {"because": ending_words.because(how, each.subject)}
            notes.append(_note(ENDED, each, because, (cause, events.SUBSCRIPTION_ENDED), now))
    _write(session, notes, "transaction", now)


def ask(session: Session, asked: Subscription, answer_by: datetime, now: datetime) -> None:
    """Ask whether a subscription is still wanted: in the inbox, and without a sound on the devices once the person is
    awake."""
    last_day = (answer_by - timedelta(microseconds=1)).astimezone(TAIPEI).date()
    values = {"day": Text(f" {roc_text(last_day)} ", f"{last_day:%Y-%m-%d}")}
    event_id = new_uuid()
    note = _note(QUESTION, asked, values, (event_id, "notify.subscription_asked"), now)
    _write(session, [note], "question", now)
    assert QUESTION.push_ttl_seconds is not None, "a question is pushed"
    expires_at = now + timedelta(seconds=QUESTION.push_ttl_seconds)
    session.execute(
        _LINE_UP,
        {
            "message_id": note["id"], "person_id": asked.person_id, "event_id": event_id, "now": now,
            "expires_at": expires_at, "quiet_from": _USUAL.quiet_from, "quiet_until": _USUAL.quiet_until,
            "timezone": _USUAL.timezone,
        },
    )  # fmt: skip


def _note(
    wording: Wording, about: Subscription, values: Mapping[str, object], event: tuple[UUID, str], now: datetime
) -> dict[str, Any]:
    """The columns of a message; see `_WRITE`."""
    began = about.began_at.astimezone(TAIPEI).date()
    filled: dict[str, Any] = {
        "topic": about.topic.name,
        "began": Text(roc_text(began), f"{began:%Y-%m-%d}"),
        "subscription": typeid("sub", about.id),
        **values,
    }
    title, body = wording.title.format(**filled), wording.body.format(**filled)
    explanation, legal = wording.explanation.format(**filled), about.topic.legal_basis
    event_id, event_kind = event
    why = {
        "explanation": {"zh": f"{explanation.zh}{legal.zh}", "en": f"{explanation.en} {legal.en}"},
        "event": {"kind": event_kind, "id": str(event_id), "at": now.isoformat()},
    }
    return {
        "id": new_uuid(),
        "person_id": about.person_id,
        "kind": wording.kind,
        "title_zh": title.zh,
        "title_en": title.en,
        "body_zh": body.zh,
        "body_en": body.en,
        "link": wording.link.format(**filled),
        "why": orjson.dumps(why).decode(),
        "event_id": event_id,
        "subscription_id": about.id,
    }


def _write(session: Session, notes: Sequence[Mapping[str, Any]], basis: str, now: datetime) -> None:
    if notes:
        columns = {name: [note[name] for note in notes] for name in notes[0]}
        session.execute(_WRITE, columns | {"basis": basis, "now": now})


_WRITE = text(
    """
    INSERT INTO notify.message (id, person_id, kind, title_zh, title_en, body_zh, body_en, link, why, event_id,
                                subscription_id, basis, created_at)
    SELECT m.*, :basis, :now
      FROM unnest(CAST(:id AS uuid[]), CAST(:person_id AS uuid[]), CAST(:kind AS text[]), CAST(:title_zh AS text[]),
                  CAST(:title_en AS text[]), CAST(:body_zh AS text[]), CAST(:body_en AS text[]), CAST(:link AS text[]),
                  CAST(:why AS jsonb[]), CAST(:event_id AS uuid[]), CAST(:subscription_id AS uuid[])) AS m
    """
)
_LINE_UP = text(
    """
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at, channel, urgency)
    SELECT gen_random_uuid(), :message_id, d.id, :event_id, 'pending',
           notify.awake_at(coalesce(p.quiet_from, :quiet_from), coalesce(p.quiet_until, :quiet_until),
                           coalesce(p.timezone, :timezone), :now),
           :expires_at, d.channel, 0
      FROM notify.pushed_device d LEFT JOIN notify.preference p ON p.person_id = d.person_id
     WHERE d.person_id = :person_id
    """
)
