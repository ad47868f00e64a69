"""Every way to begin and to end has words, and every fact and event its place."""

from __future__ import annotations

from datetime import date
from typing import get_args

from core import clock
from core.text import Text
from notify.schemas import MESSAGE_KINDS
from notify.topics import answers, ending_words, life_events, notes, subjects
from notify.topics.catalogue import TOPICS
from notify.topics.endings import NEEDS, CountRule, DateRule, EndedHow, Need, SilenceRule, read_rules
from notify.topics.facts import FACTS, SENSITIVE
from notify.topics.history import WHATS, Happened
from notify.topics.subscriptions import BEGAN_HOW


def test_every_way_to_end_and_to_begin_has_words() -> None:
    for how in get_args(EndedHow):
        for subject in ("", "district:64000080", *(f"{kind}:x" for kind in NEEDS.values())):
            assert all((ending_words.because(how, subject).zh, ending_words.because(how, subject).en))
    assert ending_words.BEGAN.keys() == set(BEGAN_HOW)
    assert ending_words.OFFERED_BECAUSE.keys() == set(life_events.OFFERING)


def test_every_need_happens_to_something_that_can_be_subscribed_to_and_is_told_by_somebody() -> None:
    assert NEEDS.keys() == set(get_args(Need))
    assert {kind: need for need, kind in NEEDS.items()} == ending_words.NEED_OF_KIND
    assert set(NEEDS.values()) == set(subjects.KINDS) - {"district"}
    told = {kind.closes for kind in life_events.KINDS.values() if kind.closes}
    assert told | {"bill", "vehicle"} == set(NEEDS.values())
    opened = {kind.opens for kind in life_events.KINDS.values() if kind.opens}
    assert opened == told


def test_everything_that_can_happen_to_a_subscription_has_words() -> None:
    topic_rules = {"began": BEGAN_HOW, "ended": get_args(EndedHow), "answered": ("citizen", "opened")}
    for what in WHATS:
        for how in topic_rules.get(what, ("citizen",)):
            happened = Happened(at=clock.now(), what=what, how=how, ref=None, ends_at=None)
            assert answers.words_of(happened, "").zh and answers.words_of(happened, "").en


def test_every_message_of_this_room_is_one_that_the_inbox_knows() -> None:
    assert {wording.kind for wording in notes.WORDINGS} <= set(MESSAGE_KINDS)


def test_every_topic_of_the_catalogue_ends_and_uses_facts_that_there_are() -> None:
    for topic in TOPICS:
        assert topic.endings, topic.code
        assert set(topic.facts) <= FACTS.keys(), topic.code
        assert topic.subject_kind is None or topic.subject_kind in subjects.KINDS
        assert (topic.offered_at is None) == (topic.offered_days is None)
        assert topic.offered_at is None or topic.offered_at in life_events.OFFERING
        for rule in read_rules(topic.endings):
            assert ending_words.words(rule).en
    assert {fact for topic in TOPICS for fact in topic.facts if fact in SENSITIVE} == {"rider"}


def test_rules_read_as_a_person_would_say_them() -> None:
    assert ending_words.words(DateRule(on=date(2027, 6, 30))) == Text("116年6月30日後", "after 2027-06-30")
    assert ending_words.words(CountRule(10)) == Text("送滿 10 則時", "after 10 messages")
    assert ending_words.words(SilenceRule(sends=6, days=30)).en == (
        "when you open nothing for 6 messages in a row or 30 days and do not answer our question in 14 days"
    )
