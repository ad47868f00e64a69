"""Waiting as it goes over the wire, in the caller's language: where one stands, what came of it for others, what is
kept until when, what else could be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms
from accessibility.fleets import words as fleet_words
from accessibility.requests import advice
from accessibility.requests import bodies as request_bodies
from accessibility.requests import records as requests
from accessibility.requests.offers import Offer
from accessibility.waitlist import chances, offering, states, waits
from accessibility.waitlist.waits import Wait
from core.clock import on_the_wire
from core.ids import typeid
from core.text import Language, Text

STATUS_WORDS: Final[Mapping[str, Text]] = {
    states.WAITING: Text("候補中，我們一直在問", "waiting: we go on asking"),
    states.OFFERED: Text("有車了，請決定要不要", "there is one for you: please decide"),
    states.ACCEPTING: Text("正在向車隊確認", "being confirmed with the fleet"),
    states.ENDED: Text("候補已結束", "over"),
}
WHY_WORDS: Final[Mapping[str, Text]] = {
    "": Text("", ""),
    "taken": Text("您接受了保留的車。", "You took what was kept for you."),
    "over": Text("時間到了，沒有等到車。", "Its time came, and nothing was free."),
    "withdrawn": Text("您離開了候補。", "You left."),
    "booked": Text("您已經另外訂到車。", "You have a ride otherwise."),
}
_RULE: Final = Text(
    "{first}優先，其餘依登記的先後。依據：{source}", "{first} first, then in the order of joining. Source: {source}"
)
_NOBODY_FIRST: Final = Text("依登記的先後。依據：{source}", "In the order of joining. Source: {source}")
_PURPOSES: Final[Mapping[str, Text]] = {
    "medical": Text("就醫", "Medical trips"),
    "work": Text("工作", "Trips to work"),
    "school": Text("就學", "Trips to school"),
    "other": Text("其他用途", "Other trips"),
}
_LATER: Final = Text("{fleet}：那個時間不行，但之後可能有車", "{fleet}: not then, but perhaps at this time")
_OPENS: Final = Text("{fleet}：這個時間開放預約，屆時我們會自動再問", "{fleet}: booking opens then; we will ask again")
_OTHER: Final = Text("{fleet}：{why}", "{fleet}: {why}")


def wait(session: Session, each: Wait, language: Language, now: Any) -> dict[str, Any]:
    """Somebody's waiting."""
    request = requests.get(session, each.request_ids[0])
    is_open = each.status != states.ENDED
    rank, of_all = waits.rank_of(session, each, now) if is_open else (None, None)
    chance = chances.UNKNOWN
    if each.status == states.WAITING and rank is not None:
        seen = chances.seen(session, wanted_at=each.wanted_at, district=each.district, rank=rank, now=now)
        chance = chances.of(seen)
    known = {fleet.code: fleet for fleet in terms.in_force(session, now)}
    kept = offering.kept_for(session, each) if each.status == states.OFFERED else []
    names = {code: name for code, (name, _) in terms.names(session).items()}
    return {
        "id": typeid("wait", each.id),
        "request_id": typeid("rreq", request.id),
        "booking_id": typeid("book", each.booking_id),
        "has_return": len(each.request_ids) > 1,
        "from": request_bodies.place(request.pickup, language),
        "to": request_bodies.place(request.dropoff, language),
        "wanted_at": on_the_wire(each.wanted_at),
        "status": each.status,
        "status_words": STATUS_WORDS[each.status].in_language(language),
        "why": each.why or None,
        "why_words": WHY_WORDS[each.why].in_language(language) or None,
        "rank": rank,
        "of": of_all,
        "rule_words": _rule(session, language, now),
        "chance": None if chance.share is None else round(chance.share, 2),
        "chance_low": None if chance.low is None else round(chance.low, 2),
        "chance_high": None if chance.high is None else round(chance.high, 2),
        "chance_words": chances.in_words(chance).in_language(language) if each.status == states.WAITING else None,
        "joined_at": on_the_wire(each.joined_at),
        "asked_at": on_the_wire(each.asked_at) if each.asked_at else None,
        "times_asked": each.tries,
        "watched_until": on_the_wire(each.watched_until),
        "accept_by": on_the_wire(each.accept_by) if each.accept_by and each.status == states.OFFERED else None,
        "offers": [
            request_bodies.offer(offer, names, known, language, is_recommended=True, can_be_taken=True)
            for offer in kept
        ],
        "other_ride_id": _other_ride(session, each, kept),
        "alternatives": _alternatives(session, each, names, language) if is_open else [],
        "what_now": advice.what_now(list(known.values()), language, may_wait=False) if each.status != "offered" else [],
    }  # fmt: skip


def _other_ride(session: Session, each: Wait, kept: Sequence[Offer]) -> str | None:
    """A ride that they have already at the time of what is kept for them."""
    for offer in kept:
        values = {"rider": each.rider_id, "booking": each.booking_id, "from": offer.pick_up_at, "to": offer.arrives_at}
        found = session.execute(_OTHER_RIDE, values).scalar()
        if found is not None:
            return typeid("ride", found)
    return None


def _rule(session: Session, language: Language, now: Any) -> str:
    rule = waits.rule_of(session, now)
    first = [_PURPOSES[each] for each in sorted(rule.purposes_first)]
    if not first:
        return _NOBODY_FIRST.format(source=rule.source).in_language(language)
    named = Text("、".join(each.zh for each in first), ", ".join(each.en for each in first))
    return _RULE.format(first=named, source=rule.source).in_language(language)


def _alternatives(session: Session, each: Wait, names: Mapping[str, Text], language: Language) -> list[dict[str, Any]]:
    """What the fleets said would be possible instead when they were asked last."""
    found = []
    for row in session.execute(_ASKS, {"request": each.request_ids[0]}).all():
        is_early = row.reason == "too_early"
        words = _OPENS if is_early else _LATER if row.next_at else _OTHER
        said = words.format(fleet=names[row.fleet], why=fleet_words.why(row.reason or row.status))
        found.append(
            {
                "fleet": row.fleet,
                "fleet_name": names[row.fleet].in_language(language),
                "words": said.in_language(language),
                "pick_up_at": on_the_wire(row.next_at) if row.next_at and not is_early else None,
                "opens_at": on_the_wire(row.next_at) if row.next_at and is_early else None,
            }
        )
    return found


_OTHER_RIDE = text(
    """
    SELECT r.id FROM accessibility.ride AS r
      JOIN accessibility.booking AS b ON b.rider_id = r.rider_id AND b.id = r.booking_id AND b.keep_until IS NULL
     WHERE r.rider_id = :rider AND r.booking_id <> :booking AND r.pick_up_at < :to AND r.arrives_at > :from
       AND r.status IN ('holding', 'bound', 'on_the_way', 'at_door', 'aboard', 'reseeking')
     ORDER BY r.pick_up_at LIMIT 1
    """
)
# What each fleet said last: one that somebody rings is not asked in every round.
_ASKS = text(
    """
    SELECT a.fleet, a.status, a.reason, a.next_at
      FROM (SELECT DISTINCT ON (fleet) * FROM accessibility.ask WHERE request_id = :request
             ORDER BY fleet, round DESC) AS a
      JOIN accessibility.fleet AS f ON f.code = a.fleet
     WHERE a.status NOT IN ('asking', 'offered')
     ORDER BY a.next_at IS NULL, f.place, a.fleet
    """
)
