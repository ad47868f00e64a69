"""Needs that have passed, as other rooms tell of them: a bill is settled, a vehicle is somebody else's."""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.outbox import Event
from notify.topics import facts, judging, standing, subjects, subscriptions
from notify.topics.ending_words import NEED_OF_KIND
from notify.topics.endings import Need, NeedPassed

# A bill or a vehicle is followed by those whose it is: a household, not a city.
_MOST_FOLLOWERS = 200


def bills_settled(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_captured, wallet.bills_closed: nothing is owed on these bills any more."""
    about_bills = [f"bill:{bill_id}" for bill_id in event.payload["bill_ids"]]
    for subject in judging.followed(session, about_bills):
        _passed(session, "bill_settled", subject, event, now)


def bills_settled_again(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_restored: what had been taken back has come again."""
    for bill in sorted(event.payload["bills"], key=itemgetter("bill_id")):
        _passed(session, "bill_settled", f"bill:{bill['bill_id']}", event, now)


def bills_owed_again(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_undone, wallet.bills_reopened: bills are to be paid again, so who wanted to hear of them hears of
    them again."""
    undone = [bill["bill_id"] for bill in event.payload.get("bills", ())]
    for bill_id in sorted([*undone, *event.payload.get("bill_ids", ())]):
        for ended in judging.ended_by(session, f"bill:{bill_id}", limit=_MOST_FOLLOWERS):
            subscriptions.begin_again(session, ended, ref=f"event:{event.id}", now=now)


def bill_settled(session: Session, event: Event, now: datetime) -> None:
    """wallet.bill_paid_elsewhere, wallet.bill_collected, wallet.instalments_completed: nor on this one."""
    _passed(session, "bill_settled", f"bill:{event.payload['bill_id']}", event, now)


def vehicle_removed(session: Session, event: Event, now: datetime) -> None:
    """identity.vehicle_removed: what was about it ends, and what was known by it is known no more."""
    _passed(session, "vehicle_removed", f"vehicle:{event.payload['vehicle_id']}", event, now)
    facts.derive(session, UUID(event.payload["person_id"]), now)


def vehicle_added(session: Session, event: Event, now: datetime) -> None:
    """identity.vehicle_added: where the person allowed it, it is known by now."""
    facts.derive(session, UUID(event.payload["person_id"]), now)


def look_at_what_began(session: Session, event: Event, now: datetime) -> None:
    """notify.subscription_began: what it is about may have been settled at the very moment at which it began, when
    whoever looks for subscriptions to end could not see it yet."""
    began = event.payload
    if began["subject"] is None:
        return
    person_id, subject = UUID(began["person_id"]), subjects.parse(began["subject"])
    need = NEED_OF_KIND.get(subject.partition(":")[0])
    if need is None:
        return
    try:
        is_over = subjects.resolve(session, person_id, subject).is_over
    except NotFound:
        is_over = True
    if is_over:
        mine = standing.locked(session, person_id, UUID(began["subscription_id"]))
        passed = NeedPassed(need, subject, f"event:{event.id}")
        judging.judge(session, [mine] if mine.is_live else [], now, passed)


def _passed(session: Session, need: Need, subject: str, event: Event, now: datetime) -> None:
    followers = judging.about(session, subject, limit=_MOST_FOLLOWERS)
    judging.judge(session, followers, now, NeedPassed(need, subject, f"event:{event.id}"))
