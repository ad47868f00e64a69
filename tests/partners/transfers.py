"""Files of transfers for the bank."""

from __future__ import annotations

from core.clock import now, taipei_date
from partners.bank.pain001 import Transfer, TransferFile


def payout_file(message_id: str, *transfers: Transfer) -> TransferFile:
    """A file of the city's, to be executed today."""
    at = now().replace(microsecond=0)
    return TransferFile(message_id, at, "高雄市政府", "016", "901790000002", taipei_date(at), transfers)
