"""Delegations: offered by either side, agreed by both, hidden from everybody else, and ended at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from delegating import TYPED, Somebody, agreed, offered, somebody
from identity_city import City
from paying_city import national_id

from core import clock, db
from core.clock import taipei_date
from core.outbox import Event
from identity import delegation_tasks, delegations

MOTHER_NAME, CAREGIVER_NAME = "陳阿嬤", "林志明"


@pytest.fixture
def mother(city: City) -> Somebody:
    return somebody(city.app.test_client(), 1, MOTHER_NAME)


@pytest.fixture
def caregiver(city: City) -> Somebody:
    return somebody(city.app.test_client(), 2, CAREGIVER_NAME)


@pytest.fixture
def later(tmp_path: Path) -> Iterator[Any]:
    """Put the clock ahead by so much."""
    ahead = tmp_path / "ahead"
    clock.follow(ahead)
    yield lambda by: clock.put_ahead(ahead, by)
    clock.follow(None)


def hand_out(city: City) -> None:
    """Let the consumer act on every offer that was recorded."""
    for row in city.sql("SELECT id, kind, payload, recorded_at FROM core.outbox WHERE kind = :kind ORDER BY id",
                        kind=delegations.OFFERED):  # fmt: skip
        with db.unit_of_work() as session:
            delegation_tasks.tell_whom_it_was_offered_to(session, Event(*row), clock.now())


def kinds_told(city: City, person: Somebody) -> list[str]:
    rows = city.sql(
        "SELECT payload->>'kind' AS kind FROM core.outbox WHERE kind = 'identity.security_notice' "
        "AND payload->>'person_id' = :id ORDER BY id",
        id=str(person.person_id),
    )
    return [row.kind for row in rows]


def test_a_mother_lets_a_caregiver_book_rides_and_both_see_the_same(
    city: City, mother: Somebody, caregiver: Somebody
) -> None:
    made = mother.offer(caregiver, "rides:book", "rides:read")
    assert (made["status"], made["my_role"], made["begun_by_me"]) == ("offered", "principal", True)
    assert made["may"] == {"accept": False, "refuse": False, "revoke": True, "act": False}

    (seen,) = caregiver.got("GET", "/v1/me/delegations")["items"]
    assert (seen["id"], seen["my_role"], seen["status"]) == (made["id"], "agent", "offered")
    assert seen["may"]["accept"] and not seen["may"]["act"]

    accepted = caregiver.accept(seen)
    assert accepted["status"] == "active" and accepted["may"]["act"]
    assert [(each["side"], each["by"]) for each in accepted["approvals"]] == [
        ("principal", "person"),
        ("agent", "person"),
    ]
    mine = mother.got("GET", f"/v1/me/delegations/{made['id']}")
    assert (mine["status"], mine["may"]["act"], mine["may"]["revoke"]) == ("active", False, True)
    assert kinds_told(city, mother) == ["delegation_agreed"] and kinds_told(city, caregiver) == ["delegation_received"]


def test_a_caregiver_asks_and_the_mother_says_yes_or_no(mother: Somebody, caregiver: Somebody) -> None:
    wished, unwished = (caregiver.offer(mother, "rides:book", role="agent") for _ in range(2))
    assert mother.accept(wished)["my_role"] == "principal"
    refused = mother.got("POST", f"/v1/me/delegations/{unwished['id']}/refusal", {})
    assert refused["status"] == "refused" and refused["closed_by"] == "principal"
    assert caregiver.got("GET", f"/v1/me/delegations/{unwished['id']}")["status"] == "refused"


def test_nobody_says_yes_for_the_other_or_twice(mother: Somebody, caregiver: Somebody) -> None:
    made = mother.offer(caregiver, "rides:book")
    path = f"/v1/me/delegations/{made['id']}"
    assert mother.send("POST", f"{path}/acceptance", {}).status_code == 403
    assert mother.send("POST", f"{path}/refusal", {}).status_code == 403
    assert caregiver.send("POST", f"{path}/revocation", {}).status_code == 403
    caregiver.accept(made)
    assert caregiver.send("POST", f"{path}/acceptance", {}).status_code == 409
    assert caregiver.send("POST", f"{path}/refusal", {}).status_code == 409


def test_it_takes_level_three_to_agree_and_less_to_end(mother: Somebody, caregiver: Somebody) -> None:
    weak_mother, weak_caregiver = mother.again(TYPED), caregiver.again(TYPED)
    assert weak_mother.send("POST", "/v1/me/delegations", offered(caregiver, "rides:book")).status_code == 401
    made = mother.offer(caregiver, "rides:book")
    assert weak_caregiver.send("POST", f"/v1/me/delegations/{made['id']}/acceptance", {}).status_code == 401
    caregiver.accept(made)
    assert weak_mother.revoke(made)["status"] == "revoked"


def test_names_are_hidden_until_both_have_agreed(mother: Somebody, caregiver: Somebody) -> None:
    made = mother.offer(caregiver, "rides:book")
    assert made["other"] == {"name": None, "national_id": f"{caregiver.number[:3]}****{caregiver.number[-3:]}"}
    seen = caregiver.got("GET", f"/v1/me/delegations/{made['id']}")
    assert seen["other"]["name"] == "陳○嬤" and mother.number not in str(seen)
    assert caregiver.accept(made)["other"]["name"] == MOTHER_NAME
    assert mother.got("GET", f"/v1/me/delegations/{made['id']}")["other"]["name"] == CAREGIVER_NAME


def test_row_17_an_offer_to_somebody_unknown_looks_the_same_and_takes_as_long(
    city: City, mother: Somebody, caregiver: Somebody
) -> None:
    def offers(number: str) -> tuple[int, set[str], float]:
        # The day's ten offers are not what is measured.
        city.sql("DELETE FROM identity.attempt")
        began = time.perf_counter()
        answer = mother.send("POST", "/v1/me/delegations", offered(number, "rides:book"))
        took = time.perf_counter() - began
        different = {"id", "made_at", "answer_before", "other"}
        return answer.status_code, {f"{key}={value}" for key, value in answer.json.items() if key not in different
                                    and key != "approvals"}, took  # fmt: skip

    pairs = [(offers(caregiver.number), offers(national_id(4711))) for _ in range(200)]
    known, unknown = zip(*pairs, strict=True)
    assert {status for status, _, _ in known + unknown} == {201}
    assert known[0][1] == unknown[0][1]
    medians = [statistics.median(took for _, _, took in answers) for answers in (known, unknown)]
    noise = statistics.quantiles([took for _, _, took in known], n=4)
    assert abs(medians[0] - medians[1]) < max(noise[2] - noise[0], 0.002), medians


def test_an_offer_to_somebody_unknown_waits_and_lapses(city: City, mother: Somebody, later: Any) -> None:
    made = mother.offer(national_id(4711), "rides:book")
    hand_out(city)
    assert city.sql("SELECT count(*) AS n FROM identity.sms")[0].n == 0
    later(timedelta(days=8))
    mother = mother.again()
    assert mother.got("GET", f"/v1/me/delegations/{made['id']}")["status"] == "lapsed"
    delegation_tasks.end_delegations(clock.now())
    assert mother.got("GET", f"/v1/me/delegations/{made['id']}")["closed_by"] == "time"


def test_what_has_come_to_its_last_day_is_closed_and_both_are_told(
    city: City, mother: Somebody, caregiver: Somebody, later: Any
) -> None:
    made = agreed(mother, caregiver, "rides:book")
    later(timedelta(days=31))
    shown = caregiver.again().got("GET", f"/v1/me/delegations/{made['id']}")
    assert (shown["status"], shown["may"]["act"], shown["may"]["revoke"]) == ("expired", False, False)
    delegation_tasks.end_delegations(clock.now())
    delegation_tasks.end_delegations(clock.now())
    assert caregiver.again().got("GET", f"/v1/me/delegations/{made['id']}")["closed_by"] == "time"
    assert kinds_told(city, mother)[-1] == kinds_told(city, caregiver)[-1] == "delegation_over"
    assert kinds_told(city, mother).count("delegation_over") == 1


def test_whoever_registers_in_time_finds_the_offer(city: City, mother: Somebody) -> None:
    made = mother.offer(national_id(77), "rides:book")
    newcomer = somebody(city.app.test_client(), 77)
    assert newcomer.accept(made)["status"] == "active"


def test_who_was_named_is_told_three_times_a_day_and_no_more(city: City, mother: Somebody, caregiver: Somebody) -> None:
    for _ in range(5):
        mother.offer(caregiver, "rides:book")
    hand_out(city)
    assert kinds_told(city, caregiver) == ["delegation_offered"] * 3


def test_ten_offers_a_day_and_then_none(mother: Somebody) -> None:
    answers = [
        mother.send("POST", "/v1/me/delegations", offered(national_id(100 + n), "rides:book")) for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_row_9_a_stranger_finds_no_delegation_of_others(city: City, mother: Somebody, caregiver: Somebody) -> None:
    made = agreed(mother, caregiver, "rides:book")
    stranger = somebody(city.app.test_client(), 3)
    nowhere = made["id"][:-4] + "0000"
    for method, tail, body in (
        ("GET", "", None), ("GET", "/acts", None), ("POST", "/acceptance", {}), ("POST", "/refusal", {}),
        ("POST", "/revocation", {}), ("POST", "/session", {}),
    ):  # fmt: skip
        theirs, none = (
            stranger.send(method, f"/v1/me/delegations/{each}{tail}", body) for each in (made["id"], nowhere)
        )
        assert theirs.status_code == none.status_code == 404, tail
        assert {**theirs.json, "instance": ""} == {**none.json, "instance": ""}
    assert stranger.got("GET", "/v1/me/delegations")["items"] == []
    assert mother.got("GET", f"/v1/me/delegations/{made['id']}")["status"] == "active"


def test_revoking_is_at_once_by_either_side_and_tells_the_other(
    city: City, mother: Somebody, caregiver: Somebody
) -> None:
    first, second = agreed(mother, caregiver, "rides:book"), agreed(mother, caregiver, "bills:read")
    assert mother.revoke(first)["closed_by"] == "principal"
    assert caregiver.revoke(second)["closed_by"] == "agent"
    assert caregiver.begins(first).status_code == 409
    assert kinds_told(city, caregiver)[-1] == "delegation_over"
    assert mother.send("POST", f"/v1/me/delegations/{first['id']}/revocation", {}).status_code == 409


def test_it_lasts_a_year_at_most_and_begins_within_ninety_days(mother: Somebody, caregiver: Somebody) -> None:
    today = taipei_date(clock.now())

    def status(starts: int | None, ends: int | None) -> int:
        days = {"starts_on": starts, "ends_on": ends}
        said = {name: None if day is None else (today + timedelta(days=day)).isoformat() for name, day in days.items()}
        return mother.send("POST", "/v1/me/delegations", offered(caregiver, "rides:book", **said)).status_code

    assert [status(None, 365), status(90, 455)] == [201, 201]
    assert {status(None, 366), status(None, None), status(-1, 5), status(91, 100), status(5, 4)} == {422}


@pytest.mark.parametrize(
    "change",
    [
        {"my_role": "owner"},
        {"basis": "counter"},
        {"scopes": []},
        {"scopes": [{"scope": "everything"}]},
        {"scopes": [{"scope": "rides:book"}, {"scope": "rides:book"}]},
        {"scopes": [{"scope": "rides:book", "per_month": 5}]},
        {"scopes": [{"scope": "payments:pay", "per_month": 0}]},
        {"scopes": [{"scope": "payments:pay", "vehicle_id": "x"}]},
        {"national_id": "A123456780"},
        {"status": "active"},
        {"agent_id": "per_1"},
    ],
)
def test_what_makes_no_sense_is_refused(mother: Somebody, caregiver: Somebody, change: dict[str, Any]) -> None:
    answer = mother.send("POST", "/v1/me/delegations", offered(caregiver, "rides:book") | change)
    assert answer.status_code == 422 and answer.json["errors"]


def test_nobody_delegates_to_themselves(mother: Somebody) -> None:
    assert mother.send("POST", "/v1/me/delegations", offered(mother, "rides:book")).status_code == 422


def test_the_database_keeps_what_was_agreed(city: City, mother: Somebody, caregiver: Somebody) -> None:
    agreed(mother, caregiver, "rides:book")
    with psycopg.connect(city.database.url, autocommit=True) as connection:
        for change in ("grants = '[{}]'", "ends_at = ends_at + interval '1 day'", "agent_id = principal_id"):
            with pytest.raises(psycopg.Error):
                connection.execute(f"UPDATE identity.delegation SET {change}")  # type: ignore[arg-type]
        with pytest.raises(psycopg.Error):
            connection.execute("DELETE FROM identity.delegation")
