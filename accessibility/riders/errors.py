"""How a rider is refused, and what to do about it."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class NotEligible(Problem):
    """`reason`: "not_asked" (the register was never asked), "none" (it knows no certificate), "run_out"."""

    slug = "not-eligible"
    status = 403
    title = Text("目前沒有搭乘資格", "Not entitled to these rides at present")
    explanation = Text(
        "需要有效的身心障礙證明，或經審核通過、證明需要輪椅的診斷文件（只限就醫）。請在「我的資格」重新查驗，"
        "或把診斷文件送到服務櫃檯；現在要用車，可以撥 1999 或通用計程車隊的電話。",
        "It takes a disability certificate in force, or a diagnosis paper that a wheelchair is needed, which a desk "
        "has accepted (medical trips only). Have the register asked again under “My eligibility”, or hand the paper "
        "in at a counter. For a ride now, call 1999 or an accessible taxi fleet.",
    )


class MedicalTripsOnly(Problem):
    slug = "medical-trips-only"
    status = 403
    title = Text("這項資格只限就醫", "This entitlement is for medical trips only")
    explanation = Text(
        "以診斷文件取得的資格，只能預約就醫的車趟。其他目的請改搭通用計程車，或申請身心障礙證明。",
        "Somebody entitled by a diagnosis paper books medical trips only. For other trips take an accessible taxi, or "
        "apply for a disability certificate.",
    )


class ChairSizeUnlikely(Problem):
    """`measures` lists those that cannot be: `measure` (width_cm, length_cm, weight_kg), `least` and `most`."""

    slug = "wheelchair-size-unlikely"
    status = 422
    title = Text("輪椅尺寸不合理", "No wheelchair has that size")
    explanation = Text(
        "請以公分填寫寬和長（含腳踏板），以公斤填寫輪椅和人的總重。measures 列出不合理的項目和範圍。",
        "Width and length (with the foot rests) are in centimetres, the weight is that of chair and person together, "
        "in kilograms. `measures` lists what cannot be, and between what it must lie.",
    )


class PhoneNumberWrong(Problem):
    slug = "phone-number-wrong"
    status = 422
    title = Text("電話號碼不正確", "That telephone number is not right")
    explanation = Text(
        "請填臺灣的電話：手機 09 開頭共 10 碼；市話含區碼，例如 07-3368333。開頭的 0 不可省略。",
        "A number of Taiwan: a mobile has 10 digits and begins with 09; a land line comes with its area code, such as "
        "07-3368333. The leading 0 belongs to it.",
    )


class PaperWaiting(Conflict):
    slug = "wheelchair-paper-waiting"
    title = Text("已有一份診斷文件在審核", "A diagnosis paper is being looked at already")
    explanation = Text(
        "一次審核一份。請等結果，或先撤回。", "One at a time: wait for the decision, or withdraw it first."
    )


class PaperDecided(Conflict):
    slug = "wheelchair-paper-decided"
    title = Text("這份診斷文件已經決定", "That paper has been decided on")
    explanation = Text("它已通過、退回或撤回，不能再改。", "It has been accepted, refused or withdrawn, and stays so.")


class PaperDateWrong(Problem):
    slug = "wheelchair-paper-date-wrong"
    status = 422
    title = Text("日期不正確", "That date cannot be")
    explanation = Text(
        "開立日不可在今天之後，也不可早於一年前；資格的最後一天要在今天之後，最長一年。",
        "A paper is not from the future and at most a year old; the last day of the entitlement is after today and at "
        "most a year away.",
    )
