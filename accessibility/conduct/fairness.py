"""Is anybody refused more often than others? By district, chair, time of day and whether they had complained.

The counts show every request. The tests need independent observations, and one rider asks many times: each rider counts
once in them, with one request drawn by a key that nobody can steer.

Groups of fewer than five riders are not shown, nor are the next larger until those that are hidden are two at least
and five riders together: the total gives none of them away. A report is over whole months that have ended, and who is
hidden in one of them is hidden in all of it: no report taken from another leaves fewer than five either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.conduct import complaints, exact
from core import crypto
from core.clock import TAIPEI

SMALLEST: Final = 5
ALL_FLEETS: Final = "*"
DIMENSIONS: Final = ("district", "chair", "time", "complained")
Dimension = Literal["district", "chair", "time", "complained"]
_BANDS: Final = ((6, "night"), (9, "06-09"), (12, "09-12"), (16, "12-16"), (19, "16-19"), (23, "19-23"), (24, "night"))
_SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the report sees it: its groups, which fleets said yes (True) or no, and the month of it."""

    rider_id: UUID
    request_id: UUID
    groups: Mapping[str, str]
    answers: Mapping[str, bool]
    month: str = ""

    def was_refused(self, fleet: str) -> bool | None:
        """Whether that fleet refused it, or (`*`) every fleet did; None where it was not asked."""
        if fleet == ALL_FLEETS:
            return not any(self.answers.values()) if self.answers else None
        found = self.answers.get(fleet)
        return None if found is None else not found


@dataclass(frozen=True, slots=True)
class Compared:
    """One group at one fleet beside all others there.

    `asked`, `refused` count requests; `riders` count persons, of whom `riders_refused` were refused in the request that
    was drawn. `apart` is how much larger that share is than among the others, with its 95 % interval; `p` and
    `p_corrected` say how likely such a difference is by chance alone. All are None where the group is not shown.
    """

    dimension: str
    group: str
    fleet: str
    riders: int | None
    asked: int | None = None
    refused: int | None = None
    riders_refused: int | None = None
    apart: float | None = None
    apart_low: float | None = None
    apart_high: float | None = None
    p: float | None = None
    p_corrected: float | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the group is large enough."""
        return self.riders is not None

    @property
    def is_not_chance(self) -> bool:
        """Whether the difference stands after the correction for all comparisons of the report."""
        return self.p_corrected is not None and self.p_corrected < _SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Report:
    """The whole: how many comparisons were corrected for, and each of them."""

    since: datetime
    until: datetime
    requests: int
    comparisons: int
    lines: tuple[Compared, ...]


def report(session: Session, *, since: datetime, until: datetime) -> Report:
    """What was asked from `since` until `until`, compared."""
    return compare(_asked(session, since, until), since=since, until=until)


def compare(asked: Sequence[Asked], *, since: datetime, until: datetime) -> Report:
    """The report over these requests."""
    fleets = sorted({fleet for each in asked for fleet in each.answers})
    lines = [
        line
        for fleet in (ALL_FLEETS, *fleets)
        for dimension in DIMENSIONS
        for line in _compared(asked, dimension, fleet)
    ]
    tested = [index for index, line in enumerate(lines) if line.p is not None]
    corrected = exact.holm([lines[index].p or 0.0 for index in tested])
    for index, value in zip(tested, corrected, strict=True):
        lines[index] = replace(lines[index], p_corrected=value)
    return Report(since, until, len(asked), len(tested), tuple(lines))


def _compared(asked: Sequence[Asked], dimension: str, fleet: str) -> Iterable[Compared]:
    answered = [(each, refused) for each in asked if (refused := each.was_refused(fleet)) is not None]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    riders: dict[str, set[UUID]] = defaultdict(set)
    by_month: dict[str, dict[str, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    for each, refused in answered:
        group = each.groups[dimension]
        counts[group][0] += 1
        counts[group][1] += refused
        riders[group].add(each.rider_id)
        by_month[each.month][group].add(each.rider_id)
    drawn: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each, refused in _one_of_each_rider(answered):
        group = each.groups[dimension]
        drawn[group][0] += 1
        drawn[group][1] += refused
    hidden = set[str]().union(*map(_hidden, (riders, *by_month.values())))
    everybody, all_refused = (sum(each[column] for each in drawn.values()) for column in (0, 1))
    for group in sorted(counts):
        if group in hidden:
            yield Compared(dimension, group, fleet, None)
            continue
        count, hits = drawn[group]
        others, other_hits = everybody - count, all_refused - hits
        requests, requests_refused = counts[group]
        line = Compared(dimension, group, fleet, len(riders[group]), requests, requests_refused, hits)
        if count >= SMALLEST and others >= SMALLEST:
            apart, low, high = exact.difference(hits, count, other_hits, others)
            p = exact.fisher(hits, count, other_hits, others)
            line = replace(line, apart=apart, apart_low=low, apart_high=high, p=p)
        yield line


def _one_of_each_rider(answered: Sequence[tuple[Asked, bool]]) -> Iterable[tuple[Asked, bool]]:
    chosen: dict[UUID, tuple[bytes, Asked, bool]] = {}
    for each, refused in answered:
        key = crypto.blind_index(str(each.request_id), purpose="drawn for the fairness report")
        if each.rider_id not in chosen or key < chosen[each.rider_id][0]:
            chosen[each.rider_id] = (key, each, refused)
    return [(each, refused) for _, each, refused in chosen.values()]


def _hidden(riders: Mapping[str, Collection[UUID]]) -> set[str]:
    """Groups that are too small, and as many of the next larger as it takes that the total gives none of them away."""
    by_size = sorted(riders, key=lambda group: (len(riders[group]), group))
    hidden: set[str] = set()
    people: set[UUID] = set()
    for group in by_size:
        if len(riders[group]) >= SMALLEST and (not hidden or (len(hidden) > 1 and len(people) >= SMALLEST)):
            break
        hidden.add(group)
        people.update(riders[group])
    return hidden


def _asked(session: Session, since: datetime, until: datetime) -> list[Asked]:
    rows = session.execute(_ASKED, {"since": since, "until": until}).all()
    first_complaints = complaints.first_of(session, {row.rider_id for row in rows})
    return [
        Asked(
            row.rider_id,
            row.id,
            {"district": row.district, "chair": _chair(row.functions), "time": _band(row.wanted_at or row.asked_at),
             "complained": "yes" if first_complaints.get(row.rider_id, until) < row.asked_at else "no"},
            row.answers,
            f"{row.asked_at.astimezone(TAIPEI):%Y-%m}",
        )
        for row in rows
    ]  # fmt: skip


def _chair(functions: Collection[str]) -> str:
    """With which wheelchair it was asked for: what the rider's profile says later is another matter."""
    if "W" not in functions:
        return "none"
    return "electric" if "E" in functions else "scooter" if "S" in functions else "manual"


def _band(moment: datetime) -> str:
    hour = moment.astimezone(TAIPEI).hour
    return next(name for until, name in _BANDS if hour < until)


# A fleet that offered in any round has said yes; one that could not be reached or was not asked has said nothing.
_ASKED = text(
    """
    SELECT r.rider_id, r.id, r.asked_at, r.wanted_at, r.pickup ->> 'district' AS district, r.functions,
           a.answers
      FROM accessibility.ride_request r
      JOIN LATERAL (SELECT jsonb_object_agg(fleet, said_yes) AS answers
                      FROM (SELECT fleet, bool_or(status = 'offered') AS said_yes FROM accessibility.ask
                             WHERE rider_id = r.rider_id AND request_id = r.id
                               AND status IN ('offered', 'none', 'refused')
                             GROUP BY fleet) AS by_fleet) AS a ON a.answers IS NOT NULL
     WHERE r.asked_at >= :since AND r.asked_at < :until
     ORDER BY r.asked_at, r.id
    """
)
