"""Messages about automatic debit and linked accounts: what will be taken when, what was not, and what to do.

They appear on lock screens, so a vehicle is named by the last two characters of its plate.
"""

from __future__ import annotations

from core.text import Text
from notify.wording import Wording

_DAY = 86_400
_LINK = "/app/automatic-debits"

ANNOUNCED = Wording(
    kind="automatic_debit_announced",
    title=Text("明天自動扣繳停車費 NT${amount}", "Parking fee of NT${amount} will be debited tomorrow"),
    body=Text(
        "{when} 從帳戶 {account} 扣繳{vehicle}的停車費 NT${amount}。不要扣這一筆，請在那之前點開按「略過」。",
        "On {when}, NT${amount} for {vehicle} will be taken from account {account}. To stop this one, open it and "
        "choose Skip before then.",
    ),
    link=_LINK,
    explanation=Text(
        "您用通行金鑰約定了停車費自動扣繳；每次扣款的前一天都會通知。",
        "You agreed to automatic debit of parking fees with your passkey; each debit is told of the day before.",
    ),
    push_ttl_seconds=_DAY,
)
TO_BE_RETRIED = Wording(
    kind="automatic_debit_to_be_retried",
    title=Text("自動扣繳沒有成功，明天再扣一次", "The automatic debit failed; it is tried again tomorrow"),
    body=Text(
        "{reason}{vehicle}的停車費 NT${amount} 將在 {when} 再扣一次。也可以現在自己繳，或按「略過」。",
        "{reason} NT${amount} for {vehicle} will be debited again on {when}. You can also pay it now, or choose Skip.",
    ),
    link=_LINK,
    explanation=Text(
        "您約定的自動扣繳在 {moment} 沒有成功。", "An automatic debit that you agreed to failed on {moment}."
    ),
    push_ttl_seconds=_DAY,
)
LEFT = Wording(
    kind="automatic_debit_left",
    title=Text("停車費 NT${amount} 沒有自動扣繳", "Parking fee of NT${amount} was not debited"),
    body=Text(
        "{reason}{vehicle}的停車費 NT${amount} 請在 {due} 前自行繳納。",
        "{reason} Please pay NT${amount} for {vehicle} yourself by {due}.",
    ),
    link=_LINK,
    explanation=Text(
        "您約定了停車費自動扣繳，這一筆在 {moment} 確定不會自動扣。",
        "You agreed to automatic debit of parking fees; on {moment} it was clear that this one will not be debited.",
    ),
    push_ttl_seconds=3 * _DAY,
)
STOPPED = Wording(
    kind="automatic_debit_stopped",
    title=Text("停車費自動扣繳已停止", "Automatic debit of parking fees has stopped"),
    body=Text(
        "{reason}之後的停車費請自行繳納；已排定的扣款都不會執行。",
        "{reason} Please pay parking fees yourself from now on; nothing that was planned will be debited.",
    ),
    link=_LINK,
    explanation=Text("自動扣繳在 {moment} 停止。", "Automatic debit stopped on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
ACCOUNT_ENDED = Wording(
    kind="bank_link_ended",
    title=Text("帳戶 {account} 已解除連結", "Account {account} is linked no more"),
    body=Text(
        "銀行通知我們，帳戶 {account} 的扣款同意已經結束，不會再從它扣款。要繼續使用，請重新連結。",
        "The bank told us that your consent for account {account} has ended: nothing will be debited from it. Link it "
        "again to go on using it.",
    ),
    link="/app/me/accounts",
    explanation=Text(
        "銀行在 {moment} 通知扣款同意已結束。", "The bank told us on {moment} that the consent had ended."
    ),
    push_ttl_seconds=7 * _DAY,
)
WORDINGS = (ANNOUNCED, TO_BE_RETRIED, LEFT, STOPPED, ACCOUNT_ENDED)

VEHICLE = Text("車牌末兩碼 {tail} ", "the vehicle whose plate ends in {tail}")
STOP_REASONS = {
    "citizen": Text("您已停止自動扣繳。", "You stopped it."),
    "account_ended": Text("約定的帳戶已解除連結。", "The account you chose is linked no more."),
}
REASONS = {
    "over_bill_cap": Text("金額超過您設定的單筆上限。", "The amount is over your cap for a bill."),
    "over_monthly_cap": Text("會超過您設定的每月上限。", "It would go over your cap for the month."),
    "too_late": Text("來不及在前一天通知您。", "There was no time left to tell you the day before."),
    "account_paused": Text("您暫停了扣款帳戶。", "You have paused the account."),
    "account_ended": Text("扣款帳戶已解除連結。", "The account is linked no more."),
    "insufficient_funds": Text("帳戶餘額不足。", "There was not enough money in the account."),
    "mandate_revoked": Text("這個帳戶的扣款授權已經取消。", "The account's debit mandate has been revoked."),
    "mandate_not_found": Text("銀行找不到您的扣款授權。", "The bank does not know the debit mandate."),
    "limit_exceeded": Text("超過您在銀行設定的扣款上限。", "It was over a limit that you set at the bank."),
    "account_closed": Text("這個帳戶已經結清。", "The account has been closed."),
    "not_executed": Text("銀行沒有收到這筆扣款。", "The debit never reached the bank."),
}
SOME_REASON = Text("銀行沒有接受這筆扣款。", "The bank did not accept the debit.")
