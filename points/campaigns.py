"""Campaigns: who funds points, for which event, how many, and from which budget. A campaign is a row, not code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.ids import new_uuid
from core.text import Text
from ledger import book
from points.earning import rules
from points.earning.kinds import PAYMENT_CAPTURED
from points.earning.rules import Caps, Condition, Window

ASSET = "PT"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a campaign promises: points for each event of `event_kind`, and `points_per_step` for each whole step of
    what the event measures (for a payment NT$ without the fee; `rail` None means any).

    All `conditions` must be met; the best of the `windows` that hold multiplies. Where `week_days` are named, only who
    does it on each of them in one week (Monday to Sunday in Taipei) earns, once a week. Lots live `lifetime_months` and
    expire at the end of that month in Taipei.
    """

    code: str
    name: Text
    bureau: str
    rail: str | None
    points_per_payment: int
    points_per_step: int
    step_twd: int
    points_per_person_and_day: int | None
    lifetime_months: int
    valid_from: datetime
    valid_until: datetime
    event_kind: str = PAYMENT_CAPTURED
    conditions: tuple[Condition, ...] = ()
    windows: tuple[Window, ...] = ()
    week_days: tuple[int, ...] = ()
    points_per_person: int | None = None
    times_per_person: int | None = None

    @property
    def caps(self) -> Caps:
        """The most that one person may have."""
        return Caps(self.points_per_person_and_day, self.points_per_person, self.times_per_person)

    def points_for(self, measured: int, at: datetime) -> int:
        """The points for an event at that moment that measures so much: so many NT$ paid without the fee, say."""
        usual = self.points_per_payment + self.points_per_step * (measured // self.step_twd)
        return usual * rules.percent_at(self.windows, at) // rules.NO_BONUS


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that is or was open. `budget_account` is its account in the book, which may not go below zero;
    `counts_until` is from when events no longer count: its end, or when it was ended before."""

    id: UUID
    terms: Terms
    budget_account: UUID
    counts_until: datetime


def open_campaign(session: Session, terms: Terms, *, budget_points: int, now: datetime) -> UUID | None:
    """Open a campaign with `budget_points`, funded by its bureau. Answers its id, or None when the code is in use."""
    campaign_id = new_uuid()
    values = {
        **values_of(terms),
        "id": campaign_id,
        "status": "approved",
        "budget": budget_points,
        "by": None,
        "now": now,
    }
    if session.execute(WRITE, {**values, "now": now}).scalar() is None:
        return None
    fund(session, terms, budget_points, uuid5(campaign_id, "budget"), now=now)
    return campaign_id


def fund(session: Session, terms: Terms, points: int, transfer_id: UUID, *, now: datetime) -> None:
    """Move so many points from the bureau into the campaign's budget; the same transfer again does nothing."""
    budget = book.open_account(session, budget_code(terms.code), ASSET, now=now, never_negative=True)
    funding = book.open_account(
        session, f"points:funding:{terms.bureau}", ASSET, now=now, normal_side=book.Side.DEBIT, is_hot=True
    )
    posting = book.Posting(transfer_id, funding, budget, points, ASSET, "campaign budget", terms.code)
    book.post(session, [posting], now=now)


def budget_code(code: str) -> str:
    """The code in the book of the budget of the campaign with this code."""
    return f"points:campaign:{code}"


def ensure_demo_campaign(session: Session, now: datetime) -> None:
    """The demo city's campaign: 10 points for each payment from the city's own bank, and 1 for every NT$100 of it."""
    year = now.astimezone(TAIPEI).year
    terms = Terms(
        code="pay-from-bank-of-kaohsiung",
        name=Text("高雄銀行繳費集點", "Points for paying from the Bank of Kaohsiung"),
        bureau="finance",
        rail="bank_of_kaohsiung",
        points_per_payment=10,
        points_per_step=1,
        step_twd=100,
        points_per_person_and_day=None,
        lifetime_months=12,
        valid_from=datetime(year, 1, 1, tzinfo=TAIPEI),
        valid_until=datetime(year + 2, 1, 1, tzinfo=TAIPEI),
    )
    open_campaign(session, terms, budget_points=1_000_000_000, now=now)


def locked_for(session: Session, event_kind: str, *, at: datetime, rail: str | None = None) -> list[Campaign]:
    """The campaigns that are for such an event at that moment, locked until the transaction ends.

    The lock makes budget and caps exact. It costs no more than the book does anyway: a balance that may not go below
    zero is one row that its spenders take turns at.
    """
    return [campaign_from(row) for row in session.execute(_FOR_EVENT, {"kind": event_kind, "rail": rail, "at": at})]


def locked_of_kind(session: Session, event_kind: str) -> dict[UUID, Campaign]:
    """All campaigns that such events may have earned from, locked, so that a grant and its undoing take turns."""
    return {row.id: campaign_from(row) for row in session.execute(_OF_KIND, {"kind": event_kind})}


def campaign_from(row: Row[Any]) -> Campaign:
    """A campaign, of its row."""
    terms = Terms(
        code=row.code,
        name=Text(row.name_zh, row.name_en),
        bureau=row.bureau,
        rail=row.rail,
        points_per_payment=row.points_per_payment,
        points_per_step=row.points_per_step,
        step_twd=row.step_twd,
        points_per_person_and_day=row.points_per_person_and_day,
        lifetime_months=row.lifetime_months,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        event_kind=row.event_kind,
        conditions=rules.conditions_from(row.conditions),
        windows=rules.windows_from(row.windows),
        week_days=tuple(row.week_days),
        points_per_person=row.points_per_person,
        times_per_person=row.times_per_person,
    )
    return Campaign(row.id, terms, row.budget_account, min(row.valid_until, row.ended_at or row.valid_until))


def values_of(terms: Terms) -> dict[str, Any]:
    """What `WRITE` puts down of the terms."""
    return {
        "code": terms.code, "name_zh": terms.name.zh, "name_en": terms.name.en, "bureau": terms.bureau,
        "event_kind": terms.event_kind, "rail": terms.rail, "points_per_payment": terms.points_per_payment,
        "points_per_step": terms.points_per_step, "step_twd": terms.step_twd,
        "daily": terms.points_per_person_and_day, "in_all": terms.points_per_person, "times": terms.times_per_person,
        "months": terms.lifetime_months, "valid_from": terms.valid_from, "valid_until": terms.valid_until,
        "conditions": orjson.dumps(rules.conditions_as_json(terms.conditions)).decode(),
        "windows": orjson.dumps(rules.windows_as_json(terms.windows)).decode(),
        "week_days": list(terms.week_days), "budget_account": book.account_id(budget_code(terms.code)),
    }  # fmt: skip


WRITE = text(
    """
    INSERT INTO points.campaign (id, code, name_zh, name_en, bureau, event_kind, rail, points_per_payment,
                                 points_per_step, step_twd, points_per_person_and_day, points_per_person,
                                 times_per_person, lifetime_months, valid_from, valid_until, conditions, windows,
                                 week_days, budget_account, budget_points, status, written_by, created_at, approved_at)
    VALUES (:id, :code, :name_zh, :name_en, :bureau, :event_kind, :rail, :points_per_payment, :points_per_step,
            :step_twd, :daily, :in_all, :times, :months, :valid_from, :valid_until, CAST(:conditions AS jsonb),
            CAST(:windows AS jsonb), CAST(:week_days AS smallint[]), :budget_account, :budget, :status, :by, :now,
            CASE WHEN :status = 'approved' THEN CAST(:now AS timestamptz) END)
    ON CONFLICT (code) DO NOTHING
    RETURNING id
    """
)
_FOR_EVENT = text(
    """
    SELECT * FROM points.campaign
     WHERE event_kind = :kind AND (rail IS NULL OR rail = :rail) AND status <> 'draft'
       AND valid_from <= :at AND :at < least(valid_until, ended_at)
     ORDER BY id FOR NO KEY UPDATE
    """
)
_OF_KIND = text(
    "SELECT * FROM points.campaign WHERE event_kind = :kind AND status <> 'draft' ORDER BY id FOR NO KEY UPDATE"
)
