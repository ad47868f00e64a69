"""What a security notice says, kind by kind: by text message, and in the inbox."""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Text


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """The words of one kind of notice, with `{fields}`. Title and body appear on lock screens: they name nobody, and
    repeat nothing that somebody has typed.

    `method` is the way to sign in that "that was not me" shuts (identity.locks); None where it is only told to the
    service desk. A notice without `may_be_disavowed` has no such link.
    """

    sms: Text
    title: Text
    body: Text
    method: str | None = None
    may_be_disavowed: bool = True


NOTICES: dict[str, NoticeWords] = {
    "sign_in": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號在新的裝置登入：{device}。",
            "[My Kaohsiung] Your account was signed in to on a new device: {device}.",
        ),
        title=Text("在新的裝置登入", "Signed in on a new device"),
        body=Text("{device}，{place}。", "{device}; {place}."),
    ),
    "passkey_added": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號新增了通行金鑰「{name}」。",
            "[My Kaohsiung] The passkey “{name}” was added to your account.",
        ),
        title=Text("新增了一把通行金鑰", "A passkey was added"),
        body=Text(
            "有一台裝置現在可以用通行金鑰登入您的帳號。", "A device can now sign in to your account with a passkey."
        ),
        method="passkey",
    ),
    "passkey_removed": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號移除了通行金鑰「{name}」。",
            "[My Kaohsiung] The passkey “{name}” was removed from your account.",
        ),
        title=Text("移除了一把通行金鑰", "A passkey was removed"),
        body=Text("有一把通行金鑰不能再登入您的帳號。", "One of your passkeys can no longer sign in to your account."),
    ),
    "proofing_raised": NoticeWords(
        sms=Text("【我的高雄】您的身分已確認：{how}。", "[My Kaohsiung] Your identity was confirmed: {how}."),
        title=Text("身分已確認", "Your identity was confirmed"),
        body=Text("確認方式：{how}。", "How: {how}."),
    ),
    "certificate_added": NoticeWords(
        sms=Text(
            "【我的高雄】末四碼 {ending} 的自然人憑證第一次登入您的帳號。",
            "[My Kaohsiung] The citizen certificate ending in {ending} signed in to your account for the first time.",
        ),
        title=Text("自然人憑證第一次登入", "A citizen certificate signed in for the first time"),
        body=Text("憑證用戶序號末四碼 {ending}。", "The holder's number in it ends in {ending}."),
        method="certificate",
    ),
    "certificate_removed": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號不再記得末四碼 {ending} 的自然人憑證。",
            "[My Kaohsiung] Your account no longer remembers the citizen certificate ending in {ending}.",
        ),
        title=Text("移除了一張自然人憑證", "A citizen certificate was removed"),
        body=Text("用它登入時要再核對身分證字號。", "Signing in with it again takes your ID number, compared anew."),
    ),
    "mobile_changed": NoticeWords(
        sms=Text(
            "【我的高雄】您在服務櫃檯登記了這個手機號碼。",
            "[My Kaohsiung] This mobile was written down for you at a service counter.",
        ),
        title=Text("手機號碼已更改", "Your mobile was changed"),
        body=Text(
            "在服務櫃檯登記了新的手機號碼；所有登入都已結束。",
            "Another mobile was written down at a service counter; you are signed out everywhere.",
        ),
        method="counter",
    ),
    "counter_code_made": NoticeWords(
        sms=Text(
            "【我的高雄】服務櫃檯發給您一張登錄碼，24 小時內可在新手機登入。",
            "[My Kaohsiung] A service counter gave you an enrolment code; within 24 hours it signs a new phone in.",
        ),
        title=Text("櫃檯發出了登錄碼", "A counter gave out an enrolment code"),
        body=Text(
            "登錄碼在紙上，24 小時內有效，只能使用一次。", "The code is on paper, valid for 24 hours and used once."
        ),
        method="counter",
    ),
    "card_issued": NoticeWords(
        sms=Text(
            "【我的高雄】服務櫃檯發給您一張密碼卡，舊卡已停用。",
            "[My Kaohsiung] A service counter gave you a printed card; an older one has ended.",
        ),
        title=Text("發給了密碼卡", "A printed card was given out"),
        body=Text(
            "密碼卡加上 PIN 可在電話與自助機登入，看帳單、叫車，不能繳費。",
            "With its PIN the card signs in by phone and at kiosks: to look at bills and to book rides, never to pay.",
        ),
        method="card",
    ),
    "card_ended": NoticeWords(
        sms=Text("【我的高雄】您的密碼卡已停用。", "[My Kaohsiung] Your printed card has ended."),
        title=Text("密碼卡已停用", "Your printed card has ended"),
        body=Text(
            "原因：{reason}。需要新卡請到服務櫃檯。", "Why: {reason}. For a new one please come to a service counter."
        ),
        may_be_disavowed=False,
    ),
    "card_running_out": NoticeWords(
        sms=Text(
            "【我的高雄】您的密碼卡只剩 {left} 個號碼，請到服務櫃檯換新卡。",
            "[My Kaohsiung] Your printed card has {left} codes left; please get a new one at a service counter.",
        ),
        title=Text("密碼卡快用完了", "Your printed card is running out"),
        body=Text("還剩 {left} 個號碼。", "{left} codes are left."),
        may_be_disavowed=False,
    ),
    "card_sign_in": NoticeWords(
        sms=Text(
            "【我的高雄】有人以您的密碼卡與 PIN 在{where}登入。",
            "[My Kaohsiung] Your printed card and PIN signed in {where}.",
        ),
        title=Text("以密碼卡登入", "Signed in with the printed card"),
        body=Text("地點：{where}。", "Where: {where}."),
        method="card",
    ),
    "visit_ended": NoticeWords(
        sms=Text(
            "【我的高雄】{office}剛才陪同您登入，辦理：{what}。",
            "[My Kaohsiung] {office} has just signed in with you: {what}.",
        ),
        title=Text("承辦人員陪同您登入", "An officer signed in together with you"),
        body=Text("{office}陪同您辦理：{what}。案號 {case}。", "Together with {office}: {what}. Case {case}."),
        method="counter",
    ),
    "mobile_added": NoticeWords(
        sms=Text(
            "【我的高雄】這個手機號碼已登記到您的帳號，之後的通知會傳到這裡。",
            "[My Kaohsiung] This mobile was added to your account and gets its messages from now on.",
        ),
        title=Text("登記了手機號碼", "A mobile was added"),
        body=Text("之後的安全通知也會以簡訊傳送。", "Security notices now come by text message, too."),
    ),
    "account_linked": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號連結了 {provider}，現在可以用它登入。",
            "[My Kaohsiung] {provider} was linked to your account and can now sign in.",
        ),
        title=Text("連結了另一個帳號", "Another account was linked"),
        body=Text("現在可以用 {provider} 登入您的帳號。", "{provider} can now sign in to your account."),
        method="social",
    ),
    "account_unlinked": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號已解除與 {provider} 的連結，其他裝置都已登出。",
            "[My Kaohsiung] {provider} was unlinked from your account; other devices were signed out.",
        ),
        title=Text("解除了一個帳號的連結", "An account was unlinked"),
        body=Text(
            "{provider} 不能再登入您的帳號；其他裝置都已登出。",
            "{provider} can no longer sign in to your account; other devices were signed out.",
        ),
    ),
    "delegation_offered": NoticeWords(
        sms=Text(
            "【我的高雄】有人請您代為辦事。請到「我的高雄」的「委託」查看內容，7 天內同意或拒絕。",
            "[My Kaohsiung] Somebody asks you to act for them. Please look under Delegations and answer within 7 days.",
        ),
        title=Text("有人請您代為辦事", "Somebody asks you to act for them"),
        body=Text("請在 7 天內同意或拒絕。", "Please answer within 7 days."),
        may_be_disavowed=False,
    ),
    "delegation_asked_for": NoticeWords(
        sms=Text(
            "【我的高雄】有人想代您辦事。沒有您的同意，對方什麼都不能做。請到「我的高雄」的「委託」查看。",
            "[My Kaohsiung] Somebody asks to act for you. Without your yes they can do nothing. Please look under "
            "Delegations.",
        ),
        title=Text("有人想代您辦事", "Somebody asks to act for you"),
        body=Text("沒有您的同意，對方什麼都不能做。", "Without your yes they can do nothing."),
        may_be_disavowed=False,
    ),
    "delegation_agreed": NoticeWords(
        sms=Text(
            "【我的高雄】{who} 現在可以代您：{what}。您隨時可以撤回。",
            "[My Kaohsiung] {who} can now do this for you: {what}. You can revoke it at any time.",
        ),
        title=Text("有人現在可以代您辦事", "Somebody can now act for you"),
        body=Text("可以代辦：{what}。您隨時可以撤回。", "They can: {what}. You can revoke it at any time."),
    ),
    "delegation_received": NoticeWords(
        sms=Text(
            "【我的高雄】您現在可以代人辦理：{what}。", "[My Kaohsiung] You can now do this for somebody: {what}."
        ),
        title=Text("您現在可以代人辦事", "You can now act for somebody"),
        body=Text("可以代辦：{what}。", "You can: {what}."),
        may_be_disavowed=False,
    ),
    "delegation_over": NoticeWords(
        sms=Text("【我的高雄】您的一份委託已經結束。", "[My Kaohsiung] A delegation of yours is over."),
        title=Text("一份委託已經結束", "A delegation is over"),
        body=Text("從現在起不能再依它代辦。", "From now on nothing can be done by it."),
        may_be_disavowed=False,
    ),
    "delegate_acts": NoticeWords(
        sms=Text(
            "【我的高雄】您的代理人今天開始代您辦事。看過、辦過什麼都在「委託」裡。",
            "[My Kaohsiung] Somebody has begun to act for you today. What was seen and done is under Delegations.",
        ),
        title=Text("您的代理人今天開始代您辦事", "Somebody acts for you today"),
        body=Text("看過、辦過什麼都在「委託」裡。", "What was seen and done is under Delegations."),
    ),
    "delegate_paid": NoticeWords(
        sms=Text(
            "【我的高雄】您的代理人確認代您繳納 {count} 張帳單，共 NT${amount}，由代理人的帳戶付款。",
            "[My Kaohsiung] Whoever acts for you has confirmed paying {count} bill(s) of yours, NT${amount}, from an "
            "account of their own.",
        ),
        title=Text("您的代理人代您繳費", "Bills of yours are being paid for you"),
        body=Text(
            "{count} 張帳單，共 NT${amount}，由代理人的帳戶付款。",
            "{count} bill(s), NT${amount}, from the agent's account.",
        ),
    ),
    "totp_added": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號設定了驗證器 App。", "[My Kaohsiung] An authenticator app was set up for your account."
        ),
        title=Text("設定了驗證器 App", "An authenticator app was set up"),
        body=Text(
            "密碼加上這個 App 的驗證碼，現在可以登入您的帳號。",
            "Your password and a code of that app can now sign in to your account.",
        ),
        method="password_totp",
    ),
    "totp_removed": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號移除了驗證器 App。",
            "[My Kaohsiung] The authenticator app was removed from your account.",
        ),
        title=Text("移除了驗證器 App", "The authenticator app was removed"),
        body=Text("它的驗證碼不能再登入您的帳號。", "Its codes can no longer sign in to your account."),
    ),
    "recovery_codes_made": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號產生了新的復原碼，舊的已作廢。",
            "[My Kaohsiung] New recovery codes were made for your account; older ones have ended.",
        ),
        title=Text("產生了新的復原碼", "New recovery codes were made"),
        body=Text("先前的復原碼已經作廢。", "The codes before no longer work."),
        method="recovery_code",
    ),
    "recovery_code_used": NoticeWords(
        sms=Text(
            "【我的高雄】您的一組復原碼已被使用，還剩 {left} 組。",
            "[My Kaohsiung] A recovery code of yours was used; {left} are left.",
        ),
        title=Text("使用了一組復原碼", "A recovery code was used"),
        body=Text("還剩 {left} 組復原碼。", "{left} recovery codes are left."),
        method="recovery_code",
    ),
    "password_changed": NoticeWords(
        sms=Text(
            "【我的高雄】您的密碼已變更，其他裝置都已登出。",
            "[My Kaohsiung] Your password was changed; other devices were signed out.",
        ),
        title=Text("密碼已變更", "Your password was changed"),
        body=Text("其他裝置都已登出。", "Other devices were signed out."),
        method="password_sms",
    ),
    "reset_waiting": NoticeWords(
        sms=Text(
            "【我的高雄】有人要求重設您的密碼，{when}起才能設定新密碼，在那之前可以取消。",
            "[My Kaohsiung] Somebody asked to reset your password. A new one can be set from {when}; until then you "
            "can cancel it.",
        ),
        title=Text("有人要求重設您的密碼", "Somebody asked to reset your password"),
        body=Text(
            "{when}起才能設定新密碼，在那之前可以取消。",
            "A new password can be set from {when}; until then you can cancel it.",
        ),
    ),
    "reset_possible": NoticeWords(
        sms=Text(
            "【我的高雄】您要求重設的密碼現在可以設定，到{until}為止。",
            "[My Kaohsiung] The new password that you asked for can be set now, until {until}.",
        ),
        title=Text("現在可以設定新密碼", "You can set your new password now"),
        body=Text("到{until}為止。", "Until {until}."),
    ),
    "reset_completed": NoticeWords(
        sms=Text(
            "【我的高雄】您的密碼已重設，所有裝置都已登出。",
            "[My Kaohsiung] Your password was reset; all devices were signed out.",
        ),
        title=Text("密碼已重設", "Your password was reset"),
        body=Text("所有裝置都已登出。", "All devices were signed out."),
        method="password_sms",
    ),
    "reset_cancelled": NoticeWords(
        sms=Text(
            "【我的高雄】重設密碼已取消，您的密碼沒有改變。",
            "[My Kaohsiung] The password reset was cancelled; your password is as it was.",
        ),
        title=Text("重設密碼已取消", "The password reset was cancelled"),
        body=Text("您的密碼沒有改變。", "Your password is as it was."),
        may_be_disavowed=False,
    ),
    "method_shut": NoticeWords(
        sms=Text(
            "【我的高雄】已依您的通報停用登入方式：{method}。服務人員會處理，案件編號 {case}。",
            "[My Kaohsiung] As you asked, this way to sign in is shut: {method}. We look after it; case {case}.",
        ),
        title=Text("已停用登入方式", "A way to sign in is shut"),
        body=Text("{method}。服務人員會處理，案件編號 {case}。", "{method}. We look after it; case {case}."),
        may_be_disavowed=False,
    ),
    "case_opened": NoticeWords(
        sms=Text(
            "【我的高雄】已收到您的通報，服務人員會處理，案件編號 {case}。",
            "[My Kaohsiung] We have your report and look after it; case {case}.",
        ),
        title=Text("已收到您的通報", "We have your report"),
        body=Text("服務人員會處理，案件編號 {case}。", "We look after it; case {case}."),
        may_be_disavowed=False,
    ),
    "method_opened": NoticeWords(
        sms=Text(
            "【我的高雄】登入方式已恢復：{method}。", "[My Kaohsiung] This way to sign in is open again: {method}."
        ),
        title=Text("登入方式已恢復", "A way to sign in is open again"),
        body=Text("{method}。", "{method}."),
    ),
}

PROOFING_METHODS = {
    "mobile": Text("本人名下的手機門號", "a mobile in your own name"),
    "certificate": Text("自然人憑證", "Citizen Digital Certificate"),
    "mobile_id": Text("行動自然人憑證", "mobile ID"),
    "counter": Text("臨櫃核對證件", "papers shown at a counter"),
}
NOT_ME = Text("若不是您本人，請點 {url}", " If this was not you: {url}")
EXPLANATION = Text(
    "{moment} 您的帳號有這項變動；這類安全通知一定會送出。",
    "On {moment} this happened to your account; such notices are always sent.",
)
