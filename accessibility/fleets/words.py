"""A fleet's terms, and its reasons, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from accessibility.fleets.terms import Terms, Tier
from core.districts import DISTRICTS
from core.text import Text

KIND_NAMES: Final[Mapping[str, Text]] = {
    "own": Text("市府復康巴士", "the city's own vans"),
    "taxi": Text("無障礙計程車", "accessible taxis"),
    "telephone": Text("電話訂車（由專人代撥）", "taxis by telephone (we ring for you)"),
}
WHY: Final[Mapping[str, Text]] = {
    "no_vehicle": Text("那個時間沒有車", "It has no vehicle at that time."),
    "too_large": Text("輪椅超過這個車隊最大的車", "The wheelchair is larger than any of its vehicles."),
    "outside_area": Text("不在這個車隊的服務區域", "It does not drive there."),
    "too_early": Text("還沒開放預約那一天", "Booking for that day has not opened yet."),
    "too_late": Text("離出發時間太近，已停止受理", "It is too short before the ride."),
    "closed": Text("那個時間不營運", "It does not drive at that hour."),
    "fleet_refuses": Text("車隊這次無法承接", "It cannot take this ride."),
    "not_eligible": Text("只服務符合資格的人", "It drives those alone who are entitled to it."),
    "unreached": Text("目前聯絡不上這個車隊", "It cannot be reached at the moment."),
    "no_answer": Text("車隊沒有在時間內回答", "It did not answer in time."),
    "by_telephone": Text("正由專人打電話詢問", "Somebody is ringing them for you."),
    "not_as_asked": Text("車隊的答覆和需求不符，不予採用", "What it offered is not what was asked for."),
    "not_connected": Text("這個車隊目前沒有連線", "It is not connected at the moment."),
}
_PURPOSES: Final[Mapping[str, Text]] = {
    "medical": Text("就醫", "medical trips"),
    "work": Text("工作", "work"),
    "school": Text("就學", "school"),
    "other": Text("其他", "other trips"),
}
_SEVERITIES: Final[Mapping[str, Text]] = {
    "mild": Text("輕度", "mild"),
    "moderate": Text("中度", "moderate"),
    "severe": Text("重度", "severe"),
    "profound": Text("極重度", "profound"),
}


def why(reason: str) -> Text:
    """A reason in words."""
    return WHY.get(reason, WHY["fleet_refuses"])


def hours(terms: Terms) -> Text:
    """When it drives."""
    if terms.opens_at == terms.closes_at:
        return Text("全天", "Day and night")
    return Text("每日 {opens}–{closes}", "Daily {opens}–{closes}").format(
        opens=f"{terms.opens_at:%H:%M}", closes=f"{terms.closes_at:%H:%M}"
    )


def area(terms: Terms) -> Text:
    """Where it drives."""
    if terms.areas is None:
        within = Text("高雄市全區", "All of Kaohsiung")
    else:
        found = [DISTRICTS[code] for code in sorted(terms.areas)]
        within = Text("、".join(each.zh for each in found), ", ".join(each.en for each in found))
    if not terms.areas_beyond:
        return within
    return Text(
        "{within}，以及規定所列的鄰近鄉鎮市區", "{within}, and the neighbouring towns that the rule names"
    ).format(within=within)


def booking(terms: Terms) -> Text:
    """When booking opens for whom, and when it closes."""
    tiers = [_tier(each) for each in terms.tiers]
    closes = Text("出發前 {minutes} 分鐘截止", "it closes {minutes} minutes before").format(
        minutes=terms.closes_minutes
    )
    zh = "；".join(each.zh for each in tiers)
    en = "; ".join(each.en for each in tiers)
    return Text(f"{zh}；{closes.zh}。", f"{en}; {closes.en}.")


def cancellation(terms: Terms) -> Text:
    """What a cancellation costs, and until when it is free."""
    free = Text("出發前 {minutes} 分鐘可免費取消", "Free until {minutes} minutes before").format(
        minutes=terms.free_until_minutes
    )
    costs: list[Text] = []
    if terms.late_fee_twd:
        costs.append(Text("{fee} 元", "NT${fee}").format(fee=terms.late_fee_twd))
    if terms.late_points:
        costs.append(Text("記 {points} 點", "{points} no-show point(s)").format(points=terms.late_points))
    if not costs:
        return Text(f"{free.zh}；之後取消也不收費。", f"{free.en}; later costs nothing either.")
    late = Text("、".join(each.zh for each in costs), " and ".join(each.en for each in costs))
    return Text("{free}；之後取消：{late}。", "{free}; later: {late}.").format(free=free, late=late)


def chair(terms: Terms) -> Text:
    """The largest wheelchair that fits."""
    return Text(
        "輪椅最寬 {width} 公分、最長 {length} 公分、連人最重 {weight} 公斤",
        "Wheelchairs up to {width} cm wide, {length} cm long, {weight} kg with the person",
    ).format(width=terms.widest_chair_cm, length=terms.longest_chair_cm, weight=terms.heaviest_chair_kg)


def _tier(tier: Tier) -> Text:
    who: list[Text] = []
    if tier.purposes:
        found = [_PURPOSES[each] for each in sorted(tier.purposes)]
        who.append(Text("、".join(each.zh for each in found), ", ".join(each.en for each in found)))
    if tier.severities:
        found = [_SEVERITIES[each] for each in _SEVERITIES if each in tier.severities]
        who.append(Text("、".join(each.zh for each in found), " or ".join(each.en for each in found)))
    if tier.books_first:
        who.append(Text("優先預約對象", "who book first"))
    if tier.needs_wheelchair:
        who.append(Text("乘坐輪椅", "in a wheelchair"))
    whom = Text("，".join(each.zh for each in who), ", ".join(each.en for each in who)) if who else None
    opens = Text("{days} 天前開放預約", "opens {days} days before").format(days=tier.opens_days)
    if whom is None:
        return Text(f"{opens.zh}", f"booking {opens.en}")
    return Text(f"{whom.zh}：{opens.zh}", f"{whom.en}: {opens.en}")
