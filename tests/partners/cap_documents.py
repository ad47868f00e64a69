"""CAP documents for tests, made up here: a good one, and whatever a test changes in it."""

from __future__ import annotations

from collections.abc import Sequence

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
# Around Sizihwan, and a triangle in the harbour.
CIRCLE = "22.625,120.265 1.5"
POLYGON = "22.60,120.27 22.62,120.27 22.62,120.30 22.60,120.27"


def geocode(value: str, name: str = "Taiwan_Geocode_103") -> str:
    return f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"


def area(*shapes: str, described: str = "高雄市") -> str:
    return f"<area><areaDesc>{described}</areaDesc>{''.join(shapes)}</area>"


def info(
    *areas: str,
    language: str = "zh-TW",
    severity: str = "Severe",
    event: str = "淹水",
    headline: str = "淹水警戒",
    description: str = "低窪地區請注意。",
    instruction: str = "請往高處移動。",
    expires: str = "2026-11-21T12:00:00+08:00",
    more: str = "",
) -> str:
    until = f"<expires>{expires}</expires>" if expires else ""
    return (
        f"<info><language>{language}</language><category>Met</category><event>{event}</event>"
        "<responseType>Prepare</responseType><urgency>Immediate</urgency>"
        f"<severity>{severity}</severity><certainty>Observed</certainty>{until}"
        f"<headline>{headline}</headline><description>{description}</description>"
        f"<instruction>{instruction}</instruction>{more}{''.join(areas)}</info>"
    )


def alert(
    *infos: str,
    identifier: str = "KHC-2026-0001",
    sender: str = "alerts@kcg.gov.tw",
    sent: str = "2026-11-21T08:00:00+08:00",
    status: str = "Actual",
    msg_type: str = "Alert",
    references: Sequence[tuple[str, str, str]] = (),
    namespace: str = NAMESPACE,
    before: str = "",
) -> bytes:
    about = " ".join(",".join(triple) for triple in references)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<alert xmlns="{namespace}">'
        f"<identifier>{identifier}</identifier><sender>{sender}</sender><sent>{sent}</sent><status>{status}</status>"
        f"<msgType>{msg_type}</msgType><scope>Public</scope>"
        f"{f'<references>{about}</references>' if about else ''}{''.join(infos)}</alert>"
    ).encode()


GOOD = alert(info(area(f"<polygon>{POLYGON}</polygon><circle>{CIRCLE}</circle>", geocode("6400600"))))


def changed(old: str, new: str, document: bytes = GOOD) -> bytes:
    """`document` with one thing in it replaced; it must be there once or more."""
    assert old.encode() in document, old
    return document.replace(old.encode(), new.encode(), 1)
