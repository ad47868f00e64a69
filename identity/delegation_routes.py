"""Delegations over HTTP: who may act for me, for whom I may act, and beginning and ending to act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from core import db
from core.clock import on_the_wire, taipei_date
from core.errors import Forbidden, NotFound, RateLimited
from core.http import Answer, Call, PageQuery, Routes, citizen, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log, acting, delegations, household, levels, people
from identity.access_words import WHAT
from identity.delegation_errors import DelegationClosed, DelegationNotInForce, GuardianshipNotProven
from identity.delegation_models import Delegation, DelegationApproval
from identity.delegation_rules import Grant, Side, read
from identity.delegation_schemas import (
    ActingRequest,
    ActingSchema,
    DelegationOffer,
    DelegationSchema,
    DelegationsQuery,
    DoneForSchema,
)
from identity.delegation_words import BASIS_WORDS, STATUS_WORDS, in_words, masked_name
from identity.pages_of_ids import continued, page_answer
from identity.schemas import Nothing

routes = Routes("identity")
_CLEARED = f"{acting.COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"


@routes.post(
    "/v1/me/delegations",
    access=citizen(loa=3),
    body=DelegationOffer,
    answers={201: DelegationSchema},
    problems=[GuardianshipNotProven, RateLimited],
    own_units=True,
    summary=Text("提出委託：請人代辦，或代人辦事", "Offer a delegation: to be acted for, or to act"),
)
def offer_delegation(call: Call) -> Answer:
    """An offer to somebody unknown is answered like any other, and lapses. A guardian's is in force at once, where the
    household register shows the guardianship."""
    asked = call.body
    terms: dict[str, Any] = {
        "national_id": asked["national_id"],
        "grants": [_grant(each) for each in asked["scopes"]],
        "starts_on": asked["starts_on"],
        "ends_on": asked["ends_on"],
    }
    with db.unit_of_work() as session:
        delegations.take_a_try(session, call.actor, now=call.now)
        guardian = people.opened_national_id(people.get(session, call.actor.id))
    if asked["basis"] == "agreement":
        with db.unit_of_work() as session:
            made = delegations.offer(session, actor=call.actor, role=asked["my_role"], now=call.now, **terms)
            return Answer(_alone(call, session, made), 201)
    guardianship = household.ask_guardianship(guardian, asked["national_id"], call.now)
    if asked["my_role"] != "agent" or not guardianship.is_guardian:
        raise GuardianshipNotProven
    with db.unit_of_work() as session:
        made = delegations.by_guardian(session, actor=call.actor, guardianship=guardianship, now=call.now, **terms)
        return Answer(_alone(call, session, made), 201)


@routes.get(
    "/v1/me/delegations",
    access=citizen(loa=2),
    query=DelegationsQuery,
    answers={200: page_of(DelegationSchema)},
    summary=Text("代我辦事的人，以及我代誰辦事", "Who acts for me, and for whom I act"),
)
def list_delegations(call: Call) -> Answer:
    """The newest first, over ones too; what somebody has offered me stands among them."""
    limit, role = call.query["limit"], None if call.query["role"] == "all" else call.query["role"]
    rows = delegations.page(call.session, call.actor.id, role=role, limit=limit + 1, before=continued(call, "dlg"))
    return page_answer(_on_the_wire(call, call.session, rows), limit)


@routes.get(
    "/v1/me/delegations/<delegation_id>",
    access=citizen(loa=2),
    answers={200: DelegationSchema},
    problems=[NotFound],
    summary=Text("一份委託", "One delegation"),
)
def show_delegation(call: Call) -> Answer:
    """What was agreed, by whom and when, and what I can do about it now."""
    delegation, _ = delegations.get(call.session, _id(call), call.actor.id)
    return Answer(_alone(call, call.session, delegation))


@routes.get(
    "/v1/me/delegations/<delegation_id>/acts",
    access=citizen(loa=2),
    query=PageQuery,
    answers={200: page_of(DoneForSchema)},
    problems=[NotFound],
    summary=Text("代理人看過與辦過的事", "What was read and done by this delegation"),
)
def list_acts(call: Call) -> Answer:
    """The latest first, for both sides."""
    delegation, _ = delegations.get(call.session, _id(call), call.actor.id)
    limit = call.query["limit"]
    rows = []
    if delegation.principal_id is not None:
        rows = access_log.page_of_delegation(
            call.session, person_id=delegation.principal_id, delegation_id=delegation.id, limit=limit + 1,
            before=continued(call, "acc"),
        )  # fmt: skip
    items = [
        {
            "id": typeid("acc", row.id),
            "at": on_the_wire(row.at),
            "what": row.what,
            "what_words": WHAT[row.what].in_language(call.language),
            "reference": row.reference,
        }
        for row in rows
    ]
    return page_answer(items, limit)


@routes.post(
    "/v1/me/delegations/<delegation_id>/acceptance",
    access=citizen(loa=3),
    body=Nothing,
    answers={200: DelegationSchema},
    problems=[NotFound, Forbidden, DelegationClosed],
    summary=Text("同意一份委託", "Say yes to a delegation"),
)
def accept_delegation(call: Call) -> Answer:
    """The side that was named says yes; from then on it is in force."""
    return Answer(
        _alone(call, call.session, delegations.accept(call.session, _id(call), actor=call.actor, now=call.now))
    )


@routes.post(
    "/v1/me/delegations/<delegation_id>/refusal",
    access=citizen(loa=2),
    body=Nothing,
    answers={200: DelegationSchema},
    problems=[NotFound, Forbidden, DelegationClosed],
    summary=Text("拒絕一份委託", "Say no to a delegation"),
)
def refuse_delegation(call: Call) -> Answer:
    """The side that was named says no."""
    return Answer(
        _alone(call, call.session, delegations.refuse(call.session, _id(call), actor=call.actor, now=call.now))
    )


@routes.post(
    "/v1/me/delegations/<delegation_id>/revocation",
    access=citizen(loa=2),
    body=Nothing,
    answers={200: DelegationSchema},
    problems=[NotFound, Forbidden, DelegationClosed],
    summary=Text("撤回一份委託", "Revoke a delegation"),
)
def revoke_delegation(call: Call) -> Answer:
    """Either side, at once: whoever is acting by it acts no more."""
    return Answer(
        _alone(call, call.session, delegations.revoke(call.session, _id(call), actor=call.actor, now=call.now))
    )


@routes.post(
    "/v1/me/delegations/<delegation_id>/session",
    access=citizen(loa=2),
    body=ActingRequest,
    answers={201: ActingSchema},
    answer_headers={201: {"Set-Cookie": "the token, where `transport` is cookie"}},
    problems=[NotFound, Forbidden, DelegationNotInForce],
    own_units=True,
    summary=Text("開始代理", "Begin to act for somebody"),
)
def begin_acting(call: Call) -> Answer:
    """A token for whom one acts (RFC 8693), bound to the caller's session. The register is asked once a day."""
    delegation_id = _id(call)
    with db.unit_of_work() as session:
        acting.usable_by(session, call.actor, delegation_id, now=call.now)
    household.confirm(delegation_id, call.now)
    transport = call.body["transport"]
    with db.unit_of_work() as session:
        begun = acting.begin(session, actor=call.actor, delegation_id=delegation_id, transport=transport, now=call.now)
        assert begun.delegation.principal_id is not None
        body = {
            "access_token": None if transport == "cookie" else begun.token,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_at": on_the_wire(begun.expires_at),
            "scope": " ".join(sorted(begun.scopes)),
            "sub": typeid("per", begun.delegation.principal_id),
            "act": {"sub": typeid("per", call.actor.id)},
            "acr": levels.acr(call.actor.loa),
            "delegation_id": typeid("dlg", delegation_id),
            "other": _other(session, begun.delegation, "agent"),
        }
    seconds = int((begun.expires_at - call.now).total_seconds())
    cookie = f"{acting.COOKIE}={begun.token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"
    return Answer(body, 201, {"Set-Cookie": cookie} if transport == "cookie" else {})


@routes.delete(
    "/v1/me/delegations/<delegation_id>/session",
    access=citizen(loa=1),
    answers={204: None},
    answer_headers={204: {"Set-Cookie": "an empty one, which takes the token from the browser"}},
    problems=[NotFound],
    summary=Text("結束代理", "Stop acting for somebody"),
)
def end_acting(call: Call) -> Answer:
    """In the caller's session; the delegation stays as it is."""
    acting.end(call.session, actor=call.actor, delegation_id=_id(call))
    return Answer(status=204, headers={"Set-Cookie": _CLEARED})


def _id(call: Call) -> Any:
    return parse_typeid("dlg", call.path["delegation_id"])


def _grant(asked: dict[str, Any]) -> Grant:
    return Grant(asked["scope"], asked["plate"], asked["per_payment"], asked["per_month"])


def _alone(call: Call, session: Any, delegation: Delegation) -> dict[str, Any]:
    return _on_the_wire(call, session, [delegation])[0]


def _on_the_wire(call: Call, session: Any, rows: Sequence[Delegation]) -> list[dict[str, Any]]:
    approvals = delegations.approvals_of(session, [row.id for row in rows])
    return [_shown(call, session, row, approvals[row.id]) for row in rows]


def _shown(call: Call, session: Any, row: Delegation, approvals: Sequence[DelegationApproval]) -> dict[str, Any]:
    role = delegations.side_of(row, call.actor.id)
    status = delegations.standing(row, call.now)
    is_begun_by_me = role == row.begun_by
    is_asked_of_me = status == "offered" and not is_begun_by_me
    return {
        "id": typeid("dlg", row.id),
        "my_role": role,
        "begun_by_me": is_begun_by_me,
        "other": _other(session, row, role),
        "basis": row.basis,
        "basis_words": BASIS_WORDS[row.basis].in_language(call.language),
        "status": status,
        "status_words": STATUS_WORDS[status].in_language(call.language),
        "scopes": [
            {
                "scope": grant.scope,
                "words": in_words(grant).in_language(call.language),
                "plate": grant.plate,
                "per_payment": grant.per_payment_twd,
                "per_month": grant.per_month_twd,
                "currency": "TWD",
            }
            for grant in read(row.grants)
        ],
        "starts_on": taipei_date(row.starts_at).isoformat(),
        "ends_on": taipei_date(row.ends_at - timedelta(seconds=1)).isoformat() if row.ends_at else None,
        "made_at": on_the_wire(row.made_at),
        "answer_before": on_the_wire(row.lapses_at) if status == "offered" else None,
        "closed_at": on_the_wire(row.closed_at) if row.closed_at else None,
        "closed_by": row.closed_by,
        "approvals": [
            {
                "side": approval.side,
                "by": approval.by_kind,
                "acr": levels.acr(approval.loa) if approval.loa else None,
                "at": on_the_wire(approval.at),
            }
            for approval in approvals
        ],
        "may": {
            "accept": is_asked_of_me,
            "refuse": is_asked_of_me,
            "revoke": status == "active" or (status == "offered" and is_begun_by_me),
            "act": status == "active" and role == "agent" and row.starts_at <= call.now,
        },
    }


def _other(session: Any, row: Delegation, role: Side) -> dict[str, Any]:
    """The other side: until both have agreed whoever began knows no more of the other than the number they typed, and
    whoever was named sees the name with its middle hidden."""
    other_id = row.agent_id if role == "principal" else row.principal_id
    was_agreed = row.principal_id is not None and row.agent_id is not None and row.status in _AGREED
    if role == row.begun_by and not was_agreed:
        return {"name": None, "national_id": row.named_masked}
    if other_id is None:
        return {"name": None, "national_id": None}
    name = people.name_of(session, other_id)
    shown = name if was_agreed or name is None else masked_name(name)
    return {"name": shown, "national_id": people.masked(session, other_id).national_id}


_AGREED = ("active", "revoked", "expired", "ended")
