"""What delegations are called, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text
from identity.delegation_rules import BILLS_READ, PAYMENTS_PAY, POINTS_READ, RIDES_BOOK, RIDES_READ, Grant

SCOPE_WORDS: Final[Mapping[str, Text]] = {
    RIDES_BOOK: Text("預約與取消乘車", "Book and cancel rides"),
    RIDES_READ: Text("查看乘車預約", "See booked rides"),
    BILLS_READ: Text("查看帳單", "See bills"),
    PAYMENTS_PAY: Text("查看並繳納帳單，由代理人自己的帳戶付款", "See and pay bills, from the agent's own account"),
    POINTS_READ: Text("查看點數", "See points"),
}
BASIS_WORDS: Final[Mapping[str, Text]] = {
    "agreement": Text("雙方同意", "agreed by both"),
    "guardianship_record": Text("戶政監護登記", "guardianship on the household register"),
    "counter": Text("服務櫃檯辦理", "set up at a service counter"),
}
STATUS_WORDS: Final[Mapping[str, Text]] = {
    "offered": Text("等待對方同意", "waiting for a yes"),
    "active": Text("有效", "in force"),
    "refused": Text("已拒絕", "refused"),
    "withdrawn": Text("已收回", "taken back"),
    "lapsed": Text("逾期未回覆", "not answered in time"),
    "revoked": Text("已撤回", "revoked"),
    "expired": Text("已到期", "over"),
    "ended": Text("已依登記資料結束", "ended by a register"),
}
_ONE_VEHICLE = Text("，只限車號 {plate}", ", vehicle {plate} only")
_PER_PAYMENT = Text("，每次最多 NT${most:,}", ", up to NT${most:,} at a time")
_PER_MONTH = Text("，每月最多 NT${most:,}", ", up to NT${most:,} a month")


def in_words(grant: Grant) -> Text:
    """What is granted, with its bounds."""
    words = SCOPE_WORDS[grant.scope]
    bounds = (
        grant.plate and _ONE_VEHICLE.format(plate=grant.plate),
        grant.per_payment_twd and _PER_PAYMENT.format(most=grant.per_payment_twd),
        grant.per_month_twd and _PER_MONTH.format(most=grant.per_month_twd),
    )
    for bound in bounds:
        if bound:
            words = Text(words.zh + bound.zh, words.en + bound.en)
    return words


def masked_name(name: str) -> str:
    """A name as the other side sees it before both have agreed: 王○美, M○○○○ S○○○○○."""
    return " ".join(_masked_word(word) for word in name.split(" "))


def _masked_word(word: str) -> str:
    if len(word) <= 2 or word.isascii():
        return word[:1] + "○" * (len(word) - 1)
    return word[0] + "○" * (len(word) - 2) + word[-1]
