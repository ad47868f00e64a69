"""Topics as they stand: what for, of which bureau, about what, and how their subscriptions end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.text import Text
from notify.topics.endings import MovedAwayRule, NeedPassedRule, Rule, read_rules

STATUSES = ("draft", "open", "closed")
PRIORITIES = ("low", "normal", "important", "urgent")
"""The words for 1 to 4."""
TEXTS: Final = ("name", "purpose", "sample_title", "sample_body", "legal_basis")
_TEXT_COLUMNS: Final = tuple(f"{name}_{language}" for name in TEXTS for language in ("zh", "en"))


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `subject_kind` is what a subscription may be about; `facts` by which its audiences may be narrowed."""

    id: int
    code: str
    bureau: str
    name: Text
    purpose: Text
    sample_title: Text
    sample_body: Text
    legal_basis: Text
    channels: tuple[str, ...]
    highest_priority: int
    subject_kind: str | None
    endings: tuple[Mapping[str, Any], ...]
    rules: tuple[Rule, ...]
    facts: tuple[str, ...]
    status: str
    offered_at: str | None
    offered_days: int | None
    version: int
    updated_at: datetime

    @property
    def subject_kinds(self) -> frozenset[str]:
        """All that a subscription may be about; what ends when somebody moves may be about a district, too."""
        kinds = {self.subject_kind} if self.subject_kind else set()
        return frozenset(kinds | ({"district"} if MovedAwayRule() in self.rules else set()))

    @property
    def needs_subject(self) -> bool:
        """Whether a subscription to the topic alone could never end, so that it has to be about something."""
        return all(isinstance(rule, NeedPassedRule | MovedAwayRule) for rule in self.rules)


def all_topics(session: Session) -> dict[int, Topic]:
    """Every topic by its id: some tens in a city."""
    return {row.id: _topic(row) for row in session.execute(_ALL)}


def open_topics(session: Session) -> list[Topic]:
    """Those that may be subscribed to, a bureau's together."""
    return [topic for topic in all_topics(session).values() if topic.status == "open"]


def by_code(session: Session, code: str) -> Topic:
    """One topic that people may see. Raises NotFound, also for a draft."""
    row = session.execute(_BY_CODE, {"code": code}).one_or_none()
    if row is None or row.status == "draft":
        raise NotFound
    return _topic(row)


def of_bureau(session: Session, bureau: str, code: str, *, is_locked: bool = False) -> Topic:
    """A bureau's own topic, drafts too. Raises NotFound."""
    row = session.execute(_BY_CODE_LOCKED if is_locked else _BY_CODE, {"code": code}).one_or_none()
    if row is None or row.bureau != bureau:
        raise NotFound
    return _topic(row)


def page_of_bureau(session: Session, bureau: str, *, limit: int, after: str) -> list[Topic]:
    """A bureau's topics, drafts too, by their codes; `after` continues a list."""
    rows = session.execute(_OF_BUREAU, {"bureau": bureau, "limit": limit, "after": after})
    return [_topic(row) for row in rows]


def text_columns(said: Any) -> dict[str, str]:
    """What a topic says (the members named in TEXTS) by its columns."""
    return {f"{name}_{language}": getattr(getattr(said, name), language) for name in TEXTS for language in ("zh", "en")}


def insert(session: Session, values: Mapping[str, Any]) -> bool:
    """Write a topic by its columns (`endings` as JSON) and `now`; False where its code is taken."""
    return session.execute(_INSERT, dict(values)).scalar() is not None


def _topic(row: Any) -> Topic:
    return Topic(
        id=row.id,
        code=row.code,
        bureau=row.bureau,
        name=Text(row.name_zh, row.name_en),
        purpose=Text(row.purpose_zh, row.purpose_en),
        sample_title=Text(row.sample_title_zh, row.sample_title_en),
        sample_body=Text(row.sample_body_zh, row.sample_body_en),
        legal_basis=Text(row.legal_basis_zh, row.legal_basis_en),
        channels=tuple(row.channels),
        highest_priority=row.highest_priority,
        subject_kind=row.subject_kind,
        endings=tuple(row.endings),
        rules=tuple(read_rules(row.endings)),
        facts=tuple(row.facts),
        status=row.status,
        offered_at=row.offered_at,
        offered_days=row.offered_days,
        version=row.version,
        updated_at=row.updated_at,
    )


_ALL = text("SELECT * FROM notify.topic ORDER BY bureau, id")
_OF_BUREAU = text("SELECT * FROM notify.topic WHERE bureau = :bureau AND code > :after ORDER BY code LIMIT :limit")
_BY_CODE = text("SELECT * FROM notify.topic WHERE code = :code")
_BY_CODE_LOCKED = text("SELECT * FROM notify.topic WHERE code = :code FOR UPDATE")
# The condition keeps numbers for ids from being used up by what is there already.
_INSERT = text(
    f"""
    INSERT INTO notify.topic (code, bureau, {", ".join(_TEXT_COLUMNS)}, channels, highest_priority, subject_kind,
                              endings, facts, status, offered_at, offered_days, created_at, updated_at)
    SELECT :code, :bureau, {", ".join(f":{column}" for column in _TEXT_COLUMNS)}, :channels, :highest_priority,
           :subject_kind, CAST(:endings AS jsonb), :facts, :status, :offered_at, :offered_days, :now, :now
     WHERE NOT EXISTS (SELECT FROM notify.topic WHERE code = :code)
    ON CONFLICT (code) DO NOTHING RETURNING id
    """  # noqa: S608
)
