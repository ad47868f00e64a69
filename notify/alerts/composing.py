"""An alert that a duty officer writes, made into a CAP message, so that it goes the same way as any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.districts import DISTRICTS
from core.ids import new_uuid
from notify.alerts.duty import SENDER, SENDER_NAME
from notify.alerts.errors import AlertTimesWrong
from notify.alerts.records import Alert
from partners.cap import writing
from partners.cap.document import Area, Circle, Info, Message, Named, Point, Reference
from partners.cap.values import EARLIEST_YEAR, LATEST_YEAR

GEOCODE = "Taiwan_Geocode_103"
WHOLE_CITY = "64"


def document(given: Mapping[str, Any], updated: Alert | None, now: datetime) -> bytes:
    """The CAP document of what an officer wrote (`schemas.AlertText`); an Update of `updated`, when there is one.

    Raises AlertTimesWrong for an expiry outside the years that CAP documents may name here.
    """
    if not EARLIEST_YEAR <= given["expires_at"].year <= LATEST_YEAR:
        raise AlertTimesWrong
    area = _area(given["area"])
    infos = tuple(
        Info(
            language=language,
            categories=(given["category"],),
            event=given["event"],
            responses=(given["response"],) if given["response"] else (),
            urgency=given["urgency"],
            severity=given["severity"],
            certainty=given["certainty"],
            effective=now.replace(microsecond=0),
            expires=given["expires_at"].replace(microsecond=0),
            sender_name=SENDER_NAME,
            headline=given["headline"][part],
            description=given["description"][part],
            instruction=given["instruction"][part] if given["instruction"] else None,
            web=given["web"],
            areas=(area,),
        )
        for language, part in (("zh-TW", "zh"), ("en", "en"))
    )
    references = (Reference(updated.sender, updated.identifier, updated.sent_at),) if updated else ()
    return writing.write(
        Message(
            identifier=f"KHC-{new_uuid().hex}",
            sender=SENDER,
            sent=now.replace(microsecond=0),
            status="Exercise" if given["is_drill"] else "Actual",
            msg_type="Update" if updated else "Alert",
            scope="Public",
            references=references,
            infos=infos,
        )
    )


def _area(given: Mapping[str, Any]) -> Area:
    codes = [f"64{code[4:]}0" for code in given["districts"]]
    if given["is_whole_city"]:
        codes = [WHOLE_CITY]
    return Area(
        description=given["name"] or _named(given),
        polygons=tuple(_closed([Point(at[0], at[1]) for at in polygon]) for polygon in given["polygons"]),
        circles=tuple(
            Circle(Point(circle["latitude"], circle["longitude"]), circle["radius_km"]) for circle in given["circles"]
        ),
        geocodes=tuple(Named(GEOCODE, code) for code in codes),
    )


def _named(given: Mapping[str, Any]) -> str:
    if given["is_whole_city"] or not given["districts"]:
        return "高雄市"
    return "、".join(f"高雄市{DISTRICTS[code].zh}" for code in given["districts"])


def _closed(points: list[Point]) -> tuple[Point, ...]:
    return tuple(points) if points[0] == points[-1] else (*points, points[0])
