"""Campaigns at the points desk: written by one officer, approved on these very terms by another, funded, ended.

A larger budget takes two persons as well. An end takes one: it gives nobody anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound, PreconditionFailed
from core.ids import new_uuid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from identity.words import BUREAU_NAMES
from ledger import book
from points import campaigns
from points.campaigns import Terms
from points.earning import wording, writing
from points.earning.errors import CampaignCodeTaken, CampaignStateWrong, CampaignWaits
from points.earning.kinds import KINDS

APPROVAL: Final = "points.campaign"
INCREASE: Final = "points.campaign_budget"
_ROLES: Final = ("points_officer",)


@dataclass(frozen=True, slots=True)
class DeskCampaign:
    """A campaign as the desk knows it. `budget_points`: put into the budget in all, or to be with the approval (0: not
    known, of one that the program came with); `budget_left` is None until it is funded."""

    id: UUID
    terms: Terms
    stage: str
    budget_points: int
    budget_left: int | None
    approval_id: UUID | None
    increase_approval_id: UUID | None
    ended_at: datetime | None
    ended_reason: str
    version: int

    def status(self, now: datetime) -> str:
        """draft, proposed, approved, running, or ended, at that moment."""
        if self.stage == "draft":
            return "draft" if self.approval_id is None else "proposed"
        if self.stage == "ended" or self.terms.valid_until <= now:
            return "ended"
        return "running" if self.terms.valid_from <= now else "approved"


def write(session: Session, terms: Terms, *, budget_points: int, by: Actor, now: datetime) -> DeskCampaign:
    """Write a draft. Raises CampaignCodeTaken."""
    values = campaigns.values_of(terms) | {"id": new_uuid(), "status": "draft", "budget": budget_points, "by": by.id}
    if session.execute(campaigns.WRITE, {**values, "now": now}).scalar() is None:
        raise CampaignCodeTaken
    return get(session, values["id"])


def change(
    session: Session, campaign_id: UUID, sent: Mapping[str, Any], *, version: int, by: Actor, now: datetime
) -> DeskCampaign:
    """Write a draft's terms anew. Raises NotFound, CampaignTermsWrong, PreconditionFailed,
    CampaignStateWrong, CampaignWaits."""
    found = _locked(session, campaign_id)
    if found.version != version:
        raise PreconditionFailed
    _require_draft(found, now)
    terms = writing.terms_of(found.terms.code, sent)
    values = campaigns.values_of(terms) | {"id": campaign_id, "budget": sent["budget_points"], "by": by.id}
    session.execute(_CHANGE, values)
    return get(session, campaign_id)


def approve(
    session: Session, campaign_id: UUID, *, version: int, by: Actor, now: datetime
) -> tuple[DeskCampaign, bool]:
    """The first officer proposes the draft as it stands in that version; another one, who approves, opens it. Answers
    whether it is open.

    Raises NotFound, PreconditionFailed, CampaignStateWrong, and the refusals of `approvals.decide`.
    """
    found = get(session, campaign_id)
    if found.version != version:
        raise PreconditionFailed
    if found.stage != "draft":
        raise CampaignStateWrong(campaign_status=found.status(now))
    if found.approval_id is not None:
        # The approval's row is locked before the campaign's, as whoever decides it elsewhere does.
        approvals.decide(session, found.approval_id, by=by, is_approved=True, note="", now=now)
        return get(session, campaign_id), True
    found = _locked(session, campaign_id)
    if found.version != version:
        raise PreconditionFailed
    _require_draft(found, now)
    body = {
        "campaign_id": str(campaign_id),
        "version": version,
        "budget_points": found.budget_points,
        "terms": writing.as_json(found.terms),
    }
    approval = approvals.propose(
        session, kind=APPROVAL, subject=typeid("pcm", campaign_id), body=body, reason=found.terms.name.zh, by=by,
        bureau=by.bureau, now=now,
    )  # fmt: skip
    session.execute(_PROPOSED, {"id": campaign_id, "approval_id": approval.id})
    return get(session, campaign_id), False


def increase(
    session: Session, campaign_id: UUID, *, points: int, reason: str, by: Actor, now: datetime
) -> tuple[DeskCampaign, bool]:
    """The first officer proposes a larger budget; another one, who asks for as much, decides. Answers whether it is
    there.

    Raises NotFound, CampaignStateWrong, CampaignWaits (for another amount), and the refusals of `approvals.decide`.
    """
    found = get(session, campaign_id)
    _require_open(found, now)
    if found.increase_approval_id is not None:
        waiting = approvals.get(session, found.increase_approval_id, by=by)
        if waiting.body["points"] != points:
            raise CampaignWaits
        approvals.decide(session, waiting.id, by=by, is_approved=True, note=reason, now=now)
        return get(session, campaign_id), True
    found = _locked(session, campaign_id)
    _require_open(found, now)
    if found.increase_approval_id is not None:
        raise CampaignWaits
    body = {"campaign_id": str(campaign_id), "code": found.terms.code, "name": found.terms.name.zh,
            "bureau": found.terms.bureau, "points": points}  # fmt: skip
    approval = approvals.propose(
        session, kind=INCREASE, subject=typeid("pcm", campaign_id), body=body, reason=reason, by=by, bureau=by.bureau,
        now=now,
    )  # fmt: skip
    session.execute(_INCREASE_PROPOSED, {"id": campaign_id, "approval_id": approval.id})
    return get(session, campaign_id), False


def end(session: Session, campaign_id: UUID, *, reason: str, now: datetime) -> DeskCampaign:
    """From now on nothing that happens earns; what happened before still does. Raises NotFound, CampaignStateWrong."""
    _require_open(_locked(session, campaign_id), now)
    session.execute(_END, {"id": campaign_id, "reason": reason, "now": now})
    return get(session, campaign_id)


def get(session: Session, campaign_id: UUID) -> DeskCampaign:
    """One campaign. Raises NotFound."""
    row = session.execute(_GET, {"id": campaign_id, "kinds": list(KINDS)}).one_or_none()
    if row is None:
        raise NotFound
    return _campaign(session, row)


def page(session: Session, *, limit: int, after: UUID | None) -> list[DeskCampaign]:
    """Campaigns, the newest first."""
    rows = session.execute(_PAGE, {"limit": limit, "after": after, "kinds": list(KINDS)})
    return [_campaign(session, row) for row in rows]


def register_approvals() -> None:
    """Let points officers decide about campaigns and their budgets. Called once at start-up."""
    title = Text("點數活動", "A campaign of points")
    approvals.on_approved(APPROVAL, _ROLES, _opened, _shown, title=title, on_refused=_not_opened)
    title = Text("增加點數活動的預算", "A larger budget for a campaign of points")
    approvals.on_approved(INCREASE, _ROLES, _increased, _increase_shown, title=title, on_refused=_not_increased)


def _opened(session: Session, approval: Approval, now: datetime) -> None:
    campaign_id = UUID(approval.body["campaign_id"])
    found = _locked(session, campaign_id)
    if found.approval_id != approval.id or found.version != approval.body["version"]:
        raise CampaignStateWrong(campaign_status=found.status(now))
    terms = writing.from_json(approval.body["terms"])
    session.execute(_OPEN, {"id": campaign_id, "now": now})
    campaigns.fund(session, terms, approval.body["budget_points"], uuid5(campaign_id, "budget"), now=now)


def _not_opened(session: Session, approval: Approval, _now: datetime) -> None:
    values = {"id": UUID(approval.body["campaign_id"]), "was": approval.id}
    session.execute(_NOT_PROPOSED, values)


def _increased(session: Session, approval: Approval, now: datetime) -> None:
    campaign_id = UUID(approval.body["campaign_id"])
    found = _locked(session, campaign_id)
    _require_open(found, now)
    campaigns.fund(session, found.terms, approval.body["points"], uuid5(approval.id, "budget"), now=now)
    session.execute(_ADD_BUDGET, {"id": campaign_id, "points": approval.body["points"]})


def _not_increased(session: Session, approval: Approval, _now: datetime) -> None:
    session.execute(_NOT_INCREASED, {"id": UUID(approval.body["campaign_id"]), "was": approval.id})


def _shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    terms = writing.from_json(body["terms"])
    dates = f"{terms.valid_from.isoformat(timespec='minutes')} – {terms.valid_until.isoformat(timespec='minutes')}"
    how = [Shown(Text("規則", "Rule"), line) for line in wording.how(terms)]
    return (
        Shown(Text("活動", "Campaign"), terms.name),
        Shown(Text("出資機關", "Funded by"), BUREAU_NAMES.get(terms.bureau, Text(terms.bureau, terms.bureau))),
        Shown(Text("預算", "Budget"), Text(f"{body['budget_points']:,} 點", f"{body['budget_points']:,} points")),
        Shown(Text("期間", "From – until"), dates),
        *how,
    )


def _increase_shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    return (
        Shown(Text("活動", "Campaign"), str(body["name"])),
        Shown(Text("出資機關", "Funded by"), BUREAU_NAMES.get(body["bureau"], Text(body["bureau"], body["bureau"]))),
        Shown(Text("增加預算", "More budget"), Text(f"{body['points']:,} 點", f"{body['points']:,} points")),
    )


def _require_draft(found: DeskCampaign, now: datetime) -> None:
    if found.stage != "draft":
        raise CampaignStateWrong(campaign_status=found.status(now))
    if found.approval_id is not None:
        raise CampaignWaits


def _require_open(found: DeskCampaign, now: datetime) -> None:
    if found.status(now) not in ("approved", "running"):
        raise CampaignStateWrong(campaign_status=found.status(now))


def _locked(session: Session, campaign_id: UUID) -> DeskCampaign:
    if session.execute(_LOCK, {"id": campaign_id}).first() is None:
        raise NotFound
    return get(session, campaign_id)


def _campaign(session: Session, row: Any) -> DeskCampaign:
    is_funded = row.status != "draft"
    left = book.balance(session, row.budget_account).available if is_funded else None
    return DeskCampaign(
        row.id, campaigns.campaign_from(row).terms, row.status, row.budget_points, left, row.approval_id,
        row.increase_approval_id, row.ended_at, row.ended_reason, row.version,
    )  # fmt: skip


_GET = text("SELECT * FROM points.campaign WHERE id = :id AND event_kind = ANY(:kinds)")
_LOCK = text("SELECT id FROM points.campaign WHERE id = :id FOR NO KEY UPDATE")
_PAGE = text(
    "SELECT * FROM points.campaign WHERE event_kind = ANY(:kinds) AND (CAST(:after AS uuid) IS NULL OR id < :after) "
    "ORDER BY id DESC LIMIT :limit"
)
_CHANGE = text(
    """
    UPDATE points.campaign
       SET name_zh = :name_zh, name_en = :name_en, bureau = :bureau, event_kind = :event_kind, rail = :rail,
           points_per_payment = :points_per_payment, points_per_step = :points_per_step, step_twd = :step_twd,
           points_per_person_and_day = :daily, points_per_person = :in_all, times_per_person = :times,
           lifetime_months = :months, valid_from = :valid_from, valid_until = :valid_until,
           conditions = CAST(:conditions AS jsonb), windows = CAST(:windows AS jsonb),
           week_days = CAST(:week_days AS smallint[]), budget_points = :budget, written_by = :by,
           version = version + 1
     WHERE id = :id
    """
)
_PROPOSED = text("UPDATE points.campaign SET approval_id = :approval_id WHERE id = :id")
_NOT_PROPOSED = text("UPDATE points.campaign SET approval_id = NULL WHERE id = :id AND approval_id = :was")
_INCREASE_PROPOSED = text("UPDATE points.campaign SET increase_approval_id = :approval_id WHERE id = :id")
_NOT_INCREASED = text(
    "UPDATE points.campaign SET increase_approval_id = NULL WHERE id = :id AND increase_approval_id = :was"
)
_OPEN = text(
    "UPDATE points.campaign SET status = 'approved', approval_id = NULL, approved_at = :now, version = version + 1 "
    "WHERE id = :id"
)
_ADD_BUDGET = text(
    "UPDATE points.campaign SET budget_points = budget_points + :points, increase_approval_id = NULL, "
    "version = version + 1 WHERE id = :id"
)
_END = text(
    "UPDATE points.campaign SET status = 'ended', ended_at = :now, ended_reason = :reason, version = version + 1 "
    "WHERE id = :id"
)
