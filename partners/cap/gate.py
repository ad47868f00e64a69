"""What XML is let in at all, decided while it streams by: before a DTD is read, nothing of it has been believed."""

from __future__ import annotations

from xml.parsers import expat

from core.text import Text
from partners.cap.errors import AlertXmlUnsafe

MOST_BYTES = 1 << 20
MOST_DEPTH = 16
MOST_ELEMENTS = 50_000


def must_be_safe(document: bytes) -> None:
    """Raises AlertXmlUnsafe unless `document` is well-formed XML in UTF-8, without a DTD, and within the limits."""
    if len(document) > MOST_BYTES:
        raise AlertXmlUnsafe(
            "too_large",
            Text(f"文件超過 {MOST_BYTES:,} 位元組。", f"The document has more than {MOST_BYTES:,} bytes."),
        )
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        raise AlertXmlUnsafe("not_utf8", Text("文件不是 UTF-8 編碼。", "The document is not in UTF-8.")) from None
    parser = expat.ParserCreate(encoding="utf-8")
    counted = _Counter()
    parser.XmlDeclHandler = _must_declare_utf8
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = counted.start
    parser.EndElementHandler = counted.end
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        where = Text(f"第 {error.lineno} 行不是格式正確的 XML。", f"Line {error.lineno} is not well-formed XML.")
        raise AlertXmlUnsafe("not_well_formed", where) from None


class _Counter:
    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def start(self, _name: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MOST_DEPTH:
            raise AlertXmlUnsafe(
                "too_deep", Text(f"元素巢狀超過 {MOST_DEPTH} 層。", f"Elements are nested more than {MOST_DEPTH} deep.")
            )
        if self.elements > MOST_ELEMENTS:
            raise AlertXmlUnsafe(
                "too_many_elements",
                Text(f"元素超過 {MOST_ELEMENTS:,} 個。", f"There are more than {MOST_ELEMENTS:,} elements."),
            )

    def end(self, _name: str) -> None:
        self.depth -= 1


def _must_declare_utf8(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
        raise AlertXmlUnsafe("not_utf8", Text("文件宣告的編碼不是 UTF-8。", "The document declares another encoding."))


def _refuse_doctype(_name: str, _system: str | None, _public: str | None, _has_subset: int) -> None:
    raise AlertXmlUnsafe(
        "has_dtd", Text("不接受 DTD 與實體宣告。", "A document type declaration and entities are not accepted.")
    )
