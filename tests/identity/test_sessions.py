"""Sessions: replaced at every rise, ended when asked, lapsing unused and in any case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from identity_city import MEI, MING, NOON, ORIGIN, City
from sqlalchemy import event, text

from core.db import Database
from identity import people, sessions


def _person(database: Database) -> UUID:
    with database.unit_of_work() as session:
        return people.enrol_demo_person(
            session, national_id=MEI[0], mobile=MEI[1], password=MEI[2], language="en", now=NOON
        )


def _begun(database: Database, person_id: UUID, *amr: str) -> str:
    with database.unit_of_work() as session:
        return sessions.begin(
            session, person_id=person_id, amr=amr, transport="bearer", user_agent="t", replaces=None, now=NOON
        ).token


def test_the_session_is_another_at_each_rise_and_the_old_one_is_dead(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    tokens = [phone.token]
    phone.sign_in()
    tokens.append(phone.token)
    phone.add_passkey()
    tokens.append(phone.token)
    phone.sign_in_with_passkey()
    tokens.append(phone.token)
    assert len(set(tokens)) == 4
    assert [phone.send("GET", "/v1/me", token=token).status_code for token in tokens] == [401, 401, 401, 200]


def test_a_session_cookie_is_set_for_this_host_alone_out_of_reach_of_scripts_and_changes_at_each_rise(
    city: City,
) -> None:
    phone = city.enrolled(MEI, transport="cookie")
    answer = phone.sign_in()
    cookie = answer.headers["Set-Cookie"]
    assert answer.json["access_token"] is None
    assert cookie.startswith("__Host-session=")
    for attribute in ("Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=43200"):
        assert f"; {attribute}" in cookie
    before = phone.token
    raised = phone.add_passkey()
    assert raised.json["acr"] == "urn:mykaohsiung:loa:3"
    assert raised.headers["Set-Cookie"] != cookie
    assert phone.send("GET", "/v1/me", token=before).status_code == 401
    assert phone.get("/v1/me").status_code == 200


def test_a_token_planted_before_signing_in_is_worth_nothing_after(city: City) -> None:
    victim, attacker = city.enrolled(MEI, transport="cookie"), city.enrolled(MING, transport="cookie")
    attacker.sign_in()
    victim.token = attacker.token
    victim.sign_in()
    assert victim.token != attacker.token
    assert attacker.get("/v1/me").status_code == 401
    assert victim.get("/v1/me").json["national_id"] == "A12****789"


def test_with_a_cookie_another_site_cannot_change_anything(city: City) -> None:
    phone = city.enrolled(MEI, transport="cookie")
    phone.sign_in()
    assert phone.post("/v1/auth/logout", Origin="https://evil.example").status_code == 403
    assert phone.get("/v1/me").status_code == 200
    assert phone.post("/v1/auth/logout", Origin=ORIGIN).status_code == 204


def test_signing_out_ends_the_session_on_our_side_and_clears_the_cookie(city: City) -> None:
    phone = city.enrolled(MEI, transport="cookie")
    phone.sign_in()
    answer = phone.post("/v1/auth/logout")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert phone.get("/v1/me").status_code == 401


def test_my_sessions_are_listed_and_ended_one_by_one(city: City) -> None:
    one, other = city.enrolled(MEI), city.enrolled(MEI)
    one.sign_in()
    other.sign_in()
    listed = one.get("/v1/me/sessions").json["items"]
    assert [item["is_current"] for item in listed] == [False, True]
    assert one.send("DELETE", f"/v1/me/sessions/{listed[0]['id']}").status_code == 204
    assert other.get("/v1/me").status_code == 401
    assert [item["is_current"] for item in one.get("/v1/me/sessions").json["items"]] == [True]


def test_the_list_of_sessions_goes_on_where_it_stopped(city: City) -> None:
    phones = [city.enrolled(MEI) for _ in range(3)]
    for phone in phones:
        phone.sign_in()
    first = phones[0].get("/v1/me/sessions?limit=2").json
    second = phones[0].get(f"/v1/me/sessions?limit=2&cursor={first['next_cursor']}").json
    assert [len(first["items"]), len(second["items"]), second["next_cursor"]] == [2, 1, None]


def test_a_stranger_s_session_cannot_be_ended_and_is_not_told_from_none(city: City) -> None:
    mei, ming = city.enrolled(MEI), city.enrolled(MING)
    theirs = ming.sign_in().json["session_id"]
    mei.sign_in()
    answers = [
        mei.send("DELETE", f"/v1/me/sessions/{session_id}")
        for session_id in (theirs, "ses_01jd0000000000000000000000", "nonsense")
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert ming.get("/v1/me").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000])
def test_any_other_token_is_nobody_s(database: Database, token: str) -> None:
    with database.unit_of_work() as session:
        assert sessions.resolve(session, token, NOON) is None


@pytest.mark.parametrize(
    ("amr", "loa", "idle", "longest"),
    [
        (("pwd", "sms"), 2, timedelta(minutes=30), timedelta(hours=12)),
        (("hwk", "user"), 3, timedelta(hours=1), timedelta(hours=24)),
    ],
)
def test_a_session_lapses_unused_and_at_the_latest_after_its_longest_time(
    database: Database, amr: tuple[str, ...], loa: int, idle: timedelta, longest: timedelta
) -> None:
    token = _begun(database, _person(database), *amr)
    moment = NOON
    last_step = timedelta(minutes=1)
    while moment + idle - last_step < NOON + longest:
        moment += idle - last_step
        with database.unit_of_work() as session:
            actor = sessions.resolve(session, token, moment)
        assert actor is not None
        assert actor.loa == loa
    with database.unit_of_work() as session:
        assert sessions.resolve(session, token, NOON + longest) is None
    unused = _begun(database, _person(database), *amr)
    with database.unit_of_work() as session:
        assert sessions.resolve(session, unused, NOON + idle - last_step) is not None
    unused = _begun(database, _person(database), *amr)
    with database.unit_of_work() as session:
        assert sessions.resolve(session, unused, NOON + idle) is None


def test_a_token_is_resolved_by_one_query_and_its_use_noted_once_a_minute(database: Database) -> None:
    token = _begun(database, _person(database), "hwk", "user")
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for seconds, expected in ((0, 1), (59, 1), (60, 2), (61, 1), (119, 1), (120, 2)):
        statements.clear()
        with database.unit_of_work() as session:
            sessions.resolve(session, token, NOON + timedelta(seconds=seconds))
        assert len(statements) == expected, seconds


def test_each_session_says_on_what_device_when_and_coarsely_where(city: City) -> None:
    phone = city.enrolled(MEI, user_agent="Mozilla/5.0 (iPhone) Version/26.0 Safari/604.1", address="198.51.100.201")
    phone.sign_in()
    (item,) = phone.get("/v1/me/sessions").json["items"]
    assert (item["device"], item["network"]) == ("Safari · iPhone", "198.51.100.0/24")
    assert item["place"] == "網路 198.51.100.*"
    assert "198.51.100.201" not in str(city.sql("SELECT to_jsonb(session) FROM identity.session"))
    english = phone.get("/v1/me/sessions", **{"Accept-Language": "en"}).json["items"]
    assert english[0]["place"] == "Network 198.51.100.*"


def test_all_my_other_sessions_are_ended_at_once_and_nobody_else_s(city: City) -> None:
    phones = [city.enrolled(MEI) for _ in range(3)]
    stranger = city.enrolled(MING)
    for phone in (*phones, stranger):
        phone.sign_in()
    assert phones[1].send("DELETE", "/v1/me/sessions").status_code == 204
    assert [phone.get("/v1/me").status_code for phone in (*phones, stranger)] == [401, 200, 401, 200]


def test_a_session_of_the_highest_level_is_the_shortest(database: Database) -> None:
    person_id = _person(database)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE identity.person SET proofing_level = 4"))
    token = _begun(database, person_id, "hwk", "user")
    with database.unit_of_work() as session:
        actor = sessions.resolve(session, token, NOON + timedelta(minutes=14))
        assert actor is not None
        assert actor.loa == 4
    with database.unit_of_work() as session:
        assert sessions.resolve(session, token, NOON + timedelta(minutes=30)) is None


@pytest.mark.parametrize("amr", [("pwd", "sms"), ("hwk", "user")])
def test_a_remembered_device_is_known_at_level_one_for_a_month_and_never_above(
    database: Database, amr: tuple[str, ...]
) -> None:
    with database.unit_of_work() as session:
        token = sessions.begin(
            session, person_id=_person(database), amr=amr, transport="cookie", user_agent="t", replaces=None,
            now=NOON, remember=True,
        ).token  # fmt: skip
    for days in (1, 15, 29):
        with database.unit_of_work() as session:
            actor = sessions.resolve(session, token, NOON + timedelta(days=days))
            assert actor is not None
            assert (actor.loa, actor.is_phishing_resistant) == (1, False)
    with database.unit_of_work() as session:
        assert sessions.resolve(session, token, NOON + timedelta(days=30)) is None


def test_using_a_remembered_session_that_is_stale_makes_it_no_fresher(city: City) -> None:
    phone = city.enrolled(MEI)
    begun = phone.log_in()
    body = {"challenge_id": begun.json["challenge_id"], "code": city.code_for(phone.mobile), "remember": True}
    phone.kept(phone.post("/v1/auth/otp/verify", body))
    city.sql("UPDATE identity.session SET idle_until = idle_until - interval '31 minutes'")
    for _ in range(2):
        city.sql("UPDATE identity.session SET last_used_at = last_used_at - interval '2 minutes'")
        assert phone.get("/v1/me").json["acr"] == "urn:mykaohsiung:loa:1"
    (item,) = phone.get("/v1/me/sessions").json["items"]
    assert (item["is_remembered"], item["acr"]) == (True, "urn:mykaohsiung:loa:1")
    refused = phone.get("/v1/me/vehicles")
    assert refused.status_code == 401
    assert 'error="insufficient_user_authentication"' in refused.headers["WWW-Authenticate"]
    phone.sign_in()
    assert phone.get("/v1/me").json["acr"] == "urn:mykaohsiung:loa:2"
    # The rise is on the device that was remembered.
    assert phone.get("/v1/me/sessions").json["items"][0]["is_remembered"] is True


def test_past_sign_ins_are_listed_with_those_that_have_ended(city: City) -> None:
    phone = city.enrolled(MEI)
    for _ in range(3):
        phone.sign_in()
    first = phone.get("/v1/me/sign-ins?limit=2").json
    second = phone.get(f"/v1/me/sign-ins?limit=2&cursor={first['next_cursor']}").json
    listed = first["items"] + second["items"]
    assert [(item["is_running"], item["is_current"]) for item in listed] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    assert second["next_cursor"] is None
    stranger = city.enrolled(MING)
    stranger.sign_in()
    assert len(stranger.get("/v1/me/sign-ins").json["items"]) == 1


def test_a_request_of_somebody_signed_in_looks_its_session_up_by_one_statement(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    statements: list[str] = []
    event.listen(city.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for _ in range(3):
        statements.clear()
        assert phone.get("/v1/me/sessions").status_code == 200
        assert len([statement for statement in statements if "token_hash" in statement and "JOIN" in statement]) == 1
        assert not [statement for statement in statements if "UPDATE" in statement]


@pytest.mark.untouched_database
def test_the_look_up_finds_its_session_by_index_among_many(database: Database) -> None:
    token = _begun(database, _person(database), "hwk", "user")
    asked: list[tuple[str, Any]] = []
    with database.unit_of_work() as session:
        connection = session.connection()
        connection.exec_driver_sql(_FIVE_THOUSAND_MORE)
        connection.exec_driver_sql("ANALYZE identity.session")
        event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
        assert sessions.resolve(session, token, NOON) is not None
        ((statement, parameters),) = asked
        ((plan,),) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).all()
    found = [node for node in _nodes(plan[0]["Plan"]) if node.get("Relation Name") == "session"]
    assert [(node["Node Type"], node["Index Name"]) for node in found] == [("Index Scan", "session_pkey")]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


_FIVE_THOUSAND_MORE = """
INSERT INTO identity.session (token_hash, id, person_id, authenticator_level, amr, transport, auth_time,
                              created_at, last_used_at, idle_until, expires_at, user_agent)
SELECT sha256(n::text::bytea), gen_random_uuid(), s.person_id, 3, s.amr, s.transport, s.auth_time,
       s.created_at, s.last_used_at, s.idle_until, s.expires_at, ''
  FROM generate_series(1, 5000) n, (SELECT * FROM identity.session LIMIT 1) s
"""
