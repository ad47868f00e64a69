"""The demo city's campaigns beside the one for paying: one for each way to earn, funded by the bureau whose aim it is.

The one for the first passkey is a draft, for two officers at the desk to try out and open.
"""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.ids import new_uuid
from core.text import Text
from points.campaigns import WRITE, Terms, open_campaign, values_of
from points.earning.rules import Condition, Window

_BUDGET = 10_000_000
_LARGE_AND_EARLY = (Condition("due_before", equal=True), Condition("amount_twd", least=20_000))
_WHOLE_TRIP = (Condition("operator", of=("KRTC", "KLRT")), Condition("is_complete", equal=True))


def ensure_demo_campaigns(session: Session, now: datetime) -> None:
    """Open them; again does nothing."""
    year = now.astimezone(TAIPEI).year
    valid_from, valid_until = datetime(year, 1, 1, tzinfo=TAIPEI), datetime(year + 2, 1, 1, tzinfo=TAIPEI)

    def opened(code: str, name: Text, bureau: str, event_kind: str, points: int, **more: object) -> None:
        usual = {
            "rail": None, "points_per_step": 0, "step_twd": 1, "points_per_person_and_day": None,
            "lifetime_months": 12, "valid_from": valid_from, "valid_until": valid_until,
        }  # fmt: skip
        terms = {"code": code, "name": name, "bureau": bureau, "event_kind": event_kind, "points_per_payment": points}
        made = Terms(**{**usual, **terms, **more})  # type: ignore[arg-type]
        if event_kind == "deed.passkey":
            draft = {"id": new_uuid(), "status": "draft", "budget": _BUDGET, "by": None, "now": now}
            session.execute(WRITE, values_of(made) | draft)
        else:
            open_campaign(session, made, budget_points=_BUDGET, now=now)

    opened(
        "large-bill-before-due", Text("大額帳單提早繳集點", "Points for paying a large bill early"), "treasury",
        "wallet.payment_captured", 20, conditions=_LARGE_AND_EARLY, points_per_person_and_day=40,
    )  # fmt: skip
    opened(
        "first-passkey", Text("第一次用通行金鑰登入", "Your first passkey"), "economic", "deed.passkey", 50,
        times_per_person=1,
    )  # fmt: skip
    opened(
        "ride", Text("搭捷運輕軌集點", "Points for riding metro and light rail"), "transport", "deed.ride", 2,
        conditions=_WHOLE_TRIP, windows=(Window(200, week_days=(6, 7)), Window(200, (), time(22, 0))),
        points_per_person_and_day=8,
    )  # fmt: skip
    opened(
        "ride-every-weekday", Text("公共運輸常客", "Regulars of public transport"), "transport", "deed.ride", 50,
        conditions=_WHOLE_TRIP, week_days=(1, 2, 3, 4, 5),
    )  # fmt: skip
    opened(
        "volunteering", Text("志工時數集點", "Points for volunteering"), "social_affairs", "deed.volunteering", 0,
        points_per_step=10, step_twd=1, conditions=(Condition("hours", least=2),), points_per_person_and_day=80,
    )  # fmt: skip
    opened(
        "health-check-in", Text("健康打卡集點", "Points for health check-ins"), "health", "deed.health_check_in", 3,
        points_per_person_and_day=3, points_per_person=500,
    )  # fmt: skip
