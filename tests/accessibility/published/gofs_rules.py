"""What a GOFS 1.0 feed must be, by its reference (MobilityData): checked from its documents alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from shapely.geometry import LinearRing, shape

from tests.accessibility.published.gtfs_rules import TIME, URL, booking_complaints

Documents = Mapping[str, Any]
REQUIRED = {"system_information", "service_brands", "zones", "operating_rules", "calendars"}
_ID = re.compile(r"\S+")
_DATE = re.compile(r"\d{8}")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_BOARDING = {"boarding_accessible", "boarding_inaccessible", "boarding_accessible_with_assistance"}


def complaints(documents: Documents, language: str) -> list[str]:
    """Everything that is wrong with the documents of one language, by their names."""
    missing = [f"{name} is missing" for name in sorted(REQUIRED - documents.keys())]
    return missing or [
        *_heads(documents), *_system(documents, language), *_zones(documents), *_rules(documents),
        *_calendars(documents), *_booking(documents),
    ]  # fmt: skip


def head_complaints(name: str, document: Any) -> Iterator[str]:
    """What is wrong with the head that every document has."""
    if set(document) != {"last_updated", "ttl", "version", "data"}:
        yield f"{name}: {sorted(document)}"
    if not (isinstance(document["last_updated"], int) and document["last_updated"] > 0):
        yield f"{name}: last_updated"
    if not (isinstance(document["ttl"], int) and document["ttl"] >= 0) or document["version"] != "1.0":
        yield f"{name}: ttl or version"


def _heads(documents: Documents) -> Iterator[str]:
    for name, document in documents.items():
        yield from head_complaints(name, document)


def _system(documents: Documents, language: str) -> Iterator[str]:
    system = documents["system_information"]["data"]
    ZoneInfo(system["timezone"])
    if system["language"] != language or not system["name"]:
        yield "system_information: language or name"
    yield from (f"system_information: {key}" for key in ("url", "subscribe_url") if not URL.fullmatch(system[key]))


def _zones(documents: Documents) -> Iterator[str]:
    zones = documents["zones"]["data"]["zones"]
    if zones["type"] != "FeatureCollection" or not zones["features"]:
        yield "zones: at least one, in a FeatureCollection"
    yield from _unique("zone_id", zones["features"])
    for zone in zones["features"]:
        if zone["type"] != "Feature" or zone["geometry"]["type"] != "Polygon" or "properties" not in zone:
            yield f"zone {zone['zone_id']}: one polygon"
            continue
        outer, *holes = zone["geometry"]["coordinates"]
        if not LinearRing(outer).is_ccw or any(LinearRing(hole).is_ccw for hole in holes):
            yield f"zone {zone['zone_id']}: right-hand rule (RFC 7946 §3.1.6)"
        if not shape(zone["geometry"]).is_valid:
            yield f"zone {zone['zone_id']}: not valid"


def _rules(documents: Documents) -> Iterator[str]:
    zones = {each["zone_id"] for each in documents["zones"]["data"]["zones"]["features"]}
    brands = documents["service_brands"]["data"]["service_brands"]
    kinds = documents.get("vehicle_types", {"data": {"vehicle_types": []}})["data"]["vehicle_types"]
    calendars = {each["calendar_id"] for each in documents["calendars"]["data"]["calendars"]}
    yield from _unique("brand_id", brands)
    yield from _unique("vehicle_type_id", kinds)
    yield from (
        f"{kind['vehicle_type_id']}: boarding" for kind in kinds if kind["wheelchair_boarding"] not in _BOARDING
    )
    rules = documents["operating_rules"]["data"]["operating_rules"]
    if not rules:
        yield "operating_rules: at least one"
    for rule in rules:
        at = f"rule {rule['brand_id']} {rule['from_zone_id']}-{rule['to_zone_id']}"
        if not {rule["from_zone_id"], rule["to_zone_id"]} <= zones or not set(rule["calendars"]) <= calendars:
            yield f"{at}: unknown zone or calendar"
        if rule["brand_id"] not in {brand["brand_id"] for brand in brands}:
            yield f"{at}: unknown brand"
        if not rule["vehicle_type_id"] or not set(rule["vehicle_type_id"]) <= {k["vehicle_type_id"] for k in kinds}:
            yield f"{at}: unknown vehicle type"
        windows = {key: rule[key] for key in rule if key.endswith("_window")}
        if not all(TIME.fullmatch(value) for value in windows.values()):
            yield f"{at}: no time"
        if windows and ("start_pickup_window" not in windows or len(windows) < 2):
            yield f"{at}: a window has a start and an end"


def _calendars(documents: Documents) -> Iterator[str]:
    calendars = documents["calendars"]["data"]["calendars"]
    yield from _unique("calendar_id", calendars)
    for each in calendars:
        if not (_DATE.fullmatch(each["start_date"]) and _DATE.fullmatch(each["end_date"])):
            yield f"calendar {each['calendar_id']}: no dates"
        if each["end_date"] < each["start_date"]:
            yield f"calendar {each['calendar_id']}: ends before it begins"


def _booking(documents: Documents) -> Iterator[str]:
    zones = {each["zone_id"] for each in documents["zones"]["data"]["zones"]["features"]}
    rules = documents.get("booking_rules", {"data": {"booking_rules": []}})["data"]["booking_rules"]
    is_live = not rules or any(rule["booking_type"] == 0 for rule in rules)
    if is_live and not {"wait_time", "realtime_booking"} & documents.keys():
        yield "wait_time or realtime_booking is required"
    for rule in rules:
        at = f"booking {rule['from_zone_ids']}"
        yield from booking_complaints(rule, at, "prior_notice_calendar_id")
        if not rule["from_zone_ids"] or not {*rule["from_zone_ids"], *(rule.get("to_zone_ids") or ())} <= zones:
            yield f"{at}: unknown zone"
        if not _PHONE.fullmatch(rule["phone_number"]):
            yield f"{at}: telephone number"
        yield from (f"{at}: {key}" for key in ("info_url", "booking_url") if not URL.fullmatch(rule[key]))


def _unique(key: str, items: list[Any]) -> Iterator[str]:
    ids = [each[key] for each in items]
    if len(ids) != len(set(ids)) or not all(_ID.fullmatch(each) for each in ids):
        yield f"{key} is not unique, or has spaces: {ids}"
