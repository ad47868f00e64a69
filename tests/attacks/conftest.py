"""Attackers have nothing but HTTP, and what they know: another person's ID number, mobile, object ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from paying_city import Payer, new_payer
from stack import Stack


@pytest.fixture
def victim(stack: Stack) -> Payer:
    """Somebody signed in with a passkey, with a linked account, who owes NT$100 and NT$4,000."""
    return new_payer(stack, parking=[100, 4000])


@pytest.fixture
def stranger(stack: Stack) -> Payer:
    """Somebody else of the same kind: the attacker with an account of their own."""
    return new_payer(stack, parking=[60])


@pytest.fixture
def sandbox(stack: Stack) -> Iterator[None]:
    """Whatever the outside systems were told to do wrong is over afterwards."""
    yield
    stack.sandbox.clear_switches()
