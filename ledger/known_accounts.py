"""Hot accounts that are known to be open, so that nobody asks again: an account neither changes nor goes.

But a database may: after a fail-over that lost the last transactions, or a backup put back, an account can be missing
that was there. The first refusal for that reason forgets everything, and the next caller opens what it needs.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

Meaning = tuple[UUID, str, str, str, bool, bool]
"""Everything that `book.open_account` was told of an account."""

_known: WeakKeyDictionary[Any, set[Meaning]] = WeakKeyDictionary()


def of(bind: Any) -> set[Meaning]:
    """The accounts of this database that a committed transaction has opened."""
    return _known.setdefault(bind, set())


def forget() -> None:
    """Ask about every account again."""
    _known.clear()
