"""The words of the yearly statement, on paper and in the file."""

from __future__ import annotations

from typing import Final

from core.taiwan import ROC_YEAR_OFFSET
from core.text import Text

TITLE: Final = Text("年度繳費明細", "Yearly statement")
KINDS: Final[dict[str, Text]] = {
    "parking": Text("停車費", "Parking fee"),
    "fine": Text("交通罰鍰", "Traffic fine"),
    "ride": Text("接送車資", "Fare of a ride"),
}
STATUSES: Final[dict[str, Text]] = {
    "paid": Text("已繳", "Paid"),
    "partly_returned": Text("部分退還", "Returned in part"),
    "returned": Text("全數退還", "Returned in full"),
    "withdrawn": Text("扣款被退回，未繳成", "Taken back, not paid"),
}
TOTALS: Final[dict[str, Text]] = {
    "fees": Text("手續費合計", "Service fees"),
    "total": Text("繳納合計", "Paid in all"),
    "gone_back": Text("退還或退回", "Returned or taken back"),
    "standing": Text("有效繳納", "Paid and standing"),
}
COLUMNS: Final[tuple[Text, ...]] = (
    Text("收據號碼", "Receipt"),
    Text("付款編號", "Payment"),
    Text("繳納時間", "Paid at"),
    Text("付款方式", "Paid by"),
    Text("項目", "Item"),
    Text("單號", "Bill number"),
    Text("金額", "Amount"),
    Text("狀態", "State"),
)
FEE: Final = Text("手續費", "Service fee")
GIVEN_BACK: Final = Text("退還", "Given back")


def year_text(year: int) -> Text:
    """A calendar year as people in Taiwan write it."""
    return Text(f"{year - ROC_YEAR_OFFSET}年（{year}）", str(year))
