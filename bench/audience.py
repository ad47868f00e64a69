"""Estimating and resolving an audience with the whole city in the database, beside the database's own bare scan.

    python -m bench.audience [--people 2700000] [--subscriptions 20000000]

One server in a folder of its own. Everybody has a home and nearly everybody a device; each subscribes to the topic
that is measured and to some of the others, so that the table holds as many subscriptions as asked for, in no order of
people. What is measured:

- the estimate (`notify.campaigns.forecasts.counted`: audience, sleep, cap, deadline, devices) of everybody, of two
  districts, and of a circle; beside `SELECT count(*)` of all subscriptions, which reads the same table from end to end;
- the whole resolving of a run (`notify.campaigns.runs.resolve`: every candidate written, in committed chunks), in a
  process of its own whose memory is read at the end; beside one single INSERT … SELECT of as many rows as a tenth of
  them into a table with the same indexes; and once more with a hundredth of the people, for the memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import orjson
import psycopg
from sqlalchemy import text

from api.prepare import prepare
from bench import running
from bench.bills import drop_indexes
from core import db, embedded
from core.ids import new_uuid
from notify.campaigns import campaigns, forecasts, runs

PEOPLE, SUBSCRIPTIONS = 2_700_000, 20_000_000
AIM_MEMORY = 1.1
"""Memory of a hundred times as many people, beside that of the few."""
OTHER_TOPICS = 9
FEW_OF = 100
_NEEDED_BYTES_PER_SUBSCRIPTION = 1_100
_KEPT_FREE_BYTES = 10 << 30
_NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@dataclass
class Result:
    """Seconds, by what was measured; people found by each audience; peak memory of resolving, by audience, in MiB."""

    people: int
    subscriptions: int
    gigabytes: float = 0.0
    filled_in_seconds: float = 0.0
    count_all_seconds: float = 0.0
    count_topic_seconds: float = 0.0
    estimate_seconds: dict[str, float] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    resolve_seconds: dict[str, float] = field(default_factory=dict)
    resolve_mib: dict[str, float] = field(default_factory=dict)
    insert_rate: float = 0.0


AUDIENCES: Mapping[str, Mapping[str, object]] = {
    "everybody": {},
    "two districts": {"districts": ["64000050", "64000080"]},
    "a circle of 3 km": {"near": {"circle": {"latitude": 22.63, "longitude": 120.3, "radius_m": 3000}}},
}


def main() -> None:
    """Measure and print; or, in the process that the bench starts, resolve one run and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS)
    parser.add_argument("--resolve", nargs=2, metavar=("URL", "RUN"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.resolve:
        resolve(*chosen.resolve)
    else:
        show(measure(people=chosen.people, subscriptions=chosen.subscriptions))


def measure(*, people: int, subscriptions: int) -> Result:
    """Fill a database of that size, scaled down where the disk is too small, and measure."""
    with running.state_folder() as folder:
        room = (shutil.disk_usage(folder).free - _KEPT_FREE_BYTES) // _NEEDED_BYTES_PER_SUBSCRIPTION
        if subscriptions > room:
            people, subscriptions = people * room // subscriptions, room
            print(f"the disk has room for {subscriptions:,} subscriptions only")
        result = Result(people, subscriptions)
        filling = {"max_wal_size": "16GB", "shared_buffers": "2GB", "autovacuum": "off", "fsync": "off",
                   "wal_level": "minimal", "max_wal_senders": "0"}  # fmt: skip
        server = embedded.start_postgres(folder, filling)
        try:
            fill(server, result)
        finally:
            server.stop()
        server = embedded.start_postgres(folder, {"shared_buffers": "2GB", "max_wal_size": "8GB"})
        try:
            _count(server.url("city"), result)
            _estimate(server.url("city"), result)
            _resolve(server.url("city"), result)
        finally:
            server.stop(immediately=True)
    return result


def fill(server: embedded.Postgres, result: Result) -> None:
    """Make the city. Indexes are built after the rows, and no trigger runs, as nobody asks meanwhile."""
    started = time.monotonic()
    embedded.make_database(server, "city")
    url = server.url("city")
    prepare(url)
    others = max(0.0, (result.subscriptions / result.people - 1 - 1 / FEW_OF) / OTHER_TOPICS)
    values = {"people": result.people, "others": others, "topics": OTHER_TOPICS, "few": FEW_OF, "factor": 7_919}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'; SET session_replication_role = replica")
        connection.execute(_TOPICS)
        for table, statement in _FILL.items():
            later = drop_indexes(connection, table)
            connection.execute(statement.format(**values))
            for definition in later:
                connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        ((result.subscriptions, size),) = connection.execute(
            "SELECT count(*), pg_database_size(current_database()) FROM notify.subscription"
        ).fetchall()
    result.gigabytes, result.filled_in_seconds = size / 1e9, time.monotonic() - started
    print(f"{result.subscriptions:,} subscriptions of {result.people:,} people filled in "
          f"{result.filled_in_seconds:,.0f} s", flush=True)  # fmt: skip


def resolve(url: str, run_id: str) -> None:
    """Resolve a run in this process; prints people, seconds and the peak of its memory in KiB."""
    db.configure(url)
    started = time.perf_counter()
    found = runs.resolve(UUID(run_id), _NOON)
    seconds = time.perf_counter() - started
    print(found, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def show(result: Result) -> None:
    """Print what was measured."""
    print(f"\n{result.subscriptions:,} subscriptions of {result.people:,} people, {result.gigabytes:.1f} GB\n")
    print(f"SELECT count(*) of all subscriptions {result.count_all_seconds:>31.2f} s")
    print(f"SELECT count(*) of the topic's live ones {result.count_topic_seconds:>27.2f} s")
    for name, seconds in result.estimate_seconds.items():
        ratio = seconds / result.count_all_seconds
        print(f"estimate of {name:<22} {result.found[name]:>10,} people {seconds:>14.2f} s   {ratio:.2f} × the count")
    for name, seconds in result.resolve_seconds.items():
        found = result.found[f"resolved {name}"]
        print(f"resolve {name:<26} {found:>10,} people {seconds:>14.1f} s   {found / seconds:,.0f}/s, "
              f"{result.resolve_mib[name]:.0f} MiB")  # fmt: skip
    print(f"one INSERT … SELECT into a table with the same indexes {result.insert_rate:>27,.0f}/s")


def _count(url: str, result: Result) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET jit = off")
        for statement in (_COUNT_ALL, _COUNT_TOPIC) * 2:
            started = time.perf_counter()
            connection.execute(statement)
            seconds = time.perf_counter() - started
            if statement == _COUNT_ALL:
                result.count_all_seconds = seconds
            else:
                result.count_topic_seconds = seconds


def _estimate(url: str, result: Result) -> None:
    database = db.configure(url)
    for name, audience in AUDIENCES.items():
        campaign_id = _campaign(url, "bench.all", audience)
        for _ in range(2):
            started = time.perf_counter()
            with database.unit_of_work() as session:
                campaign = campaigns.read(session, campaign_id)
                counted = forecasts.counted(session, campaign, at=_NOON, now=_NOON)
            result.estimate_seconds[name] = time.perf_counter() - started
            result.found[name] = counted["audience"]
    database.engine.dispose()


def _resolve(url: str, result: Result) -> None:
    for name, topic in (("a hundredth", "bench.few"), ("everybody", "bench.all")):
        run_id = _run(url, _campaign(url, topic, {}))
        command = [sys.executable, "-m", "bench.audience", "--resolve", url, str(run_id)]
        ran = subprocess.run(command, cwd=running.ROOT, env=os.environ, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise SystemExit(f"resolving failed: {ran.stderr[-2000:]}")
        found, seconds, kib = ran.stdout.split()
        result.found[f"resolved {name}"] = int(found)
        result.resolve_seconds[name], result.resolve_mib[name] = float(seconds), int(kib) / 1024
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.plain (LIKE notify.candidate INCLUDING ALL)")
        started = time.perf_counter()
        rows = connection.execute(_PLAIN, {"most": result.people // 10}).rowcount
        result.insert_rate = rows / (time.perf_counter() - started)


def _campaign(url: str, topic: str, audience: Mapping[str, object]) -> UUID:
    whole = {"districts": [], "place_kinds": [], "facts": [], "near": None, "subject": None, **audience}
    campaign_id = new_uuid()
    with db.Database(url, connections=2).unit_of_work() as session:
        values = {"id": campaign_id, "topic": topic, "audience": orjson.dumps(whole).decode(), "now": _NOON}
        session.execute(text(_CAMPAIGN), values)
    return campaign_id


def _run(url: str, campaign_id: UUID) -> UUID:
    run_id = new_uuid()
    with db.Database(url, connections=2).unit_of_work() as session:
        session.execute(text(_CONTENT), {"id": run_id, "now": _NOON})
        session.execute(text(_RUN), {"id": run_id, "campaign": campaign_id, "now": _NOON})
    return run_id


_PERSON = "lpad(to_hex({n}), 32, '0')::uuid"
_TOPICS = """
    INSERT INTO notify.topic (code, bureau, name_zh, name_en, purpose_zh, purpose_en, sample_title_zh, sample_title_en,
        sample_body_zh, sample_body_en, legal_basis_zh, legal_basis_en, endings, created_at, updated_at)
    SELECT code, 'public_works', '題', 'Topic', '', '', '', '', '', '', '', '', '[]', now(), now()
      FROM unnest(ARRAY['bench.all', 'bench.few']
                  || ARRAY(SELECT 'bench.' || n FROM generate_series(1, 9) AS n)) AS code
"""
# People in an order that has nothing to do with their ids, as they would come over the years: the factor is prime.
_FILL = {
    "notify.subscription": f"""
        INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how, sends, unopened)
        SELECT uuidv7(), p.id, t.id, now() - interval '1 year', 'citizen', 3, 1
          FROM (SELECT n, {_PERSON.format(n="n")} AS id
                  FROM (SELECT 1 + i::bigint * {{factor}} % {{people}} AS n
                          FROM generate_series(1, {{people}}) AS i) AS i
                OFFSET 0) AS p
               CROSS JOIN (SELECT id, code FROM notify.topic WHERE code LIKE 'bench.%') AS t
         WHERE CASE t.code WHEN 'bench.all' THEN true WHEN 'bench.few' THEN p.n % {{few}} = 0
                           ELSE (hashint8extended(p.n, t.id) & 65535) < 65536 * {{others}} END
    """,
    "notify.device": f"""
        INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, last_seen_at,
                                   position, position_at)
        SELECT uuidv7(), {_PERSON.format(n="n")}, 'fid', sha256(('device ' || n)::bytea),
               sha256(('sealed ' || n)::bytea) || '\\x01020304050607'::bytea, '', now(), now(),
               CASE WHEN n % 3 = 0 THEN point(round((120.2 + random() * 0.5)::numeric, 3),
                                              round((22.5 + random() * 0.6)::numeric, 3)) END,
               CASE WHEN n % 3 = 0 THEN timestamptz '2026-11-21 03:00+00' END
          FROM (SELECT 1 + i::bigint * {{factor}} % {{people}} AS n FROM generate_series(1, {{people}}) AS i) AS p
         WHERE n % 20 <> 0
    """,
    "notify.place": f"""
        INSERT INTO notify.place (person_id, kind, district, agreed_at)
        SELECT {_PERSON.format(n="n")}, 'home', '64000' || lpad((10 * (1 + n % 38))::text, 3, '0'), now()
          FROM generate_series(1, {{people}}) AS n
    """,
    "notify.preference": f"""
        INSERT INTO notify.preference (person_id, daily_cap, quiet_from, updated_at)
        SELECT {_PERSON.format(n="n")}, n % 7, '21:00', now() FROM generate_series(1, {{people}}, 20) AS n
    """,
    "notify.interest": f"""
        INSERT INTO notify.interest (person_id, topic_id, sent, opened)
        SELECT {_PERSON.format(n="n")}, t.id, 5, n % 5
          FROM generate_series(1, {{people}}, 2) AS n CROSS JOIN notify.topic t WHERE t.code = 'bench.all'
    """,
    "notify.person_day": f"""
        INSERT INTO notify.person_day (person_id, day, used)
        SELECT {_PERSON.format(n="n")}, '2026-11-21', n % 5 FROM generate_series(1, {{people}}, 3) AS n
    """,
}  # fmt: skip
_COUNT_ALL = "SELECT count(*) FROM notify.subscription"
_COUNT_TOPIC = """
    SELECT count(*) FROM notify.subscription
     WHERE status = 'live' AND topic_id = (SELECT id FROM notify.topic WHERE code = 'bench.all')
"""
_CAMPAIGN = """
    INSERT INTO notify.campaign (id, bureau, topic_id, name, content, audience, schedule, written_by, created_at,
                                 updated_at)
    SELECT :id, bureau, id, 'bench', '{"zh": {"title": "題", "body": "文"}, "en": {"title": "Ti", "body": "Bo"},
           "link": "/app", "fields": {}}', CAST(:audience AS jsonb), '{"kind": "now"}', gen_random_uuid(), :now, :now
      FROM notify.topic WHERE code = :topic
"""
_CONTENT = """
    INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at)
    VALUES (:id, '題', 'Ti', '文', 'Bo', '/app', '{}', :now)
"""
_RUN = """
    INSERT INTO notify.run (id, campaign_id, content_id, round_at, deadline, begun_at)
    VALUES (:id, :campaign, :id, :now, CAST(:now AS timestamptz) + interval '7 days', :now)
"""
_PLAIN = """
    INSERT INTO public.plain (run_id, person_id, subscription_id, topic_id, priority, deadline, interest, not_before)
    SELECT r.id, person_id, s.id, topic_id, 2, now(), 0.5, now()
      FROM notify.subscription s CROSS JOIN (SELECT gen_random_uuid() AS id) AS r
     WHERE status = 'live' AND topic_id = (SELECT id FROM notify.topic WHERE code = 'bench.all') LIMIT %(most)s
"""


if __name__ == "__main__":
    main()
