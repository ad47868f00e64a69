"""A delegation that is set up at a service counter: what the principal says there, before an officer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from core.clock import taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Matches, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import counter, delegations
from identity.counter_errors import NobodyThereYet, NotProvedYet
from identity.delegation_rules import SCOPES, Grant, read
from identity.delegation_schemas import GrantSchema
from identity.delegation_words import in_words
from identity.schemas import PersonNumber

routes = Routes("identity")
_DAY = {"format": "date", "example": "2026-12-31"}


class CounterDelegationCreate(Schema):
    """Either `agent_case_id`, the case in which the agent was proved at the same desk, or the agent's number."""

    agent_case_id = fields.String(
        load_default=None, allow_none=True, validate=Matches("^ccs_[0-7][0-9a-hjkmnp-tv-z]{25}$")
    )
    agent_national_id = PersonNumber(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 40),
        metadata={"example": "A123456789", "pattern": "^[A-Z][1289A-D][0-9]{8}$"},
    )
    scopes = fields.List(fields.Nested(GrantSchema), required=True, validate=validate.Length(1, len(SCOPES)))
    starts_on = fields.Date(load_default=None, allow_none=True, metadata=_DAY)
    ends_on = fields.Date(required=True, metadata=_DAY)

    @validates_schema
    def _names_one_agent(self, data: dict[str, Any], **_more: Any) -> None:
        if (data.get("agent_case_id") is None) == (data.get("agent_national_id") is None):
            raise ValidationError("name the agent's case or the agent's number", "agent_national_id")


class CounterDelegationSchema(Schema):
    id = fields.String(required=True)
    waits_for_agent = fields.Boolean(
        required=True, metadata={"description": "in force once the agent has said yes on their own phone"}
    )
    scopes = fields.List(fields.String(), required=True, metadata={"description": "in words, to be read out"})
    starts_on = fields.String(required=True, metadata=_DAY)
    ends_on = fields.String(required=True, metadata=_DAY)


@routes.post(
    "/v1/counter/cases/<counter_case_id>/delegations",
    access=officer("counter"),
    shows_person_data=True,
    body=CounterDelegationCreate,
    answers={201: CounterDelegationSchema},
    problems=[NotFound, NobodyThereYet, NotProvedYet],
    summary=Text("在櫃檯辦理委託", "Set up a delegation at the counter"),
)
def set_up_delegation(call: Call) -> Answer:
    """For the person who was proved in this case. Paying cannot be granted here. Both are told on every channel."""
    case_id = parse_typeid("ccs", call.path["counter_case_id"])
    case, principal = counter.proved_person(call.session, call.actor, case_id, now=call.now)
    counter.record(call.session, call.actor, case, "counter_delegation", now=call.now)
    made = delegations.create_at_counter(
        call.session,
        officer=call.actor,
        principal_id=principal.id,
        agent_national_id=_agent(call),
        grants=[
            Grant(each["scope"], each["plate"], each["per_payment"], each["per_month"]) for each in call.body["scopes"]
        ],
        starts_on=call.body["starts_on"],
        ends_on=call.body["ends_on"],
        is_agent_present=call.body["agent_case_id"] is not None,
        now=call.now,
    )
    assert made.ends_at is not None
    body = {
        "id": typeid("dlg", made.id),
        "waits_for_agent": made.status == "offered",
        "scopes": [in_words(grant).in_language(call.language) for grant in read(made.grants)],
        "starts_on": taipei_date(made.starts_at).isoformat(),
        "ends_on": taipei_date(made.ends_at - timedelta(seconds=1)).isoformat(),
    }
    return Answer(body, 201)


def _agent(call: Call) -> str:
    """The agent's ID number: of whoever was proved in the other case, or as it was typed."""
    if call.body["agent_case_id"] is None:
        return str(call.body["agent_national_id"])
    case_id: UUID = parse_typeid("ccs", call.body["agent_case_id"])
    case, _ = counter.proved_person(call.session, call.actor, case_id, now=call.now)
    counter.record(call.session, call.actor, case, "counter_delegation", now=call.now)
    return counter.national_id_of(case)
