"""What a driver reports is seen at the desk until somebody has taken care of it."""

from __future__ import annotations

from signed_in_officer import signed_in_officer

from core.ids import new_uuid, typeid
from tests.accessibility.own_fleet.city_vans import rows
from tests.accessibility.own_fleet.driving_city import Driven


def test_what_a_driver_reports_stays_at_the_desk_until_it_is_taken_care_of(driven: Driven) -> None:
    driver = driven.driver()
    driver.call("POST", "incident", {"kind": "rider_unwell", "note": "乘客頭暈，已停在路邊"})
    dispatcher = signed_in_officer(driven.client, "dispatcher", bureau="transport")

    (found,) = dispatcher.call("GET", "/v1/dispatch/incidents").json["items"]
    assert (found["kind"], found["note"], found["vehicle"]) == ("rider_unwell", "乘客頭暈，已停在路邊", "R001")
    assert (found["driver_name"], found["driver_phone"]) == ("司機001", "0912345678")

    address = f"/v1/dispatch/incidents/{found['id']}/handling"
    auditor = signed_in_officer(driven.client, "auditor")
    assert auditor.call("PUT", address, {"note": ""}).status_code == 403
    for note in ("已叫 119", "twice"):
        assert dispatcher.call("PUT", address, {"note": note}).status_code == 204
    assert auditor.call("GET", "/v1/dispatch/incidents").json["items"] == []

    nowhere = f"/v1/dispatch/incidents/{typeid('inc', new_uuid())}/handling"
    assert dispatcher.call("PUT", nowhere, {}).status_code == 404


def test_desk_and_driver_have_each_other_s_number(driven: Driven) -> None:
    manifest = driven.driver().call("GET", "manifest").json
    dispatcher = signed_in_officer(driven.client, "dispatcher", bureau="transport")
    (van,) = dispatcher.call("GET", "/v1/dispatch/day").json["vehicles"]
    (desk,) = rows("SELECT phone FROM accessibility.fleet WHERE code = 'rehabus'")
    assert (van["driver"]["phone"], manifest["dispatch_phone"]) == ("0912345678", desk.phone)
