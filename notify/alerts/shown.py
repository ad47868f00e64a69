"""Alerts as they go over the wire, in the caller's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import counts
from core.clock import on_the_wire
from core.ids import typeid
from identity.officer_models import Officer
from notify.alerts.intake import RECORDED_BECAUSE
from notify.alerts.records import Alert
from notify.campaigns.shown import count_shown


def alert_shown(alert: Alert, language: str) -> dict[str, Any]:
    """An alert as a bureau's system sees it."""
    summary = alert.summary
    because = alert.because if alert.because in RECORDED_BECAUSE else None
    return {
        "id": typeid("alr", alert.id),
        "identifier": alert.identifier,
        "sender": alert.sender,
        "sender_name": summary["sender_name"],
        "sent_at": on_the_wire(alert.sent_at),
        "status": alert.status,
        "is_drill": alert.is_drill,
        "msg_type": alert.msg_type,
        "audience": alert.audience,
        "about": [typeid("alr", about) for about in alert.about],
        "source": alert.source,
        "is_signature_trusted": alert.is_signature_trusted,
        "event": summary["event"],
        "severity": alert.severity,
        "urgency": summary["urgency"],
        "certainty": summary["certainty"],
        "title": alert.title.in_language(language) if alert.title else None,
        "body": alert.body.in_language(language) if alert.body else None,
        "areas": summary["areas"],
        "parts": summary["parts"],
        "web": summary["web"],
        "recorded_because": because,
        "recorded_because_text": RECORDED_BECAUSE[because].in_language(language) if because else None,
        "expires_at": on_the_wire(alert.expires_at),
        "received_at": on_the_wire(alert.received_at),
        "approvals_needed": _approvals_needed(alert),
        **counts_shown(alert, {"people": alert.people, "devices": alert.devices}, language),
        "repeats": alert.repeats,
        "ended_at": _moment(alert.ended_at),
        "ended_how": alert.ended_how,
    }


def counts_shown(alert: Alert, exact: Mapping[str, int], language: str) -> dict[str, Any]:
    """Numbers of an alert as everybody may see them, duty officers, too: whoever can draw an area around one house
    would read from exact ones who was there."""
    question = {"alert": str(alert.id)}
    return {what: count_shown(counts.published(n, {**question, "of": what}), language) for what, n in exact.items()}


def duty_alerts_shown(session: Session, alerts: Collection[Alert], language: str) -> list[dict[str, Any]]:
    """Alerts as duty officers see them, with who entered and who approved each."""
    officers = {each for alert in alerts for each in (alert.received_by, alert.approved_by) if each is not None}
    query = select(Officer.id, Officer.staff_number, Officer.name).where(Officer.id.in_(officers))
    cards = {row.id: {"staff_number": row.staff_number, "name": row.name} for row in session.execute(query)}
    return [
        {
            **alert_shown(alert, language),
            "received_by": cards.get(alert.received_by) if alert.received_by else None,
            "approved_by": cards.get(alert.approved_by) if alert.approved_by else None,
            "approved_at": _moment(alert.approved_at),
        }
        for alert in alerts
    ]


def _approvals_needed(alert: Alert) -> int:
    if alert.status != "awaiting_approval":
        return 0
    return 1 if alert.received_by else 2


def _moment(at: datetime | None) -> str | None:
    return on_the_wire(at) if at else None
