"""Why a document is not taken: which element, and what is wrong with it."""

from __future__ import annotations

from core.errors import FieldError, Problem
from core.text import Text


class AlertXmlUnsafe(Problem):
    """Not XML that we read at all: not well-formed, with a DTD, too large, too deep, not in UTF-8."""

    slug = "alert-xml-unsafe"
    status = 422
    title = Text("無法安全讀取這份 XML", "This XML cannot be read safely")
    explanation = Text(
        "文件必須是格式正確、UTF-8 編碼的 XML，不可有 DTD 或實體宣告，大小、深度與元素數量都有上限。"
        "reason 說明是哪一項。",
        "The document must be well-formed XML in UTF-8 with no DTD and no entity declarations, within limits of size, "
        "depth and number of elements. `reason` says which it breaks.",
    )

    def __init__(self, reason: str, detail: Text) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class AlertDocumentRefused(Problem):
    """Well-formed XML that breaks a rule of CAP 1.2. `element` is where, `reason` which rule."""

    slug = "alert-document-refused"
    status = 422
    title = Text("這份告警不符合 CAP 1.2", "This alert is not as CAP 1.2 wants it")
    explanation = Text(
        "errors 指出是哪一個元素、哪裡不符；reason 是這個原因的代碼。",
        "`errors` names the element and what is wrong with it; `reason` is the code of that reason.",
    )

    def __init__(self, element: str, reason: str, why: Text) -> None:
        detail = Text(f"{element}：{why.zh}", f"{element}: {why.en}")
        super().__init__(detail, errors=[FieldError(f"/{element}", why.en)], element=element, reason=reason)
        self.element = element
        self.reason = reason


class AlertSignatureWrong(Problem):
    slug = "alert-signature-wrong"
    status = 422
    title = Text("告警的簽章不正確", "The alert's signature is wrong")
    explanation = Text(
        "這個發送者登記過憑證，但文件內的簽章與內容或憑證不符。請確認文件在簽章後沒有被改動。",
        "The sender has a registered certificate, and the signature in the document does not fit it or the content. "
        "Make sure that nothing was changed after signing.",
    )
