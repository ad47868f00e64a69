"""Settlement reports of the card processor: announced by a notice, fetched, and handed to reconciliation.

A payment whose outcome no answer and no notice has told is settled here at the latest: what the processor pays out for,
it was paid.
"""

from __future__ import annotations

import csv
import io
import logging
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.clock import TAIPEI
from core.ids import typeid
from core.money import from_major_text
from partners import wire
from partners.adyen import reports
from wallet import outcomes, states
from wallet.ports import ports
from wallet.rails.contract import Booked
from wallet.reconciliation import files
from wallet.reconciliation.files import Content
from wallet.reconciliation.problems import StatementRefused

SOURCE: Final = "adyen"
RAILS: Final = ("card", "apple_pay", "google_pay")
# The one report that is money; others are announced too, and are none of ours.
SETTLEMENT_PREFIX: Final = "settlement_detail_report_batch_"
_LEASE = timedelta(minutes=10)
_PIECE_BYTES = 1 << 16
_FIRST_WAIT_SECONDS = 5
_LAST_WAIT_SECONDS = 3600
_log = logging.getLogger("mykaohsiung.wallet")


def announced(session: Session, name: str, address: str, *, now: datetime) -> bool:
    """A report is there to be fetched. False: it is not one that settles money."""
    if not name.startswith(SETTLEMENT_PREFIX):
        return False
    session.execute(_ANNOUNCED, {"name": name, "address": address, "now": now})
    return True


def fetch_due(now: datetime) -> None:
    """Fetch what is announced and have it reconciled; safe to run twice and in two workers at once."""
    if ports().card_reports is None:
        return
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        try:
            _fetch(row.name, row.address)
        except wire.CallFailed as failure:
            _log.warning("report %s could not be fetched: %s", row.name, failure)
            wait = min(_FIRST_WAIT_SECONDS * 2 ** min(row.attempts, 10), _LAST_WAIT_SECONDS)
            with db.unit_of_work() as session:
                session.execute(_LATER, {"name": row.name, "next": clock.now() + timedelta(seconds=wait)})


def _fetch(name: str, address: str) -> None:
    config = ports().card_reports
    assert config is not None
    with tempfile.TemporaryFile() as kept:
        reports.download(config, address, kept, most_bytes=files.FILE_BYTES_MAX)
        kept.seek(0)
        content = Content(_pieces(kept))
        now = clock.now()
        try:
            with db.unit_of_work() as session:
                files.receive(session, content, source=SOURCE, received_from=name, now=now)
                session.execute(_DONE, {"name": name, "status": "taken", "now": now})
            _settle_open_payments(kept)
        except StatementRefused as refused:
            with db.unit_of_work() as session:
                files.keep_refusal(session, refused, content, source=SOURCE, received_from=name, now=now)
                session.execute(_DONE, {"name": name, "status": "refused", "now": now})


def _settle_open_payments(report: BinaryIO) -> None:
    """Book the payments that are still open and that the report, found whole and right, has a settled line for."""
    with db.unit_of_work() as session:
        rows = session.execute(_OPEN, {"rails": list(RAILS), "statuses": list(states.AT_THE_RAIL)})
        still_open = {typeid("pay", row.id): row.id for row in rows}
    if not still_open:
        return
    report.seek(0)
    with io.TextIOWrapper(report, encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            payment_id = still_open.get(line["Merchant Reference"])
            if payment_id is None or line["Type"] != "Settled":
                continue
            paid_at = datetime.fromisoformat(line["Creation Date"]).replace(tzinfo=TAIPEI).astimezone(UTC)
            booked = Booked(line["Psp Reference"], from_major_text(line["Gross Credit (GC)"]), paid_at)
            with db.unit_of_work() as session:
                outcomes.record(session, payment_id, booked, now=clock.now())


def _pieces(kept: BinaryIO) -> Iterator[bytes]:
    return iter(partial(kept.read, _PIECE_BYTES), b"")


_OPEN = text("SELECT id FROM wallet.payment WHERE rail = ANY(:rails) AND status = ANY(:statuses)")
_ANNOUNCED = text(
    "INSERT INTO wallet.processor_report (name, address, status, announced_at, next_try_at) "
    "VALUES (:name, :address, 'announced', :now, :now) ON CONFLICT (name) DO NOTHING"
)
_LEASE_DUE = text(
    """
    UPDATE wallet.processor_report SET next_try_at = :until, attempts = attempts + 1
     WHERE name IN (SELECT name FROM wallet.processor_report WHERE next_try_at <= :now ORDER BY next_try_at LIMIT 5
                       FOR UPDATE SKIP LOCKED)
    RETURNING name, address, attempts
    """
)
_LATER = text("UPDATE wallet.processor_report SET next_try_at = :next WHERE name = :name AND status = 'announced'")
_DONE = text(
    "UPDATE wallet.processor_report SET status = :status, fetched_at = :now, next_try_at = NULL WHERE name = :name"
)
