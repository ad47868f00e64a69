"""What is looked for every few seconds is found by an index made for it, however much there was before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import event

from core import db
from notify.cap.decisions import decide_due
from notify.channels import leases
from notify.tasks import SWEEPS
from tests.notify.cap.conftest import LATER, NOW, City

# Tables that hold years of a city's messages.
GROW = {
    "run", "candidate", "message", "delivery", "subscription", "trigger_fired", "digest_line", "person_day", "device",
}  # fmt: skip
ASK_OUTSIDE = {"notify.poll_alerts"}


@contextmanager
def _sent(database: db.Database) -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "notify." in statement:
            found.setdefault(statement, parameters)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def _reads_whole(plan: dict[str, Any], partial: set[str]) -> str | None:
    """The table that this step reads from its first row to its last; an index of some rows alone is read whole."""
    table = plan.get("Relation Name")
    if table not in GROW:
        return None
    if plan["Node Type"] == "Seq Scan":
        return str(table)
    is_index = plan["Node Type"] in ("Index Scan", "Index Only Scan")
    if is_index and "Index Cond" not in plan and plan["Index Name"] not in partial:
        return f"{table} by {plan['Index Name']}"
    return None


@pytest.mark.untouched_database
def test_no_sweep_reads_a_table_that_grows_from_end_to_end(city: City, database: db.Database) -> None:
    people = city.people(2, daily_cap=1)
    for n in range(3):
        city.run(people, topic=f"t{n}", deadline=NOW + timedelta(hours=14))
    stopped = city.run(people, topic="stopped")
    with _sent(database) as sent:
        decide_due(LATER)
        city.change("UPDATE notify.run SET status = 'stopped' WHERE id = :id", id=stopped)
        for name, (_, run) in SWEEPS.items():
            if name not in ASK_OUTSIDE:
                run(NOW + timedelta(hours=12))
        with db.unit_of_work() as session:
            leases.due_channels(session, LATER, event_id=None, least_urgency=0)
    assert len(sent) > 20
    whole = []
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off; SET session_replication_role = replica")
        partial = {row[0] for row in connection.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"
        )}  # fmt: skip
        partial = {name.rpartition(".")[2] for name in partial}
        for statement, parameters in sent.items():
            if not statement.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")):
                continue
            values = {
                name: Jsonb(value) if isinstance(value, dict) else value for name, value in (parameters or {}).items()
            }
            row = connection.execute("EXPLAIN (FORMAT JSON) " + statement, values or None).fetchone()
            assert row is not None
            for node in _nodes(row[0][0]["Plan"]):
                table = _reads_whole(node, partial)
                if table:
                    whole.append((table, " ".join(statement.split())[:160], node.get("Filter", "")[:160]))
    assert whole == []
