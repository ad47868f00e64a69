"""Campaigns over HTTP: written, agreed on by two, sent, held, ended, taken back."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from identity.schemas import Nothing
from notify.campaigns import campaigns, desk_routes, moves, phone_routes, shown, template_routes, words
from notify.campaigns.campaigns import Campaign
from notify.campaigns.errors import (
    AudienceTooSmall,
    CampaignElsewhere,
    CampaignRefused,
    EstimatesUsedUp,
    OtherWords,
    WroteItThemselves,
)
from notify.campaigns.schemas import (
    ApprovalBody,
    CampaignCreate,
    CampaignPage,
    CampaignQuery,
    CampaignWithHistorySchema,
    ReasonBody,
    RecallBody,
)

routes = Routes("notify")
ROUTES = (routes, desk_routes.routes, template_routes.routes, phone_routes.routes)
_WRITERS = officer("editor", "publisher")
_PUBLISHERS = officer("publisher")
_move = partial(
    routes.post, shows_person_data=False, answers={200: CampaignWithHistorySchema}, answer_headers={200: ETAG}
)


@routes.get(
    "/v1/bureau/campaigns",
    access=_WRITERS,
    shows_person_data=False,
    query=CampaignQuery,
    answers={200: CampaignPage},
    summary=Text("本機關的訊息", "The bureau's campaigns, the newest first"),
)
def list_campaigns(call: Call) -> Answer:
    found, cursor = campaigns.page(
        call.session, by=call.actor, state=call.query["state"], limit=call.query["limit"], cursor=call.query["cursor"]
    )
    return Answer({"items": shown.campaigns_shown(call.session, found, call.language), "next_cursor": cursor})


@routes.post(
    "/v1/bureau/campaigns",
    access=_WRITERS,
    shows_person_data=False,
    body=CampaignCreate,
    answers={201: CampaignWithHistorySchema},
    answer_headers={201: ETAG},
    problems=[CampaignRefused],
    summary=Text("撰寫一則訊息", "Write a campaign"),
)
def write_campaign(call: Call) -> Answer:
    """It is a draft of one's own bureau: nothing is sent before a second person has agreed to the exact words."""
    campaign = campaigns.write(call.session, by=call.actor, document=call.body, now=call.now)
    return _shown(call, campaign, status=201)


@routes.get(
    "/v1/bureau/campaigns/<campaign_id>",
    access=_WRITERS,
    shows_person_data=False,
    answers={200: CampaignWithHistorySchema},
    answer_headers={200: ETAG},
    problems=[NotFound],
    summary=Text("一則訊息與它的經過", "A campaign and all that happened to it"),
)
def show_campaign(call: Call) -> Answer:
    return _shown(call, campaigns.get(call.session, by=call.actor, campaign_id=_id(call)))


@routes.put(
    "/v1/bureau/campaigns/<campaign_id>",
    access=_WRITERS,
    shows_person_data=False,
    body=CampaignCreate,
    answers={200: CampaignWithHistorySchema},
    answer_headers={200: ETAG},
    problems=[NotFound, PreconditionRequired, PreconditionFailed, CampaignElsewhere, CampaignRefused],
    summary=Text("修改一則訊息", "Change a campaign"),
)
def change_campaign(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading. Any change voids a submission and an approval."""
    changed = campaigns.change(
        call.session,
        by=call.actor,
        campaign_id=_id(call),
        version=version_of(call),
        document=call.body,
        now=call.now,
    )
    return _shown(call, changed)


@routes.delete(
    "/v1/bureau/campaigns/<campaign_id>",
    access=_WRITERS,
    shows_person_data=False,
    answers={204: None},
    problems=[NotFound, PreconditionRequired, PreconditionFailed, CampaignElsewhere],
    summary=Text("放棄草稿", "Give up a draft"),
)
def discard_campaign(call: Call) -> Answer:
    """It stays among the cancelled ones, with its history."""
    moves.discard(call.session, by=call.actor, campaign_id=_id(call), version=version_of(call), now=call.now)
    return Answer(status=204)


@_move(
    "/v1/bureau/campaigns/<campaign_id>/submission",
    access=_WRITERS,
    body=Nothing,
    problems=[NotFound, PreconditionFailed, CampaignElsewhere, CampaignRefused, AudienceTooSmall, EstimatesUsedUp],
    summary=Text("送核", "Ask for approval"),
)
def submit_campaign(call: Call) -> Answer:
    """An audience that may be under 20 is refused, except where it is about one thing. `If-Match` is heeded if sent."""
    version = version_of(call) if "If-Match" in call.request.headers else None
    submitted = moves.submit(call.session, by=call.actor, campaign_id=_id(call), version=version, now=call.now)
    return _shown(call, submitted)


@_move(
    "/v1/bureau/campaigns/<campaign_id>/approval",
    access=_PUBLISHERS,
    body=ApprovalBody,
    problems=[NotFound, CampaignElsewhere, WroteItThemselves, OtherWords, CampaignRefused],
    summary=Text("核准這些字句", "Agree to the exact words"),
)
def approve_campaign(call: Call) -> Answer:
    """`hash` is that of what was read. Whoever wrote, changed or submitted it cannot approve it."""
    agreed = bytes.fromhex(call.body["hash"])
    return _shown(
        call, moves.approve(call.session, by=call.actor, campaign_id=_id(call), agreed_hash=agreed, now=call.now)
    )


@_move(
    "/v1/bureau/campaigns/<campaign_id>/return",
    access=_PUBLISHERS,
    body=ReasonBody,
    problems=[NotFound, CampaignElsewhere],
    summary=Text("退回修改", "Give it back to be written anew"),
)
def return_campaign(call: Call) -> Answer:
    reason = call.body["reason"]
    return _shown(
        call, moves.send_back(call.session, by=call.actor, campaign_id=_id(call), reason=reason, now=call.now)
    )


@_move(
    "/v1/bureau/campaigns/<campaign_id>/pause",
    access=_WRITERS,
    body=Nothing,
    problems=[NotFound, CampaignElsewhere],
    summary=Text("暫停", "Hold it"),
)
def pause_campaign(call: Call) -> Answer:
    return _shown(call, moves.pause(call.session, by=call.actor, campaign_id=_id(call), now=call.now))


@_move(
    "/v1/bureau/campaigns/<campaign_id>/resumption",
    access=_WRITERS,
    body=Nothing,
    problems=[NotFound, CampaignElsewhere],
    summary=Text("繼續", "Let it go on"),
)
def resume_campaign(call: Call) -> Answer:
    return _shown(call, moves.resume(call.session, by=call.actor, campaign_id=_id(call), now=call.now))


@_move(
    "/v1/bureau/campaigns/<campaign_id>/cancellation",
    access=_WRITERS,
    body=Nothing,
    problems=[NotFound, CampaignElsewhere],
    summary=Text("停止，不再送出", "End it; what people have stays"),
)
def cancel_campaign(call: Call) -> Answer:
    return _shown(call, moves.cancel(call.session, by=call.actor, campaign_id=_id(call), now=call.now))


@_move(
    "/v1/bureau/campaigns/<campaign_id>/recall",
    access=_WRITERS,
    body=RecallBody,
    problems=[NotFound, CampaignElsewhere, CampaignRefused],
    summary=Text("收回已送出的訊息", "Take back what was sent"),
)
def recall_campaign(call: Call) -> Answer:
    """The inbox then shows that the bureau withdrew it, and why. One person does it: every minute counts."""
    reason = words.checked_reason(call.body["reason"])
    return _shown(call, moves.recall(call.session, by=call.actor, campaign_id=_id(call), reason=reason, now=call.now))


def _shown(call: Call, campaign: Campaign, *, status: int = 200) -> Answer:
    return tagged(shown.campaign_shown(call.session, campaign, call.language), campaign.version, status=status)


def _id(call: Call) -> UUID:
    return parse_typeid("cmp", call.path["campaign_id"])
