"""The card processor's settlement details report: one CSV for each batch that it closes and pays out.

Columns are found by name, for their order differs between accounts. Amounts are in major units. A report has a record
for each payment, refund and dispute, records of fees and corrections, and ends with the payout; the nets of all others
add up to it. Source: the processor's documentation of the report (version 2), with its types of records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from core.text import Text
from wallet.reconciliation.lines import (
    REFERENCE_CHARACTERS_MAX,
    Kind,
    Lines,
    StatementLine,
    Summary,
    amount,
    csv_records,
    day,
    wrong_in,
)
from wallet.reconciliation.problems import (
    StatementFormWrong,
    StatementOfAnother,
    StatementTotalsWrong,
    StatementTruncated,
)

COLUMNS: Final = (
    "Merchant Account", "Psp Reference", "Merchant Reference", "Creation Date", "Type", "Modification Reference",
    "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)", "Net Currency", "Net Debit (NC)", "Net Credit (NC)",
    "Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)", "Modification Merchant Reference",
    "Batch Number",
)  # fmt: skip
KINDS: Final[dict[str, Kind]] = {
    "Settled": "payment",
    "Refunded": "refund",
    "RefundedReversed": "refund_reversed",
    "Chargeback": "chargeback",
    "SecondChargeback": "second_chargeback",
    "ChargebackReversed": "chargeback_reversed",
    "Fee": "fee",
    "MiscCosts": "fee",
    "PaymentCost": "fee",
    "InvoiceDeduction": "fee",
    "DepositCorrection": "correction",
    "ManualCorrected": "correction",
    "MatchedStatement": "correction",
    "BankInstructionReturned": "correction",
    "Balancetransfer": "carry",
    "PaidOut": "correction",
    "PaidOutReversed": "correction",
}
PAYOUT: Final = "MerchantPayout"


class _Record(NamedTuple):
    """The cells of a record that are read, in the order of COLUMNS."""

    merchant_account: str
    psp_reference: str
    merchant_reference: str
    created: str
    type: str
    modification: str
    gross_currency: str
    gross_debit: str
    gross_credit: str
    net_currency: str
    net_debit: str
    net_credit: str
    commission: str
    markup: str
    scheme_fees: str
    interchange: str
    modification_reference: str
    batch: str


_PART = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,5})?")
# Whose reference of ours a record carries: that of the payment, or that of what was done to it.
_OF_THE_MODIFICATION: Final = frozenset({"refund", "refund_reversed"})


def payout_reference(batch: str) -> str:
    """What the bank's statement shows for the payout of this batch."""
    return f"ADYEN BATCH {batch}"


def read(chunks: Iterable[bytes], *, merchant_account: str | None = None) -> Lines:
    """The lines of a report. `merchant_account` is the one that it must be about. Raises a StatementRefused."""
    records = csv_records(chunks)
    header = next(records, None)
    if header is None:
        raise StatementTruncated(Text("檔案是空的。", "The file is empty."))
    pick = itemgetter(*_positions(header))
    file = _File()
    for row, cells in enumerate(records, 1):
        if not cells:
            continue
        if len(cells) < len(header) and file.payouts == 0:
            raise StatementTruncated(Text(f"第 {row} 筆不完整。", f"Record {row} is cut off."))
        if len(cells) != len(header):
            raise wrong_in(row, f"{len(cells)} cells instead of {len(header)}")
        line = file.read(row, _Record._make(pick(cells)), merchant_account)
        if line is not None:
            yield line
    return file.summary()


def _positions(header: list[str]) -> list[int]:
    names = [name.strip() for name in header]
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing:
        raise StatementFormWrong(
            Text(f"缺少或重複的欄位:{missing[0]}", f"Missing or repeated column: {missing[0]}"), columns=missing
        )
    return [names.index(name) for name in COLUMNS]


@dataclass
class _File:
    """What a report has said so far. Sums in NT$."""

    batch: str = ""
    payouts: int = 0
    payout_twd: int = 0
    net_twd: int = 0
    days: list[date] = field(default_factory=list)

    def read(self, row: int, record: _Record, merchant_account: str | None) -> StatementLine | None:
        """One record: its line, or None for the payout."""
        if self.payouts:
            raise wrong_in(row, "stands behind the payout")
        if merchant_account is not None and record.merchant_account != merchant_account:
            raise StatementOfAnother(row=row)
        self._see_batch(row, record.batch)
        at = day(record.created[:10], row, "Creation Date")
        self._see_day(at)
        kind = record.type
        net = _net(row, record)
        if kind == PAYOUT:
            self.payouts, self.payout_twd = 1, -net
            return None
        self.net_twd += net
        return _line(row, record, kind, net, at)

    def summary(self) -> Summary:
        """The whole report, once its payout is found right."""
        if not self.payouts:
            raise StatementTruncated
        if self.net_twd != self.payout_twd:
            raise StatementTotalsWrong(lines=self.net_twd, payout=self.payout_twd)
        payouts = ((payout_reference(self.batch), self.payout_twd),) if self.payout_twd else ()
        return Summary(f"batch {self.batch}", min(self.days), max(self.days), payouts)

    def _see_batch(self, row: int, batch: str) -> None:
        if batch == self.batch:
            return
        if not re.fullmatch("[0-9A-Za-z-]{1,20}", batch):
            raise wrong_in(row, f"Batch Number = {batch[:20]!r}")
        if self.batch:
            raise wrong_in(row, "is of another batch")
        self.batch = batch

    def _see_day(self, at: date) -> None:
        # The first and the last are enough: a report may have millions of records.
        if len(self.days) < 2:
            self.days.append(at)
        elif not self.days[0] <= at <= self.days[1]:
            self.days = [min(self.days[0], self.days[1], at), max(self.days[0], self.days[1], at)]
        self.days.sort()


def _line(row: int, record: _Record, type_: str, net: int, at: date) -> StatementLine:
    kind = KINDS.get(type_)
    if kind is None:
        raise wrong_in(row, f"Type = {type_[:40]!r}")
    modification, psp = record.modification, record.psp_reference
    ours = record.modification_reference if kind in _OF_THE_MODIFICATION else record.merchant_reference
    theirs = modification or psp or (f"{type_} {row}" if kind == "fee" else "")
    if not theirs:
        raise wrong_in(row, "has no reference")
    if len(theirs) > REFERENCE_CHARACTERS_MAX or len(ours) > REFERENCE_CHARACTERS_MAX:
        raise wrong_in(row, "has a reference that is too long")
    if kind in ("fee", "correction", "carry"):
        gross, fee = (0, -net) if kind == "fee" else (net, 0)
        return StatementLine(row, kind, ours, theirs, gross, fee, at)
    if record.gross_currency != "TWD":
        raise StatementOfAnother(Text("幣別不是新臺幣。", "The currency is not TWD."), row=row)
    gross = amount(record.gross_credit, row, "Gross Credit (GC)") - amount(record.gross_debit, row, "Gross Debit (GC)")
    _check_parts(row, record, gross - net)
    return StatementLine(row, kind, ours, theirs, gross, gross - net, at)


def _net(row: int, record: _Record) -> int:
    if record.net_currency != "TWD":
        raise StatementOfAnother(Text("幣別不是新臺幣。", "The currency is not TWD."), row=row)
    return amount(record.net_credit, row, "Net Credit (NC)") - amount(record.net_debit, row, "Net Debit (NC)")


def _check_parts(row: int, record: _Record, fee_twd: int) -> None:
    """The fee is the sum of its parts, which alone may have cents."""
    try:
        parts = _sum_of(record.commission, record.markup, record.scheme_fees, record.interchange)
    except ValueError as wrong:
        raise wrong_in(row, str(wrong)) from None
    if parts != fee_twd:
        raise StatementTotalsWrong(
            Text(f"第 {row} 筆的淨額不等於總額減手續費。", f"Record {row}: gross less fees is not the net."), row=row
        )


@lru_cache(maxsize=8_192)
def _sum_of(*parts: str) -> Decimal:
    total = Decimal(0)
    for text in parts:
        if text:
            if _PART.fullmatch(text) is None:
                raise ValueError(f"part of a fee = {text[:40]!r}")
            total += Decimal(text)
    return total
