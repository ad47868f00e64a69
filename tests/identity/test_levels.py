"""Assurance levels: one pure function, as a table."""

from __future__ import annotations

import pytest

from identity import levels


@pytest.mark.parametrize(
    ("proofing", "authenticator", "reached"),
    [
        (1, 1, 1), (1, 2, 1), (1, 3, 1), (1, 4, 1),
        (2, 1, 1), (2, 2, 2), (2, 3, 2), (2, 4, 2),
        (3, 1, 1), (3, 2, 2), (3, 3, 3), (3, 4, 3),
        (4, 1, 1), (4, 2, 2), (4, 3, 3), (4, 4, 4),
    ],
)  # fmt: skip
def test_the_level_is_the_lower_of_proofing_and_authenticator(proofing: int, authenticator: int, reached: int) -> None:
    assert levels.assurance(proofing=proofing, authenticator=authenticator) == reached


@pytest.mark.parametrize(
    ("amr", "level"),
    [
        ((), 1),
        (("pwd",), 1),
        (("sms",), 1),
        (("pwd", "sms"), 2),
        (("hwk",), 1),
        (("user",), 1),
        (("hwk", "user"), 3),
        (("swk", "user"), 3),
        (("pwd", "sms", "hwk", "user"), 3),
    ],
)
def test_only_a_key_unlocked_by_its_user_reaches_three(amr: tuple[str, ...], level: int) -> None:
    assert levels.authenticator_level(amr) == level


def test_every_level_has_times_to_live_and_none_lasts_longer_unused_than_used() -> None:
    for level in (1, 2, 3, 4):
        assert levels.idle_time(level) < levels.longest_time(level)


def test_a_level_on_the_wire() -> None:
    assert levels.acr(3) == "urn:mykaohsiung:loa:3"
