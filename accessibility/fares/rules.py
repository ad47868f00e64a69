"""The rules of prices as data: what counts for whom from which day, where it was read, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

Kind = Literal["price", "meter", "subsidy", "quota", "promise", "companions"]
EVERY = "*"
"""The subject of a rule for everybody who has none of their own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `open_questions` names the terms that nobody has confirmed, though the rule itself is."""

    kind: str
    subject: str
    valid_from: datetime
    terms: Mapping[str, Any]
    source: str
    is_confirmed: bool
    open_questions: tuple[str, ...]

    def is_known(self, term: str) -> bool:
        """Whether that term of it may be stated as a fact."""
        return self.is_confirmed and term not in self.open_questions


@dataclass(frozen=True, slots=True)
class Rules:
    """Every rule that counts at one moment."""

    by_kind: Mapping[str, Mapping[str, Rule]]

    def of(self, kind: Kind, subject: str) -> Rule | None:
        """The rule for this subject (a fleet or a card), else the one for everybody, else None."""
        found = self.by_kind.get(kind, {})
        return found.get(subject) or found.get(EVERY)

    def all_of(self, kind: Kind) -> list[Rule]:
        """Every rule of a kind, by subject."""
        return [rule for _, rule in sorted(self.by_kind.get(kind, {}).items())]


def at(session: Session, moment: datetime) -> Rules:
    """The rules of a moment: for each kind and subject the newest that has begun."""
    found: dict[str, dict[str, Rule]] = {}
    for row in session.execute(_AT, {"at": moment}).all():
        rule = Rule(
            row.kind, row.subject, row.valid_from, row.terms, row.source, row.is_confirmed, tuple(row.open_questions)
        )
        found.setdefault(row.kind, {})[row.subject] = rule
    return Rules(found)


_AT = text(
    """
    SELECT DISTINCT ON (kind, subject) kind, subject, valid_from, terms, source, is_confirmed, open_questions
      FROM accessibility.fare_rule WHERE valid_from <= :at ORDER BY kind, subject, valid_from DESC
    """
)
