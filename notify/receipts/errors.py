"""How this room says no to a receipt."""

from __future__ import annotations

from core.errors import Forbidden
from core.text import Text


class ReceiptNotSigned(Forbidden):
    """The same answer for a device that there is none of, one that is gone, and a signature that is wrong."""

    slug = "receipt-not-signed"
    title = Text("回條的簽章不正確", "The receipt is not signed by that device")
    explanation = Text(
        "沒有這台裝置、它已經移除，或簽章不是它的金鑰所簽。三種情況的回答相同；重新登記裝置會得到新的金鑰。",
        "There is no such device, it has been removed, or its key did not sign this. All three are answered the same; "
        "registering the device again gives it another key.",
    )
