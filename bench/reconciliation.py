"""How fast a settlement file is reconciled, and in how much memory, beside the least that any import has to do.

    python -m bench.reconciliation [--rows 1000000]

Every line of the file is matched to a payment of its own, of which the table holds as many as there are lines. The
yardstick, in the same run on the same server and file: Python's `csv.reader` over the file and a bare COPY of its cells
into a table of texts without an index; it matches, books and checks nothing. Every run is a process of its own, so that
its peak memory is its own. A statement of the bank (camt.053) has as many entries, and the same yardstick beside it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg

from bench.feeds import CHUNK_BYTES, peak_mib
from core import db, embedded, migrate
from core.ids import typeid
from core.settings import settings
from wallet import book
from wallet.reconciliation import camt053, files
from wallet.reconciliation.adyen_settlement import COLUMNS
from wallet.reconciliation.files import Content

NOW = datetime(2026, 11, 19, 15, tzinfo=UTC)
PAID_AT = datetime(2026, 11, 18, 2, tzinfo=UTC)
RAILS = {"adyen": "card", "bank": "bank_of_kaohsiung"}


def main() -> None:
    """Run the bench and print its table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--one", nargs=4, metavar=("WHAT", "SOURCE", "FILE", "URL"), help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.one:
        print(json.dumps(run_one(*chosen.one)))
        return
    measure(chosen.rows)


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run: rows a second, beside how many the yardstick did, and its peak memory."""

    source: str
    what: str
    rate: float
    yardstick_rate: float
    peak_mib: float


def measure(rows: int) -> list[Run]:
    """Measure both kinds of file with `rows` lines, on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder))
        try:
            return bench(server, Path(folder), rows)
        finally:
            server.stop(immediately=True)


def bench(server: embedded.Postgres, folder: Path, rows: int) -> list[Run]:
    """Measure, print a row for each run, and answer them."""
    runs = []
    print(f"{'source':<10}{'run':<32}{'rows':>11}{'rows/s':>11}{'beside yardstick':>18}{'peak MiB':>10}")
    yardstick = 0.0
    for source in RAILS:
        embedded.make_database(server, source)
        url = server.url(source)
        migrate.to_head(url)
        make_payments(url, rows, RAILS[source])
        file = folder / source
        (write_report if source == "adyen" else write_statement)(file, rows)
        for what, label in (
            ("yardstick", "csv.reader + bare COPY"),
            ("read", "read and check only"),
            ("receive", "matched, booked, committed"),
            ("again", "the same file again"),
        ):
            if what == "yardstick" and source == "bank":
                continue
            done = subprocess.run(
                [sys.executable, "-m", "bench.reconciliation", "--one", what, source, file, url],
                check=True, capture_output=True, text=True, env={**os.environ, "MYKH_DEMO": "1"},
            )  # fmt: skip
            result = json.loads(done.stdout)
            rate = result["rows"] / result["seconds"]
            yardstick = yardstick or rate
            runs.append(Run(source, what, rate, yardstick, result["peak_mib"]))
            print(
                f"{source:<10}{label:<32}{result['rows']:>11,}{rate:>11,.0f}{rate / yardstick:>17.2f}×"
                f"{result['peak_mib']:>10.0f}", flush=True,
            )  # fmt: skip
        file.unlink()
    return runs


def run_one(what: str, source: str, file: str, url: str) -> dict[str, float]:
    """One measured run in this process: rows, seconds, peak memory in MiB."""
    database = db.configure(url)
    with open(file, "rb") as opened:
        content = Content(iter(partial(opened.read, CHUNK_BYTES), b""))
        start = time.perf_counter()
        if what == "yardstick":
            rows = bare_copy(file, url)
        elif what == "read":
            rows = sum(1 for _ in files.SOURCES[source].read(content))
        else:
            with database.unit_of_work() as session:
                taken = files.receive(session, content, source=source, received_from="bench", now=NOW)
            assert taken.breaks == 0 and taken.matched == taken.rows and taken.is_repeat == (what == "again")
            rows = taken.rows
        seconds = time.perf_counter() - start
    return {"rows": rows, "seconds": seconds, "peak_mib": peak_mib()}


def bare_copy(file: str, url: str) -> int:
    """The yardstick; answers the rows copied."""
    with open(file, encoding="utf-8", newline="") as text, psycopg.connect(url) as connection:
        records = csv.reader(text)
        columns = ", ".join(f"c{number} text" for number in range(len(next(records))))
        connection.execute(f"CREATE TABLE yardstick ({columns})")
        with connection.cursor().copy("COPY yardstick FROM STDIN") as copy:
            for record in records:
                copy.write_row(record)
        ((rows,),) = connection.execute("SELECT count(*) FROM yardstick").fetchall()
        connection.execute("DROP TABLE yardstick")
    # The payout at the end is no line.
    return int(rows) - 1


def make_payments(url: str, rows: int, rail: str) -> None:
    """As many captured payments of NT$600 as the file has lines. They stand in the book as one sum."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE wallet.payment DISABLE TRIGGER USER")
        with connection.cursor().copy(
            "COPY wallet.payment (id, person_id, status, rail, account_masked, amount_twd, fee_twd, instruction,"
            " challenge, created_at, expires_at, authorized_at, booked_at) FROM STDIN"
        ) as copy:
            for number in range(rows):
                copy.write_row(
                    (payment_id(number), payment_id(number), "captured", rail, "***1234", 600, 0, "{}", b"\0", PAID_AT,
                     PAID_AT, PAID_AT, PAID_AT)
                )  # fmt: skip
        connection.execute("ALTER TABLE wallet.payment ENABLE TRIGGER USER")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE wallet.payment")
    with db.configure(url).unit_of_work() as session:
        book.open_accounts(session, NOW)


def payment_id(number: int) -> UUID:
    """The id of the payment on a line: of one morning, scattered as clocks and random bits scatter them."""
    return UUID(int=(0x01A1F000_0000 + number) << 80 | 0x7 << 76 | 0b10 << 62 | number * 7_368_787)


def write_report(file: Path, rows: int) -> None:
    """A settlement report of `rows` payments."""
    nothing = dict.fromkeys(COLUMNS, "")
    common = nothing | {
        "Merchant Account": settings().adyen_merchant_account, "Creation Date": "2026-11-18 12:00:00",
        "Type": "Settled", "Gross Currency": "TWD", "Gross Credit (GC)": "600.00", "Net Currency": "TWD",
        "Net Credit (NC)": "589.00", "Markup (NC)": "2.00", "Scheme Fees (NC)": "2.00", "Interchange (NC)": "7.00",
        "Batch Number": "1",
    }  # fmt: skip
    with open(file, "w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for number in range(rows):
            psp = f"PSP{number:013d}"
            reference = typeid("pay", payment_id(number))
            writer.writerow(common | {"Psp Reference": psp, "Merchant Reference": reference})
        last = {"Type": "MerchantPayout", "Psp Reference": "PAYOUT", "Net Debit (NC)": f"{589 * rows}.00"}
        plain = {name: common[name] for name in ("Merchant Account", "Creation Date", "Net Currency", "Batch Number")}
        writer.writerow(nothing | plain | last)


def write_statement(file: Path, rows: int) -> None:
    """A statement of `rows` debits that were booked."""
    account = settings().treasury_account
    with open(file, "w", encoding="utf-8") as out:
        out.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{camt053.NAMESPACE}"><BkToCstmrStmt><GrpHdr>'
            "<MsgId>M1</MsgId><CreDtTm>2026-11-18T23:59:59+08:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id><Acct><Id><Othr>"
            f"<Id>{account}</Id></Othr></Id></Acct>{_balance('OPBD', 0)}{_balance('CLBD', 600 * rows)}"
        )
        for number in range(rows):
            out.write(
                '<Ntry><Amt Ccy="TWD">600.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt>'
                f"<Dt>2026-11-18</Dt></BookgDt><AcctSvcrRef>D{number}</AcctSvcrRef><NtryDtls><TxDtls><Refs>"
                f"<EndToEndId>{typeid('pay', payment_id(number))}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>\n"
            )
        out.write("</Stmt></BkToCstmrStmt></Document>")


def _balance(code: str, amount: int) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="TWD">{amount}.00</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-18</Dt></Dt></Bal>"
    )


if __name__ == "__main__":
    main()
