"""Campaigns that something sets off: a bill about to be due. Each person hears of each thing once. What becomes of it
afterwards is the matter of `bills_told`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from notify.campaigns import candidates, ports, schedules
from notify.campaigns.bill_words import subject_of, words_about
from notify.campaigns.campaigns import Campaign
from notify.campaigns.ports import Bill

CHUNK = 500
"""People whose bills are asked for in one transaction."""


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
    told: dict[UUID, tuple[UUID, list[Bill]]] = {}
    for row in subscribed:
        chosen = _chosen(row.subscriptions, bills.get(row.person_id, ()))
        if chosen is not None:
            told[row.person_id] = chosen
    fired = _fire(session, campaign, run.id, told, now)
    found = [
        {
            "person": person_id,
            "subscription": told[person_id][0],
            "fields": words_about(campaign.said, due, taipei_date(now)),
        }
        for person_id, due in fired.items()
    ]
    if not found:
        return Step({"audience": 0}, upto)
    values = {
        "topic_id": campaign.topic_id,
        "people": [each["person"] for each in found],
        "subscriptions": [each["subscription"] for each in found],
        "fields": [orjson.dumps(each["fields"]).decode() for each in found],
    }
    return Step(candidates.add(session, _CHOSEN, values, campaign=campaign, run=run, now=now), upto)


def _bills_of(
    session: Session, campaign: Campaign, people: Sequence[UUID], now: datetime
) -> Mapping[UUID, Sequence[Bill]]:
    planned = campaign.planned
    assert isinstance(planned, schedules.OnEvent)
    today = taipei_date(now)
    found: dict[UUID, list[Bill]] = defaultdict(list)
    if people:
        until = today + timedelta(days=planned.days_before)
        for bill in ports.bills_due(session, bureau=campaign.bureau, people=people, due_from=today, due_to=until):
            found[bill.person_id].append(bill)
    return found


def _chosen(subscriptions: Mapping[str, str], bills: Sequence[Bill]) -> tuple[UUID, list[Bill]] | None:
    """By which subscription a person hears of which bills: of all of them, or of the one they asked about that is due
    first (another such one has its turn on another day)."""
    if not bills:
        return None
    if "" in subscriptions:
        return UUID(subscriptions[""]), list(bills)
    asked = [bill for bill in bills if subject_of(bill) in subscriptions]
    if not asked:
        return None
    first = min(asked, key=lambda bill: (bill.due_on, bill.bill_id))
    return UUID(subscriptions[subject_of(first)]), [first]


def _fire(
    session: Session, campaign: Campaign, run_id: UUID, told: Mapping[UUID, tuple[UUID, list[Bill]]], now: datetime
) -> dict[UUID, list[Bill]]:
    """Of these, what this campaign never told these people: it is marked as told from this commit on."""
    pairs = {(person_id, subject_of(bill)): bill for person_id, (_, bills) in told.items() for bill in bills}
    if not pairs:
        return {}
    people, subjects = zip(*pairs, strict=True)
    rows = session.execute(
        _FIRE,
        {"campaign_id": campaign.id, "run_id": run_id, "people": list(people), "subjects": list(subjects), "now": now},
    )
    fired: dict[UUID, list[Bill]] = defaultdict(list)
    for row in rows:
        fired[row.person_id].append(pairs[row.person_id, row.subject])
    return fired


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
_CHOSEN = """
        SELECT u.person_id, u.subscription_id, CAST(:topic_id AS integer) AS topic_id, CAST(u.fields AS jsonb) AS fields
          FROM unnest(CAST(:people AS uuid[]), CAST(:subscriptions AS uuid[]), CAST(:fields AS text[]))
                   AS u (person_id, subscription_id, fields)
"""
