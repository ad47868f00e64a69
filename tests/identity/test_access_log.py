"""Who read whose data: nothing is shown without an entry, entries never change, and the citizen reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.front_door import view_of
from core import clock, db
from core.errors import InvalidRequest
from core.http import Answer, Call, Routes, officer
from core.ids import new_uuid, typeid
from core.text import Text
from identity import access_log, approvals
from identity.access_words import PURPOSES, WHAT
from identity.actors import Actor
from identity.approvals import Shown


@pytest.fixture
def citizen(client: FlaskClient) -> SignedIn:
    return sign_in(client)


@pytest.fixture
def auditor(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "auditor", name="鄭稽核")


def entries(citizen: SignedIn, **more: str) -> list[dict[str, Any]]:
    return list(citizen.call("GET", "/v1/me/access-log", **more).json["items"])


def record(actor: Actor, citizen: SignedIn, **more: Any) -> None:
    about = {"what": "payment", "purpose": "reconciliation", "now": clock.now()} | more
    with db.unit_of_work() as session:
        access_log.record_access(session, actor=actor, person_id=citizen.person_id, **about)


def test_a_citizen_reads_which_office_looked_at_what_why_and_when(citizen: SignedIn, auditor: SignedInOfficer) -> None:
    assert entries(citizen) == []
    record(auditor.actor, citizen, reference="pay_01j")
    (entry,) = entries(citizen)
    assert (entry["who"], entry["what_words"], entry["purpose_words"]) == ("財政局 稽核", "繳費紀錄", "核對帳目")
    assert entry["reference"] == "pay_01j" and entry["at"].endswith("+08:00")
    (english,) = entries(citizen, language="en")
    assert (english["who"], english["what_words"]) == ("Finance Bureau auditor", "a payment")
    # The office answers for its people: their names are in the log, and not in everybody's hands.
    assert "鄭稽核" not in str(entry)


def test_nobody_reads_the_log_of_somebody_else(
    client: FlaskClient, citizen: SignedIn, auditor: SignedInOfficer
) -> None:
    record(auditor.actor, citizen)
    assert entries(sign_in(client, "E179864328", "0987654321")) == []
    assert auditor.call("GET", "/v1/me/access-log").status_code == 401


def test_the_log_goes_on_where_it_stopped_and_refuses_another_list_s_cursor(
    citizen: SignedIn, auditor: SignedInOfficer
) -> None:
    for number in range(3):
        record(auditor.actor, citizen, reference=str(number))
    first = citizen.call("GET", "/v1/me/access-log?limit=2").json
    rest = citizen.call("GET", f"/v1/me/access-log?limit=2&cursor={first['next_cursor']}").json
    assert sorted(entry["reference"] for entry in first["items"] + rest["items"]) == ["0", "1", "2"]
    other = citizen.call("GET", "/v1/me/sessions?limit=1").json["items"][0]["id"]
    assert citizen.call("GET", f"/v1/me/access-log?cursor={other}").status_code == 422


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity.access_log SET purpose = 'audit'",
        "DELETE FROM identity.access_log",
        "TRUNCATE identity.access_log",
    ],
)
def test_an_entry_is_never_changed_nor_removed(citizen: SignedIn, auditor: SignedInOfficer, statement: str) -> None:
    record(auditor.actor, citizen)
    with pytest.raises(IntegrityError, match="only grows"), db.unit_of_work() as session:
        session.execute(text(statement))
    assert len(entries(citizen)) == 1


def test_an_entry_is_gone_with_the_reading_that_was_rolled_back(citizen: SignedIn, auditor: SignedInOfficer) -> None:
    with pytest.raises(InvalidRequest), db.unit_of_work() as session:
        access_log.record_access(
            session, actor=auditor.actor, person_id=citizen.person_id, what="bill", purpose="audit", now=clock.now()
        )
        raise InvalidRequest
    assert entries(citizen) == []


def test_only_reads_by_somebody_else_with_known_words_are_recorded(citizen: SignedIn, auditor: SignedInOfficer) -> None:
    with pytest.raises(AssertionError):
        record(Actor(kind="citizen", id=citizen.person_id), citizen)
    with pytest.raises(AssertionError, match="give 'secrets'"):
        record(auditor.actor, citizen, what="secrets")
    with pytest.raises(AssertionError):
        record(auditor.actor, citizen, purpose="curiosity")


def test_a_list_of_several_people_leaves_one_entry_for_each(client: FlaskClient, auditor: SignedInOfficer) -> None:
    people = [sign_in(client), sign_in(client, "E179864328", "0987654321")]
    with db.unit_of_work() as session:
        access_log.record_accesses(
            session, actor=auditor.actor, person_ids=[one.person_id for one in (*people, people[0])],
            what="payments", purpose="audit", now=clock.now(),
        )  # fmt: skip
    assert [len(entries(one)) for one in people] == [1, 1]


def test_every_word_is_in_both_languages() -> None:
    for words in (*WHAT.values(), *PURPOSES.values()):
        assert words.zh and words.en and words.zh != words.en


class TestTheFrontDoor:
    @pytest.fixture
    def ask(self, client: FlaskClient, citizen: SignedIn) -> Iterator[Callable[..., int]]:
        """Asks a route that shows the citizen's data and records it, forgets to, or finds nobody."""

        def ask(how: str, **declared: Any) -> int:
            room = Routes("tests")

            @room.get(
                "/v1/tests/read", access=officer("auditor"), answers={200: None}, summary=Text("讀", "Read"), shows_person_data=True,
                **declared,
            )  # fmt: skip
            def read(call: Call) -> Answer:
                who = {"records": [citizen.person_id], "finds nobody": []}.get(how)
                if who is not None:
                    about = {"what": "profile", "purpose": "audit", "now": call.now}
                    if call.unit is not None:
                        access_log.record_accesses(call.session, actor=call.actor, person_ids=who, **about)
                    else:
                        with db.unit_of_work() as session:
                            access_log.record_accesses(session, actor=call.actor, person_ids=who, **about)
                return Answer({"national_id": "A123456789"})

            app = Flask("reading")
            app.add_url_rule("/v1/tests/read", view_func=view_of(room.declared[0]))
            reader = signed_in_officer(app.test_client(), "auditor")
            return reader.call("GET", "/v1/tests/read").status_code

        yield ask

    @pytest.mark.parametrize("declared", [{}, {"own_units": True}])
    def test_shows_what_was_recorded(
        self, ask: Callable[..., int], citizen: SignedIn, declared: dict[str, Any]
    ) -> None:
        assert ask("records", **declared) == 200
        assert [entry["what"] for entry in entries(citizen)] == ["profile"]

    @pytest.mark.parametrize("declared", [{}, {"own_units": True}])
    def test_shows_nothing_that_was_not(self, ask: Callable[..., int], declared: dict[str, Any]) -> None:
        assert ask("forgets", **declared) == 500

    def test_shows_an_empty_list_without_an_entry(self, ask: Callable[..., int], citizen: SignedIn) -> None:
        assert ask("finds nobody") == 200
        assert entries(citizen) == []


def test_reading_a_proposal_about_a_citizen_is_recorded_and_listing_proposals_shows_none_of_it(
    client: FlaskClient, citizen: SignedIn, auditor: SignedInOfficer
) -> None:
    def shown(body: Mapping[str, Any]) -> list[Shown]:
        return []

    approvals.on_approved("tests.case", ["finance"], lambda *_: None, shown, title=Text("案件", "A case"))
    with db.unit_of_work() as session:
        made = approvals.propose(
            session, kind="tests.case", subject="x", body={}, reason="…", by=Actor(kind="system", id=new_uuid()),
            person_id=citizen.person_id, now=clock.now(),
        )  # fmt: skip
        approval_id = typeid("apr", made.id)
    decider = signed_in_officer(client)
    decider.call("GET", "/v1/approvals")
    assert entries(citizen) == []
    decider.call("GET", f"/v1/approvals/{approval_id}")
    auditor.call("GET", f"/v1/approvals/{approval_id}")
    assert {(entry["what"], entry["purpose"], entry["reference"]) for entry in entries(citizen)} == {
        ("approval", "audit", approval_id),
        ("approval", "decision", approval_id),
    }
    approvals._kinds.pop("tests.case")
