"""The settings of the partners with whom points are exchanged; one without an address is not offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

PARTNERS: Final = ("ipass", "okmart", "pxmart", "familymart", "seveneleven")


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """Where a partner is reached, and what it signs with."""

    partner: str
    url: str
    secret: str = field(repr=False)


def read(
    environment: Mapping[str, str],
    *,
    sandbox_url: str,
    is_demo: bool,
    url: Callable[[Mapping[str, str], str, str, tuple[str, ...]], str],
    secret: Callable[..., str],
) -> tuple[ExchangeSettings, ...]:
    """The partners that `environment` names, in the demo those of the sandbox. `url` and `secret` read a variable."""
    found = []
    for partner in PARTNERS:
        name = partner.upper()
        if not is_demo and not environment.get(f"{name}_URL"):
            continue
        address = url(environment, f"{name}_URL", f"{sandbox_url}/{partner}", ("http", "https"))
        shared = secret(environment, f"{name}_SECRET", f"sandbox-{partner}-secret", is_demo=is_demo)
        found.append(ExchangeSettings(partner, address, shared))
    return tuple(found)
