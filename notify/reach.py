"""Whom a campaign can ring: one condition for what is estimated, what is counted and what is delivered.

A push goes to every live device but LINE, which costs money. Whoever has no such device is reached by LINE where they
have linked it, or by a text message, as far as the campaign pays for it (`channels/paid.py`). That somebody has no
mobile number shows only when a text message is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def by_push(person: str) -> str:
    """SQL: whether a push reaches the person whose id stands in that column."""
    found = f"SELECT FROM notify.device v WHERE v.person_id = {person} AND v.gone_at IS NULL AND v.kind <> 'line'"
    return f"EXISTS ({found})"


def by_money(person: str) -> str:
    """SQL: whether a paid channel would reach the person whose id stands in that column and whom no push reaches; with
    the parameters of `paid_channels`."""
    line = f"SELECT FROM notify.device v WHERE v.person_id = {person} AND v.gone_at IS NULL AND v.kind = 'line'"
    return f"(CAST(:pays_sms AS boolean) OR CAST(:pays_line AS boolean) AND EXISTS ({line}))"


def by_any(person: str) -> str:
    """SQL: whether anything reaches the person whose id stands in that column, while there is money for it."""
    return f"({by_push(person)} OR {by_money(person)})"


def paid_channels(channels: Mapping[str, Any]) -> dict[str, bool]:
    """What a campaign pays for, as the parameters of `by_money`."""
    return {"pays_sms": bool(channels.get("sms")), "pays_line": bool(channels.get("line"))}
