"""The banks that the clearing house reaches, by their three-digit codes; a branch adds four digits.

Source: 金融機構代號, Financial Information Service Co.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core.text import Text

OWN_BANK: Final = "016"

BANKS: Final[Mapping[str, Text]] = {
    "004": Text("臺灣銀行", "Bank of Taiwan"),
    "005": Text("土地銀行", "Land Bank of Taiwan"),
    "006": Text("合作金庫銀行", "Taiwan Cooperative Bank"),
    "007": Text("第一銀行", "First Bank"),
    "008": Text("華南銀行", "Hua Nan Bank"),
    "009": Text("彰化銀行", "Chang Hwa Bank"),
    "011": Text("上海商業儲蓄銀行", "Shanghai Commercial & Savings Bank"),
    "012": Text("台北富邦銀行", "Taipei Fubon Bank"),
    "013": Text("國泰世華銀行", "Cathay United Bank"),
    "017": Text("兆豐銀行", "Mega Bank"),
    "048": Text("王道銀行", "O-Bank"),
    "050": Text("臺灣企銀", "Taiwan Business Bank"),
    "052": Text("渣打銀行", "Standard Chartered"),
    "053": Text("台中銀行", "Taichung Bank"),
    "081": Text("滙豐銀行", "HSBC"),
    "103": Text("新光銀行", "Shin Kong Bank"),
    "108": Text("陽信銀行", "Sunny Bank"),
    "118": Text("板信銀行", "Bank of Panhsin"),
    "147": Text("三信銀行", "Cota Bank"),
    "700": Text("中華郵政", "Chunghwa Post"),
    "803": Text("聯邦銀行", "Union Bank"),
    "805": Text("遠東銀行", "Far Eastern Bank"),
    "806": Text("元大銀行", "Yuanta Bank"),
    "807": Text("永豐銀行", "Bank SinoPac"),
    "808": Text("玉山銀行", "E.SUN Bank"),
    "809": Text("凱基銀行", "KGI Bank"),
    "810": Text("星展銀行", "DBS"),
    "812": Text("台新銀行", "Taishin Bank"),
    "816": Text("安泰銀行", "EnTie Bank"),
    "822": Text("中國信託銀行", "CTBC Bank"),
    "823": Text("將來銀行", "Next Bank"),
    "824": Text("連線銀行", "LINE Bank"),
    "826": Text("樂天銀行", "Rakuten Bank"),
}

_CODE = re.compile(r"[0-9]{3}(?:[0-9]{4})?")
_ACCOUNT = re.compile(r"[0-9]{6,14}")


class BankUnknown(ValueError):
    """A bank code that no bank has, or one that is not reached by the clearing house."""


def bank_of(code: str) -> str:
    """The three digits of the bank that a code of three or seven digits names. Raises BankUnknown."""
    if _CODE.fullmatch(code) is None or code[:3] not in BANKS:
        raise BankUnknown(code)
    return code[:3]


def is_account(number: str) -> bool:
    """Whether `number` is one an account can have: 6 to 14 digits."""
    return _ACCOUNT.fullmatch(number) is not None


def masked(account_no: str) -> str:
    """An account number as it may be shown: its last four digits."""
    return f"***{account_no[-4:]}"
