"""Exchanges in words: in the history of points, and why one was not done or waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text

_PARTNERS: Final[Mapping[str, Text]] = {
    "ipass": Text("一卡通儲值", "stored value on an iPASS card"),
    "okmart": Text("OK 點", "OK points"),
    "pxmart": Text("全聯福利點", "PX points"),
    "familymart": Text("全家 Fa 點", "FamilyMart's points"),
    "seveneleven": Text("OPENPOINT", "OPENPOINT"),
}
SPENT: Final[Mapping[str, Text]] = {
    code: Text(f"{{points}} 點換{name.zh}", f"{{points}} points exchanged for {name.en}")
    for code, name in _PARTNERS.items()
}
EARNED: Final[Mapping[str, Text]] = {
    code: Text(f"{name.zh}換入 {{points}} 點", f"{{points}} points for {name.en}") for code, name in _PARTNERS.items()
}

REASONS: Final[Mapping[str, Text]] = {
    "partner_closed": Text("夥伴的系統暫停服務，請稍後再試", "the partner's system is closed; please try again later"),
    "account_closed": Text("這張卡或這個會員已停用", "that card or member is closed at the partner"),
    "account_full": Text("這張卡或帳戶已達儲值上限", "that card or account cannot hold more"),
    "not_enough": Text("您在夥伴那邊的點數不夠", "you do not have that many points at the partner"),
    "not_accepted": Text("夥伴沒有接受", "the partner did not accept it"),
    "partner_refused": Text("夥伴沒有接受", "the partner did not accept it"),
    "cancelled": Text("夥伴沒有完成，已取消", "the partner did not carry it out, and it was cancelled"),
    "other_amount": Text("夥伴回報的金額不同，已取消", "the partner had another amount, and it was cancelled"),
    "no_answer": Text("夥伴一直沒有回應，已取消", "the partner did not answer, and it was cancelled"),
    "desk": Text("審視後沒有放行", "it was looked at and not released"),
}
STATUSES: Final[Mapping[str, Text]] = {
    "held": Text("等候專人審視，點數先保留", "waiting for somebody to look at it; the points are set aside"),
    "ordered": Text("正在兌換", "being exchanged"),
    "unknown": Text("夥伴還沒有回應，我們正在查，請不要重做", "no answer yet; we are asking, please do not repeat it"),
    "waiting": Text("夥伴已受理，等候入帳", "taken on by the partner, not there yet"),
    "reserved": Text("夥伴已保留，正在完成", "set aside at the partner, being completed"),
    "cancelling": Text("正在取消，點數會退回", "being cancelled; the points come back"),
    "done": Text("完成", "done"),
    "undone": Text("沒有兌換，點數沒有少", "not exchanged; no points are gone"),
}
OFFER_OUT: Final = Text(
    "用掉 {points} 點（含手續費 {fee} 點），換 {value} {unit}，入末四碼 {last}。{arrives}。",
    "{points} points go (with a fee of {fee}) and {value} {unit} come, to the number ending in {last}. "
    "When: {arrives}.",
)
OFFER_IN: Final = Text(
    "從末四碼 {last} 扣 {value} {unit}，得到 {points} 點（已扣手續費 {fee} 點）。{arrives}。",
    "{value} {unit} leave the number ending in {last} and {points} points come (after a fee of {fee}). "
    "When: {arrives}.",
)
