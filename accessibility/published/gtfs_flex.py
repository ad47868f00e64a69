"""The feed as GTFS with its on-demand files (gtfs.org, Schedule Reference as of 2024-03: locations.geojson,
booking_rules.txt and windows in stop_times.txt).

Every journey is a trip of two records: pick-up anywhere in the zone of the first, drop-off anywhere in that of the
second, both within the same hours and by arrangement.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from accessibility.published import zones
from accessibility.published.services import Edition, Service
from core.clock import TAIPEI
from core.text import Text

PUBLISHER: Final = Text("高雄市政府交通局", "Transportation Bureau, Kaohsiung City Government")
EVERY_DAY: Final = "every-day"
_TIMEZONE: Final = "Asia/Taipei"
_BUS, _BY_ARRANGEMENT, _NOT, _SAME_DAY, _ACCESSIBLE = "3", "2", "1", "1", "1"
_ARRANGED: Final = {"pickup": (_BY_ARRANGEMENT, _NOT), "dropoff": (_NOT, _BY_ARRANGEMENT)}

Rows = Sequence[Mapping[str, object]]


def archive(edition: Edition, *, origin: str) -> bytes:
    """The feed as a zip: the same bytes for the same edition. `origin` is the public address of the app."""
    buffer = io.BytesIO()
    written_at = edition.changed_at.astimezone(TAIPEI).timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files(edition, origin=origin).items():
            entry = zipfile.ZipInfo(name, written_at)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
    return buffer.getvalue()


def files(edition: Edition, *, origin: str) -> dict[str, bytes]:
    """Every file of the feed by its name."""
    tables = {
        "agency.txt": _agencies(edition.services, origin),
        "routes.txt": _routes(edition.services, origin),
        "calendar.txt": _calendar(edition),
        "trips.txt": _trips(edition.services),
        "stop_times.txt": _stop_times(edition.services),
        "booking_rules.txt": _booking_rules(edition.services, origin),
        "translations.txt": _translations(edition),
        "feed_info.txt": _feed_info(edition, origin),
    }
    written = {name: _table(rows) for name, rows in tables.items()}
    return {**written, "locations.geojson": _locations(edition)}


def _agencies(services: Sequence[Service], origin: str) -> Rows:
    return [
        {"agency_id": each.id, "agency_name": each.name.zh, "agency_url": f"{origin}/app/rides/fleets",
         "agency_timezone": _TIMEZONE, "agency_lang": "zh-TW", "agency_phone": each.phone}
        for each in services
    ]  # fmt: skip


def _routes(services: Sequence[Service], origin: str) -> Rows:
    return [
        {"route_id": each.id, "agency_id": each.id, "route_short_name": "", "route_long_name": each.name.zh,
         "route_type": _BUS, "route_url": f"{origin}/app/rides/book"}
        for each in services
    ]  # fmt: skip


def _calendar(edition: Edition) -> Rows:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return [
        {"service_id": EVERY_DAY, **dict.fromkeys(days, "1"), "start_date": f"{edition.first_day:%Y%m%d}",
         "end_date": f"{edition.last_day:%Y%m%d}"}
    ]  # fmt: skip


def _trips(services: Sequence[Service]) -> Rows:
    return [
        {"route_id": each.id, "service_id": EVERY_DAY, "trip_id": way.id, "trip_headsign": way.goal.name.zh,
         "wheelchair_accessible": _ACCESSIBLE}
        for each in services
        for way in each.journeys
    ]  # fmt: skip


def _stop_times(services: Sequence[Service]) -> Rows:
    return [
        {"trip_id": way.id, "location_id": zone.id, "stop_sequence": sequence,
         "start_pickup_drop_off_window": each.opens, "end_pickup_drop_off_window": each.closes,
         "pickup_type": _ARRANGED[end][0], "drop_off_type": _ARRANGED[end][1],
         "pickup_booking_rule_id": each.id if end == "pickup" else "",
         "drop_off_booking_rule_id": each.id if end == "dropoff" else ""}
        for each in services
        for way in each.journeys
        for sequence, (end, zone) in enumerate((("pickup", way.origin), ("dropoff", way.goal)), 1)
    ]  # fmt: skip


def _booking_rules(services: Sequence[Service], origin: str) -> Rows:
    return [
        {"booking_rule_id": each.id, "booking_type": _SAME_DAY, "prior_notice_duration_min": each.notice_minutes,
         "prior_notice_start_day": each.opens_days, "prior_notice_start_time": "00:00:00",
         "message": f"{each.words.zh} {each.words.en}", "phone_number": each.phone,
         "info_url": f"{origin}/app/rides/fleets", "booking_url": f"{origin}/app/rides/book"}
        for each in services
    ]  # fmt: skip


def _translations(edition: Edition) -> Rows:
    told = [("feed_info", "feed_publisher_name", "", PUBLISHER.en)]
    for each in edition.services:
        told.append(("agency", "agency_name", each.id, each.name.en))
        told.append(("routes", "route_long_name", each.id, each.name.en))
        told += [("trips", "trip_headsign", way.id, way.goal.name.en) for way in each.journeys]
    return [
        {"table_name": table, "field_name": field, "language": "en", "translation": words, "record_id": record}
        for table, field, record, words in told
    ]


def _feed_info(edition: Edition, origin: str) -> Rows:
    return [
        {"feed_publisher_name": PUBLISHER.zh, "feed_publisher_url": f"{origin}/app", "feed_lang": "zh-TW",
         "feed_start_date": f"{edition.first_day:%Y%m%d}", "feed_end_date": f"{edition.last_day:%Y%m%d}",
         "feed_version": f"{edition.changed_at.astimezone(TAIPEI):%Y%m%dT%H%M%S}"}
    ]  # fmt: skip


def _locations(edition: Edition) -> bytes:
    features = [
        {"type": "Feature", "id": zone.id, "properties": {"stop_name": zone.name.zh, "stop_desc": zone.name.en},
         "geometry": zones.geometry(zone.codes)}
        for zone in edition.zones
    ]  # fmt: skip
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _table(rows: Rows) -> bytes:
    buffer = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    return buffer.getvalue().encode()
