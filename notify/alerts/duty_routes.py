"""The duty desk over HTTP: what came in, what an officer writes, and the two persons whom it takes."""

from __future__ import annotations

from typing import Any

from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, officer
from core.ids import parse_typeid
from core.text import Text
from notify.alerts import composing, duty, intake, records
from notify.alerts.errors import (
    AlertNamedTwice,
    AlertNotOpen,
    AlertReachesNobody,
    AlertTakesTwo,
    AlertTimesWrong,
    AlertWordsRefused,
)
from notify.alerts.records import Alert
from notify.alerts.schemas import (
    AlertProgress,
    CancellationCreate,
    CorrectionCreate,
    DutyAlertCreate,
    DutyAlertPage,
    DutyAlertSchema,
)
from notify.alerts.shown import counts_shown, duty_alerts_shown
from notify.campaigns import tallies
from partners.cap.errors import AlertDocumentRefused, AlertSignatureWrong, AlertXmlUnsafe

routes = Routes("alerts")
_DUTY = officer("duty_officer")


@routes.get(
    "/v1/duty/alerts",
    access=_DUTY,
    shows_person_data=False,
    query=PageQuery,
    answers={200: DutyAlertPage},
    summary=Text("所有告警", "Every alert, newest first"),
)
def every_alert(call: Call) -> Answer:
    alerts, cursor = records.page(call.session, limit=call.query["limit"], cursor=call.query["cursor"])
    return Answer({"items": duty_alerts_shown(call.session, alerts, call.language), "next_cursor": cursor})


@routes.post(
    "/v1/duty/alerts",
    access=_DUTY,
    shows_person_data=False,
    body=DutyAlertCreate,
    answers={200: DutyAlertSchema, 201: DutyAlertSchema},
    answer_headers={201: {"Location": "where the alert is"}},
    problems=[
        NotFound, AlertXmlUnsafe, AlertDocumentRefused, AlertSignatureWrong, AlertTimesWrong, AlertNamedTwice,
        AlertReachesNobody, AlertNotOpen,
    ],
    summary=Text("輸入一則告警或演習", "Enter an alert or a drill: written here, or a CAP document"),
)  # fmt: skip
def enter_alert(call: Call) -> Answer:
    """A second duty officer approves it before it goes out."""
    content = _document(call)
    received = intake.receive(call.session, content, source="desk", officer_id=call.actor.id, now=call.now)
    body = _shown(call, received.alert)
    if not received.is_new:
        return Answer(body)
    return Answer(body, status=201, headers={"Location": f"/v1/duty/alerts/{body['id']}"})


@routes.get(
    "/v1/duty/alerts/<alert_id>",
    access=_DUTY,
    shows_person_data=False,
    answers={200: DutyAlertSchema},
    problems=[NotFound],
    summary=Text("一則告警", "One alert"),
)
def one_alert(call: Call) -> Answer:
    return Answer(_shown(call, records.get(call.session, _id(call))))


@routes.get(
    "/v1/duty/alerts/<alert_id>/document",
    access=_DUTY,
    shows_person_data=False,
    answers={200: None},
    problems=[NotFound],
    content_types=("application/cap+xml",),
    summary=Text("告警的原始文件", "The document as it came"),
)
def alert_document(call: Call) -> Answer:
    return Answer(raw=records.document_of(call.session, _id(call)), content_type="application/cap+xml")


@routes.post(
    "/v1/duty/alerts/<alert_id>/approval",
    access=_DUTY,
    shows_person_data=False,
    answers={200: DutyAlertSchema},
    problems=[NotFound, AlertNotOpen, AlertTakesTwo, AlertTimesWrong],
    summary=Text("確認一則告警", "Confirm an alert; the second person's word sends it"),
)
def approve_alert(call: Call) -> Answer:
    return Answer(_shown(call, duty.approve(call.session, _id(call), officer_id=call.actor.id, now=call.now)))


@routes.post(
    "/v1/duty/alerts/<alert_id>/refusal",
    access=_DUTY,
    shows_person_data=False,
    answers={200: DutyAlertSchema},
    problems=[NotFound, AlertNotOpen],
    summary=Text("不發送這則告警", "Do not send an alert that waits"),
)
def refuse_alert(call: Call) -> Answer:
    return Answer(_shown(call, duty.refuse(call.session, _id(call), officer_id=call.actor.id, now=call.now)))


@routes.post(
    "/v1/duty/alerts/<alert_id>/correction",
    access=_DUTY,
    shows_person_data=False,
    body=CorrectionCreate,
    answers={201: DutyAlertSchema},
    answer_headers={201: {"Location": "where the correction is"}},
    problems=[NotFound, AlertNotOpen, AlertWordsRefused],
    summary=Text("更正錯誤的告警", "Correct a false alarm: one person, at once, to whoever was told"),
)
def correct_alert(call: Call) -> Answer:
    text = Text(**call.body["text"])
    return _followed(call, duty.correct(call.session, _id(call), text, officer_id=call.actor.id, now=call.now))


@routes.post(
    "/v1/duty/alerts/<alert_id>/cancellation",
    access=_DUTY,
    shows_person_data=False,
    body=CancellationCreate,
    answers={201: DutyAlertSchema},
    answer_headers={201: {"Location": "where the notice is"}},
    problems=[NotFound, AlertNotOpen, AlertWordsRefused],
    summary=Text("解除告警", "Say that the danger is over, to whoever was told"),
)
def cancel_alert(call: Call) -> Answer:
    text = Text(**call.body["text"]) if call.body["text"] else None
    return _followed(call, duty.cancel(call.session, _id(call), text, officer_id=call.actor.id, now=call.now))


@routes.get(
    "/v1/duty/alerts/<alert_id>/progress",
    access=_DUTY,
    shows_person_data=False,
    answers={200: AlertProgress},
    problems=[NotFound],
    summary=Text("告警送到多少人", "How many people and devices an alert has reached so far"),
)
def alert_progress(call: Call) -> Answer:
    alert = records.get(call.session, _id(call))
    counts = tallies.read(call.session, alert.id)
    ended = {what: counts[what] for what in ("handed_over", "gone", "given_up", "withdrawn")}
    waiting = max(0, alert.devices - sum(ended.values()))
    is_resolved = alert.resolved_at is not None
    exact = {"people": alert.people, "devices": alert.devices, **ended, "waiting": waiting}
    return Answer(
        {
            "status": alert.status,
            "is_resolved": is_resolved,
            "is_handed_over": is_resolved and not waiting,
            **counts_shown(alert, exact, call.language),
        }
    )


def _document(call: Call) -> bytes:
    if "document" in call.body:
        return str(call.body["document"]).encode()
    given = call.body["message"]
    if not (
        given["area"]["is_whole_city"] or any(given["area"][kind] for kind in ("districts", "circles", "polygons"))
    ):
        raise AlertReachesNobody(intake.RECORDED_BECAUSE["no_area"], reason="no_area")
    updated = None
    if given["updates"] is not None:
        updated = records.get(call.session, parse_typeid("alr", given["updates"]))
        if updated.status not in records.LIVE or updated.audience != "area":
            raise AlertNotOpen(alert_status=updated.status)
    return composing.document(given, updated, call.now)


def _followed(call: Call, follow_up: Alert) -> Answer:
    body = _shown(call, follow_up)
    return Answer(body, status=201, headers={"Location": f"/v1/duty/alerts/{body['id']}"})


def _shown(call: Call, alert: Alert) -> dict[str, Any]:
    (shown,) = duty_alerts_shown(call.session, [alert], call.language)
    return shown


def _id(call: Call) -> Any:
    return parse_typeid("alr", call.path["alert_id"])
