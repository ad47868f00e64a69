"""An electronic wallet's settlement of a day, as `partners.ewallets.settlement` reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.text import Text
from partners.ewallets.settlement import SettlementRefused, read_settlement
from wallet.reconciliation.lines import Lines, StatementLine, Summary, whole
from wallet.reconciliation.problems import (
    StatementFormWrong,
    StatementNotReadable,
    StatementOfAnother,
    StatementRefused,
    StatementTotalsWrong,
    StatementTruncated,
)

_REFUSALS: Final[dict[str, type[StatementRefused]]] = {
    "encoding": StatementNotReadable,
    "no_header": StatementFormWrong,
    "no_trailer": StatementTruncated,
    "after_trailer": StatementFormWrong,
    "field": StatementFormWrong,
    "count": StatementTotalsWrong,
    "total": StatementTotalsWrong,
}


def read(chunks: Iterable[bytes], *, wallet: str) -> Lines:
    """The lines of this wallet's file. Raises a StatementRefused."""
    try:
        file = read_settlement(whole(chunks))
    except SettlementRefused as refused:
        raise _REFUSALS[refused.wrong](Text(f"第 {refused.line} 行", str(refused)), row=refused.line) from None
    if file.wallet != wallet:
        raise StatementOfAnother
    for row, line in enumerate(file.lines, 1):
        at = line.booked_at.date()
        if line.kind == "PAYMENT":
            yield StatementLine(row, "payment", line.reference, line.transaction_id, line.amount_twd, line.fee_twd, at)
        else:
            yield StatementLine(row, "refund", line.reference, line.transaction_id, -line.amount_twd, -line.fee_twd, at)
    # As the wallet words its transfer to the bank.
    reference = f"{wallet.upper()}-{file.day:%Y%m%d}"
    payouts = ((reference, file.payout_twd),) if file.payout_twd else ()
    return Summary(f"{wallet} {file.day}", file.day, file.day, payouts)
