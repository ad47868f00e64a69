"""Rows past their time go in chunks, found by an index, beside whoever holds some of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from accessibility import kept as accessibility_kept
from core import db, keeping, outbox
from core import kept as core_kept
from core.ids import new_uuid
from core.keeping import Kept
from notify import kept as notify_kept
from notify.receipts import receipts
from points import kept as points_kept
from points.earning import deeds
from wallet import kept as wallet_kept

# Half past two at night in Taipei.
NIGHT = datetime(2026, 11, 4, 18, 30, tzinfo=UTC)
RULES = (*core_kept.RULES, *accessibility_kept.RULES, *notify_kept.RULES, *points_kept.RULES, *wallet_kept.RULES)
RULE = Kept("core.idempotency", 7, "k.claimed_at < :before", "for this test")


def _run(sql: str, **values: Any) -> Any:
    with db.unit_of_work() as session:
        return session.execute(text(sql), values)


def _put(count: int, age: timedelta, caller: str) -> None:
    _run(
        "INSERT INTO core.idempotency (caller, key, route, fingerprint, claimed_at) "
        "SELECT :caller, n::text, '/', '', :at FROM generate_series(1, :count) AS n",
        caller=caller, count=count, at=NIGHT - age,
    )  # fmt: skip


def _left() -> dict[str, int]:
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT caller, count(*) FROM core.idempotency GROUP BY caller"))
        return {row[0]: row[1] for row in rows}


def test_what_is_past_its_time_goes_and_nothing_else(database: db.Database) -> None:
    _put(25, timedelta(days=7, seconds=1), "old")
    _put(5, timedelta(days=7), "of the last moment")
    assert keeping.forget([RULE], NIGHT, chunk=10) == {"core.idempotency": 25}
    assert _left() == {"of the last moment": 5}


def test_a_fact_goes_with_its_marks_and_one_that_somebody_waits_for_stays(database: db.Database) -> None:
    old = NIGHT - timedelta(days=401)
    with db.unit_of_work() as session:
        told, waiting, newer = (
            outbox.record(session, "test.fact", {}, now=at) for at in (old, old, old + timedelta(days=2))
        )
        for event in outbox.take(session, [told, waiting, newer]):
            outbox.not_consumed(session, "test.somebody", [event], now=NIGHT)
        outbox.settle(session, [told, newer], now=NIGHT)
    core_kept.forget(NIGHT)
    assert set(_run("SELECT id FROM core.outbox").scalars()) == {waiting, newer}
    assert set(_run("SELECT event_id FROM core.consumption").scalars()) == {waiting, newer}


def test_by_day_nothing_goes(database: db.Database) -> None:
    _put(3, timedelta(days=8), "old")
    assert not keeping.forget_at_night([RULE], NIGHT + timedelta(hours=9))
    assert _left() == {"old": 3}
    assert keeping.forget_at_night([RULE], NIGHT) == {"core.idempotency": 3}


def test_a_pass_that_is_over_stops_after_the_chunk_in_hand(database: db.Database) -> None:
    _put(20, timedelta(days=8), "old")
    assert not keeping.forget([RULE], NIGHT, chunk=5, seconds=0)
    assert _left() == {"old": 20}


def test_nobody_waits_for_a_row_that_somebody_holds(database: db.Database) -> None:
    _put(4, timedelta(days=8), "old")
    with database.unit_of_work() as holder:
        holder.execute(text("SELECT 1 FROM core.idempotency WHERE key = '2' FOR UPDATE"))
        assert keeping.forget([RULE], NIGHT) == {"core.idempotency": 3}
    assert keeping.forget([RULE], NIGHT) == {"core.idempotency": 1}


@pytest.mark.untouched_database
@pytest.mark.parametrize("rule", RULES, ids=[f"{each.table} {each.days}" for each in RULES])
def test_each_rule_finds_its_rows_by_an_index(database: db.Database, rule: Kept) -> None:
    with db.unit_of_work() as session:
        # An empty table is read whole, whatever indexes it has, unless that is said to be dear.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        values = {"before": NIGHT, "most": 10}
        plan = "\n".join(session.execute(text("EXPLAIN (VERBOSE) " + keeping.statement(rule)), values).scalars())
    name = rule.table.rpartition(".")[2]
    assert f"Index Scan using {name}_" in plan or f"Bitmap Index Scan on {name}_" in plan, plan
    assert f"Seq Scan on {rule.table}" not in plan, plan
    assert rule.table + "_pkey" not in plan, plan
    key = {"notify.person_day": "person_day_old", "notify.delivery": "delivery_settled"}.get(rule.table)
    assert key is None or key in plan


def test_the_page_says_the_same_as_the_rules() -> None:
    page = Path("docs/kept.md").read_text()
    told = re.findall(r"^\| `([a-z_.]+)` \|[^|]*\| (\d+) days", page, re.MULTILINE)
    assert sorted(told) == sorted((rule.table, str(rule.days)) for rule in RULES)


def test_a_hand_over_is_kept_for_as_long_as_its_device_is_believed() -> None:
    (rule,) = [each for each in RULES if each.table == "notify.delivery"]
    assert timedelta(days=rule.days) > receipts.OLDEST + receipts.FURTHEST_AHEAD


def test_a_deed_is_kept_for_as_long_as_its_source_may_tell_it_again() -> None:
    assert min(rule.days for rule in RULES if rule.table == "points.deed") > deeds.OLDEST.days


def test_deeds_go_those_of_nobody_first_and_a_first_passkey_stays(database: db.Database) -> None:
    for name, person, source, days in (
        ("nobody's, new", None, "health", 99), ("nobody's, old", None, "health", 101),
        ("somebody's, new", new_uuid(), "health", 399), ("somebody's, old", new_uuid(), "health", 401),
        ("a passkey", new_uuid(), "identity", 900),
    ):  # fmt: skip
        _run(
            "INSERT INTO points.deed (id, kind, source, key, person_id, happened_at, facts, body_hash, received_at) "
            "VALUES (:id, 'ride', :source, :key, :person, :at, '{}', sha256(''), :at)",
            id=new_uuid(), source=source, key=name, person=person, at=NIGHT - timedelta(days=days),
        )  # fmt: skip
    points_kept.forget(NIGHT)
    assert set(_run("SELECT key FROM points.deed").scalars()) == {"nobody's, new", "somebody's, new", "a passkey"}
