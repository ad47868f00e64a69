"""My own pages: what is shown of me, my language, my vehicles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from identity_city import MEI, MING, City, Phone

from core import clock
from core.ids import parse_typeid
from identity import people


@pytest.fixture
def mei(city: City) -> Phone:
    """Somebody signed in at level 2."""
    phone = city.enrolled(MEI)
    phone.sign_in()
    return phone


def _add(phone: Phone, plate: str, vehicle: str | None = None) -> int:
    body = {"plate": plate} | ({"vehicle": vehicle} if vehicle else {})
    return phone.post("/v1/me/vehicles", body).status_code


class TestMe:
    def test_numbers_are_shown_with_their_middles_hidden(self, mei: Phone) -> None:
        answer = mei.get("/v1/me")
        assert answer.json["national_id"] == "A12****789"
        assert answer.json["mobile"] == "09******78"
        assert answer.json["acr"] == "urn:mykaohsiung:loa:2"
        assert MEI[0] not in answer.text
        assert MEI[1] not in answer.text

    def test_text_messages_come_in_the_language_chosen(self, mei: Phone) -> None:
        assert mei.get("/v1/me").json["language"] == "zh-TW"
        assert mei.send("PATCH", "/v1/me", {"language": "en"}).json["language"] == "en"
        mei.log_in()
        assert "Your code is" in mei.city.messages_to(mei.mobile)[-1]

    @pytest.mark.parametrize("body", [{"language": "fr"}, {"language": "en", "name": "Mei"}, {}])
    def test_nothing_else_is_changed(self, mei: Phone, body: dict[str, str]) -> None:
        assert mei.send("PATCH", "/v1/me", body).status_code == 422

    @pytest.mark.parametrize("path", ["/v1/me", "/v1/me/sessions", "/v1/me/vehicles"])
    def test_without_a_session_there_is_nothing_to_see(self, city: City, path: str) -> None:
        answer = city.phone().get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


class TestVehicles:
    def test_a_vehicle_that_the_register_shows_as_mine_is_mine(self, mei: Phone) -> None:
        answer = mei.post("/v1/me/vehicles", {"plate": "ａｂｃ－1235"})
        assert answer.status_code == 201
        assert (answer.json["plate"], answer.json["vehicle"]) == ("ABC-1235", "car")
        assert _add(mei, "MAA-0001", "motorcycle") == 201
        listed = mei.get("/v1/me/vehicles").json["items"]
        assert [(item["plate"], item["vehicle"]) for item in listed] == [
            ("MAA-0001", "motorcycle"),
            ("ABC-1235", "car"),
        ]
        with mei.city.database.unit_of_work() as session:
            person_id = parse_typeid("per", mei.get("/v1/me").json["id"])
            assert people.vehicles_of(session, person_id) == [("ABC-1235", "car"), ("MAA-0001", "motorcycle")]

    def test_adding_it_again_changes_nothing(self, mei: Phone) -> None:
        first = mei.post("/v1/me/vehicles", {"plate": "ABC-1235"}).json
        assert mei.post("/v1/me/vehicles", {"plate": "ABC-1235", "vehicle": "car"}).json == first

    def test_a_stranger_s_plate_and_no_plate_at_all_are_refused_alike(self, mei: Phone) -> None:
        strangers = mei.post("/v1/me/vehicles", {"plate": "1235-AB"})
        nobodys = mei.post("/v1/me/vehicles", {"plate": "ZZZ-9999"})
        other_kind = mei.post("/v1/me/vehicles", {"plate": "ABC-1235", "vehicle": "large"})
        assert strangers.status_code == nobodys.status_code == other_kind.status_code == 422
        assert strangers.json == nobodys.json == other_kind.json
        assert strangers.json["type"].endswith("/problems/vehicle-not-yours")
        assert mei.get("/v1/me/vehicles").json["items"] == []

    def test_ten_tries_a_day_and_no_more_even_in_parallel(self, mei: Phone) -> None:
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda number: _add(mei, f"ZZZ-{number:04d}"), range(16)))
        assert sorted(statuses) == [422] * 10 + [429] * 6
        answer = mei.post("/v1/me/vehicles", {"plate": "ABC-1235"})
        assert answer.status_code == 429
        assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
        mei.city.sql("UPDATE identity.attempt SET resets_at = resets_at - interval '1 day'")
        assert _add(mei, "ABC-1235") == 201

    def test_a_vehicle_that_was_sold_is_its_new_owner_s_alone(self, mei: Phone) -> None:
        ming = mei.city.enrolled(MING)
        ming.sign_in()
        assert _add(mei, "ABC-1235") == 201
        mei.city.outside.put("bureaus/vehicles", plate="ABC-1235", vehicle="car", national_id=MING[0])
        assert _add(ming, "ABC-1235") == 201
        assert mei.get("/v1/me/vehicles").json["items"] == []

    def test_a_vehicle_is_taken_off_the_list_by_its_holder_alone(self, mei: Phone) -> None:
        ming = mei.city.enrolled(MING)
        ming.sign_in()
        vehicle_id = mei.post("/v1/me/vehicles", {"plate": "ABC-1235"}).json["id"]
        assert ming.send("DELETE", f"/v1/me/vehicles/{vehicle_id}").status_code == 404
        assert mei.send("DELETE", f"/v1/me/vehicles/{vehicle_id}").status_code == 204
        assert mei.send("DELETE", f"/v1/me/vehicles/{vehicle_id}").status_code == 404

    def test_while_the_register_is_closed_the_answer_says_so(self, mei: Phone) -> None:
        mei.city.outside.set_switch("bureaus", "ownership", "maintenance", count=1)
        answer = mei.post("/v1/me/vehicles", {"plate": "ABC-1235"})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert _add(mei, "ABC-1235") == 201

    @pytest.mark.parametrize("plate", ["", "ABC1235", "'; DROP TABLE", "A" * 17, 5, None])
    def test_what_is_no_plate_is_not_asked_about(self, mei: Phone, plate: object) -> None:
        assert mei.post("/v1/me/vehicles", {"plate": plate}).status_code == 422
        assert mei.city.sql("SELECT 1 FROM identity.attempt WHERE method = 'vehicle_lookups'") == []


def test_a_demo_person_is_enrolled_once(city: City) -> None:
    with city.database.unit_of_work() as session:
        ids = {
            people.enrol_demo_person(session, national_id=MEI[0], mobile=MEI[1], password=MEI[2], now=clock.now())
            for _ in range(2)
        }
    assert len(ids) == 1
