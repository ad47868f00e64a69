"""What costs money: text messages and LINE, for people whom nothing else reaches, within two limits.

A campaign names what it may spend, a bureau has a budget for the month of Taipei's calendar. The money is reserved in
the transaction that writes the message, before anybody is asked to send it; what is not sent is given back. Where the
money ends, the rest of the people have the message in their inbox alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.settings import settings
from notify import reach

CHANNELS = frozenset({"sms", "line"})
# NT$ for one text message of one part, and for one message of LINE, rounded up.
PRICES_TWD = {"sms": 1, "line": 1}


@dataclass(frozen=True, slots=True)
class Fallback:
    """A message that would be sent through a paid channel; `device_id` where that is LINE."""

    message_id: UUID
    channel: str
    device_id: UUID | None


def fall_back(
    session: Session,
    people: Collection[UUID],
    runs: Collection[UUID],
    now: datetime,
    *,
    counts: Mapping[UUID, Counter[str]] | None = None,
) -> int:
    """Line up the paid way for the messages of these runs that were just written to people of whom no other device is
    left, as far as the money goes. To be called in the transaction that wrote them, with the same `now`.

    Answers how many were lined up. In the `counts` of a run, those for whom the money did not last are unreachable.
    """
    allowed = session.execute(_RUNS_THAT_PAY, {"runs": list(runs)}).all() if runs else []
    wanted: dict[UUID, list[Fallback]] = {}
    for run in allowed:
        rows = session.execute(_UNREACHED, {"run": run.id, "people": list(people), "now": now})
        wanted[run.id] = [fallback for row in rows if (fallback := _fallback(row, run.channels)) is not None]
    paying = [run for run in allowed if wanted[run.id]]
    if not paying:
        return 0
    money = _locked(session, paying, now)
    lined_up = 0
    for run in paying:
        paid_for = money.affordable(run, wanted[run.id])
        if paid_for:
            _line_up(session, run, paid_for, money.month, now)
        lined_up += len(paid_for)
        if counts is not None:
            counts[run.id]["unreachable"] += len(wanted[run.id]) - len(paid_for)
    money.reserve(session)
    return lined_up


def people_paid_for(
    session: Session, *, campaign_id: UUID, bureau: str, channels: Mapping[str, Any], now: datetime
) -> int:
    """For how many people a campaign with these channels has money left now. Nothing is reserved."""
    prices = [price for channel, price in PRICES_TWD.items() if channels.get(channel)]
    if not prices:
        return 0
    values = {"campaign": campaign_id, "bureau": bureau, "month": taipei_date(now).replace(day=1)}
    row = session.execute(_LEFT, values | {"limit": settings().paid_month_twd}).one()
    room: int = min(int(channels.get("budget_twd") or 0) - row.used_twd, row.month_left_twd)
    return max(0, room // max(prices))


def settle(session: Session, deliveries: Sequence[UUID]) -> None:
    """The money of these deliveries, which are finished: spent where they were handed over, given back where not."""
    if not deliveries:
        return
    of_campaign: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    of_bureau: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for row in session.execute(_MARK_SETTLED, {"ids": list(deliveries)}):
        for sums in (of_campaign[row.campaign_id], of_bureau[row.bureau, row.budget_month]):
            sums[0] += row.cost_twd
            sums[1] += row.spent_twd
    # Always the campaigns before the budgets, each in one order: whoever reserves locks them so, too (`_locked`).
    for campaign_id, (reserved, spent) in sorted(of_campaign.items()):
        session.execute(_CAMPAIGN_SETTLED, {"id": campaign_id, "reserved": reserved, "spent": spent})
    for (bureau, month), (reserved, spent) in sorted(of_bureau.items()):
        session.execute(_BUREAU_SETTLED, {"bureau": bureau, "month": month, "reserved": reserved, "spent": spent})


def settle_withdrawn(now: datetime) -> None:
    """Give back the money of deliveries that were withdrawn before any sender took them up."""
    with db.unit_of_work() as session:
        settle(session, list(session.execute(_FINISHED_WITH_MONEY).scalars()))


def _fallback(row: Any, channels: dict[str, Any]) -> Fallback | None:
    if channels.get("line") and row.line_device is not None:
        return Fallback(row.message_id, "line", row.line_device)
    if channels.get("sms"):
        return Fallback(row.message_id, "sms", None)
    return None


@dataclass(slots=True)
class _Money:
    """What the campaigns of some runs have used and their bureaus have left of a month, locked until the end."""

    month: date
    used_of_campaigns: dict[UUID, int]
    left_of_bureaus: dict[str, int]
    taken_of_campaigns: Counter[UUID] = field(default_factory=Counter)
    taken_of_bureaus: Counter[str] = field(default_factory=Counter)

    def affordable(self, run: Any, wanted: Sequence[Fallback]) -> list[Fallback]:
        """As many of the first as both limits of the run have room for: taken from both."""
        room = min(
            run.channels["budget_twd"] - self.used_of_campaigns[run.campaign_id], self.left_of_bureaus[run.bureau]
        )
        paid_for: list[Fallback] = []
        cost = 0
        for fallback in wanted:
            if cost + PRICES_TWD[fallback.channel] > room:
                break
            cost += PRICES_TWD[fallback.channel]
            paid_for.append(fallback)
        self.used_of_campaigns[run.campaign_id] += cost
        self.left_of_bureaus[run.bureau] -= cost
        self.taken_of_campaigns[run.campaign_id] += cost
        self.taken_of_bureaus[run.bureau] += cost
        return paid_for

    def reserve(self, session: Session) -> None:
        """Write down what was taken."""
        for campaign, cost in self.taken_of_campaigns.items():
            session.execute(_RESERVE_OF_CAMPAIGN, {"campaign": campaign, "cost": cost})
        for bureau, cost in self.taken_of_bureaus.items():
            session.execute(_RESERVE_OF_BUDGET, {"bureau": bureau, "month": self.month, "cost": cost})


def _locked(session: Session, runs: Sequence[Any], now: datetime) -> _Money:
    """The money of all these runs: every campaign before every budget, each in one order, as `settle` has it."""
    month = taipei_date(now).replace(day=1)
    campaigns = {"campaigns": sorted({run.campaign_id for run in runs})}
    budgets = {"bureaus": sorted({run.bureau for run in runs}), "month": month}
    session.execute(_OPEN_CAMPAIGNS, campaigns)
    used = {row.campaign_id: int(row.used_twd) for row in session.execute(_LOCK_CAMPAIGNS, campaigns)}
    session.execute(_OPEN_BUDGETS, budgets | {"limit": settings().paid_month_twd})
    left = {row.bureau: int(row.left_twd) for row in session.execute(_LOCK_BUDGETS, budgets)}
    return _Money(month, used, left)


def _line_up(session: Session, run: Any, paid_for: Sequence[Fallback], month: date, now: datetime) -> None:
    session.execute(
        _LINE_UP,
        {
            "messages": [each.message_id for each in paid_for],
            "devices": [each.device_id for each in paid_for],
            "channels": [each.channel for each in paid_for],
            "costs": [PRICES_TWD[each.channel] for each in paid_for],
            "run": run.id, "urgency": run.priority, "now": now, "until": run.deadline,
            "month": month,
        },
    )  # fmt: skip


_FINISHED_WITH_MONEY = text(
    "SELECT id FROM notify.delivery WHERE budget_month IS NOT NULL AND status <> 'pending' ORDER BY id LIMIT 5000"
)
_RUNS_THAT_PAY = text(
    """
    SELECT r.id, r.deadline, c.id AS campaign_id, c.bureau, c.priority, c.channels
      FROM notify.run r JOIN notify.campaign c ON c.id = r.campaign_id
     WHERE r.id = ANY(CAST(:runs AS uuid[]))
       AND (CAST(c.channels ->> 'sms' AS boolean) OR CAST(c.channels ->> 'line' AS boolean))
     ORDER BY c.id, r.id
    """
)
_LEFT = text(
    """
    SELECT coalesce((SELECT reserved_twd + spent_twd FROM notify.campaign_spending WHERE campaign_id = :campaign), 0)
               AS used_twd,
           coalesce((SELECT limit_twd - reserved_twd - spent_twd FROM notify.paid_budget
                      WHERE bureau = :bureau AND month = :month), CAST(:limit AS bigint)) AS month_left_twd
    """
)
_UNREACHED = text(
    f"""
    SELECT m.id AS message_id,
           (SELECT v.id FROM notify.device AS v
             WHERE v.person_id = m.person_id AND v.gone_at IS NULL AND v.kind = 'line'
             ORDER BY v.last_seen_at DESC LIMIT 1) AS line_device
      FROM notify.message AS m
     WHERE m.run_id = :run AND m.person_id = ANY(CAST(:people AS uuid[])) AND m.created_at = :now
       AND CAST(m.why ->> 'rang' AS boolean)
       AND NOT {reach.by_push("m.person_id")}
     ORDER BY m.id
    """  # noqa: S608
)
_OPEN_CAMPAIGNS = text(
    """
    INSERT INTO notify.campaign_spending (campaign_id)
    SELECT c FROM unnest(CAST(:campaigns AS uuid[])) AS c ORDER BY c ON CONFLICT DO NOTHING
    """
)
_LOCK_CAMPAIGNS = text(
    """
    SELECT campaign_id, reserved_twd + spent_twd AS used_twd FROM notify.campaign_spending
     WHERE campaign_id = ANY(CAST(:campaigns AS uuid[])) ORDER BY campaign_id FOR UPDATE
    """
)
_OPEN_BUDGETS = text(
    """
    INSERT INTO notify.paid_budget (bureau, month, limit_twd)
    SELECT b, :month, :limit FROM unnest(CAST(:bureaus AS text[])) AS b ORDER BY b COLLATE "C" ON CONFLICT DO NOTHING
    """
)
_LOCK_BUDGETS = text(
    """
    SELECT bureau, limit_twd - reserved_twd - spent_twd AS left_twd FROM notify.paid_budget
     WHERE bureau = ANY(CAST(:bureaus AS text[])) AND month = :month ORDER BY bureau COLLATE "C" FOR UPDATE
    """
)
_RESERVE_OF_CAMPAIGN = text(
    "UPDATE notify.campaign_spending SET reserved_twd = reserved_twd + :cost WHERE campaign_id = :campaign"
)
_RESERVE_OF_BUDGET = text(
    "UPDATE notify.paid_budget SET reserved_twd = reserved_twd + :cost WHERE bureau = :bureau AND month = :month"
)
_LINE_UP = text(
    """
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, channel, urgency, status, next_at, expires_at,
                                 cost_twd, budget_month)
    SELECT gen_random_uuid(), u.message_id, u.device_id, :run, u.channel, :urgency, 'pending', :now, :until, u.cost_twd,
           :month
      FROM unnest(CAST(:messages AS uuid[]), CAST(:devices AS uuid[]), CAST(:channels AS text[]),
                  CAST(:costs AS smallint[])) AS u (message_id, device_id, channel, cost_twd)
    """
)
# A month that is forgotten marks the money as settled: a second word about the same delivery changes nothing.
_MARK_SETTLED = text(
    """
    WITH finished AS (
        SELECT d.id, d.cost_twd, d.budget_month, d.status, c.id AS campaign_id, c.bureau
          FROM notify.delivery AS d
          JOIN notify.message AS m ON m.id = d.message_id
          JOIN notify.run AS r ON r.id = m.run_id JOIN notify.campaign AS c ON c.id = r.campaign_id
         WHERE d.id = ANY(CAST(:ids AS uuid[])) AND d.status <> 'pending' AND d.budget_month IS NOT NULL
         ORDER BY d.id FOR UPDATE OF d
    ), marked AS (
        UPDATE notify.delivery AS d SET budget_month = NULL FROM finished WHERE d.id = finished.id
    )
    SELECT campaign_id, bureau, budget_month, sum(cost_twd) AS cost_twd,
           coalesce(sum(cost_twd) FILTER (WHERE status = 'handed_over'), 0) AS spent_twd
      FROM finished GROUP BY campaign_id, bureau, budget_month
    """
)
_CAMPAIGN_SETTLED = text(
    """
    UPDATE notify.campaign_spending SET reserved_twd = reserved_twd - :reserved, spent_twd = spent_twd + :spent
     WHERE campaign_id = :id
    """
)
_BUREAU_SETTLED = text(
    """
    UPDATE notify.paid_budget SET reserved_twd = reserved_twd - :reserved, spent_twd = spent_twd + :spent
     WHERE bureau = :bureau AND month = :month
    """
)
