"""How people call the ways to pay, each once."""

from __future__ import annotations

from typing import Final

from core.text import Text

NAMES: Final[dict[str, Text]] = {
    "bank_of_kaohsiung": Text("高雄銀行帳戶扣款", "Bank of Kaohsiung account"),
    "ach": Text("其他銀行帳戶扣款", "Account at another bank"),
    "card": Text("信用卡或簽帳金融卡", "Credit or debit card"),
    "apple_pay": Text("Apple Pay", "Apple Pay"),
    "google_pay": Text("Google Pay", "Google Pay"),
    "jkopay": Text("街口支付", "JKOPAY"),
    "line_pay": Text("LINE Pay", "LINE Pay"),
    "points": Text("高雄點數", "Kaohsiung points"),
    "store_barcode": Text("超商條碼繳費", "Barcode at a convenience store"),
    "twqr": Text("TWQR 掃碼繳費", "TWQR in your bank's app"),
}
# Paid by somebody else's counter or app, and reported back: there is no debit of ours to authorise.
SLIPS: Final = frozenset({"store_barcode", "twqr"})


def rail_name(rail: str) -> Text:
    """What people call it; an unknown rail is shown as it is written."""
    return NAMES.get(rail) or Text(rail, rail)
