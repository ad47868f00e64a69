"""What is said about redemptions, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text
from points import limits

REASONS: Final[Mapping[str, Text]] = {
    "citizen": Text("顧客在手機上拒絕", "the customer said no on the phone"),
    "no_answer": Text("顧客沒有在時間內確認", "the customer did not confirm in time"),
    "till": Text("店家取消", "the till called it off"),
    "desk": Text("承辦人員檢視後不同意", "the desk looked at it and said no"),
}


def redeemed_at(shop: Text) -> Text:
    """How the history tells of points used there, with a place for {points}."""
    name = Text(_plain(shop.zh), _plain(shop.en))
    return Text(f"在{name.zh}使用 {{points}} 點", f"{{points}} points used at {name.en}")


def of_reason(reason: str) -> Text | None:
    """Why a redemption stands as it does, for people; None where nothing is to be said."""
    if not reason:
        return None
    return REASONS.get(reason) or limits.words_of(reason)


def _plain(name: str) -> str:
    # The name goes into a text that is filled in later: its own braces are no places.
    return name.replace("{", "{{").replace("}", "}}")
