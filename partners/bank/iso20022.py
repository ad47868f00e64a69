"""Reading a message of ISO 20022 that somebody else wrote: nothing in it is fetched, expanded or guessed."""

from __future__ import annotations

from typing import Final

from lxml import etree

MOST_BYTES: Final = 16 << 20


class MessageWrong(ValueError):
    """The document is not the message that was agreed: what is wrong with it, in words."""


def root_of(document: bytes, namespace: str) -> etree._Element:
    """The root of a document of that namespace. Raises MessageWrong for anything else, a DOCTYPE included."""
    if len(document) > MOST_BYTES:
        raise MessageWrong("the document is too large")
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise MessageWrong("a DOCTYPE has no place in it")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise MessageWrong(f"it is not XML: {error}") from error
    if root.tag != f"{{{namespace}}}Document":
        raise MessageWrong(f"it is not a document of {namespace}")
    return root


def member(element: etree._Element, path: str, namespace: str) -> etree._Element:
    """The one element at a path like `GrpHdr/MsgId`. Raises MessageWrong when there is none, or more than one."""
    found = element.findall(_qualified(path, namespace))
    if len(found) != 1:
        raise MessageWrong(f"{path} stands in it {len(found)} times")
    return found[0]


def words(element: etree._Element, path: str, namespace: str) -> str:
    """The text of the one element at a path. Raises MessageWrong when it is missing or empty."""
    text = (member(element, path, namespace).text or "").strip()
    if not text:
        raise MessageWrong(f"{path} is empty")
    return text


def maybe(element: etree._Element, path: str, namespace: str) -> str:
    """The text of the first element at a path, or nothing."""
    return (element.findtext(_qualified(path, namespace)) or "").strip()


def each(element: etree._Element, path: str, namespace: str) -> list[etree._Element]:
    """All elements at a path, in their order."""
    return element.findall(_qualified(path, namespace))


def _qualified(path: str, namespace: str) -> str:
    return "/".join(f"{{{namespace}}}{name}" for name in path.split("/"))
