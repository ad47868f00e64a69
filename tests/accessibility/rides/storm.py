"""Where everything that goes wrong in one exploration comes from: each draw is numbered and depends on the seed and its
number alone, so that any of them can be taken away (`muted`) and the rest stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from core.ids import new_uuid
from partners.fleets.contents import TripEvent

_A = TypeVar("_A")


class Killed(BaseException):
    """The process is gone: nothing that comes after in it happens."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """Something that a fleet tells unasked, on its way to us."""

    fleet: str
    trip: str
    id: UUID
    event: TripEvent


@dataclass
class Storm:
    """The weather of one seed: so many times as many calls go astray as otherwise (`roughness`). While it is `calm`
    nothing goes wrong any more."""

    seed: int
    now: datetime
    muted: Collection[int] = ()
    roughness: int = 1
    draws: int = 0
    happened: list[int] = field(default_factory=list)
    is_calm: bool = False
    story: list[str] = field(default_factory=list)
    on_the_way: list[Telegram] = field(default_factory=list)
    told: list[Telegram] = field(default_factory=list)
    later: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    interrupt: Callable[[str], None] = lambda where: None
    began_at: datetime = field(init=False)
    _serial: int = 0

    def __post_init__(self) -> None:
        self.began_at = self.now

    def say(self, line: str) -> None:
        """Write down what happens."""
        self.story.append(f"{(self.now - self.began_at).total_seconds():>9.1f} s  {line}")

    def luck(self) -> Random | None:
        """The luck of the next draw; None where it is taken away."""
        if self.is_calm:
            return None
        self.draws += 1
        return None if self.draws in self.muted else Random(f"{self.seed} {self.draws}")

    def happens(self, share: float) -> bool:
        """Whether something that goes wrong in this share of cases does so now."""
        luck = self.luck()
        is_so = luck is not None and luck.random() < share
        if is_so:
            self.happened.append(self.draws)
        return is_so

    def one_of(self, weights: Mapping[_A, float], usual: _A) -> _A:
        """One of these by its weight; in calm `usual`."""
        luck = self.luck()
        if luck is None:
            return usual
        found = luck.choices(list(weights), list(weights.values()))[0]
        if found != usual:
            self.happened.append(self.draws)
        return found

    def number(self, most: int) -> int:
        """0 to `most` - 1; in calm 0."""
        luck = self.luck()
        return 0 if luck is None else luck.randrange(most)

    def tell(self, fleet: str, trip: str, event: TripEvent) -> None:
        """A fleet says something: lost, or on its way."""
        telegram = Telegram(fleet, trip, new_uuid(), event)
        self.told.append(telegram)
        if self.happens(0.3):
            self.say(f"{fleet}: a telegram is lost ({_brief(event)})")
        else:
            self.on_the_way.append(telegram)

    def afterwards(self, wait: timedelta, act: Callable[[], object]) -> None:
        """What is still on its way to a fleet."""
        self.later.append((self.now + wait, act))

    def arrive(self) -> None:
        """What was on its way to fleets until now is there."""
        due = [each for each in self.later if each[0] <= self.now]
        self.later = [each for each in self.later if each[0] > self.now]
        for _, act in due:
            act()

    def nanoseconds(self) -> int:
        """A clock for identifiers, so that their order is that in which they were made."""
        self._serial += 1
        return 1_700_000_000_000_000_000 + self._serial * 1_000_000


def _brief(event: Any) -> str:
    return f"{type(event).__name__} {getattr(event, 'state', getattr(event, 'result', ''))}".strip()
