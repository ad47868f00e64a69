"""Somebody rings whoever sits in a vehicle that cannot go on and for whom nobody was found at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from accessibility.reminders import ringing
from core import db
from core.text import Text

_RUNG_AFTER: Final = timedelta(minutes=1)
_WORDS: Final = Text(
    "這位乘客坐在故障的車上，問了所有車隊還沒有車。請先打給乘客，問人在哪裡、安不安全，再逐一打電話給車隊，直到有車。",
    "This rider sits in a vehicle that broke down, and no fleet has one yet. Ring them first: where are they, and are "
    "they safe? Then ring the fleets until there is a vehicle.",
)


def ring(now: datetime) -> int:
    """The sweep: have them rung, once each time that their vehicle is lost. Answers how many."""
    with db.unit_of_work() as session:
        rows = session.execute(_WAITING, {"before": now - _RUNG_AFTER}).all()
        rung = 0
        for row in rows:
            values = {"ride": row.id, "round": int(row.sought_since.timestamp()), "rider": row.rider_id, "now": now}
            if session.execute(_ONCE, values).first() is not None:
                rung += ringing.ring(session, row.rider_id, row.id, _WORDS, now)
    return rung


_WAITING = text(
    """
    SELECT id, rider_id, sought_since FROM accessibility.ride
     WHERE status = 'reseeking' AND is_rescue AND sought_since <= :before ORDER BY sought_since LIMIT 100
    """
)
_ONCE = text(
    """
    INSERT INTO accessibility.ride_reminder (ride_id, kind, round, rider_id, at)
    VALUES (:ride, 'rescue', :round, :rider, :now) ON CONFLICT DO NOTHING RETURNING ride_id
    """
)
