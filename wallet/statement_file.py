"""The yearly statement as CSV, which spreadsheets open as it is and no cell of which runs as a formula."""

from __future__ import annotations

import csv
import io

from core.clock import TAIPEI
from core.ids import typeid
from core.text import Language
from wallet.feed_export import harmless
from wallet.rail_names import rail_name
from wallet.statement_texts import COLUMNS, FEE, GIVEN_BACK, KINDS, STATUSES
from wallet.statements import StatedPayment, Statement


def statement_csv(statement: Statement, language: Language) -> bytes:
    """One line for each bill and fee, and one for what went back; the amounts add up to what stands."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([column.in_language(language) for column in COLUMNS])
    for payment in statement.payments:
        writer.writerows(_lines(payment, language))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _lines(payment: StatedPayment, language: Language) -> list[list[str]]:
    standing = payment.standing
    paid_at = f"{standing.paid_at.astimezone(TAIPEI):%Y-%m-%d %H:%M:%S}"
    by = _safe(f"{rail_name(payment.rail).in_language(language)} {payment.account_masked}")
    head = [payment.receipt_number, typeid("pay", payment.payment_id), paid_at, by]
    status = STATUSES[standing.status].in_language(language)
    rows = [(KINDS[item.kind].in_language(language), _safe(item.number), item.amount_twd) for item in payment.items]
    if payment.fee_twd:
        rows.append((FEE.in_language(language), "", payment.fee_twd))
    gone = standing.total_twd - standing.standing_twd
    if gone:
        rows.append((GIVEN_BACK.in_language(language), "", -gone))
    return [[*head, what, number, str(amount), status] for what, number, amount in rows]


def _safe(cell: str) -> str:
    return harmless(cell.encode(), "utf-8").decode()
