"""Assurance levels (ISO/IEC 29115): how surely somebody is who they say, in one place and without side effects.

Three things are kept apart: how well the person was proved to be the holder of the ID number (proofing), how strongly
they have shown to be that person again (authenticator), and whether that was lately enough (freshness). The first two
follow NIST SP 800-63-4. Outside there is one number, the lowest of the three.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

_ACR = "urn:mykaohsiung:loa:"

SELF_ASSERTED = 1
"""Proofing: the person says so, and holds some telephone."""
PROVED_BY_MOBILE = 3
"""Proofing: the telephone company's contract for the mobile, made on two identity papers, names the same ID number."""
PROVED_IN_PERSON = 4
"""Proofing: somebody looked at face and papers: at a counter, or before certificate or mobile ID were handed out."""

# How long a session counts unused, and how long at the most, by the level that it reaches. NIST SP 800-63B-4 §2 says
# 15 min and 12 h for its highest level, 1 h and 24 h for two factors; where one of them is a text message, which can be
# diverted, we allow half.
_IDLE = {1: timedelta(minutes=30), 2: timedelta(minutes=30), 3: timedelta(hours=1), 4: timedelta(minutes=15)}
_ABSOLUTE = {1: timedelta(hours=12), 2: timedelta(hours=12), 3: timedelta(hours=24), 4: timedelta(hours=12)}
# A printed card is used on a device that the next person uses, too.
_IDLE_ELSEWHERE, _ABSOLUTE_ELSEWHERE = timedelta(minutes=10), timedelta(minutes=30)
REMEMBERED = timedelta(days=30)
"""How long a device that asked to be remembered is still known, at level 1, after its session has gone stale."""


@dataclass(frozen=True, slots=True)
class Strength:
    """What the methods used are worth: the authenticator level (0–4), whether a forged page could have taken what was
    typed (NIST SP 800-63B-4 §3.2.5), and whether their key may sign a payment."""

    level: int
    is_phishing_resistant: bool = False
    may_sign_payments: bool = False


# Each row: the methods that must all have been used (RFC 8176, and words of our own), and what they are worth together.
# The best row counts; methods do not add up beyond the rows.
_WORTH: tuple[tuple[frozenset[str], Strength], ...] = (
    (frozenset({"sc", "pin"}), Strength(4, is_phishing_resistant=True)),
    (frozenset({"hwk", "user"}), Strength(4, is_phishing_resistant=True, may_sign_payments=True)),
    (frozenset({"swk", "user"}), Strength(3, is_phishing_resistant=True, may_sign_payments=True)),
    (frozenset({"mob", "user", "mfa"}), Strength(3, is_phishing_resistant=True)),
    (frozenset({"pwd", "otp"}), Strength(3)),
    (frozenset({"pwd", "sms"}), Strength(2)),
    (frozenset({"pwd", "rc"}), Strength(2)),
    (frozenset({"card", "pin"}), Strength(2)),
    (frozenset({"counter"}), Strength(2)),
    (frozenset({"pwd"}), Strength(1)),
    (frozenset({"sms"}), Strength(1)),
    (frozenset({"rc"}), Strength(1)),
    (frozenset({"fed"}), Strength(1)),
)
_NOTHING = Strength(0)


def assurance(*, proofing: int, authenticator: int, is_fresh: bool) -> int:
    """The level that a session reaches: never above 1 once it is stale."""
    return min(proofing, authenticator, 4 if is_fresh else 1)


def strength_of(amr: Collection[str]) -> Strength:
    """What the methods used (RFC 8176) are worth together.

    A text message never lifts anything beyond 2: it can be read, forwarded and diverted. A key that stays in its device
    is worth 4 and so reaches what the person's proofing allows; one that is synced is worth 3.
    """
    used = set(amr)
    return next((worth for methods, worth in _WORTH if methods <= used), _NOTHING)


def for_money(*, loa: int, is_phishing_resistant: bool) -> int:
    """The level that counts where money moves: what a forged page can take from somebody is capped at 2."""
    return loa if is_phishing_resistant else min(loa, 2)


def idle_time(loa: int, amr: Collection[str] = ()) -> timedelta:
    """How long a session that reaches this level counts unused."""
    return _IDLE_ELSEWHERE if "card" in amr else _IDLE[max(loa, 1)]


def longest_time(loa: int, amr: Collection[str] = ()) -> timedelta:
    """How long a session that reaches this level counts at the most."""
    return _ABSOLUTE_ELSEWHERE if "card" in amr else _ABSOLUTE[max(loa, 1)]


def acr(loa: int) -> str:
    """The level as it is written on the wire."""
    return f"{_ACR}{loa}"
