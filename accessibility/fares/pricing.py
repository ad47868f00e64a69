"""A fare from its parts: the fleet's price, the city's share, the subsidy, what the quota covers, and the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from accessibility.fares.rules import Rule, Rules
from core.text import Text

Pooled = Literal["no", "part", "whole"]


@dataclass(frozen=True, slots=True)
class FareLine:
    """One line of a fare as people read it; negative amounts are taken off."""

    code: str
    words: Text
    amount_twd: int


@dataclass(frozen=True, slots=True)
class Fare:
    """What a ride costs (`price_twd`) and who pays it: the city (`subsidy_twd`), the card's quota, the rider. NT$."""

    price_twd: int
    subsidy_twd: int
    quota_twd: int
    rider_pays_twd: int
    lines: tuple[FareLine, ...]
    source: str
    quota_cards: tuple[tuple[str, int], ...] = ()
    is_low_income: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is kept with an offer, in both languages."""
        return {
            "price_twd": self.price_twd,
            "subsidy_twd": self.subsidy_twd,
            "quota_twd": self.quota_twd,
            "rider_pays_twd": self.rider_pays_twd,
            "lines": [
                {"code": line.code, "zh": line.words.zh, "en": line.words.en, "amount_twd": line.amount_twd}
                for line in self.lines
            ],
            "source": self.source,
            "quota_cards": [list(each) for each in self.quota_cards],
            "is_low_income": self.is_low_income,
        }

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> Fare:
        """The fare that `as_json` wrote."""
        lines = tuple(
            FareLine(each["code"], Text(each["zh"], each["en"]), each["amount_twd"]) for each in kept["lines"]
        )
        cards = tuple((card, points) for card, points in kept.get("quota_cards", ()))
        return Fare(
            kept["price_twd"], kept["subsidy_twd"], kept["quota_twd"], kept["rider_pays_twd"], lines, kept["source"],
            cards, kept.get("is_low_income", False),
        )  # fmt: skip


def fare(
    rules: Rules,
    fleet: str,
    price_twd: int,
    *,
    pooled: Pooled,
    is_low_income: bool,
    quota: Sequence[tuple[str, int]] = (),
    promise_broken_minutes: int = 0,
    most_twd: int | None = None,
) -> Fare:
    """The fare of one ride by these rules.

    `price_twd` is what the fleet asks: on a meter what it shows, at a fleet whose riders pay a share of the day taxi
    fare that day fare. `quota` says for each of the rider's cards how much it could still cover, in the order in which
    they are used. `most_twd`: the rider was promised to pay no more, whatever else comes out.
    """
    price_rule = rules.of("price", fleet)
    lines = [FareLine("price", _PRICE if price_rule is None else _name(price_rule, _PRICE), price_twd)]
    due, sources = price_twd, [] if price_rule is None else [price_rule.source]
    share = _share(price_rule, pooled, is_low_income)
    if share is not None:
        part, words = share
        due = price_twd * part.numerator // part.denominator
        lines.append(FareLine("city_share", words, due - price_twd))
        # The share is of what the meter would show by day: what is known of it belongs to where the fare comes from.
        sources += [rule.source for rule in rules.all_of("meter")]
    subsidy_rule = rules.of("subsidy", fleet)
    if subsidy_rule is not None and subsidy_rule.terms["is_on"] and share is None:
        paid = min(due, _banded(subsidy_rule.terms["bands"], due))
        if paid:
            due -= paid
            lines.append(FareLine("subsidy", Text("市府補貼", "Paid by the city"), -paid))
            sources.append(subsidy_rule.source)
    back = _taken_off_for_promise(rules, fleet, due, promise_broken_minutes)
    if back:
        due -= back
        lines.append(
            FareLine(
                "promise",
                Text("車程比答應的久 {minutes} 分鐘", "The ride took {minutes} minutes longer than promised").format(
                    minutes=promise_broken_minutes
                ),
                -back,
            )
        )
    if most_twd is not None and due > most_twd:
        lines.append(FareLine("as_agreed", Text("不超過預約時說好的金額", "No more than was agreed"), most_twd - due))
        due = most_twd
    subsidy_twd = price_twd - due
    used = _from_quota(rules, due, quota)
    for card, points, rule in used:
        due -= points
        lines.append(FareLine(f"quota_{card}", _name(rule, _PRICE), -points))
        sources.append(rule.source)
    lines += _notes(rules, fleet, price_rule, pooled)
    cards = tuple((card, points) for card, points, _ in used)
    quota_twd, source = sum(points for _, points in cards), "；".join(dict.fromkeys(sources))
    return Fare(price_twd, subsidy_twd, quota_twd, due, tuple(lines), source, cards, is_low_income)


def with_points(rules: Rules, fare: Fare, quota: Sequence[tuple[str, int]]) -> Fare:
    """The same fare with the points counted anew: `quota` is what each card can cover now."""
    due = fare.quota_twd + fare.rider_pays_twd
    used = _from_quota(rules, due, quota)
    rest = [line for line in fare.lines if not line.code.startswith("quota_")]
    amounts, notes = [line for line in rest if line.amount_twd], [line for line in rest if not line.amount_twd]
    if rest and not rest[0].amount_twd:
        # A price of nothing is still the price.
        amounts, notes = [rest[0], *amounts], notes[1:]
    points = [FareLine(f"quota_{card}", _name(rule, _PRICE), -points) for card, points, rule in used]
    cards = tuple((card, points) for card, points, _ in used)
    quota_twd = sum(points for _, points in cards)
    sources = dict.fromkeys([*filter(None, fare.source.split("；")), *(rule.source for _, _, rule in used)])
    return replace(
        fare, quota_twd=quota_twd, rider_pays_twd=due - quota_twd, lines=(*amounts, *points, *notes),
        source="；".join(sources), quota_cards=cards,
    )  # fmt: skip


def _share(rule: Rule | None, pooled: Pooled, is_low_income: bool) -> tuple[Fraction, Text] | None:
    """The least of the shares that this ride comes under, and its words."""
    if rule is None or "shares" not in rule.terms:
        return None
    shares = rule.terms["shares"]
    which = ["alone" if pooled == "no" else f"pooled_{pooled}"] + (["low_income"] if is_low_income else [])
    least = min(which, key=lambda name: Fraction(*shares[name]))
    part = Fraction(*shares[least])
    return part, _SHARES[least].format(part=f"{part.numerator}/{part.denominator}")


def _banded(bands: Sequence[Mapping[str, int]], fare_twd: int) -> int:
    return next(band["pays"] for band in bands if fare_twd <= band.get("up_to", fare_twd))


def _taken_off_for_promise(rules: Rules, fleet: str, due: int, minutes_over: int) -> int:
    rule = rules.of("promise", fleet)
    if rule is None or minutes_over <= 0:
        return 0
    percents = [band["percent"] for band in rule.terms["bands"] if minutes_over >= band["minutes_over"]]
    return due * max(percents, default=0) // 100


def _from_quota(rules: Rules, due: int, quota: Sequence[tuple[str, int]]) -> list[tuple[str, int, Rule]]:
    used = []
    for card, left in quota:
        rule = rules.of("quota", card)
        if rule is None:
            continue
        points = min(due, left, rule.terms.get("most_a_trip") or due)
        if points > 0:
            used.append((card, points, rule))
            due -= points
    return used


def _notes(rules: Rules, fleet: str, price_rule: Rule | None, pooled: Pooled) -> list[FareLine]:
    """What the rider should know and costs nothing."""
    notes = []
    companions = rules.of("companions", fleet)
    if companions is not None:
        notes.append(FareLine("companions", Text(companions.terms["zh"], companions.terms["en"]), 0))
    if price_rule is not None and pooled == "part" and "shares" in price_rule.terms:
        whole = Fraction(*price_rule.terms["shares"]["pooled_whole"])
        notes.append(FareLine("if_whole", _IF_WHOLE.format(part=f"{whole.numerator}/{whole.denominator}"), 0))
    return notes


def _name(rule: Rule, otherwise: Text) -> Text:
    return Text(rule.terms["zh"], rule.terms["en"]) if "zh" in rule.terms else otherwise


_PRICE = Text("車資", "Fare")
_SHARES = {
    "alone": Text("自付 {part}，其餘市府負擔", "You pay {part}, the city pays the rest"),
    "low_income": Text("低收入戶自付 {part}，其餘市府負擔", "Low income: you pay {part}, the city pays the rest"),
    "pooled_part": Text("部分路段共乘，自付 {part}", "Shared for a part of the way: you pay {part}"),
    "pooled_whole": Text("全程共乘，自付 {part}", "Shared all the way: you pay {part}"),
}
_IF_WHOLE = Text("如果全程都有人共乘，自付 {part}", "If somebody shares all the way, you pay {part}")
