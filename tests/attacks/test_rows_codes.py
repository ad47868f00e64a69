"""Rows 14 to 17: guessing codes, using them elsewhere, flooding telephones, and finding out who is registered."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from citizen import Citizen, Refused
from paying_city import Payer, national_id, new_payer
from running_city import at_once
from stack import Stack

from core import clock, db
from identity import people

_numbers = itertools.count(8_100_000)
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
    assert 800 <= int(locked.headers["Retry-After"]) <= 900
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
    number = next(_numbers)
    mobile = f"09{number:08d}"
    sent, refused = 0, 0
    for attempt in range(40):
        body = {
            "national_id": national_id(number % 1_000_000 + attempt),
            "mobile": mobile,
            "password": f"a long password {attempt}",
        }
        try:
            stack.citizen().call("POST", "/v1/auth/password/register", body)
            sent += 1
        except Refused as answer:
            assert (answer.status, answer.slug) == (429, "method-locked")
            assert int(answer.headers["Retry-After"]) > 0
            refused += 1
    assert (sent, refused) == (10, 30)


@pytest.mark.parametrize("mobile", ["0204123456", "+18005550199", "0800000123", "0912", "０９１２３４５６７８x"])
def test_row_16_numbers_that_cost_money_or_are_none_are_sent_nothing(stack: Stack, mobile: str) -> None:
    body = {"national_id": national_id(next(_numbers) % 1_000_000), "mobile": mobile, "password": "a long password"}
    with pytest.raises(Refused) as caught:
        stack.citizen().call("POST", "/v1/auth/password/register", body)
    assert caught.value.status == 422


@pytest.fixture(scope="module")
def registered(stack: Stack) -> list[str]:
    """The ID numbers of as many registered people as there are tries."""
    start = 7_000_000
    numbers = [national_id(start + number) for number in range(TRIES)]
    database = db.Database(stack.database_url)
    with database.unit_of_work() as session:
        for number, identity in enumerate(numbers):
            people.enrol_demo_person(
                session, national_id=identity, mobile=f"0977{number:06d}", password="a long password", now=clock.now()
            )
    database.engine.dispose()
    return numbers


def compared(act: Callable[[str], Refused | dict[str, Any]], known: list[str], unknown: list[str]) -> None:
    """Status and body are the same for both, and the medians of what they take differ by less than noise.

    Known and unknown take turns, so that whatever else the machine does falls on both.
    """
    took: dict[bool, list[float]] = {True: [], False: []}
    looks: dict[bool, set[Any]] = {True: set(), False: set()}
    for pair in zip(known, unknown, strict=True):
        for is_known, identity in zip((True, False), pair, strict=True):
            begun = time.perf_counter()
            answer = act(identity)
            took[is_known].append(time.perf_counter() - begun)
            looks[is_known].add(_look_of(answer))
    assert looks[True] == looks[False], looks
    medians = {is_known: statistics.median(values) for is_known, values in took.items()}
    spread = statistics.quantiles(took[True] + took[False], n=4)
    difference = abs(medians[True] - medians[False])
    print(f"medians {medians[True] * 1e3:.2f} ms known, {medians[False] * 1e3:.2f} ms unknown, "
          f"quartiles {spread[0] * 1e3:.2f} and {spread[2] * 1e3:.2f} ms")  # fmt: skip
    assert difference < max(0.25 * statistics.median(took[True] + took[False]), spread[2] - spread[0])


def _look_of(answer: Refused | dict[str, Any]) -> Any:
    if isinstance(answer, Refused):
        return answer.status, answer.slug, str(answer.body.get("detail"))
    return tuple(sorted(answer))


def unknown_numbers() -> list[str]:
    return [national_id(7_500_000 + number) for number in range(TRIES)]


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
    caller, mobiles = stack.citizen(), itertools.count(next(_numbers) * 10)
    compared(
        lambda identity: asked(
            stack, "/v1/auth/password/register",
            {"national_id": identity, "mobile": f"09{next(mobiles) % 10**8:08d}", "password": "a long password here"},
            caller,
        ),
        registered,
        unknown_numbers(),
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
    people_asking = iter(lambda: new_payer(stack).citizen, None)
    current: list[Citizen] = []

    def offer(identity: str) -> Any:
        if not current:
            current.append(next(people_asking))
        return asked(stack, "/v1/me/delegations", {"national_id": identity, "scopes": ["rides:book"]}, current[0])

    compared(offer, registered, unknown_numbers())
