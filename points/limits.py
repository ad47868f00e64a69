"""Velocity limits: how many points, how often, by one person, device, merchant or partner, before a desk has a look.

A limit is a row of `points.velocity_limit`. Over it nothing is refused and nothing is lost: the use waits, with the
reason, until somebody at the desk releases or refuses it.

Call `standing` before the person's lots are locked: counts come before lots, everywhere, so that nobody waits in a
circle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.statements import Asked
from core.text import Text

Scope = Literal["person", "device", "merchant", "partner"]

_KEPT_DAYS = 62


@dataclass(frozen=True, slots=True)
class Exceeded:
    """The limit that one more use would exceed. `code` names its row and is the reason that the use waits for.

    `used_points` and `used_times` are what was counted within the last `span` without this use; None: no such limit.
    """

    code: str
    scope: Scope
    span: timedelta
    most_points: int | None
    most_times: int | None
    used_points: int
    used_times: int

    @property
    def words(self) -> Text:
        """The limit, for people."""
        most = [
            part.format(most=f"{value:,}")
            for value, part in ((self.most_points, _POINTS), (self.most_times, _TIMES))
            if value is not None
        ]
        limit = Text("、".join(each.zh for each in most), ", ".join(each.en for each in most))
        return _WORDS.format(who=_WHO[self.scope], span=_in_words(self.span), limit=limit)


def standing(session: Session, subjects: Mapping[Scope, str], points: int, now: datetime) -> Exceeded | None:
    """Count a use of so many points for each of these subjects (a kind and an id of it), or answer the limit that it
    would exceed; then nothing is counted, and the use must wait.

    Two uses at once by one person or one device take turns until the transaction ends, so that they cannot both slip
    through. A merchant's or partner's count does not hold its tills up: it may miss what is under way in that moment.
    A use counts for a minute (merchant, partner: a quarter of an hour) longer than the span, never shorter.
    """
    return exceeded(session.execute(*counting(subjects, points, now)))


def counting(subjects: Mapping[Scope, str], points: int, now: datetime) -> Asked:
    """What `standing` asks, for who sends it together with something else; `exceeded` reads the answer."""
    return _COUNT, _values(subjects, points, now) | {"in_any_case": False}


def exceeded(counted: Any) -> Exceeded | None:
    """The limit in what `counting` answered."""
    row = counted.first()
    return None if row is None else Exceeded(*row)


def count(session: Session, subjects: Mapping[Scope, str], points: int, now: datetime) -> None:
    """Count a use in any case: one that a desk has released."""
    session.execute(_COUNT, _values(subjects, points, now) | {"in_any_case": True})


def forget(session: Session, subjects: Mapping[Scope, str], points: int, at: datetime) -> None:
    """A use that was counted at that moment has not come about."""
    session.execute(_FORGET, _values(subjects, points, at))


def words_of(code: str) -> Text:
    """A limit's name in words, where only the code of its row is at hand."""
    scope = code.split("_", 1)[0]
    who = _WHO.get(scope)
    return _NAMED.format(who=who) if who else Text("超過用量上限", "Over a limit")


def forget_old_counts(session: Session, now: datetime) -> int:
    """Delete counts that no limit looks at any more; answers how many."""
    before = now - timedelta(days=_KEPT_DAYS)
    return int(session.execute(_FORGET_OLD, {"before": before}).rowcount)  # type: ignore[attr-defined]


def _values(subjects: Mapping[Scope, str], points: int, now: datetime) -> dict[str, object]:
    return {"scopes": list(subjects.keys()), "subjects": list(subjects.values()), "points": points, "now": now}


def _in_words(span: timedelta) -> Text:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    if minutes or not hours:
        return Text(f"{hours * 60 + minutes} 分鐘", f"{hours * 60 + minutes} minutes")
    if hours % 24 or hours == 24:
        return Text(f"{hours} 小時", f"{hours} hours" if hours > 1 else "hour")
    return Text(f"{hours // 24} 天", f"{hours // 24} days")


_WHO: Mapping[str, Text] = {
    "person": Text("同一個人", "one person"),
    "device": Text("同一支手機", "one phone"),
    "merchant": Text("同一家店", "one merchant"),
    "partner": Text("同一個夥伴", "one partner"),
}
_WORDS = Text("{who} {span}內最多 {limit}", "{who} within {span}: at most {limit}")
_NAMED = Text("{who}使用的次數或點數超過上限", "more often or more points than {who} may use in that time")
_POINTS = Text("{most} 點", "{most} points")
_TIMES = Text("{most} 次", "{most} times")

_COUNT = text(
    """
    SELECT code, scope, span, most_points, most_times, used_points, used_times
      FROM points.count_use(CAST(:scopes AS text[]), CAST(:subjects AS text[]), :points, :now, :in_any_case)
    """
)
_FORGET = text(
    """
    INSERT INTO points.use_count AS c (scope, subject, since, slot, points, times)
    SELECT s.scope, s.subject, date_bin(points.count_width(s.scope), :now, timestamptz '2020-01-01'),
           CASE WHEN s.scope IN ('person', 'device') THEN 0 ELSE pg_backend_pid() % 16 END, -:points, -1
      FROM unnest(CAST(:scopes AS text[]), CAST(:subjects AS text[])) AS s(scope, subject) ORDER BY 1, 2
    ON CONFLICT ON CONSTRAINT use_count_pkey DO UPDATE
       SET points = c.points + excluded.points, times = c.times + excluded.times
    """
)
_FORGET_OLD = text("DELETE FROM points.use_count WHERE since < :before")
