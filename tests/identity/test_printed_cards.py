"""Printed cards: a numbered code and a PIN, each code once, five tries, level 2, never paying; by kiosk and by phone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from counter_city import GRANDMOTHER, PIN, Counter, counter, issued_card
from flask.testing import FlaskClient
from signed_in import sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, db
from identity import locks, passwords, people, printed_cards, sessions
from identity.counter_errors import CardRefused, PinRefused
from partners import wire

WRONG_PIN = "190573"


@pytest.fixture
def desk(client: FlaskClient) -> Counter:
    return counter(client)


@pytest.fixture
def codes(desk: Counter) -> tuple[str, ...]:
    """The codes of the grandmother's card."""
    return issued_card(desk.proved(), desk)


class Kiosk:
    """A kiosk in the lobby, which remembers nobody."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client.application.test_client(use_cookies=False)

    def ask(self, national_id: str = GRANDMOTHER) -> Any:
        answer = self.client.post("/v1/auth/cards/questions", json={"national_id": national_id})
        assert answer.status_code == 201, answer.json
        return answer.json

    def answer(self, question: Any, code: str, pin: str = PIN, **more: Any) -> TestResponse:
        body = {"question_id": question["question_id"], "code": code, "pin": pin} | more
        return self.client.post("/v1/auth/cards/verify", json=body)

    def enter(self, codes: tuple[str, ...], pin: str = PIN) -> TestResponse:
        """What the kiosk asks for, and the PIN."""
        question = self.ask()
        return self.answer(question, codes[question["code_number"] - 1], pin)

    def get(self, path: str, token: str) -> TestResponse:
        return self.client.get(path, headers={"Authorization": f"Bearer {token}"})


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def notices(kind: str) -> list[Any]:
    with db.unit_of_work() as session:
        return list(session.scalars(text(
            "SELECT payload FROM core.outbox WHERE kind = 'identity.security_notice' AND payload->>'kind' = :kind"
        ), {"kind": kind}))  # fmt: skip


class TestAtTheCounter:
    def test_a_card_comes_on_paper_with_a_pin_of_one_s_own(self, desk: Counter) -> None:
        case = desk.proved()
        answer = desk.at(case, "POST", "cards", {"pin": PIN})
        assert (answer.status_code, answer.json["code_count"]) == (201, 40)
        assert set(answer.json) == {"code_count", "expires_at", "sheet"}, "the codes are on the paper alone"
        assert desk.at(case, "GET").json["card"]["codes_left"] == 40
        assert len(notices("card_issued")) == 1

    @pytest.mark.parametrize(
        "pin", ["000000", "123456", "654321", "121212", "123123", "112233", "234567", "765432", "890123", "135791",
                "520520", "123321", "261622", "111112"],
    )  # fmt: skip
    def test_a_pin_that_anybody_would_try_is_refused(self, desk: Counter, pin: str) -> None:
        with pytest.raises(PinRefused):
            printed_cards.check_pin(pin, national_id=GRANDMOTHER)

    @pytest.mark.parametrize("pin", ["12345", "1234567", "12345a", "１２３４５６", "", "804317\n"])
    def test_a_pin_is_six_digits(self, desk: Counter, pin: str) -> None:
        assert desk.at(desk.proved(), "POST", "cards", {"pin": pin}).status_code == 422

    def test_neither_codes_nor_pin_are_in_the_database(self, codes: tuple[str, ...]) -> None:
        with db.unit_of_work() as session:
            for table in ("printed_card", "printed_card_code"):
                rows = session.connection().exec_driver_sql(f"SELECT t::text FROM identity.{table} t").scalars().all()
                assert rows and not any(secret in row for row in rows for secret in (*codes, PIN))

    def test_a_new_card_ends_the_old(self, desk: Counter, client: FlaskClient) -> None:
        case = desk.proved()
        old, new = issued_card(case, desk), issued_card(case, desk, pin="271828")
        assert Kiosk(client).enter(old).status_code == 401
        assert Kiosk(client).enter(new, "271828").status_code == 200

    def test_whoever_said_of_a_card_that_was_not_me_gets_none_before_the_case_is_resolved(self, desk: Counter) -> None:
        case = desk.proved()
        with db.unit_of_work() as session:
            person = people.find(session, GRANDMOTHER)
            assert person is not None
            for method in ("card", "counter"):
                locks.lock(session, person.id, method, reason="test", now=clock.now())  # type: ignore[arg-type]
        for refused in (desk.at(case, "POST", "cards", {"pin": PIN}), desk.at(case, "POST", "codes")):
            assert (refused.status_code, slug(refused)) == (403, "method-shut")

    def test_a_lost_card_ends_at_once_with_the_session_it_began(self, desk: Counter, client: FlaskClient) -> None:
        case = desk.proved()
        codes = issued_card(case, desk)
        token = Kiosk(client).enter(codes).json["access_token"]
        assert desk.at(case, "DELETE", "card").json["card"] is None
        assert Kiosk(client).get("/v1/me", token).status_code == 401
        assert Kiosk(client).enter(codes).status_code == 401
        assert len(notices("card_ended")) == 1


class TestAtAKiosk:
    def test_the_asked_code_and_the_pin_sign_in_for_bills_and_never_for_paying(
        self, client: FlaskClient, codes: tuple[str, ...]
    ) -> None:
        kiosk = Kiosk(client)
        answer = kiosk.enter(codes)
        assert answer.status_code == 200, answer.json
        assert (answer.json["acr"], answer.json["amr"]) == ("urn:mykaohsiung:loa:2", ["card", "pin"])
        token = answer.json["access_token"]
        assert kiosk.get("/v1/bills", token).status_code == 200
        refused = kiosk.client.post(
            "/v1/payments", json={"bill_ids": ["bill_01jd0000000000000000000000"]},
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k" * 20},
        )  # fmt: skip
        assert (refused.status_code, slug(refused)) == (401, "insufficient-user-authentication")
        assert [notice["values"]["where"][1] for notice in notices("card_sign_in")] == ["at a kiosk"]

    def test_the_session_ends_after_ten_minutes_unused(self, client: FlaskClient, codes: tuple[str, ...]) -> None:
        token, now = Kiosk(client).enter(codes).json["access_token"], clock.now()
        with db.unit_of_work() as session:
            assert sessions.resolve(session, token, now + timedelta(minutes=9)) is not None
            assert sessions.resolve(session, token, now + timedelta(minutes=18)) is not None
            assert sessions.resolve(session, token, now + timedelta(minutes=29)) is None

    def test_codes_are_asked_for_in_order_each_once(self, client: FlaskClient, codes: tuple[str, ...]) -> None:
        kiosk = Kiosk(client)
        for number in (1, 2, 3):
            question = kiosk.ask()
            assert question["code_number"] == number
            assert kiosk.answer(question, codes[number - 1]).status_code == 200
            assert kiosk.answer(question, codes[number - 1]).status_code == 401, "a question is answered once"
        assert kiosk.answer(kiosk.ask(), codes[0]).status_code == 401, "attack 15: a code that was used"

    def test_attack_15_a_code_of_another_card_is_worth_nothing(self, client: FlaskClient, desk: Counter) -> None:
        own = issued_card(desk.proved(), desk)
        sign_in(client)
        issued_card(desk.proved("A123456789", mobile="0912345678"), desk)
        assert Kiosk(client).answer(Kiosk(client).ask("A123456789"), own[0]).status_code == 401

    def test_a_right_code_is_used_up_by_a_wrong_pin_so_a_finder_has_forty_tries_at_the_most(
        self, client: FlaskClient, codes: tuple[str, ...]
    ) -> None:
        kiosk = Kiosk(client)
        assert kiosk.enter(codes, WRONG_PIN).status_code == 401
        assert kiosk.ask()["code_number"] == 2
        assert kiosk.answer(kiosk.ask(), "00000000").status_code == 401
        assert kiosk.ask()["code_number"] == 2, "a wrong code uses up nothing"

    def test_attack_14_five_wrong_lock_for_a_quarter_of_an_hour_and_a_passkey_still_works(
        self, client: FlaskClient, desk: Counter
    ) -> None:
        case = desk.proved()
        codes = issued_card(case, desk)
        kiosk = Kiosk(client)
        assert [kiosk.enter(codes, WRONG_PIN).status_code for _ in range(6)] == [401] * 5 + [429]
        locked = kiosk.enter(codes)
        assert (locked.status_code, slug(locked)) == (429, "method-locked")
        assert 800 < int(locked.headers["Retry-After"]) <= 900
        # Asking anew unlocks nothing; the counter's code is another method.
        kiosk.ask()
        assert kiosk.enter(codes).status_code == 429
        body = {"national_id": GRANDMOTHER, "code": desk.code(case)}
        assert client.post("/v1/auth/enrolments/options", json=body).status_code == 200

    def test_attack_14_of_twenty_wrong_pins_at_once_exactly_five_are_weighed(
        self, client: FlaskClient, codes: tuple[str, ...]
    ) -> None:
        questions = [Kiosk(client).ask() for _ in range(20)]
        with ThreadPoolExecutor(10) as crowd:
            tries = crowd.map(lambda asked: Kiosk(client).answer(asked, codes[0], WRONG_PIN).status_code, questions)
        assert sorted(tries) == [401] * 5 + [429] * 15

    def test_of_two_right_answers_at_once_one_signs_in(self, client: FlaskClient, codes: tuple[str, ...]) -> None:
        questions = [Kiosk(client).ask() for _ in range(4)]
        with ThreadPoolExecutor(4) as crowd:
            tries = crowd.map(lambda asked: Kiosk(client).answer(asked, codes[0]).status_code, questions)
        assert sorted(tries) == [200, 401, 401, 401]

    def test_attack_17_people_without_a_card_and_people_nobody_knows_look_alike(
        self, client: FlaskClient, codes: tuple[str, ...]
    ) -> None:
        sign_in(client)
        kiosk = Kiosk(client)
        for number in ("A123456789", "F255655080", GRANDMOTHER):
            question = kiosk.ask(number)
            assert set(question) == {"question_id", "code_number", "expires_at"}
            assert 1 <= question["code_number"] <= 40 and kiosk.ask(number)["code_number"] == question["code_number"]
            seen = [kiosk.answer(kiosk.ask(number), "00000000", WRONG_PIN) for _ in range(6)]
            assert [answer.status_code for answer in seen] == [401] * 5 + [429]
            assert {slug(answer) for answer in seen[:5]} == {"card-refused"}

    def test_a_question_lapses_after_five_minutes(self, client: FlaskClient, codes: tuple[str, ...]) -> None:
        now = clock.now()
        with db.unit_of_work() as session:
            question = printed_cards.ask(session, GRANDMOTHER, now=now)
        with db.unit_of_work() as session, pytest.raises(CardRefused):
            printed_cards.claim(session, question.id, now=now + timedelta(minutes=5))

    def test_a_card_ends_after_two_years(self, codes: tuple[str, ...]) -> None:
        now = clock.now() + timedelta(days=730)
        with db.unit_of_work() as session:
            question = printed_cards.ask(session, GRANDMOTHER, now=now)
            claimed = printed_cards.claim(session, question.id, now=now)
            assert claimed.card_id is None

    def test_its_holder_is_told_when_it_runs_out(self, client: FlaskClient, codes: tuple[str, ...]) -> None:
        with db.unit_of_work() as session:
            session.execute(text("UPDATE identity.printed_card_code SET used_at = now() WHERE number <= 34"))
        assert Kiosk(client).enter(codes).status_code == 200
        assert [notice["values"]["left"] for notice in notices("card_running_out")] == ["5"]

    def test_whoever_said_that_was_not_me_has_shut_the_card(self, client: FlaskClient, codes: tuple[str, ...]) -> None:
        with db.unit_of_work() as session:
            person = people.find(session, GRANDMOTHER)
            assert person is not None
            locks.lock(session, person.id, "card", reason="test", now=clock.now())
        refused = Kiosk(client).enter(codes)
        assert (refused.status_code, slug(refused)) == (403, "method-shut")
        assert slug(Kiosk(client).enter(codes, WRONG_PIN)) == "card-refused", "strangers learn nothing of it"

    def test_attack_24_unknown_members_and_other_digits_are_refused(
        self, client: FlaskClient, codes: tuple[str, ...]
    ) -> None:
        kiosk = Kiosk(client)
        for more in ({"loa": 4}, {"code": "１２３４５６７８"}, {"pin": "８０４３１７"}, {"pin": 804317}):
            body = {"question_id": kiosk.ask()["question_id"], "code": codes[0], "pin": PIN} | more
            assert kiosk.client.post("/v1/auth/cards/verify", json=body).status_code == 422

    def test_somebody_who_is_nobody_takes_as_long(self) -> None:
        nobody = printed_cards.Claim(person_uuid(), b"x" * 32, None, 1, None)
        assert not printed_cards.pin_is_right(nobody, PIN)


def person_uuid() -> Any:
    from core.ids import new_uuid

    return new_uuid()


@pytest.fixture
def operator(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "operator", bureau="rdec", name="曾話務")


class Line:
    """The 1999 line: the operator's desk, and the keys of the caller's telephone."""

    def __init__(self, client: FlaskClient, operator: SignedInOfficer) -> None:
        self.client, self.operator = client, operator

    def begin(self, national_id: str = GRANDMOTHER) -> Any:
        body = {"national_id": national_id, "case_number": "1999-115-0001"}
        answer = self.operator.call("POST", "/v1/operator/calls", body)
        assert answer.status_code == 201, answer.json
        return answer.json

    def code(self, call: Any, code: str) -> Any:
        answer = self.operator.call("POST", f"/v1/operator/calls/{call['id']}/code", {"code": code})
        assert answer.status_code == 200, answer.json
        return answer.json

    def key_in(self, call: Any, pin: str = PIN, secret: str = "sandbox-ivr-secret") -> TestResponse:
        data = {"keypad_number": call["keypad_number"], "pin": pin}
        content = json.dumps({"type": "keys.entered", "data": data}).encode()
        headers = wire.signature_headers(secret, "msg_1", b"", content)
        return self.client.post(
            "/v1/webhooks/partners/ivr", data=content, headers=headers, content_type="application/json; charset=utf-8"
        )

    def status(self, call: Any) -> str:
        return str(self.operator.call("GET", f"/v1/operator/calls/{call['id']}").json["status"])

    def serve(self, call: Any) -> TestResponse:
        return self.operator.call("POST", f"/v1/operator/calls/{call['id']}/visits", {})


@pytest.fixture
def line(client: FlaskClient, operator: SignedInOfficer) -> Line:
    return Line(client, operator)


class TestByPhone:
    def test_the_caller_reads_out_a_code_keys_in_the_pin_and_is_served(
        self, client: FlaskClient, line: Line, codes: tuple[str, ...]
    ) -> None:
        call = line.begin()
        assert (call["status"], call["code_number"], call["keypad_number"]) == ("asked", 1, None)
        call = line.code(call, codes[0])
        assert call["status"] == "keypad" and len(call["keypad_number"]) == 6
        assert line.key_in(call).json == {"received": True}
        assert line.status(call) == "confirmed"
        visit = line.serve(call)
        assert (visit.status_code, visit.json["amr"], visit.json["acr"]) == (
            201,
            ["card", "pin"],
            "urn:mykaohsiung:loa:2",
        )
        assert Kiosk(client).get("/v1/bills", visit.json["access_token"]).status_code == 200
        assert line.serve(call).status_code == 409, "once"
        assert line.operator.call("DELETE", f"/v1/counter/visits/{visit.json['id']}").status_code == 204
        assert len(notices("visit_ended")) == len(notices("card_sign_in")) == 1

    def test_the_operator_never_gets_the_pin_nor_learns_whether_there_is_a_card(
        self, client: FlaskClient, line: Line, codes: tuple[str, ...]
    ) -> None:
        sign_in(client)
        for number, code in ((GRANDMOTHER, codes[0]), ("A123456789", codes[0]), ("F255655080", codes[0])):
            call = line.code(line.begin(number), code)
            assert set(call) == {"id", "status", "code_number", "keypad_number", "case_number", "expires_at"}
            assert call["status"] == "keypad"
        with db.unit_of_work() as session:
            rows = session.connection().exec_driver_sql("SELECT c::text FROM identity.phone_call c").scalars().all()
        assert rows and not any(PIN in row or codes[0] in row for row in rows)
        body = {"code": codes[0], "pin": PIN}
        assert line.operator.call("POST", f"/v1/operator/calls/{line.begin()['id']}/code", body).status_code == 422

    def test_a_wrong_pin_refuses_the_call_and_the_next_begins_anew(self, line: Line, codes: tuple[str, ...]) -> None:
        call = line.code(line.begin(), codes[0])
        line.key_in(call, WRONG_PIN)
        assert line.status(call) == "refused" and line.serve(call).status_code == 409
        line.key_in(call)
        assert line.status(call) == "refused", "one PIN for one call"
        assert line.begin()["code_number"] == 2

    def test_attack_14_the_telephone_counts_with_the_kiosk(
        self, client: FlaskClient, line: Line, codes: tuple[str, ...]
    ) -> None:
        for number in range(3):
            line.key_in(line.code(line.begin(), codes[number]), WRONG_PIN)
        assert [Kiosk(client).enter(codes, WRONG_PIN).status_code for _ in range(3)] == [401, 401, 429]
        call = line.code(line.begin(), codes[5])
        line.key_in(call)
        assert line.status(call) == "refused"

    def test_attack_21_only_the_exchange_brings_pins(self, line: Line, codes: tuple[str, ...]) -> None:
        call = line.code(line.begin(), codes[0])
        assert line.key_in(call, secret="another-secret").status_code == 403
        assert line.client.post("/v1/webhooks/partners/ivr", json={"data": call}).status_code == 403
        assert line.key_in({"keypad_number": "１２３４５６"}).status_code == 400
        assert line.key_in({"keypad_number": "000000"}).status_code == 200, "whoever guesses learns nothing"
        assert line.status(call) == "keypad"

    def test_a_call_is_its_operator_s_own(self, client: FlaskClient, line: Line, codes: tuple[str, ...]) -> None:
        call = line.begin()
        other = Line(client, signed_in_officer(client, "operator", bureau="rdec"))
        assert other.operator.call("GET", f"/v1/operator/calls/{call['id']}").status_code == 404
        assert Line(client, counter(client).officer).operator.call("POST", "/v1/operator/calls", {}).status_code == 403

    def test_no_code_before_the_call_and_no_service_before_the_pin(self, line: Line, codes: tuple[str, ...]) -> None:
        call = line.begin()
        assert line.serve(call).status_code == 409
        line.code(call, codes[0])
        again = line.operator.call("POST", f"/v1/operator/calls/{call['id']}/code", {"code": codes[0]})
        assert (again.status_code, slug(again)) == (409, "call-not-ready")

    def test_a_lost_card_ends_at_once_and_the_answer_says_nothing(
        self, client: FlaskClient, operator: SignedInOfficer, codes: tuple[str, ...]
    ) -> None:
        for number in (GRANDMOTHER, "F255655080", GRANDMOTHER):
            body = {"national_id": number, "case_number": "1999-115-0002"}
            answer = operator.call("POST", "/v1/operator/card-losses", body)
            assert (answer.status_code, answer.data) == (204, b"")
        assert Kiosk(client).enter(codes).status_code == 401
        (told,) = notices("card_ended")
        assert told["values"]["reason"] == ["向 1999 報失", "reported lost to 1999"]


def test_the_hash_of_the_pin_is_argon2(codes: tuple[str, ...]) -> None:
    with db.unit_of_work() as session:
        kept = session.scalars(text("SELECT pin_hash FROM identity.printed_card")).one()
    assert kept.startswith("$argon2id$") and passwords.is_right(PIN, kept)
