"""What goes over the wire about topics, subscriptions, offers, places, facts and life events."""

from __future__ import annotations

from typing import get_args

from marshmallow import Schema, fields, validate

from core.districts import DISTRICTS
from core.http import Matches, PageQuery, page_of
from notify.topics import facts, history, life_events, subjects
from notify.topics.endings import EndedHow

CHANNELS = ("push", "webpush", "sms", "line")
TOPIC_CODE = [Matches("^[a-z][a-z0-9_.-]{2,60}$"), validate.Length(3, 61)]
_DISTRICT = validate.OneOf(list(DISTRICTS))


class SampleSchema(Schema):
    title = fields.String(required=True)
    body = fields.String(required=True)


class TopicSchema(Schema):
    code = fields.String(required=True)
    bureau = fields.String(required=True)
    bureau_name = fields.String(required=True)
    name = fields.String(required=True)
    purpose = fields.String(required=True)
    sample = fields.Nested(SampleSchema, required=True)
    legal_basis = fields.String(required=True)
    channels = fields.List(fields.String(validate=validate.OneOf(CHANNELS)), required=True)
    subject_kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(subjects.KINDS))
    needs_subject = fields.Boolean(required=True)
    ends = fields.List(fields.String(), required=True)
    latest_end = fields.Date(required=True, allow_none=True)
    subscription_id = fields.String(required=True, allow_none=True)


class TopicList(Schema):
    items = fields.List(fields.Nested(TopicSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SubjectSchema(Schema):
    subject = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(subjects.KINDS))
    name = fields.String(required=True)
    district = fields.String(required=True, allow_none=True)


class SubjectList(Schema):
    items = fields.List(fields.Nested(SubjectSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class QuestionSchema(Schema):
    asked_at = fields.DateTime(required=True)
    answer_by = fields.DateTime(required=True)


class SubscriptionSchema(Schema):
    id = fields.String(required=True)
    topic = fields.String(required=True)
    topic_name = fields.String(required=True)
    bureau_name = fields.String(required=True)
    subject = fields.String(required=True, allow_none=True)
    subject_name = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(("live", "ended")))
    began_at = fields.DateTime(required=True)
    began_how = fields.String(required=True)
    ends_on = fields.Date(required=True, allow_none=True)
    latest_end = fields.Date(required=True, allow_none=True)
    ends = fields.List(fields.String(), required=True)
    question = fields.Nested(QuestionSchema, required=True, allow_none=True)
    sends = fields.Integer(required=True, validate=validate.Range(min=0))
    last_sent_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    ended_how = fields.String(required=True, allow_none=True, validate=validate.OneOf(get_args(EndedHow)))
    ended_because = fields.String(required=True, allow_none=True)
    can_renew = fields.Boolean(required=True)


SubscriptionPage = page_of(SubscriptionSchema)


class SubscriptionsQuery(PageQuery):
    status = fields.String(load_default="all", validate=validate.OneOf(("live", "ended", "all")))


class SubscriptionCreate(Schema):
    topic = fields.String(required=True, validate=TOPIC_CODE)
    subject = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 100))
    ends_on = fields.Date(load_default=None, allow_none=True)


class SubscriptionChange(Schema):
    """Another last day (null: by the topic's rules alone), or that it is still wanted; nothing changes nothing."""

    ends_on = fields.Date(allow_none=True)
    is_still_wanted = fields.Boolean(truthy={True}, falsy=set(), metadata={"enum": [True]})


class HappenedSchema(Schema):
    at = fields.DateTime(required=True)
    what = fields.String(required=True, validate=validate.OneOf(history.WHATS))
    how = fields.String(required=True)
    words = fields.String(required=True)
    ends_on = fields.Date(required=True, allow_none=True)


class HistorySchema(Schema):
    items = fields.List(fields.Nested(HappenedSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class OfferSchema(Schema):
    id = fields.String(required=True)
    topic = fields.String(required=True)
    topic_name = fields.String(required=True)
    bureau_name = fields.String(required=True)
    purpose = fields.String(required=True)
    because = fields.String(required=True)
    ends_on = fields.Date(required=True)
    offered_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)


class OfferList(Schema):
    items = fields.List(fields.Nested(OfferSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PlacesSchema(Schema):
    home = fields.String(required=True, allow_none=True, validate=_DISTRICT)
    work = fields.String(required=True, allow_none=True, validate=_DISTRICT)
    school = fields.String(required=True, allow_none=True, validate=_DISTRICT)


class FactValueSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)


class FactSchema(Schema):
    name = fields.String(required=True, validate=validate.OneOf(tuple(facts.FACTS)))
    label = fields.String(required=True)
    used_for = fields.String(required=True)
    is_sensitive = fields.Boolean(required=True)
    is_derived = fields.Boolean(required=True)
    choices = fields.List(fields.Nested(FactValueSchema), required=True)
    is_allowed = fields.Boolean(required=True)
    values = fields.List(fields.String(), required=True)
    allowed_at = fields.DateTime(required=True, allow_none=True)


class FactList(Schema):
    items = fields.List(fields.Nested(FactSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class FactAllow(Schema):
    values = fields.List(
        fields.String(validate=validate.Length(1, 40)), load_default=list, validate=validate.Length(max=20)
    )


class NameSchema(Schema):
    zh = fields.String(required=True, validate=validate.Length(1, 80))
    en = fields.String(required=True, validate=validate.Length(1, 120))


class LifeEventCreate(Schema):
    reference = fields.String(required=True, validate=[Matches("^[A-Za-z0-9][A-Za-z0-9_./:-]{0,99}$")])
    kind = fields.String(required=True, validate=validate.OneOf(tuple(life_events.KINDS)))
    at = fields.AwareDateTime(required=True)
    national_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 20))
    subject = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 100))
    name = fields.Nested(NameSchema, load_default=None, allow_none=True)
    district = fields.String(load_default=None, allow_none=True, validate=_DISTRICT)


class LifeEventSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(life_events.KINDS)))
    reference = fields.String(required=True)
    received_at = fields.DateTime(required=True)
