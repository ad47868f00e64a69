"""When a channel may be used: closed for everybody while its provider says so, tried by one, and opened again slowly.

    open ── 429 or 503 with Retry-After ──────→ closed until then (of browsers: said of PEOPLE_TOLD people or more)
         ── SILENCES calls in a row unanswered → closed for 5 s, twice as long each time, 20 s at the most
    closed ── its time is over ──→ one batch of PROBE tries, everybody else waits
    tried ── any answer ──→ open, at RAMP_FROM a second, growing over RAMP_SECONDS to the most
          ── none ────────→ closed again

After QUIET_SECONDS without a message the rate begins at RAMP_FROM again (or at the most, where that is less). What was
granted and not called for is given back. An alert does not wait for the rate, and it may try a channel that is closed:

    closed ── ALERTS_AFTER_SILENCE_SECONDS, or what the provider said and ALERTS_OBEY_SECONDS at the most
           ──→ PROBE alerts ── any answer ──→ alerts go on, everybody else waits until it opens
                            ── none ────────→ the same again

The state is a row, because all senders share the provider's patience. Browsers have one for each push service, so that
one that is unwell closes its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import text
from sqlalchemy.orm import Session

SILENCES = 10
PROBE = 4
PROBE_SECONDS = 30
FIRST_CLOSING_SECONDS = 5.0
LONGEST_CLOSING_SECONDS = 20.0
LONGEST_OBEYED_SECONDS = 3600
ALERTS_OBEY_SECONDS = 60
"""An alert waits no longer than this for what a provider said (RFC 9110 §10.2.3: how long one "ought to wait")."""

ALERTS_AFTER_SILENCE_SECONDS = 5
PEOPLE_TOLD = 3
"""A push service of browsers may say "not now" of one subscription alone (RFC 8030 §8.4), and anybody can have some."""

RAMP_FROM = 200.0
RAMP_SECONDS = 60.0
QUIET_SECONDS = 60.0
# A second, by all of us together. FCM allows 600,000 a minute for a project; LINE 2,000 a second for a channel.
MOST_PER_SECOND: Mapping[str, float] = MappingProxyType(
    {"push": 8000.0, "webpush": 2000.0, "line": 1500.0, "sms": 50.0}
)


@dataclass(frozen=True, slots=True)
class Gate:
    """The state of one channel; the columns of notify.channel."""

    name: str
    closed_until: datetime | None = None
    closed_why: str | None = None
    closings: int = 0
    failures: int = 0
    probing_until: datetime | None = None
    ramp_began_at: datetime | None = None
    turn_at: datetime | None = None
    allowance: float = 0.0
    alerts_try_at: datetime | None = None
    alerts_pass: bool = False

    @property
    def most_per_second(self) -> float:
        """How many a second the provider takes."""
        return MOST_PER_SECOND[kind_of(self.name)]


@dataclass(frozen=True, slots=True)
class Turn:
    """How many messages the caller may send now beside emergencies (`most`), and emergencies (`most_emergencies`)."""

    most: int
    most_emergencies: int
    is_probe: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a batch heard from the provider: whether anything was answered, how many calls since then brought no answer,
    and for how many seconds nobody is to send, if it said so."""

    is_probe: bool
    is_answered: bool
    failures: int = 0
    closed_seconds: int | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether the state has to change for it."""
        return self.is_probe or self.failures > 0 or self.closed_seconds is not None


def kind_of(name: str) -> str:
    """What is sent through a gate: the way of the message, whoever's push service it is."""
    return name.partition(".")[0]


def people_told(name: str) -> int:
    """Of how many people a provider must say "not now" before that holds for everybody."""
    return PEOPLE_TOLD if kind_of(name) == "webpush" else 1


def turn(gate: Gate, wanted: int, now: datetime, *, has_alerts: bool = False) -> tuple[Gate, Turn]:
    """The caller's turn to send up to `wanted` messages, and the state after it was given; `has_alerts`: alerts are
    among them."""
    if gate.closed_until is not None:
        is_tried = gate.probing_until is not None and gate.probing_until > now
        is_for_all = now >= gate.closed_until
        if has_alerts and not is_for_all and gate.alerts_pass:
            return gate, Turn(0, wanted, is_probe=False)
        is_for_alerts = has_alerts and gate.alerts_try_at is not None and now >= gate.alerts_try_at
        if is_tried or not (is_for_all or is_for_alerts):
            return gate, Turn(0, 0, is_probe=False)
        probing = replace(gate, probing_until=now + timedelta(seconds=PROBE_SECONDS))
        tries = min(wanted, PROBE)
        return probing, Turn(tries if is_for_all else 0, tries, is_probe=True)
    filled = _filled(gate, now)
    granted = min(wanted, int(filled.allowance))
    return replace(filled, allowance=filled.allowance - granted), Turn(granted, wanted, is_probe=False)


def after(gate: Gate, said: Said, now: datetime) -> Gate:
    """The state after a batch."""
    if said.closed_seconds is not None:
        seconds = min(max(said.closed_seconds, 1), LONGEST_OBEYED_SECONDS)
        return _closed(gate, now, seconds, "told to wait", alerts_wait=min(seconds, ALERTS_OBEY_SECONDS))
    if said.is_probe and not (said.is_answered or said.failures):
        # Others had taken what was due: whoever comes next may try.
        return replace(gate, probing_until=None)
    if said.is_probe and said.is_answered and gate.closed_until is not None and now < gate.closed_until:
        return replace(gate, alerts_pass=True, probing_until=None, failures=0)
    if said.is_answered and not (gate.closed_until is not None and not said.is_probe):
        opened = replace(
            gate, closed_until=None, closed_why=None, closings=0, probing_until=None, failures=0, alerts_try_at=None,
            alerts_pass=False,
        )  # fmt: skip
        if said.is_probe:
            opened = replace(opened, ramp_began_at=now, turn_at=now, allowance=_first(gate))
        gate = opened
    elif gate.closed_until is not None and not said.is_probe:
        if not gate.alerts_pass:
            # A batch that began before it was closed knows nothing that is not known.
            return gate
        gate = replace(gate, failures=0) if said.is_answered else gate
    failures = gate.failures + said.failures
    if failures >= SILENCES or (said.is_probe and not said.is_answered):
        wait = min(FIRST_CLOSING_SECONDS * 2.0 ** min(gate.closings, 8), LONGEST_CLOSING_SECONDS)
        return _closed(gate, now, wait, "no answer", alerts_wait=ALERTS_AFTER_SILENCE_SECONDS)
    return replace(gate, failures=failures)


def take_turn(session: Session, name: str, wanted: int, now: datetime, *, has_alerts: bool) -> Turn:
    """`turn`, on the channel's row."""
    gate = _read(session, name)
    changed, given = turn(gate, wanted, now, has_alerts=has_alerts)
    if changed != gate:
        _write(session, changed)
    return given


def note(session: Session, name: str, said: Said, now: datetime) -> None:
    """`after`, on the channel's row. The last statement of its transaction: everybody passes by this row."""
    gate = _read(session, name)
    changed = after(gate, said, now)
    if changed != gate:
        _write(session, changed)


def give_back(session: Session, name: str, unused: int) -> None:
    """Of a turn, what nothing was found for; the next turn holds it against the rate."""
    session.execute(_GIVE_BACK, {"name": name, "unused": unused})


def _first(gate: Gate) -> float:
    return min(RAMP_FROM, gate.most_per_second)


def _filled(gate: Gate, now: datetime) -> Gate:
    if gate.turn_at is None or (now - gate.turn_at).total_seconds() > QUIET_SECONDS:
        return replace(gate, ramp_began_at=now, turn_at=now, allowance=_first(gate))
    most = gate.most_per_second
    ramped = (now - (gate.ramp_began_at or now)).total_seconds() / RAMP_SECONDS
    rate = min(RAMP_FROM, most) + max(most - RAMP_FROM, 0.0) * min(max(ramped, 0.0), 1.0)
    passed = max((now - gate.turn_at).total_seconds(), 0.0)
    return replace(gate, turn_at=max(now, gate.turn_at), allowance=min(gate.allowance + rate * passed, rate))


def _closed(gate: Gate, now: datetime, seconds: float, why: str, *, alerts_wait: float) -> Gate:
    until = now + timedelta(seconds=seconds)
    return replace(
        gate,
        # Whoever asks for less than another did does not open it sooner.
        closed_until=max(until, gate.closed_until or until),
        closed_why=why,
        closings=gate.closings + 1,
        failures=0,
        probing_until=None,
        alerts_try_at=now + timedelta(seconds=alerts_wait),
        alerts_pass=False,
    )


def _read(session: Session, name: str) -> Gate:
    return Gate(*session.execute(_READ, {"name": name}).one())


def _write(session: Session, gate: Gate) -> None:
    session.execute(_WRITE, {each: getattr(gate, each) for each in Gate.__slots__})


_READ = text(
    """
    SELECT name, closed_until, closed_why, closings, failures, probing_until, ramp_began_at, turn_at, allowance,
           alerts_try_at, alerts_pass
      FROM notify.channel WHERE name = :name FOR UPDATE
    """
)
_GIVE_BACK = text("UPDATE notify.channel SET allowance = allowance + :unused WHERE name = :name")
_WRITE = text(
    """
    UPDATE notify.channel
       SET closed_until = :closed_until, closed_why = :closed_why, closings = :closings, failures = :failures,
           probing_until = :probing_until, ramp_began_at = :ramp_began_at, turn_at = :turn_at, allowance = :allowance,
           alerts_try_at = :alerts_try_at, alerts_pass = :alerts_pass
     WHERE name = :name
    """
)
