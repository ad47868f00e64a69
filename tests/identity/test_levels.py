"""Assurance levels: pure functions, as their whole tables."""

from __future__ import annotations

from itertools import product

import pytest

from identity import levels
from identity.levels import Strength


@pytest.mark.parametrize(
    ("proofing", "authenticator", "fresh", "stale"),
    [
        (1, 0, 0, 0), (1, 1, 1, 1), (1, 2, 1, 1), (1, 3, 1, 1), (1, 4, 1, 1),
        (2, 0, 0, 0), (2, 1, 1, 1), (2, 2, 2, 1), (2, 3, 2, 1), (2, 4, 2, 1),
        (3, 0, 0, 0), (3, 1, 1, 1), (3, 2, 2, 1), (3, 3, 3, 1), (3, 4, 3, 1),
        (4, 0, 0, 0), (4, 1, 1, 1), (4, 2, 2, 1), (4, 3, 3, 1), (4, 4, 4, 1),
    ],
)  # fmt: skip
def test_the_level_is_the_lowest_of_proofing_authenticator_and_freshness(
    proofing: int, authenticator: int, fresh: int, stale: int
) -> None:
    assert levels.assurance(proofing=proofing, authenticator=authenticator, is_fresh=True) == fresh
    assert levels.assurance(proofing=proofing, authenticator=authenticator, is_fresh=False) == stale


PAYS = Strength(3, is_phishing_resistant=True, may_sign_payments=True)


@pytest.mark.parametrize(
    ("amr", "worth"),
    [
        ((), Strength(0)),
        (("fed",), Strength(1)),
        (("pwd",), Strength(1)),
        (("sms",), Strength(1)),
        (("rc",), Strength(1)),
        (("otp",), Strength(0)),
        (("pin",), Strength(0)),
        (("hwk",), Strength(0)),
        (("user",), Strength(0)),
        (("sc",), Strength(0)),
        (("pwd", "sms"), Strength(2)),
        (("pwd", "rc"), Strength(2)),
        (("card", "pin"), Strength(2)),
        (("counter",), Strength(2)),
        (("pwd", "otp"), Strength(3)),
        (("mob", "user", "mfa"), Strength(3, is_phishing_resistant=True)),
        (("swk", "user"), PAYS),
        (("hwk", "user"), Strength(4, is_phishing_resistant=True, may_sign_payments=True)),
        (("sc", "pin"), Strength(4, is_phishing_resistant=True)),
        (("pwd", "sms", "swk", "user"), PAYS),
        (("fed", "sms"), Strength(1)),
        (("card", "sms"), Strength(1)),
    ],
)
def test_what_the_methods_used_are_worth(amr: tuple[str, ...], worth: Strength) -> None:
    assert levels.strength_of(amr) == worth


def test_a_text_message_never_lifts_anything() -> None:
    words = ("fed", "pwd", "rc", "card", "pin", "counter")
    for used in product((False, True), repeat=len(words)):
        amr = [word for word, is_used in zip(words, used, strict=True) if is_used]
        assert levels.strength_of([*amr, "sms"]).level <= 2


def test_only_a_passkey_signs_a_payment() -> None:
    for amr in (("pwd", "sms"), ("pwd", "otp"), ("sc", "pin"), ("mob", "user", "mfa"), ("card", "pin"), ("counter",)):
        assert not levels.strength_of(amr).may_sign_payments


def test_where_money_moves_a_typed_code_counts_as_two() -> None:
    assert levels.for_money(loa=3, is_phishing_resistant=False) == 2
    assert levels.for_money(loa=3, is_phishing_resistant=True) == 3
    assert levels.for_money(loa=1, is_phishing_resistant=False) == 1


def test_every_level_has_times_to_live_and_none_lasts_longer_unused_than_used() -> None:
    for level in (0, 1, 2, 3, 4):
        assert levels.idle_time(level) < levels.longest_time(level) < levels.REMEMBERED


def test_a_level_on_the_wire() -> None:
    assert levels.acr(3) == "urn:mykaohsiung:loa:3"
