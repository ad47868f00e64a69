"""When a subscription ends: the rules of its topic as data, and the one function that judges by them.

Pure: it is told the moment and reads no clock. Days are Taipei's: "until 30 June" ends at the midnight after that day.
Judging again what has been carried out changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal, assert_never

from core.clock import TAIPEI, taipei_date

EndedHow = Literal["citizen", "date", "need_passed", "moved_away", "silence", "count", "topic_closed", "replaced"]
Need = Literal[
    "bill_settled", "vehicle_removed", "case_closed", "ride_completed", "permit_expired", "school_finished",
    "roadworks_done",
]  # fmt: skip
NEEDS: Final[dict[Need, str]] = {
    "bill_settled": "bill",
    "vehicle_removed": "vehicle",
    "case_closed": "case",
    "ride_completed": "ride",
    "permit_expired": "permit",
    "school_finished": "child",
    "roadworks_done": "roadworks",
}
"""Each event after which a need has passed, and the kind of subject that it happens to."""
ANSWER_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class DateRule:
    """So many days after it began, or on one last day for everybody."""

    days: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class NeedPassedRule:
    """When that has happened to what it is about."""

    event: Need


@dataclass(frozen=True, slots=True)
class MovedAwayRule:
    """When none of the person's places is any more in the district of what it is about."""


@dataclass(frozen=True, slots=True)
class SilenceRule:
    """When so many messages in a row, or for so many days, none was opened: one question, then the end."""

    sends: int | None = None
    days: int | None = None
    answer_days: int = ANSWER_DAYS


@dataclass(frozen=True, slots=True)
class CountRule:
    """After so many messages."""

    most: int


Rule = DateRule | NeedPassedRule | MovedAwayRule | SilenceRule | CountRule


@dataclass(frozen=True, slots=True)
class Standing:
    """A live subscription, as far as its end depends on it.

    `ends_at` is the moment at which its date ends it (`end_of`); `unopened_since` when the oldest message was sent
    after which none was opened; `asked_at` and `answer_by` are of the question that waits for an answer.
    """

    began_at: datetime
    subject: str = ""
    district: str | None = None
    ends_at: datetime | None = None
    sends: int = 0
    unopened: int = 0
    unopened_since: datetime | None = None
    last_opened_at: datetime | None = None
    asked_at: datetime | None = None
    answer_by: datetime | None = None
    is_topic_open: bool = True


@dataclass(frozen=True, slots=True)
class NeedPassed:
    """That something happened to a subject ("bill:…"). `ref` is what the record names as its cause."""

    need: Need
    subject: str
    ref: str


@dataclass(frozen=True, slots=True)
class Moved:
    """That the person has no place any more in these districts."""

    left: frozenset[str]
    ref: str


Happening = NeedPassed | Moved


@dataclass(frozen=True, slots=True)
class Keep:
    """It goes on; time alone changes nothing before `check_at` (None: never).

    `drops_question`: the question that was waiting is answered, since a message was opened after it.
    """

    check_at: datetime | None
    drops_question: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask whether it is still wanted; without an answer it ends at `answer_by`."""

    answer_by: datetime


@dataclass(frozen=True, slots=True)
class End:
    """It ends, by that rule, because of that."""

    how: EndedHow
    ref: str | None = None


Verdict = Keep | Ask | End


def verdict(standing: Standing, rules: Sequence[Rule], now: datetime, event: Happening | None = None) -> Verdict:
    """What is to be done with a live subscription at `now`, or because of `event`.

    Of several rules that would end it, what has happened comes before what time and numbers say, and a question is
    asked only when nothing ends it.
    """
    if event is not None and (ended := _ended_by(standing, rules, event)):
        return ended
    if not standing.is_topic_open:
        return End("topic_closed")
    if standing.ends_at is not None and standing.ends_at <= now:
        return End("date")
    for rule in rules:
        if isinstance(rule, CountRule) and standing.sends >= rule.most:
            return End("count", str(rule.most))
    return _heard(standing, [rule for rule in rules if isinstance(rule, SilenceRule)], now)


def end_of(rules: Iterable[Rule], began_on: date, chosen: date | None = None) -> datetime | None:
    """When its date ends a subscription that began on that day: the earliest of its topic's and the citizen's last day.

    The moment is the midnight in Taipei after the last day. None: no date ends it.
    """
    days = [day for day in (latest_day(rules, began_on), chosen) if day is not None]
    return after_day(min(days, default=None))


def latest_day(rules: Iterable[Rule], began_on: date) -> date | None:
    """The latest last day that a topic allows a subscription that began on that day; None: it sets none."""
    return min((last_day(rule, began_on) for rule in rules if isinstance(rule, DateRule)), default=None)


def last_day(rule: DateRule, began_on: date) -> date:
    """The last day that a date rule leaves."""
    if rule.on is not None:
        return rule.on
    assert rule.days is not None, "a date rule names days or a day"
    return began_on + timedelta(days=rule.days)


def after_day(day: date | None) -> datetime | None:
    """The first moment in Taipei after a day."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), TAIPEI)


def read_rules(endings: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """A topic's `endings` as rules. Raises ValueError for one that this program does not know."""
    return [_read(each) for each in endings]


def _ended_by(standing: Standing, rules: Sequence[Rule], event: Happening) -> End | None:
    match event:
        case NeedPassed(need, subject, ref):
            is_over = standing.subject == subject and NeedPassedRule(need) in rules
            return End("need_passed", ref) if is_over else None
        case Moved(left, ref):
            is_over = standing.district in left and MovedAwayRule() in rules
            return End("moved_away", ref) if is_over else None
        case _:
            assert_never(event)


def _heard(standing: Standing, rules: Sequence[SilenceRule], now: datetime) -> Verdict:
    is_answered = _is_opened_since_asked(standing, now)
    if standing.answer_by is not None and not is_answered:
        if standing.answer_by <= now:
            return End("silence")
        return Keep(_earliest(standing.ends_at, standing.answer_by))
    looks = [standing.ends_at]
    for rule in rules:
        is_unheard = rule.sends is not None and standing.unopened >= rule.sends
        if rule.days is not None and standing.unopened and standing.unopened_since is not None:
            lapses_at = standing.unopened_since + timedelta(days=rule.days)
            is_unheard = is_unheard or lapses_at <= now
            looks.append(lapses_at)
        if is_unheard:
            return Ask(_answer_by(rule, now))
    return Keep(_earliest(*looks), drops_question=is_answered)


def _is_opened_since_asked(standing: Standing, now: datetime) -> bool:
    """Whether one was opened after the question: an answer, too. A phone whose clock is ahead opens nothing yet."""
    opened, asked = standing.last_opened_at, standing.asked_at
    return opened is not None and asked is not None and asked < opened <= now


def _answer_by(rule: SilenceRule, now: datetime) -> datetime:
    by = after_day(taipei_date(now) + timedelta(days=rule.answer_days))
    assert by is not None, "a day has a midnight after it"
    return by


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _read(rule: Mapping[str, Any]) -> Rule:
    match dict(rule):
        case {"rule": "date", "days": int(days), **rest} if not rest:
            return DateRule(days=days)
        case {"rule": "date", "on": str(on), **rest} if not rest:
            return DateRule(on=date.fromisoformat(on))
        case {"rule": "need_passed", "event": event, **rest} if event in NEEDS and not rest:
            return NeedPassedRule(event)
        case {"rule": "moved_away", **rest} if not rest:
            return MovedAwayRule()
        case {"rule": "silence", **rest} if rest.keys() <= {"sends", "days", "answer_days"} and (
            "sends" in rest or "days" in rest
        ):
            return SilenceRule(**rest)
        case {"rule": "count", "most": int(most), **rest} if not rest:
            return CountRule(most)
    raise ValueError(f"not a rule by which a subscription ends: {rule}")
