"""Decisions of two persons: who may decide what, once, with the effect in the same commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from signed_in import sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core import clock, db
from core.errors import Conflict
from core.ids import new_uuid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Approval, Shown

KIND = "tests.gift"


class World:
    """What the effects of the tests' own kind have done: rows, so that a rollback undoes them as any other."""

    def __init__(self) -> None:
        with db.unit_of_work() as session:
            session.execute(text("DROP TABLE IF EXISTS core.gift; CREATE TABLE core.gift (amount int, how text)"))

    def give(self, session: Session, approval: Approval, _now: datetime) -> None:
        if approval.body["amount"] == 13:
            session.execute(text("INSERT INTO core.gift VALUES (13, 'half done')"))
            raise Conflict(Text("已經給過了", "It was given already"))
        session.execute(text("INSERT INTO core.gift VALUES (:amount, 'given')"), {"amount": approval.body["amount"]})

    def keep(self, session: Session, approval: Approval, _now: datetime) -> None:
        if approval.body["amount"] == 14:
            raise Conflict(Text("已經給過了", "It was given already"))
        session.execute(text("INSERT INTO core.gift VALUES (:amount, :how)"),
                        {"amount": approval.body["amount"], "how": approval.status})  # fmt: skip

    @property
    def gifts(self) -> list[tuple[int, str]]:
        with db.unit_of_work() as session:
            return [tuple(row) for row in session.execute(text("SELECT amount, how FROM core.gift"))]


def _shown(body: Mapping[str, Any]) -> list[Shown]:
    return [Shown(Text("金額", "Amount"), f"NT${body['amount']}"), Shown(Text("給", "To"), Text("市民", "a citizen"))]


@pytest.fixture
def world(client: FlaskClient) -> Iterator[World]:
    """The tests' kind of proposal, decided by finance, or by the officers of the bureau concerned."""
    made = World()
    approvals.on_approved(
        KIND, ["finance", "bureau_officer"], made.give, _shown, title=Text("贈與", "A gift"), on_refused=made.keep
    )
    yield made
    approvals._kinds.pop(KIND)


@pytest.fixture
def proposer(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, name="許主計")


@pytest.fixture
def second(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, name="蔡出納")


def propose(by: Actor, amount: int = 600, now: datetime | None = None, **more: Any) -> str:
    with db.unit_of_work() as session:
        made = approvals.propose(
            session, kind=KIND, subject="gift_1", body={"amount": amount}, reason="該給的", by=by,
            now=now or clock.now(), **more,
        )  # fmt: skip
        return typeid("apr", made.id)


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def test_what_one_proposes_another_approves_and_it_is_carried_out(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    approval_id = propose(proposer.actor)
    (item,) = second.call("GET", "/v1/approvals").json["items"]
    assert (item["id"], item["title"], item["proposed_by"], item["may_decide"]) == (approval_id, "贈與", "許主計", True)
    whole = second.call("GET", f"/v1/approvals/{approval_id}", language="en").json
    assert whole["body"] == {"amount": 600} and whole["reason"] == "該給的"
    assert whole["shown"] == [{"label": "Amount", "value": "NT$600"}, {"label": "To", "value": "a citizen"}]
    decided = second.decide(approval_id, is_approved=True, note="看過了")
    assert (decided.status_code, decided.json["status"], decided.json["decided_by"]) == (200, "approved", "蔡出納")
    assert world.gifts == [(600, "given")]
    assert second.call("GET", "/v1/approvals").json["items"] == []
    assert second.call("GET", "/v1/approvals?status=approved").json["items"][0]["id"] == approval_id


def test_nobody_decides_what_they_proposed(world: World, proposer: SignedInOfficer) -> None:
    approval_id = propose(proposer.actor)
    for is_approved in (True, False):
        refused = proposer.decide(approval_id, is_approved=is_approved)
        assert (refused.status_code, slug(refused)) == (403, "second-person-needed")
    assert world.gifts == []


def test_the_database_itself_refuses_one_person_in_both_places(world: World, proposer: SignedInOfficer) -> None:
    propose(proposer.actor)
    with pytest.raises(IntegrityError, match="approval_takes_two_persons"), db.unit_of_work() as session:
        session.execute(
            text("UPDATE identity.approval SET status = 'approved', decided_by = proposed_by, closed_at = now()")
        )


@pytest.mark.parametrize(
    "change",
    [
        "body = '{\"amount\": 1}'",
        "reason = 'x'",
        "proposed_by = gen_random_uuid()",
        "expires_at = now() + interval '1 year'",
    ],
)
def test_a_proposal_keeps_the_exact_body_it_was_made_for(world: World, proposer: SignedInOfficer, change: str) -> None:
    propose(proposer.actor)
    with pytest.raises(IntegrityError, match="kept as it was made"), db.unit_of_work() as session:
        session.execute(text(f"UPDATE identity.approval SET {change}"))


def test_a_closed_proposal_is_never_opened_again_nor_deleted(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    second.decide(propose(proposer.actor), is_approved=False)
    for statement in (
        "UPDATE identity.approval SET status = 'proposed', decided_by = NULL, closed_at = NULL",
        "DELETE FROM identity.approval",
    ):
        with pytest.raises(IntegrityError), db.unit_of_work() as session:
            session.execute(text(statement))


def test_of_many_decisions_at_once_one_counts_and_the_effect_runs_once(
    world: World, client: FlaskClient, proposer: SignedInOfficer
) -> None:
    approval_id = propose(proposer.actor)
    deciders = [signed_in_officer(client) for _ in range(8)]

    def decide(number: int) -> int:
        who = deciders[number]
        own = SignedInOfficer(client.application.test_client(), who.officer_id, who.staff_number, who.token, who.actor)
        return own.decide(approval_id, is_approved=number % 2 == 0).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(decide, range(8)))
    assert statuses == [200] + [409] * 7
    assert len(world.gifts) == 1


def test_the_same_decision_sent_again_is_answered_the_same_and_carried_out_once(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    approval_id = propose(proposer.actor)
    first, again = (second.decide(approval_id, is_approved=True, key="one") for _ in range(2))
    assert first.json == again.json and again.headers["Idempotency-Replayed"] == "true"
    assert world.gifts == [(600, "given")]


def test_an_effect_that_is_refused_leaves_no_decision_and_nothing_half_done(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    approval_id = propose(proposer.actor, amount=13)
    refused = second.decide(approval_id, is_approved=True)
    assert (refused.status_code, slug(refused), refused.json["cause"]) == (409, "approval-without-effect", "conflict")
    assert world.gifts == []
    assert second.call("GET", f"/v1/approvals/{approval_id}").json["status"] == "proposed"
    assert second.decide(approval_id, is_approved=False).status_code == 200
    assert world.gifts == [(13, "declined")]


def test_only_the_roles_that_the_kind_names_decide_it_and_the_auditor_reads_all(
    world: World, client: FlaskClient, proposer: SignedInOfficer
) -> None:
    approval_id = propose(proposer.actor, bureau="parking")
    auditor = signed_in_officer(client, "auditor")
    assert auditor.call("GET", f"/v1/approvals/{approval_id}").json["may_decide"] is False
    refused = auditor.decide(approval_id, is_approved=True)
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    elsewhere = signed_in_officer(client, "bureau_officer", bureau="fines")
    assert elsewhere.call("GET", "/v1/approvals").json["items"] == []
    assert elsewhere.call("GET", f"/v1/approvals/{approval_id}").status_code == 404
    assert elsewhere.decide(approval_id, is_approved=True).status_code == 404
    concerned = signed_in_officer(client, "bureau_officer", bureau="parking")
    assert len(concerned.call("GET", "/v1/approvals").json["items"]) == 1
    assert concerned.decide(approval_id, is_approved=True).status_code == 200
    assert world.gifts == [(600, "given")]


def test_an_approver_of_messages_decides_for_their_own_bureau_alone(
    world: World, client: FlaskClient, proposer: SignedInOfficer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = replace(approvals._kinds[KIND], roles=frozenset({"publisher"}))
    monkeypatch.setitem(approvals._kinds, KIND, kind)
    approval_id = propose(proposer.actor, bureau="parking")
    elsewhere = signed_in_officer(client, "publisher", bureau="culture")
    assert elsewhere.call("GET", "/v1/approvals").json["items"] == []
    assert elsewhere.decide(approval_id, is_approved=True).status_code == 404
    assert world.gifts == []
    concerned = signed_in_officer(client, "publisher", bureau="parking")
    assert concerned.decide(approval_id, is_approved=True).status_code == 200


def test_whoever_proposed_may_take_it_back_and_nobody_else(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    approval_id = propose(proposer.actor)
    path = f"/v1/approvals/{approval_id}/withdrawal"
    assert second.call("POST", path, {}).status_code == 403
    assert proposer.call("POST", path, {}).json["status"] == "withdrawn"
    assert world.gifts == [(600, "withdrawn")]
    for late in (proposer.call("POST", path, {}), second.decide(approval_id, is_approved=True)):
        assert (late.status_code, slug(late)) == (409, "approval-closed")
    assert world.gifts == [(600, "withdrawn")]


def test_a_proposal_lapses_after_seven_days_and_can_no_longer_be_decided_even_before_it_is_swept(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    approval_id = propose(proposer.actor, now=clock.now() - timedelta(days=7, seconds=1))
    fresh = propose(proposer.actor, amount=20)
    late = second.decide(approval_id, is_approved=True)
    assert (late.status_code, slug(late)) == (409, "approval-closed")
    approvals.expire_due(clock.now())
    approvals.expire_due(clock.now())
    assert second.call("GET", f"/v1/approvals/{approval_id}").json["status"] == "expired"
    assert second.call("GET", f"/v1/approvals/{fresh}").json["status"] == "proposed"
    assert world.gifts == [(600, "expired")]


def test_a_proposal_that_cannot_be_closed_keeps_no_other_open(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    made = [propose(proposer.actor, amount) for amount in (14, 20)]
    approvals.expire_due(clock.now() + timedelta(days=8))
    told = [second.call("GET", f"/v1/approvals/{each}").json["status"] for each in made]
    assert told == ["proposed", "expired"]


def test_a_bureau_s_system_may_propose_and_an_officer_decides(world: World, second: SignedInOfficer) -> None:
    approval_id = propose(Actor(kind="bureau", id=new_uuid(), bureau="parking"), bureau="parking")
    assert second.call("GET", f"/v1/approvals/{approval_id}").json["proposed_by"] == "parking"
    assert second.decide(approval_id, is_approved=True).status_code == 200


def test_a_decision_without_a_key_is_refused_and_so_is_what_is_no_decision(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    path = f"/v1/approvals/{propose(proposer.actor)}/decision"
    assert second.call("POST", path, {"is_approved": True}).status_code == 400
    for body in ({}, {"is_approved": "yes"}, {"is_approved": 1}, {"is_approved": None}, {"is_approved": True, "note": "x" * 501},
                 {"is_approved": True, "note": "\x00"}, {"is_approved": True, "by": "me"}):  # fmt: skip
        assert second.call("POST", path, body, Idempotency_Key="k").status_code == 422, body
    assert world.gifts == []


def test_a_list_goes_on_where_it_stopped(world: World, proposer: SignedInOfficer, second: SignedInOfficer) -> None:
    made = [propose(proposer.actor, amount) for amount in (1, 2, 3)]
    first = second.call("GET", "/v1/approvals?limit=2").json
    rest = second.call("GET", f"/v1/approvals?limit=2&cursor={first['next_cursor']}").json
    # Ids of one millisecond are in no order, so only that none is missing or there twice is said.
    assert sorted(item["id"] for item in first["items"] + rest["items"]) == sorted(made)
    assert rest["next_cursor"] is None


def test_what_a_list_shows_holds_nothing_of_the_body(
    world: World, proposer: SignedInOfficer, second: SignedInOfficer
) -> None:
    propose(proposer.actor, amount=987654)
    listed = second.call("GET", "/v1/approvals").get_data(as_text=True)
    assert "987654" not in listed and "該給的" not in listed


def test_citizens_see_nothing_of_it(world: World, client: FlaskClient, proposer: SignedInOfficer) -> None:
    approval_id = propose(proposer.actor)
    citizen = sign_in(client)
    assert citizen.call("GET", "/v1/approvals").status_code == 401
    assert citizen.call("GET", f"/v1/approvals/{approval_id}").status_code == 401
