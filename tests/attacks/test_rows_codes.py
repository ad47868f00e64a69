"""Rows 14 to 17: guessing codes, using them elsewhere, flooding telephones, and finding out who is registered."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from citizen import Citizen, Refused
from paying_city import Payer
from running_city import at_once
from stack import Stack
from strangers import mobile, national_id, new_number, new_numbers

from core import clock, db, taiwan
from identity import people, sessions

TRIES = 200


def log_in(stack: Stack, who: Payer) -> tuple[Citizen, dict[str, Any]]:
    """The password is known to the attacker; the challenge for the code."""
    attacker = stack.citizen()
    attacker._note_texts(who.mobile)
    body = {"national_id": who.national_id, "password": who.password}
    return attacker, attacker.call("POST", "/v1/auth/password/login", body)


def give(citizen: Citizen, challenge: dict[str, Any], code: str) -> Any:
    """The answer to a code, or its refusal."""
    try:
        return citizen.call("POST", "/v1/auth/otp/verify", {"challenge_id": challenge["challenge_id"], "code": code})
    except Refused as refused:
        return refused


def test_row_14_of_fifty_wrong_codes_at_once_five_are_weighed_and_a_new_code_gives_no_more(
    stack: Stack, victim: Payer
) -> None:
    attacker, challenge = log_in(stack, victim)
    right = attacker._code_sent_to(victim.mobile)
    wrong = [code for code in (f"{number:06d}" for number in range(60)) if code != right][:50]
    answers = at_once(50, lambda number: give(attacker, challenge, wrong[number]))
    slugs = sorted(answer.slug for answer in answers)
    assert (slugs.count("code-refused"), slugs.count("method-locked")) == (5, 45), slugs
    locked = next(answer for answer in answers if answer.slug == "method-locked")
    # Of those at once, one that came a moment before the last failure waits for it too.
    assert 800 <= int(locked.headers["Retry-After"]) <= 901
    # The right one is not weighed any more, nor is one sent anew, from any machine.
    assert give(attacker, challenge, right).slug == "method-locked"
    with pytest.raises(Refused) as caught:
        log_in(stack, victim)
    assert caught.value.slug == "method-locked"
    # The passkey still signs in.
    begun = victim.citizen.call("POST", "/v1/auth/passkeys/login/options", {})
    body = {"ceremony_id": begun["ceremony_id"], "credential": victim.citizen.device.get(begun["options"])}
    assert victim.citizen.call("POST", "/v1/auth/passkeys/login/verify", body)["acr"].endswith(":3")


def test_row_14_a_new_code_does_not_reset_the_counter(stack: Stack, victim: Payer) -> None:
    weighed = 0
    for _ in range(3):
        try:
            attacker, challenge = log_in(stack, victim)
        except Refused as refused:
            assert refused.slug == "method-locked"
            break
        for _ in range(2):
            weighed += give(attacker, challenge, "000000").slug == "code-refused"
    assert weighed == 5


def test_row_15_a_code_is_good_for_its_own_challenge_once(stack: Stack, victim: Payer, stranger: Payer) -> None:
    attacker, own = log_in(stack, stranger)
    code = attacker._code_sent_to(stranger.mobile)
    other, challenge = log_in(stack, victim)
    theirs = other._code_sent_to(victim.mobile)
    # A code of A's used for B, and the other way round.
    if code != theirs:
        assert give(other, challenge, code).slug == "code-refused"
        assert give(attacker, own, theirs).slug == "code-refused"
    assert give(attacker, own, code)["acr"].endswith(":2")
    assert give(attacker, own, code).slug == "code-refused"


def test_row_16_one_number_is_sent_a_handful_of_messages_however_often_they_are_asked_for(
    stack: Stack,
) -> None:
    numbers = new_numbers(40)
    sent, refused = 0, 0
    for number in numbers:
        body = {
            "national_id": national_id(number),
            "mobile": mobile(numbers[0]),
            "password": f"a long password {number}",
        }
        try:
            stack.citizen().call("POST", "/v1/auth/password/register", body)
            sent += 1
        except Refused as answer:
            assert (answer.status, answer.slug) == (429, "method-locked")
            assert int(answer.headers["Retry-After"]) > 0
            refused += 1
    assert (sent, refused) == (10, 30)


@pytest.mark.parametrize("telephone", ["0204123456", "+18005550199", "0800000123", "0912", "０９１２３４５６７８x"])
def test_row_16_numbers_that_cost_money_or_are_none_are_sent_nothing(stack: Stack, telephone: str) -> None:
    body = {"national_id": national_id(new_number()), "mobile": telephone, "password": "a long password"}
    with pytest.raises(Refused) as caught:
        stack.citizen().call("POST", "/v1/auth/password/register", body)
    assert caught.value.status == 422


@pytest.fixture(scope="module")
def registered(stack: Stack) -> list[str]:
    """The ID numbers of as many registered people as there are tries."""
    database, numbers = db.Database(stack.database_url), new_numbers(TRIES)
    with database.unit_of_work() as session:
        for number in numbers:
            people.enrol_demo_person(
                session, national_id=national_id(number), mobile=mobile(number), password="a long password",
                now=clock.now(),
            )  # fmt: skip
    database.engine.dispose()
    return [national_id(number) for number in numbers]


def compared(act: Callable[[str], Refused | dict[str, Any]], known: list[str], unknown: list[str]) -> None:
    """Status and body are the same for both, and no difference in what they take can be seen in so many tries.

    Each pair is asked one right after the other, now the known first and now the unknown, so that whatever else the
    machine does falls on both. What counts is the median of the pairs' differences: zero lies within what chance leaves
    open of it (the sign test's interval of 99.9 %), or it is below half a millisecond, which no network carries.
    """
    took: dict[bool, list[float]] = {True: [], False: []}
    looks: dict[bool, set[Any]] = {True: set(), False: set()}
    for number, pair in enumerate(zip(known, unknown, strict=True)):
        turns = list(zip((True, False), pair, strict=True))
        for is_known, identity in turns if number % 2 else reversed(turns):
            begun = time.perf_counter()
            answer = act(identity)
            took[is_known].append((time.perf_counter() - begun) * 1e3)
            looks[is_known].add(_look_of(answer))
    assert looks[True] == looks[False], looks
    differences = sorted(k - u for k, u in zip(took[True], took[False], strict=True))
    middle, reach = len(differences) // 2, math.ceil(3.29 * math.sqrt(len(differences)) / 2)
    least, most = differences[middle - reach], differences[middle + reach]
    difference = statistics.median(differences)
    print(f"medians {statistics.median(took[True]):.2f} ms known, {statistics.median(took[False]):.2f} ms unknown; "
          f"of the differences {difference:+.2f} ms (99.9 %: {least:+.2f} to {most:+.2f})")  # fmt: skip
    assert abs(difference) < 0.5 or least <= 0 <= most


def _look_of(answer: Refused | dict[str, Any]) -> Any:
    if isinstance(answer, Refused):
        return answer.status, answer.slug, str(answer.body.get("detail"))
    return tuple(sorted(answer))


def unknown_numbers() -> list[str]:
    return [national_id(number) for number in new_numbers(TRIES)]


def asked(stack: Stack, path: str, body: dict[str, Any], citizen: Citizen | None = None) -> Any:
    """The answer or refusal."""
    try:
        return (citizen or stack.citizen()).call("POST", path, body)
    except Refused as refused:
        return refused


def test_row_17_signing_in_does_not_tell_who_is_registered(stack: Stack, registered: list[str]) -> None:
    caller = stack.citizen()
    compared(
        lambda identity: asked(
            stack, "/v1/auth/password/login", {"national_id": identity, "password": "a wrong password"}, caller
        ),
        registered,
        unknown_numbers(),
    )


def test_row_17_registering_does_not_tell_who_is_registered(stack: Stack, registered: list[str]) -> None:
    caller, mobiles = stack.citizen(), iter(new_numbers(2 * TRIES))
    compared(
        lambda identity: asked(
            stack, "/v1/auth/password/register",
            {"national_id": identity, "mobile": mobile(next(mobiles)), "password": "a long password here"},
            caller,
        ),
        registered,
        unknown_numbers(),
    )  # fmt: skip


def test_row_17_registering_one_number_again_and_again_does_not_tell_either(
    stack: Stack, registered: list[str]
) -> None:
    """The holder is told once a day; the tries after that must not be faster for it."""
    caller, mobiles = stack.citizen(), iter(new_numbers(2 * TRIES))
    compared(
        lambda identity: asked(
            stack, "/v1/auth/password/register",
            {"national_id": identity, "mobile": mobile(next(mobiles)), "password": "a long password here"},
            caller,
        ),
        registered[:1] * TRIES,
        unknown_numbers()[:1] * TRIES,
    )  # fmt: skip


def test_row_17_asking_for_a_reset_does_not_tell_who_is_registered(stack: Stack, registered: list[str]) -> None:
    caller = stack.citizen()
    compared(
        lambda identity: asked(stack, "/v1/auth/resets", {"national_id": identity}, caller),
        registered,
        unknown_numbers(),
    )


def test_row_17_naming_somebody_as_delegate_does_not_tell_who_is_registered(
    stack: Stack, registered: list[str]
) -> None:
    """Nobody makes more than ten offers a day, so the attacker has many accounts."""
    accounts = iter(_accounts_of_the_attacker(stack, 2 * TRIES // 10))
    current, left = next(accounts), 10

    def offer(identity: str) -> Any:
        nonlocal current, left
        if left == 0:
            current, left = next(accounts), 10
        left -= 1
        body = {
            "my_role": "principal",
            "national_id": identity,
            "scopes": [{"scope": "rides:book"}],
            "ends_on": (clock.taipei_date(clock.now()) + timedelta(days=30)).isoformat(),
        }
        answer = asked(stack, "/v1/me/delegations", body, current)
        assert not isinstance(answer, Refused), answer
        assert answer["other"] == {"name": None, "national_id": taiwan.mask_national_id(identity)}
        return answer

    compared(offer, registered, unknown_numbers())


def _accounts_of_the_attacker(stack: Stack, count: int) -> list[Citizen]:
    """So many people, signed in with passkeys."""
    accounts = []
    database = db.Database(stack.database_url)
    with database.unit_of_work() as session:
        for number in new_numbers(count):
            person_id = people.enrol_demo_person(
                session, national_id=national_id(number), mobile=mobile(number),
                password="a long password", now=clock.now(),
            )  # fmt: skip
            citizen = stack.citizen()
            citizen.token = sessions.begin(
                session, person_id=person_id, amr=("hwk", "user"), transport="bearer", user_agent="", replaces=None,
                now=clock.now(),
            ).token  # fmt: skip
            accounts.append(citizen)
    database.engine.dispose()
    return accounts
