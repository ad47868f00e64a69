"""CAP 1.2 documents: what is read from a good one, and why each bad one is refused, by element and reason."""

from __future__ import annotations

from datetime import datetime

import pytest

from partners.cap import gate, reading
from partners.cap.document import Circle, Named, Point
from partners.cap.errors import AlertDocumentRefused, AlertXmlUnsafe
from partners.cap.reading import read
from tests.partners.cap_documents import CIRCLE, GOOD, POLYGON, alert, area, changed, geocode, info

LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join('<!ENTITY lol{} "{}">'.format(n, f"&lol{n - 1 or ''};" * 10) for n in range(1, 10))
    + "]>"
)


def test_a_good_document_is_read_whole() -> None:
    message = read(GOOD)
    assert (message.identifier, message.sender) == ("KHC-2026-0001", "alerts@kcg.gov.tw")
    assert message.sent == datetime.fromisoformat("2026-11-21T08:00:00+08:00")
    (told,) = message.infos
    assert (told.severity, told.event, told.headline) == ("Severe", "淹水", "淹水警戒")
    assert told.expires == datetime.fromisoformat("2026-11-21T12:00:00+08:00")
    (where,) = told.areas
    assert where.circles == (Circle(Point(22.625, 120.265), 1.5),)
    assert where.polygons == ((Point(22.60, 120.27), Point(22.62, 120.27), Point(22.62, 120.30), Point(22.60, 120.27)),)
    assert where.geocodes == (Named("Taiwan_Geocode_103", "6400600"),)
    assert not message.has_signature


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<identifier>KHC", "<!-- 註解 --><identifier>KHC"),
        ("<severity>Severe", "<severity>\n   <!-- 註解 -->Severe  "),
        ("<language>zh-TW", "<language>Zh-tw"),
        ("<scope>Public</scope>", "<scope>Public</scope><references/>"),
        ("<instruction>請往高處移動。</instruction>", "<instruction></instruction>"),
        ("<description>", "<description><section title='注意'>提醒</section>"),
        ("<areaDesc>高雄市", "<areaDesc>\n      高雄市"),
        (f"<circle>{CIRCLE}", "<circle>22.625,120.265 0.000"),
        ("2026-11-21T08:00:00+08:00", "2026-11-21T00:00:00-00:00"),
    ],
)
def test_what_authorities_write_differently_is_understood(old: str, new: str) -> None:
    assert read(changed(old, new)).infos[0].severity == "Severe"


@pytest.mark.parametrize(
    ("old", "new", "element", "reason"),
    [
        ("KHC-2026-0001", "KHC 2026", "identifier", "characters"),
        ("KHC-2026-0001", "KHC,2026", "identifier", "characters"),
        ("KHC-2026-0001", "KHC&amp;2026", "identifier", "characters"),
        ("<identifier>KHC-2026-0001</identifier>", "", "identifier", "missing"),
        ("KHC-2026-0001", " ", "identifier", "empty"),
        ("alerts@kcg.gov.tw", "alerts kcg", "sender", "characters"),
        ("2026-11-21T08:00:00+08:00", "2026-11-21T00:00:00Z", "sent", "zone_in_letters"),
        ("2026-11-21T08:00:00+08:00", "2026-11-21T08:00:00", "sent", "not_a_moment"),
        ("2026-11-21T08:00:00+08:00", "2026-11-21T08:00:00.5+08:00", "sent", "not_a_moment"),
        ("2026-11-21T08:00:00+08:00", "2026-02-30T08:00:00+08:00", "sent", "not_a_moment"),
        ("2026-11-21T08:00:00+08:00", "2026-11-21T08:00:00+99:00", "sent", "not_a_moment"),
        ("2026-11-21T08:00:00+08:00", "9999-11-21T08:00:00+08:00", "sent", "year_out_of_range"),
        ("2026-11-21T08:00:00+08:00", "1926-11-21T08:00:00+08:00", "sent", "year_out_of_range"),
        ("2026-11-21T08:00:00+08:00", "２０２６-11-21T08:00:00+08:00", "sent", "not_a_moment"),
        ("<expires>2026", "<expires>9999", "info[1]/expires", "year_out_of_range"),
        ("<expires>2026-11-21T12", "<expires>2026-11-21T07", "info[1]/expires", "not_after_sent"),
        ("<status>Actual", "<status>actual", "status", "not_in_list"),
        ("<msgType>Alert", "<msgType>Warning", "msgType", "not_in_list"),
        ("<msgType>Alert", "<msgType>Update", "references", "missing"),
        ("<scope>Public", "<scope>Restricted", "restriction", "missing"),
        ("<scope>Public", "<scope>Private", "addresses", "missing"),
        ("<scope>Public</scope>", "<scope>Public</scope><scope>Public</scope>", "scope", "repeated"),
        ("<scope>Public</scope>", "<scope>Public</scope><references>a,b</references>", "references", "not_a_triple"),
        (
            "<scope>Public</scope>",
            "<scope>Public</scope><references>alerts@kcg.gov.tw,KHC-2026-0001,2026-11-21T08:00:00+08:00</references>",
            "references",
            "itself",
        ),
        ("<scope>Public</scope>", "<scope>Public</scope><note>n</note><code>c</code>", "code", "out_of_order"),
        ("<scope>Public</scope>", "<scope>Public</scope><loud>yes</loud>", "loud", "unknown"),
        ("<scope>Public</scope>", "<scope>Public</scope><x:loud xmlns:x='urn:x'>y</x:loud>", "loud", "unknown"),
        ("<category>Met", "<category>Weather", "info[1]/category", "not_in_list"),
        ("<category>Met</category>", "", "info[1]/category", "missing"),
        ("<severity>Severe", "<severity>Very bad", "info[1]/severity", "not_in_list"),
        ("<severity>Severe", "<severity>Severe<b/>", "info[1]/severity", "not_text"),
        ("<urgency>Immediate</urgency>", "", "info[1]/urgency", "missing"),
        ("<certainty>Observed", "<certainty>Very Likely", "info[1]/certainty", "not_in_list"),
        ("<responseType>Prepare", "<responseType>Run", "info[1]/responseType", "not_in_list"),
        ("<language>zh-TW", "<language>中文", "info[1]/language", "not_a_language"),
        ("</instruction>", "</instruction><web>javascript:alert(1)</web>", "info[1]/web", "not_a_web_address"),
        ("<areaDesc>高雄市</areaDesc>", "", "info[1]/area[1]/areaDesc", "missing"),
        (POLYGON, "22.60,120.27 22.62,120.27 22.62,120.30 22.61,120.27", "info[1]/area[1]/polygon", "not_closed"),
        (POLYGON, "22.60,120.27 22.62,120.27 22.60,120.27", "info[1]/area[1]/polygon", "too_few_points"),
        (POLYGON, "22.60,120.27 22.62,120.27 22.62,120.27 22.60,120.27", "info[1]/area[1]/polygon", "no_surface"),
        (POLYGON, "120.27,22.60 120.27,22.62 120.30,22.62 120.27,22.60", "info[1]/area[1]/polygon", "swapped"),
        (POLYGON, "22.60;120.27 22.62;120.27 22.62;120.30 22.60;120.27", "info[1]/area[1]/polygon", "not_a_pair"),
        (POLYGON, "nan,120.27 22.62,120.27 22.62,120.30 nan,120.27", "info[1]/area[1]/polygon", "not_a_pair"),
        (CIRCLE, "120.265,22.625 1.5", "info[1]/area[1]/circle", "swapped"),
        (CIRCLE, "22.625,220.265 1.5", "info[1]/area[1]/circle", "out_of_range"),
        (CIRCLE, "22.625,120.265", "info[1]/area[1]/circle", "not_a_circle"),
        (CIRCLE, "22.625,120.265 -1", "info[1]/area[1]/circle", "not_a_circle"),
        (CIRCLE, "22.625,120.265 50000", "info[1]/area[1]/circle", "not_a_circle"),
        (CIRCLE, "22.625,120.265 1e9", "info[1]/area[1]/circle", "not_a_circle"),
        ("<valueName>Taiwan_Geocode_103</valueName>", "", "info[1]/area[1]/geocode[1]/valueName", "missing"),
        ("</geocode>", "</geocode><ceiling>3</ceiling>", "info[1]/area[1]/ceiling", "without_altitude"),
        ("</geocode>", "</geocode><altitude>high</altitude>", "info[1]/area[1]/altitude", "not_a_number"),
    ],
)
def test_a_document_that_breaks_a_rule_is_refused_by_element_and_reason(
    old: str, new: str, element: str, reason: str
) -> None:
    with pytest.raises(AlertDocumentRefused) as refusal:
        read(changed(old, new))
    assert (refusal.value.element, refusal.value.reason) == (element, reason)
    assert (
        refusal.value.detail is not None and element in refusal.value.detail.zh and element in refusal.value.detail.en
    )


def _together(*, areas: int = 2, circles: int = 0, points: int = 0) -> bytes:
    """Of two infos together, so many areas, circles and points."""
    corners = [f"22.61,120.{n % 900 + 100}" for n in range(points // 4 - 2)]
    polygon = f"<polygon>22.60,120.27 {' '.join(corners)} 22.60,120.27</polygon>" * 2 if points else ""
    of_one = [area(polygon + f"<circle>{CIRCLE}</circle>" * (circles // 2)), *[area(geocode("64"))] * (areas // 2 - 1)]
    return alert(info(*of_one), info(*of_one, language="en-US"))


@pytest.mark.parametrize(
    ("so_many", "reason"),
    [
        ({"areas": reading.MOST_AREAS}, "too_many_areas"),
        ({"circles": reading.MOST_CIRCLES}, "too_many_circles"),
        ({"points": reading.MOST_POINTS_TOGETHER}, "too_many_points_together"),
    ],
)
def test_the_areas_of_a_document_are_bounded_as_a_whole(so_many: dict[str, int], reason: str) -> None:
    assert read(_together(**so_many))
    with pytest.raises(AlertDocumentRefused) as refusal:
        read(_together(**{what: n + 4 for what, n in so_many.items()}))
    assert refusal.value.reason == reason and refusal.value.status == 422


@pytest.mark.parametrize(
    "namespace", ["urn:oasis:names:tc:emergency:cap:1.1", "", "urn:oasis:names:tc:emergency:CAP:1.2"]
)
def test_another_namespace_is_another_language(namespace: str) -> None:
    with pytest.raises(AlertDocumentRefused) as refusal:
        read(alert(info(area()), namespace=namespace))
    assert refusal.value.reason == "namespace"


@pytest.mark.parametrize("msg_type", ["Alert", "Update"])
def test_an_alert_without_info_says_nothing(msg_type: str) -> None:
    about = [("alerts@kcg.gov.tw", "KHC-2026-0000", "2026-11-21T07:00:00+08:00")]
    with pytest.raises(AlertDocumentRefused) as refusal:
        read(alert(msg_type=msg_type, references=about))
    assert (refusal.value.element, refusal.value.reason) == ("info", "missing")


@pytest.mark.parametrize("msg_type", ["Cancel", "Ack", "Error"])
def test_a_message_about_another_may_be_without_info(msg_type: str) -> None:
    about = [("alerts@kcg.gov.tw", "KHC-2026-0000", "2026-11-21T07:00:00+08:00")]
    message = read(alert(msg_type=msg_type, references=about))
    assert [reference.identifier for reference in message.references] == ["KHC-2026-0000"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (GOOD.replace(b"<alert ", LAUGHS.encode() + b"<alert ").replace("高雄市".encode(), b"&lol9;"), "has_dtd"),
        (GOOD.replace(b"<alert ", b'<!DOCTYPE alert SYSTEM "http://127.0.0.1/x.dtd"><alert '), "has_dtd"),
        (
            GOOD.replace(b"<alert ", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert ').replace(
                "高雄市".encode(), b"&x;"
            ),
            "has_dtd",
        ),
        (GOOD.replace("高雄市".encode(), b"&nbsp;"), "not_well_formed"),
        (GOOD[:-5], "not_well_formed"),
        (b"", "not_well_formed"),
        (b"{}", "not_well_formed"),
        (GOOD.replace(b"<scope>", b"<x:note/><scope>"), "not_well_formed"),
        (GOOD.replace(b"<scope>", b'<scope xmlns:x="u" xmlns:y="u" x:a="1" y:a="2">'), "not_well_formed"),
        (GOOD.replace(b"<scope>", b'<scope xml:id="1 2">'), "not_well_formed"),
        (GOOD.replace(b"UTF-8", b"us-ascii"), "not_well_formed"),
        (GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "not_utf8"),
        (GOOD.replace(b"UTF-8", b"Big5"), "not_utf8"),
        (GOOD.decode().encode("big5"), "not_utf8"),
        (GOOD + b" " * gate.MOST_BYTES, "too_large"),
        (b"<a>" * 200 + b"</a>" * 200, "too_deep"),
        (b"<a>" + b"<b/>" * gate.MOST_ELEMENTS + b"</a>", "too_many_elements"),
        (GOOD.replace("高雄市".encode(), b"\x00"), "not_well_formed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_xml_that_is_not_safe_is_not_let_in(document: bytes, reason: str) -> None:
    with pytest.raises(AlertXmlUnsafe) as refusal:
        read(document)
    assert refusal.value.reason == reason


def test_a_document_at_the_limits_is_read_quickly() -> None:
    circles = "".join(f"<circle>{22.5 + n / 10000:.4f},120.3 0.1</circle>" for n in range(reading.MOST_CIRCLES))
    assert len(read(alert(info(area(circles)))).infos[0].areas[0].circles) == reading.MOST_CIRCLES
