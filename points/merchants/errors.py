"""What merchants are refused, and why."""

from __future__ import annotations

from core.errors import Conflict, Problem, RateLimited
from core.text import Text


class BusinessIdWrong(Problem):
    """The number is no business id by the rule of 2023."""

    status = 422
    slug = "business-id-wrong"
    title = Text("統一編號不正確", "This is no business id")
    explanation = Text(
        "統一編號有 8 位數字，最後的檢查碼與這組數字不符。請對照營業登記再輸入一次。",
        "A business id has 8 digits, and the check digit does not fit these. Please compare it with the registration.",
    )


class BusinessIdTaken(Conflict):
    """A merchant with this business id has applied or takes part."""

    slug = "business-id-taken"
    title = Text("這個統一編號已經申請過", "A merchant with this business id is known already")
    explanation = Text(
        "這個統一編號的店家已經申請或加入。若不是您或您的夥伴申請的，請聯絡經濟發展局。",
        "A merchant with this business id has applied or takes part. If that was not you or a partner of yours, please "
        "call the Economic Development Bureau.",
    )


class MerchantNotOpen(Conflict):
    """The merchant is not, or no longer, approved; `merchant_status` says how it stands."""

    slug = "merchant-not-open"
    title = Text("店家目前不能這樣做", "The merchant cannot do this now")
    explanation = Text(
        "店家尚未核准、已被暫停或已結束。merchant_status 說明目前的狀態。",
        "The merchant is not approved yet, is suspended, or has left. `merchant_status` says how it stands.",
    )


class MerchantStateWrong(Conflict):
    """The decision does not fit how the merchant stands now."""

    slug = "merchant-state-wrong"
    title = Text("店家的狀態不適用這個決定", "The decision does not fit how the merchant stands")
    explanation = Text(
        "店家的狀態已經改變，merchant_status 是目前的狀態。請重新讀取再決定。",
        "The merchant stands otherwise by now, as `merchant_status` says. Please read it again, then decide.",
    )


class AccountProofLimit(RateLimited):
    """Today's credits for proving an account are used up."""

    slug = "account-proof-limit"
    title = Text("今天的驗證匯款已用完", "Today's credits for proving an account are used up")
    explanation = Text(
        "每天只寄出有限次數的 NT$1 驗證匯款。請在 Retry-After 所示的時間之後再申請。",
        "Only so many NT$1 credits are sent a day. Please ask again after the time that Retry-After says.",
    )


class AccountCodeWrong(Problem):
    """The code is not the one in the bank's remark; `tries_left` says how many more may be typed."""

    status = 422
    slug = "account-code-wrong"
    keeps = True
    title = Text("驗證碼不對", "The code is not right")
    explanation = Text(
        "請輸入銀行入帳備註裡的 6 位數字。tries_left 是還能輸入的次數，用完後需要重新匯款。",
        "Type the 6 digits in the remark of the bank's credit. `tries_left` says how often you may; after that a new "
        "credit is needed.",
    )


class NoAccountProofOpen(Conflict):
    """No credit waits for its code."""

    slug = "no-account-proof-open"
    title = Text("沒有等待輸入的驗證碼", "No code is waited for")
    explanation = Text(
        "還沒有寄出驗證匯款、匯款沒有成功，或次數已用完。請再登記一次帳戶。",
        "No credit was sent, it did not arrive, or its tries are used up. Please enter the account again.",
    )


class TooManyOfThem(Conflict):
    """The merchant has as many of these as the scheme allows; `most` says how many."""

    slug = "too-many-of-them"
    title = Text("已達上限", "There are as many as there may be")
    explanation = Text("每個店家最多可有 most 個。", "A merchant may have `most` of them.")


class StaffNumberTaken(Conflict):
    """Somebody of this merchant has that number."""

    slug = "staff-number-taken"
    title = Text("這個員工編號已有人使用", "Somebody has this staff number")
    explanation = Text("同一店家的員工編號不能重複。", "Each of a merchant's staff has a number of their own.")


class OutsideKaohsiung(Problem):
    """The place is not in the city."""

    status = 422
    slug = "outside-kaohsiung"
    title = Text("這個位置不在高雄市", "This place is not in Kaohsiung")
    explanation = Text(
        "分店必須在高雄市內，行政區和座標也要相符。在行政區交界附近可差 2 公里。",
        "A branch is in Kaohsiung, and its district and coordinates agree, give or take 2 km at a border.",
    )


class PublicKeyWrong(Problem):
    """The key of a cash register is none that can be used."""

    status = 422
    slug = "public-key-wrong"
    title = Text("收銀機的公鑰不正確", "This public key cannot be used")
    explanation = Text(
        "請提供 P-256 的公開金鑰（JWK），不要放私鑰。",
        "Please give a public key on P-256 as a JWK, without its private part.",
    )


class OfferNotThere(Conflict):
    """The offer is not live, not today, or of another merchant."""

    slug = "offer-not-there"
    title = Text("這個優惠目前不能使用", "This offer cannot be used now")
    explanation = Text(
        "優惠還沒開始、已經結束，或不是這家店的。", "The offer has not begun, has ended, or is another merchant's."
    )


class OfferSoldOut(Conflict):
    """Nothing is left of the offer."""

    slug = "offer-sold-out"
    title = Text("這個優惠已經換完", "This offer is sold out")
    explanation = Text(
        "數量有限，已全部換完。沒有扣點。", "There were only so many, and all are taken. No points were used."
    )


class OfferTakenOften(Conflict):
    """This person has taken the offer as often as one may; `most` says how often."""

    slug = "offer-taken-often"
    title = Text("這個優惠每人次數已用完", "You have taken this offer as often as one may")
    explanation = Text("每人最多 most 次。沒有扣點。", "Each person may take it `most` times. No points were used.")


class OfferPointsDiffer(Conflict):
    """The points are not what the offer costs; `points` says what it does."""

    slug = "offer-points-differ"
    title = Text("點數與優惠不符", "The points are not the offer's")
    explanation = Text("這個優惠要 points 點。沒有扣點。", "This offer costs `points` points. No points were used.")


class OfferNotChangeable(Conflict):
    """What people may have taken already cannot be changed so."""

    slug = "offer-not-changeable"
    title = Text("這個優惠不能這樣改", "The offer cannot be changed like this")
    explanation = Text(
        "已開放的優惠只能延長或提早結束、增加數量，不能改點數或文字；已結束的不能再改。",
        "A live offer can end earlier or later and have more stock; its points and words stay. An ended one stays as "
        "it is.",
    )


class SettlementNotStopped(Conflict):
    """The settlement does not wait for a desk."""

    slug = "settlement-not-stopped"
    title = Text("這筆結算不需要重送", "This settlement does not have to be sent again")
    explanation = Text(
        "只有銀行整批退回而停下的結算可以重送。",
        "Only a settlement that stopped because the bank took no file is sent again by hand.",
    )
