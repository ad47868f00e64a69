"""May this person do this for that person? The whole rule, without side effects; and how a delegation may change.

Strictly what was agreed counts: the scope, from its first day to its last, on the vehicle and up to the amounts named.
Whatever is not granted is refused, and nobody can pass on what was granted to them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

Basis = Literal["agreement", "guardianship_record", "counter"]
Side = Literal["principal", "agent"]
Reason = Literal["not_in_force", "not_yet", "over", "other_person", "scope", "vehicle", "per_payment", "per_month"]

RIDES_BOOK: Final = "rides:book"
RIDES_READ: Final = "rides:read"
BILLS_READ: Final = "bills:read"
PAYMENTS_PAY: Final = "payments:pay"
POINTS_READ: Final = "points:read"
SCOPES: Final = (RIDES_BOOK, RIDES_READ, BILLS_READ, PAYMENTS_PAY, POINTS_READ)

GRANTABLE: Final[Mapping[Basis, frozenset[str]]] = {
    "agreement": frozenset(SCOPES),
    "guardianship_record": frozenset(SCOPES),
    # What is set up at a counter rests on an officer's eyes and no key of the principal's: enough for rides and for
    # reading, never for paying.
    "counter": frozenset(SCOPES) - {PAYMENTS_PAY},
}
"""What each basis can carry."""
BOUND_TO_A_VEHICLE: Final = frozenset({BILLS_READ, PAYMENTS_PAY})
"""The scopes that can be granted for one vehicle alone."""

MOVES: Final[Mapping[str, frozenset[str]]] = {
    "offered": frozenset({"active", "refused", "withdrawn", "lapsed"}),
    "active": frozenset({"revoked", "expired", "ended"}),
    "refused": frozenset(),
    "withdrawn": frozenset(),
    "lapsed": frozenset(),
    "revoked": frozenset(),
    "expired": frozenset(),
    "ended": frozenset(),
}
"""From each status to the next. `ended` is a register's word: a death, or a guardianship that is over."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One scope, for one vehicle alone where a plate is named, up to so many NT$ a payment and a calendar month."""

    scope: str
    plate: str | None = None
    per_payment_twd: int | None = None
    per_month_twd: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """A delegation as far as the rule looks at it. `ends_at` is not part of it any more; None: no end of its own."""

    principal_id: UUID | None
    agent_id: UUID | None
    status: str
    grants: tuple[Grant, ...]
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody is about to do: any of `scopes` would do for it. `plates` are all vehicles that it touches, where
    it touches any; `amount_twd` what it pays, `month_twd` what was paid under the delegation this month before."""

    scopes: tuple[str, ...]
    plates: tuple[str, ...] = ()
    amount_twd: int = 0
    month_twd: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it may be done; if not, why. Where it may, `plates` are the only vehicles it may show; None: all."""

    refused: Reason | None = None
    plates: frozenset[str] | None = None


def verdict(terms: Terms, act: Act, *, agent_id: UUID, principal_id: UUID, at: datetime) -> Verdict:
    """May `agent_id` do this for `principal_id` at that moment?"""
    if (terms.agent_id, terms.principal_id) != (agent_id, principal_id):
        return Verdict("other_person")
    if terms.status != "active":
        return Verdict("not_in_force")
    if at < terms.starts_at:
        return Verdict("not_yet")
    if terms.ends_at is not None and at >= terms.ends_at:
        return Verdict("over")
    fitting = [grant for grant in terms.grants if grant.scope in act.scopes]
    if not fitting:
        return Verdict("scope")
    refusals = [_refusal(grant, act) for grant in fitting]
    if all(refusals):
        return Verdict(refusals[0])
    bounds = [grant.plate for grant, refused in zip(fitting, refusals, strict=True) if refused is None]
    return Verdict(plates=None if None in bounds else frozenset(filter(None, bounds)))


def _refusal(grant: Grant, act: Act) -> Reason | None:
    if grant.plate is not None and any(plate != grant.plate for plate in act.plates):
        return "vehicle"
    if grant.per_payment_twd is not None and act.amount_twd > grant.per_payment_twd:
        return "per_payment"
    if grant.per_month_twd is not None and act.month_twd + act.amount_twd > grant.per_month_twd:
        return "per_month"
    return None


def wrong_grants(grants: Sequence[Grant], basis: Basis) -> list[tuple[int, str, str]]:
    """What is wrong with the grants that somebody wants to give: (position, member, why)."""
    wrong = []
    seen: set[str] = set()
    for position, grant in enumerate(grants):
        if grant.scope not in GRANTABLE[basis]:
            wrong.append((position, "scope", "cannot be granted in this way"))
        if grant.scope in seen:
            wrong.append((position, "scope", "each scope once"))
        seen.add(grant.scope)
        if grant.plate is not None and grant.scope not in BOUND_TO_A_VEHICLE:
            wrong.append((position, "plate", "only for reading and paying bills"))
        if grant.scope != PAYMENTS_PAY:
            named = {"per_payment": grant.per_payment_twd, "per_month": grant.per_month_twd}
            wrong += [(position, name, "only for paying bills") for name, limit in named.items() if limit is not None]
        elif grant.per_payment_twd and grant.per_month_twd and grant.per_payment_twd > grant.per_month_twd:
            wrong.append((position, "per_payment", "more than for the whole month"))
    return wrong


def scopes_of(grants: Collection[Grant]) -> frozenset[str]:
    """The scopes that are granted, whatever their bounds."""
    return frozenset(grant.scope for grant in grants)


def stored(grants: Sequence[Grant]) -> list[dict[str, Any]]:
    """The grants as they are written down."""
    return [
        {"scope": grant.scope, "plate": grant.plate, "per_payment_twd": grant.per_payment_twd,
         "per_month_twd": grant.per_month_twd}
        for grant in grants
    ]  # fmt: skip


def read(rows: Sequence[Mapping[str, Any]]) -> tuple[Grant, ...]:
    """The grants in what was written down."""
    return tuple(Grant(**row) for row in rows)
