"""Alerts over HTTP: who may bring one, what is answered, and the two persons whom one without a signature takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bureau_system import BureauSystem
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from werkzeug.test import TestResponse

from core import clock, counts, db
from notify.alerts import senders, sending
from partners.cap.signature import signed
from partners.cap.writing import written
from tests.notify.alerts.conftest import City
from tests.partners.cap_documents import alert, area, geocode, info
from tests.partners.cap_keys import key_and_certificate

HERE = area(geocode("6400600"), described="高雄市新興區")


def document(**changed: Any) -> bytes:
    """A fresh alert for Xinxing, sent now and over in two hours."""
    now = clock.now()
    told = {"expires": written(now + timedelta(hours=2))} | changed.pop("info", {})
    return alert(
        changed.pop("inside", info(HERE, **told)),
        **{"identifier": f"T-{uuid4()}", "sender": "alerts@fire.example", "sent": written(now), **changed},
    )


@pytest.fixture
def fire(client: FlaskClient) -> BureauSystem:
    return BureauSystem(client, "fire", "alerts:write")


@pytest.fixture
def lei(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "duty_officer", bureau="fire", name="雷值勤")


@pytest.fixture
def fang(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "duty_officer", bureau="fire", name="方值勤")


def bring(system: BureauSystem, content: bytes, kind: str = "application/cap+xml") -> TestResponse:
    headers = {**system.headers, "Content-Type": kind}
    return system.http.post("/v1/bureau/alerts", data=content, headers=headers)


def written_by_hand(**changed: Any) -> dict[str, Any]:
    return {
        "message": {
            "event": "淹水",
            "severity": "Severe",
            "headline": {"zh": "三民區淹水", "en": "Flooding in Sanmin"},
            "description": {"zh": "請遠離地下道。", "en": "Keep away from underpasses."},
            "expires_at": (clock.now() + timedelta(hours=2)).isoformat(),
            "area": {"districts": ["64000050"]},
            **changed,
        }
    }


def test_without_a_signature_two_duty_officers_confirm_and_one_cannot_be_both(
    fire: BureauSystem, lei: SignedInOfficer, fang: SignedInOfficer
) -> None:
    answer = bring(fire, document())
    assert answer.status_code == 201, answer.text
    assert (answer.json["status"], answer.json["approvals_needed"]) == ("awaiting_approval", 2)
    address = f"/v1/duty/alerts/{answer.json['id']}"
    first = lei.call("POST", f"{address}/approval").json
    assert (first["status"], first["approvals_needed"]) == ("awaiting_approval", 1)
    assert first["received_by"]["name"] == "雷值勤"
    again = lei.call("POST", f"{address}/approval")
    assert (again.status_code, again.json["type"].rpartition("/")[2]) == (409, "alert-takes-two")
    second = fang.call("POST", f"{address}/approval").json
    assert (second["status"], second["approved_by"]["name"]) == ("sending", "方值勤")
    assert fang.call("POST", f"{address}/approval").status_code == 409
    sending.send_due(clock.now())
    progress = lei.call("GET", f"{address}/progress").json
    assert (progress["status"], progress["is_resolved"]) == ("sent", True)
    assert fire.send("GET", f"/v1/bureau/alerts/{answer.json['id']}").json["status"] == "sent"


@pytest.mark.parametrize("people", [1, 90])
def test_how_many_were_told_is_published_as_everywhere_and_tells_of_nobody(
    fire: BureauSystem, lei: SignedInOfficer, fang: SignedInOfficer, people: int
) -> None:
    made = City().phones([None] * people, district="64000060")
    where = bring(fire, document()).json["id"]
    for officer in (lei, fang):
        officer.call("POST", f"/v1/duty/alerts/{where}/approval")
    sending.send_due(clock.now())
    of_the_bureau = fire.send("GET", f"/v1/bureau/alerts/{where}").json
    of_the_desk = lei.call("GET", f"/v1/duty/alerts/{where}").json
    progress = lei.call("GET", f"/v1/duty/alerts/{where}/progress").json
    assert len(made) == people and not progress["is_handed_over"]
    for what in ("people", "devices"):
        values = [each[what]["value"] for each in (of_the_bureau, of_the_desk, progress)]
        assert len(set(values)) == 1, "whoever asks, it is one answer"
        if people < counts.LEAST:
            assert values[0] is None
        else:
            assert values[0] % 10 == 0 and abs(values[0] - people) <= counts.MOST_NOISE + 5


def test_with_the_signature_of_its_registered_sender_it_goes_out_at_once(fire: BureauSystem) -> None:
    key, certificate = key_and_certificate(ec.generate_private_key(ec.SECP256R1()), clock.now())
    content = signed(document(), key, certificate)
    assert bring(fire, content).json["status"] == "awaiting_approval"
    with db.unit_of_work() as session:
        senders.register(session, "alerts@fire.example", certificate.decode(), bureau="fire", now=clock.now())
    content = signed(document(), key, certificate)
    answer = bring(fire, content)
    assert (answer.json["status"], answer.json["is_signature_trusted"]) == ("sending", True)
    parking = BureauSystem(fire.http, "parking", "alerts:write")
    other = bring(parking, signed(document(), key, certificate))
    assert other.json["status"] == "awaiting_approval", "the sender's certificate is for its own bureau's system"
    wrong = bring(fire, signed(document(), key, certificate).replace(b"Severe", b"Extreme"))
    assert (wrong.status_code, wrong.json["type"].rpartition("/")[2]) == (422, "alert-signature-wrong")


def test_the_same_document_again_answers_what_it_was_and_another_of_that_name_is_refused(fire: BureauSystem) -> None:
    content = document()
    first, again = bring(fire, content), bring(fire, content, "text/xml")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    other = bring(fire, content.replace("淹水警戒".encode(), "其他".encode()))
    assert (other.status_code, other.json["type"].rpartition("/")[2]) == (409, "alert-named-twice")


@pytest.mark.parametrize(
    ("then", "forged"), [("awaiting_approval", "淹水警戒"), ("refused", "別處的話"), ("recorded", "別處的話")]
)
def test_an_unsigned_copy_from_elsewhere_never_keeps_the_signed_original_from_going_out(
    fire: BureauSystem, lei: SignedInOfficer, forged: str, then: str
) -> None:
    key, certificate = key_and_certificate(ec.generate_private_key(ec.SECP256R1()), clock.now())
    with db.unit_of_work() as session:
        senders.register(session, "alerts@fire.example", certificate.decode(), bureau="fire", now=clock.now())
    parking = BureauSystem(fire.http, "parking", "alerts:write")
    content = document()
    copy = content.replace("淹水警戒".encode(), forged.encode())
    if then == "recorded":
        copy = copy.replace(b"<status>Actual", b"<status>Test")
    first = bring(parking, copy)
    assert first.status_code == 201
    address = f"/v1/duty/alerts/{first.json['id']}"
    if then == "refused":
        assert lei.call("POST", f"{address}/refusal").status_code == 200
    unsigned = bring(fire, copy)
    assert (unsigned.status_code, unsigned.json["type"].rpartition("/")[2]) == (409, "alert-named-twice")
    original = signed(content, key, certificate)
    answer = bring(fire, original)
    assert (answer.status_code, answer.json["status"], answer.json["is_signature_trusted"]) == (201, "sending", True)
    assert answer.json["title"] == lei.call("GET", address).json["title"] == "淹水警戒"
    assert bring(fire, original).status_code == 200
    assert bring(parking, copy).status_code == 409, "another's counts are not theirs"
    assert lei.call("POST", f"{address}/refusal").status_code == 409
    sending.send_due(clock.now())
    assert fire.send("GET", f"/v1/bureau/alerts/{answer.json['id']}").json["status"] == "sent"


def test_what_nobody_in_kaohsiung_is_to_hear_is_recorded_with_the_reason(
    fire: BureauSystem, lei: SignedInOfficer
) -> None:
    new_year = "2026-01-01T08:00:00+08:00"
    for changed, because in (
        ({"status": "Test"}, "not_actual"),
        ({"inside": info(area(geocode("6700600")), expires="")}, "outside"),
        ({"inside": info(area("<circle>25.04,121.56 3</circle>"), expires="")}, "outside"),
        ({"inside": info(area(), expires="")}, "no_area"),
        ({"sent": new_year, "inside": info(HERE, expires="2026-01-01T09:00:00+08:00")}, "expired"),
    ):
        answer = bring(fire, document(**changed))
        assert answer.status_code == 201, answer.text
        assert (answer.json["status"], answer.json["recorded_because"]) == ("recorded", because)
        assert answer.json["recorded_because_text"]
        refused = lei.call("POST", "/v1/duty/alerts", {"document": document(**changed).decode()})
        assert refused.status_code == 422


def test_a_malformed_document_is_refused_with_element_and_reason_in_the_language_asked_for(fire: BureauSystem) -> None:
    swapped = document(inside=info(area("<circle>120.3,22.6 1</circle>"), expires=""))
    answer = bring(fire, swapped)
    assert answer.status_code == 422
    assert (answer.json["element"], answer.json["reason"]) == ("info[1]/area[1]/circle", "swapped")
    assert "寫反" in answer.json["detail"]
    assert bring(fire, b"<a/>", "application/json").status_code == 415
    assert bring(fire, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>').json["reason"] == "has_dtd"
    late = document(sent=written(clock.now() + timedelta(hours=1)))
    assert bring(fire, late).json["type"].endswith("/alert-times-wrong")


def test_only_a_system_with_the_scope_and_only_duty_officers(client: FlaskClient, fire: BureauSystem) -> None:
    assert bring(BureauSystem(client, "parking", "bills:write"), document()).status_code == 403
    theirs = bring(fire, document()).json["id"]
    parking = BureauSystem(client, "parking", "alerts:write")
    assert parking.send("GET", f"/v1/bureau/alerts/{theirs}").status_code == 404
    assert parking.send("GET", "/v1/bureau/alerts").json["items"] == []
    assert [item["id"] for item in fire.send("GET", "/v1/bureau/alerts").json["items"]] == [theirs]
    publisher = signed_in_officer(client, "publisher", bureau="culture")
    assert publisher.call("GET", "/v1/duty/alerts").status_code == 403
    assert publisher.call("POST", f"/v1/duty/alerts/{theirs}/approval").status_code == 403


def test_an_officer_writes_a_drill_and_a_colleague_sends_it(lei: SignedInOfficer, fang: SignedInOfficer) -> None:
    entered = lei.call("POST", "/v1/duty/alerts", written_by_hand(is_drill=True))
    assert entered.status_code == 201, entered.text
    assert (entered.json["title"], entered.json["is_drill"]) == ("【演習】三民區淹水", True)
    assert entered.json["parts"][0]["districts"] == ["64000050"]
    address = f"/v1/duty/alerts/{entered.json['id']}"
    assert lei.call("POST", f"{address}/approval").status_code == 409
    assert fang.call("POST", f"{address}/approval", language="en").json["title"] == "[Drill] Flooding in Sanmin"
    raw = lei.call("GET", f"{address}/document")
    assert raw.content_type == "application/cap+xml" and b"Exercise" in raw.data
    sending.send_due(clock.now())
    words = {"text": {"zh": "這是測試，請忽略。", "en": "This was a test."}}
    corrected = fang.call("POST", f"{address}/correction", words)
    assert (corrected.status_code, corrected.json["status"]) == (201, "sending")
    assert corrected.json["title"] == "【演習】更正：三民區淹水"
    assert lei.call("POST", f"{address}/cancellation", {}).status_code == 409
    assert lei.call("GET", address).json["ended_how"] == "corrected"


def test_an_officer_updates_what_is_out_and_the_update_takes_its_place(
    lei: SignedInOfficer, fang: SignedInOfficer
) -> None:
    first = lei.call("POST", "/v1/duty/alerts", written_by_hand()).json["id"]
    assert fang.call("POST", f"/v1/duty/alerts/{first}/approval").status_code == 200
    update = fang.call("POST", "/v1/duty/alerts", written_by_hand(updates=first, severity="Moderate"))
    assert update.status_code == 201, update.text
    assert (update.json["msg_type"], update.json["about"]) == ("Update", [first])
    assert lei.call("GET", f"/v1/duty/alerts/{first}").json["status"] == "sending", "until the update goes out"
    assert lei.call("POST", f"/v1/duty/alerts/{update.json['id']}/approval").json["status"] == "sending"
    assert lei.call("GET", f"/v1/duty/alerts/{first}").json["ended_how"] == "superseded"
    late = lei.call("POST", "/v1/duty/alerts", written_by_hand(updates=first))
    assert (late.json["status"], late.json["alert_status"]) == (409, "cancelled")
    assert lei.call("POST", "/v1/duty/alerts", written_by_hand(updates="alr_nothing")).status_code == 404


def test_what_an_officer_writes_wrong_is_refused(lei: SignedInOfficer) -> None:
    wrong: list[dict[str, Any]] = [
        {"area": {}},
        {"area": {"districts": ["64000999"]}},
        {"area": {"polygons": [[[120.3, 22.6], [120.4, 22.6], [120.4, 22.7]]]}},
        {"area": {"circles": [{"latitude": 120.3, "longitude": 22.6, "radius_km": 1}]}},
        {"severity": "Worst"},
        {"expires_at": "9999-12-31T23:59:59+00:00"},
        {"expires_at": "2020-01-01T00:00:00+08:00"},
        {"headline": {"zh": "x"}},
        {"headline": {"zh": "\uffff", "en": "x"}},
        {"event": " "},
    ]
    for changed in wrong:
        assert lei.call("POST", "/v1/duty/alerts", written_by_hand(**changed)).status_code == 422, changed
    for body in ({}, {**written_by_hand(), "document": "<alert/>"}, {"document": "<alert/>"}):
        assert lei.call("POST", "/v1/duty/alerts", body).status_code == 422


def test_a_refused_alert_stays_refused(lei: SignedInOfficer, fang: SignedInOfficer) -> None:
    entered = lei.call("POST", "/v1/duty/alerts", written_by_hand()).json
    address = f"/v1/duty/alerts/{entered['id']}"
    assert fang.call("POST", f"{address}/refusal").json["status"] == "refused"
    assert fang.call("POST", f"{address}/approval").status_code == 409
    assert fang.call("POST", f"{address}/correction", {"text": {"zh": "x", "en": "x"}}).status_code == 409


@pytest.fixture
def mei(client: FlaskClient) -> SignedIn:
    return sign_in(client)


def test_a_device_s_position_is_kept_coarsely_and_forgotten_when_asked(client: FlaskClient, mei: SignedIn) -> None:
    device = mei.call("POST", "/v1/devices", {"kind": "fid", "address": "dQw4w9WgXcQ-0123456789", "name": ""}).json[
        "id"
    ]
    address = f"/v1/devices/{device}/position"
    kept = mei.call("PUT", address, {"latitude": 22.631234, "longitude": 120.301987})
    assert kept.status_code == 200, kept.text
    assert (kept.json["latitude"], kept.json["longitude"], kept.json["district"]) == (22.631, 120.302, "64000060")
    assert datetime.fromisoformat(kept.json["at"]).tzinfo is not None
    assert mei.call("GET", "/v1/devices").json["items"][0]["position"] == kept.json
    assert mei.call("PUT", address, {"latitude": 35.0, "longitude": 139.0}).json["district"] is None
    assert mei.call("PUT", address, {"latitude": 95.0, "longitude": 139.0}).status_code == 422
    assert mei.call("DELETE", address).status_code == 204
    assert mei.call("GET", "/v1/devices").json["items"][0]["position"] is None
    ming = sign_in(client, "E179864328", "0987654321")
    assert ming.call("PUT", address, {"latitude": 22.6, "longitude": 120.3}).status_code == 404
    assert ming.call("DELETE", address).status_code == 404


def test_the_message_is_in_the_inbox_with_its_alert(
    client: FlaskClient, mei: SignedIn, lei: SignedInOfficer, fang: SignedInOfficer
) -> None:
    device = mei.call("POST", "/v1/devices", {"kind": "fid", "address": "dQw4w9WgXcQ-0123456789", "name": ""}).json[
        "id"
    ]
    mei.call("PUT", f"/v1/devices/{device}/position", {"latitude": 22.65, "longitude": 120.31})
    entered = lei.call("POST", "/v1/duty/alerts", written_by_hand()).json
    fang.call("POST", f"/v1/duty/alerts/{entered['id']}/approval")
    assert sending.send_due(clock.now()) == 1
    (item,) = mei.call("GET", "/v1/inbox", language="en").json["items"]
    assert (item["title"], item["kind"], item["basis"]) == ("Flooding in Sanmin", "alert", "alert")
    assert (item["alert"]["severity"], item["alert"]["is_cancelled"]) == ("Severe", False)
    why = mei.call("GET", f"/v1/inbox/{item['id']}/why", language="en").json
    assert "issued this alert for “高雄市三民區”" in why["explanation"] and "item 3" in why["explanation"]
    assert (why["alert"]["id"], why["sender"]["approved_by"]) == (entered["id"], "方值勤")
