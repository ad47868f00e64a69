"""The notice before points lapse."""

from __future__ import annotations

from core.text import Text
from notify.wording import Wording

EXPIRING_SOON = Wording(
    kind="points_expiring_soon",
    title=Text("{points} 點快到期了", "{points} points lapse soon"),
    body=Text("{ends}。可以折抵繳費、在店家使用或兌換。", "{ends}. Use them for a bill, at a shop, or exchange them."),
    link="/app/points",
    explanation=Text(
        "點數到期前 30 天、7 天和 1 天各提醒一次（{moment}）。",
        "You are told 30 days, 7 days and 1 day before your points lapse ({moment}).",
    ),
    push_ttl_seconds=None,
)
