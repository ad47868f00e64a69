"""Published numbers: nobody can be told from them. Exact probabilities, not samples."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import counts

NOISE = counts.probabilities()


def _outcomes(n: int) -> dict[int | None, float]:
    """How likely each published answer is where there are `n` people."""
    found: dict[int | None, float] = defaultdict(float)
    for noise, share in NOISE.items():
        found[counts.with_noise(n, noise).value] += share
    return found


@pytest.mark.parametrize("n", [*range(120), 990, 999, 1_000, 1_004, 9_999, 10_000, 99_949, 1_230_000, 2_700_000])
def test_one_person_more_or_less_cannot_be_told_from_any_answer(n: int) -> None:
    fewer, more = _outcomes(n), _outcomes(n + 1)
    for one, other in ((fewer, more), (more, fewer)):
        # The worst set of answers that somebody who looks for the person could choose (Dwork and Roth, definition 2.4).
        told = sum(max(0.0, share - exp(counts.EPSILON) * other.get(answer, 0.0)) for answer, share in one.items())
        assert told <= counts.DELTA


@given(st.integers(0, 3_000_000), st.sampled_from(sorted(NOISE)))
def test_fewer_than_twenty_are_never_a_number_and_numbers_are_near_and_round(n: int, noise: int) -> None:
    count = counts.with_noise(n, noise)
    if n < counts.LEAST:
        assert count.value is None
    if count.value is None:
        assert n < counts.LEAST + 2 * counts.MOST_NOISE and count.text.en == "under 20"
    else:
        assert count.value >= counts.LEAST and count.value % 10 == 0
        assert abs(count.value - n) <= max(counts.MOST_NOISE + 5, n / 150)
        assert count.text.zh == f"約 {count.value:,}"


def test_noise_is_drawn_as_often_as_it_says() -> None:
    drawn = Counter(counts.noise_at((each + 0.5) / 100_000) for each in range(100_000))
    assert set(drawn) == set(NOISE) and abs(sum(NOISE.values()) - 1) < 1e-9
    assert all(abs(drawn[noise] / 100_000 - share) < 2e-5 for noise, share in NOISE.items())
    assert counts.noise_at(0.0) == -counts.MOST_NOISE and counts.noise_at(1.0) == counts.MOST_NOISE


def test_the_same_question_has_the_same_noise_and_another_one_its_own() -> None:
    question = {"topic": 1, "audience": {"districts": ["64000080"]}, "day": "2026-11-21"}
    assert counts.published(500, question) == counts.published(500, dict(reversed(question.items())))
    answers = Counter(counts.published(500, {**question, "topic": topic}).value for topic in range(400))
    assert len(answers) > 2 and answers.most_common(1)[0][1] < 320
