"""Who may be few: those whom one thing concerns, all of them; never a part of those."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from notify.campaigns import moves, schedules
from notify.campaigns.audiences import Audience, Fact


@pytest.mark.parametrize(
    ("meant_for", "may_be_few"),
    [
        (Audience(subject="roadworks:1"), True),
        (Audience(), False),
        (Audience(subject="roadworks:1", districts=("64000050",)), False),
        (Audience(subject="roadworks:1", facts=(Fact("has_car", None),)), False),
    ],
)
def test_only_everybody_whom_one_thing_concerns_may_be_few(meant_for: Audience, may_be_few: bool) -> None:
    campaign: Any = SimpleNamespace(meant_for=meant_for, planned=schedules.Now())
    assert moves.is_for_one_thing(campaign) is may_be_few
