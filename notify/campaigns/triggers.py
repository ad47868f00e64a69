"""Campaigns that something sets off: a bill about to be due. Each person hears of each thing once, and of none that is
paid by then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.text import Text
from notify.campaigns import campaigns, ports, schedules, tallies, words
from notify.campaigns.campaigns import Campaign
from notify.campaigns.ports import DueBill
from notify.cap.preferences import Preferences
from notify.messages import day_text

CHUNK = 500
"""People whose bills are asked for in one transaction."""
_MOST_RECHECKED = 2_000
_DEFAULTS = Preferences()


@dataclass(frozen=True, slots=True)
class Step:
    """What was counted of the people up to `upto` (None: they were the last)."""

    counts: dict[str, int]
    upto: UUID | None


def resolve_some(session: Session, campaign: Campaign, run: Any, *, after: UUID, now: datetime) -> Step:
    """Make candidates of those among the next subscribers who have something due that they were not told of."""
    subscribed = session.execute(_SUBSCRIBERS, {"topic_id": campaign.topic_id, "after": after, "most": CHUNK}).all()
    upto = subscribed[-1].person_id if len(subscribed) == CHUNK else None
    bills = _bills_of(session, campaign, [row.person_id for row in subscribed], now)
    told: dict[UUID, tuple[UUID, list[DueBill]]] = {}
    for row in subscribed:
        chosen = _chosen(row.subscriptions, bills.get(row.person_id, ()))
        if chosen is not None:
            told[row.person_id] = chosen
    fired = _fire(session, campaign, run.id, told, now)
    found = [
        {"person": person_id, "subscription": told[person_id][0], "fields": _words(campaign, due, now)}
        for person_id, due in fired.items()
    ]
    if not found:
        return Step({"audience": 0}, upto)
    counts = session.execute(
        _ADD,
        {
            "run_id": run.id, "topic_id": campaign.topic_id, "priority": campaign.priority, "deadline": run.deadline,
            "people": [each["person"] for each in found], "now": now,
            "subscriptions": [each["subscription"] for each in found],
            "fields": [orjson.dumps(each["fields"]).decode() for each in found],
            "quiet_from": _DEFAULTS.quiet_from, "quiet_until": _DEFAULTS.quiet_until, "zone": _DEFAULTS.timezone,
        },
    ).one()  # fmt: skip
    return Step({"audience": counts.audience, "asleep": counts.asleep, "unreachable": counts.unreachable}, upto)


def recheck(now: datetime) -> None:
    """Look once more, right before it is decided on or handed over, whether what people are told of is still unpaid.

    What is paid is withdrawn; of several bills the words tell only of those that are left. Opens its own units of work.
    """
    with db.single_statements() as session:
        open_runs = session.execute(_OPEN, {"now": now}).all()
    for run in open_runs:
        with db.unit_of_work() as session:
            campaign = campaigns.read(session, run.campaign_id)
            _recheck_candidates(session, campaign, run.id, now)
            _recheck_deliveries(session, campaign, run.id, now)


def _recheck_candidates(session: Session, campaign: Campaign, run_id: UUID, now: datetime) -> None:
    waiting = session.execute(_WAITING, {"run_id": run_id, "now": now, "most": _MOST_RECHECKED}).all()
    left = _still_due(session, campaign, waiting, now)
    gone = [row.person_id for row in waiting if not left[row.person_id]]
    fewer = {row.person_id: left[row.person_id] for row in waiting if 0 < len(left[row.person_id]) < len(row.subjects)}
    if gone:
        session.execute(_WITHDRAW, {"run_id": run_id, "people": gone, "now": now})
    for person_id, bills in fewer.items():
        said = orjson.dumps(_words(campaign, bills, now)).decode()
        session.execute(_REWORD, {"run_id": run_id, "person_id": person_id, "fields": said})
    tallies.add(session, run_id, {"withdrawn": len(gone)})


def _recheck_deliveries(session: Session, campaign: Campaign, run_id: UUID, now: datetime) -> None:
    pending = session.execute(_PENDING, {"run_id": run_id, "most": _MOST_RECHECKED}).all()
    left = _still_due(session, campaign, pending, now)
    gone = [row.person_id for row in pending if not left[row.person_id]]
    if gone:
        session.execute(_WITHDRAW_DELIVERIES, {"run_id": run_id, "people": gone, "now": now})


def _still_due(
    session: Session, campaign: Campaign, told: Sequence[Any], now: datetime
) -> Mapping[UUID, Sequence[DueBill]]:
    bills = _bills_of(session, campaign, [row.person_id for row in told], now)
    return {
        row.person_id: [bill for bill in bills.get(row.person_id, ()) if _subject(bill) in row.subjects] for row in told
    }


def _bills_of(
    session: Session, campaign: Campaign, people: Sequence[UUID], now: datetime
) -> Mapping[UUID, Sequence[DueBill]]:
    planned = campaign.planned
    assert isinstance(planned, schedules.OnEvent)
    today = taipei_date(now)
    found: dict[UUID, list[DueBill]] = defaultdict(list)
    if people:
        until = today + timedelta(days=planned.days_before)
        for bill in ports.bills_due(session, bureau=campaign.bureau, people=people, due_from=today, due_to=until):
            found[bill.person_id].append(bill)
    return found


def _chosen(subscriptions: Mapping[str, str], bills: Sequence[DueBill]) -> tuple[UUID, list[DueBill]] | None:
    """By which subscription a person hears of which bills: of all of them, or of the one they asked about that is due
    first (another such one has its turn on another day)."""
    if not bills:
        return None
    if "" in subscriptions:
        return UUID(subscriptions[""]), list(bills)
    asked = [bill for bill in bills if _subject(bill) in subscriptions]
    if not asked:
        return None
    first = min(asked, key=lambda bill: (bill.due_on, bill.bill_id))
    return UUID(subscriptions[_subject(first)]), [first]


def _fire(
    session: Session, campaign: Campaign, run_id: UUID, told: Mapping[UUID, tuple[UUID, list[DueBill]]], now: datetime
) -> dict[UUID, list[DueBill]]:
    """Of these, what this campaign never told these people: it is marked as told from this commit on."""
    pairs = {(person_id, _subject(bill)): bill for person_id, (_, bills) in told.items() for bill in bills}
    if not pairs:
        return {}
    people, subjects = zip(*pairs, strict=True)
    rows = session.execute(
        _FIRE,
        {"campaign_id": campaign.id, "run_id": run_id, "people": list(people), "subjects": list(subjects), "now": now},
    )
    fired: dict[UUID, list[DueBill]] = defaultdict(list)
    for row in rows:
        fired[row.person_id].append(pairs[row.person_id, row.subject])
    return fired


def _words(campaign: Campaign, bills: Sequence[DueBill], now: datetime) -> dict[str, str]:
    """The campaign's words about these bills, in both languages."""
    said, first = campaign.said, min(bill.due_on for bill in bills)
    due = day_text(first.isoformat())
    found = {"link": said.link}
    for language, title, body in (("zh", said.title.zh, said.body.zh), ("en", said.title.en, said.body.en)):
        values = dict(said.fields) | _values(bills, first, due, language, taipei_date(now))
        found |= {f"title_{language}": words.filled(title, values), f"body_{language}": words.filled(body, values)}
    return found


def _values(bills: Sequence[DueBill], first: date, due: Text, language: str, today: date) -> dict[str, str]:
    return {
        "count": str(len(bills)),
        "total": f"{sum(bill.amount_twd for bill in bills):,}",
        "due": due.in_language(language),
        "days": str((first - today).days),
    }


def _subject(bill: DueBill) -> str:
    return f"bill:{bill.bill_id}"


_SUBSCRIBERS = text(
    """
    SELECT person_id, jsonb_object_agg(subject, id) AS subscriptions FROM notify.subscription
     WHERE topic_id = :topic_id AND status = 'live' AND person_id > :after
     GROUP BY person_id ORDER BY person_id LIMIT :most
    """
)
_FIRE = text(
    """
    INSERT INTO notify.trigger_fired (campaign_id, subject, person_id, run_id, fired_at)
    SELECT :campaign_id, subject, person_id, :run_id, :now
      FROM unnest(CAST(:people AS uuid[]), CAST(:subjects AS text[])) AS u (person_id, subject)
     ORDER BY subject, person_id
    ON CONFLICT DO NOTHING RETURNING person_id, subject
    """
)
_ADD = text(
    """
    WITH added AS (
        INSERT INTO notify.candidate (run_id, person_id, subscription_id, topic_id, priority, deadline, interest,
                                      not_before, fields)
        SELECT :run_id, u.person_id, u.subscription_id, :topic_id, :priority, :deadline,
               coalesce((i.opened + 1)::real / (i.sent + 2), 0.5),
               notify.awake_at(coalesce(p.quiet_from, :quiet_from), coalesce(p.quiet_until, :quiet_until),
                               coalesce(p.timezone, :zone), :now), CAST(u.fields AS jsonb)
          FROM unnest(CAST(:people AS uuid[]), CAST(:subscriptions AS uuid[]), CAST(:fields AS text[]))
                   AS u (person_id, subscription_id, fields)
               LEFT JOIN notify.preference p ON p.person_id = u.person_id
               LEFT JOIN notify.interest i ON i.person_id = u.person_id AND i.topic_id = :topic_id
        ON CONFLICT (run_id, person_id) DO NOTHING
        RETURNING person_id, not_before
    )
    SELECT count(*) AS audience, count(*) FILTER (WHERE a.not_before > :now) AS asleep,
           count(*) FILTER (WHERE NOT EXISTS (SELECT FROM notify.device d
                                               WHERE d.person_id = a.person_id AND d.gone_at IS NULL)) AS unreachable
      FROM added a
    """
)
_OPEN = text(
    """
    SELECT r.id, r.campaign_id FROM notify.run r JOIN notify.campaign c ON c.id = r.campaign_id
     WHERE c.schedule ->> 'kind' = 'event' AND r.status IN ('deciding', 'done') AND NOT r.is_held AND r.deadline > :now
       AND (r.status = 'deciding'
            OR EXISTS (SELECT FROM notify.delivery d WHERE d.event_id = r.id AND d.status = 'pending'))
    """
)
_WAITING = text(
    """
    SELECT c.person_id, ARRAY(SELECT f.subject FROM notify.trigger_fired f
                               WHERE f.run_id = c.run_id AND f.person_id = c.person_id) AS subjects
      FROM notify.candidate c
     WHERE c.run_id = :run_id AND c.status = 'waiting' AND c.not_before <= :now
     ORDER BY c.person_id LIMIT :most FOR NO KEY UPDATE OF c SKIP LOCKED
    """
)
_WITHDRAW = text(
    """
    UPDATE notify.candidate SET status = 'withdrawn', reason = 'need_passed', decided_at = :now
     WHERE run_id = :run_id AND person_id = ANY(:people) AND status = 'waiting'
    """
)
_REWORD = text(
    "UPDATE notify.candidate SET fields = CAST(:fields AS jsonb) WHERE run_id = :run_id AND person_id = :person_id"
)
_PENDING = text(
    """
    SELECT DISTINCT m.person_id, ARRAY(SELECT f.subject FROM notify.trigger_fired f
                                        WHERE f.run_id = :run_id AND f.person_id = m.person_id) AS subjects
      FROM notify.delivery d JOIN notify.message m ON m.id = d.message_id
     WHERE d.event_id = :run_id AND d.status = 'pending' LIMIT :most
    """
)
_WITHDRAW_DELIVERIES = text(
    """
    UPDATE notify.delivery SET status = 'withdrawn', settled_at = :now, last_error = 'need_passed'
     WHERE id IN (SELECT d.id FROM notify.delivery d JOIN notify.message m ON m.id = d.message_id
                   WHERE d.event_id = :run_id AND d.status = 'pending' AND d.next_at <= :now
                     AND m.person_id = ANY(:people)
                   ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED)
    """
)
