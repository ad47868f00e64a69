"""A later last day for those who could not use their points: a decision of two officers, carried out in batches.

It is for one person (an illness), or for the lots of a bureau's campaigns or of one campaign (the tills stood still).
Lots whose last day lies between two days get a later one; of those that have ended already, what lapsed comes back.
The proposal says how many people, lots and points that would be. Warnings need no re-planning: they look at the lots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import TAIPEI
from core.errors import Conflict, FieldError, InvalidRequest
from core.ids import new_uuid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from ledger import book
from points import texts
from points.campaigns import ASSET
from points.entries import Change, about_lot, write_entry
from points.expiry import EXPIRED

APPROVAL: Final = "points.extension"
BATCH: Final = 2000
LONGEST: Final = timedelta(days=366)


class NothingToExtend(Conflict):
    """No lot fits, so there is nothing to decide."""

    slug = "nothing-to-extend"
    title = Text("沒有可以延長的點數", "There is nothing to extend")
    explanation = Text(
        "這段期間沒有符合條件的點數到期。請檢查對象和日期。",
        "No points that fit end between these days. Please check whom it is for, and the days.",
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose lots (exactly one of person, bureau and campaign code), between which last days, until which one, why."""

    person_id: UUID | None
    bureau: str | None
    campaign: str | None
    first_day: date
    last_day: date
    until_day: date
    reason: Text


@dataclass(frozen=True, slots=True)
class Numbers:
    """What it would do: `lapsed` of the points have lapsed and would come back."""

    people: int
    lots: int
    points: int
    lapsed: int


@dataclass(frozen=True, slots=True)
class Extension:
    """A proposal or decision, with the numbers that it was proposed with."""

    id: UUID
    status: str
    wanted: Wanted
    numbers: Numbers
    approval_id: UUID
    proposed_at: datetime
    done_at: datetime | None


def estimate(session: Session, wanted: Wanted) -> Numbers:
    """How many people, lots and points it would be now. Raises InvalidRequest for days that do not fit."""
    if not wanted.first_day <= wanted.last_day < wanted.until_day <= wanted.last_day + LONGEST:
        raise InvalidRequest(errors=[FieldError("until_day", "is not after the last day and within a year of it")])
    if wanted.last_day - wanted.first_day > LONGEST:
        raise InvalidRequest(errors=[FieldError("last_day", "is not within a year after the first")])
    if sum(each is not None for each in (wanted.person_id, wanted.bureau, wanted.campaign)) != 1:
        raise InvalidRequest(errors=[FieldError("bureau", "is to be given, or a person, or a campaign: one of them")])
    row = session.execute(_NUMBERS, _values(wanted)).one()
    return Numbers(row.people, row.lots, int(row.points), int(row.lapsed))


def propose(session: Session, wanted: Wanted, *, by: Actor, now: datetime) -> Extension:
    """Write it down with its numbers, for another officer to decide. Raises InvalidRequest, NothingToExtend."""
    numbers = estimate(session, wanted)
    if not numbers.lots:
        raise NothingToExtend
    extension_id = new_uuid()
    body = {
        "extension_id": str(extension_id),
        "whom": wanted.bureau or wanted.campaign or "",
        "first_day": wanted.first_day.isoformat(),
        "last_day": wanted.last_day.isoformat(),
        "until_day": wanted.until_day.isoformat(),
        "people": numbers.people,
        "lots": numbers.lots,
        "points": numbers.points,
        "lapsed": numbers.lapsed,
    }
    approval = approvals.propose(
        session, kind=APPROVAL, subject=typeid("ext", extension_id), body=body, reason=wanted.reason.zh, by=by,
        person_id=wanted.person_id, now=now,
    )  # fmt: skip
    session.execute(
        _ADD,
        {**_values(wanted), "id": extension_id, "first_day": wanted.first_day, "last_day": wanted.last_day,
         "until_day": wanted.until_day, "zh": wanted.reason.zh, "en": wanted.reason.en, "people": numbers.people,
         "lots": numbers.lots, "points": numbers.points, "lapsed": numbers.lapsed, "approval_id": approval.id,
         "now": now},
    )  # fmt: skip
    return Extension(extension_id, "proposed", wanted, numbers, approval.id, now, None)


def page(session: Session, *, limit: int, after: UUID | None) -> list[Extension]:
    """The newest first."""
    return [_extension(row) for row in session.execute(_PAGE, {"limit": limit, "after": after})]


def carry_out_approved(now: datetime) -> int:
    """Move the ends of the lots of every extension that two officers agreed on. Answers how many lots. Opens its own
    units of work; killed between two of them, it goes on where it was, for what is moved fits no longer."""
    moved = 0
    with db.unit_of_work() as session:
        waiting = list(session.execute(_WAITING).scalars())
    for extension_id in waiting:
        while True:
            with db.unit_of_work() as session:
                lots = carry_out_some(session, extension_id, now)
            moved += lots
            if lots < BATCH:
                break
    return moved


def carry_out_some(session: Session, extension_id: UUID, now: datetime) -> int:
    """Move the ends of up to `BATCH` lots, the last of which ends the work. Answers how many."""
    row = session.execute(_LOCKED, {"id": extension_id}).first()
    if row is None:
        return 0
    wanted = _extension(row).wanted
    values = {**_values(wanted), "most": BATCH}
    lots = session.execute(_LOTS, values).all()
    people, ids = [lot.person_id for lot in lots], [lot.id for lot in lots]
    moved = {"people": people, "ids": ids, "until": _midnight_after(wanted.until_day)}
    session.execute(
        _NOTE,
        {"people": people, "ids": ids, "extension_id": extension_id, "now": now,
         "points": [lot.remaining + lot.expired for lot in lots], "revived": [lot.expired for lot in lots],
         "ended": [lot.expires_at for lot in lots]},
    )  # fmt: skip
    session.execute(_MOVE, moved)
    lapsed = book.open_account(session, EXPIRED, ASSET, now=now, is_hot=True)
    changes = [
        Change(
            lot.person_id, lot.id, about_lot(lot), "extend", extension_id, lot.expired, lapsed,
            texts.EXTENDED.format(reason=wanted.reason, points=lot.expired),
        )
        for lot in lots
        if lot.expired
    ]  # fmt: skip
    if changes:
        write_entry(session, *changes, now=now)
    if len(lots) < BATCH:
        session.execute(_DONE, {"id": extension_id, "now": now})
    return len(lots)


def register_approvals() -> None:
    """Let points officers decide about extensions."""
    approvals.on_approved(
        APPROVAL, ["points_officer"], _approved, _shown, title=texts.EXTENSION_TITLE, on_refused=_refused
    )


def _approved(session: Session, approval: Approval, now: datetime) -> None:
    extension_id = UUID(approval.body["extension_id"])
    session.execute(_DECIDE, {"id": extension_id, "status": "approved", "now": now})
    carry_out_some(session, extension_id, now)


def _refused(session: Session, approval: Approval, now: datetime) -> None:
    session.execute(_DECIDE, {"id": UUID(approval.body["extension_id"]), "status": "refused", "now": now})


def _shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    return (
        Shown(Text("對象", "Whose points"), body["whom"] or Text("一位市民", "one person's")),
        Shown(Text("原到期日", "They end"), f"{body['first_day']} – {body['last_day']}"),
        Shown(Text("延長到", "To be good until"), body["until_day"]),
        Shown(Text("人數", "People"), f"{body['people']:,}"),
        Shown(Text("點數", "Points"), f"{body['points']:,}"),
        Shown(Text("其中已到期、要補回的點數", "Of them lapsed, to come back"), f"{body['lapsed']:,}"),
    )


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "person_id": wanted.person_id,
        "bureau": wanted.bureau,
        "campaign": wanted.campaign,
        "from": datetime.combine(wanted.first_day, time.min, TAIPEI),
        "to": _midnight_after(wanted.last_day),
    }


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, TAIPEI)


def _extension(row: Any) -> Extension:
    wanted = Wanted(
        row.person_id, row.bureau, row.campaign, row.first_day, row.last_day, row.until_day,
        Text(row.reason_zh, row.reason_en),
    )  # fmt: skip
    numbers = Numbers(row.people, row.lots, row.points, row.lapsed_points)
    return Extension(row.id, row.status, wanted, numbers, row.approval_id, row.proposed_at, row.done_at)


_FITTING = """
      FROM points.lot AS l JOIN points.campaign AS c ON c.id = l.campaign_id
     WHERE l.expires_at > :from AND l.expires_at <= :to AND (l.remaining > 0 OR l.expired > 0)
       AND (CAST(:person_id AS uuid) IS NULL OR l.person_id = :person_id)
       AND (CAST(:bureau AS text) IS NULL OR c.bureau = :bureau)
       AND (CAST(:campaign AS text) IS NULL OR c.code = :campaign)
"""
_NUMBERS = text(
    f"""
    SELECT count(DISTINCT l.person_id) AS people, count(*) AS lots,
           coalesce(sum(l.remaining + l.expired), 0) AS points, coalesce(sum(l.expired), 0) AS lapsed
    {_FITTING}
    """
)
# Locked in the order of their ids, as everybody does who needs several lots of a person.
_LOTS = text(
    f"""
    WITH chosen AS (SELECT l.person_id, l.id {_FITTING} LIMIT :most)
    SELECT l.person_id, l.id, l.payment_id, l.deed_id, l.remaining, l.expired, l.expires_at
      FROM points.lot AS l JOIN chosen USING (person_id, id)
     WHERE l.remaining > 0 OR l.expired > 0 ORDER BY l.id FOR NO KEY UPDATE OF l
    """  # noqa: S608
)
_NOTE = text(
    """
    INSERT INTO points.extended_lot (person_id, lot_id, extension_id, points, revived, ended_before, at)
    SELECT u.person_id, u.id, :extension_id, u.points, u.revived, u.ended, :now
      FROM unnest(CAST(:people AS uuid[]), CAST(:ids AS uuid[]), CAST(:points AS bigint[]), CAST(:revived AS bigint[]),
                  CAST(:ended AS timestamptz[])) AS u (person_id, id, points, revived, ended)
    """
)
_MOVE = text(
    """
    UPDATE points.lot AS l SET expires_at = :until, remaining = l.remaining + l.expired, expired = 0
      FROM unnest(CAST(:people AS uuid[]), CAST(:ids AS uuid[])) AS u (person_id, id)
     WHERE l.person_id = u.person_id AND l.id = u.id
    """
)
_ADD = text(
    """
    INSERT INTO points.extension (id, person_id, bureau, campaign_id, first_day, last_day, until_day, reason_zh,
                                  reason_en, status, people, lots, points, lapsed_points, approval_id, proposed_at)
    VALUES (:id, :person_id, :bureau, (SELECT id FROM points.campaign WHERE code = :campaign), :first_day, :last_day,
            :until_day, :zh, :en, 'proposed', :people, :lots, :points, :lapsed, :approval_id, :now)
    """
)
_SELECT = (
    "SELECT e.*, c.code AS campaign FROM points.extension AS e LEFT JOIN points.campaign AS c ON c.id = e.campaign_id"
)
_PAGE = text(f"{_SELECT} WHERE CAST(:after AS uuid) IS NULL OR e.id < :after ORDER BY e.id DESC LIMIT :limit")
_LOCKED = text(f"{_SELECT} WHERE e.id = :id AND e.status = 'approved' FOR NO KEY UPDATE OF e")
_WAITING = text("SELECT id FROM points.extension WHERE status = 'approved' ORDER BY approved_at")
_DECIDE = text(
    "UPDATE points.extension SET status = :status, approved_at = :now WHERE id = :id AND status = 'proposed'"
)
_DONE = text("UPDATE points.extension SET status = 'done', done_at = :now WHERE id = :id")
