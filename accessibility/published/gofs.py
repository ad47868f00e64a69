"""The feed as GOFS 1.0 (MobilityData, General On-demand Feed Specification): one JSON document for each part of it, in
each language.

Every fleet is a brand. All of them are booked ahead (`booking_type` 1), so there is no `wait_time`: what somebody would
wait, and what it costs, depends on what they need, and is answered to a request alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from accessibility.published import zones
from accessibility.published.gtfs_flex import EVERY_DAY, PUBLISHER
from accessibility.published.services import Edition, Journey, Service, Zone
from core.text import LANGUAGES, Language, Text

VERSION: Final = "1.0"
TTL_SECONDS: Final = 3600
NAME: Final = Text("高雄無障礙預約車趟", "Accessible rides in Kaohsiung")


def document(name: str, edition: Edition, language: Language, *, origin: str) -> dict[str, Any] | None:
    """One document of the feed, by its name without `.json`; None: there is none of that name. `origin` is the public
    address of the app."""
    part = _PARTS.get(name)
    return None if part is None else _headed(part(edition, language, origin), edition)


def discovery(edition: Edition, *, base: str) -> dict[str, Any]:
    """gofs.json: where everything is, in each language, below `base`."""
    data: dict[str, Any] = {
        language: {"feeds": [{"name": name, "url": f"{base}/{language}/{name}.json"} for name in _PARTS]}
        for language in LANGUAGES
    }
    return _headed(data, edition)


def versions(edition: Edition, *, base: str) -> dict[str, Any]:
    """gofs_versions.json."""
    return _headed({"versions": [{"version": VERSION, "url": f"{base}/gofs.json"}]}, edition)


def _headed(data: Mapping[str, Any], edition: Edition) -> dict[str, Any]:
    return {"last_updated": int(edition.changed_at.timestamp()), "ttl": TTL_SECONDS, "version": VERSION, "data": data}


def _system_information(edition: Edition, language: Language, origin: str) -> dict[str, Any]:
    return {
        "language": language, "timezone": "Asia/Taipei", "name": NAME.in_language(language),
        "operator": PUBLISHER.in_language(language), "url": f"{origin}/app", "subscribe_url": f"{origin}/app",
    }  # fmt: skip


def _service_brands(edition: Edition, language: Language, origin: str) -> dict[str, Any]:
    brands = [{"brand_id": each.id, "brand_name": each.name.in_language(language)} for each in edition.services]
    return {"service_brands": brands}


def _vehicle_types(edition: Edition, language: Language, origin: str) -> dict[str, Any]:
    kinds = [
        {"vehicle_type_id": _vehicle(each), "wheelchair_boarding": "boarding_accessible_with_assistance"}
        for each in edition.services
    ]
    return {"vehicle_types": kinds}


def _zones(edition: Edition, language: Language, origin: str) -> dict[str, Any]:
    features = [
        {"type": "Feature", "zone_id": zone_id, "properties": {"name": zone.name.in_language(language)},
         "geometry": geometry}
        for zone in edition.zones
        for zone_id, geometry in zip(_zone_ids(zone), zones.polygons(zone.codes), strict=True)
    ]  # fmt: skip
    return {"zones": {"type": "FeatureCollection", "features": features}}


def _operating_rules(edition: Edition, language: Language, origin: str) -> dict[str, Any]:
    rules = [
        {"from_zone_id": start, "to_zone_id": end, "start_pickup_window": each.opens, "end_pickup_window": each.closes,
         "calendars": [EVERY_DAY], "brand_id": each.id, "vehicle_type_id": [_vehicle(each)]}
        for each in edition.services
        for way in each.journeys
        for start in _zone_ids(way.origin)
        for end in _zone_ids(way.goal)
    ]  # fmt: skip
    return {"operating_rules": rules}


def _calendars(edition: Edition, language: Language, origin: str) -> dict[str, Any]:
    calendar = {"calendar_id": EVERY_DAY, "start_date": f"{edition.first_day:%Y%m%d}",
                "end_date": f"{edition.last_day:%Y%m%d}"}  # fmt: skip
    return {"calendars": [calendar]}


def _booking_rules(edition: Edition, language: Language, origin: str) -> dict[str, Any]:
    rules = [_booking_rule(each, way, language, origin) for each in edition.services for way in each.journeys]
    return {"booking_rules": rules}


def _booking_rule(each: Service, way: Journey, language: Language, origin: str) -> dict[str, Any]:
    message = Text("{name}：{words}", "{name}: {words}").format(name=each.name, words=each.words)
    return {
        "from_zone_ids": _zone_ids(way.origin), "to_zone_ids": _zone_ids(way.goal), "booking_type": 1,
        "prior_notice_duration_min": each.notice_minutes, "prior_notice_start_day": each.opens_days,
        "prior_notice_start_time": "00:00:00", "message": message.in_language(language), "phone_number": each.phone,
        "info_url": f"{origin}/app/rides/fleets", "booking_url": f"{origin}/app/rides/book",
    }  # fmt: skip


def _zone_ids(zone: Zone) -> list[str]:
    """A zone of several pieces is as many zones: each is one polygon."""
    pieces = len(zones.polygons(zone.codes))
    return [zone.id] if pieces == 1 else [f"{zone.id}-{number}" for number in range(1, pieces + 1)]


def _vehicle(each: Service) -> str:
    return f"{each.id}-accessible"


_PARTS: Final[Mapping[str, Callable[[Edition, Language, str], dict[str, Any]]]] = {
    "system_information": _system_information,
    "service_brands": _service_brands,
    "vehicle_types": _vehicle_types,
    "zones": _zones,
    "operating_rules": _operating_rules,
    "calendars": _calendars,
    "booking_rules": _booking_rules,
}
PARTS: Final = tuple(_PARTS)
