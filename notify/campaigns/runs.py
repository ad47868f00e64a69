"""Sending: a run begins when its campaign is due, and finds its people in chunks that a crash cannot undo or repeat.

Each chunk is one transaction: the next people by their id, what was counted of them, and how far it has got
(`resolved_to`). Nobody is held in memory. When all are found, the cap decides on them (`notify/cap`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.ids import new_uuid
from core.text import Text
from identity.words import BUREAU_NAMES
from notify import passes
from notify.campaigns import (
    audience_sql,
    campaigns,
    candidates,
    estimates,
    moves,
    schedules,
    stops,
    tallies,
    triggers,
    words,
)
from notify.campaigns.campaigns import Campaign
from notify.cap.rounds import GATHER_SECONDS

_log = logging.getLogger("mykaohsiung.campaigns")

CHUNK = 5_000
"""Subscriptions looked at in one transaction; more where few of them belong to the audience."""
MOST_CHUNK = 80_000

_BEFORE_ALL, _AFTER_ALL = UUID(int=0), UUID(int=2**128 - 1)
_WHY = Text(
    "您訂閱了「{topic}」，這是{bureau}發給訂閱者的訊息。",
    "You subscribed to “{topic}”, and this was sent to its subscribers by the {bureau}.",
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One transaction's work: how many people were found, and whether they were the last."""

    found: int
    is_last: bool


def start_due(now: datetime) -> None:
    """Begin every campaign whose time has come, find people for what has begun, end what is done.

    A campaign that does not keep the rules of its topic as they are now is ended instead, and says why.

    Opens its own units of work. Run by several workers at once, no run begins twice and no chunk is done twice.
    """
    ends_at = passes.ends_at()
    failed: set[UUID] = set()
    while begin_next(now, failed) and not passes.is_over(ends_at):
        pass
    with db.single_statements() as session:
        open_runs = list(session.execute(_RESOLVING).scalars())
    _resolve_in_turn(open_runs, now, ends_at)
    finish_campaigns(now)


def begin_next(now: datetime, failed: set[UUID] | None = None) -> bool:
    """Begin the run of one campaign that is due and in nobody else's hands; whether there was one.

    One that cannot begin is added to `failed`, and passed over where it stands there.
    """
    failed = set() if failed is None else failed
    campaign = None
    try:
        with db.unit_of_work() as session:
            campaign = campaigns.due(session, now, failed)
            if campaign is None:
                return False
            _begin(session, campaign, now)
    except Exception:
        if campaign is None:
            raise
        _log.exception("campaign %s cannot begin", campaign.id)
        failed.add(campaign.id)
    return True


def resolve(run_id: UUID, now: datetime) -> int:
    """Find the run's people, chunk by chunk, until all are found. Answers how many.

    Another worker may have the run in hand: then this one leaves it.
    """
    found, size = 0, CHUNK
    while chunk := resolve_chunk(run_id, now, size):
        found += chunk.found
        if chunk.is_last:
            break
        size = _next_size(size, chunk)
    return found


def _resolve_in_turn(run_ids: Sequence[UUID], now: datetime, ends_at: float) -> None:
    """A chunk of each, over and over until the pass ends: one for the whole city keeps no small one waiting."""
    sizes = dict.fromkeys(run_ids, CHUNK)
    while sizes:
        for run_id, size in list(sizes.items()):
            try:
                chunk = resolve_chunk(run_id, now, size)
            except Exception:
                # One run that cannot go on keeps no other waiting; it is tried again in the next pass.
                _log.exception("run %s cannot go on", run_id)
                chunk = None
            if chunk is None or chunk.is_last:
                del sizes[run_id]
            else:
                sizes[run_id] = _next_size(size, chunk)
            if passes.is_over(ends_at):
                return


def _next_size(size: int, chunk: Chunk) -> int:
    return min(size * 2, MOST_CHUNK) if chunk.found < CHUNK // 4 else CHUNK


def resolve_chunk(run_id: UUID, now: datetime, size: int = CHUNK) -> Chunk | None:
    """Find the next people of a run. None where there is nothing to find, or somebody else is at it."""
    with db.unit_of_work() as session:
        run = session.execute(_TAKE, {"id": run_id}).one_or_none()
        if run is None:
            return None
        campaign = campaigns.read(session, run.campaign_id)
        after = run.resolved_to or _BEFORE_ALL
        if isinstance(campaign.planned, schedules.OnEvent):
            step = triggers.resolve_some(session, campaign, run, after=after, now=now)
            counts, upto = step.counts, step.upto
        else:
            counts, upto = _resolve_some(session, campaign, run, after=after, size=size, now=now)
        is_last = upto is None
        before = tallies.read(session, run_id)["audience"] if is_last else 0
        is_too_few = is_last and _is_too_few(campaign, before + counts["audience"], now)
        status = "resolving" if not is_last else "stopped" if is_too_few else "deciding"
        session.execute(
            _RESOLVED,
            {"id": run_id, "upto": upto or _AFTER_ALL, "status": status, "ended_at": now if is_too_few else None,
             "resolved_at": now if is_last else None},
        )  # fmt: skip
        if is_too_few:
            moves.note_stop(session, campaign, stops.as_note({stops.TOO_FEW}), now=now)
        tallies.add(session, run_id, counts)
    return Chunk(counts["audience"], is_last)


def _is_too_few(campaign: Campaign, found: int, now: datetime) -> bool:
    """Whether so few are left of those whom it was approved for that it would not have been submitted."""
    return not moves.is_for_one_thing(campaign) and estimates.audience_of(campaign, found, now).value is None


def finish_campaigns(now: datetime) -> None:
    """End the campaigns of which nothing is left to send; one that will be sent again waits for that."""
    with db.single_statements() as session:
        over = list(session.execute(_OVER).scalars())
    for campaign_id in over:
        with db.unit_of_work() as session:
            still = session.execute(_STILL_OVER, {"id": campaign_id}).one_or_none()
            if still is None:
                continue
            campaign = campaigns.read(session, campaign_id)
            if campaign.next_run_at is None:
                # That its only sending was stopped stands in its history already.
                moves.finish(session, campaign, what=None if still.was_stopped else "done", now=now)
            else:
                moves.wait_for_next(session, campaign, now=now)


def _begin(session: Session, campaign: Campaign, now: datetime) -> None:
    assert campaign.next_run_at is not None
    if campaign.deadline is not None and campaign.deadline <= now:
        moves.finish(session, campaign, what="too_late", now=now)
        return
    broken = campaigns.broken_rules(session, campaign)
    if campaign.agreed_hash != campaign.approved_hash:
        broken = frozenset({stops.OTHER_WORDS})
    if broken:
        moves.finish(session, campaign, what="stopped", reason=stops.as_note(broken), now=now)
        return
    following = schedules.next_after(campaign.planned, now)
    run_id = new_uuid()
    session.execute(_CONTENT, _content(session, campaign) | {"id": run_id, "now": now})
    session.execute(
        _RUN,
        {
            "id": run_id, "campaign_id": campaign.id, "now": now, "scheduled_for": campaign.next_run_at,
            "round_at": now + timedelta(seconds=GATHER_SECONDS),
            "deadline": schedules.worth_until(campaign.planned, campaign.deadline, now),
        },
    )  # fmt: skip
    moves.begin(session, campaign, next_run_at=following, now=now)


def _content(session: Session, campaign: Campaign) -> dict[str, Any]:
    said = campaign.said
    of_event = schedules.fields_of(campaign.planned)
    own = {name: value for name, value in said.fields.items() if name not in of_event}
    topic = session.execute(_TOPIC_NAME, {"id": campaign.topic_id}).one()
    why = _WHY.format(topic=Text(topic.name_zh, topic.name_en), bureau=BUREAU_NAMES[campaign.bureau])
    return {
        "title_zh": words.filled(said.title.zh, own), "title_en": words.filled(said.title.en, own),
        "body_zh": words.filled(said.body.zh, own), "body_en": words.filled(said.body.en, own),
        "link": said.link,
        "why": orjson.dumps(_agreed(campaign) | {"explanation": {"zh": why.zh, "en": why.en}}).decode(),
    }  # fmt: skip


def _agreed(campaign: Campaign) -> dict[str, Any]:
    """What was agreed on when the run begins, whatever becomes of the campaign: for whom, and by whom."""
    written_by, approved_by = (str(each) if each else None for each in (campaign.written_by, campaign.approved_by))
    return {
        "campaign": str(campaign.id), "audience": campaign.audience, "written_by": written_by,
        "approved_by": approved_by,
    }  # fmt: skip


def _resolve_some(
    session: Session, campaign: Campaign, run: Any, *, after: UUID, size: int, now: datetime
) -> tuple[dict[str, int], UUID | None]:
    """Make candidates of the people of the next `size` subscriptions; up to whom, None where they were the last."""
    subject = campaign.meant_for.subject
    edge = text(_EDGE.format(only="" if subject is None else "AND subject = :subject"))
    upto = session.execute(
        edge, {"topic_id": campaign.topic_id, "subject": subject, "after": after, "skip": size - 1}
    ).scalar()
    meant = audience_sql.compiled(campaign.meant_for, campaign.topic_id, now=run.begun_at)
    values = {**meant.parameters, "after": after, "upto": upto or _AFTER_ALL}
    chosen = _CHOSEN.format(condition=meant.condition)
    return candidates.add(session, chosen, values, campaign=campaign, run=run, now=now), upto


_RESOLVING = text("SELECT id FROM notify.run WHERE status = 'resolving' ORDER BY begun_at")
_TAKE = text(
    """
    SELECT id, campaign_id, resolved_to, begun_at, deadline FROM notify.run
     WHERE id = :id AND status = 'resolving' FOR NO KEY UPDATE SKIP LOCKED
    """
)
_RESOLVED = text(
    """
    UPDATE notify.run
       SET resolved_to = :upto, status = :status, resolved_at = CAST(:resolved_at AS timestamptz),
           ended_at = CAST(:ended_at AS timestamptz)
     WHERE id = :id
    """
)
_CONTENT = text(
    """
    INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at)
    VALUES (:id, :title_zh, :title_en, :body_zh, :body_en, :link, CAST(:why AS jsonb), :now)
    """
)
# A second run for the same moment of the same campaign is refused by run_once_for_each_moment.
_RUN = text(
    """
    INSERT INTO notify.run (id, campaign_id, content_id, scheduled_for, round_at, deadline, begun_at)
    VALUES (:id, :campaign_id, :id, :scheduled_for, :round_at, :deadline, :now)
    """
)
_TOPIC_NAME = text("SELECT name_zh, name_en FROM notify.topic WHERE id = :id")
_EDGE = """
    SELECT person_id FROM notify.subscription
     WHERE topic_id = :topic_id AND status = 'live' AND person_id > :after {only}
     ORDER BY person_id OFFSET :skip LIMIT 1
"""
_CHOSEN = """
        SELECT DISTINCT ON (s.person_id) s.person_id, s.id AS subscription_id, s.topic_id, CAST(NULL AS jsonb) AS fields
          FROM notify.subscription AS s
         WHERE s.person_id > :after AND s.person_id <= :upto AND {condition}
         ORDER BY s.person_id, s.id
"""
_OVER_NOW = """
    c.state = 'sending'
       AND NOT EXISTS (SELECT FROM notify.run r WHERE r.campaign_id = c.id AND r.status IN ('resolving', 'deciding'))
       AND NOT EXISTS (SELECT FROM notify.run r JOIN notify.delivery d ON d.event_id = r.id AND d.status = 'pending'
                        WHERE r.campaign_id = c.id AND r.status = 'done')
"""
_OVER = text(f"SELECT c.id FROM notify.campaign c WHERE {_OVER_NOW}")  # noqa: S608
_STILL_OVER = text(
    f"""
    SELECT (SELECT r.status = 'stopped' FROM notify.run r WHERE r.campaign_id = c.id ORDER BY r.begun_at DESC LIMIT 1)
           AS was_stopped
      FROM notify.campaign c WHERE c.id = :id AND {_OVER_NOW} FOR NO KEY UPDATE OF c SKIP LOCKED
    """  # noqa: S608
)
