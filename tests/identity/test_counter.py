"""The service counter: purpose and case demanded, papers seen, people enrolled and proved, the curious officer refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from counter_city import GRANDMOTHER, NAME, Counter, counter
from flask.testing import FlaskClient
from signed_in import sign_in
from signed_in_officer import signed_in_officer
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, db
from identity import counter as counters
from identity import people, security_notices
from identity.counter_errors import TooManyLookups
from identity.officer_models import Officer


@pytest.fixture
def desk(client: FlaskClient) -> Counter:
    return counter(client)


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def sql(statement: str, **parameters: Any) -> list[Any]:
    with db.unit_of_work() as session:
        return list(session.execute(text(statement), parameters))


def told(kind: str) -> int:
    """How often somebody was told of this, on every channel."""
    return len(
        sql("SELECT 1 FROM core.outbox WHERE kind = 'identity.security_notice' AND payload->>'kind' = :kind", kind=kind)
    )


class TestLookingUp:
    def test_a_purpose_and_a_case_number_are_demanded(self, desk: Counter) -> None:
        whole = {"national_id": GRANDMOTHER, "purpose": "visit", "case_number": "115-1"}
        for missing in ("purpose", "case_number", "national_id"):
            body = {name: value for name, value in whole.items() if name != missing}
            answer = desk.officer.call("POST", "/v1/counter/cases", body)
            assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/{missing}")
        for wrong in ({"purpose": "curiosity"}, {"case_number": ""}, {"case_number": " "}, {"case_number": "<b>"}):
            assert desk.look_up(**wrong).status_code == 422
        assert sql("SELECT 1 FROM identity.counter_case") == []

    def test_what_is_shown_is_masked_and_in_the_person_s_own_log(self, desk: Counter, client: FlaskClient) -> None:
        citizen = sign_in(client)
        case = desk.look_up("A123456789", purpose="lost_credentials").json
        assert (case["national_id"], case["mobile"], case["proofing_level"]) == ("A12****789", "09******78", 3)
        assert "A123456789" not in str(case) and "0912345678" not in str(case)
        (entry,) = citizen.call("GET", "/v1/me/access-log").json["items"]
        assert (entry["who"], entry["purpose_words"], entry["reference"]) == (
            "民政局 服務櫃檯", "遺失手機、金鑰或密碼卡", "115-KH-000123",
        )  # fmt: skip

    def test_nobody_looks_up_their_own_record_and_the_attempt_is_kept(self, desk: Counter, client: FlaskClient) -> None:
        sign_in(client)
        with db.unit_of_work() as session:
            officer = session.get_one(Officer, desk.officer.officer_id)
            officer.national_id_index = people.index_of("A123456789")
        refused = desk.look_up("A123456789")
        assert (refused.status_code, slug(refused)) == (403, "own-record")
        assert desk.look_up("a１２３４５６７８９").status_code == 403
        (row,) = auditor(client).call("GET", "/v1/counter/lookups").json["items"]
        assert (row["own_record"], row["is_unusual"], row["staff_number"]) == (2, True, desk.officer.staff_number)

    def test_an_officer_looks_up_forty_people_an_hour_and_no_more(self, desk: Counter, client: FlaskClient) -> None:
        now = clock.now()
        with db.unit_of_work() as session:
            for number in range(40):
                counters.look_up(
                    session,
                    desk.officer.actor,
                    national_id=GRANDMOTHER,
                    purpose="visit",
                    case_number=str(number),
                    now=now,
                )
        refused = desk.look_up()
        assert (refused.status_code, slug(refused)) == (429, "too-many-look-ups")
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600
        assert counter(client).look_up().status_code == 201, "the limit is each officer's own"
        row = next(
            row for row in auditor(client).call("GET", "/v1/counter/lookups").json["items"]
            if row["staff_number"] == desk.officer.staff_number
        )  # fmt: skip
        assert (row["nobody"], row["too_many"], row["most_in_an_hour"], row["is_unusual"]) == (40, 1, 41, True)
        with db.unit_of_work() as session, pytest.raises(TooManyLookups):
            counters.look_up(
                session, desk.officer.actor, national_id=GRANDMOTHER, purpose="visit", case_number="x",
                now=now + timedelta(minutes=59),
            )  # fmt: skip

    def test_only_the_counter_looks_up_and_only_the_auditor_sees_who_does(self, client: FlaskClient) -> None:
        for role in ("finance", "auditor", "bureau_officer", "operator", "registrar"):
            assert Counter(signed_in_officer(client, role)).look_up().status_code == 403
        assert counter(client).officer.call("GET", "/v1/counter/lookups").status_code == 403
        assert sign_in(client).call("POST", "/v1/counter/cases", {}).status_code == 401

    def test_a_case_is_its_officer_s_own_for_half_an_hour(self, desk: Counter, client: FlaskClient) -> None:
        case = desk.look_up().json
        assert desk.at(case, "GET").status_code == 200
        assert counter(client).at(case, "GET").status_code == 404
        sql_update("UPDATE identity.counter_case SET expires_at = now() - interval '1 second'")
        assert desk.at(case, "GET").status_code == 404

    def test_unknown_members_are_refused(self, desk: Counter) -> None:
        """Attack 24: what a caller may not set is not ignored, but refused."""
        assert desk.look_up(outcome="found").status_code == 422
        case = desk.look_up().json
        desk.papers(case)
        assert desk.write_down(case, proofing_level=4).status_code == 422
        assert desk.at(case, "POST", "proof", {"level": 4}).status_code == 422
        assert desk.at(case, "POST", "visits", {"loa": 4}).status_code == 422


class TestProving:
    def test_somebody_without_mobile_and_password_is_enrolled_and_proved(self, desk: Counter) -> None:
        case = desk.look_up().json
        assert not case["is_registered"]
        assert desk.papers(case).json["papers_are_enough"]
        written = desk.write_down(case).json
        assert (written["name"], written["mobile"], written["proofing_level"]) == (NAME, None, 1)
        assert not written["has_password"]
        proved = desk.at(case, "POST", "proof").json
        assert (proved["proofing_level"], proved["is_proved_here"]) == (4, True)
        evidence = sql("SELECT level, method, reference FROM identity.proofing")
        assert [tuple(row) for row in evidence] == [(4, "counter", "115-KH-000123")]
        assert told("proofing_raised") == 1

    @pytest.mark.parametrize(
        "papers", [("id_card",), ("health_card", "household_certificate"), ("passport", "passport")]
    )
    def test_two_papers_are_needed_one_with_a_photograph(self, desk: Counter, papers: tuple[str, ...]) -> None:
        case = desk.look_up().json
        assert not desk.papers(case, *papers).json["papers_are_enough"]
        for refused in (desk.write_down(case), desk.at(case, "POST", "proof")):
            assert refused.status_code == 409
        assert sql("SELECT 1 FROM identity.person") == []

    def test_nobody_is_proved_by_what_was_written_down_elsewhere(self, desk: Counter, client: FlaskClient) -> None:
        sign_in(client)
        case = desk.look_up("A123456789").json
        desk.papers(case)
        refused = desk.at(case, "POST", "proof")
        assert (refused.status_code, slug(refused)) == (409, "papers-missing")

    def test_whoever_claimed_the_number_without_proof_is_out(self, desk: Counter) -> None:
        with db.unit_of_work() as session:
            people.enrol(
                session, national_id=GRANDMOTHER, mobile="0911222333", password_hash="x" * 20, proofing_level=1,
                language="zh-TW", now=clock.now(),
            )  # fmt: skip
        shown = desk.proved(mobile="0922333444")
        assert (shown["mobile"], shown["has_password"], shown["proofing_level"]) == ("09******44", False, 4)

    def test_a_new_mobile_ends_the_sessions_and_the_old_number_is_told(
        self, desk: Counter, client: FlaskClient
    ) -> None:
        citizen = sign_in(client)
        desk.proved("A123456789", mobile="0955000111")
        assert citizen.call("GET", "/v1/me").status_code == 401
        assert told("mobile_changed") == 1
        # To the old number that it is old, to the new one that it is new, and that somebody was proved.
        assert sql("SELECT count(*) FROM identity.sms")[0][0] == 3

    def test_a_mobile_that_stays_ends_nothing(self, desk: Counter, client: FlaskClient) -> None:
        citizen = sign_in(client)
        assert desk.proved("A123456789", mobile="0912345678")["has_password"]
        assert citizen.call("GET", "/v1/me").status_code == 200 and told("mobile_changed") == 0

    @pytest.mark.parametrize("name", ["林·瑪雅", "Kolas Yotaka", "𠮷田花子", "歐陽 予倩", "Nguyễn Thị Hương"])
    def test_real_names_are_welcome(self, desk: Counter, name: str) -> None:
        case = desk.look_up().json
        desk.papers(case)
        assert desk.write_down(case, name=name).json["name"] == name

    @pytest.mark.parametrize("name", ["", "王\u200b小明", "Аnna Wang", "王" * 61, "王\u202e小明"])
    def test_names_that_could_pass_for_others_are_refused(self, desk: Counter, name: str) -> None:
        case = desk.look_up().json
        desk.papers(case)
        assert desk.write_down(case, name=name).status_code == 422

    def test_every_step_is_in_the_access_log(self, desk: Counter, client: FlaskClient) -> None:
        sign_in(client)
        desk.code(desk.proved("A123456789"))
        seen = [row.what for row in sql("SELECT what FROM identity.access_log ORDER BY id")]
        assert seen == [
            "counter_record", "counter_papers", "counter_name", "counter_proofing", "counter_record", "counter_code",
        ]  # fmt: skip

    def test_the_id_number_is_blanked_when_the_case_is_over(self, desk: Counter) -> None:
        from identity import tasks

        desk.look_up()
        tasks.forget_lapsed(clock.now())
        assert sql("SELECT 1 FROM identity.counter_case WHERE national_id_sealed IS NULL") == []
        tasks.forget_lapsed(clock.now() + timedelta(minutes=31))
        assert len(sql("SELECT 1 FROM identity.counter_case WHERE national_id_sealed IS NULL")) == 1


def test_the_words_of_every_notice_can_be_filled(client: FlaskClient) -> None:
    citizen = sign_in(client)
    with db.unit_of_work() as session:
        for kind in ("mobile_changed", "counter_code_made", "card_issued"):
            security_notices.tell(session, citizen.person_id, kind, now=clock.now())


def auditor(client: FlaskClient) -> Any:
    return signed_in_officer(client, "auditor")


def sql_update(statement: str) -> None:
    with db.unit_of_work() as session:
        session.execute(text(statement))
