"""The words of the savings page."""

from __future__ import annotations

from typing import Final

from core.text import Text

TITLE: Final = Text("省下了多少", "What was saved")
LEAD: Final = Text(
    "市民在「我的高雄」繳的每一張帳單，和在超商繳同一張帳單相比，市民和市府少付了多少手續費。",
    "For each bill paid with My Kaohsiung: how much less citizens and the city paid than the same bill would have cost "
    "at a store.",
)
METHOD: Final = Text(
    "張數、金額與手續費來自目前有效的付款（後來被退回或退款的不算）。"
    "超商價格與各通路成本來自收費標準，每一筆都有生效日與來源；來源標明 assumption 的是假設，尚待契約確認。"
    "省下 = 超商會收的（市民與市府）減去實際通路的成本（市民與市府），可能是負數。每個月可對照總帳科目的借貸金額。",
    "Bills, amounts and fees come from payments that stand (what was undone or refunded later is left out). Prices at "
    "a store and costs of each rail come from tariff rows, each with its dates and source; a source that says "
    "“assumption” waits for a contract. Saved = what a store would have charged payer and city, less what the rail "
    "cost both; it can be below zero. Each month can be held against the accounts of the book.",
)
SAVED: Final = Text("省下", "Saved")
MONTH: Final = Text("月份", "Month")
BILLS: Final = Text("帳單", "Bills")
AMOUNT: Final = Text("繳納金額", "Amount paid")
AT_A_STORE: Final = Text("在超商要付", "Would cost at a store")
HERE: Final = Text("在這裡付了", "Cost here")
BY_PAYERS: Final = Text("市民省下", "Saved by citizens")
BY_CITY: Final = Text("市府省下", "Saved by the city")
NOTHING: Final = Text("還沒有付款紀錄。", "Nothing has been paid yet.")
CHART: Final = Text("每月省下的金額（新臺幣元）", "Saved each month (NT$)")
DETAILS: Final = Text("明細、總帳科目與來源", "Details, book accounts and sources")
AS_OF: Final = Text("資料時間", "As of")
HOW: Final = Text("怎麼算的", "How it is counted")

ACCOUNTS: Final[tuple[tuple[str, Text], ...]] = (
    (
        "bureau_payable:",
        Text(
            "貸方是本月收到、應交給主管機關的金額；借方是退還、撤銷或已撥付的金額。",
            "Credits: collected for the bureau in the month. Debits: given back, withdrawn or handed over.",
        ),
    ),
    (
        "fee_payable:",
        Text("貸方是市民付給這個通路的手續費。", "Credits: service fees that citizens paid for this rail."),
    ),
    (
        "rail_costs:",
        Text("借方是這個通路結算時實際扣的費用。", "Debits: what this rail really kept when it settled."),
    ),
    ("points_funding", Text("借方是市府為點數折抵付的金額。", "Debits: what the city paid where points paid.")),
)


def meaning_of(code: str) -> Text:
    """What the two sides of an account of the book mean here."""
    return next(words for prefix, words in ACCOUNTS if code.startswith(prefix))
