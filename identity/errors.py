"""Every way in which this room says no."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class CredentialsRefused(Problem):
    """Wrong password, or nobody with that ID number: the two are not told apart. The failure stays counted."""

    slug = "credentials-refused"
    status = 401
    title = Text("身分證字號或密碼不正確", "The ID number or the password is not right")
    explanation = Text(
        "身分證字號與密碼不相符，或尚未註冊。連續 5 次不正確，密碼登入會鎖定 15 分鐘；其他登入方式不受影響。",
        "The two do not belong together, or nobody has registered so. After 5 failures in a row, sign-in by password "
        "is locked for 15 minutes; other methods keep working.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class CodeRefused(Problem):
    """A wrong, used or lapsed code, or no such challenge. The failure stays counted."""

    slug = "code-refused"
    status = 401
    title = Text("驗證碼不正確或已失效", "The code is not right, or no longer valid")
    explanation = Text(
        "驗證碼 5 分鐘內有效，只能使用一次。連續 5 次不正確會鎖定 15 分鐘，重新傳送驗證碼不會解除鎖定。",
        "A code is valid for 5 minutes and used once. 5 failures in a row lock the method for 15 minutes; asking for "
        "another code does not unlock it.",
    )
    keeps = True

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class MethodLocked(Problem):
    """Five failures in a row, or too many codes asked for."""

    slug = "method-locked"
    status = 429
    title = Text("這個登入方式暫時鎖定", "This way to sign in is locked for the moment")
    explanation = Text(
        "連續 5 次失敗，或要求太多次驗證碼。請在 Retry-After 所示秒數後再試，或改用通行金鑰登入。",
        "There were 5 failures in a row, or too many codes were asked for. Try again after the seconds that "
        "Retry-After names, or sign in with a passkey.",
    )
    keeps = True

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class RegistrationNotConfirmed(Problem):
    """The code was right, but this ID number cannot be taken with that mobile."""

    slug = "registration-not-confirmed"
    status = 403
    title = Text("無法確認這支手機屬於這個身分", "It could not be confirmed that this mobile belongs to this ID number")
    explanation = Text(
        "這個身分證字號已有人開始註冊，而電信業者未能確認您的門號屬於它。請使用以本人證件申辦的門號。",
        "Somebody has begun to register this ID number, and the telephone company does not confirm your number for it. "
        "Please use a number that was taken out with your own papers.",
    )
    keeps = True


class PasswordRefused(Problem):
    """A password that is among the first that anybody would try."""

    slug = "password-refused"
    status = 422
    title = Text("這個密碼太容易被猜到", "This password is too easy to guess")
    explanation = Text(
        "密碼需 10 到 128 個字元，且不可是常見密碼或包含您的身分證字號、手機號碼。不要求大小寫或符號的組合。",
        "A password has 10 to 128 characters, is not a common one, and does not contain your ID or mobile number. No "
        "mixture of kinds of characters is demanded.",
    )


class CeremonyRefused(Problem):
    """A passkey ceremony that is unknown, used, older than five minutes or begun by somebody else."""

    slug = "ceremony-refused"
    status = 409
    title = Text("這次通行金鑰操作已失效", "This passkey ceremony is no longer valid")
    explanation = Text(
        "每次操作 5 分鐘內有效，只能使用一次。請重新開始。",
        "A ceremony is valid for 5 minutes and used once. Please begin again.",
    )


class AssertionRefused(Problem):
    """A passkey's signature that proves nothing: another key, challenge or site, no user verification."""

    slug = "assertion-refused"
    status = 401
    title = Text("通行金鑰驗證未通過", "The passkey's answer was refused")
    explanation = Text(
        "簽章與這次要求不符、不是由您的通行金鑰產生，或裝置沒有驗證使用者（指紋、臉部或螢幕鎖）。",
        "The signature does not fit this request, is not by one of your passkeys, or the device did not verify its "
        "user (fingerprint, face or screen lock).",
    )

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class AssertionRefusedAndNoted(AssertionRefused):
    """The same refusal, where something was written down that must stay: an old counter, a ceremony used up."""

    keeps = True


class PasskeyRefused(Problem):
    """A new passkey whose registration does not hold. Its ceremony is used up."""

    slug = "passkey-refused"
    status = 422
    title = Text("無法登錄這把通行金鑰", "This passkey cannot be registered")
    explanation = Text(
        "裝置的回應與這次要求不符、沒有驗證使用者、金鑰已登錄，或種類不受支援。",
        "The device's answer does not fit this request, its user was not verified, the key is registered already, or "
        "it is of a kind that is not supported.",
    )
    keeps = True


class PasskeyLimitReached(Problem):
    slug = "passkey-limit-reached"
    status = 409
    title = Text("通行金鑰數量已達上限", "There are as many passkeys as one person may have")
    explanation = Text("每人最多 20 把通行金鑰。", "One person may have up to 20 passkeys.")


class VehicleNotYours(Problem):
    """The register does not name this person as the owner; whether it knows the plate is not said."""

    slug = "vehicle-not-yours"
    status = 422
    title = Text("監理資料中這輛車不是您的", "The register does not show this vehicle as yours")
    explanation = Text(
        "車牌、車種與您的身分證字號在監理資料中不相符。為保護車主，查無此車與不是您的車，回答相同。",
        "Plate, kind of vehicle and your ID number do not belong together in the register. To protect owners, the "
        "answer is the same for a plate that does not exist and for somebody else's.",
    )


class EnrolmentCodeRefused(Problem):
    """A code that is unknown, used, lapsed, replaced by a newer one, or of somebody off the roster."""

    slug = "enrolment-code-refused"
    status = 401
    title = Text("登錄碼不正確或已失效", "The enrolment code is not right, or no longer valid")
    explanation = Text(
        "登錄碼 24 小時內有效，只能登錄一把通行金鑰；發出新碼後舊碼即失效。請向人事單位索取新的登錄碼。",
        "An enrolment code is valid for 24 hours and enrols one passkey; a newer code ends the older. Please ask "
        "whoever keeps the roster for a new one.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class ApprovalClosed(Problem):
    slug = "approval-closed"
    status = 409
    title = Text("這件簽核已經結案", "This proposal is closed")
    explanation = Text(
        "它已被核准、退回、撤回或逾期；每件提案只決定一次。",
        "It has been approved, declined, withdrawn or has lapsed; a proposal is decided once.",
    )


class SecondPersonNeeded(Problem):
    slug = "second-person-needed"
    status = 403
    title = Text("提案人不能核准自己的提案", "Whoever proposed something may not decide it")
    explanation = Text(
        "這件事需要兩個人：一人提案，另一位有權限的承辦人員決定。",
        "This takes two persons: one proposes, and another officer with the right role decides.",
    )


class ApprovalWithoutEffect(Problem):
    """What was approved cannot be carried out as things are now; nothing was decided."""

    slug = "approval-without-effect"
    status = 409
    title = Text("目前無法執行這件提案", "This proposal cannot be carried out as things are now")
    explanation = Text(
        "提案之後情況已改變，執行時被拒絕，因此沒有做出決定。cause 是原因；可以退回，或稍後再試。",
        "Things have changed since it was proposed and carrying it out was refused, so nothing was decided. `cause` "
        "names the refusal; the proposal can be declined, or tried again later.",
    )
