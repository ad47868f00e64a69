"""Who is calling: the one thing about a caller that every room is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller whose token was good.

    `id` is the person, the officer, or the bureau's client. `loa` is the assurance level that a citizen's session
    reaches (ISO/IEC 29115), `amr` how it was reached (RFC 8176), `auth_time` when. `scopes` belong to a bureau's
    system, `roles` and `name` to an officer of the city, `bureau` to both.
    """

    kind: Literal["citizen", "officer", "bureau", "system"]
    id: UUID
    loa: int = 0
    session_id: UUID | None = None
    auth_time: datetime | None = None
    amr: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()
    bureau: str = ""
    roles: frozenset[str] = frozenset()
    name: str = ""
