"""Why a whole bureau file is refused. Nothing of such a file is taken over: no bill changes, no batch is kept."""

from core.errors import Problem
from core.text import Text


class FeedRefused(Problem):
    """The base of every reason to refuse a whole file."""


class FeedCompressed(FeedRefused):
    slug = "feed-compressed"
    status = 415
    title = Text("不接受壓縮檔", "Compressed files are not accepted")
    explanation = Text(
        "請直接上傳 CSV 檔，不要壓縮，也不要上傳 Excel 活頁簿。",
        "Send the CSV file itself: not compressed, not in an archive, and not as an Excel workbook.",
    )


class FeedNotText(FeedRefused):
    slug = "feed-not-text"
    status = 422
    title = Text("這不是 CSV 檔", "This is not a CSV file")
    explanation = Text(
        "檔案含有文字檔不會有的位元組(NUL),整個檔案未匯入。",
        "The file holds bytes (NUL) that no text file has. Nothing of it was taken over.",
    )


class FeedHeaderUnknown(FeedRefused):
    slug = "feed-header-unknown"
    status = 422
    title = Text("第一行的欄位名稱與來源不符", "The header does not belong to this source")
    explanation = Text(
        "第一行必須正好是該來源約定的欄位名稱，順序不拘。整個檔案未匯入。",
        "The first line must hold exactly the columns agreed for the source, in any order. Nothing was taken over.",
    )


class FeedEncodingWrong(FeedRefused):
    slug = "feed-encoding-wrong"
    status = 422
    title = Text("檔案編碼不符", "The file is in another encoding")
    explanation = Text(
        "檔案不是該來源約定的編碼（停車為 CP950，罰鍰與代收為 UTF-8），整個檔案未匯入。",
        "The file is not in the encoding agreed for the source (parking CP950; fines and paid-elsewhere UTF-8). "
        "Nothing of it was taken over.",
    )


class FeedTruncated(FeedRefused):
    slug = "feed-truncated"
    status = 422
    title = Text("檔案不完整", "The file is cut off")
    explanation = Text(
        "檔案最後一筆沒有換行或引號沒有結束，可能傳送中斷。整個檔案未匯入，請重新傳送。",
        "The last record has no line end or an open quote, as after a broken transfer. Nothing of the file was taken "
        "over; please send it again.",
    )


class FeedRecordTooLong(FeedRefused):
    slug = "feed-record-too-long"
    status = 422
    title = Text("有一筆資料太長", "A record is too long")
    explanation = Text(
        "一筆資料最多 65,536 位元組。整個檔案未匯入。",
        "A record may have 65,536 bytes at the most. Nothing of the file was taken over.",
    )


class FeedTooLarge(FeedRefused):
    slug = "feed-too-large"
    status = 413
    title = Text("檔案太大", "The file is too large")
    explanation = Text(
        "一個檔案最多 2 GiB,請分成數個檔案。整個檔案未匯入。",
        "A file may have 2 GiB at the most; please split it. Nothing of it was taken over.",
    )


class ContentDigestWrong(FeedRefused):
    slug = "content-digest-wrong"
    status = 400
    title = Text("內容與 Content-Digest 不符", "The content does not match its Content-Digest")
    explanation = Text(
        "Content-Digest 標頭(RFC 9530)格式不對，或與收到的內容不符。整個檔案未匯入，請重新傳送。",
        "The Content-Digest header (RFC 9530) is malformed, or what arrived is not what was sent. Nothing was taken "
        "over; please send it again.",
    )


WHOLE_FILE_REFUSALS: tuple[type[FeedRefused], ...] = (
    FeedCompressed,
    FeedNotText,
    FeedHeaderUnknown,
    FeedEncodingWrong,
    FeedTruncated,
    FeedRecordTooLong,
    FeedTooLarge,
    ContentDigestWrong,
)
