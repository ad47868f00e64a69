"""What a till, a cash register or a citizen at the counter is refused, why, and what to do now."""

from __future__ import annotations

from datetime import datetime

from core.clock import TAIPEI
from core.errors import Conflict, Forbidden, Problem
from core.text import Text


class TillNotInUse(Forbidden):
    """The till is known, but its shop takes no points: `merchant_status` says how it stands."""

    slug = "till-not-in-use"
    title = Text("這家店目前不收點數", "This shop takes no points now")
    explanation = Text(
        "店家已暫停或結束收點，或這家分店已結束，所以收銀機不能使用，沒有扣點。請顧客用別的方式付款；店主可以在「我的店」看原因。已經收的點數照常結算。",
        "The shop is suspended or has left, or this branch has closed, so its tills take nothing and no points were "
        "used. Ask the customer to pay otherwise; the owner sees why under “My shops”. What was redeemed is paid as "
        "usual.",
    )


class NobodyAtTheTill(Problem):
    """The till is known, but nobody's shift is open on it."""

    status = 403
    slug = "nobody-at-the-till"
    title = Text("請先輸入員工編號與密碼", "Nobody is signed in at this till")
    explanation = Text(
        "這台收銀機已登記，但還沒有人上班。請用員工編號和 PIN 開始值班，再做一次。",
        "This till is registered, but nobody's shift is open on it. Start a shift with a staff number and PIN, then "
        "repeat.",
    )


class EnrolmentCodeWrong(Problem):
    """The code is unknown, used, or too old: which of them is not said."""

    status = 422
    slug = "till-enrolment-code-wrong"
    title = Text("登記碼不對或已失效", "The enrolment code is wrong or no longer good")
    explanation = Text(
        "登記碼只能用一次，15 分鐘內有效。請店主在「收銀機」頁面重新產生一組，再輸入。",
        "An enrolment code is good once and for 15 minutes. Ask the merchant to make a new one on the page of tills.",
    )
    keeps = True


class WrongPin(Problem):
    """Staff number and PIN do not belong together: which of the two is wrong is not said."""

    status = 422
    slug = "till-pin-wrong"
    title = Text("員工編號或 PIN 不對", "The staff number or the PIN is wrong")
    explanation = Text(
        "請再輸入一次。連續錯 5 次，這個員工編號會鎖 15 分鐘；店主可以重設 PIN。",
        "Enter both again. After 5 wrong ones in a row the staff number is locked for 15 minutes; the merchant can set "
        "a new PIN.",
    )
    keeps = True


class TooManyTries(Problem):
    """Too many wrong codes or PINs from here."""

    status = 429
    slug = "till-too-many-wrong-tries"
    title = Text("錯誤次數太多，請稍候", "Too many wrong tries: please wait")
    explanation = Text(
        "這台收銀機（或這個員工編號）錯了太多次。請等 Retry-After 所示的秒數再試；顧客可以改掃櫃檯上的店家 QR。",
        "There were too many wrong codes or PINs at this till or of this staff number. Wait for the seconds that "
        "Retry-After names; a customer can scan the shop's printed QR meanwhile.",
    )

    def __init__(self, *, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})


class CodeUnreadable(Problem):
    """Not 24 digits, or check digits that do not fit: the scanner misread, or it is another scheme's code."""

    status = 422
    slug = "pay-code-unreadable"
    title = Text("讀不到付款碼", "The code could not be read")
    explanation = Text(
        "這不是我的高雄付款碼，或掃描時讀錯了。請對準後再掃一次，或手動輸入條碼下方的 24 位數字。",
        "This is no pay code of My Kaohsiung, or the scanner misread it. Scan again, or type the 24 digits below the "
        "barcode.",
    )


class CodeNotGenuine(Problem):
    """No phone of ours made this code: invented, altered, or of another phone's key."""

    status = 422
    slug = "pay-code-not-genuine"
    title = Text("這不是有效的付款碼", "This is not a genuine code")
    explanation = Text(
        "沒有任何手機會產生這組號碼，沒有扣點。請顧客關掉付款碼頁面再打開，掃新的一組；請勿接受截圖。",
        "No phone makes this code; nothing was taken. Ask the customer to close the page with the code and open it "
        "again, and scan the new one. Do not take screenshots.",
    )


class CodeOutOfDate(Problem):
    """The phone has made this code, but longer ago than the step before this one; or its clock is wrong."""

    status = 409
    slug = "pay-code-out-of-date"
    title = Text("付款碼已過期", "The code is out of date")
    explanation = Text(
        "付款碼每 30 秒更換，沒有扣點。請顧客讓畫面更新後出示現在的一組；若手機離線超過 10 分鐘，請先連上網路，"
        "或改掃櫃檯上的店家 QR。",
        "Codes change every 30 seconds; nothing was taken. Ask the customer for the one that is shown now. A phone "
        "that was offline for more than 10 minutes must go online first, or scan the shop's printed QR.",
    )


class CodeAlreadyUsed(Conflict):
    """Good once: somebody has used it already, perhaps by a photograph of it."""

    slug = "pay-code-already-used"
    title = Text("這組付款碼已經用過", "This code was used already")
    explanation = Text(
        "一組付款碼只能用一次，這次沒有扣點。請先看「今日交易」是不是剛才已經成功；若不是，請顧客等畫面換下一組"
        "再掃，不要接受照片或截圖。",
        "A code is good once; nothing was taken now. Look at today's list first: it may have worked a moment ago. If "
        "not, wait until the phone shows its next code and scan that one. Do not take photographs or screenshots.",
    )


class PhoneSignedOut(Conflict):
    """The sign-in that the phone's key came with has ended: signed out, device removed, or account secured."""

    slug = "pay-code-phone-signed-out"
    title = Text("這支手機已經登出", "This phone is signed out")
    explanation = Text(
        "這組付款碼所屬的登入已結束（登出、移除裝置或掛失），沒有扣點。請顧客重新登入後再出示付款碼。",
        "The sign-in that this code belongs to has ended (signed out, device removed or reported lost); nothing was "
        "taken. Ask the customer to sign in again and show a new code.",
    )


class OfflineLimit(Conflict):
    """More than a phone may spend that could not be reached for some minutes."""

    slug = "offline-limit"
    title = Text("離線付款碼的點數超過上限", "More than an offline code may spend")
    explanation = Text(
        "顧客的手機好幾分鐘沒有連線，離線時最多只能用 most 所示的點數，沒有扣點。請顧客連上網路再出示新的付款碼，"
        "或減少點數。",
        "The customer's phone has been offline for some minutes, and may spend no more than `most` points until it is "
        "online again; nothing was taken. Ask the customer to go online and show a new code, or take fewer points.",
    )

    def __init__(self, *, most: int) -> None:
        super().__init__(most=most)


class TooFewPoints(Conflict):
    """The customer has fewer points than that; how many is not the till's to know."""

    slug = "customer-has-too-few-points"
    title = Text("顧客的點數不夠", "The customer has too few points")
    explanation = Text(
        "顧客可用的點數比要收的少，沒有扣點。請顧客看手機上的餘額，改收較少的點數，其餘用現金；同一組付款碼還可以用。",
        "The customer has fewer points than that; nothing was taken. The phone shows how many there are: take fewer, "
        "and the rest in cash. The same code is still good.",
    )


class ReferenceUsed(Conflict):
    """The till has asked for this sale already, under another Idempotency-Key."""

    slug = "redemption-reference-used"
    title = Text("這筆交易已經送出過", "This sale was sent already")
    explanation = Text(
        "這台收銀機已用同一個 reference 送過一筆，沒有再扣點。請用 GET /v1/merchant/redemptions?reference= 查結果。",
        "This till has sent a sale with this `reference` before; nothing was taken again. GET "
        "/v1/merchant/redemptions?reference= tells what became of it.",
    )


class NotNow(Conflict):
    """Not in the present state of the redemption."""

    slug = "redemption-not-now"
    title = Text("這筆兌點目前不能這樣做", "Not in the present state of this redemption")
    explanation = Text(
        "它已經完成、取消、被拒絕或逾時；status 是目前的狀態。請重新讀取。",
        "It has been done, voided, refused or has lapsed meanwhile; `status` says which. Please read it again.",
    )

    def __init__(self, *, status: str) -> None:
        super().__init__(status_now=status)


class TooLateToVoid(Conflict):
    """Older than a day, settled, or refunded in part."""

    slug = "too-late-to-void"
    title = Text("已經不能取消，請改用退點", "Too late to void: refund instead")
    explanation = Text(
        "只有當日內、尚未結算、也沒有退過點的交易可以整筆取消。請改用退點：點數會立刻退回給顧客，並從下次結算扣除。",
        "Only what is less than a day old, not settled and not refunded in part can be voided. Refund it instead: the "
        "points go back to the customer at once and are taken off the next settlement.",
    )


class MoreThanIsLeft(Conflict):
    """More points than have not been refunded yet."""

    slug = "refund-above-redeemed"
    title = Text("退點超過剩下的點數", "More than is left to refund")
    explanation = Text(
        "退回的點數不能超過這筆交易還沒退的點數；left 是還可以退的點數。沒有退任何點。",
        "No more can be refunded than this sale took and has not given back; `left` says how many. Nothing was given.",
    )

    def __init__(self, *, left: int) -> None:
        super().__init__(left=left)


class MayNotRefund(Forbidden):
    """This member of staff may not give points back."""

    slug = "staff-may-not-refund"
    title = Text("請有退點權限的同事操作", "Somebody else at the shop must do this")
    explanation = Text(
        "您的員工編號沒有退點權限，也只能取消自己經手的交易。請有權限的同事在這台收銀機開始值班後再做。",
        "Your staff number may not give points back, and may void its own sales only. Ask a colleague who may to start "
        "a shift at this till.",
    )


class ShopCodeUnknown(Problem):
    """No open shop of a merchant that takes part has this code."""

    status = 422
    slug = "shop-code-unknown"
    title = Text("找不到這家店", "This shop is not known")
    explanation = Text(
        "這個店家 QR 不是（或不再是）參加店家的，沒有扣點。請店員確認櫃檯上的 QR，或改出示付款碼。",
        "This QR is not, or no longer, one of a shop that takes part; nothing was taken. Ask the staff, or show your "
        "own code instead.",
    )


class TooManyKeys(Problem):
    """One session asked for keys faster than a phone needs them."""

    status = 429
    slug = "too-many-pay-keys"
    title = Text("付款碼更新得太頻繁", "Codes are renewed too often")
    explanation = Text(
        "這次登入在短時間內要了太多組付款碼。手上的付款碼仍然有效，請稍候再更新。",
        "This sign-in has asked for too many keys in a short time. The code at hand stays good; please wait a little.",
    )

    def __init__(self, *, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})


def used_at(at: datetime) -> Text:
    """The detail of a code that was used, for the cashier's own screen."""
    clock = at.astimezone(TAIPEI).strftime("%H:%M:%S")
    return Text(
        f"這組付款碼已在 {clock} 用過。請等手機換下一組再掃，不要接受照片或截圖。",
        f"This code was used at {clock}. Wait for the phone's next code; do not take photographs or screenshots.",
    )
