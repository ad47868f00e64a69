"""Passwords: argon2id (RFC 9106), length and a blocklist instead of rules of composition (NIST SP 800-63B-4 §3.1.1).

Hashing takes tens of milliseconds and much memory on purpose: never do it with a transaction open.
"""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw
from zxcvbn import zxcvbn

from core.settings import settings
from identity.errors import PasswordRefused

SHORTEST, LONGEST = 10, 128
"""Characters."""

# Each hash fills its memory at once: as many as there are threads would let a crowd of strangers use up the machine's.
_at_once = threading.BoundedSemaphore(4)

# Common here, and unknown to word lists made elsewhere; and this service's own name.
_COMMON_HERE = ("5201314520", "woaini1314", "a5201314520", "kaohsiung12", "mykaohsiung1", "taiwanno1tw")
_OF_THIS_SERVICE = ["kaohsiung", "mykaohsiung", "taiwan", "高雄"]
_LEAST_GUESSES = 10_000_000
"""A guesser who is locked out for a quarter of an hour after five tries needs decades for so many."""
_WEIGHED = 32
"""Characters that are weighed: what stands behind can only make a password better, and weighing takes the more time the
longer it is: of signs that could stand for letters ("4@8(") 0.7 s of a processor for 32, 2.9 for 64. All are hashed."""


def check(password: str, *, not_containing: tuple[str, ...] = ()) -> None:
    """Raises PasswordRefused for one that is easily guessed: common, monotonous, or holding personal data.

    How many guesses it takes is zxcvbn's estimate (Wheeler, USENIX Security 2016): by the 30,000 commonest passwords,
    words, names, keyboard walks, dates, repetitions, and what is built of them.
    """
    folded = password.casefold()
    is_monotonous = len(set(folded)) < 4
    holds_personal_data = any(part.casefold() in folded for part in not_containing)
    if folded in _COMMON_HERE or is_monotonous or holds_personal_data:
        raise PasswordRefused
    if zxcvbn(password[:_WEIGHED], user_inputs=[*_OF_THIS_SERVICE, *not_containing])["guesses"] < _LEAST_GUESSES:
        raise PasswordRefused


def hash_of(password: str) -> str:
    """The argon2id hash, with its parameters and salt in it."""
    with _at_once:
        return _hasher().hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash; None stands for nobody, and takes exactly as long."""
    nobody = _hash_of_nobody()
    with _at_once:
        try:
            _hasher().verify(password_hash or nobody, password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def hash_with(secret: str, salt: bytes) -> bytes:
    """32 bytes of argon2id over a short secret that was drawn by lot and is looked up under its salt (16 bytes)."""
    with _at_once:
        return hash_secret_raw(
            secret.encode(), salt, time_cost=2, memory_cost=settings().argon2_memory_kib, parallelism=1, hash_len=32,
            type=Type.ID,
        )  # fmt: skip


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(password_hash)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=settings().argon2_memory_kib, parallelism=1)


@cache
def _hash_of_nobody() -> str:
    return _hasher().hash("the password of nobody")
