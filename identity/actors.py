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

    `is_phishing_resistant` says that no forged page could have taken what the session began with. `with_officer` is
    the officer in whose presence the citizen acts. Somebody who acts for another is `id`, and the other `on_behalf_of`,
    by the delegation `delegation_id` and within its `scopes`.

    A till is `id`; it belongs to `merchant_id` at `branch_id`, and `staff_id` is at it (None: nobody's shift is open).
    A cash register that holds its own credentials needs nobody. A driver of the city's vans is `id`, and `session_id`
    says at which wheel.
    """

    kind: Literal["citizen", "officer", "bureau", "till", "driver", "system"]
    id: UUID
    loa: int = 0
    session_id: UUID | None = None
    auth_time: datetime | None = None
    amr: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()
    bureau: str = ""
    roles: frozenset[str] = frozenset()
    name: str = ""
    is_phishing_resistant: bool = False
    with_officer: UUID | None = None
    on_behalf_of: UUID | None = None
    delegation_id: UUID | None = None
    merchant_id: UUID | None = None
    branch_id: UUID | None = None
    staff_id: UUID | None = None
    is_register: bool = False
