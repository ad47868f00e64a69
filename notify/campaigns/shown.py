"""Campaigns as an answer shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.clock import on_the_wire
from core.counts import Count
from core.ids import typeid
from core.text import Text
from identity.officer_models import Officer
from identity.words import BUREAU_NAMES
from notify.campaigns import history, reports, stops
from notify.campaigns.campaigns import PRIORITIES, Campaign
from notify.campaigns.estimates import Estimate
from notify.campaigns.forecasts import OF_AUDIENCE, OF_SENDING
from notify.campaigns.previews import Preview
from notify.channels import gauges

_REASONS = {
    "asleep": (Text("在勿擾時段，醒來才響", "in their quiet hours: it rings when they wake"), "asleep_now"),
    "cap": (Text("當天已達個人上限", "no room left under their own daily cap"), "capped"),
    "deadline": (Text("醒來時已過期限", "the deadline passes before they wake"), "expired"),
    "unreachable": (Text("推播到不了，只進信箱", "no push reaches them: the inbox alone"), "unreachable"),
}


def campaigns_shown(session: Session, found: Collection[Campaign], language: str) -> list[dict[str, Any]]:
    """Several campaigns, without their history."""
    people = {
        officer
        for campaign in found
        for officer in (campaign.written_by, campaign.submitted_by, campaign.approved_by)
        if officer is not None
    }
    cards = _cards(session, people)
    names = _topic_names(session, {campaign.topic_id for campaign in found})
    return [_campaign(campaign, cards, names[campaign.topic_id], language) for campaign in found]


def campaign_shown(session: Session, campaign: Campaign, language: str) -> dict[str, Any]:
    """One campaign with all that happened to it."""
    lines = [
        {
            "what": line.what,
            "at": on_the_wire(line.at),
            "by": line.by_name or None,
            "from_state": line.from_state,
            "to_state": line.to_state,
            "version": line.version,
            "note": stops.told(line.note, language) if line.what == "stopped" else line.note,
            "own_phones": line.own_phones,
        }
        for line in history.of(session, campaign.id)
    ]
    return {**campaigns_shown(session, [campaign], language)[0], "history": lines}


def estimate_shown(estimate: Estimate, language: str) -> dict[str, Any]:
    """An estimate, with what each reason does."""
    numbers = {name: count_shown(getattr(estimate, name), language) for name in (*OF_AUDIENCE, *OF_SENDING)}
    reasons = [
        {"reason": reason, "text": words.in_language(language), "count": numbers[name]}
        for reason, (words, name) in _REASONS.items()
    ]
    moments = {"at": on_the_wire(estimate.at), "made_at": on_the_wire(estimate.made_at)}
    return {**moments, **numbers, "by_reason": reasons}


def report_shown(report: reports.Report, campaign: Campaign, language: str) -> dict[str, Any]:
    """A report or the progress of a campaign."""
    return {
        "id": typeid("cmp", campaign.id),
        "name": campaign.name,
        "state": campaign.state,
        "version": campaign.version,
        "next_run_at": _moment(campaign.next_run_at),
        "totals": counts_shown(report.totals, language),
        "runs": [_run(run, language) for run in report.runs],
    }


def sending_shown(sending: reports.Sending, language: str) -> dict[str, Any]:
    """One line of the city's view."""
    return {
        "bureau": sending.bureau,
        "bureau_name": BUREAU_NAMES[sending.bureau].in_language(language),
        "topic": sending.topic,
        "topic_name": sending.topic_name.in_language(language),
        "week": sending.week.isoformat(),
        "runs": sending.runs,
        "counts": {name: count_shown(sending.counts[name], language) for name in reports.SENDING},
    }


def channel_shown(state: gauges.State, language: str) -> dict[str, Any]:
    """One channel: whether messages leave by it now."""
    return {
        "channel": state.name,
        "name": gauges.NAMES[state.name].in_language(language),
        "is_open": state.closed_until is None,
        "closed_until": on_the_wire(state.closed_until) if state.closed_until else None,
        "alerts_pass": state.closed_until is None or state.alerts_pass,
    }


def preview_shown(preview: Preview) -> dict[str, Any]:
    """One language's preview."""
    return {
        "language": preview.language,
        "title": preview.title,
        "body": preview.body,
        "link": preview.link,
        "lock_screen": {"title": preview.shown_title, "lines": list(preview.shown_lines)},
    }


def counts_shown(counts: Mapping[str, Count], language: str) -> dict[str, Any]:
    """Several numbers."""
    return {name: count_shown(count, language) for name, count in counts.items()}


def count_shown(count: Count, language: str) -> dict[str, Any]:
    """One number."""
    return {"text": count.text.in_language(language), "value": count.value}


def _campaign(campaign: Campaign, cards: Mapping[UUID, Any], topic_name: Text, language: str) -> dict[str, Any]:
    return {
        "id": typeid("cmp", campaign.id),
        "bureau": campaign.bureau,
        "bureau_name": BUREAU_NAMES[campaign.bureau].in_language(language),
        "topic": campaign.topic,
        "topic_name": topic_name.in_language(language),
        "name": campaign.name,
        "state": campaign.state,
        "content": campaign.content,
        "audience": campaign.audience,
        "priority": PRIORITIES[campaign.priority - 1],
        "deadline": _moment(campaign.deadline),
        "schedule": campaign.schedule,
        "channels": campaign.channels,
        "next_run_at": _moment(campaign.next_run_at),
        "version": campaign.version,
        "hash": campaign.agreed_hash.hex(),
        "written_by": cards.get(campaign.written_by),
        "submitted_by": cards.get(campaign.submitted_by) if campaign.submitted_by else None,
        "submitted_at": _moment(campaign.submitted_at),
        "approved_by": cards.get(campaign.approved_by) if campaign.approved_by else None,
        "approved_at": _moment(campaign.approved_at),
        "created_at": on_the_wire(campaign.created_at),
        "updated_at": on_the_wire(campaign.updated_at),
    }


def _run(run: reports.RunReport, language: str) -> dict[str, Any]:
    return {
        "id": typeid("run", run.id),
        "status": run.status,
        "is_held": run.is_held,
        "begun_at": on_the_wire(run.begun_at),
        "resolved_at": _moment(run.resolved_at),
        "ended_at": _moment(run.ended_at),
        "deadline": on_the_wire(run.deadline),
        "counts": counts_shown(run.counts, language),
    }


def _cards(session: Session, officers: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    query = select(Officer.id, Officer.staff_number, Officer.name).where(Officer.id.in_(officers))
    return {row.id: {"staff_number": row.staff_number, "name": row.name} for row in session.execute(query)}


def _topic_names(session: Session, topics: Collection[int]) -> dict[int, Text]:
    return {row.id: Text(row.name_zh, row.name_en) for row in session.execute(_TOPICS, {"ids": list(topics)})}


def _moment(moment: datetime | None) -> str | None:
    return on_the_wire(moment) if moment else None


_TOPICS = text("SELECT id, name_zh, name_en FROM notify.topic WHERE id = ANY(:ids)")
