"""Why a statement or settlement file is refused whole: no line of it is kept and nothing is booked."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class StatementRefused(Problem):
    """The base of every reason to refuse a whole file."""


class StatementNotReadable(StatementRefused):
    slug = "statement-not-readable"
    status = 422
    title = Text("檔案無法讀取", "The file cannot be read")
    explanation = Text(
        "檔案不是約定的編碼，含有文字檔不會有的位元組，或已被壓縮。整個檔案未採用。",
        "The file is not in the agreed encoding, holds bytes that no text has, or is compressed. Nothing was taken.",
    )


class StatementFormWrong(StatementRefused):
    slug = "statement-form-wrong"
    status = 422
    title = Text("檔案格式與來源不符", "The file has not the form agreed with its source")
    explanation = Text(
        "檔案不符合該來源的格式（命名空間、欄位、紀錄種類或金額寫法）。整個檔案未採用。",
        "Namespace, columns, kinds of records or the way amounts are written are not those of the source. Nothing of "
        "it was taken.",
    )


class StatementUnsafe(StatementRefused):
    slug = "statement-unsafe"
    status = 422
    title = Text("檔案含有不允許的宣告", "The file holds declarations that are not allowed")
    explanation = Text(
        "XML 檔不得含有 DOCTYPE 或實體宣告，也不得過深或過大。整個檔案未採用。",
        "An XML file may hold no DOCTYPE and no entities, and must not be too deep or too large in one place. Nothing "
        "of it was taken.",
    )


class StatementTruncated(StatementRefused):
    slug = "statement-truncated"
    status = 422
    title = Text("檔案不完整", "The file is cut off")
    explanation = Text(
        "檔案沒有結尾紀錄，可能傳送中斷。整個檔案未採用，請重新傳送。",
        "The closing record is missing, as after a broken transfer. Nothing of it was taken; please send it again.",
    )


class StatementTotalsWrong(StatementRefused):
    slug = "statement-totals-wrong"
    status = 422
    title = Text("檔案的合計不符", "The totals of the file do not add up")
    explanation = Text(
        "各筆金額加總與檔案所載的合計、餘額或撥付金額不同。整個檔案未採用。",
        "The lines do not add up to the totals, balances or payout that the file itself states. Nothing was taken.",
    )


class StatementTooLarge(StatementRefused):
    slug = "statement-too-large"
    status = 413
    title = Text("檔案太大", "The file is too large")
    explanation = Text(
        "對帳檔最多 1 GiB。整個檔案未採用，請洽來源機構分檔。",
        "A file may have 1 GiB at the most. Nothing of it was taken; ask the source to split it.",
    )


class StatementOfAnother(StatementRefused):
    slug = "statement-of-another"
    status = 422
    title = Text("這不是本市的帳戶", "This is another account's file")
    explanation = Text(
        "檔案的帳號、特約商店或幣別不是本市的。整個檔案未採用。",
        "The account, merchant or currency in the file is not the city's. Nothing of it was taken.",
    )


class StatementContradicts(StatementRefused):
    slug = "statement-contradicts"
    status = 409
    title = Text("同一編號的檔案內容不同", "A file of this number was taken before, with other content")
    explanation = Text(
        "這個來源已有同一編號但內容不同的檔案。請向來源機構確認哪一份正確。",
        "The source has sent a file of the same number with other lines. Ask it which of the two is right.",
    )


WHOLE_FILE_REFUSALS: tuple[type[StatementRefused], ...] = (
    StatementNotReadable,
    StatementFormWrong,
    StatementUnsafe,
    StatementTruncated,
    StatementTotalsWrong,
    StatementTooLarge,
    StatementOfAnother,
    StatementContradicts,
)
