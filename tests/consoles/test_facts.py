"""The desk offers officers the facts, and values of facts, that citizens are offered to allow."""

from __future__ import annotations

import re
from pathlib import Path

from notify.topics.facts import FACTS

STATIC = Path(__file__).resolve().parents[2] / "consoles" / "static"


def test_every_fact_and_value_of_one_has_a_name_at_the_desk_and_can_be_chosen() -> None:
    texts, form = (STATIC / "texts_messages.js").read_text(), (STATIC / "js" / "audience_form.js").read_text()
    values = {value for kind in FACTS.values() for value in kind.choices}
    named = set(re.findall(r'^  "?(fact_[\w-]+)"?:', texts, re.MULTILINE))
    assert {f"fact_{name}" for name in FACTS} | {f"fact_value_{value}" for value in values} <= named
    assert set(re.findall(r'"([a-z0-9-]+)"', form.partition("const VALUES")[2].partition("};")[0])) == values
