"""Writing a changed tour back: its stops in their order with the times of the plan, and one more version."""

from __future__ import annotations

from collections import defaultdict, deque
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.timing import Schedule
from accessibility.dispatch.tours import StopKind, Tour
from accessibility.own_fleet.plans import Planned
from accessibility.own_fleet.promises import moment
from core.ids import new_uuid
from core.statements import together


def write(session: Session, planned: Planned, changed: Tour, schedule: Schedule) -> None:
    """The tour is from now on as `changed`, at those times. Its row is locked by this transaction (`plans.locked`)."""
    known: defaultdict[tuple[StopKind, str], deque[UUID]] = defaultdict(deque)
    for stop, id in zip(planned.tour.stops[1:-1], planned.stop_ids, strict=True):
        known[stop.kind, stop.trip.id if stop.trip else ""].append(id)
    ids, orders, kinds, starts, ends, seconds, begins = [], [], [], [], [], [], []
    for number, stop in enumerate(changed.stops[1:-1], start=1):
        of = known[stop.kind, stop.trip.id if stop.trip else ""]
        ids.append(of.popleft() if of else new_uuid())
        orders.append(UUID(stop.trip.id) if stop.trip else None)
        kinds.append(stop.kind.value)
        starts.append(moment(stop.window.earliest))
        ends.append(moment(stop.window.latest))
        seconds.append(stop.seconds)
        begins.append(moment(schedule.begins[number]))
    values = {
        "tour": planned.id, "ids": ids, "orders": orders, "kinds": kinds, "starts": starts, "ends": ends,
        "seconds": seconds, "begins": begins,
    }  # fmt: skip
    gone = {"tour": planned.id, "ids": [id for left in known.values() for id in left]}
    together(session, (_DROP, gone), (_STOPS, values), (_VERSION, {"tour": planned.id}))


def mark_changed(session: Session, tour_id: UUID) -> None:
    """One more version of a tour whose stops were changed elsewhere."""
    session.execute(_VERSION, {"tour": tour_id})


_DROP = text("DELETE FROM accessibility.van_stop WHERE tour_id = :tour AND id = ANY(:ids)")
_STOPS = text(
    """
    WITH before AS (
        SELECT coalesce(max(position), 0) AS last FROM accessibility.van_stop
         WHERE tour_id = :tour AND arrived_at IS NOT NULL
    )
    INSERT INTO accessibility.van_stop
           (id, tour_id, order_id, kind, position, window_starts_at, window_ends_at, seconds, planned_at, expected_at)
    SELECT p.id, :tour, p.order_id, p.kind, before.last + p.turn, p.starts, p.ends, p.seconds, p.begins, p.begins
      FROM unnest(CAST(:ids AS uuid[]), CAST(:orders AS uuid[]), CAST(:kinds AS text[]), CAST(:starts AS timestamptz[]),
                  CAST(:ends AS timestamptz[]), CAST(:seconds AS integer[]), CAST(:begins AS timestamptz[]))
           WITH ORDINALITY AS p (id, order_id, kind, starts, ends, seconds, begins, turn), before
    ON CONFLICT (id) DO UPDATE
       SET position = EXCLUDED.position, window_starts_at = EXCLUDED.window_starts_at,
           window_ends_at = EXCLUDED.window_ends_at, seconds = EXCLUDED.seconds, planned_at = EXCLUDED.planned_at,
           expected_at = EXCLUDED.expected_at
    """
)
# The stamp tells two plans apart that follow the same one, of which one was undone.
_VERSION = text(
    "UPDATE accessibility.van_tour SET version = version + 1, changed_at = clock_timestamp() WHERE id = :tour"
)
