"""What a PDF of ours says, read as a reader copies it out."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode


def stream(pdf: bytes, number: int) -> bytes:
    """The data of object `number`."""
    start = pdf.index(b"\n%d 0 obj" % number)
    found = re.search(rb"stream\r?\n(.*?)endstream", pdf[start:], re.DOTALL)
    assert found is not None
    data = found[1].strip()
    return zlib.decompress(a85decode(data[:-2]) if data.endswith(b"~>") else data)


def contents(pdf: bytes) -> list[bytes]:
    """What each page draws."""
    return [stream(pdf, int(number)) for number in re.findall(rb"/Contents (\d+) 0 R", pdf)]


def words_in(pdf: bytes) -> str:
    """What a reader copies out of the file: each shown string, through its typeface's own map back to Unicode."""
    maps = {}
    for name, number in re.findall(rb"/(F\d+\+\d+) (\d+) 0 R", pdf):
        definition = pdf[pdf.index(b"\n%s 0 obj" % number) :]
        pointer = re.search(rb"/ToUnicode (\d+) 0 R", definition)
        assert pointer is not None
        pairs = re.findall(rb"<(\w\w)> <(\w{4,})>", stream(pdf, int(pointer[1])))
        maps[name] = {int(code, 16): bytes.fromhex(drawn.decode()).decode("utf-16-be") for code, drawn in pairs}
    text = ""
    for page in contents(pdf):
        for face, shown, _ in re.findall(rb"/(F\d+\+\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj|(ET)", page, re.DOTALL):
            if face:
                current = maps[face]
            elif shown:
                raw = re.sub(rb"\\([0-7]{3}|.)", _unescaped, shown, flags=re.DOTALL)
                text += "".join(current[code] for code in raw)
            else:
                text += "\n"
    return text


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if len(code) == 3 else {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(code, code)
