"""Templates over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, PageQuery, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from notify.campaigns import templates
from notify.campaigns.errors import CampaignRefused
from notify.campaigns.schemas import TemplateBody, TemplatePage, TemplateSchema

routes = Routes("notify")
_WRITERS = officer("editor", "publisher")


@routes.get(
    "/v1/bureau/campaign-templates",
    access=_WRITERS,
    shows_person_data=False,
    query=PageQuery,
    answers={200: TemplatePage},
    summary=Text("本機關的範本", "The bureau's templates, by name"),
)
def list_templates(call: Call) -> Answer:
    """All of them at once: there are at most 200."""
    items = [_shown(template) for template in templates.of_bureau(call.session, by=call.actor)]
    return Answer({"items": items, "next_cursor": None})


@routes.post(
    "/v1/bureau/campaign-templates",
    access=_WRITERS,
    shows_person_data=False,
    body=TemplateBody,
    answers={201: TemplateSchema},
    answer_headers={201: ETAG},
    problems=[CampaignRefused],
    summary=Text("保存一個範本", "Keep a template"),
)
def write_template(call: Call) -> Answer:
    template = templates.write(call.session, by=call.actor, now=call.now, **call.body)
    return tagged(_shown(template), template.version, status=201)


@routes.put(
    "/v1/bureau/campaign-templates/<template_id>",
    access=_WRITERS,
    shows_person_data=False,
    body=TemplateBody,
    answers={200: TemplateSchema},
    answer_headers={200: ETAG},
    problems=[NotFound, PreconditionRequired, PreconditionFailed, CampaignRefused],
    summary=Text("修改範本", "Change a template"),
)
def change_template(call: Call) -> Answer:
    """`If-Match` carries the version that was read."""
    template = templates.change(
        call.session, by=call.actor, template_id=_id(call), version=version_of(call), now=call.now, **call.body
    )
    return tagged(_shown(template), template.version)


@routes.delete(
    "/v1/bureau/campaign-templates/<template_id>",
    access=_WRITERS,
    shows_person_data=False,
    answers={204: None},
    problems=[NotFound, PreconditionRequired, PreconditionFailed],
    summary=Text("刪除範本", "Keep a template no longer"),
)
def remove_template(call: Call) -> Answer:
    templates.remove(call.session, by=call.actor, template_id=_id(call), version=version_of(call))
    return Answer(status=204)


def _id(call: Call) -> UUID:
    return parse_typeid("tpl", call.path["template_id"])


def _shown(template: templates.Template) -> dict[str, Any]:
    return {
        "id": typeid("tpl", template.id),
        "name": template.name,
        "topic": template.topic,
        "content": template.content,
        "version": template.version,
        "updated_at": on_the_wire(template.updated_at),
    }
