"""What goes over the wire about a bureau's own topics."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from core.http import WholeNumber, page_of
from notify.topics import subjects, topics
from notify.topics.endings import NEEDS
from notify.topics.facts import FACTS
from notify.topics.life_events import OFFERING
from notify.topics.schemas import CHANNELS, TOPIC_CODE

_RULES = ("date", "need_passed", "moved_away", "silence", "count")


class EndingSchema(Schema):
    """One rule: `date` with days or on, `need_passed` with event, `moved_away`, `silence` with sends or days and
    answer_days, `count` with most."""

    rule = fields.String(required=True, validate=validate.OneOf(_RULES))
    days = WholeNumber(validate=validate.Range(1, 3650))
    on = fields.Date()
    event = fields.String(validate=validate.OneOf(list(NEEDS)))
    sends = WholeNumber(validate=validate.Range(1, 1000))
    answer_days = WholeNumber(validate=validate.Range(1, 90))
    most = WholeNumber(validate=validate.Range(1, 100_000))


def _both(most: int) -> fields.Nested:
    both: dict[str, fields.Field[Any]] = {
        language: fields.String(required=True, validate=validate.Length(1, most)) for language in ("zh", "en")
    }
    return fields.Nested(Schema.from_dict(both, name=f"TextUpTo{most}"), required=True)


class TopicTexts(Schema):
    name = _both(60)
    purpose = _both(400)
    sample_title = _both(80)
    sample_body = _both(240)
    legal_basis = _both(600)


class _Written(Schema):
    texts = fields.Nested(TopicTexts, required=True)
    channels = fields.List(
        fields.String(validate=validate.OneOf(CHANNELS)), required=True, validate=validate.Length(1, len(CHANNELS))
    )
    highest_priority = fields.String(required=True, validate=validate.OneOf(topics.PRIORITIES))
    subject_kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(subjects.KINDS))
    endings = fields.List(fields.Nested(EndingSchema), required=True, validate=validate.Length(1, 5))
    facts = fields.List(
        fields.String(validate=validate.OneOf(list(FACTS))), load_default=list, validate=validate.Length(max=len(FACTS))
    )
    status = fields.String(required=True, validate=validate.OneOf(topics.STATUSES))
    offered_at = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(OFFERING))
    offered_days = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1, 3650))


class BureauTopicPut(_Written):
    pass


class BureauTopicCreate(_Written):
    code = fields.String(required=True, validate=TOPIC_CODE)


class BureauTopicSchema(Schema):
    code = fields.String(required=True)
    bureau = fields.String(required=True)
    bureau_name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(topics.STATUSES))
    name = fields.String(required=True)
    purpose = fields.String(required=True)
    texts = fields.Nested(TopicTexts, required=True)
    channels = fields.List(fields.String(validate=validate.OneOf(CHANNELS)), required=True)
    highest_priority = fields.String(required=True, validate=validate.OneOf(topics.PRIORITIES))
    subject_kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(subjects.KINDS))
    endings = fields.List(fields.Nested(EndingSchema), required=True)
    ends = fields.List(fields.String(), required=True)
    facts = fields.List(fields.String(validate=validate.OneOf(list(FACTS))), required=True)
    facts_awaiting = fields.List(
        fields.String(validate=validate.OneOf(list(FACTS))),
        required=True,
        metadata={"description": "sensitive facts for which a second person has yet to decide"},
    )
    awaits_change = fields.Boolean(required=True, metadata={"description": "a change of it waits for a second person"})
    offered_at = fields.String(required=True, allow_none=True, validate=validate.OneOf(OFFERING))
    offered_days = fields.Integer(required=True, allow_none=True)
    version = fields.Integer(required=True, metadata={"description": "what If-Match of the next change carries"})
    updated_at = fields.DateTime(required=True)


BureauTopicPage = page_of(BureauTopicSchema)
