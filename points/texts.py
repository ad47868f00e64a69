"""Why somebody's points changed, in words."""

from __future__ import annotations

from core.text import Text

EARNED = Text(
    "{campaign}：繳費 NT${basis} 獲得 {points} 點{bonus}{capped}",
    "{campaign}: {points} points for paying NT${basis}{bonus}{capped}",
)
EARNED_BY_DEED = Text(
    "{campaign}：{day} {deed}，獲得 {points} 點{bonus}{capped}",
    "{campaign}: {points} points for {deed} on {day}{bonus}{capped}",
)
EARNED_BY_WEEK = Text(
    "{campaign}：{day} 那一週每個指定日都有{deed}，獲得 {points} 點{bonus}{capped}",
    "{campaign}: {points} points for {deed} on every day asked for in the week of {day}{bonus}{capped}",
)
BONUS = Text("（{times} 倍時段）", " ({times} times as many at this time)")
CAPPED = Text("（已達上限）", " (the limit is reached)")

# What happened to the money, as the beginning of the sentences below.
REFUNDED = Text("NT${amount} 已退款", "NT${amount} was refunded")
RETURNED = Text("這筆繳費的款項被銀行退回", "the bank returned the money of this payment")
CHARGED_BACK = Text("這筆繳費的款項被發卡銀行收回", "the card's bank took back the money of this payment")
CAME_BACK = Text("NT${amount} 的退款沒有入帳", "the refund of NT${amount} did not arrive")
DEED_UNDONE = Text("{day} {deed}的紀錄已由{source}撤回", "{source} withdrew the record of {deed} on {day}")
DEED_STANDS = Text("{day} {deed}，條件又符合了", "{deed} on {day} meets the conditions again")
RESTORED = Text("這筆繳費的款項又入帳了", "the money of this payment is there again")

TAKEN_BACK = Text("{campaign}：{what}，收回 {points} 點", "{campaign}: {what}, {points} points taken back")
TAKEN_FROM_OTHERS = Text(
    "{campaign}：{what}，當時獲得的點數已經用掉，從您其他的點數收回 {points} 點",
    "{campaign}: {what}; the points it had earned were spent, so {points} of your other points are taken back",
)
OWED = Text(
    "{campaign}：{what}，點數已經用掉，記下欠 {points} 點，之後獲得的點數會先抵還{waived}",
    "{campaign}: {what}; the points it had earned were spent, so you owe {points} points, which what you earn next "
    "repays{waived}",
)
WAIVED = Text("；超過上限的 {points} 點不再追收", "; {points} more are over the limit and are let go")
GIVEN_AGAIN = Text("{campaign}：{what}，補回 {points} 點", "{campaign}: {what}, {points} points given again")
REPAY = Text("{points} 點用來抵還先前欠的點數", "{points} points repay what you owed")
REPAID = Text("已抵還 {points} 點，還欠 {owed} 點", "{points} points repaid; you still owe {owed}")
EXPIRED = Text("{campaign}：{points} 點到期", "{campaign}: {points} points expired")
SPENT = Text("繳費折抵 {points} 點", "{points} points used to pay")
GIVEN_BACK = Text("退回折抵的 {points} 點", "{points} points used to pay came back")
# What a use gives back when it is undone, by what it was for.
UNDONE = {
    "redemption": Text("店家退回 {points} 點", "{points} points back from the merchant"),
    "exchange": Text("兌換沒有完成，退回 {points} 點", "The exchange was not done: {points} points back"),
}
EXTENDED = Text("{reason}，補回到期的 {points} 點", "{reason}: {points} points that had lapsed are back")
EXTENSION_TITLE = Text("延長點數期限", "A later last day for points")
