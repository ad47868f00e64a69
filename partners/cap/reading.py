"""From the bytes of a CAP 1.2 document to plain values: strict about what CAP demands, patient with how it is written.

Strict: namespace, order and number of elements as in the schema, every rule of CAP 1.2 §3.2. Patient, because
authorities in Taiwan write so: comments anywhere, white space around values, empty optional elements, mark-up inside
`description` and `instruction` (its text is taken), language tags in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from core.text import Text
from partners.cap import document as cap
from partners.cap import values
from partners.cap.document import NAMESPACE, Area, Info, Message, Named, Resource
from partners.cap.errors import AlertDocumentRefused, AlertXmlUnsafe
from partners.cap.gate import must_be_safe

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_PREFIX = f"{{{NAMESPACE}}}"
_ANY = 1 << 30
# In a whole document. The largest seen is an alert of Kaohsiung's own, with 331 areas of a circle each.
MOST_AREAS = 1_000
MOST_CIRCLES = 2_000
MOST_POINTS_TOGETHER = 20_000


@dataclass(frozen=True, slots=True)
class _Child:
    """An element that may stand at a place of the sequence, and how often."""

    name: str
    least: int = 0
    most: int = 1


# CAP 1.2 §3.4, the schema: each element's children, in their order.
_ALERT = (
    _Child("identifier", 1), _Child("sender", 1), _Child("sent", 1), _Child("status", 1), _Child("msgType", 1),
    _Child("source"), _Child("scope", 1), _Child("restriction"), _Child("addresses"), _Child("code", 0, _ANY),
    _Child("note"), _Child("references"), _Child("incidents"), _Child("info", 0, _ANY),
)  # fmt: skip
_INFO = (
    _Child("language"), _Child("category", 1, _ANY), _Child("event", 1), _Child("responseType", 0, _ANY),
    _Child("urgency", 1), _Child("severity", 1), _Child("certainty", 1), _Child("audience"),
    _Child("eventCode", 0, _ANY), _Child("effective"), _Child("onset"), _Child("expires"), _Child("senderName"),
    _Child("headline"), _Child("description"), _Child("instruction"), _Child("web"), _Child("contact"),
    _Child("parameter", 0, _ANY), _Child("resource", 0, _ANY), _Child("area", 0, _ANY),
)  # fmt: skip
_AREA = (
    _Child("areaDesc", 1), _Child("polygon", 0, _ANY), _Child("circle", 0, _ANY), _Child("geocode", 0, _ANY),
    _Child("altitude"), _Child("ceiling"),
)  # fmt: skip
_RESOURCE = (
    _Child("resourceDesc", 1), _Child("mimeType", 1), _Child("size"), _Child("uri"), _Child("derefUri"),
    _Child("digest"),
)  # fmt: skip
_NAMED = (_Child("valueName", 1), _Child("value", 1))
_WITH_MARKUP = frozenset({"description", "instruction"})
_ABOUT_OTHERS = frozenset({"Update", "Cancel", "Ack", "Error"})
_MAY_LACK_INFO = frozenset({"Cancel", "Ack", "Error"})


def read(content: bytes) -> Message:
    """The message in a CAP 1.2 document. Raises AlertXmlUnsafe or AlertDocumentRefused.

    What this process believes of the outside is in the bytes alone: nothing is fetched, no entity is resolved.
    """
    must_be_safe(content)
    return message_in(parsed(content))


def parsed(content: bytes) -> etree._Element:
    """The root of a document that the gate has let in, without comments and processing instructions.

    The gate knows nothing of namespaces, `xml:id` or declared encodings: raises AlertXmlUnsafe where those are wrong.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        where = Text(f"第 {error.lineno} 行不是格式正確的 XML。", f"Line {error.lineno} is not well-formed XML.")
        raise AlertXmlUnsafe("not_well_formed", where) from None


def message_in(root: etree._Element) -> Message:
    """The message that an `alert` element holds. Raises AlertDocumentRefused."""
    _must_be_an_alert(root)
    inside = _Inside(root, "alert", _ALERT)
    message = Message(
        identifier=values.plain_identifier("identifier", inside.text("identifier")),
        sender=values.plain_identifier("sender", inside.text("sender")),
        sent=values.moment("sent", inside.text("sent")),
        status=values.one_of("status", inside.text("status"), cap.STATUSES),
        msg_type=values.one_of("msgType", inside.text("msgType"), cap.MESSAGE_TYPES),
        scope=values.one_of("scope", inside.text("scope"), cap.SCOPES),
        source=inside.maybe("source"),
        restriction=inside.maybe("restriction"),
        addresses=inside.maybe("addresses"),
        codes=tuple(inside.texts("code")),
        note=inside.maybe("note"),
        references=values.references("references", inside.maybe("references") or ""),
        incidents=inside.maybe("incidents"),
        infos=tuple(_info(element, f"info[{number}]") for number, element in inside.numbered("info")),
        has_signature=root.find(_SIGNATURE) is not None,
    )
    _must_hold_together(message)
    _must_be_bounded(message)
    return message


def _must_be_an_alert(root: etree._Element) -> None:
    if root.tag == f"{_PREFIX}alert":
        return
    name = etree.QName(root)
    raise AlertDocumentRefused(
        name.localname[:60],
        "namespace",
        Text(
            f"最外層必須是命名空間 {NAMESPACE} 的 alert，這裡的命名空間是「{(name.namespace or '')[:100]}」。",
            f"The outermost element must be alert in the namespace {NAMESPACE}; here the namespace is "
            f"“{(name.namespace or '')[:100]}”.",
        ),
    )


def _must_hold_together(message: Message) -> None:
    """Rules between elements (§3.2.1)."""
    if message.scope == "Restricted" and message.restriction is None:
        raise AlertDocumentRefused(
            "restriction", "missing", Text("scope 為 Restricted 時必須填寫。", "Needed where scope is Restricted.")
        )
    if message.scope == "Private" and message.addresses is None:
        raise AlertDocumentRefused(
            "addresses", "missing", Text("scope 為 Private 時必須填寫。", "Needed where scope is Private.")
        )
    if message.msg_type in _ABOUT_OTHERS and not message.references:
        raise AlertDocumentRefused(
            "references",
            "missing",
            Text(
                f"msgType 為 {message.msg_type} 時必須指出是哪一則訊息。",
                f"A message of type {message.msg_type} must name the message that it is about.",
            ),
        )
    if message.itself in message.references:
        raise AlertDocumentRefused("references", "itself", Text("不可指向自己。", "A message cannot be about itself."))
    if not message.infos and message.msg_type not in _MAY_LACK_INFO:
        raise AlertDocumentRefused(
            "info",
            "missing",
            Text("只有 Cancel、Ack、Error 可以沒有 info。", "Only Cancel, Ack and Error may be without info."),
        )
    for number, info in enumerate(message.infos, 1):
        if info.expires is not None and info.expires <= message.sent:
            raise AlertDocumentRefused(
                f"info[{number}]/expires", "not_after_sent", Text("必須晚於 sent。", "It must be later than sent.")
            )


def _must_be_bounded(message: Message) -> None:
    """Who is inside is reckoned for all areas of all infos together."""
    areas = [area for info in message.infos for area in info.areas]
    bounds = (
        ("area", "too_many_areas", len(areas), MOST_AREAS, Text("個範圍", "areas")),
        (
            "area/circle",
            "too_many_circles",
            sum(len(area.circles) for area in areas),
            MOST_CIRCLES,
            Text("個圓", "circles"),
        ),
        (
            "area/polygon",
            "too_many_points_together",
            sum(len(polygon) for area in areas for polygon in area.polygons),
            MOST_POINTS_TOGETHER,
            Text("點", "points"),
        ),
    )
    for element, reason, found, most, what in bounds:
        if found > most:
            why = Text(
                f"整份文件共有 {found:,} {what.zh}，最多 {most:,}。",
                f"The whole document has {found:,} {what.en}; {most:,} are the most.",
            )
            raise AlertDocumentRefused(f"info/{element}", reason, why)


def _info(element: etree._Element, where: str) -> Info:
    inside = _Inside(element, where, _INFO)

    def at(name: str) -> Any:
        text = inside.maybe(name)
        return None if text is None else values.moment(f"{where}/{name}", text)

    effective, expires = at("effective"), at("expires")
    if effective is not None and expires is not None and expires <= effective:
        raise AlertDocumentRefused(
            f"{where}/expires", "not_after_effective", Text("必須晚於 effective。", "It must be later than effective.")
        )
    web = inside.maybe("web")
    return Info(
        language=values.language(f"{where}/language", inside.maybe("language") or "en-US"),
        categories=tuple(values.one_of(f"{where}/category", text, cap.CATEGORIES) for text in inside.texts("category")),
        event=inside.text("event"),
        responses=tuple(
            values.one_of(f"{where}/responseType", text, cap.RESPONSES) for text in inside.texts("responseType")
        ),
        urgency=values.one_of(f"{where}/urgency", inside.text("urgency"), cap.URGENCIES),
        severity=values.one_of(f"{where}/severity", inside.text("severity"), cap.SEVERITIES),
        certainty=values.one_of(f"{where}/certainty", inside.text("certainty"), cap.CERTAINTIES),
        audience=inside.maybe("audience"),
        event_codes=inside.named("eventCode"),
        effective=effective,
        onset=at("onset"),
        expires=expires,
        sender_name=inside.maybe("senderName"),
        headline=inside.maybe("headline"),
        description=inside.maybe("description"),
        instruction=inside.maybe("instruction"),
        web=None if web is None else values.web_address(f"{where}/web", web),
        contact=inside.maybe("contact"),
        parameters=inside.named("parameter"),
        resources=tuple(
            _resource(child, f"{where}/resource[{number}]") for number, child in inside.numbered("resource")
        ),
        areas=tuple(_area(child, f"{where}/area[{number}]") for number, child in inside.numbered("area")),
    )


def _area(element: etree._Element, where: str) -> Area:
    inside = _Inside(element, where, _AREA)
    altitude, ceiling = inside.maybe("altitude"), inside.maybe("ceiling")
    if ceiling is not None and altitude is None:
        raise AlertDocumentRefused(
            f"{where}/ceiling",
            "without_altitude",
            Text("必須與 altitude 一起使用。", "It needs an altitude beside it."),
        )
    return Area(
        description=inside.text("areaDesc"),
        polygons=tuple(values.polygon(f"{where}/polygon", text) for text in inside.texts("polygon")),
        circles=tuple(values.circle(f"{where}/circle", text) for text in inside.texts("circle")),
        geocodes=inside.named("geocode"),
        altitude_ft=None if altitude is None else values.feet(f"{where}/altitude", altitude),
        ceiling_ft=None if ceiling is None else values.feet(f"{where}/ceiling", ceiling),
    )


def _resource(element: etree._Element, where: str) -> Resource:
    inside = _Inside(element, where, _RESOURCE)
    return Resource(inside.text("resourceDesc"), inside.text("mimeType"), inside.maybe("uri"))


class _Inside:
    """The children of one element, held to their sequence."""

    def __init__(self, element: etree._Element, where: str, sequence: Sequence[_Child]) -> None:
        self._where = "" if where == "alert" else f"{where}/"
        self._children: dict[str, list[etree._Element]] = {child.name: [] for child in sequence}
        place = 0
        order = {child.name: number for number, child in enumerate(sequence)}
        for child in element:
            if child.tag == _SIGNATURE and where == "alert":
                continue
            name = child.tag.removeprefix(_PREFIX) if child.tag.startswith(_PREFIX) else ""
            if name not in order:
                raise AlertDocumentRefused(
                    f"{self._where}{etree.QName(child).localname[:60]}",
                    "unknown",
                    Text("CAP 1.2 在這裡沒有這個元素。", "CAP 1.2 has no such element here."),
                )
            if order[name] < place:
                raise AlertDocumentRefused(
                    f"{self._where}{name}", "out_of_order", Text("元素的順序不對。", "It stands in the wrong order.")
                )
            place = order[name]
            self._children[name].append(child)
        for wanted in sequence:
            count = len(self._children[wanted.name])
            if count < wanted.least:
                raise AlertDocumentRefused(
                    f"{self._where}{wanted.name}", "missing", Text("缺少這個元素。", "It is missing.")
                )
            if count > wanted.most:
                raise AlertDocumentRefused(
                    f"{self._where}{wanted.name}", "repeated", Text("只能出現一次。", "It may stand here only once.")
                )

    def text(self, name: str) -> str:
        """The value of a required element, which must not be empty."""
        value = self.maybe(name)
        if value is None:
            raise AlertDocumentRefused(f"{self._where}{name}", "empty", Text("不可空白。", "It must not be empty."))
        return value

    def maybe(self, name: str) -> str | None:
        """The value of an element that may be absent; an empty one is as good as absent."""
        found = self._children[name]
        return (self._value(name, found[0]) or None) if found else None

    def texts(self, name: str) -> list[str]:
        """The values of an element that may stand many times, without empty ones."""
        return [value for value in (self._value(name, child) for child in self._children[name]) if value]

    def numbered(self, name: str) -> list[tuple[int, etree._Element]]:
        """The elements of that name, counted from 1."""
        return list(enumerate(self._children[name], 1))

    def named(self, name: str) -> tuple[Named, ...]:
        """The valueName/value pairs of that name; a value may be empty, its name not."""
        pairs = []
        for number, child in self.numbered(name):
            pair = _Inside(child, f"{self._where}{name}[{number}]", _NAMED)
            pairs.append(Named(pair.text("valueName"), pair.maybe("value") or ""))
        return tuple(pairs)

    def _value(self, name: str, element: etree._Element) -> str:
        if len(element) and name not in _WITH_MARKUP:
            raise AlertDocumentRefused(
                f"{self._where}{name}", "not_text", Text("這裡只能是文字。", "Only text may stand here.")
            )
        return "".join(str(piece) for piece in element.itertext()).strip()
