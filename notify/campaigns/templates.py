"""Words that a bureau keeps to begin a campaign with. They are held to the same rules as a campaign's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import FieldError, NotFound, PreconditionFailed
from core.ids import new_uuid
from core.settings import settings
from identity.actors import Actor
from notify.campaigns import schedules, words
from notify.campaigns.errors import CampaignRefused

MOST = 200


@dataclass(frozen=True, slots=True)
class Template:
    """One template; `content` is the document of a campaign's content, `topic` the one that it was written for."""

    id: UUID
    name: str
    topic: str | None
    content: dict[str, Any]
    version: int
    updated_at: datetime


def of_bureau(session: Session, *, by: Actor) -> list[Template]:
    """The bureau's templates, by name; at most `MOST`."""
    return [Template(**row._mapping) for row in session.execute(_OF, {"bureau": by.bureau, "most": MOST})]


def write(
    session: Session, *, by: Actor, name: str, topic: str | None, content: Mapping[str, Any], now: datetime
) -> Template:
    """Keep a new template. Raises CampaignRefused."""
    values = _checked(name, content) | {"topic": topic, "id": new_uuid(), "bureau": by.bureau, "by": by.id, "now": now}
    return Template(**session.execute(_INSERT, values).one()._mapping)


def change(
    session: Session,
    *,
    by: Actor,
    template_id: UUID,
    version: int,
    name: str,
    topic: str | None,
    content: Mapping[str, Any],
    now: datetime,
) -> Template:
    """Write a template anew. Raises NotFound, PreconditionFailed (another version by now), CampaignRefused."""
    _must_be(session, by, template_id, version)
    values = _checked(name, content) | {"topic": topic, "id": template_id, "by": by.id, "now": now}
    return Template(**session.execute(_CHANGE, values).one()._mapping)


def remove(session: Session, *, by: Actor, template_id: UUID, version: int) -> None:
    """Keep it no longer. Raises NotFound, PreconditionFailed."""
    _must_be(session, by, template_id, version)
    session.execute(_REMOVE, {"id": template_id})


def _must_be(session: Session, by: Actor, template_id: UUID, version: int) -> None:
    present = session.execute(_VERSION, {"id": template_id, "bureau": by.bureau}).scalar()
    if present is None:
        raise NotFound
    if present != version:
        raise PreconditionFailed


def _checked(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    tidy = " ".join(name.split())
    if not tidy or words.hides_something(tidy):
        raise CampaignRefused(errors=[FieldError("/name", "is empty, or has a character that cannot be seen")])
    known = {field for fields in schedules.EVENTS.values() for field in fields}
    read = words.read_content(content, known_fields=known, domains=settings().campaign_link_domains)
    return {"name": tidy, "content": orjson.dumps(words.as_document(read)).decode()}


_COLUMNS = "id, name, topic, content, version, updated_at"
_OF = text(
    f"SELECT {_COLUMNS} FROM notify.campaign_template WHERE bureau = :bureau ORDER BY name, id LIMIT :most"  # noqa: S608
)
_VERSION = text("SELECT version FROM notify.campaign_template WHERE id = :id AND bureau = :bureau FOR UPDATE")
_INSERT = text(
    "INSERT INTO notify.campaign_template (id, bureau, name, topic, content, written_by, created_at, updated_at) "  # noqa: S608
    f"VALUES (:id, :bureau, :name, :topic, CAST(:content AS jsonb), :by, :now, :now) RETURNING {_COLUMNS}"
)
_CHANGE = text(
    "UPDATE notify.campaign_template SET name = :name, topic = :topic, content = CAST(:content AS jsonb), "  # noqa: S608
    f"written_by = :by, version = version + 1, updated_at = :now WHERE id = :id RETURNING {_COLUMNS}"
)
_REMOVE = text("DELETE FROM notify.campaign_template WHERE id = :id")
