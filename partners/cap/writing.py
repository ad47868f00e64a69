"""Making a CAP 1.2 document from plain values, so that what officers write goes the same way as what arrives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lxml import etree

from core.clock import TAIPEI
from partners.cap.document import NAMESPACE, Area, Info, Message, Named, Point

_PREFIX = f"{{{NAMESPACE}}}"


def write(message: Message) -> bytes:
    """The message as a document that `reading.read` reads as the same message."""
    root = etree.Element(f"{_PREFIX}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    _texts(
        root,
        [("identifier", message.identifier), ("sender", message.sender), ("sent", written(message.sent)),
         ("status", message.status), ("msgType", message.msg_type), ("source", message.source),
         ("scope", message.scope), ("restriction", message.restriction), ("addresses", message.addresses),
         *(("code", code) for code in message.codes), ("note", message.note),
         ("references", " ".join(f"{each.sender},{each.identifier},{written(each.sent)}"
                                 for each in message.references) or None),
         ("incidents", message.incidents)],
    )  # fmt: skip
    for info in message.infos:
        _info(etree.SubElement(root, f"{_PREFIX}info"), info)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def written(moment: datetime) -> str:
    """A moment in Taipei time as CAP 1.2 §3.3.2 wants it: to the second, offset in figures."""
    return moment.astimezone(TAIPEI).isoformat(timespec="seconds")


def _info(element: etree._Element, info: Info) -> None:
    _texts(
        element,
        [("language", info.language), *(("category", each) for each in info.categories), ("event", info.event),
         *(("responseType", each) for each in info.responses), ("urgency", info.urgency),
         ("severity", info.severity), ("certainty", info.certainty), ("audience", info.audience)],
    )  # fmt: skip
    _named(element, "eventCode", info.event_codes)
    times = (("effective", info.effective), ("onset", info.onset), ("expires", info.expires))
    _texts(element, [(name, written(moment)) for name, moment in times if moment is not None])
    _texts(
        element,
        [("senderName", info.sender_name), ("headline", info.headline), ("description", info.description),
         ("instruction", info.instruction), ("web", info.web), ("contact", info.contact)],
    )  # fmt: skip
    _named(element, "parameter", info.parameters)
    for resource in info.resources:
        inside = etree.SubElement(element, f"{_PREFIX}resource")
        pairs = [("resourceDesc", resource.description), ("mimeType", resource.mime_type), ("uri", resource.uri)]
        _texts(inside, pairs)
    for area in info.areas:
        _area(etree.SubElement(element, f"{_PREFIX}area"), area)


def _area(element: etree._Element, area: Area) -> None:
    _texts(element, [("areaDesc", area.description)])
    _texts(element, [("polygon", " ".join(map(_pair, polygon))) for polygon in area.polygons])
    _texts(element, [("circle", f"{_pair(circle.center)} {_number(circle.radius_km)}") for circle in area.circles])
    _named(element, "geocode", area.geocodes)
    heights = (("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft))
    _texts(element, [(name, _number(height)) for name, height in heights if height is not None])


def _named(element: etree._Element, name: str, pairs: Iterable[Named]) -> None:
    for pair in pairs:
        inside = etree.SubElement(element, f"{_PREFIX}{name}")
        _texts(inside, [("valueName", pair.name), ("value", pair.value)])


def _texts(element: etree._Element, pairs: Iterable[tuple[str, str | None]]) -> None:
    for name, text in pairs:
        if text is not None:
            etree.SubElement(element, f"{_PREFIX}{name}").text = text


def _pair(point: Point) -> str:
    return f"{_number(point.latitude)},{_number(point.longitude)}"


def _number(value: float) -> str:
    return f"{value:.8f}".rstrip("0").rstrip(".")
