"""How a subscription ends and began, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import assert_never

from core.taiwan import roc_text
from core.text import Text
from notify.topics.endings import CountRule, DateRule, EndedHow, MovedAwayRule, Need, NeedPassedRule, Rule, SilenceRule

_PASSED: dict[Need, Text] = {
    "bill_settled": Text("帳單繳清或註銷", "the bill is paid or void"),
    "vehicle_removed": Text("車輛過戶或移除", "the vehicle is no longer yours"),
    "case_closed": Text("案件結案", "the case is closed"),
    "ride_completed": Text("車趟完成", "the ride is over"),
    "permit_expired": Text("證件到期", "the permit has expired"),
    "school_finished": Text("孩子畢業或轉學", "the child has left the school"),
    "roadworks_done": Text("工程完工", "the works are done"),
}
_BECAUSE: dict[EndedHow, Text] = {
    "citizen": Text("您停止了它", "you stopped it"),
    "date": Text("到了預定結束的日子", "its last day has passed"),
    "need_passed": Text("這件事已經結束", "what it was about is over"),
    "moved_away": Text("您已不在那個行政區", "you have left that district"),
    "silence": Text("您一直沒有點開，我們問過，沒有回覆", "you opened none of it, and our question got no answer"),
    "count": Text("已送完約定的則數", "the agreed number of messages has been sent"),
    "topic_closed": Text("機關停止了這個主題", "the bureau closed the topic"),
    "replaced": Text("您改訂了整個主題", "you took the whole topic instead"),
}
NEED_OF_KIND: dict[str, Need] = {
    "bill": "bill_settled",
    "vehicle": "vehicle_removed",
    "case": "case_closed",
    "ride": "ride_completed",
    "permit": "permit_expired",
    "child": "school_finished",
    "roadworks": "roadworks_done",
}
BEGAN = {
    "citizen": Text("您在「我的高雄」訂閱", "You subscribed in My Kaohsiung"),
    "offer": Text("您接受了一項建議", "You took an offer"),
    "renewal": Text("您續訂了它", "You took it again"),
    "need_returned": Text(
        "原本的事還沒結束（繳款沒有成功），所以繼續", "It goes on: the payment that had settled it did not hold"
    ),
}
OFFERED_BECAUSE = {
    "marriage_registered": Text("您登記了結婚，恭喜！", "You registered your marriage: congratulations!"),
    "birth_registered": Text("您登記了新生兒，恭喜！", "You registered a birth: congratulations!"),
}


def words(rule: Rule) -> Text:
    """One rule in words."""
    match rule:
        case DateRule(days=int(days)):
            return Text(f"{days} 天後", f"after {days} days")
        case DateRule(on=on):
            assert on is not None, "a date rule names days or a day"
            return until(on)
        case NeedPassedRule(event):
            return Text(f"{_PASSED[event].zh}時", f"when {_PASSED[event].en}")
        case MovedAwayRule():
            return Text("您離開那個行政區時", "when you have left the district")
        case SilenceRule():
            return _silence(rule)
        case CountRule(most):
            return Text(f"送滿 {most} 則時", f"after {most} messages")
        case _:
            assert_never(rule)


def shown(rules: Iterable[Rule], *, subject: str | None, has_date: bool = False) -> list[Text]:
    """The rules that can end a subscription, in words.

    `subject` is what it is about ("" for the topic alone, None for a topic of which nothing is chosen yet): what
    happens to a bill ends only what is about a bill. `has_date` leaves dates out, where a date is shown already.
    """
    told = []
    for rule in rules:
        if isinstance(rule, NeedPassedRule | MovedAwayRule) and not _can_happen_to(rule, subject):
            continue
        if not (isinstance(rule, DateRule) and has_date):
            told.append(words(rule))
    return told


def because(how: EndedHow, subject: str) -> Text:
    """Why it ended."""
    need = NEED_OF_KIND.get(subject.partition(":")[0])
    if how == "need_passed" and need is not None:
        return Text(f"{_PASSED[need].zh}了", _PASSED[need].en)
    return _BECAUSE[how]


def until(day: date) -> Text:
    """A last day, in words."""
    return Text(f"{roc_text(day)}後", f"after {day:%Y-%m-%d}")


def _silence(rule: SilenceRule) -> Text:
    zh, en = [], []
    if rule.sends is not None:
        zh.append(f"連續 {rule.sends} 則")
        en.append(f"{rule.sends} messages in a row")
    if rule.days is not None:
        zh.append(f"{rule.days} 天")
        en.append(f"{rule.days} days")
    return Text(
        f"{'或 '.join(zh)}都沒有點開，而且我們問了您 {rule.answer_days} 天內沒有回覆時",
        f"when you open nothing for {' or '.join(en)} and do not answer our question in {rule.answer_days} days",
    )


def _can_happen_to(rule: NeedPassedRule | MovedAwayRule, subject: str | None) -> bool:
    if subject is None:
        return True
    kind = subject.partition(":")[0]
    if isinstance(rule, NeedPassedRule):
        return NEED_OF_KIND.get(kind) == rule.event
    return kind in ("district", "roadworks")
