"""Assurance levels (ISO/IEC 29115): how surely somebody is who they say, in one place and without side effects.

Two things are kept apart, as NIST SP 800-63-4 does: how well the person was proved to be the holder of the ID number
(proofing), and how strongly they have just shown to be that person again (authenticator). Outside there is one number,
the lower of the two.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

_ACR = "urn:mykaohsiung:loa:"

SELF_ASSERTED = 1
"""Proofing: the person says so, and holds some telephone."""
PROVED_BY_MOBILE = 3
"""Proofing: the telephone company's contract for the mobile, made on two identity papers, names the same ID number."""

# How long a session lasts unused, and how long at the most, by its authenticator level. NIST SP 800-63B-4 §2.2 says
# 1 h and 24 h for two factors; where one of them is a text message, which can be diverted, we allow half.
_IDLE = {1: timedelta(minutes=30), 2: timedelta(minutes=30), 3: timedelta(hours=1), 4: timedelta(minutes=15)}
_ABSOLUTE = {1: timedelta(hours=12), 2: timedelta(hours=12), 3: timedelta(hours=24), 4: timedelta(hours=12)}


def assurance(*, proofing: int, authenticator: int) -> int:
    """The level that a session reaches."""
    return min(proofing, authenticator)


def authenticator_level(amr: Collection[str]) -> int:
    """What the methods used (RFC 8176) are worth: a key unlocked by its user 3, password and text message 2, else 1.

    A text message never lifts anything beyond 2: it can be read, forwarded and diverted.
    """
    used = set(amr)
    if "user" in used and used & {"hwk", "swk"}:
        return 3
    if {"pwd", "sms"} <= used:
        return 2
    return 1


def idle_time(authenticator: int) -> timedelta:
    """How long a session of that authenticator level lasts unused."""
    return _IDLE[authenticator]


def longest_time(authenticator: int) -> timedelta:
    """How long a session of that authenticator level lasts at the most."""
    return _ABSOLUTE[authenticator]


def acr(loa: int) -> str:
    """The level as it is written on the wire."""
    return f"{_ACR}{loa}"
