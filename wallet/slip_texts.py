"""What a slip says to whoever pays it."""

from __future__ import annotations

from typing import Final

from core.text import Text

TITLES: Final = {
    "store_barcode": Text("超商繳費條碼", "Store barcode"),
    "twqr": Text("TWQR 繳費碼", "TWQR code"),
}
ALTS: Final = {
    "store_barcode": Text(
        "三段超商條碼，由上而下：{code}。金額 {amount} 元，銷帳編號 {number}。",
        "Three store barcodes, from top to bottom: {code}. NT${amount}, slip number {number}.",
    ),
    "twqr": Text(
        "TWQR 繳費 QR 碼，金額 {amount} 元，銷帳編號 {number}。",
        "TWQR code of a bill: NT${amount}, slip number {number}.",
    ),
}
COUNTS: Final = Text("通路送來收款檔後，約 1 至 3 天", "when the channel's file has come, in 1 to 3 days")
HOW_TO: Final = {
    "store_barcode": (
        Text(
            "到 7-ELEVEN、全家、OK 或萊爾富，把手機螢幕調到最亮。",
            "At 7-ELEVEN, FamilyMart, OK or Hi-Life, set the screen to full brightness.",
        ),
        Text(
            "告訴店員要「代收」，請他由上而下掃三段條碼。",
            "Say that you pay a bill (代收); the clerk scans the three bars from the top.",
        ),
        Text(
            "付現金 {total} 元（含手續費 {fee} 元），收據請留到帳單顯示已繳。",
            "Pay NT${total} in cash (NT${fee} of it the store's fee); keep the receipt until the bill shows as paid.",
        ),
        Text(
            "繳費期限：{last_day} 23:59。付過現金後，請勿再用其他方式繳同一張。",
            "Until {last_day} 23:59. Once paid in cash, do not pay the same bill another way.",
        ),
    ),
    "twqr": (
        Text(
            "用任何一家支援 TWQR 的銀行或支付 App 掃這個碼。",
            "Scan it with any bank's or wallet's app that knows TWQR.",
        ),
        Text(
            "確認金額 {amount} 元、手續費 {fee} 元後付款。",
            "Check NT${amount} and the fee of NT${fee}, then pay.",
        ),
        Text(
            "繳費期限：{last_day} 23:59。付過後，請勿再用其他方式繳同一張。",
            "Until {last_day} 23:59. Once paid, do not pay the same bill another way.",
        ),
    ),
}
OVERPAID: Final = {
    "paid_twice": Text(
        "這張帳單已經繳過，{channel} 又收了一次。選一個已連結的帳戶，全額退還，不收手續費。",
        "This bill had been paid, and {channel} took money for it again. It comes back, free. Choose a linked account.",
    ),
    "bill_void": Text(
        "主管機關已註銷這張帳單，{channel} 收的錢可以退還。選一個已連結的帳戶，不收手續費。",
        "The bureau had cancelled this bill; what {channel} took comes back, free. Choose a linked account.",
    ),
    "bill_cheaper": Text(
        "主管機關調低了這張帳單的金額，{channel} 多收的部分可以退還。選一個已連結的帳戶，不收手續費。",
        "The bureau had lowered this bill; what {channel} took beyond it comes back, free. Choose a linked account.",
    ),
}
