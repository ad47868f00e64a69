"""What a fleet will take from a day on: terms that one officer proposes with their source, and another agrees to.

Terms are never changed: the next ones begin on a day that is still to come, so that what riders were told stays true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms, words
from accessibility.fleets.errors import TermsBeginThen
from accessibility.fleets.terms import Terms
from core.clock import TAIPEI, taipei_date
from core.errors import FieldError, InvalidRequest, NotFound
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval

KIND: Final = "accessibility.fleet_terms"
ROLES: Final = ("dispatcher",)
FURTHEST: Final = timedelta(days=366)
MEMBERS: Final = (
    "opens_at", "closes_at", "areas", "areas_beyond", "tiers", "closes_minutes", "is_only_for_eligible",
    "free_until_minutes", "late_fee_twd", "late_points", "is_pooled_obligatory", "widest_chair_cm", "longest_chair_cm",
    "heaviest_chair_kg", "source", "is_confirmed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a fleet's terms, and from when it counts."""

    valid_from: datetime
    terms: Terms


def fleets(session: Session) -> list[Any]:
    """Every fleet: code, kind, name, phone, is_open, and when its next terms begin (None: none are agreed)."""
    return list(session.execute(_FLEETS).all())


def history(session: Session, fleet: str) -> list[Version]:
    """Every version of a fleet's terms, the newest first. Raises NotFound."""
    if session.execute(_FLEET, {"fleet": fleet}).first() is None:
        raise NotFound
    rows = session.execute(_HISTORY, {"fleet": fleet}).all()
    return [Version(row.valid_from, terms.terms_of(row)) for row in rows]


def propose(session: Session, fleet: str, wanted: Mapping[str, Any], *, by: Actor, now: datetime) -> Approval:
    """Propose terms from the beginning of `first_day` in Taipei on: `wanted` holds it and MEMBERS, as JSON.

    Raises NotFound, InvalidRequest, TermsBeginThen.
    """
    if session.execute(_FLEET, {"fleet": fleet}).first() is None:
        raise NotFound
    first_day = date.fromisoformat(wanted["first_day"])
    if not taipei_date(now) < first_day <= taipei_date(now) + FURTHEST:
        raise InvalidRequest(errors=[FieldError("/first_day", "is not tomorrow or within a year")])
    _require_free(session, fleet, first_day)
    body = {"fleet": fleet, "first_day": wanted["first_day"], **{name: wanted[name] for name in MEMBERS}}
    return approvals.propose(session, kind=KIND, subject=fleet, body=body, reason=wanted["source"], by=by, now=now)


def register() -> None:
    """Let dispatchers decide what another proposed."""
    approvals.on_approved(KIND, ROLES, _begin, _shown, title=Text("車隊的新條件", "A fleet's new terms"))


def _begin(session: Session, approval: Approval, now: datetime) -> None:
    body = approval.body
    first_day = date.fromisoformat(body["first_day"])
    # Decided too late, it would change what counts today under offers that are being looked at.
    if first_day <= taipei_date(now):
        raise TermsBeginThen
    values = {**body, "from": _beginning(first_day), "tiers": orjson.dumps(body["tiers"]).decode()}
    for name in ("opens_at", "closes_at"):
        values[name] = time.fromisoformat(body[name])
    if session.execute(_ADD, values).first() is None:
        raise TermsBeginThen


def _require_free(session: Session, fleet: str, first_day: date) -> None:
    if session.execute(_BEGINS, {"fleet": fleet, "from": _beginning(first_day)}).first() is not None:
        raise TermsBeginThen


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time.min, TAIPEI)


def _shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    new = Terms(
        time.fromisoformat(body["opens_at"]), time.fromisoformat(body["closes_at"]),
        None if body["areas"] is None else frozenset(body["areas"]), frozenset(body["areas_beyond"]),
        terms.tiers_from(body["tiers"]), *(body[name] for name in MEMBERS[5:]),
    )  # fmt: skip
    says_so = Text("車隊或主管機關已確認", "the fleet or its authority says so") if new.is_confirmed else Text(
        "未經確認", "not confirmed"
    )  # fmt: skip
    only = Text("只服務符合資格的人", "those alone who are entitled") if new.is_only_for_eligible else Text(
        "所有人", "everybody"
    )  # fmt: skip
    pooled = Text("不得拒絕共乘", "shared rides must be taken") if new.is_pooled_obligatory else Text(
        "可不共乘", "one may ride alone"
    )  # fmt: skip
    return [
        Shown(Text("車隊", "Fleet"), body["fleet"]),
        Shown(Text("開始日", "From"), body["first_day"]),
        Shown(Text("服務時間", "Hours"), words.hours(new)),
        Shown(Text("服務區域", "Area"), words.area(new)),
        Shown(Text("預約", "Booking"), words.booking(new)),
        Shown(Text("取消", "Cancelling"), words.cancellation(new)),
        Shown(Text("輪椅", "Wheelchairs"), words.chair(new)),
        Shown(Text("對象", "For whom"), only),
        Shown(Text("共乘", "Sharing"), pooled),
        Shown(Text("依據", "Source"), body["source"]),
        Shown(Text("確認", "Confirmed"), says_so),
    ]


_FLEETS = text(
    """
    SELECT f.code, f.kind, f.name_zh, f.name_en, f.phone, f.is_open FROM accessibility.fleet AS f
     ORDER BY f.place, f.code
    """
)
_FLEET = text("SELECT 1 FROM accessibility.fleet WHERE code = :fleet")
_HISTORY = text("SELECT * FROM accessibility.fleet_terms WHERE fleet = :fleet ORDER BY valid_from DESC")
_BEGINS = text("SELECT 1 FROM accessibility.fleet_terms WHERE fleet = :fleet AND valid_from = :from")
_ADD = text(
    """
    INSERT INTO accessibility.fleet_terms (
        fleet, valid_from, opens_at, closes_at, areas, areas_beyond, tiers, closes_minutes, is_only_for_eligible,
        free_until_minutes, late_fee_twd, late_points, is_pooled_obligatory, widest_chair_cm, longest_chair_cm,
        heaviest_chair_kg, source, is_confirmed)
    VALUES (:fleet, :from, :opens_at, :closes_at, CAST(:areas AS text[]), CAST(:areas_beyond AS text[]),
            CAST(:tiers AS jsonb), :closes_minutes, :is_only_for_eligible, :free_until_minutes, :late_fee_twd,
            :late_points, :is_pooled_obligatory, :widest_chair_cm, :longest_chair_cm, :heaviest_chair_kg, :source,
            :is_confirmed)
    ON CONFLICT DO NOTHING RETURNING 1
    """
)
