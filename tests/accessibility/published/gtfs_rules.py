"""What a GTFS feed with on-demand service must be, by the Schedule Reference (gtfs.org): its own words, checked here.

`complaints` reads a zip from scratch, knows nothing of the program that made it, and says what is wrong with it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from shapely.geometry import shape

Row = dict[str, str]
Tables = Mapping[str, list[Row]]

REQUIRED_FILES = {"agency.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt", "feed_info.txt"}
# Required fields, then those that may be there.
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "agency.txt": ({"agency_name", "agency_url", "agency_timezone"}, {"agency_id", "agency_lang", "agency_phone"}),
    "routes.txt": (
        {"route_id", "route_type"}, {"agency_id", "route_short_name", "route_long_name", "route_url", "route_desc"},
    ),
    "trips.txt": (
        {"route_id", "service_id", "trip_id"}, {"trip_headsign", "wheelchair_accessible", "safe_duration_factor"},
    ),
    "stop_times.txt": (
        {"trip_id", "stop_sequence"},
        {"arrival_time", "departure_time", "stop_id", "location_group_id", "location_id", "pickup_type",
         "drop_off_type", "start_pickup_drop_off_window", "end_pickup_drop_off_window", "pickup_booking_rule_id",
         "drop_off_booking_rule_id", "timepoint"},
    ),
    "calendar.txt": (
        {"service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "start_date",
         "end_date"}, set(),
    ),
    "booking_rules.txt": (
        {"booking_rule_id", "booking_type"},
        {"prior_notice_duration_min", "prior_notice_duration_max", "prior_notice_last_day", "prior_notice_last_time",
         "prior_notice_start_day", "prior_notice_start_time", "prior_notice_service_id", "message", "pickup_message",
         "drop_off_message", "phone_number", "info_url", "booking_url"},
    ),
    "translations.txt": (
        {"table_name", "field_name", "language", "translation"}, {"record_id", "record_sub_id", "field_value"},
    ),
    "feed_info.txt": (
        {"feed_publisher_name", "feed_publisher_url", "feed_lang"},
        {"feed_start_date", "feed_end_date", "feed_version", "feed_contact_email"},
    ),
}  # fmt: skip
TRANSLATED = {
    "agency": ("agency.txt", "agency_id"), "routes": ("routes.txt", "route_id"), "trips": ("trips.txt", "trip_id"),
    "feed_info": ("feed_info.txt", None),
}  # fmt: skip
TIME = re.compile(r"\d{1,2}:[0-5]\d:[0-5]\d")
URL = re.compile(r"https?://[^\s<>\"]+")


def complaints(content: bytes) -> list[str]:
    """Everything that is wrong with a feed."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = packed.namelist()
        files = {name: packed.read(name) for name in names}
    missing = [f"{name} is missing" for name in REQUIRED_FILES - files.keys()]
    if "stops.txt" not in files and "locations.geojson" not in files:
        missing.append("neither stops.txt nor locations.geojson")
    if missing or len(names) != len(set(names)):
        return missing or ["a file is there twice"]
    found: list[str] = []
    tables: dict[str, list[Row]] = {}
    for name in files.keys() - {"locations.geojson"}:
        tables[name] = _read(name, files[name], found)
    found += _one_by_one(tables)
    locations = _locations(files["locations.geojson"], found)
    found += _stop_times(tables, locations)
    found += _booking_rules(tables)
    found += _references(tables)
    return found


def _read(name: str, content: bytes, found: list[str]) -> list[Row]:
    if name not in FIELDS:
        found.append(f"{name} is no file of GTFS")
        return []
    text = content.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    required, more = FIELDS[name]
    header = set(rows[0]) if rows else set()
    if required - header or header - required - more:
        found.append(f"{name}: fields {sorted(required - header)} missing, {sorted(header - required - more)} unknown")
    for number, row in enumerate(rows, 2):
        for key, value in row.items():
            if re.search(r"[\t\r\n]|<[a-z/!]", value):
                found.append(f"{name}:{number} {key} has white space or HTML")
            if key in required and not value:
                found.append(f"{name}:{number} {key} is empty")
            if value and key.endswith("_url") and not URL.fullmatch(value):
                found.append(f"{name}:{number} {key} is no URL")
            if value and key.endswith("_date") and not _is_date(value):
                found.append(f"{name}:{number} {key} is no date")
            if value and ("window" in key or key.endswith("_time")) and not TIME.fullmatch(value):
                found.append(f"{name}:{number} {key} is no time")
    return rows


def _one_by_one(tables: Tables) -> Iterator[str]:
    for name, key in (("agency.txt", "agency_id"), ("routes.txt", "route_id"), ("trips.txt", "trip_id"),
                      ("calendar.txt", "service_id"), ("booking_rules.txt", "booking_rule_id")):  # fmt: skip
        ids = [row[key] for row in tables[name]]
        if len(ids) != len(set(ids)):
            yield f"{name}: {key} is not unique"
    for row in tables["agency.txt"]:
        ZoneInfo(row["agency_timezone"])
        if len(tables["agency.txt"]) > 1 and not row.get("agency_id"):
            yield "agency_id is required with more than one agency"
    for row in tables["routes.txt"]:
        if not (row.get("route_short_name") or row.get("route_long_name")):
            yield f"route {row['route_id']} has no name"
        if not row["route_type"].isdigit():
            yield f"route {row['route_id']} has no type"
    for row in tables["calendar.txt"]:
        if row["start_date"] > row["end_date"]:
            yield f"calendar {row['service_id']} ends before it begins"
    if len(tables["feed_info.txt"]) != 1:
        yield "feed_info has one row"


def _locations(content: bytes, found: list[str]) -> dict[str, Any]:
    collection = orjson.loads(content)
    if collection.get("type") != "FeatureCollection":
        found.append("locations.geojson is no FeatureCollection")
    shapes: dict[str, Any] = {}
    for feature in collection["features"]:
        if feature.get("type") != "Feature" or not isinstance(feature.get("id"), str) or feature["id"] in shapes:
            found.append(f"feature {feature.get('id')} has no id of its own")
        if set(feature.get("properties", {"missing": 1})) - {"stop_name", "stop_desc"}:
            found.append(f"feature {feature['id']} has unknown properties")
        if feature["geometry"]["type"] not in ("Polygon", "MultiPolygon"):
            found.append(f"feature {feature['id']} is no polygon")
            continue
        shapes[feature["id"]] = shape(feature["geometry"])
        if not shapes[feature["id"]].is_valid or shapes[feature["id"]].is_empty:
            found.append(f"feature {feature['id']} is no valid polygon (OGC Simple Features 6.1.11)")
        west, south, east, north = shapes[feature["id"]].bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            found.append(f"feature {feature['id']} is not on earth")
    return shapes


def _stop_times(tables: Tables, locations: Mapping[str, Any]) -> Iterator[str]:
    rules = {row["booking_rule_id"] for row in tables["booking_rules.txt"]}
    of_trip: dict[str, list[Row]] = {}
    for row in tables["stop_times.txt"]:
        at = f"stop_times {row['trip_id']} {row['stop_sequence']}"
        of_trip.setdefault(row["trip_id"], []).append(row)
        named = [key for key in ("stop_id", "location_group_id", "location_id") if row.get(key)]
        if len(named) != 1:
            yield f"{at}: one place, not {named}"
        start, end = row.get("start_pickup_drop_off_window"), row.get("end_pickup_drop_off_window")
        if row.get("location_id"):
            if row["location_id"] not in locations:
                yield f"{at}: unknown location"
            if not (start and end):
                yield f"{at}: a location needs a window"
        if start and end:
            if row.get("arrival_time") or row.get("departure_time"):
                yield f"{at}: a window and a time"
            if _seconds(start) >= _seconds(end):
                yield f"{at}: the window ends before it begins"
            if row.get("pickup_type") in ("", "0", "3", None) or row.get("drop_off_type") in ("", "0", None):
                yield f"{at}: not by arrangement"
        for key in ("pickup_booking_rule_id", "drop_off_booking_rule_id"):
            if row.get(key) and row[key] not in rules:
                yield f"{at}: unknown booking rule"
        if row.get("pickup_type") == "2" and not row.get("pickup_booking_rule_id"):
            yield f"{at}: how to book is recommended"
    for trip, rows in of_trip.items():
        sequence = [int(row["stop_sequence"]) for row in rows]
        if len(rows) < 2 or sorted(set(sequence)) != sequence:
            yield f"trip {trip}: at least two records in order"
        for one in rows:
            for other in rows[rows.index(one) + 1 :]:
                yield from _overlap(trip, one, other, locations)


def _overlap(trip: str, one: Row, other: Row, locations: Mapping[str, Any]) -> Iterator[str]:
    shared = {key for key in ("pickup_type", "drop_off_type") if one[key] == other[key] and one[key] in ("2", "3")}
    windows = [[_seconds(row[f"{end}_pickup_drop_off_window"]) for end in ("start", "end")] for row in (one, other)]
    is_at_once = windows[0][0] < windows[1][1] and windows[1][0] < windows[0][1]
    if shared and is_at_once and locations[one["location_id"]].intersects(locations[other["location_id"]]):
        yield f"trip {trip}: zones overlap"


def _booking_rules(tables: Tables) -> Iterator[str]:
    for row in tables["booking_rules.txt"]:
        yield from booking_complaints(row, f"booking rule {row['booking_rule_id']}", "prior_notice_service_id")


def booking_complaints(rule: Mapping[str, Any], at: str, calendar: str) -> Iterator[str]:
    """What is wrong with one booking rule; GTFS and GOFS have the same."""

    def has(name: str) -> bool:
        return rule.get(name) not in (None, "")

    kind = str(rule["booking_type"])
    if kind not in ("0", "1", "2"):
        yield f"{at}: unknown type"
    if has("prior_notice_duration_min") != (kind == "1"):
        yield f"{at}: prior_notice_duration_min is for type 1, and required there"
    if has("prior_notice_duration_max") and kind != "1":
        yield f"{at}: prior_notice_duration_max is for type 1"
    if has("prior_notice_last_day") != (kind == "2") or has("prior_notice_last_time") != has("prior_notice_last_day"):
        yield f"{at}: prior_notice_last_day and _time are for type 2, and required there"
    if has("prior_notice_start_day") and (kind == "0" or has("prior_notice_duration_max")):
        yield f"{at}: prior_notice_start_day is forbidden"
    if has("prior_notice_start_time") != has("prior_notice_start_day"):
        yield f"{at}: prior_notice_start_time goes with prior_notice_start_day"
    if has(calendar) and kind != "2":
        yield f"{at}: {calendar} is for type 2"


def _references(tables: Tables) -> Iterator[str]:
    for name, key, target in (
        ("routes.txt", "agency_id", "agency.txt"), ("trips.txt", "route_id", "routes.txt"),
        ("trips.txt", "service_id", "calendar.txt"), ("stop_times.txt", "trip_id", "trips.txt"),
    ):  # fmt: skip
        known = {row[key] for row in tables[target]}
        yield from (f"{name}: unknown {key} {row[key]}" for row in tables[name] if row[key] not in known)
    unused = {row["trip_id"] for row in tables["trips.txt"]} - {row["trip_id"] for row in tables["stop_times.txt"]}
    yield from (f"trip {trip} has no stop times" for trip in sorted(unused))
    for row in tables["translations.txt"]:
        table, key = TRANSLATED[row["table_name"]]
        records = tables[table]
        ids = {""} if key is None else {each[key] for each in records}
        if row["record_id"] not in ids or row["field_name"] not in records[0]:
            yield f"translation of nothing: {row}"


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True


def _seconds(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds
