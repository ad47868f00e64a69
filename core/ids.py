"""Identifiers: UUIDv7 inside (RFC 9562 §5.7), TypeIDs outside (`bill_01jd…`: a kind, then 26 characters)."""

from __future__ import annotations

import os
import time
from uuid import UUID

from core.errors import NotFound

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}


def new_uuid() -> UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits, so that rows of one time lie together."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random_bits >> 68 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random_bits & (1 << 62) - 1
    return UUID(int=value)


def typeid(prefix: str, uuid: UUID) -> str:
    """`uuid` as a TypeID with `prefix`: 26 characters of Crockford's base 32, most significant first."""
    number = uuid.int
    characters = [""] * 26
    for position in range(25, -1, -1):
        characters[position] = _ALPHABET[number & 31]
        number >>= 5
    return f"{prefix}_{''.join(characters)}"


def parse_typeid(prefix: str, text: str) -> UUID:
    """The UUID inside a TypeID of that kind.

    Raises NotFound when the text is anything else: to the caller a malformed id and a strange one are the same.
    """
    head, separator, tail = text.rpartition("_")
    if head != prefix or not separator or len(tail) != 26 or tail[0] > "7":
        raise NotFound
    number = 0
    for character in tail:
        value = _VALUE.get(character)
        if value is None:
            raise NotFound
        number = number << 5 | value
    return UUID(int=number)
