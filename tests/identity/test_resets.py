"""A forgotten password over HTTP: evidence, a day, then a new one; and never more than the evidence is worth."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from identity_city import MEI, MING, City, Phone, invented
from recovering_city import (
    answer_by_recovery_code,
    app_code,
    ask_for_reset,
    bring_events,
    challenge,
    finish_reset,
    later,
    not_me_token,
    prove_reset,
    set_up_app,
)

from core import clock
from identity import tasks

NEW = "tall grass in the rain"


def _waiting(city: City, phone: Phone) -> Any:
    proved = prove_reset(city, phone, ask_for_reset(phone))
    assert proved.status_code == 200, proved.json
    return proved.json


def _follow(phone: Phone, proved: Any) -> Any:
    return phone.post(f"/v1/auth/resets/{proved['id']}/progress", {"token": proved["token"]}).json


def test_a_new_password_can_be_set_a_day_after_the_code_and_once(city: City) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    assert proved["status"] == "waiting"
    early = finish_reset(phone, proved, NEW)
    assert early.status_code == 409
    assert early.json["type"].endswith("/problems/reset-waits")
    assert early.json["possible_at"] == proved["possible_at"]
    assert 86_390 <= int(early.headers["Retry-After"]) <= 86_400
    later(city, hours=23, minutes=59)
    assert finish_reset(phone, proved, NEW).status_code == 409
    later(city, minutes=1)
    assert _follow(phone, proved)["status"] == "possible"
    assert finish_reset(phone, proved, NEW).status_code == 204
    again = finish_reset(phone, proved, "another password")
    assert again.status_code == 409
    assert again.json["type"].endswith("/problems/reset-closed")
    assert phone.log_in().status_code == 401
    assert phone.log_in(NEW).status_code == 202
    assert _follow(phone, proved)["status"] == "completed"


def test_every_session_ends_when_the_password_is_set(city: City) -> None:
    signed_in = city.enrolled(MEI)
    signed_in.sign_in()
    phone = city.phone(MEI)
    proved = _waiting(city, phone)
    assert signed_in.get("/v1/me").status_code == 200
    later(city, days=1)
    assert finish_reset(phone, proved, NEW).status_code == 204
    assert signed_in.get("/v1/me").status_code == 401


def test_every_channel_tells_of_it_when_it_begins_when_it_can_be_finished_and_when_it_is(city: City) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    later(city, days=1)
    tasks.look_after_resets(clock.now())
    tasks.look_after_resets(clock.now())
    finish_reset(phone, proved, NEW)
    told = city.sql("SELECT payload->>'kind' FROM core.outbox WHERE kind = 'identity.security_notice' ORDER BY id")
    assert [row[0] for row in told] == ["reset_waiting", "reset_possible", "reset_completed"]
    texts = [text for text in city.messages_to(phone.mobile) if "not-me?token=" in text]
    assert len(texts) == 3


# Attack: recovery downgrade.
def test_a_reset_by_text_message_yields_level_two_and_no_way_up(city: City) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    later(city, days=1)
    assert finish_reset(phone, proved, NEW).status_code == 204
    phone.password = NEW
    session = phone.sign_in()
    assert session.json["acr"] == "urn:mykaohsiung:loa:2"
    # Neither an app nor a first passkey, which lead to level 3, are to be had from here.
    for way_up in ("/v1/me/totp", "/v1/auth/passkeys/registration/options"):
        refused = phone.post(way_up)
        assert refused.status_code == 401, way_up
        assert refused.json["type"].endswith("/problems/insufficient-user-authentication")
    assert city.sql("SELECT proofing_level FROM identity.person")[0][0] == 3


def test_who_has_an_app_keeps_it_through_a_reset(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    secret = set_up_app(phone)
    proved = _waiting(city, phone)
    later(city, days=1)
    finish_reset(phone, proved, NEW)
    body = {"challenge_id": challenge(phone, "totp", NEW).json["challenge_id"], "code": app_code(secret)}
    assert phone.post("/v1/auth/totp/verify", body).status_code == 200


def test_a_recovery_code_is_evidence_too_and_is_used_up(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    codes = phone.post("/v1/me/recovery-codes").json["codes"]
    phone.token = None
    before = len(city.messages_to(phone.mobile))
    asked = ask_for_reset(phone, "recovery_code")
    bring_events(city)
    assert len(city.messages_to(phone.mobile)) == before
    proved = phone.post(f"/v1/auth/resets/{asked.json['id']}/evidence", {"code": codes[0].lower()})
    assert proved.status_code == 200, proved.json
    later(city, days=1)
    assert finish_reset(phone, proved.json, NEW).status_code == 204
    assert answer_by_recovery_code(phone, challenge(phone, "recovery_code", NEW), codes[0]).status_code == 401
    assert answer_by_recovery_code(phone, challenge(phone, "recovery_code", NEW), codes[1]).status_code == 200


@pytest.mark.parametrize("evidence", ["sms", "recovery_code"])
def test_known_and_unknown_people_are_answered_alike_at_every_step(city: City, evidence: str) -> None:
    known, unknown = city.enrolled(MEI), city.phone(invented(7))
    asked = [ask_for_reset(phone, evidence) for phone in (known, unknown)]
    bring_events(city)
    assert [answer.status_code for answer in asked] == [202, 202]
    assert {frozenset(answer.json) for answer in asked} == {frozenset(("id", "evidence", "expires_at"))}
    code = "000000" if evidence == "sms" else "00000-00000"
    for answers in (
        [city.phone().post(f"/v1/auth/resets/{one.json['id']}/evidence", {"code": code}) for one in asked],
        [city.phone().post(f"/v1/auth/resets/{one.json['id']}/progress", {"token": "A" * 43}) for one in asked],
    ):
        assert answers[0].status_code == answers[1].status_code
        bodies = [{name: value for name, value in one.json.items() if name != "instance"} for one in answers]
        assert bodies[0] == bodies[1]


def test_asking_does_the_same_work_for_everybody(city: City) -> None:
    city.enrolled(MEI)
    rows = []
    for phone in (city.phone(MEI), city.phone(invented(7))):
        before = city.sql("SELECT count(*) FROM core.outbox")[0][0]
        asked = ask_for_reset(phone)
        row = city.sql(
            "SELECT status, person_id, code_hash, (SELECT count(*) FROM core.outbox) - :before FROM "
            "identity.password_reset ORDER BY id DESC LIMIT 1",
            before=before,
        )[0]
        assert asked.status_code == 202
        rows.append(tuple(row))
    assert rows[0] == rows[1] == ("asked", None, None, 1)


def test_nobody_asks_more_than_five_times_a_day_known_or_not(city: City) -> None:
    city.enrolled(MEI)
    for phone in (city.phone(MEI), city.phone(invented(7))):
        assert [ask_for_reset(phone).status_code for _ in range(6)] == [202] * 5 + [429]
    bring_events(city)
    assert len(city.messages_to(MEI[1])) == 5


def test_a_mobile_that_many_share_gets_ten_codes_at_the_most(city: City) -> None:
    family = [(national_id, MEI[1], password) for national_id, _, password in map(invented, range(1, 13))]
    for person in family:
        ask_for_reset(city.enrolled(person))
    bring_events(city)
    assert len(city.messages_to(MEI[1])) == 10


def test_fifty_parallel_wrong_codes_are_weighed_exactly_five_times_and_signing_in_still_works(city: City) -> None:
    phone = city.enrolled(MEI)
    asked = ask_for_reset(phone)
    bring_events(city)
    right = city.code_for(phone.mobile)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    address = f"/v1/auth/resets/{asked.json['id']}/evidence"
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: city.phone().post(address, {"code": wrong}).status_code, range(50)))
    assert sorted(statuses) == [401] * 5 + [429] * 45
    assert city.phone().post(address, {"code": right}).status_code == 429
    # Another code does not open it.
    assert prove_reset(city, phone, ask_for_reset(phone)).status_code == 429
    assert phone.sign_in().status_code == 200


def test_a_code_to_reset_signs_nobody_in_and_a_code_to_sign_in_resets_nothing(city: City) -> None:
    phone = city.enrolled(MEI)
    asked = ask_for_reset(phone)
    bring_events(city)
    of_reset = city.code_for(phone.mobile)
    signing_in = phone.log_in()
    of_sign_in = city.code_for(phone.mobile)
    assert phone.give_code(signing_in, of_reset).status_code == 401
    assert prove_reset(city, phone, asked, of_sign_in).status_code == 401


def test_a_code_is_good_for_five_minutes_and_once(city: City) -> None:
    phone = city.enrolled(MEI)
    asked = ask_for_reset(phone)
    bring_events(city)
    code = city.code_for(phone.mobile)
    assert prove_reset(city, phone, asked, code).status_code == 200
    assert prove_reset(city, phone, asked, code).status_code == 401
    asked = ask_for_reset(phone)
    bring_events(city)
    later(city, minutes=5)
    assert prove_reset(city, phone, asked).status_code == 401


def test_the_link_in_the_message_stops_it_without_signing_in(city: City) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    token = not_me_token(city, phone.mobile)
    assert city.phone().post("/v1/auth/disavowals", {"token": token}).status_code == 200
    assert _follow(phone, proved)["status"] == "cancelled"
    later(city, days=1)
    assert finish_reset(phone, proved, NEW).status_code == 409
    assert phone.log_in().json["type"].endswith("/problems/method-shut")


def test_the_person_stops_it_from_any_session_and_nobody_else_can(city: City) -> None:
    phone, other = city.enrolled(MEI), city.enrolled(MING)
    proved = _waiting(city, phone)
    phone.sign_in()
    other.sign_in()
    assert [item["id"] for item in phone.get("/v1/me/resets").json["items"]] == [proved["id"]]
    assert other.get("/v1/me/resets").json["items"] == []
    cancellation = f"/v1/me/resets/{proved['id']}/cancellation"
    assert other.post(cancellation).status_code == 404
    assert phone.post(cancellation).status_code == 204
    assert phone.post(cancellation).status_code == 404
    assert _follow(phone, proved)["status"] == "cancelled"
    # The password is as it was.
    assert phone.log_in().status_code == 202


def test_asking_anew_begins_a_new_day_and_ends_the_one_before(city: City) -> None:
    phone = city.enrolled(MEI)
    first = _waiting(city, phone)
    later(city, hours=23)
    second = _waiting(city, phone)
    later(city, hours=2)
    assert finish_reset(phone, first, NEW).status_code == 409
    assert finish_reset(phone, second, NEW).json["type"].endswith("/problems/reset-waits")
    assert city.sql("SELECT count(*) FROM identity.password_reset WHERE status = 'waiting'")[0][0] == 1


def test_two_days_after_the_day_it_lapses(city: City) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    later(city, hours=72)
    assert _follow(phone, proved)["status"] == "lapsed"
    assert finish_reset(phone, proved, NEW).status_code == 409
    tasks.look_after_resets(clock.now())
    assert city.sql("SELECT DISTINCT status FROM identity.password_reset")[0][0] == "lapsed"


def test_a_new_password_that_is_easily_guessed_leaves_the_reset_as_it_is(city: City) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    later(city, days=1)
    assert finish_reset(phone, proved, f"x{MEI[0]}x").status_code == 422
    assert finish_reset(phone, proved, NEW).status_code == 204


def test_another_token_follows_and_finishes_nothing(city: City) -> None:
    mei, ming = city.enrolled(MEI), city.enrolled(MING)
    of_mei, of_ming = _waiting(city, mei), _waiting(city, ming)
    later(city, days=1)
    assert finish_reset(ming, of_mei | {"token": of_ming["token"]}, NEW).status_code == 404
    assert city.phone().post(f"/v1/auth/resets/{of_mei['id']}/progress", {"token": "A" * 43}).status_code == 404


def test_finishing_and_stopping_at_once_do_one_of_the_two(city: City) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    phone.sign_in()
    later(city, days=1)
    cancellation = f"/v1/me/resets/{proved['id']}/cancellation"
    with ThreadPoolExecutor(2) as pool:
        finishing = pool.submit(finish_reset, city.phone(MEI), proved, NEW)
        stopping = pool.submit(phone.post, cancellation)
        done = finishing.result().status_code, stopping.result().status_code
    is_set = city.phone(MEI).log_in(NEW).status_code == 202
    assert (done[0] == 204) == is_set
    assert done in ((204, 404), (204, 401), (409, 204))


def test_the_event_delivered_twice_sends_one_code(city: City) -> None:
    phone = city.enrolled(MEI)
    asked = ask_for_reset(phone)
    bring_events(city)
    city.sql("UPDATE core.outbox SET settled_at = NULL WHERE kind = 'identity.reset_asked'")
    city.sql("DELETE FROM core.consumption")
    bring_events(city)
    assert len(city.messages_to(phone.mobile)) == 1
    assert prove_reset(city, phone, asked).status_code == 200


def test_a_crash_before_the_password_is_set_leaves_everything_as_it_was(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = city.enrolled(MEI)
    proved = _waiting(city, phone)
    phone.sign_in()
    later(city, days=1)
    with monkeypatch.context() as crashing:
        crashing.setattr("identity.sessions.end_all", lambda *_, **__: (_ for _ in ()).throw(MemoryError))
        assert finish_reset(city.phone(MEI), proved, NEW).status_code == 500
    assert phone.get("/v1/me").status_code == 200
    assert phone.log_in().status_code == 202
    assert finish_reset(city.phone(MEI), proved, NEW).status_code == 204


def test_whoever_has_no_mobile_or_no_password_is_sent_nothing_and_answered_the_same(city: City) -> None:
    phone = city.enrolled(MEI)
    city.sql("UPDATE identity.person SET password_hash = NULL")
    asked = ask_for_reset(phone)
    assert asked.status_code == 202
    bring_events(city)
    assert city.messages_to(phone.mobile) == []
