"""The switches: which partner misbehaves, at which operation, how, how often and for whom."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from partners.desk.books import Books
from partners.desk.misbehaviour import MODES, OPERATIONS

SCHEMA = """
CREATE TABLE IF NOT EXISTS switchboard (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""

ANY = "*"


SETTINGS: Mapping[str, bool] = {"webhooks": True, "adopt_unknown": True}


class SwitchWrong(Exception):
    """A switch that cannot be set: the message says which part and what it may be."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How one request is to be treated: the mode's name and its numbers."""

    name: str
    params: Mapping[str, float]

    def __getitem__(self, param: str) -> float:
        return self.params[param]


@dataclass(slots=True)
class Rule:
    """One switch. `rate` is the share of matching requests it strikes; `count` how many more, None for no end."""

    id: int
    partner: str
    operation: str
    mode: str
    rate: float
    count: int | None
    params: dict[str, float]
    match: dict[str, str]


class Switchboard:
    """All switches, kept in the books and looked up in memory. Chance comes from the seed and what the rule says, so
    that the same rule and requests in the same order meet the same fate."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._turn = threading.Lock()
        self._rules: list[Rule] = []
        self._chances: dict[int, random.Random] = {}
        self._settings = dict(SETTINGS)
        self._seed = 1
        self._last_id = 0
        for row in books.all("SELECT name, value FROM switchboard"):
            self._restore(row["name"], orjson.loads(row["value"]))

    def chosen(self, partner: str, operation: str, header: str | None, facts: Mapping[str, Any]) -> Mode | None:
        """The mode for one request: the header's when it names one, else that of the first rule that strikes.

        `facts` are the request's fields (reference, number, plate …) that rules match against.
        """
        if header:
            return read_header(header, partner, operation)
        if not self._rules:
            return None
        with self._turn:
            for rule in self._rules:
                if self._strikes(rule, partner, operation, facts):
                    return Mode(rule.mode, rule.params)
        return None

    def is_on(self, setting: str) -> bool:
        """Whether a general setting (`webhooks`, `adopt_unknown`) is on."""
        return self._settings[setting]

    def add(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Adds one rule and returns it with its id. Raises SwitchWrong."""
        with self._turn:
            rule = self._append(wanted)
            self._keep()
            return asdict(rule)

    def replace(self, wanted: Mapping[str, Any]) -> None:
        """Replaces what is named: `rules` (all of them), `settings`, `seed`. Nothing changes when any part is wrong."""
        unknown = set(wanted) - {"rules", "settings", "seed"}
        if unknown:
            raise SwitchWrong(f"unknown: {', '.join(sorted(unknown))}; there are rules, settings and seed")
        with self._turn:
            rules = _checked_rules(wanted["rules"]) if "rules" in wanted else None
            settings = _checked_settings(wanted.get("settings", {}))
            seed = wanted.get("seed", self._seed)
            if not isinstance(seed, int):
                raise SwitchWrong("seed must be a whole number")
            if rules is not None:
                self._rules = []
                for rule in rules:
                    self._append(rule)
            self._settings |= settings
            self._seed, self._chances = seed, {}
            self._keep()

    def remove(self, rule_id: int) -> bool:
        """Switches one rule off; False when there is none with this id."""
        with self._turn:
            before = len(self._rules)
            self._rules = [rule for rule in self._rules if rule.id != rule_id]
            self._keep()
            return len(self._rules) < before

    def clear(self) -> None:
        """Everything behaves again: no rules, settings as at first."""
        with self._turn:
            self._rules, self._chances, self._settings = [], {}, dict(SETTINGS)
            self._keep()

    def state(self) -> dict[str, Any]:
        """Rules, settings and seed as the API shows them; a rule whose count is used up is gone."""
        with self._turn:
            rules = [asdict(rule) for rule in self._rules]
            return {"rules": rules, "settings": dict(self._settings), "seed": self._seed}

    def _strikes(self, rule: Rule, partner: str, operation: str, facts: Mapping[str, Any]) -> bool:
        if rule.partner not in (ANY, partner) or rule.operation not in (ANY, operation):
            return False
        if not is_applicable(rule.mode, partner, operation) or not _matches(rule.match, facts):
            return False
        if rule.rate < 1.0 and self._chance(rule).random() >= rule.rate:
            return False
        if rule.count is not None:
            rule.count -= 1
            if rule.count <= 0:
                self._rules = [other for other in self._rules if other is not rule]
            self._keep()
        return True

    def _chance(self, rule: Rule) -> random.Random:
        beginning = f"{self._seed} {rule.partner} {rule.operation} {rule.mode}"
        return self._chances.setdefault(rule.id, random.Random(beginning))  # noqa: S311

    def _append(self, wanted: Mapping[str, Any]) -> Rule:
        self._last_id += 1
        rule = Rule(id=self._last_id, **_checked(wanted))
        self._rules.append(rule)
        return rule

    def _keep(self) -> None:
        values = {
            "rules": [asdict(rule) for rule in self._rules],
            "settings": self._settings,
            "seed": self._seed,
            "last_id": self._last_id,
        }
        with self._books.writing() as books:
            for name, value in values.items():
                books.execute("INSERT OR REPLACE INTO switchboard VALUES (?, ?)", (name, orjson.dumps(value).decode()))

    def _restore(self, name: str, value: Any) -> None:
        if name == "rules":
            self._rules = [Rule(**rule) for rule in value]
        elif name == "settings":
            self._settings = dict(value)
        elif name == "seed":
            self._seed = value
        elif name == "last_id":
            self._last_id = value


def read_header(text: str, partner: str, operation: str) -> Mode:
    """`x-sandbox-mode: timeout_after; seconds=3` as a Mode. Raises SwitchWrong."""
    name, *assignments = (part.strip() for part in text.split(";"))
    params: dict[str, Any] = {}
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        try:
            params[key.strip()] = float(value)
        except ValueError as error:
            raise SwitchWrong(f"{assignment!r} should read name=number") from error
    rule = _checked({"partner": partner, "operation": operation, "mode": name, "params": params})
    return Mode(name, rule["params"])


def is_applicable(mode: str, partner: str, operation: str) -> bool:
    """Whether this operation of this partner knows the mode."""
    only = MODES[mode].only
    return not only or (partner, operation) in only


def _checked_rules(wanted: Any) -> list[dict[str, Any]]:
    if not isinstance(wanted, list):
        raise SwitchWrong("rules must be a list of rules")
    return [_checked(rule) for rule in wanted]


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(wanted, Mapping):
        raise SwitchWrong("a rule is an object")
    unknown = set(wanted) - {"id", "partner", "operation", "mode", "rate", "count", "params", "match"}
    if unknown:
        raise SwitchWrong(f"unknown: {', '.join(sorted(map(str, unknown)))}")
    partner, operation = wanted.get("partner", ANY), wanted.get("operation") or ANY
    mode = str(wanted.get("mode"))
    if partner != ANY and partner not in OPERATIONS:
        raise SwitchWrong(f"partner must be one of {', '.join(OPERATIONS)} or *")
    operations = [(name, each) for name, all_of in OPERATIONS.items() for each in all_of]
    reached = [(p, o) for p, o in operations if partner in (ANY, p) and operation in (ANY, o)]
    if not reached:
        known = ", ".join(o for p, o in operations if partner in (ANY, p))
        raise SwitchWrong(f"operation of {partner} must be one of {known} or *")
    if mode not in MODES:
        raise SwitchWrong(f"mode must be one of {', '.join(MODES)}")
    if not any(is_applicable(mode, p, o) for p, o in reached):
        raise SwitchWrong(f"{mode} does nothing at {partner}.{operation}")
    rate, count = wanted.get("rate", 1.0), wanted.get("count")
    if not _is_number(rate) or not 0 <= rate <= 1:
        raise SwitchWrong("rate must be a number from 0 to 1")
    if count is not None and (not isinstance(count, int) or count < 1):
        raise SwitchWrong("count must be a whole number from 1 up, or null for no end")
    match = wanted.get("match") or {}
    if not isinstance(match, Mapping):
        raise SwitchWrong("match must be an object of field: value")
    return {
        "partner": partner,
        "operation": operation,
        "mode": mode,
        "rate": float(rate),
        "count": count,
        "params": _checked_params(mode, wanted.get("params") or {}),
        "match": {str(name): str(value) for name, value in match.items()},
    }


def _checked_params(mode: str, given: Any) -> dict[str, float]:
    defaults = MODES[mode].params
    if not isinstance(given, Mapping) or set(given) - set(defaults):
        raise SwitchWrong(f"params of {mode} may be: {', '.join(defaults) or 'none'}")
    if not all(_is_number(value) and 0 <= value <= 3600 for value in given.values()):
        raise SwitchWrong("params must be numbers from 0 to 3600")
    return {**defaults, **given}


def _checked_settings(given: Any) -> dict[str, bool]:
    is_known = isinstance(given, Mapping) and set(given) <= set(SETTINGS)
    if not is_known or not all(isinstance(value, bool) for value in given.values()):
        raise SwitchWrong(f"settings may be {', '.join(SETTINGS)}, each true or false")
    return dict(given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _matches(match: Mapping[str, str], facts: Mapping[str, Any]) -> bool:
    for name, wanted in match.items():
        found = facts.get(name)
        values = found if isinstance(found, list) else [found]
        if wanted not in {str(value) for value in values}:
            return False
    return True
