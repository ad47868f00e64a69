"""A bureau's file is taken over whole or not at all, once, and never against what we have collected."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from feed_files import FILE_NAMES, SAMPLES, corrected, expectations, feed, generate, in_chunks
from sqlalchemy import text

from core import crypto
from core.db import Database
from core.errors import NotFound
from wallet import bill_batches, feed_problems, tasks
from wallet.bill_batches import Batch, RefusedLine
from wallet.feed_profiles import PROFILES

NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
ONE = "3326266985532151"
TWO = "3551346543170264"
NOTICE = "BGA457353"


class Reports:
    """Where the question of a bill reported as paid elsewhere lands: what was asked, in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[UUID, UUID]] = []

    def __call__(self, session: object, *, bill_id: UUID, external_payment_id: UUID, now: datetime) -> None:
        assert now == NOW
        self.asked.append((bill_id, external_payment_id))


def receive(database: Database, source: str, content: bytes | Iterable[bytes], **options: Any) -> Batch:
    chunks = in_chunks(content) if isinstance(content, bytes) else content
    options = {"sender": None, "now": NOW, "on_reported_elsewhere": Reports()} | options
    with database.unit_of_work() as session:
        return bill_batches.receive(session, chunks, source=source, **options)


def query(database: Database, sql: str, **values: Any) -> list[Any]:
    with database.unit_of_work() as session:
        result: Any = session.execute(text(sql), values)
        return list(result.all()) if result.returns_rows else []


def bill(database: Database, number: str) -> Any:
    (row,) = query(database, "SELECT * FROM wallet.bill WHERE number = :number", number=number)
    return row


def refused_lines(database: Database, batch: Batch) -> list[RefusedLine]:
    with database.unit_of_work() as session:
        return bill_batches.refusals_of(session, batch.id, after_row=0, limit=1_000_000)


def register(database: Database) -> list[Any]:
    """Everything that a file could have changed."""
    return [
        query(database, "SELECT * FROM wallet.bill ORDER BY id"),
        query(database, "SELECT * FROM wallet.external_payment ORDER BY id"),
        query(database, "SELECT id, status, rows FROM wallet.bill_batch ORDER BY id"),
        query(database, "SELECT id, row, reason FROM wallet.bill_refusal ORDER BY id"),
    ]


def as_oracle(row: Any) -> dict[str, Any]:
    """A bill of the register in the oracle's vocabulary."""
    happened = (row.occurred_at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")
    common = {
        "kind": row.kind, "number": row.number, "plate": row.plate, "vehicle": row.vehicle, "amount": row.amount_twd,
        "due_on": row.due_on.isoformat(), "status": row.status,
    }  # fmt: skip
    if row.kind == "parking":
        return common | {"parked_at": happened, "district": row.district, "road": row.road}
    owner = crypto.open_sealed(row.owner_sealed, table="wallet.bill", column="owner_sealed", row_id=row.id).decode()
    assert bytes(row.owner_index) == crypto.blind_index(owner, purpose="national_id")
    return common | {
        "violated_at": happened, "place": row.place, "law_code": row.law_code, "law_text": row.law_text,
        "owner_id": owner, "owner_sex": row.owner_sex, "payable_by_agent": row.payable_by_agent,
    }  # fmt: skip


def assert_register_is_as_the_oracle_says(database: Database, source: str, folder: Path, batch: Batch) -> None:
    numbers: set[str] = set()
    expected = [corrected(line, numbers, source=source) for line in expectations(folder / FILE_NAMES[source])]
    bills = {line["bill"]["number"]: line["bill"] for line in expected if "bill" in line}
    refusals = [
        (line["row"], line["refused"]["field"], line["refused"]["reason"])
        for line in expected
        if "refused" in line and line["refused"]["reason"] != "duplicate_ignored"
    ]
    ignored = sum(line.get("refused", {}).get("reason") == "duplicate_ignored" for line in expected)
    stored = query(database, "SELECT * FROM wallet.bill WHERE bureau = :bureau", bureau=source)
    assert {row.number: as_oracle(row) for row in stored} == bills
    assert [(line.row, line.field, line.reason) for line in refused_lines(database, batch)] == refusals
    assert (batch.rows, batch.accepted, batch.ignored, batch.refused) == (
        len(expected), len(bills), ignored, len(refusals),
    )  # fmt: skip
    assert (batch.changed, batch.unchanged) == (len(bills), 0)


@pytest.mark.parametrize("source", ["parking", "fines"])
def test_the_register_holds_what_the_oracle_says(database: Database, source: str) -> None:
    batch = receive(database, source, (SAMPLES / FILE_NAMES[source]).read_bytes())
    assert_register_is_as_the_oracle_says(database, source, SAMPLES, batch)


@pytest.mark.parametrize("seed", [2, 3])
def test_the_register_holds_what_the_oracle_says_of_other_seeds(
    database: Database, samples_dir: Path, tmp_path: Path, seed: int
) -> None:
    generate(samples_dir, tmp_path, seed=seed, rows=6_000)
    for source in ("parking", "fines"):
        batch = receive(database, source, (tmp_path / FILE_NAMES[source]).read_bytes())
        assert_register_is_as_the_oracle_says(database, source, tmp_path, batch)


def test_what_stores_collected_closes_the_bills(database: Database) -> None:
    reports = Reports()
    for source in PROFILES:
        batch = receive(database, source, (SAMPLES / FILE_NAMES[source]).read_bytes(), on_reported_elsewhere=reports)
    lines = [line["bill"] for line in expectations(SAMPLES / FILE_NAMES["paid-elsewhere"])]
    assert (batch.rows, batch.accepted, batch.changed) == (len(lines), len(lines), len(lines))
    for line in lines:
        row = bill(database, line["number"])
        assert (row.status, row.paid_channel) == ("paid", line["channel"])
        assert row.paid_at == datetime.fromisoformat(line["paid_at"])
    assert query(database, "SELECT 1 FROM wallet.external_payment WHERE bill_id IS NULL") == []
    assert reports.asked == []


def test_the_same_content_again_changes_nothing_and_answers_with_the_first_batch(database: Database) -> None:
    for source in PROFILES:
        content = (SAMPLES / FILE_NAMES[source]).read_bytes()
        first = receive(database, source, content)
        before = register(database)
        again = receive(database, source, content, now=NOW + timedelta(days=1))
        assert again.is_repeat
        assert not first.is_repeat
        assert (again.id, again.rows, again.changed) == (first.id, first.rows, first.changed)
        assert register(database) == before


def test_the_same_bills_in_another_file_change_nothing(database: Database) -> None:
    receive(database, "parking", feed("parking", {}, {"單號": TWO}))
    before = query(database, "SELECT * FROM wallet.bill ORDER BY id")
    batch = receive(database, "parking", feed("parking", {"單號": TWO}, {}))
    assert (batch.accepted, batch.changed, batch.unchanged) == (2, 0, 2)
    assert query(database, "SELECT * FROM wallet.bill ORDER BY id") == before


def test_a_newer_batch_updates_amount_due_date_and_status_of_what_is_unpaid(database: Database) -> None:
    receive(database, "parking", feed("parking", {}, {"單號": TWO}))
    changes = {"應繳金額": "90", "繳費期限": "1151231", "路段": "別的路", "車號": "ABC-1235"}
    batch = receive(database, "parking", feed("parking", changes, {"單號": TWO, "狀態": "註銷"}))
    assert (batch.changed, batch.unchanged) == (2, 0)
    changed, voided = bill(database, ONE), bill(database, TWO)
    assert (changed.amount_twd, changed.due_on, changed.status) == (90, date(2026, 12, 31), "unpaid")
    assert (changed.road, changed.plate, changed.batch_id) == ("臨海二路", "KK-9786", batch.id)
    assert voided.status == "void"


def test_a_bill_that_the_register_says_was_paid_is_paid_and_stays_so(database: Database) -> None:
    receive(database, "parking", feed("parking", {}))
    receive(database, "parking", feed("parking", {"狀態": "已繳"}))
    paid = bill(database, ONE)
    assert (paid.status, paid.paid_channel, paid.paid_at) == ("paid", "bureau-register", NOW)
    batch = receive(database, "parking", feed("parking", {"應繳金額": "41"}))
    assert (batch.changed, batch.unchanged) == (0, 1)
    assert bill(database, ONE) == paid


def test_no_batch_changes_what_we_have_collected(database: Database) -> None:
    reports = Reports()
    receive(database, "parking", feed("parking", {}))
    query(
        database,
        "UPDATE wallet.bill SET status = 'paid', paid_by_payment = :id, paid_at = now() WHERE number = :number",
        id=uuid4(), number=ONE,
    )  # fmt: skip
    before = bill(database, ONE)
    for status in ("未繳", "已繳", "註銷"):
        batch = receive(
            database, "parking", feed("parking", {"應繳金額": "90", "狀態": status}), on_reported_elsewhere=reports
        )
        assert batch.changed == 0
    assert bill(database, ONE) == before
    assert reports.asked == []


def test_a_bill_that_a_payment_holds_is_left_to_that_payment_when_the_register_says_paid(database: Database) -> None:
    reports = Reports()
    receive(database, "parking", feed("parking", {}))
    query(database, "UPDATE wallet.bill SET claimed_by = :id WHERE number = :number", id=uuid4(), number=ONE)
    content = feed("parking", {"狀態": "已繳"})
    batch = receive(database, "parking", content, on_reported_elsewhere=reports)
    receive(
        database,
        "parking",
        content + feed("parking", {"單號": TWO}).split(b"\r\n", 1)[1],
        on_reported_elsewhere=reports,
    )
    held = bill(database, ONE)
    assert (held.status, batch.changed) == ("unpaid", 1)
    ((report_id, bill_id, channel),) = query(database, "SELECT id, bill_id, channel FROM wallet.external_payment")
    assert (bill_id, channel) == (held.id, "bureau-register")
    assert reports.asked == [(held.id, report_id)]


@pytest.mark.parametrize("hold", ["claimed_by", "paid_by_payment"])
def test_a_bill_of_ours_that_a_store_collected_too_is_left_to_the_payment(database: Database, hold: str) -> None:
    reports = Reports()
    receive(database, "fines", feed("fines", {"NOTICE_NO": NOTICE}))
    query(database, f"UPDATE wallet.bill SET {hold} = :id WHERE number = :number", id=uuid4(), number=NOTICE)
    before = bill(database, NOTICE)
    receive(database, "paid-elsewhere", feed("paid-elsewhere", {}), on_reported_elsewhere=reports)
    assert bill(database, NOTICE) == before
    ((report_id,),) = query(database, "SELECT id FROM wallet.external_payment WHERE bill_id = :id", id=before.id)
    assert reports.asked == [(before.id, report_id)]


def test_a_payment_at_a_store_waits_for_its_bill(database: Database) -> None:
    receive(database, "paid-elsewhere", feed("paid-elsewhere", {}))
    ((bill_id,),) = query(database, "SELECT bill_id FROM wallet.external_payment")
    assert bill_id is None
    receive(database, "fines", feed("fines", {"NOTICE_NO": NOTICE}))
    paid = bill(database, NOTICE)
    assert (paid.status, paid.paid_channel) == ("paid", "全家")
    assert paid.paid_at == datetime(2026, 11, 19, 6, 0, tzinfo=UTC)
    ((bill_id,),) = query(database, "SELECT bill_id FROM wallet.external_payment")
    assert bill_id == paid.id


def test_a_store_tells_where_and_when_what_the_register_called_paid_was_paid(database: Database) -> None:
    receive(database, "fines", feed("fines", {"NOTICE_NO": NOTICE, "STATUS": "已結"}))
    receive(database, "paid-elsewhere", feed("paid-elsewhere", {}))
    assert (bill(database, NOTICE).status, bill(database, NOTICE).paid_channel) == ("paid", "全家")


def test_a_channels_line_again_is_one_payment_and_a_contradicting_one_is_refused(database: Database) -> None:
    receive(database, "paid-elsewhere", feed("paid-elsewhere", {}))
    batch = receive(
        database,
        "paid-elsewhere",
        feed(
            "paid-elsewhere",
            {},
            {},
            {"金額": "700"},
            {"通路交易序號": "2"},
            {"通路交易序號": "2", "帳單編號": "BHA452929"},
        ),
    )
    assert (batch.accepted, batch.ignored, batch.refused) == (2, 1, 2)
    assert (batch.changed, batch.unchanged) == (1, 1)
    batch = receive(database, "paid-elsewhere", feed("paid-elsewhere", {"金額": "700"}))
    (line,) = refused_lines(database, batch)
    assert (line.row, line.field, line.reason) == (1, "通路交易序號", "conflicts_with_earlier_batch")
    assert "700" in line.raw.decode()
    assert len(query(database, "SELECT 1 FROM wallet.external_payment")) == 2


def test_of_lines_with_one_number_the_first_readable_one_stands(database: Database) -> None:
    bad, other, again = {"應繳金額": ""}, {"應繳金額": "777"}, {"應繳金額": "４０元", "車號": "kk-9786"}
    batch = receive(database, "parking", feed("parking", bad, {}, other, again, other, {"單號": TWO}))
    assert (batch.rows, batch.accepted, batch.ignored, batch.refused) == (6, 2, 1, 3)
    assert [(line.row, line.field, line.reason) for line in refused_lines(database, batch)] == [
        (1, "應繳金額", "amount_missing"),
        (3, "單號", "conflicts_with_earlier_line"),
        (5, "單號", "conflicts_with_earlier_line"),
    ]
    assert bill(database, ONE).amount_twd == 40


def test_refused_lines_are_kept_as_written_and_sealed(database: Database) -> None:
    content = feed("fines", {"OWNER_ID": "A175863493"})
    batch = receive(database, "fines", content)
    (line,) = refused_lines(database, batch)
    assert line.raw == content.split(b"\r\n")[1]
    ((sealed,),) = query(database, "SELECT raw_sealed FROM wallet.bill_refusal")
    assert b"A175863493" not in bytes(sealed)


def test_no_id_number_stands_readable_in_the_register(database: Database) -> None:
    receive(database, "fines", feed("fines", {}))
    ((row,),) = query(database, "SELECT to_jsonb(b)::text FROM wallet.bill b")
    assert "A175863492" not in row


def test_refused_lines_are_forgotten_after_ninety_days(database: Database) -> None:
    receive(database, "parking", feed("parking", {"應繳金額": ""}))
    with database.unit_of_work() as session:
        assert bill_batches.forget_refusals(session, now=NOW + timedelta(days=90)) == 0
    _, sweep = tasks.SWEEPS["wallet.forget_refusals"]
    sweep(NOW + timedelta(days=91))
    with database.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM wallet.bill_refusal")).scalar_one() == 0


def test_text_that_could_break_the_copy_arrives_as_it_was(database: Database) -> None:
    place = 'C:\\temp\\N\\.\t"x"\r\n往北 \\'
    receive(database, "fines", feed("fines", {"PLACE": place, "LAW_TEXT": "\\N"}))
    row = bill(database, "BFG614086")
    assert (row.place, row.law_text) == (place.strip(), "\\N")


def test_a_file_that_turns_out_bad_at_its_end_changes_nothing(database: Database) -> None:
    receive(database, "parking", feed("parking", {}))
    before = register(database)
    many = feed("parking", *[{"單號": f"{n:016d}"} for n in range(9_000)], {"應繳金額": "90"})
    for content, problem in (
        (many[:-5], feed_problems.FeedTruncated),
        (many + b"x" * 70_000, feed_problems.FeedRecordTooLong),
        (many + b"\0\r\n", feed_problems.FeedNotText),
    ):
        with pytest.raises(problem):
            receive(database, "parking", content)
        assert register(database) == before


def test_a_file_that_arrived_otherwise_than_it_was_sent_changes_nothing(database: Database) -> None:
    content = feed("parking", {})
    before = register(database)
    with pytest.raises(feed_problems.ContentDigestWrong):
        receive(database, "parking", content, content_sha256=hashlib.sha256(b"other").digest())
    assert register(database) == before
    assert receive(database, "parking", content, content_sha256=hashlib.sha256(content).digest()).accepted == 1


def test_a_file_over_the_limit_is_refused_while_it_arrives(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill_batches, "FILE_BYTES_MAX", 1_000_000)

    def endless() -> Iterable[bytes]:
        yield feed("parking")
        while True:
            yield feed("parking", {}).split(b"\r\n", 1)[1] * 100

    with pytest.raises(feed_problems.FeedTooLarge):
        receive(database, "parking", endless())
    assert query(database, "SELECT 1 FROM wallet.bill") == []


def test_a_batch_is_shown_to_whoever_sent_its_content_and_to_nobody_else(database: Database) -> None:
    first, second, stranger = uuid4(), uuid4(), uuid4()
    batch = receive(database, "parking", feed("parking", {}), sender=first)
    receive(database, "parking", feed("parking", {}), sender=second)
    with database.unit_of_work() as session:
        assert bill_batches.batch_of(session, batch.id, sender=first) == batch
        assert bill_batches.batch_of(session, batch.id, sender=second) == batch
        with pytest.raises(NotFound):
            bill_batches.batch_of(session, batch.id, sender=stranger)


_SLOW_IMPORT = """
import sys, time
from datetime import UTC, datetime
from core import db
from wallet import bill_batches

def chunks(content):
    yield content
    print("half", flush=True)
    time.sleep(60)

db.configure(sys.argv[1])
with open(sys.argv[2], "rb") as file, db.unit_of_work() as session:
    bill_batches.receive(session, chunks(file.read()), source="parking", sender=None,
                         now=datetime(2026, 11, 19, 15, tzinfo=UTC), on_reported_elsewhere=None)
"""


def test_a_process_killed_half_way_leaves_nothing_and_the_file_can_be_sent_again(
    database: Database, tmp_path: Path
) -> None:
    content = feed("parking", *[{"單號": f"{n:016d}"} for n in range(9_000)])
    file = tmp_path / "parking.csv"
    file.write_bytes(content)
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW_IMPORT, database.url, file], stdout=subprocess.PIPE, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'"
    while query(database, others):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert register(database) == [[], [], [], []]
    assert receive(database, "parking", content).changed == 9_000


_IMPORT_AND_WEIGH = """
import sys
from datetime import UTC, datetime
from core import db
from wallet import bill_batches

db.configure(sys.argv[1])
with open(sys.argv[3], "rb") as file, db.unit_of_work() as session:
    chunks = iter(lambda: file.read(262_144), b"")
    print(bill_batches.receive(session, chunks, source=sys.argv[2], sender=None,
                               now=datetime(2026, 11, 19, 15, tzinfo=UTC), on_reported_elsewhere=None).rows)
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read peak memory from")
def test_a_hundred_thousand_lines_are_taken_over_in_constant_memory(
    database: Database, samples_dir: Path, tmp_path: Path
) -> None:
    generate(samples_dir, tmp_path, seed=4, rows=100_000)
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_AND_WEIGH, database.url, "parking", tmp_path / "parking.csv"],
        check=True, capture_output=True, text=True, timeout=240, env={**os.environ},
    )  # fmt: skip
    rows, peak_kib = map(int, done.stdout.split())
    assert rows == 100_000
    assert peak_kib < 150 * 1024


def test_progress_hears_rows_and_bytes(database: Database) -> None:
    heard: list[tuple[int, int]] = []
    content = feed("parking", *[{"單號": f"{n:016d}"} for n in range(9_000)])
    receive(database, "parking", content, progress=lambda rows, size: heard.append((rows, size)))
    assert heard[-1] == (9_000, len(content))
    assert heard == sorted(heard)
    assert len(heard) >= 3
