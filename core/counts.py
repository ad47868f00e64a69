"""Numbers of people as officers may see them, from which nobody in particular can be told.

A number is published with a little noise that belongs to the question, rounded, and not at all where it is small. The
noise is drawn once for each question (a keyed hash of it), so asking again averages nothing out. What that gives is
differential privacy (Dwork and Roth 2014, §3.3, with the truncation of Desfontaines et al. 2020): whatever is
published, and under whatever key, would have been published almost as likely with one person more or less:

    P(answer | n people) <= e^EPSILON * P(answer | n + 1 people) + DELTA, and the other way round.

Fewer than `LEAST` are never shown as a number; a number a little above it is, too, shown as few, by chance: if the
words "under 20" held for exactly 19 and less, they would tell who the twentieth is.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from typing import Any

import rfc8785

from core.crypto import blind_index
from core.text import Text

LEAST = 20
EPSILON = 0.25
MOST_NOISE = 16
DELTA = 0.0025

_SHARES = [exp(-EPSILON * abs(noise)) for noise in range(-MOST_NOISE, MOST_NOISE + 1)]
_UP_TO = [each / sum(_SHARES) for each in accumulate(_SHARES)]
_FEW = Text("少於 20", "under 20")
_ABOUT = Text("約 {n}", "about {n}")


@dataclass(frozen=True, slots=True)
class Count:
    """A number of people as it may be published; `value` None: few, or about as few."""

    value: int | None

    @property
    def text(self) -> Text:
        """In words."""
        return _FEW if self.value is None else _ABOUT.format(n=f"{self.value:,}")


def published(n: int, question: Mapping[str, Any]) -> Count:
    """How `n` people are published as the answer to a question (JSON: the same question is the same noise)."""
    drawn = int.from_bytes(blind_index(rfc8785.dumps(dict(question)).hex(), purpose="published_count")[:8], "big")
    return with_noise(n, noise_at(drawn / 2**64))


def with_noise(n: int, noise: int) -> Count:
    """`n` with that noise, rounded to tens, or to three digits where that is coarser; few where that could be under
    `LEAST`."""
    noisy = n + noise
    if noisy < LEAST + MOST_NOISE:
        return Count(None)
    step = max(10, 10 ** (len(str(noisy)) - 3))
    return Count((noisy + step // 2) // step * step)


def noise_at(share: float) -> int:
    """The noise at a share (0 to 1) of its distribution: a two-sided geometric one, cut at `MOST_NOISE`."""
    return min(bisect(_UP_TO, share), 2 * MOST_NOISE) - MOST_NOISE


def probabilities() -> dict[int, float]:
    """How likely each noise is."""
    return {noise: _SHARES[noise + MOST_NOISE] / sum(_SHARES) for noise in range(-MOST_NOISE, MOST_NOISE + 1)}
