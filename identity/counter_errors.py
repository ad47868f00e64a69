"""How the counter, the 1999 line, codes on paper, printed cards and shifts say no."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class OutsideShift(Problem):
    """The passkey was right, but this is not an hour in which this officer works. `detail` names the hours."""

    slug = "outside-shift"
    status = 403
    title = Text("現在不在您的值班時間", "This is outside your shift")
    explanation = Text(
        "承辦人員只能在名冊所列的值班時間登入；時間一到，登入會自動結束。時間有誤請聯絡人事單位。",
        "Officers sign in during the hours that the roster names, and sessions end with them. If the hours are wrong, "
        "ask whoever keeps the roster.",
    )
    keeps = True


class OwnRecord(Problem):
    """An officer asked for the record of their own ID number. It stays written down, for the auditor."""

    slug = "own-record"
    status = 403
    title = Text("不能替自己辦理", "Nobody serves themself")
    explanation = Text(
        "這是您自己的身分證字號。請由另一位同仁辦理；這次查詢已留下紀錄。",
        "This is your own ID number. Please let a colleague serve you; this look-up has been recorded.",
    )
    keeps = True


class TooManyLookups(Problem):
    """More people looked up in an hour than come to a counter. It stays written down, for the auditor."""

    slug = "too-many-look-ups"
    status = 429
    title = Text("一小時內查詢太多人", "Too many people were looked up within an hour")
    explanation = Text(
        "每位承辦人員一小時最多查詢 40 人；超過的查詢不會顯示資料，並列入稽核。請稍後再試。",
        "One officer may look up 40 people within an hour; more show nothing, and the auditor sees that they were "
        "tried. Please try again later.",
    )
    keeps = True

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class PapersMissing(Problem):
    slug = "papers-missing"
    status = 409
    title = Text("還沒有核對足夠的證件", "Not enough papers have been seen yet")
    explanation = Text(
        "當面確認身分需要兩種證件，其中一種有照片（身分證、居留證、護照、駕照），並先登記姓名。",
        "To prove somebody in person takes two papers, one of them with a photograph (ID card, residence permit, "
        "passport, driving licence), and their name written down first.",
    )


class NobodyThereYet(Problem):
    slug = "nobody-there-yet"
    status = 409
    title = Text("這個身分證字號還沒有登記", "Nobody is registered under this ID number yet")
    explanation = Text(
        "請先核對證件並登記姓名，才能辦理這一項。",
        "See the papers and write down the name first; then this can be done.",
    )


class NotProvedYet(Problem):
    slug = "not-proved-yet"
    status = 409
    title = Text("還沒有當面確認身分", "The person has not been proved in person yet")
    explanation = Text(
        "登錄碼、密碼卡與恢復登入方式，只替剛在這個櫃檯當面確認過身分的本人辦理。",
        "Enrolment codes, printed cards and opening a way to sign in again are only for somebody who has just been "
        "proved in person at this counter.",
    )


class CounterCodeRefused(Problem):
    """A code that is unknown, used, lapsed, replaced, or not of this ID number. The try stays counted."""

    slug = "counter-code-refused"
    status = 401
    title = Text("登錄碼或身分證字號不正確，或已失效", "The code or the ID number is not right, or no longer valid")
    explanation = Text(
        "櫃檯給的登錄碼 24 小時內有效，只能使用一次；拿到新的，舊的就失效。連續 5 次不正確會鎖定 15 分鐘。",
        "A code from the counter is valid for 24 hours and used once; a newer one ends the older. 5 failures in a row "
        "lock this for 15 minutes.",
    )
    keeps = True

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class CardRefused(Problem):
    """A wrong code or PIN, or no such card: which of them is not said. The failure stays counted."""

    slug = "card-refused"
    status = 401
    title = Text("密碼卡的號碼或 PIN 不正確", "The card's code or the PIN is not right")
    explanation = Text(
        "身分證字號、密碼卡上的號碼與 PIN 不相符，或卡片已停用。連續 5 次不正確，密碼卡會鎖定 15 分鐘。",
        "ID number, the code on the card and the PIN do not belong together, or the card has ended. 5 failures in a "
        "row lock the card for 15 minutes.",
    )
    keeps = True

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class PinRefused(Problem):
    slug = "pin-refused"
    status = 422
    title = Text("這個 PIN 太容易被猜到", "This PIN is too easy to guess")
    explanation = Text(
        "PIN 是 6 個數字，不可全部相同、連號，或是生日、身分證字號的一部分。",
        "A PIN has 6 digits: not all the same, not in a row, no date of birth and no part of the ID number.",
    )


class CallNotReady(Problem):
    slug = "call-not-ready"
    status = 409
    title = Text("這通電話現在不能做這一步", "This call is not at that step")
    explanation = Text(
        "先輸入來電者念出的號碼，等來電者按完 PIN，確認後才能陪同辦理。",
        "First the code that the caller reads out, then the PIN that the caller keys in; only then can you go on.",
    )


class NotInAVisit(Problem):
    """Something that a person does alone: an officer is with them in this session."""

    slug = "not-in-a-visit"
    status = 403
    title = Text("有承辦人員陪同時不能做這件事", "This is not done with an officer present")
    explanation = Text(
        "密碼、金鑰、驗證器、付款和授權別的網站，只能由本人自己登入後辦理。",
        "Passwords, passkeys, authenticators, payments and letting other sites in are for the person alone.",
    )
