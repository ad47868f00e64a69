"""How one earns from a campaign, in words, from its terms alone: what the citizen reads is what the program does."""

from __future__ import annotations

from typing import Final

from core.text import Text
from points.campaigns import Terms
from points.earning import kinds, stations
from points.earning.rules import Condition, Window

_DAYS: Final = (
    Text("一", "Mon"), Text("二", "Tue"), Text("三", "Wed"), Text("四", "Thu"), Text("五", "Fri"), Text("六", "Sat"),
    Text("日", "Sun"),
)  # fmt: skip
_FACTS: Final = {
    "rail": Text("付款方式", "paid by"),
    "kinds": Text("帳單種類", "kind of bill"),
    "due_before": Text("期限前繳納", "paid before it is due"),
    "amount_twd": Text("金額", "amount in NT$"),
    "operator": Text("業者", "operator"),
    "from": Text("起站", "from"),
    "to": Text("迄站", "to"),
    "fare_twd": Text("票價", "fare in NT$"),
    "is_complete": Text("有進站也有出站", "entered and left"),
    "hours": Text("時數", "hours"),
    "field": Text("服務類別", "field"),
    "district": Text("行政區", "district"),
    "activity": Text("活動", "activity"),
    "place": Text("地點", "place"),
    "steps": Text("步數", "steps"),
}
_VALUES: Final = {
    "KRTC": Text("高雄捷運", "Kaohsiung Metro"),
    "KLRT": Text("高雄輕軌", "Kaohsiung Light Rail"),
    "bank_of_kaohsiung": Text("高雄銀行", "Bank of Kaohsiung"),
    "ach": Text("其他銀行帳戶", "another bank's account"),
    "card": Text("信用卡", "card"),
    "fine": Text("罰鍰", "fines"),
    "parking": Text("停車費", "parking fees"),
    "ride": Text("接送車資", "fares of rides"),
}
_EACH = Text("{event}：每次 {points} 點", "{event}: {points} points each time")
_EACH_STEP = Text("{event}：每滿 {step} {unit} {points} 點", "{event}: {points} points for each {step} {unit}")
_AND_STEP = Text("另外每滿 {step} {unit} {points} 點", "{points} more for each {step} {unit}")
_WEEK = Text(
    "{event}：同一週的{days}每天都有，一次 {points} 點", "{event} on each of {days} in one week: {points} points a week"
)
_OF = Text("限{label}：{values}", "only {label}: {values}")
_FLAG = Text("限{label}", "only when {label}")
_NOT = Text("限非{label}", "only when not {label}")
_LEAST = Text("{label}至少 {least}", "{label}: {least} at least")
_RAIL = Text("限用{rail}付款", "only when paid by {rail}")
_WINDOW = Text("{when} {times} 倍", "{times} times as many {when}")
_SAME_DAY = Text("{begins}–{until}", "{begins}–{until}")
_OVERNIGHT = Text("{begins}–隔天 {until}", "{begins}–{until} the next day")
_DAILY = Text("每人每天最多 {points} 點", "at most {points} points a day for one person")
_IN_ALL = Text("每人最多共 {points} 點", "at most {points} points in all for one person")
_ONCE = Text("每人一次", "once for one person")
_TIMES = Text("每人最多 {times} 次", "at most {times} times for one person")
_LIFETIME = Text("點數 {months} 個月後的月底到期", "the points expire at the end of the month {months} months later")
_ANYTIME = Text("活動期間", "throughout")


def how(terms: Terms) -> list[Text]:
    """How one earns, a line for each thing to know."""
    lines = [*_earned(terms)]
    if terms.rail is not None:
        lines.append(_RAIL.format(rail=_value(terms.rail)))
    lines += [_condition(each) for each in terms.conditions]
    lines += [window(each) for each in terms.windows]
    if terms.points_per_person_and_day is not None:
        lines.append(_DAILY.format(points=f"{terms.points_per_person_and_day:,}"))
    if terms.times_per_person is not None:
        lines.append(_ONCE if terms.times_per_person == 1 else _TIMES.format(times=f"{terms.times_per_person:,}"))
    if terms.points_per_person is not None:
        lines.append(_IN_ALL.format(points=f"{terms.points_per_person:,}"))
    return [*lines, _LIFETIME.format(months=terms.lifetime_months)]


def _earned(terms: Terms) -> list[Text]:
    kind = kinds.KINDS[terms.event_kind]
    step = {"step": f"{terms.step_twd:,}", "unit": kind.unit or "", "points": f"{terms.points_per_step:,}"}
    if terms.week_days:
        points = f"{terms.points_per_payment:,}"
        return [_WEEK.format(event=kind.title, days=_days(terms.week_days), points=points)]
    if terms.points_per_payment == 0:
        return [_EACH_STEP.format(event=kind.title, **step)]
    each = _EACH.format(event=kind.title, points=f"{terms.points_per_payment:,}")
    return [each, _AND_STEP.format(**step)] if terms.points_per_step else [each]


def _condition(condition: Condition) -> Text:
    label = _FACTS.get(condition.fact, Text(condition.fact, condition.fact))
    if condition.equal is not None:
        return (_FLAG if condition.equal else _NOT).format(label=label)
    if condition.least is not None:
        return _LEAST.format(label=label, least=f"{condition.least:,}")
    values = [_station(each) if condition.fact in ("from", "to") else _value(each) for each in condition.of]
    joined = Text("、".join(each.zh for each in values), ", ".join(each.en for each in values))
    return _OF.format(label=label, values=joined)


def window(window: Window) -> Text:
    """When it holds and what it is worth."""
    parts: list[Text] = []
    if window.from_day or window.until_day:
        first, last = (day.isoformat() if day else "" for day in (window.from_day, window.until_day))
        parts.append(Text(f"{first}～{last}", f"{first} to {last}"))
    if window.week_days:
        parts.append(_days(window.week_days))
    if window.until_time is not None or window.from_time.isoformat("minutes") != "00:00":
        until = window.until_time.isoformat("minutes") if window.until_time else "24:00"
        begins = window.from_time.isoformat("minutes")
        span = _OVERNIGHT if window.is_past_midnight else _SAME_DAY
        parts.append(span.format(begins=begins, until=until))
    when = Text(" ".join(each.zh for each in parts), " ".join(each.en for each in parts)) if parts else _ANYTIME
    return _WINDOW.format(when=when, times=f"{window.percent / 100:g}")


def _days(days: tuple[int, ...]) -> Text:
    named = [_DAYS[day - 1] for day in sorted(days)]
    return Text("週" + "".join(each.zh for each in named), ", ".join(each.en for each in named))


def _station(code: str) -> Text:
    name = stations.name_of(code)
    return Text(f"{name.zh} {code}", f"{name.en} {code}") if name else Text(code, code)


def _value(code: str) -> Text:
    return _VALUES.get(code, Text(code, code))
