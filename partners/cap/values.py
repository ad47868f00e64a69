"""The values inside CAP's elements: identifiers, moments, enumerations, numbers, shapes. Each refusal says why."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from core.text import Text
from partners.cap.document import Circle, Point, Reference
from partners.cap.errors import AlertDocumentRefused

EARLIEST_YEAR, LATEST_YEAR = 2000, 2099
MOST_POINTS = 10_000
# Half the way around the Earth: a circle larger than that means nothing.
LARGEST_RADIUS_KM = 20_040.0
_MOMENT = re.compile(r"(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_ALPHABETIC_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[A-Za-z]+", re.ASCII)
_DEGREES = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,20})?", re.ASCII)
_KILOMETRES = re.compile(r"\d{1,6}(?:\.\d{1,20})?", re.ASCII)
_FEET = re.compile(r"-?\d{1,7}(?:\.\d{1,10})?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)


def one_of(element: str, text: str, allowed: Collection[str]) -> str:
    """`text`, which must be one of these words, letter by letter."""
    if text not in allowed:
        listed = "、".join(allowed), ", ".join(allowed)
        raise AlertDocumentRefused(
            element, "not_in_list", Text(f"只能是 {listed[0]} 之一。", f"It must be one of {listed[1]}.")
        )
    return text


def plain_identifier(element: str, text: str) -> str:
    """An identifier or a sender (§3.2.1): no spaces, no commas, no `<`, no `&`."""
    if re.search(r"[\s,<&]", text) or len(text) > 200:
        raise AlertDocumentRefused(
            element,
            "characters",
            Text(
                "不可含空白、逗號、< 或 &，且不超過 200 字。", "No spaces, commas, < or &, and 200 characters at most."
            ),
        )
    return text


def moment(element: str, text: str) -> datetime:
    """A dateTime (§3.3.2): to the second, with an offset in figures; UTC is `-00:00`, and `Z` must not be used."""
    if _ALPHABETIC_ZONE.fullmatch(text):
        raise AlertDocumentRefused(
            element,
            "zone_in_letters",
            Text(
                "時區必須是數字，例如 +08:00；CAP 1.2 不允許 Z。",
                "The zone must be in figures, such as +08:00; CAP 1.2 does not allow Z.",
            ),
        )
    form = _MOMENT.fullmatch(text)
    if form is None:
        raise AlertDocumentRefused(
            element,
            "not_a_moment",
            Text(
                "必須是 2026-11-21T08:00:00+08:00 這樣的時間，並帶時差。",
                "It must be a time such as 2026-11-21T08:00:00+08:00, with its offset.",
            ),
        )
    if not EARLIEST_YEAR <= int(form[1]) <= LATEST_YEAR:
        raise AlertDocumentRefused(
            element,
            "year_out_of_range",
            Text(
                f"年份必須在 {EARLIEST_YEAR} 到 {LATEST_YEAR} 之間。",
                f"The year must be between {EARLIEST_YEAR} and {LATEST_YEAR}.",
            ),
        )
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise AlertDocumentRefused(
            element, "not_a_moment", Text("這個時間不存在。", "There is no such time.")
        ) from None


def language(element: str, text: str) -> str:
    """A language tag (RFC 3066), in whatever case it is written."""
    if not _LANGUAGE.fullmatch(text):
        raise AlertDocumentRefused(
            element, "not_a_language", Text("必須是 zh-TW 這樣的語言標籤。", "It must be a tag such as zh-TW.")
        )
    return text


def web_address(element: str, text: str) -> str:
    """An absolute http(s) address, as `web` holds; it is shown and never fetched."""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or len(text) > 2000:
        raise AlertDocumentRefused(
            element,
            "not_a_web_address",
            Text("必須是完整的 http 或 https 網址。", "It must be a whole http or https address."),
        )
    return text


def feet(element: str, text: str) -> float:
    """A height in feet above mean sea level."""
    if not _FEET.fullmatch(text):
        raise AlertDocumentRefused(element, "not_a_number", Text("必須是數字。", "It must be a number."))
    return float(text)


def references(element: str, text: str) -> tuple[Reference, ...]:
    """`sender,identifier,sent` triples, separated by white space (§3.2.1)."""
    found = []
    for triple in text.split():
        parts = triple.split(",")
        if len(parts) != 3 or not all(parts):
            raise AlertDocumentRefused(
                element,
                "not_a_triple",
                Text(
                    "每一筆都必須是「發送者,識別碼,發送時間」。",
                    "Each must be the three parts sender,identifier,sent.",
                ),
            )
        sender, identifier, sent = parts
        found.append(
            Reference(plain_identifier(element, sender), plain_identifier(element, identifier), moment(element, sent))
        )
    return tuple(found)


def polygon(element: str, text: str) -> tuple[Point, ...]:
    """A closed polygon: at least four `latitude,longitude` pairs, the last the same as the first (§3.2.4)."""
    pairs = text.split()
    if len(pairs) > MOST_POINTS:
        raise AlertDocumentRefused(
            element, "too_many_points", Text(f"超過 {MOST_POINTS:,} 點。", f"More than {MOST_POINTS:,} points.")
        )
    points = tuple(point(element, pair) for pair in pairs)
    if len(points) < 4:
        raise AlertDocumentRefused(
            element,
            "too_few_points",
            Text("至少要有 4 組座標（含封閉的最後一點）。", "At least 4 pairs are needed, the closing one included."),
        )
    if points[0] != points[-1]:
        raise AlertDocumentRefused(
            element,
            "not_closed",
            Text(
                "多邊形沒有封閉：第一點與最後一點必須相同。", "It is not closed: first and last pair must be the same."
            ),
        )
    if len(set(points)) < 3:
        raise AlertDocumentRefused(
            element,
            "no_surface",
            Text("至少要有 3 個不同的點。", "At least 3 of the points must differ."),
        )
    return points


def circle(element: str, text: str) -> Circle:
    """`latitude,longitude radius`, the radius in kilometres (§3.2.4)."""
    parts = text.split()
    if len(parts) != 2 or not _KILOMETRES.fullmatch(parts[1]) or float(parts[1]) > LARGEST_RADIUS_KM:
        raise AlertDocumentRefused(
            element,
            "not_a_circle",
            Text("必須是「緯度,經度 半徑公里」。", "It must be latitude,longitude, a space, and the radius in km."),
        )
    return Circle(point(element, parts[0]), float(parts[1]))


def point(element: str, text: str) -> Point:
    """A `latitude,longitude` pair on WGS 84. The two in the wrong order, for a place in Taiwan, are recognised."""
    latitude_text, separator, longitude_text = text.partition(",")
    if not separator or not _DEGREES.fullmatch(latitude_text) or not _DEGREES.fullmatch(longitude_text):
        raise AlertDocumentRefused(
            element, "not_a_pair", Text("座標必須是「緯度,經度」。", "A pair must be latitude,longitude in degrees.")
        )
    latitude, longitude = float(latitude_text), float(longitude_text)
    if 118 <= latitude <= 123 and 21 <= longitude <= 27:
        raise AlertDocumentRefused(
            element,
            "swapped",
            Text(
                "緯度與經度寫反了：臺灣在緯度 21–27、經度 118–123，緯度在前。",
                "Latitude and longitude are swapped: Taiwan lies at latitude 21–27 and longitude 118–123, latitude "
                "first.",
            ),
        )
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:
        raise AlertDocumentRefused(
            element,
            "out_of_range",
            Text("緯度須在 ±90、經度須在 ±180 之內。", "Latitude must be within ±90 and longitude within ±180."),
        )
    return Point(latitude, longitude)
