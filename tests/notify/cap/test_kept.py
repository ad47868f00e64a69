"""What is deleted after its time: the work, never the inbox, what explains it, the subscriptions or the counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from signed_in import SignedIn, sign_in

from api.app import create_app
from core import db, keeping
from notify.cap import digests
from notify.cap.decisions import decide_due
from notify.kept import RULES
from tests.notify.cap.conftest import LATER, NOW, WEEK, City

EVENING = datetime.fromisoformat("2026-11-05T19:00:00+08:00")
AFTER_MIDNIGHT = EVENING + timedelta(hours=6)


@pytest.fixture
def mei(database: db.Database) -> SignedIn:
    return sign_in(create_app().test_client())


def _counted(city: City, table: str) -> int:
    return int(city.read(f"SELECT count(*) AS n FROM {table}")[0].n)


def _as_read(person: SignedIn) -> list[Any]:
    """The whole inbox as the person reads it, and why each message came, of those too that a digest has gathered."""
    items = person.call("GET", "/v1/inbox").json["items"]
    every = items + [one for each in items for one in each.get("gathered") or ()]
    told = [person.call("GET", f"/v1/inbox/{each['id']}/why") for each in every]
    assert {answer.status_code for answer in told} == {200}
    return [items, [answer.json for answer in told]]


def test_years_later_the_inbox_its_reasons_and_the_reports_are_as_they_were(city: City, mei: SignedIn) -> None:
    city.change(
        "INSERT INTO notify.preference (person_id, daily_cap, updated_at) VALUES (:id, 1, now())", id=mei.person_id
    )
    city.change(
        "INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, last_seen_at) "
        "VALUES (gen_random_uuid(), :id, 'fid', sha256(''), '\\x00', '', now(), now())",
        id=mei.person_id,
    )
    runs = [city.run([mei.person_id], topic=f"t{n}", title=f"活動{n}", deadline=AFTER_MIDNIGHT) for n in range(3)]
    decide_due(LATER)
    digests.send_due(EVENING)
    city.change("UPDATE notify.delivery SET status = 'handed_over', provider_name = 'x', settled_at = :at", at=EVENING)
    before = _as_read(mei)
    kept = {table: _counted(city, table) for table in (
        "notify.message", "notify.subscription", "notify.run_tally", "notify.run", "notify.digest_line",
    )}  # fmt: skip
    told = [city.tallies(run) for run in runs]
    assert _counted(city, "notify.candidate") == 3 and told[0]

    gone = keeping.forget(RULES, NOW + timedelta(days=800))
    assert gone["notify.candidate"] == 3 and gone["notify.person_day"] == 1
    assert _counted(city, "notify.candidate") == _counted(city, "notify.person_day") == 0
    assert {table: _counted(city, table) for table in kept} == kept
    assert _as_read(mei) == before
    assert [city.tallies(run) for run in runs] == told
    assert gone["notify.delivery"] == 2 and _counted(city, "notify.delivery") == 0


def test_what_somebody_was_only_considered_for_goes_first(city: City) -> None:
    sent, expired, waiting = city.people(3)
    run = city.run([sent, expired])
    later = city.run([waiting], deadline=NOW + 10 * WEEK)
    for person, status in ((sent, "sent"), (expired, "expired")):
        city.change(
            "UPDATE notify.candidate SET status = :status WHERE run_id = :run AND person_id = :id",
            status=status, run=run, id=person,
        )  # fmt: skip
    for person in (sent, expired, waiting):
        city.change(
            "INSERT INTO notify.trigger_fired (campaign_id, subject, person_id, run_id, fired_at) "
            "SELECT campaign_id, 'bill:1', :id, id, :at FROM notify.run WHERE id = :run",
            id=person, at=NOW, run=later if person == waiting else run,
        )  # fmt: skip

    def left() -> tuple[set[UUID], set[UUID]]:
        candidates = {row.person_id for row in city.read("SELECT person_id FROM notify.candidate")}
        return candidates, {row.person_id for row in city.read("SELECT person_id FROM notify.trigger_fired")}

    keeping.forget(RULES, NOW + WEEK + timedelta(days=1, hours=23))
    assert left() == ({sent, expired, waiting}, {sent, expired, waiting})
    keeping.forget(RULES, NOW + WEEK + timedelta(days=2, hours=1))
    assert left() == ({sent, waiting}, {sent, waiting})
    keeping.forget(RULES, NOW + WEEK + timedelta(days=31))
    assert left() == ({waiting}, {sent, waiting})
    keeping.forget(RULES, NOW + timedelta(days=401))
    assert left() == ({waiting}, set())


def test_what_is_not_settled_stays_however_old(city: City) -> None:
    (person,) = city.people(1)
    city.run([person])
    decide_due(LATER)
    keeping.forget(RULES, NOW + timedelta(days=3))
    assert _counted(city, "notify.delivery") == 1 and _counted(city, "notify.person_day") == 1
    keeping.forget(RULES, NOW + timedelta(days=800))
    assert _counted(city, "notify.delivery") == 1
