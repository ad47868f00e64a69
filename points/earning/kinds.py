"""Which events campaigns may be for: what each is called, which facts it carries, and which bureau tells of it.

A condition of a campaign asks for facts that the event itself carries, and for nothing else of the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from core.text import Text

FactType = Literal["text", "texts", "number", "flag"]
PAYMENT_CAPTURED: Final = "wallet.payment_captured"
_DEED: Final = "deed."


@dataclass(frozen=True, slots=True)
class Kind:
    """An event that a campaign may be for.

    `facts` are what it carries; `measure` is the fact that steps are counted of, and `unit` what one of it is called;
    `bureau` is whose system may report it as a deed (None: it comes from this program).
    """

    title: Text
    facts: Mapping[str, FactType] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    measure: str | None = None
    unit: Text | None = None
    bureau: str | None = None

    @property
    def noun(self) -> Text:
        """Its title within a sentence."""
        return Text(self.title.zh, self.title.en[0].lower() + self.title.en[1:])


_NTD = Text("元", "NT$")
KINDS: Final[Mapping[str, Kind]] = {
    PAYMENT_CAPTURED: Kind(
        Text("繳費", "Paying a bill"),
        {"rail": "text", "kinds": "texts", "due_before": "flag", "amount_twd": "number"},
        measure="amount_twd",
        unit=_NTD,
    ),
    f"{_DEED}passkey": Kind(Text("第一次用通行金鑰登入", "Signing in with a passkey for the first time")),
    f"{_DEED}ride": Kind(
        Text("搭乘捷運或輕軌", "A metro or light-rail ride"),
        {"operator": "text", "from": "text", "to": "text", "fare_twd": "number", "is_complete": "flag"},
        required=frozenset({"operator", "is_complete"}),
        measure="fare_twd",
        unit=_NTD,
        bureau="transport",
    ),
    f"{_DEED}volunteering": Kind(
        Text("志願服務", "Volunteering"),
        {"hours": "number", "field": "text", "district": "text"},
        required=frozenset({"hours"}),
        measure="hours",
        unit=Text("小時", "hours"),
        bureau="social_affairs",
    ),
    f"{_DEED}health_check_in": Kind(
        Text("健康打卡", "A health check-in"),
        {"activity": "text", "place": "text", "district": "text", "steps": "number"},
        measure="steps",
        unit=Text("步", "steps"),
        bureau="health",
    ),
}
REPORTED: Final = tuple(name.removeprefix(_DEED) for name, kind in KINDS.items() if kind.bureau)
DEEDS: Final = tuple(name.removeprefix(_DEED) for name in KINDS if name.startswith(_DEED))


def event_of(deed: str) -> str:
    """The event that a deed of this kind is: "ride" is "deed.ride"."""
    return _DEED + deed


def fact_errors(kind: Kind, facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """What is wrong with the facts of a deed of this kind: (fact, why), nothing where they are as they must be."""
    wrong = [(name, "this kind of deed needs it") for name in sorted(kind.required - facts.keys())]
    for name, value in facts.items():
        expected = kind.facts.get(name)
        if expected is None:
            wrong.append(("", "this kind of deed carries only " + (", ".join(kind.facts) or "no facts")))
        elif not _is_of(expected, value):
            wrong.append((name, f"must be {_SAID[expected]}"))
    return wrong


def _is_of(expected: FactType, value: object) -> bool:
    if expected == "flag":
        return isinstance(value, bool)
    if expected == "number":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_NUMBER
    if expected == "text":
        return isinstance(value, str) and _is_short(value)
    return (
        isinstance(value, list)
        and len(value) <= 20
        and all(isinstance(each, str) and _is_short(each) for each in value)
    )


def _is_short(value: str) -> bool:
    return 0 < len(value) <= 40 and value.isprintable()


MOST_NUMBER: Final = 1_000_000
_SAID: Final[Mapping[FactType, str]] = {
    "flag": "true or false",
    "number": f"a whole number from 0 to {MOST_NUMBER}",
    "text": "a text of 1 to 40 characters",
    "texts": "a list of texts",
}
