"""May this person do this for that person: the whole rule, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.ids import new_uuid
from identity.delegation_rules import (
    BILLS_READ,
    MOVES,
    PAYMENTS_PAY,
    RIDES_BOOK,
    Act,
    Grant,
    Terms,
    Verdict,
    verdict,
    wrong_grants,
)

MOTHER, CAREGIVER, STRANGER = new_uuid(), new_uuid(), new_uuid()
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RIDES = Terms(MOTHER, CAREGIVER, "active", (Grant(RIDES_BOOK),), NOON, NOON + 30 * DAY)
VAN = replace(RIDES, grants=(Grant(PAYMENTS_PAY, "VAN-0001", 3000, 10000),))
BOOK, READ = Act((RIDES_BOOK,)), Act((BILLS_READ,))


def pay(amount_twd: int, *plates: str, month_twd: int = 0) -> Act:
    return Act((PAYMENTS_PAY,), plates or ("VAN-0001",), amount_twd, month_twd)


CASES = [
    ("within scope and time", RIDES, BOOK, NOON, None),
    ("in its last moment", RIDES, BOOK, NOON + 30 * DAY - timedelta(microseconds=1), None),
    ("when it is over", RIDES, BOOK, NOON + 30 * DAY, "over"),
    ("before it begins", RIDES, BOOK, NOON - timedelta(microseconds=1), "not_yet"),
    ("a guardianship without an end", replace(RIDES, ends_at=None), BOOK, NOON + 5000 * DAY, None),
    ("another scope", RIDES, READ, NOON, "scope"),
    ("any of two scopes", RIDES, Act((BILLS_READ, RIDES_BOOK)), NOON, None),
    *((f"while it is {status}", replace(RIDES, status=status), BOOK, NOON, "not_in_force")
      for status in MOVES if status != "active"),
    ("an agent nobody knows yet", replace(RIDES, agent_id=None), BOOK, NOON, "other_person"),
    ("the van's bill", VAN, pay(3000), NOON, None),
    ("another vehicle's bill", VAN, pay(10, "CAR-0002"), NOON, "vehicle"),
    ("the van's and another's together", VAN, pay(10, "VAN-0001", "CAR-0002"), NOON, "vehicle"),
    ("more than at a time", VAN, pay(3001), NOON, "per_payment"),
    ("up to the month's limit", VAN, pay(3000, month_twd=7000), NOON, None),
    ("beyond the month's limit", VAN, pay(3000, month_twd=7001), NOON, "per_month"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "act", "at", "refused"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_only_what_was_agreed_may_be_done(terms: Terms, act: Act, at: datetime, refused: str | None) -> None:
    assert verdict(terms, act, agent_id=CAREGIVER, principal_id=MOTHER, at=at).refused == refused


def test_it_holds_between_these_two_alone_and_in_this_direction() -> None:
    for agent, principal in ((STRANGER, MOTHER), (CAREGIVER, STRANGER), (MOTHER, CAREGIVER)):
        assert verdict(RIDES, BOOK, agent_id=agent, principal_id=principal, at=NOON) == Verdict("other_person")


def test_what_may_be_read_is_bound_to_the_vehicles_named_unless_one_scope_names_none() -> None:
    act = Act((BILLS_READ, PAYMENTS_PAY))
    assert verdict(VAN, act, agent_id=CAREGIVER, principal_id=MOTHER, at=NOON).plates == {"VAN-0001"}
    both = replace(VAN, grants=(*VAN.grants, Grant(BILLS_READ)))
    assert verdict(both, act, agent_id=CAREGIVER, principal_id=MOTHER, at=NOON).plates is None


@pytest.mark.parametrize(
    ("grants", "basis", "wrong"),
    [
        ([Grant(PAYMENTS_PAY)], "counter", {"scope"}),
        ([Grant(RIDES_BOOK), Grant(RIDES_BOOK)], "agreement", {"scope"}),
        ([Grant(RIDES_BOOK, plate="VAN-0001")], "agreement", {"plate"}),
        ([Grant(BILLS_READ, per_payment_twd=5)], "agreement", {"per_payment"}),
        ([Grant(PAYMENTS_PAY, per_payment_twd=6, per_month_twd=5)], "agreement", {"per_payment"}),
        ([Grant(PAYMENTS_PAY, "VAN-0001", 5, 5), Grant(RIDES_BOOK)], "guardianship_record", set()),
    ],
)
def test_what_makes_no_sense_cannot_be_granted(grants: list[Grant], basis: str, wrong: set[str]) -> None:
    assert {member for _, member, _ in wrong_grants(grants, basis)} == wrong  # type: ignore[arg-type]


def test_what_is_over_stays_so() -> None:
    ends = {status for status, next_ones in MOVES.items() if not next_ones}
    assert ends == set(MOVES) - {"offered", "active"}
    assert set().union(*MOVES.values()) == set(MOVES) - {"offered"}
