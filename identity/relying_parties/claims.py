"""The catalogue of what a site may be told about a person (OpenID Connect Core §5.1, and words of our own).

A claim is asked for by name or through the scope it belongs to; `sub` and how somebody signed in are no claims here: a
site learns them by the signing in itself. What is not in this catalogue cannot be asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.text import Text


@dataclass(frozen=True, slots=True)
class ClaimKind:
    """One claim: its name for people, the scope that asks for it, and whether the person's own screen masks it.

    `needs_legal_basis`: a site is told it only where a law names the purpose (Personal Data Protection Act art. 15).
    """

    label: Text
    scope: str
    is_sensitive: bool = False
    needs_legal_basis: bool = False


CLAIMS = {
    "name": ClaimKind(Text("姓名", "Name"), "profile"),
    "locale": ClaimKind(Text("使用的語言", "Your language"), "profile"),
    "phone_number": ClaimKind(Text("手機號碼", "Mobile number"), "phone", is_sensitive=True),
    "phone_number_verified": ClaimKind(Text("手機號碼是否確認過", "Whether the mobile number was confirmed"), "phone"),
    "national_id": ClaimKind(Text("身分證字號", "ID number"), "national_id", is_sensitive=True, needs_legal_basis=True),
}
SCOPES = ("openid", "profile", "phone", "national_id", "offline_access")


def of_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    """The claims that these scopes ask for, in the catalogue's order."""
    return tuple(name for name, kind in CLAIMS.items() if kind.scope in scopes)


def in_order(names: Collection[str]) -> list[str]:
    """These claims in the catalogue's order; whatever it does not know is left out."""
    return [name for name in CLAIMS if name in names]
