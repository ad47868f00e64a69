"""The feeds for journey planners: valid by their specifications, and true to the fleets' terms."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from shapely.geometry import Point, shape
from sqlalchemy import text

from accessibility.fleets import city
from accessibility.published import gofs, gtfs_flex, services
from core import db
from tests.accessibility.published import gofs_rules, gtfs_rules

GTFS = "/v1/ride-feeds/gtfs-flex.zip"
GOFS = "/v1/ride-feeds/gofs"
ORIGIN = "https://my.example.tw"
NOW = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)


def edition(now: datetime = NOW) -> services.Edition:
    with db.unit_of_work() as session:
        return services.edition(session, now)


def tables(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {
            name: orjson.loads(packed.read(name)) if name.endswith("json")
            else list(csv.DictReader(io.StringIO(packed.read(name).decode(), newline="")))
            for name in packed.namelist()
        }  # fmt: skip


def documents(client: FlaskClient, language: str) -> dict[str, Any]:
    feeds = client.get(f"{GOFS}/gofs.json").json["data"][language]["feeds"]
    return {each["name"]: client.get(each["url"][each["url"].index("/v1") :]).json for each in feeds}


def test_the_gtfs_feed_is_as_the_reference_wants_it(client: FlaskClient) -> None:
    answer = client.get(GTFS)
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert gtfs_rules.complaints(answer.data) == []
    assert len(answer.data) < 100_000


def test_the_gofs_feed_is_as_the_reference_wants_it(client: FlaskClient) -> None:
    for language in ("zh-TW", "en"):
        found = documents(client, language)
        assert set(found) == set(gofs.PARTS)
        assert gofs_rules.complaints(found, language) == []
    for name in ("gofs", "gofs_versions"):
        assert list(gofs_rules.head_complaints(name, client.get(f"{GOFS}/{name}.json").json)) == []


@pytest.mark.parametrize(
    ("file", "was", "instead"),
    [
        ("stop_times.txt", rb",2,1,", b",0,1,"),
        ("stop_times.txt", rb",kaohsiung,", b",nowhere,"),
        ("stop_times.txt", rb",06:00:00,23:00:00,", b",23:00:00,06:00:00,"),
        ("stop_times.txt", rb",1,2,", b",2,2,"),
        ("booking_rules.txt", rb"rehabus,1,60,", b"rehabus,2,60,"),
        ("booking_rules.txt", rb"rehabus,1,60,", b"yellow,1,60,"),
        ("trips.txt", rb"rehabus,every-day", b"rehabus,never"),
        ("routes.txt", rb"https://", b"nowhere "),
        ("agency.txt", rb"agency_timezone", b"agency_zone"),
        ("translations.txt", rb"agency,agency_name", b"agency,agency_nickname"),
        ("locations.geojson", rb'"Polygon"', b'"LineString"'),
        ("calendar.txt", rb",2026\d{4},2027", b",20280101,2027"),
    ],
)
def test_the_checker_finds_what_is_wrong(database: db.Database, file: str, was: bytes, instead: bytes) -> None:
    with db.unit_of_work() as session:
        city.ensure_fleets(session)
    files = gtfs_flex.files(edition(), origin=ORIGIN)
    changed = re.sub(was, instead, files[file], count=1)
    assert changed != files[file]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in (files | {file: changed}).items():
            packed.writestr(name, content)
    try:
        found = gtfs_rules.complaints(buffer.getvalue())
    except (KeyError, ValueError):
        return
    assert found


def test_what_is_told_is_what_the_fleets_agreed_to(client: FlaskClient) -> None:
    feed = tables(gtfs_flex.archive(edition(), origin=ORIGIN))
    assert [each["agency_id"] for each in feed["agency.txt"]] == [
        "rehabus", "yellow", "harbour", "mountain", "telephone",
    ]  # fmt: skip
    assert {each["agency_phone"] for each in feed["agency.txt"]} >= {"+88675228800"}
    (rule,) = [each for each in feed["booking_rules.txt"] if each["booking_rule_id"] == "rehabus"]
    assert (rule["prior_notice_duration_min"], rule["prior_notice_start_day"]) == ("60", "5")
    assert "限有搭乘資格者" in rule["message"] and rule["booking_url"] == f"{ORIGIN}/app/rides/book"
    windows = {
        row["trip_id"]: (row["start_pickup_drop_off_window"], row["end_pickup_drop_off_window"])
        for row in feed["stop_times.txt"]
    }
    assert windows["rehabus-within"] == ("06:00:00", "23:00:00")
    assert windows["yellow-within"] == ("00:00:00", "24:00:00")
    assert {trip for trip in windows if trip.startswith("mountain")} == {"mountain-within"}
    assert "rehabus-hospital" in windows and "rehabus-from-hospital" in windows
    (zone,) = [each for each in feed["locations.geojson"]["features"] if each["id"] == "kaohsiung"]
    outline = shape(zone["geometry"])
    assert outline.contains(Point(120.30, 22.63)) and not outline.contains(Point(120.4861, 22.6694))
    english = {(row["field_name"], row["record_id"]): row["translation"] for row in feed["translations.txt"]}
    assert english["agency_name", "rehabus"] == "Kaohsiung Rehabus"


def test_new_terms_are_a_new_edition_when_they_begin(client: FlaskClient) -> None:
    with db.unit_of_work() as session:
        session.execute(text(
            "INSERT INTO accessibility.fleet_terms SELECT (jsonb_populate_record(t, :change)).* "
            "FROM accessibility.fleet_terms AS t WHERE fleet = 'rehabus'"
        ), {"change": orjson.dumps({"valid_from": "2026-11-10T00:00:00+08:00", "opens_at": "05:00:00"}).decode()})  # fmt: skip
    before, after = edition(), edition(NOW + timedelta(days=7))
    assert (before.services[0].opens, after.services[0].opens) == ("06:00:00", "05:00:00")
    assert before.changed_at < after.changed_at <= NOW + timedelta(days=7)
    assert gtfs_flex.archive(before, origin=ORIGIN) == gtfs_flex.archive(edition(), origin=ORIGIN)
    assert gtfs_flex.archive(before, origin=ORIGIN) != gtfs_flex.archive(after, origin=ORIGIN)
    later = edition(NOW + timedelta(days=40))
    assert (later.first_day, later.first_day > before.first_day, later.last_day > before.last_day) == (
        datetime(2026, 12, 1).date(), True, True,
    )  # fmt: skip


@pytest.mark.parametrize("path", [GTFS, f"{GOFS}/gofs.json", f"{GOFS}/en/zones.json"])
def test_who_has_it_is_not_sent_it_again(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag) and first.headers["Last-Modified"].endswith("GMT")
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    again = client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).data == first.data


@pytest.mark.parametrize("path", [f"{GOFS}/fr/zones.json", f"{GOFS}/en/fares.json", f"{GOFS}/en/wait_time.json"])
def test_there_is_nothing_else(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_app_leads_to_the_feed(client: FlaskClient) -> None:
    # GOFS 1.0, Auto-discovery: on the page that system_information names.
    page = client.get("/app").text
    assert f'<link rel="gofs" type="application/json" href="{GOFS}/gofs.json">' in page
