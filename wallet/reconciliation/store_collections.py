"""What a chain of stores, or the banks' apps, collected in a day, as `partners.stores.files` reads it.

The same file closes bills (`wallet/store_collections.py`); here its lines are held against what that put into the book,
what the channel keeps is booked, and its payout is announced.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.clock import taipei_date
from core.text import Text
from partners.stores.files import CHANNELS, CollectionFile, CollectionFileWrong
from wallet.reconciliation.lines import Lines, StatementLine, Summary
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
    "form": StatementFormWrong,
    "truncated": StatementTruncated,
    "totals": StatementTotalsWrong,
}


def read(chunks: Iterable[bytes], *, is_twqr: bool) -> Lines:
    """The lines of a channel's file: of TWQR, or of a chain of stores. Raises a StatementRefused."""
    try:
        file = CollectionFile(chunks)
        if (file.head.channel is CHANNELS["twqr"]) != is_twqr:
            raise StatementOfAnother
        for line in file:
            yield StatementLine(
                line.row, "collection", line.slip_number, line.reference, line.gross_twd, line.charge_twd,
                taipei_date(line.paid_at), line.channel.name,
            )  # fmt: skip
    except CollectionFileWrong as wrong:
        raise _REFUSALS[wrong.because](Text("代收檔不符", str(wrong))) from None
    head, end = file.head, file.end
    payouts = ((end.payout_reference, end.net_twd),) if end.net_twd else ()
    return Summary(f"{head.channel.key} {head.business_on} {head.number}", head.business_on, head.business_on, payouts)
