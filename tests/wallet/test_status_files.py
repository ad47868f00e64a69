"""The nightly status file: the same facts as the notices, totals that add up, the same bytes every time."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from bureau_system import BureauSystem
from flask.testing import FlaskClient
from sqlalchemy import text

from core import clock, db, outbox
from core.clock import TAIPEI
from core.ids import new_uuid
from wallet import bureau_notices, events
from wallet.status_files import status_file

DAY = date(2026, 10, 5)
NOON = datetime(2026, 10, 5, 12, tzinfo=TAIPEI)


def notice(
    kind: str, *amounts: int, at: datetime = NOON, bureau: str = "parking", payment_id: UUID | None = None, **more: Any
) -> None:
    bills = [
        {"number": f"1{number:015d}", "amount": amount, "paid_at": at.isoformat()}
        for number, amount in enumerate(amounts)
    ]
    with db.unit_of_work() as session:
        session.execute(
            text("INSERT INTO wallet.bureau_notice (id, payment_id, bureau, kind, event_id, body, happened_at, "
                 "created_at) VALUES (:id, :payment, :bureau, :kind, :id, CAST(:body AS jsonb), :at, :at)"),
            {"id": new_uuid(), "payment": payment_id or new_uuid(), "bureau": bureau, "kind": kind,
             "body": orjson.dumps({"bills": bills, **more}).decode(), "at": at},
        )  # fmt: skip


@pytest.fixture
def parking(client: FlaskClient) -> BureauSystem:
    return BureauSystem(client, "parking")


def lines_of(bureau: BureauSystem, day: date = DAY, encoding: str = "cp950") -> list[list[str]]:
    answer = bureau.send("GET", f"/v1/bureau/status-files/{day}")
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.get_data().decode(encoding), newline="")))


def test_header_lines_and_trailer_add_up(parking: BureauSystem) -> None:
    payment = new_uuid()
    notice(bureau_notices.PAID, 60, 40, payment_id=payment, rail="bank_of_kaohsiung", final_on=None)
    notice(bureau_notices.WITHDRAWN, 60, payment_id=payment, how="returned", at=NOON + timedelta(hours=1))
    notice(bureau_notices.RESTORED, 60, payment_id=payment, at=NOON + timedelta(hours=2))
    notice(bureau_notices.REFUNDED, 40, payment_id=payment, at=NOON + timedelta(hours=3))
    header, *details, trailer = lines_of(parking)
    assert header == ["H", "parking", "2026-10-05", "MYKH", "1"]
    assert [line[2] for line in details] == ["已繳", "已繳", "撤銷", "恢復", "退款"]
    assert [line[1] for line in details] == ["1", "2", "3", "4", "5"]
    assert trailer == ["T", "5", "100", "60", "60", "40", "60"]
    by_kind: dict[str, int] = {}
    for line in details:
        by_kind[line[3]] = by_kind.get(line[3], 0) + int(line[5])
    assert [str(by_kind[kind]) for kind in bureau_notices.KINDS] == trailer[2:6]


def test_an_empty_day_has_a_header_and_a_trailer_of_zeros(parking: BureauSystem) -> None:
    assert lines_of(parking) == [
        ["H", "parking", "2026-10-05", "MYKH", "1"], ["T", "0", "0", "0", "0", "0", "0"],
    ]  # fmt: skip


def test_it_holds_the_day_in_taipei_and_this_bureau_alone(parking: BureauSystem) -> None:
    first, last = datetime(2026, 10, 5, tzinfo=TAIPEI), datetime(2026, 10, 5, 23, 59, 59, 999_999, TAIPEI)
    notice(bureau_notices.PAID, 1, at=first - timedelta(microseconds=1))
    notice(bureau_notices.PAID, 20, at=first)
    notice(bureau_notices.PAID, 300, at=last)
    notice(bureau_notices.PAID, 4000, at=last + timedelta(microseconds=1))
    notice(bureau_notices.PAID, 50_000, bureau="fines")
    assert lines_of(parking)[-1][2] == "320"


def test_each_bureau_gets_its_own_encoding(client: FlaskClient, parking: BureauSystem) -> None:
    notice(bureau_notices.PAID, 60)
    notice(bureau_notices.PAID, 600, bureau="fines")
    assert "已繳".encode("cp950") in parking.send("GET", f"/v1/bureau/status-files/{DAY}").data
    fines = BureauSystem(client, "fines").send("GET", f"/v1/bureau/status-files/{DAY}")
    assert fines.content_type == "text/csv; charset=utf-8" and "已繳".encode() in fines.data


def test_the_same_day_is_the_same_bytes_whatever_becomes_of_the_notices(parking: BureauSystem) -> None:
    notice(bureau_notices.PAID, 60, 70)
    notice(bureau_notices.PAID, 80)
    before = parking.send("GET", f"/v1/bureau/status-files/{DAY}").data
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bureau_notice SET acknowledged_at = now(), tries = 7, last_error = 'x'"))
    assert parking.send("GET", f"/v1/bureau/status-files/{DAY}").data == before


def test_a_day_that_is_not_over_has_no_file_yet(parking: BureauSystem) -> None:
    answer = parking.send("GET", f"/v1/bureau/status-files/{clock.taipei_date(clock.now())}")
    assert answer.status_code == 409 and answer.json["type"].endswith("/status-file-not-ready")
    assert answer.json["available_from"].endswith("T00:10:00+08:00")


def test_a_fact_of_the_day_that_is_not_written_down_yet_holds_the_file_back(parking: BureauSystem) -> None:
    with db.unit_of_work() as session:
        outbox.record(session, events.PAYMENT_CAPTURED, {"payment_id": str(new_uuid())}, now=NOON)
    answer = parking.send("GET", f"/v1/bureau/status-files/{DAY}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "60")
    assert lines_of(parking, DAY - timedelta(days=1))


@pytest.mark.parametrize("day", ["2026-02-30", "20261005", "2026-1-5", "yesterday", "9999-12-31"])
def test_a_day_that_is_none_is_not_found(parking: BureauSystem, day: str) -> None:
    assert parking.send("GET", f"/v1/bureau/status-files/{day}").status_code == 404


def test_a_bureau_without_bills_of_its_own_has_no_file(client: FlaskClient) -> None:
    treasury = BureauSystem(client, "treasury")
    assert treasury.send("GET", f"/v1/bureau/status-files/{DAY}").status_code == 404


def test_memory_does_not_grow_with_the_file(parking: BureauSystem) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text("INSERT INTO wallet.bureau_notice (id, payment_id, bureau, kind, event_id, body, happened_at, "
                 "created_at) SELECT gen_random_uuid(), gen_random_uuid(), 'parking', 'bill.paid', gen_random_uuid(), "
                 "CAST(:body AS jsonb), :at, :at FROM generate_series(1, 30000)"),
            {"body": '{"bills": [{"number": "1", "amount": 20}]}', "at": NOON},
        )  # fmt: skip
    size = 0
    tracemalloc.start()
    for piece in status_file("parking", DAY):
        size += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 3_000_000
    assert peak < size, f"{peak:,} bytes at most for a file of {size:,}"
