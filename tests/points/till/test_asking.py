"""A till asks for points by a code, over HTTP: what is taken, and what is refused with what to do now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sent_statements import statements_of
from sqlalchemy import text

from core import db
from core.db import Database
from points.till import pay_codes
from tests.points.till.city import (
    Phone,
    Shop,
    at_once,
    give,
    in_the_book,
    no_limits,
    phone,
    shop,
    sign_in_again,
)

Later = Callable[[timedelta], None]


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


def test_points_go_from_the_customer_to_the_merchant_and_both_see_it(cafe: Shop, mei: Phone) -> None:
    answer = cafe.ask(mei.code(), 80, sale_twd=120)
    assert answer.status_code == 201, answer.text
    taken = answer.json
    assert (taken["status"], taken["points"], taken["presented"], taken["sale_twd"]) == ("done", 80, "code", 120)
    assert cafe.call("GET", f"/v1/merchant/redemptions/{taken['id']}").json == taken
    assert mei.balance() == 920
    assert in_the_book(f"points:merchant:{cafe.merchant_id}") == 80
    (mine,) = mei.call("GET", "/v1/points/redemptions").json["items"]
    assert (mine["id"], mine["shop"], mine["status"]) == (taken["id"], "Yancheng Coffee main shop", "done")
    entry = mei.call("GET", "/v1/points/entries").json["items"][0]
    assert entry["about"] == {"kind": "redemption", "id": taken["id"]}
    assert entry["reason"] == "80 points used at Yancheng Coffee main shop"


def test_a_till_is_told_nothing_of_the_customer(cafe: Shop, mei: Phone) -> None:
    taken = cafe.ask(mei.code(), 80)
    refused = cafe.ask(mei.code(1), 921) if False else cafe.ask(phone(cafe.client, 5).code(), 6)
    for answer in (taken, refused, cafe.call("GET", "/v1/merchant/redemptions")):
        assert str(mei.person_id) not in answer.text and "per_" not in answer.text
    assert slug(refused) == "customer-has-too-few-points" and "available" not in refused.json


@pytest.mark.parametrize("points", [0, -1, 1.5, "80", "八十", True, None, 10**18])
def test_what_is_no_number_of_points_is_refused_before_anything_is_looked_at(
    cafe: Shop, mei: Phone, points: Any
) -> None:
    assert cafe.ask(mei.code(), points).status_code == 422
    assert mei.balance() == 1_000


def test_more_than_the_balance_is_refused_whole_and_the_code_stays_good(cafe: Shop, mei: Phone) -> None:
    little = phone(cafe.client, 30)
    code = little.code()
    assert slug(cafe.ask(code, 31)) == "customer-has-too-few-points"
    assert little.balance() == 30
    assert cafe.ask(code, 30).status_code == 201
    assert little.balance() == 0


def test_what_somebody_owes_cannot_be_spent(cafe: Shop) -> None:
    owing = phone(cafe.client, 100)
    with db.unit_of_work() as session:
        session.execute(text("INSERT INTO points.debt VALUES (:id, 60, now())"), {"id": owing.person_id})
    assert slug(cafe.ask(owing.code(), 41)) == "customer-has-too-few-points"
    assert cafe.ask(owing.code(), 40).json["status"] == "done"
    with db.unit_of_work() as session:
        session.execute(text("DELETE FROM points.debt"))


def test_a_code_shown_twice_is_refused_and_says_when_it_was_used(cafe: Shop, mei: Phone) -> None:
    code = mei.code()
    assert cafe.ask(code, 10).status_code == 201
    other = shop(cafe.client)
    for till in (cafe, other):
        again = till.ask(code, 10)
        assert (again.status_code, slug(again)) == (409, "pay-code-already-used")
        assert "This code was used at" in again.json["detail"]
    assert mei.balance() == 990


def test_of_two_tills_that_read_one_code_at_once_one_wins(cafe: Shop, mei: Phone) -> None:
    other, code = shop(cafe.client), mei.code()
    answers = at_once(*[partial(till.ask, code, 10) for till in (cafe, other) * 4])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {slug(answer) for answer in answers if answer.status_code == 409} == {"pay-code-already-used"}
    assert mei.balance() == 990


def test_a_code_is_good_in_its_own_step_and_the_next_one_and_no_longer(cafe: Shop, mei: Phone) -> None:
    assert cafe.ask(mei.code(-1), 10).status_code == 201
    assert cafe.ask(mei.code(), 10).status_code == 201
    late = cafe.ask(mei.code(-3), 10)
    assert (late.status_code, slug(late)) == (409, "pay-code-out-of-date")
    assert slug(cafe.ask(mei.code(2), 10)) == "pay-code-not-genuine", "nobody learns of a code that will be good"


def test_a_key_lapses_after_ten_minutes(cafe: Shop, mei: Phone, later: Later) -> None:
    mei.renew()
    later(timedelta(minutes=9, seconds=50))
    assert cafe.ask(mei.code(), 10).json["presented"] == "offline_code"
    later(timedelta(minutes=10, seconds=5))
    assert slug(cafe.ask(mei.code(), 10)) == "pay-code-out-of-date"


def test_a_phone_that_may_be_offline_spends_little_however_many_codes_it_shows(
    cafe: Shop, mei: Phone, later: Later
) -> None:
    assert mei.renew()["offline_most"] == 200
    later(timedelta(minutes=3))
    assert cafe.ask(mei.code(), 150).json["presented"] == "offline_code"
    later(timedelta(minutes=4))
    over = cafe.ask(mei.code(), 51)
    assert (slug(over), over.json["most"]) == ("offline-limit", 50)
    assert cafe.ask(mei.code(), 50).status_code == 201
    later(timedelta(minutes=5))
    assert slug(cafe.ask(mei.code(), 1)) == "offline-limit"
    mei.renew()
    assert cafe.ask(mei.code(), 300).json["presented"] == "code"


def test_codes_at_once_of_one_offline_phone_do_not_slip_past_its_limit(cafe: Shop, mei: Phone, later: Later) -> None:
    no_limits()
    mei.renew()
    later(timedelta(minutes=3))
    codes = [mei.code(), mei.code(-1)]
    answers = at_once(*[partial(cafe.ask, code, 120) for code in codes])
    assert sorted(answer.status_code for answer in answers) == [201, 409]


def test_a_code_ends_with_the_sign_in_that_made_it(cafe: Shop, mei: Phone) -> None:
    code = mei.code()
    assert mei.call("POST", "/v1/auth/logout").status_code == 204
    gone = cafe.ask(code, 10)
    assert (gone.status_code, slug(gone)) == (409, "pay-code-phone-signed-out")
    again = sign_in_again(mei)
    assert cafe.ask(again.code(), 10).status_code == 201


def test_a_phone_that_puts_its_codes_away_ends_them(cafe: Shop, mei: Phone) -> None:
    code = mei.code()
    assert mei.call("DELETE", "/v1/points/pay-codes").status_code == 204
    assert slug(cafe.ask(code, 10)) == "pay-code-phone-signed-out"
    mei.renew()
    assert cafe.ask(mei.code(), 10).status_code == 201


def test_a_code_made_with_another_phone_s_key_is_not_genuine(cafe: Shop, mei: Phone) -> None:
    mei.renew()
    thief = phone(cafe.client, 50)
    thief.renew()
    forged = pay_codes.code_of(mei.number, thief.key, int(pay_codes.step_at(_now())))
    answer = cafe.ask(forged, 10)
    assert (answer.status_code, slug(answer)) == (422, "pay-code-not-genuine")
    assert slug(cafe.ask(pay_codes.code_of("000000000000", thief.key, 1), 10)) == "pay-code-not-genuine"


@pytest.mark.parametrize("code", ["1" * 24, "12345", "４" * 24, "hello", "1" * 23 + "x"])
def test_what_is_no_code_of_ours_is_unreadable_and_no_guess(cafe: Shop, code: str) -> None:
    assert slug(cafe.ask(code, 10)) == "pay-code-unreadable"


def test_one_digit_misread_or_two_swapped_is_noticed(mei: Phone) -> None:
    code = mei.code()
    wrong = [code[:at] + str((int(code[at]) + by) % 10) + code[at + 1 :] for at in range(24) for by in range(1, 10)]
    wrong += [code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(23) if code[at] != code[at + 1]]
    assert all(int(each) % 97 != 1 for each in wrong)


def test_a_till_that_guesses_has_to_wait(cafe: Shop, mei: Phone, later: Later) -> None:
    mei.renew()
    guesses = [pay_codes.code_of(mei.number, bytes([at]) * 32, 1) for at in range(20)]
    assert {slug(cafe.ask(guess, 10)) for guess in guesses} == {"pay-code-not-genuine"}
    locked = cafe.ask(mei.code(), 10)
    assert (locked.status_code, slug(locked)) == (429, "till-too-many-wrong-tries")
    assert 0 < int(locked.headers["Retry-After"]) <= 600
    assert shop(cafe.client).ask(mei.code(), 10).status_code == 201
    later(timedelta(minutes=10, seconds=1))
    mei.renew()
    assert cafe.ask(mei.code(), 10).status_code == 201


def test_fifty_redemptions_at_once_never_take_more_than_the_balance(client: FlaskClient) -> None:
    no_limits()
    rich, shops = phone(client, 100), [shop(client) for _ in range(5)]
    give(rich.person_id, 50)
    for key in range(25):
        _key_of(rich, key)
    codes = [code for key in range(25) for code in (_code(rich, key, 0), _code(rich, key, -1))]
    works = [partial(shops[at % 5].ask, code, 7) for at, code in enumerate(codes)]
    answers = at_once(*works)
    taken = [answer.json for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} == {201, 409}
    assert {slug(answer) for answer in answers if answer.status_code == 409} == {"customer-has-too-few-points"}
    assert len(taken) == 150 // 7
    assert rich.balance() == 150 - 7 * len(taken)
    assert sum(in_the_book(f"points:merchant:{each.merchant_id}") for each in shops if _has_account(each)) == 147


def test_the_first_answer_comes_again_for_the_same_key_and_the_same_sale_is_found(cafe: Shop, mei: Phone) -> None:
    code = mei.code()
    first = cafe.ask(code, 10, key="sale-1", reference="A-17")
    again = cafe.ask(code, 10, key="sale-1", reference="A-17")
    assert again.json == first.json and again.headers["Idempotency-Replayed"] == "true"
    other_key = cafe.ask(mei.code(-1), 10, key="sale-1-once-more", reference="A-17")
    assert (other_key.status_code, slug(other_key)) == (409, "redemption-reference-used")
    (found,) = cafe.call("GET", "/v1/merchant/redemptions?reference=A-17").json["items"]
    assert found["id"] == first.json["id"]
    assert cafe.call("GET", "/v1/merchant/redemptions?reference=A-18").json["items"] == []
    assert shop(cafe.client).ask(mei.code(-1), 10, reference="A-17").status_code == 201, "another till's own number"
    assert mei.balance() == 980


def test_asking_takes_a_fixed_number_of_statements_however_many_lots_there_are(
    database: Database, cafe: Shop, mei: Phone
) -> None:
    """The till, the key, what the code is weighed by, the sign-in, the limits, code and redemption with its event, the
    lots, what is taken of them, the account, the book, the answer."""
    many = phone(cafe.client, 5)
    for _ in range(6):
        give(many.person_id, 5)
    for who, points in ((mei, 10), (many, 33)):
        code = who.code()
        with statements_of(database) as sent:
            assert cafe.ask(code, points).status_code == 201
        assert len(sent) <= 11, sent


def test_a_crash_on_the_way_leaves_nothing_behind(cafe: Shop, mei: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger import book

    code = mei.code()

    def falls(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the process dies here")

    monkeypatch.setattr(book, "recording", falls)
    assert cafe.ask(code, 10, key="sale-2").status_code == 500
    monkeypatch.undo()
    assert cafe.call("GET", "/v1/merchant/redemptions").json["items"] == []
    with db.unit_of_work() as session:
        for table in ("pay_code_use", "tender", "use_count"):
            assert session.execute(text(f"SELECT count(*) FROM points.{table}")).scalar() == 0
    assert cafe.ask(code, 10, key="sale-2").status_code == 201
    assert mei.balance() == 990


def _now() -> Any:
    from core import clock

    return clock.now()


_keys: dict[int, tuple[str, bytes]] = {}


def _key_of(who: Phone, at: int) -> None:
    who.renew()
    _keys[at] = (who.number, who.key)


def _code(who: Phone, at: int, steps: int) -> str:
    number, key = _keys[at]
    return pay_codes.code_of(number, key, pay_codes.step_at(_now()) + steps)


def _has_account(of: Shop) -> bool:
    with db.unit_of_work() as session:
        found = session.execute(
            text("SELECT 1 FROM ledger.account WHERE code = :code"), {"code": f"points:merchant:{of.merchant_id}"}
        ).first()
    return found is not None
