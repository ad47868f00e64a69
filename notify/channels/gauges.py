"""The gates of the channels, as duty officers and Prometheus see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.text import Text

NAMES: Mapping[str, Text] = MappingProxyType(
    {
        "line": Text("LINE", "LINE"),
        "push": Text("App 推播（FCM）", "Apps (FCM)"),
        "sms": Text("簡訊", "Text messages"),
        "webpush": Text("瀏覽器：其他", "Browsers: others"),
        "webpush.apple": Text("瀏覽器：Apple", "Browsers: Apple"),
        "webpush.google": Text("瀏覽器：Google", "Browsers: Google"),
        "webpush.microsoft": Text("瀏覽器：Microsoft", "Browsers: Microsoft"),
        "webpush.mozilla": Text("瀏覽器：Mozilla", "Browsers: Mozilla"),
    }
)


@dataclass(frozen=True, slots=True)
class State:
    """One gate: until when nobody but alerts sends through it, None while it is open; whether alerts do meanwhile."""

    name: str
    closed_until: datetime | None
    closed_why: str | None
    alerts_pass: bool


def states(session: Session) -> list[State]:
    """Every gate, by name."""
    return [State(*row) for row in session.execute(_STATES)]


def exposition(session: Session) -> bytes:
    """The gates in Prometheus text format, as they stand now."""
    registry = CollectorRegistry()
    closed = Gauge("mykaohsiung_channel_closed", "Whether a channel is closed", ["channel"], registry=registry)
    until = Gauge("mykaohsiung_channel_closed_until_seconds", "Until when it is", ["channel"], registry=registry)
    for each in states(session):
        closed.labels(each.name).set(each.closed_until is not None)
        if each.closed_until is not None:
            until.labels(each.name).set(each.closed_until.timestamp())
    return bytes(generate_latest(registry))


_STATES = text("SELECT name, closed_until, closed_why, alerts_pass FROM notify.channel ORDER BY name")
