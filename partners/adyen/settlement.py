"""Closing a batch: what Adyen owes the city is paid out to its bank account and told line by line in a report.

The settlement details report has amounts in major units, a line for each movement, a line for the month's processing
fees, and last the payout; the nets of all others add up to it. A batch in which the city owes more than it is owed
pays nothing out and carries the rest into the next one.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from core.clock import TAIPEI, now, on_the_wire
from partners.adyen.ledger import insert, row_of
from partners.adyen.shop import Notice, Shop
from partners.bank.incoming import put_incoming
from partners.desk.books import Row

PROCESSING_FEE_MINOR = 100
COMPANY_ACCOUNT = "Kaohsiung"
COLUMNS = (
    "Company Account", "Merchant Account", "Psp Reference", "Merchant Reference", "Payment Method", "Creation Date",
    "TimeZone", "Type", "Modification Reference", "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)",
    "Exchange Rate", "Net Currency", "Net Debit (NC)", "Net Credit (NC)", "Commission (NC)", "Markup (NC)",
    "Scheme Fees (NC)", "Interchange (NC)", "Payment Method Variant", "Modification Merchant Reference",
    "Batch Number", "Reserved4", "Reserved5", "Reserved6", "Reserved7", "Reserved8", "Reserved9", "Reserved10",
)  # fmt: skip
_NO_PAYMENT = {"psp_reference": "", "reference": "", "method": "", "brand": ""}


def close_batch(shop: Shop) -> Row:
    """Closes the batch that is open, pays it out, writes its report and announces it. Answers the batch."""
    with shop.desk.books.writing() as writing:
        newest = row_of(writing, "SELECT max(number) AS number FROM adyen_batch") or {"number": None}
        number = (newest["number"] or 0) + 1
        writing.execute("UPDATE adyen_line SET batch = ? WHERE batch IS NULL", (number,))
        lines = [dict(row) for row in writing.execute(_LINES, (number,))]
        lines += _fees(lines)
        payout = sum(line["net_credit"] - line["net_debit"] for line in lines)
        if payout < 0:
            lines.append(_plain("Balancetransfer", f"to batch {number + 1}", -payout))
            _carry_over(writing, -payout, number)
        batch = _filed(writing, shop, number, lines, max(payout, 0))
    shop.tell([_announced(shop, batch)])
    return batch


def _fees(lines: Iterable[Row]) -> list[Row]:
    settled = sum(line["type"] == "Settled" for line in lines)
    label = f"Transaction Fees {now().astimezone(TAIPEI):%B %Y}"
    return [_plain("Fee", label, -settled * PROCESSING_FEE_MINOR)] if settled else []


def _plain(kind: str, modification: str, net_minor: int) -> Row:
    """A line about no payment: fees, what is carried over, the payout."""
    side = {"net_credit": max(net_minor, 0), "net_debit": max(-net_minor, 0)}
    nothing = dict.fromkeys(("gross_debit", "gross_credit", "markup", "scheme_fees", "interchange"), 0)
    named = {"type": kind, "modification": modification, "modification_reference": "", "created_at": on_the_wire(now())}
    return {**_NO_PAYMENT, **nothing, **named, **side}


def _carry_over(writing: sqlite3.Connection, owed_minor: int, number: int) -> None:
    insert(
        writing,
        "adyen_line",
        payment="",
        type="Balancetransfer",
        modification=f"from batch {number}",
        modification_reference="",
        net_debit=owed_minor,
        created_at=on_the_wire(now()),
    )


def _filed(writing: sqlite3.Connection, shop: Shop, number: int, lines: list[Row], payout_minor: int) -> Row:
    rows = [*lines, _plain("MerchantPayout", f"TX{number:010d}XT batch {number}", -payout_minor)]
    content = _written(shop, number, rows)
    batch = {
        "number": number,
        "closed_at": on_the_wire(now()),
        "payout_minor": payout_minor,
        "filename": f"settlement_detail_report_batch_{number}.csv",
        "content": content,
    }
    insert(writing, "adyen_batch", **batch)
    if payout_minor:
        wording = f"ADYEN BATCH {number}"
        paid = {"reference": wording, "party": "Adyen N.V.", "amount_twd": payout_minor // 100, "remittance": wording}
        put_incoming(writing, paid)
    return batch


def _written(shop: Shop, number: int, rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        is_gross = bool(row["gross_debit"] or row["gross_credit"])
        at = datetime.fromisoformat(row["created_at"]).astimezone(TAIPEI)
        writer.writerow(
            (
                COMPANY_ACCOUNT, shop.merchant_account, row["psp_reference"], row["reference"], row["brand"],
                f"{at:%Y-%m-%d %H:%M:%S}", "CST", row["type"], row["modification"], "TWD" if is_gross else "",
                _major(row["gross_debit"]), _major(row["gross_credit"]), "1" if is_gross else "", "TWD",
                _major(row["net_debit"]), _major(row["net_credit"]), "", _major(row["markup"]),
                _major(row["scheme_fees"]), _major(row["interchange"]), row["brand"], row["modification_reference"],
                number, *[""] * 7,
            )
        )  # fmt: skip
    return text.getvalue()


def _major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}" if minor else ""


def _announced(shop: Shop, batch: dict[str, Any]) -> Notice:
    address = f"{shop.own_url}/adyen/reports/download/MerchantAccount/{shop.merchant_account}/{batch['filename']}"
    return Notice("REPORT_AVAILABLE", batch["filename"], "", 0, "TWD", reason=address)


_LINES = """
SELECT line.*, coalesce(payment.psp_reference, '') AS psp_reference, coalesce(payment.reference, '') AS reference,
       coalesce(payment.brand, '') AS brand, coalesce(payment.method, '') AS method
  FROM adyen_line line LEFT JOIN adyen_payment payment ON payment.psp_reference = line.payment
 WHERE line.batch = ? ORDER BY line.position
"""
