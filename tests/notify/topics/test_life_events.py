"""What a bureau learns from reporting a life event: nothing about whether that person uses the app."""

from __future__ import annotations

from typing import Any

import pytest
from bureau_system import BureauSystem
from sent_statements import statements_of
from signed_in import SignedIn
from sqlalchemy import text

from core import clock, db
from tests.notify.topics.conftest import subscribe

USES_IT, DOES_NOT = "A123456789", "F131232216"
NAME = {"zh": "案件", "en": "A case"}
REPORTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("civil_affairs", "marriage_registered", {}),
    ("civil_affairs", "birth_registered", {}),
    ("civil_affairs", "moved_district", {"district": "64000120"}),
    ("rdec", "case_opened", {"subject": "case:{n}", "name": NAME}),
    ("education", "school_started", {"subject": "child:{n}", "name": NAME}),
)


@pytest.mark.parametrize(("bureau", "kind", "more"), REPORTS)
def test_the_answer_and_the_work_are_the_same_for_who_uses_the_app_and_who_does_not(
    mei: SignedIn, database: db.Database, bureau: str, kind: str, more: dict[str, Any]
) -> None:
    system = BureauSystem(mei.client, bureau, "life-events:write")
    told: list[tuple[Any, list[str]]] = []
    # The first one warms what the program keeps in memory.
    for n, national_id in enumerate((DOES_NOT, DOES_NOT, USES_IT)):
        body = {"kind": kind, "reference": f"{kind}-{n}", "at": clock.now().isoformat(), "national_id": national_id}
        of_this = {name: value.format(n=n) if isinstance(value, str) else value for name, value in more.items()}
        with statements_of(database) as sent:
            answer = system.send("POST", "/v1/bureau/life-events", body | of_this)
        assert answer.status_code == 202, answer.text
        told.append((answer, [each for each in sent if "SAVEPOINT" not in each]))
    (_, (nobody, for_nobody), (somebody, for_somebody)) = told
    assert for_nobody == for_somebody
    assert nobody.json.keys() == somebody.json.keys() == {"id", "kind", "reference", "received_at"}
    headers = [{name for name, _ in answer.headers} for answer in (nobody, somebody)]
    assert headers[0] == headers[1]
    with db.unit_of_work() as session:
        mine = session.execute(text(_LEFT), {"id": mei.person_id}).scalar_one()
        everybodys = session.execute(text(_LEFT.replace("= :id", "IS NOT NULL"))).scalar_one()
    assert mine == everybodys, "of who is not there, nothing is left"


def test_no_count_of_the_bureaus_moves_when_somebody_is_offered_something(mei: SignedIn) -> None:
    with db.unit_of_work() as session:
        before = session.execute(text(_COUNTS)).all()
    system = BureauSystem(mei.client, "civil_affairs", "life-events:write")
    body = {"kind": "marriage_registered", "reference": "m", "at": clock.now().isoformat(), "national_id": USES_IT}
    assert system.send("POST", "/v1/bureau/life-events", body).status_code == 202
    assert len(mei.call("GET", "/v1/subscription-offers").json["items"]) == 1
    with db.unit_of_work() as session:
        assert session.execute(text(_COUNTS)).all() == before, "an offer is no subscription, and no audience counts it"
    subscribe(mei, "newlyweds")
    with db.unit_of_work() as session:
        assert session.execute(text(_COUNTS)).all() != before


_LEFT = """
    SELECT (SELECT count(*) FROM notify.offer WHERE person_id = :id)
         + (SELECT count(*) FROM notify.subject WHERE kind IN ('case', 'child') AND person_id = :id)
         + (SELECT count(*) FROM notify.place WHERE person_id = :id)
"""
_COUNTS = "SELECT topic_id, count(*) AS n FROM notify.subscription WHERE status = 'live' GROUP BY topic_id ORDER BY 1"
