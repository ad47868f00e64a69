"""Points, refusals and complaints go when their time is over, and not before."""

from __future__ import annotations

from datetime import timedelta

from planted_rides import PICK_UP, plant, told
from sqlalchemy import text

from accessibility import events
from accessibility.after import kept as after_kept
from accessibility.after import lost_items
from accessibility.conduct import appeals, complaints, kept
from core import db, keeping
from core.ids import new_uuid
from identity.actors import Actor

END = PICK_UP + timedelta(minutes=15)


def test_what_is_over_goes_with_what_belongs_to_it(database: db.Database) -> None:
    rider, officer = Actor("citizen", new_uuid(), loa=2), Actor("officer", new_uuid(), loa=4)
    missed = plant(rider.id, "rehabus", status="no_show")
    told(events.RIDE_NO_SHOW, missed.facts(by="rider"), at=END)
    told(
        events.RIDE_REFUSED,
        {"rider_id": str(rider.id), "request_id": str(new_uuid()), "fleet": "x", "reason": "y"},
        at=END,
    )
    with db.unit_of_work() as session:
        point = session.execute(text("SELECT id FROM accessibility.conduct_point")).scalar_one()
        appeals.make(session, rider, rider.id, point, reason="x", now=END)
        for words in ("answered", "open"):
            made = complaints.make(session, rider.id, ride_id=None, kind="late", words=words, now=END)
            if words == "answered":
                complaints.answer(session, officer, made.id, words="x", now=END)
        done = plant(rider.id, minutes=20)
        lost = lost_items.report(session, rider, rider.id, done.id, what="x", now=END)
        lost_items.give_up(session, lost.id, now=END)
    rules = (*kept.RULES, *after_kept.RULES)
    assert not any(keeping.forget(rules, END + timedelta(days=399)).values())
    assert keeping.forget(rules, END + timedelta(days=1_096)) == {
        "accessibility.conduct_point": 1, "accessibility.refusal": 1, "complaints.complaint": 1, "accessibility.lost_item": 1,
    }  # fmt: skip
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM accessibility.ride_appeal")).scalar() == 0
        assert [each.words for each in complaints.of_rider(session, rider.id)] == ["open"]
