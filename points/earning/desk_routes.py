"""Campaigns over HTTP, for the points desk: write, change, try out, approve by two, fund further, end."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import Forbidden, NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, PageQuery, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from identity.errors import ApprovalClosed, ApprovalWithoutEffect, SecondPersonNeeded
from points.earning import desk, dry_run, wording, writing
from points.earning.desk import DeskCampaign
from points.earning.errors import CampaignCodeTaken, CampaignStateWrong, CampaignTermsWrong, CampaignWaits
from points.earning.schemas import (
    CampaignEndingSchema,
    DeskCampaignPage,
    DeskCampaignSchema,
    DryRunCreate,
    DryRunSchema,
    IncreaseSchema,
    PointsCampaignCreate,
    PointsCampaignPut,
)
from points.merchants.answers import after_id
from points.merchants.answers import page as page_answer

routes = Routes("points_desk")
_DESK = officer("points_officer")
_READERS = officer("points_officer", "auditor")
_DECISIONS = [NotFound, Forbidden, CampaignStateWrong, CampaignWaits, SecondPersonNeeded, ApprovalClosed,
              ApprovalWithoutEffect]  # fmt: skip
_TAGS = [PreconditionRequired, PreconditionFailed]


@routes.get(
    "/v1/points-desk/campaigns",
    access=_READERS,
    shows_person_data=False,
    query=PageQuery,
    answers={200: DeskCampaignPage},
    summary=Text("點數活動", "Campaigns, the newest first, drafts and ended ones too"),
)
def list_points_campaigns(call: Call) -> Answer:
    found = desk.page(call.session, limit=call.query["limit"] + 1, after=after_id(call))
    return page_answer(found, call, lambda each: _shown(each, call), lambda each: (str(each.id),))


@routes.post(
    "/v1/points-desk/campaigns",
    access=_DESK,
    shows_person_data=False,
    body=PointsCampaignCreate,
    answers={201: DeskCampaignSchema},
    answer_headers={201: ETAG},
    problems=[CampaignCodeTaken, CampaignTermsWrong],
    summary=Text("新增點數活動（草稿）", "Write a campaign; it is a draft until a second officer approves it"),
)
def write_points_campaign(call: Call) -> Answer:
    terms = writing.terms_of(call.body["code"], call.body)
    made = desk.write(call.session, terms, budget_points=call.body["budget_points"], by=call.actor, now=call.now)
    return _tagged(made, call, status=201)


@routes.get(
    "/v1/points-desk/campaigns/<points_campaign_id>",
    access=_READERS,
    shows_person_data=False,
    answers={200: DeskCampaignSchema},
    answer_headers={200: ETAG},
    problems=[NotFound],
    summary=Text("一個點數活動", "One campaign, with what is left of its budget"),
)
def show_points_campaign(call: Call) -> Answer:
    return _tagged(desk.get(call.session, _id(call)), call)


@routes.put(
    "/v1/points-desk/campaigns/<points_campaign_id>",
    access=_DESK,
    shows_person_data=False,
    body=PointsCampaignPut,
    answers={200: DeskCampaignSchema},
    answer_headers={200: ETAG},
    problems=[NotFound, CampaignStateWrong, CampaignWaits, CampaignTermsWrong, *_TAGS],
    summary=Text("修改草稿", "Write a draft anew; what is proposed or approved stays as it is"),
)
def change_points_campaign(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading."""
    version = version_of(call)
    changed = desk.change(call.session, _id(call), call.body, version=version, by=call.actor, now=call.now)
    return _tagged(changed, call)


@routes.post(
    "/v1/points-desk/campaigns/<points_campaign_id>/dry-run",
    access=_READERS,
    shows_person_data=False,
    body=DryRunCreate,
    answers={200: DryRunSchema},
    problems=[NotFound],
    summary=Text("用某個月的真實事件試算", "What it would have granted in a month that really was; writes nothing"),
)
def try_points_campaign(call: Call) -> Answer:
    """As if it had run all that month. Numbers of people are published as everywhere: few are not told."""
    month = date.fromisoformat(f"{call.body['month']}-01")
    campaign = desk.get(call.session, _id(call))
    return Answer(dry_run.shown(dry_run.run(call.session, campaign, month), campaign, call.language))


@routes.post(
    "/v1/points-desk/campaigns/<points_campaign_id>/approval",
    access=_DESK,
    shows_person_data=False,
    answers={200: DeskCampaignSchema, 202: DeskCampaignSchema},
    answer_headers={200: ETAG, 202: ETAG},
    problems=[*_DECISIONS, *_TAGS],
    idempotent=True,
    summary=Text("核准活動（兩位承辦人員）", "Approve a campaign: one officer proposes, another one opens it"),
)
def approve_points_campaign(call: Call) -> Answer:
    """`If-Match` says which terms are approved. 202: it waits for a second officer. 200: it is open."""
    found, is_open = desk.approve(call.session, _id(call), version=version_of(call), by=call.actor, now=call.now)
    return _tagged(found, call, status=200 if is_open else 202)


@routes.post(
    "/v1/points-desk/campaigns/<points_campaign_id>/budget",
    access=_DESK,
    shows_person_data=False,
    body=IncreaseSchema,
    answers={200: DeskCampaignSchema, 202: DeskCampaignSchema},
    answer_headers={200: ETAG, 202: ETAG},
    problems=_DECISIONS,
    idempotent=True,
    summary=Text("增加預算（兩位承辦人員）", "Put more into the budget: one officer proposes, another one decides"),
)
def increase_points_budget(call: Call) -> Answer:
    """The second officer sends the same number. 202: it waits. 200: it is in the budget."""
    found, is_there = desk.increase(call.session, _id(call), **call.body, by=call.actor, now=call.now)
    return _tagged(found, call, status=200 if is_there else 202)


@routes.post(
    "/v1/points-desk/campaigns/<points_campaign_id>/ending",
    access=_DESK,
    shows_person_data=False,
    body=CampaignEndingSchema,
    answers={200: DeskCampaignSchema},
    answer_headers={200: ETAG},
    problems=[NotFound, CampaignStateWrong],
    summary=Text("提前結束活動", "End a campaign at once; what happened before still earns"),
)
def end_points_campaign(call: Call) -> Answer:
    return _tagged(desk.end(call.session, _id(call), reason=call.body["reason"], now=call.now), call)


def _id(call: Call) -> UUID:
    return parse_typeid("pcm", call.path["points_campaign_id"])


def _tagged(campaign: DeskCampaign, call: Call, *, status: int = 200) -> Answer:
    return tagged(_shown(campaign, call), campaign.version, status=status)


def _shown(campaign: DeskCampaign, call: Call) -> dict[str, Any]:
    terms = campaign.terms
    return {
        **writing.as_json(terms),
        "id": typeid("pcm", campaign.id),
        "valid_from": on_the_wire(terms.valid_from),
        "valid_until": on_the_wire(terms.valid_until),
        "status": campaign.status(call.now),
        "how": [line.in_language(call.language) for line in wording.how(terms)],
        "budget_points": campaign.budget_points,
        "budget_left": campaign.budget_left,
        "approval_id": campaign.approval_id and typeid("apr", campaign.approval_id),
        "increase_approval_id": campaign.increase_approval_id and typeid("apr", campaign.increase_approval_id),
        "ended_reason": campaign.ended_reason,
        "version": campaign.version,
    }
