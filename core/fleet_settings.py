"""The settings of the taxi fleets that are asked for rides; one without an address is not asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

_DEMO: Final = "yellow,harbour,mountain"
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,19}")


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Where a fleet is reached, and what it signs with."""

    fleet: str
    url: str
    secret: str = field(repr=False)


def read(
    environment: Mapping[str, str],
    *,
    sandbox_url: str,
    is_demo: bool,
    url: Callable[[Mapping[str, str], str, str, tuple[str, ...]], str],
    secret: Callable[..., str],
    wrong: type[Exception],
) -> tuple[FleetSettings, ...]:
    """The fleets that FLEETS names, with commas between; in the demo those of the sandbox. `url` and `secret` read a
    variable: FLEET_<CODE>_URL, FLEET_<CODE>_SECRET."""
    found = []
    named = environment.get("FLEETS") or (_DEMO if is_demo else "")
    for code in filter(None, (each.strip() for each in named.split(","))):
        if not _CODE.fullmatch(code):
            raise wrong(f"FLEETS={named!r} should be codes such as yellow,harbour with commas between")
        name = f"FLEET_{code.upper()}"
        address = url(environment, f"{name}_URL", f"{sandbox_url}/fleets/{code}" if is_demo else "", ("http", "https"))
        shared = secret(environment, f"{name}_SECRET", f"sandbox-{code}-secret", is_demo=is_demo)
        found.append(FleetSettings(code, address, shared))
    return tuple(found)
