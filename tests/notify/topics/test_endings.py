"""By what a subscription ends: a table of cases, each judged twice, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import TAIPEI
from notify.topics.catalogue import TOPICS
from notify.topics.endings import (
    Ask,
    CountRule,
    DateRule,
    End,
    Happening,
    Keep,
    Moved,
    MovedAwayRule,
    NeedPassed,
    NeedPassedRule,
    Rule,
    SilenceRule,
    Standing,
    Verdict,
    after_day,
    end_of,
    read_rules,
    verdict,
)


def _taipei(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


BEGAN = _taipei("2026-11-05T14:00")
NOON = _taipei("2026-11-20T12:00")
BILL = "bill:0197f7a0-0000-7000-8000-000000000001"
BILLS = NeedPassedRule("bill_settled")
ROADWORKS = NeedPassedRule("roadworks_done")
SIX = SilenceRule(sends=6)
MONTH = SilenceRule(days=30, answer_days=7)
LIVE = Standing(began_at=BEGAN)
ONE_BILL = replace(LIVE, subject=BILL)
IN_LINGYA = replace(LIVE, district="64000080", subject="district:64000080")
ASKED = replace(LIVE, unopened=6, unopened_since=BEGAN, asked_at=_taipei("2026-11-10T09:00"),
                answer_by=_taipei("2026-11-25T00:00"))  # fmt: skip
PAID = NeedPassed("bill_settled", BILL, "event:1")


def _carried_out(standing: Standing, told: Verdict, now: datetime) -> Standing:
    """The subscription after what was judged has been done, if it is still live."""
    match told:
        case Ask(answer_by):
            return replace(standing, asked_at=now, answer_by=answer_by)
        case Keep(_, drops_question):
            return replace(standing, asked_at=None, answer_by=None) if drops_question else standing
        case End():
            return standing


def _judged_twice(standing: Standing, rules: Sequence[Rule], now: datetime, event: Happening | None = None) -> Verdict:
    """The verdict; once it is carried out, the same question changes nothing any more."""
    first = verdict(standing, rules, now, event)
    after = _carried_out(standing, first, now)
    again = verdict(after, rules, now, event)
    if isinstance(first, End):
        assert again == first
    else:
        assert isinstance(again, Keep)
        assert not again.drops_question
        assert _carried_out(after, again, now) == after
    return first


@pytest.mark.parametrize(
    ("standing", "rules", "now", "event", "expected"),
    [
        pytest.param(LIVE, [], NOON, None, Keep(None), id="no rule ends nothing"),
        # A date: the whole last day counts, in Taipei.
        pytest.param(replace(LIVE, ends_at=_taipei("2026-11-21T00:00")), [], _taipei("2026-11-20T23:59:59"), None,
                     Keep(_taipei("2026-11-21T00:00")), id="the last second of its last day"),
        pytest.param(replace(LIVE, ends_at=_taipei("2026-11-21T00:00")), [], _taipei("2026-11-21T00:00"), None,
                     End("date"), id="midnight in Taipei"),
        pytest.param(replace(LIVE, ends_at=_taipei("2026-11-21T00:00")), [],
                     datetime(2026, 11, 20, 16, 0, tzinfo=UTC), None, End("date"), id="midnight in Taipei is 16:00 UTC"),
        # The need has passed.
        pytest.param(ONE_BILL, [BILLS], NOON, PAID, End("need_passed", "event:1"), id="the bill is paid"),
        pytest.param(ONE_BILL, [BILLS], NOON, replace(PAID, subject="bill:x"), Keep(None), id="another bill is paid"),
        pytest.param(LIVE, [BILLS], NOON, PAID, Keep(None), id="every bill of mine outlives one"),
        pytest.param(ONE_BILL, [ROADWORKS], NOON, PAID, Keep(None), id="not by a rule that the topic lacks"),
        pytest.param(replace(ONE_BILL, ends_at=NOON), [BILLS], NOON, PAID, End("need_passed", "event:1"),
                     id="paid on the day it would end: because it was paid"),
        # Another district.
        pytest.param(IN_LINGYA, [MovedAwayRule()], NOON, Moved(frozenset({"64000080"}), "place:1"),
                     End("moved_away", "place:1"), id="no place in that district any more"),
        pytest.param(IN_LINGYA, [MovedAwayRule()], NOON, Moved(frozenset({"64000010"}), "place:1"), Keep(None),
                     id="left another district"),
        pytest.param(LIVE, [MovedAwayRule()], NOON, Moved(frozenset({"64000080"}), "place:1"), Keep(None),
                     id="about no district"),
        pytest.param(IN_LINGYA, [], NOON, Moved(frozenset({"64000080"}), "place:1"), Keep(None),
                     id="moving matters to no such topic"),
        # A limit on how many.
        pytest.param(replace(LIVE, sends=9), [CountRule(10)], NOON, None, Keep(None), id="nine of ten"),
        pytest.param(replace(LIVE, sends=10), [CountRule(10)], NOON, None, End("count", "10"), id="ten of ten"),
        pytest.param(replace(LIVE, sends=11), [CountRule(10)], NOON, None, End("count", "10"), id="more than ten"),
        # Silence, by messages.
        pytest.param(replace(LIVE, unopened=5, unopened_since=BEGAN), [SIX], NOON, None, Keep(None), id="five unopened"),
        pytest.param(replace(LIVE, unopened=6, unopened_since=BEGAN), [SIX], NOON, None, Ask(_taipei("2026-12-05T00:00")),
                     id="six unopened: ask, and wait for the whole fourteenth day"),
        pytest.param(replace(LIVE, unopened=6, unopened_since=BEGAN), [SIX], _taipei("2026-11-20T23:59"), None,
                     Ask(_taipei("2026-12-05T00:00")), id="asked just before midnight"),
        pytest.param(replace(LIVE, unopened=6, unopened_since=BEGAN), [SIX], _taipei("2026-11-21T00:00"), None,
                     Ask(_taipei("2026-12-06T00:00")), id="asked at midnight: of the new day"),
        pytest.param(ASKED, [SIX], _taipei("2026-11-24T23:59:59"), None, Keep(_taipei("2026-11-25T00:00")),
                     id="the last second for an answer"),
        pytest.param(ASKED, [SIX], _taipei("2026-11-25T00:00"), None, End("silence"), id="no answer"),
        pytest.param(replace(ASKED, unopened=0, last_opened_at=NOON), [SIX], NOON, None, Keep(None, drops_question=True),
                     id="one opened after the question is an answer"),
        pytest.param(replace(ASKED, unopened=0, last_opened_at=NOON), [SIX], _taipei("2026-11-25T00:00"), None,
                     Keep(None, drops_question=True), id="opened in time and judged late"),
        pytest.param(replace(ASKED, last_opened_at=BEGAN), [SIX], _taipei("2026-11-25T00:00"), None, End("silence"),
                     id="one opened before the question is none"),
        pytest.param(replace(ASKED, ends_at=_taipei("2026-11-22T00:00")), [SIX], NOON, None,
                     Keep(_taipei("2026-11-22T00:00")), id="its date comes before the answer"),
        # Silence, by days since the oldest unopened message.
        pytest.param(replace(LIVE, unopened=1, unopened_since=NOON), [MONTH], NOON, None, Keep(NOON + timedelta(30)),
                     id="thirty days begin with a message"),
        pytest.param(replace(LIVE, unopened=1, unopened_since=NOON), [MONTH], NOON + timedelta(30), None,
                     Ask(_taipei("2026-12-28T00:00")), id="thirty days later"),
        pytest.param(LIVE, [MONTH], BEGAN + timedelta(400), None, Keep(None), id="a silent bureau silences nobody"),
        pytest.param(replace(LIVE, unopened=0, unopened_since=BEGAN), [MONTH], BEGAN + timedelta(40), None, Keep(None),
                     id="all of them opened"),
        # Which comes first.
        pytest.param(replace(ASKED, sends=10), [SIX, CountRule(10)], NOON, None, End("count", "10"),
                     id="no question about what has ended"),
        pytest.param(replace(LIVE, is_topic_open=False, ends_at=NOON), [], NOON, None, End("topic_closed"),
                     id="the bureau closed the topic"),
    ],
)  # fmt: skip
def test_a_subscription_ends_by_the_rules_of_its_topic(
    standing: Standing, rules: Sequence[Rule], now: datetime, event: Happening | None, expected: Verdict
) -> None:
    assert _judged_twice(standing, rules, now, event) == expected


@pytest.mark.parametrize(
    ("rules", "began_on", "chosen", "ends_at"),
    [
        ([], "2026-11-05", None, None),
        ([], "2026-11-05", "2026-11-30", "2026-12-01T00:00"),
        ([DateRule(days=90)], "2026-11-05", None, "2027-02-04T00:00"),
        ([DateRule(days=90)], "2026-11-05", "2026-11-30", "2026-12-01T00:00"),
        ([DateRule(days=90)], "2026-11-05", "2028-01-01", "2027-02-04T00:00"),
        ([DateRule(days=366)], "2028-02-29", None, "2029-03-02T00:00"),
        ([DateRule(days=365)], "2027-02-28", None, "2028-02-29T00:00"),
        ([DateRule(days=1)], "2028-02-28", None, "2028-03-01T00:00"),
        ([DateRule(days=1)], "2027-02-28", None, "2027-03-02T00:00"),
        ([DateRule(on=date(2028, 2, 29))], "2026-11-05", None, "2028-03-01T00:00"),
        ([DateRule(on=date(2026, 12, 31))], "2026-11-05", None, "2027-01-01T00:00"),
        ([DateRule(days=30), DateRule(on=date(2026, 11, 10))], "2026-11-05", None, "2026-11-11T00:00"),
    ],
)
def test_its_date_is_the_earliest_last_day_of_all(
    rules: Sequence[Rule], began_on: str, chosen: str | None, ends_at: str | None
) -> None:
    told = end_of(rules, date.fromisoformat(began_on), date.fromisoformat(chosen) if chosen else None)
    assert told == (_taipei(ends_at) if ends_at else None)


def test_the_rules_of_every_topic_are_read() -> None:
    for topic in TOPICS:
        assert len(read_rules(topic.endings)) == len(topic.endings)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"rule": "never"},
        {"rule": "date"},
        {"rule": "date", "days": "90"},
        {"rule": "date", "days": 90, "on": "2027-01-01"},
        {"rule": "date", "on": "31/12/2027"},
        {"rule": "need_passed", "event": "boredom"},
        {"rule": "silence"},
        {"rule": "silence", "sends": 6, "hours": 2},
        {"rule": "count"},
    ],
)
def test_a_rule_that_nobody_knows_is_no_rule(rule: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rule|isoformat"):
        read_rules([rule])


_MOMENTS = st.integers(0, 3 * 365 * 24).map(lambda hours: BEGAN + timedelta(hours=hours))
_RULES = st.lists(
    st.one_of(
        st.builds(CountRule, st.integers(1, 20)),
        st.builds(SilenceRule, sends=st.integers(1, 10), answer_days=st.integers(1, 30)),
        st.builds(SilenceRule, days=st.integers(1, 90), answer_days=st.integers(1, 30)),
        st.just(BILLS),
        st.just(MovedAwayRule()),
    ),
    max_size=3,
)
_STANDINGS = st.builds(
    Standing,
    began_at=st.just(BEGAN),
    ends_at=st.none() | _MOMENTS,
    sends=st.integers(0, 30),
    unopened=st.integers(0, 15),
    unopened_since=_MOMENTS,
    last_opened_at=st.none() | _MOMENTS,
)


@given(_STANDINGS, _RULES, _MOMENTS, st.booleans())
def test_time_alone_changes_nothing_before_the_next_look_and_something_at_it(
    standing: Standing, rules: list[Rule], now: datetime, is_asked: bool
) -> None:
    if standing.last_opened_at is not None:
        standing = replace(standing, last_opened_at=min(standing.last_opened_at, now))
    if is_asked:
        standing = replace(standing, asked_at=now - timedelta(1), answer_by=after_day(now.date()))
    told = _judged_twice(standing, rules, now)
    if not isinstance(told, Keep):
        return
    standing = _carried_out(standing, told, now)
    look_at = told.check_at
    if look_at is None:
        assert verdict(standing, rules, now + timedelta(10_000)) == Keep(None)
        return
    assert look_at > now
    assert verdict(standing, rules, look_at - timedelta(microseconds=1)) == replace(told, drops_question=False)
    assert not isinstance(verdict(standing, rules, look_at), Keep)
