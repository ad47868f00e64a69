"""Before and after a campaign is sent: its estimate, preview and test, its progress and report, and the city's view."""

from __future__ import annotations

from core.errors import Forbidden, NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid
from core.text import Text
from identity.schemas import Nothing
from notify.campaigns import campaigns, desk_phones, estimates, previews, reports, shown
from notify.campaigns.campaigns import Campaign
from notify.campaigns.errors import EstimatesUsedUp, NoPhoneLinked, TestsUsedUp
from notify.campaigns.schemas import (
    CampaignReportSchema,
    CitySendingSchema,
    EstimateSchema,
    PreviewsSchema,
    ReportQuery,
    SendingQuery,
    TestMessageSchema,
)
from notify.channels import gauges

routes = Routes("notify")
_WRITERS = officer("editor", "publisher")
_CITY_ROLES = frozenset({"publisher", "auditor", "duty_officer"})


@routes.post(
    "/v1/bureau/campaigns/<campaign_id>/estimate",
    access=_WRITERS,
    shows_person_data=False,
    body=Nothing,
    answers={200: EstimateSchema},
    problems=[NotFound, EstimatesUsedUp],
    summary=Text("估算會送到多少人", "How many it would reach, and what sleep, the cap and the deadline will do"),
)
def estimate_campaign(call: Call) -> Answer:
    """Numbers are rounded, with a little noise; the same question has the same answer all day."""
    estimate = estimates.of_campaign(call.session, _campaign(call), by=call.actor, now=call.now)
    return Answer(shown.estimate_shown(estimate, call.language))


@routes.get(
    "/v1/bureau/campaigns/<campaign_id>/preview",
    access=_WRITERS,
    shows_person_data=False,
    answers={200: PreviewsSchema},
    problems=[NotFound],
    summary=Text("在鎖定畫面上的樣子", "How it looks on a lock screen, in each language"),
)
def preview_campaign(call: Call) -> Answer:
    return Answer({"items": [shown.preview_shown(preview) for preview in previews.previews_of(_campaign(call))]})


@routes.post(
    "/v1/bureau/campaigns/<campaign_id>/test-message",
    access=_WRITERS,
    shows_person_data=False,
    body=Nothing,
    answers={201: TestMessageSchema},
    problems=[NotFound, NoPhoneLinked, TestsUsedUp],
    summary=Text("試送到自己的手機", "Send it to one's own phone, marked as a test"),
)
def send_test_message(call: Call) -> Answer:
    """It stands in the campaign's history. At most 20 an hour."""
    test = desk_phones.send_test(call.session, _campaign(call), by=call.actor, now=call.now)
    return Answer({"message_id": test.message_id, "own_phones": test.own_phones}, status=201)


@routes.get(
    "/v1/bureau/campaigns/<campaign_id>/progress",
    access=_WRITERS,
    shows_person_data=False,
    answers={200: CampaignReportSchema},
    problems=[NotFound],
    summary=Text("送出的進度", "How far its sending has got"),
)
def show_progress(call: Call) -> Answer:
    campaign = _campaign(call)
    return Answer(shown.report_shown(reports.of_campaign(call.session, campaign), campaign, call.language))


@routes.get(
    "/v1/bureau/campaigns/<campaign_id>/report",
    access=_WRITERS,
    shows_person_data=False,
    query=ReportQuery,
    answers={200: CampaignReportSchema},
    content_types=("application/json", "text/csv"),
    problems=[NotFound],
    summary=Text("結果", "What became of it"),
)
def show_report(call: Call) -> Answer:
    """`format=csv` answers a file with a line for each sending."""
    campaign = _campaign(call)
    report = reports.of_campaign(call.session, campaign)
    if call.query["format"] == "csv":
        headers = {"Content-Disposition": f'attachment; filename="{call.path["campaign_id"]}.csv"'}
        content = reports.as_csv(report, campaign).encode()
        return Answer(raw=content, headers=headers, content_type="text/csv; charset=utf-8")
    return Answer(shown.report_shown(report, campaign, call.language))


@routes.get(
    "/v1/bureau/sending",
    access=officer("publisher", "auditor", "duty_officer", "registrar", "operator"),
    shows_person_data=False,
    query=SendingQuery,
    answers={200: CitySendingSchema},
    summary=Text("全市各機關送了多少", "Who sends how much in the city, and what it does"),
)
def show_sending(call: Call) -> Answer:
    """For publishers, auditors, duty officers, and the Research, Development and Evaluation Commission."""
    if not call.actor.roles & _CITY_ROLES and call.actor.bureau != "rdec":
        raise Forbidden
    found = reports.of_city(call.session, weeks=call.query["weeks"], now=call.now)
    channels = [shown.channel_shown(state, call.language) for state in gauges.states(call.session)]
    return Answer({"items": [shown.sending_shown(sending, call.language) for sending in found], "channels": channels})


def _campaign(call: Call) -> Campaign:
    return campaigns.get(call.session, by=call.actor, campaign_id=parse_typeid("cmp", call.path["campaign_id"]))
