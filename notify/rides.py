"""A message for each turn of a ride: in the app, and by text message or telephone for whoever is reached that way.

What happens to one ride is told in the order in which it happened. A van at the door is no campaign: no cap holds these
messages back, and only what can wait until the morning does so in the person's quiet hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import TAIPEI
from core.ids import new_uuid, typeid
from core.outbox import Event
from core.text import Text
from identity import people, texts_out
from notify import reach, ride_followers, ride_moments, ride_ports
from notify import ride_refusal_texts as refusals
from notify import ride_texts as texts
from notify import ride_waiting_texts as waiting
from notify import ride_words as words
from notify.cap.preferences import preferences_of
from notify.messages import write
from notify.ride_ports import Contact, RideTold
from notify.ride_texts import RideWording
from notify.topics import subjects

CONSUMER: Final = "notify.rides"
_BUREAU: Final = "social_affairs"
# Nobody's answer to these is needed before the morning.
_CAN_WAIT: Final = frozenset({
    texts.BOUND, texts.CHANGED, texts.CANCELLED, texts.DONE, waiting.SERIES_WAITING, waiting.SERIES_SKIPPED,
})  # fmt: skip
_ABOUT_COMING: Final = _CAN_WAIT - {texts.DONE}
_TIME_TO_ACT: Final = timedelta(hours=2)
_NEWS_LIVES: Final = timedelta(days=3)
_NOT_FOR_THE_RIDER: Final = frozenset({texts.ABOARD})
_FOR_FOLLOWERS_TOO: Final = frozenset((*texts.ALL, *waiting.ALL, *refusals.ALL)) - {texts.TOMORROW, texts.RETURN_WAITS}
_ENDS: Final = frozenset({"ride_done", "ride_cancelled", "ride_lost"})
_CITY_PHONE: Final = "1999"


def name_of(kind: str) -> str:
    """The name of the consumer of that kind of event."""
    return f"{CONSUMER}.{kind.removeprefix('accessibility.')}"


class EarlierEventWaits(Exception):
    """Something that happened to this ride before has not been told yet: this event comes again later."""


def tell(session: Session, event: Event, now: datetime) -> None:
    """Any fact about a ride that its rider is to hear, and whoever follows the ride with them."""
    fact = event.payload
    _must_be_in_order(session, event)
    _keep_subject(session, event, now)
    wording = _wording(event)
    if wording is None:
        return
    rider_id = UUID(fact["rider_id"])
    values = values_of(session, rider_id, fact)
    if wording not in _NOT_FOR_THE_RIDER:
        tell_rider(session, wording, event, rider_id, values, now)
    if wording in _FOR_FOLLOWERS_TOO:
        _tell_followers(session, wording, event, rider_id, values, now)


def _keep_subject(session: Session, event: Event, now: datetime) -> None:
    """While a ride is booked its rider may be told of news about the service; subscriptions end with the ride."""
    fact, kind = event.payload, event.kind.removeprefix("accessibility.")
    if kind == "ride_bound":
        name = words.THE_RIDE.format(when=_moment(fact["pick_up_at"]))
        subjects.tell_of(session, _subject(fact), bureau=_BUREAU, name=name, district=None,
                         person_id=UUID(fact["rider_id"]), now=now)  # fmt: skip
    elif kind in _ENDS or (kind == "ride_no_show" and (fact["by"] == "rider" or fact.get("is_over"))):
        # Where the vehicle did not come, another is looked for.
        subjects.close(session, _subject(fact), bureau=_BUREAU, ref=f"event:{event.id}", now=now)


def tell_rider(
    session: Session, wording: RideWording, event: Event, rider_id: UUID, values: Mapping[str, object], now: datetime
) -> None:
    """Tell the rider alone, the way they chose; what can wait not in their quiet hours."""
    rings_at = _rings_at(session, wording, event, rider_id, now)
    told = write(
        session, wording.wording, event, person_id=rider_id, values=values, at=event.recorded_at, now=now,
        rings_at=rings_at,
    )  # fmt: skip
    left = event.recorded_at + timedelta(seconds=wording.lives_seconds) - now
    if told is None or left <= timedelta(0):
        return
    contact = ride_ports.rides.contact(session, rider_id)
    mobile = people.opened_mobile(people.get(session, rider_id))
    if contact.way == "telephone" or (contact.way == "app" and mobile is None and not _has_device(session, rider_id)):
        _ring(session, wording, event, rider_id, contact, mobile, values, rings_at, left, now)
    elif contact.way == "sms" or not _has_device(session, rider_id):
        _text(session, wording, rider_id, contact, mobile, values, rings_at, left, now)


def _text(
    session: Session,
    wording: RideWording,
    rider_id: UUID,
    contact: Contact,
    mobile: str | None,
    values: Mapping[str, object],
    rings_at: datetime,
    left: timedelta,
    now: datetime,
) -> None:
    to = contact.phone if contact.phone and contact.phone.startswith("09") else mobile
    if to is not None:
        body = _said(words.SMS, wording, values).in_language(people.person_language(session, rider_id))
        texts_out.write(session, person_id=rider_id, mobile=to, body=body, now=now, life=left, not_before=rings_at)


def _ring(
    session: Session,
    wording: RideWording,
    event: Event,
    rider_id: UUID,
    contact: Contact,
    mobile: str | None,
    values: Mapping[str, object],
    rings_at: datetime,
    left: timedelta,
    now: datetime,
) -> None:
    phone = contact.phone or mobile
    if phone is None or (wording is texts.CANCELLED and event.payload["by"] == "rider"):
        return
    ride_id, said = event.payload.get("ride_id"), _said(words.SPOKEN, wording, values)
    if wording.is_private:
        # Whoever rings plans rides, too: no call may tell who complained, appealed or rode with what.
        ride_id, said, left = None, words.NEWS_BY_TELEPHONE, _NEWS_LIVES
    ride_ports.rides.ring(
        session, call_id=new_uuid(), rider_id=rider_id, ride_id=UUID(ride_id) if ride_id else None, phone=phone,
        words=said, due_at=rings_at, until=rings_at + left,
        now=now,
    )  # fmt: skip


def _tell_followers(
    session: Session, wording: RideWording, event: Event, rider_id: UUID, values: Mapping[str, object], now: datetime
) -> None:
    theirs = replace(
        wording.wording,
        body=words.FOR_FOLLOWERS.format(body=wording.wording.body),
        explanation=_together(words.FOLLOWER_EXPLANATION, wording.wording.explanation),
    )
    for follower_id in ride_followers.of(session, rider_id, reference=str(values["reference"]), now=now):
        rings_at = _rings_at(session, wording, event, follower_id, now)
        write(session, theirs, event, person_id=follower_id, values=values, at=event.recorded_at, now=now,
              rings_at=rings_at)  # fmt: skip


def _wording(event: Event) -> RideWording | None:
    fact = event.payload
    match event.kind.removeprefix("accessibility."):
        case "ride_no_show":
            if fact["by"] == "rider":
                return texts.NO_SHOW_BY_RIDER
            return texts.NO_SHOW_BY_FLEET_OVER if fact.get("is_over") else texts.NO_SHOW_BY_FLEET
        case "ride_late" if fact.get("is_guess"):
            return texts.LATE_IN_SILENCE
        case "ride_arrives_late" if fact.get("is_guess"):
            return texts.ARRIVES_LATE_IN_SILENCE
        case "ride_broken_down" if fact.get("eta"):
            return texts.FETCHED
        case "ride_reseeking" if fact.get("is_rescue"):
            return texts.RESEEKING_ABOARD
        case "ride_replaced" if fact.get("is_rescue"):
            return texts.REPLACED_ABOARD
        case "waitlist_ended":
            return _BY_END.get(fact["why"])
        case "series_day_done":
            return _BY_OUTCOME.get(fact["outcome"])
        case "request_answered":
            # Whoever asked sees at once what fleets with a machine say.
            return waiting.LATE_ANSWER if fact.get("fleet") else None
        case kind:
            return _BY_KIND[kind]


def values_of(session: Session, rider_id: UUID, fact: Mapping[str, Any]) -> dict[str, object]:
    """What fills the words; a fact that lacks something leaves it unsaid."""
    ride = None
    if fact.get("ride_id"):
        ride = ride_ports.rides.ride(session, rider_id, UUID(fact["ride_id"]))
    fleet = ride_ports.rides.fleet(session, fact["fleet"]) if fact.get("fleet") else None
    leg, fee = ride.leg if ride else "", fact.get("fee_twd") or 0
    name, phone = fleet or (words.SOME_FLEET, None)
    fare = fact.get("fare_twd")
    return {
        "ride": typeid("ride", UUID(fact["ride_id"])) if fact.get("ride_id") else "",
        "wait": typeid("wait", UUID(fact["wait_id"])) if fact.get("wait_id") else "",
        "request": typeid("rreq", UUID(fact["request_id"])) if fact.get("request_id") else "",
        "reference": _reference(fact),
        "fleet": name,
        "phone": phone or _CITY_PHONE,
        "leg": words.LEGS.get(leg, words.NOTHING),
        "leg_alone": words.LEGS_ALONE.get(leg, words.NOTHING),
        "when": _moment(fact.get("pick_up_at")),
        "window": _window(ride, fact),
        "vehicle": words.VEHICLE.format(plate=ride.plate) if ride and ride.plate else words.NOTHING,
        "code": words.CODE.format(digits=" ".join(ride.code)) if ride and ride.code else words.NOTHING,
        "eta": _time(fact.get("eta")),
        "latest": _time(fact.get("latest_at")),
        "accept_by": _time(fact.get("accept_by")),
        "minutes": fact.get("minutes", 0),
        "attempts": fact.get("attempts", 0),
        "called": words.CALLED if fact.get("is_called") else words.NOTHING,
        "why": words.WHY.get(fact.get("reason") or "", words.SOME_WHY),
        "why_not_changed": refusals.WHY_NOT_CHANGED.get(fact.get("reason") or "", refusals.SOME_WHY_NOT_CHANGED),
        "by": words.BY.get(fact.get("by") or "", words.BY["rider"]),
        "late": words.LATE_CANCEL if fact.get("is_late") and fact.get("by") == "rider" else words.NOTHING,
        "fee": words.FEE.format(fee=f"{fee:,}") if fee else words.NO_FEE,
        "fare": words.FARE.format(fare=f"{fare:,}") if fare is not None else words.NOTHING,
    }


def _reference(fact: Mapping[str, Any]) -> str:
    prefixes = {"ride_id": "ride", "wait_id": "wait", "series_id": "rser", "request_id": "rreq"}
    return next((typeid(prefix, UUID(fact[name])) for name, prefix in prefixes.items() if fact.get(name)), "")


def _window(ride: RideTold | None, fact: Mapping[str, Any]) -> Text:
    if ride is not None and ride.window is not None:
        start, end = map(ride_moments.time_of_day, ride.window)
        return words.WINDOW.format(start=start, end=end)
    return words.AT_ABOUT.format(start=_time(fact.get("pick_up_at")))


def _moment(iso: str | None) -> Text:
    return ride_moments.day_and_time(datetime.fromisoformat(iso)) if iso else words.NO_TIME


def _time(iso: str | None) -> Text:
    return ride_moments.time_of_day(datetime.fromisoformat(iso)) if iso else words.NO_TIME


def _said(frame: Text, wording: RideWording, values: Mapping[str, object]) -> Text:
    return frame.format(title=wording.wording.title.format(**values), plain=wording.plain.format(**values))


def _rings_at(session: Session, wording: RideWording, event: Event, person_id: UUID, now: datetime) -> datetime:
    """Now, or the end of the person's quiet hours where it can wait: no ride comes, or fails to come, before that."""
    if wording not in _CAN_WAIT and not wording.is_private:
        return now
    chosen = preferences_of(session, person_id)
    local = now.astimezone(TAIPEI)
    since, until, at = chosen.quiet_from, chosen.quiet_until, local.time()
    is_quiet = since <= at < until if since <= until else at >= since or at < until
    if not is_quiet:
        return now
    wakes = local.replace(hour=until.hour, minute=until.minute, second=0, microsecond=0)
    wakes = wakes if wakes > local else wakes + timedelta(days=1)
    comes_at = event.payload.get("pick_up_at")
    is_soon = comes_at is not None and datetime.fromisoformat(comes_at) < wakes + _TIME_TO_ACT
    return now if is_soon and wording in _ABOUT_COMING else wakes


def _has_device(session: Session, person_id: UUID) -> bool:
    return bool(session.execute(_HAS_DEVICE, {"person_id": person_id}).scalar())


def _subject(fact: Mapping[str, Any]) -> str:
    return f"ride:{typeid('ride', UUID(fact['ride_id']))}"


def _together(first: Text, then: Text) -> Text:
    return Text(first.zh + then.zh, first.en + then.en)


def _must_be_in_order(session: Session, event: Event) -> None:
    member = "ride_id" if event.payload.get("ride_id") else "wait_id"
    if event.payload.get(member) and outbox.is_preceded(session, event, kinds=KINDS, consumer=CONSUMER, member=member):
        raise EarlierEventWaits(event.kind)


_BY_KIND: Final[Mapping[str, RideWording]] = {
    "ride_bound": texts.BOUND,
    "ride_not_bound": texts.NOT_BOUND,
    "ride_reseeking": texts.RESEEKING,
    "ride_replaced": texts.REPLACED,
    "ride_lost": texts.LOST,
    "ride_cancelled": texts.CANCELLED,
    "ride_changed": texts.CHANGED,
    "ride_on_the_way": texts.ON_THE_WAY,
    "ride_late": texts.LATE,
    "ride_in_time": texts.IN_TIME,
    "ride_arrives_late": texts.ARRIVES_LATE,
    "ride_at_door": texts.AT_DOOR,
    "ride_aboard": texts.ABOARD,
    "ride_done": texts.DONE,
    "ride_tomorrow": texts.TOMORROW,
    "return_waits": texts.RETURN_WAITS,
    "return_sought": texts.RETURN_SOUGHT,
    "ride_broken_down": texts.BROKEN_DOWN,
    "return_put_off": texts.RETURN_PUT_OFF,
    "ride_change_refused": refusals.CHANGE_REFUSED,
    "ride_cancel_refused": refusals.CANCEL_REFUSED,
    "waitlist_offer": waiting.WAITLIST_OFFER,
}
_BY_END: Final[Mapping[str, RideWording]] = {
    "over": waiting.WAITLIST_OVER,
    "lapsed": waiting.WAITLIST_LAPSED,
    "gone": waiting.WAITLIST_GONE,
}
_BY_OUTCOME: Final[Mapping[str, RideWording]] = {
    "waiting": waiting.SERIES_WAITING,
    "skipped": waiting.SERIES_SKIPPED,
    "not_bound": waiting.SERIES_NOT_BOUND,
}
KINDS: Final = tuple(
    f"accessibility.{kind}"
    for kind in (*_BY_KIND, "ride_no_show", "waitlist_ended", "series_day_done", "request_answered")
)
_HAS_DEVICE = text(f"SELECT {reach.by_push('CAST(:person_id AS uuid)')}")
