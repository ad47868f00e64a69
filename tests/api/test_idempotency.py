"""Idempotency keys: the same request twice has one effect and one answer, whatever happens in between."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from sqlalchemy import text

from api.idempotency import KEPT_FOR, KeyedRequest, fingerprint_of, forget_old_keys, key_from
from core import clock, db
from core.errors import IdempotencyInProgress, IdempotencyKeyMissing
from core.http import Answer


def _slug(answer: object) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]  # type: ignore[attr-defined]


def _payments(citizen: PayingCitizen) -> list[dict[str, object]]:
    return citizen.send("GET", "/v1/payments").json["items"]  # type: ignore[no-any-return]


def _keyed(key: str = "k", *, caller: str = "citizen:1", seconds: float = 0, body: bytes = b"{}") -> KeyedRequest:
    now = clock.now() + timedelta(seconds=seconds)
    return KeyedRequest(caller, key, "POST /v1/payments", fingerprint_of("POST", "/v1/payments", body), "en", now)


def test_without_a_key_that_is_one_nothing_happens(mei: PayingCitizen) -> None:
    body = {"bill_ids": mei.bill_ids(), "bank_link_id": mei.link_id}
    for headers in ({}, *({"Idempotency_Key": key} for key in ("", " ", '""', "a b", "a" * 256, "\xe9", '"a', "a\tb"))):
        answer = mei.send("POST", "/v1/payments", body, **headers)
        if headers.get("Idempotency_Key") == '"a':
            assert answer.status_code == 201, "a bare key may hold a quotation mark"
            continue
        assert (answer.status_code, _slug(answer)) == (400, "idempotency-key-missing"), headers
    assert len(_payments(mei)) == 1


def test_the_same_request_again_has_the_first_answer_and_says_so(mei: PayingCitizen) -> None:
    bills = mei.bill_ids()
    first = mei.pay(bills, "one")
    again = mei.pay(bills, "one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.mimetype == "application/json"
    assert len(_payments(mei)) == 1


def test_a_replay_is_in_the_language_of_the_first_answer_and_says_which(mei: PayingCitizen) -> None:
    body = {"bill_ids": mei.bill_ids(), "bank_link_id": mei.link_id}
    mei.send("POST", "/v1/payments", body, Idempotency_Key="one", Accept_Language="en")
    again = mei.send("POST", "/v1/payments", body, Idempotency_Key="one", Accept_Language="zh-TW")
    assert again.headers.getlist("Content-Language") == ["en"]


def test_a_key_is_the_same_quoted_or_bare(mei: PayingCitizen) -> None:
    bills = mei.bill_ids()
    assert mei.pay(bills, '"one"').json["id"] == mei.pay(bills, "one").json["id"]


def test_another_body_under_the_same_key_is_refused(mei: PayingCitizen) -> None:
    bills = mei.bill_ids()
    mei.pay(bills, "one")
    answer = mei.pay(bills[:1], "one")
    assert (answer.status_code, _slug(answer)) == (422, "idempotency-key-reused")
    other = mei.send("POST", f"/v1/payments/{_payments(mei)[0]['id']}/authorization", {"credential": {}},
                     Idempotency_Key="one")  # fmt: skip
    assert other.status_code == 422


def test_a_key_belongs_to_its_caller(mei: PayingCitizen, ming: PayingCitizen) -> None:
    hers, his = mei.pay(mei.bill_ids(), "one"), ming.pay(ming.bill_ids(), "one")
    assert (hers.status_code, his.status_code) == (201, 201)
    assert hers.json["id"] != his.json["id"]


def test_a_refusal_that_changed_nothing_leaves_the_key_free(mei: PayingCitizen) -> None:
    bills = mei.bill_ids()
    assert mei.pay(["bill_01" + "0" * 24], "one").status_code == 404
    assert mei.pay(bills, "one").status_code == 201


def test_twenty_at_once_under_one_key_are_one_payment(client: FlaskClient) -> None:
    mei = paying_citizen(client, 1)
    bills = mei.bill_ids()

    def pay(_: int) -> tuple[int, str, bool]:
        own = PayingCitizen(client.application.test_client(), mei.person_id, mei.token, mei.link_id, mei.plate)
        answer = own.pay(bills, "one")
        return answer.status_code, answer.json.get("id", ""), "Idempotency-Replayed" in answer.headers

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(pay, range(20)))
    statuses = Counter(status for status, _, _ in answers)
    assert statuses.keys() <= {201, 409}, statuses
    assert len({identifier for status, identifier, _ in answers if status == 201}) == 1
    assert sum(1 for status, _, is_replayed in answers if status == 201 and not is_replayed) == 1
    assert len(_payments(mei)) == 1


def test_twenty_at_once_with_keys_of_their_own_claim_a_bill_once(client: FlaskClient) -> None:
    mei = paying_citizen(client, 1)
    bills = mei.bill_ids()

    def pay(number: int) -> int:
        own = PayingCitizen(client.application.test_client(), mei.person_id, mei.token, mei.link_id, mei.plate)
        return own.pay(bills, f"key-{number}").status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = Counter(pool.map(pay, range(20)))
    assert statuses.keys() <= {201, 409}, statuses
    assert [payment["status"] for payment in _payments(mei)].count("awaiting_authorization") == 1


def test_what_a_dead_process_left_behind_is_taken_over_once_its_lease_is_over(mei: PayingCitizen) -> None:
    bills = mei.bill_ids()
    mei.pay(bills, "one")
    with db.unit_of_work() as session:
        session.execute(text("UPDATE core.idempotency SET status = NULL, body = NULL, lease_until = now() + '30 s'"))
    waiting = mei.pay(bills, "one")
    assert (waiting.status_code, _slug(waiting)) == (409, "idempotency-in-progress")
    with db.unit_of_work() as session:
        session.execute(text("UPDATE core.idempotency SET lease_until = now() - interval '1 s'"))
    assert mei.pay(bills, "one").status_code == 201
    assert [payment["status"] for payment in _payments(mei)].count("awaiting_authorization") == 1


def test_whoever_gives_a_key_back_takes_nobody_else_s_lease_away(database: db.Database) -> None:
    late, owner = _keyed(), _keyed(seconds=1)
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as session:
        late.claim(session)
        raise ZeroDivisionError
    with database.unit_of_work() as session:
        owner.claim(session)
    late.give_back()
    with pytest.raises(IdempotencyInProgress), database.unit_of_work() as session:
        _keyed(seconds=2).claim(session)


def test_an_answer_and_its_effect_are_committed_together_or_not_at_all(database: db.Database) -> None:
    keyed = _keyed()
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as session:
        keyed.claim(session)
        keyed.store(session, Answer({"done": True}))
        raise ZeroDivisionError
    with database.unit_of_work() as session:
        assert _keyed().claim(session) is False


def test_keys_are_forgotten_only_after_two_days(database: db.Database) -> None:
    with database.unit_of_work() as session:
        _keyed("old", seconds=-KEPT_FOR.total_seconds() - 60).claim(session)
        _keyed("young", seconds=-KEPT_FOR.total_seconds() + 60).claim(session)
        assert forget_old_keys(session, now=clock.now()) == 1
    assert timedelta(hours=24) <= KEPT_FOR


def test_a_key_is_one_to_255_visible_characters() -> None:
    assert key_from(' "8e03978e-40d5-43dd-bc93-6894a57f9324" ') == "8e03978e-40d5-43dd-bc93-6894a57f9324"
    assert key_from("~!" * 127) == "~!" * 127
    for wrong in (None, "", '""', "x" * 256, "a b", "\n", "é", "\x00"):
        with pytest.raises(IdempotencyKeyMissing):
            key_from(wrong)
    assert re.fullmatch("[0-9a-f]{64}", fingerprint_of("POST", "/a", b"b").hex())
    assert fingerprint_of("POST", "/a", b"b") != fingerprint_of("POST", "/a", b"c")
