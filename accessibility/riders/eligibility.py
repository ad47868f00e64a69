"""Who may book rides, and for what: by the bureau's register, or by a diagnosis paper that a desk has accepted.

The register is asked with the rider's own ID number; nobody types a certificate. What it answered counts until it
answers otherwise or the certificate runs out, but no longer than `KEPT` without being heard of again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.riders import ports
from accessibility.riders.errors import MedicalTripsOnly, NotEligible
from core import crypto, db
from core.clock import taipei_date
from core.errors import RateLimited, Unavailable
from core.text import Text
from identity import attempts, people
from identity.ports import asking_outside
from partners.bureaus.client import RideStanding

Severity = Literal["mild", "moderate", "severe", "profound"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
MEDICAL: Final = "medical"
CHECKS: Final = attempts.Limit("eligibility_checks", 10, timedelta(days=1), extends=False)
ASKED_EVERY: Final = timedelta(days=1)
KEPT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What somebody is entitled to. `severity` is that on the certificate; None: there is a diagnosis paper instead,
    and `medical_only` trips are booked. `books_first`: medical trips open first for them. `card` is whose monthly or
    yearly quota of points they have; `valid_until` the last day, None: no end is known."""

    severity: Severity | None
    needs_wheelchair: bool
    medical_only: bool
    books_first: bool = False
    is_low_income: bool = False
    card: Literal["disability", "senior"] | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything known of somebody: what they are entitled to (None: to nothing, for `reason`), the words of it, and
    when the register last answered (None: never)."""

    eligibility: Eligibility | None
    reason: Literal["", "not_asked", "none", "run_out"]
    answered_at: datetime | None


def standing(session: Session, rider_id: UUID, now: datetime, *, on: date | None = None) -> Standing:
    """What is known of this person now, as far as it counts on that day in Taipei (None: today)."""
    day = on or taipei_date(now)
    row = session.execute(_OF, {"rider": rider_id, "today": day}).one()
    is_heard = row.answered_at is not None and row.answered_at > now - KEPT
    has_run_out = row.valid_until is not None and row.valid_until < day
    if is_heard and row.has_certificate and not has_run_out:
        entitled = Eligibility(
            row.severity, row.needs_wheelchair, False, row.books_first, row.is_low_income, row.card, row.valid_until
        )
        return Standing(entitled, "", row.answered_at)
    if row.paper_until is not None:
        card = row.card if is_heard and row.card == "senior" else None
        is_low_income = is_heard and bool(row.is_low_income)
        by_paper = Eligibility(None, True, True, False, is_low_income, card, row.paper_until)
        return Standing(by_paper, "", row.answered_at)
    if not is_heard:
        return Standing(None, "not_asked", row.answered_at)
    return Standing(None, "run_out" if row.has_certificate else "none", row.answered_at)


def cards_of(session: Session, rider_id: UUID, now: datetime) -> tuple[str, ...]:
    """The cards with a quota of points that the register says this person has then, also where nothing else is theirs.
    The disability card ends with the certificate that it is."""
    row = session.execute(_CARD, {"rider": rider_id, "since": now - KEPT, "day": taipei_date(now)}).first()
    return () if row is None or row.card is None else (str(row.card),)


def require(session: Session, rider_id: UUID, purpose: str, now: datetime, *, on: date | None = None) -> Eligibility:
    """What entitles this person to a ride for that purpose on that day in Taipei (None: today).

    Raises NotEligible, MedicalTripsOnly.
    """
    known = standing(session, rider_id, now, on=on)
    if known.eligibility is None:
        assert known.reason
        raise NotEligible(REASON_WORDS[known.reason], reason=known.reason)
    if known.eligibility.medical_only and purpose != MEDICAL:
        raise MedicalTripsOnly
    return known.eligibility


def refresh(rider_id: UUID, now: datetime) -> None:
    """Ask the register where it has not answered today; in units of work of its own. What it said before counts while
    it is silent."""
    with db.unit_of_work() as session:
        asked_at = session.execute(_ASKED_AT, {"rider": rider_id}).scalar()
    if asked_at is not None and asked_at > now - ASKED_EVERY:
        return
    try:
        ask(rider_id, now)
    except (Unavailable, RateLimited):
        if asked_at is None or asked_at <= now - KEPT:
            raise


def ask(rider_id: UUID, now: datetime) -> None:
    """Ask the register now, in units of work of its own, at most ten times a day. Raises RateLimited, Unavailable."""
    with db.unit_of_work() as session:
        subject = crypto.blind_index(str(rider_id), purpose="attempt")
        attempts.take_or_refuse(session, subject, CHECKS, now=now)
        national_id = people.opened_national_id(people.get(session, rider_id))
    with asking_outside():
        told = ports.certificate_register.ride_standing(national_id)
    with db.unit_of_work() as session:
        hear(session, rider_id, told, now=now)


def hear(session: Session, rider_id: UUID, told: RideStanding, *, now: datetime) -> None:
    """Write down what the register says now, unless something later is known."""
    session.execute(
        _HEAR,
        {"rider": rider_id, "has_certificate": told.has_certificate, "severity": told.severity,
         "needs_wheelchair": told.needs_wheelchair, "books_first": told.books_first, "valid_until": told.valid_until,
         "card": told.card, "is_low_income": told.is_low_income, "now": now},
    )  # fmt: skip


REASON_WORDS: Final = {
    "not_asked": Text(
        "還沒有向社會局查驗您的資格。請先按「查驗資格」，幾秒鐘就好，不用填任何證件資料。",
        "The register has not been asked about you yet. Press “Check eligibility”: it takes seconds and nothing is "
        "typed.",
    ),
    "none": Text(
        "社會局查無您的身心障礙證明。若您有需要輪椅的診斷文件，可以送到服務櫃檯審核（只限就醫）；剛拿到證明請隔天再查。",
        "The register knows no disability certificate of yours. A diagnosis paper that a wheelchair is needed can be "
        "handed in at a counter (medical trips only). If you have just received a certificate, check again tomorrow.",
    ),
    "run_out": Text(
        "您的身心障礙證明到乘車那天已經到期。請洽區公所換發，換發後重新查驗。",
        "Your disability certificate does not last until the ride. Have it renewed at the district office, then check "
        "again.",
    ),
}

_OF = text(
    """
    SELECT e.*, (SELECT max(p.valid_until) FROM accessibility.wheelchair_paper p
                  WHERE p.rider_id = :rider AND p.status = 'accepted' AND p.valid_until >= :today) AS paper_until
      FROM (SELECT 1) AS always LEFT JOIN accessibility.entitlement e ON e.rider_id = :rider
    """
)
_ASKED_AT = text("SELECT answered_at FROM accessibility.entitlement WHERE rider_id = :rider")
_HEAR = text(
    """
    INSERT INTO accessibility.entitlement (rider_id, has_certificate, severity, needs_wheelchair, books_first,
                                           valid_until, card, is_low_income, answered_at)
    VALUES (:rider, :has_certificate, :severity, :needs_wheelchair, :books_first, :valid_until, :card, :is_low_income,
            :now)
    ON CONFLICT (rider_id) DO UPDATE
       SET has_certificate = excluded.has_certificate, severity = excluded.severity,
           needs_wheelchair = excluded.needs_wheelchair, books_first = excluded.books_first,
           valid_until = excluded.valid_until, card = excluded.card, is_low_income = excluded.is_low_income,
           answered_at = excluded.answered_at
     WHERE entitlement.answered_at <= excluded.answered_at
    """
)
_CARD = text(
    "SELECT card FROM accessibility.entitlement WHERE rider_id = :rider AND answered_at > :since "
    "AND (card <> 'disability' OR valid_until IS NULL OR valid_until >= :day)"
)
