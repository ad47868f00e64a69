"""What an alert's area means in Kaohsiung: codes at every level, shapes that overlap districts, parts by gravity."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import district_shapes
from core.districts import DISTRICTS
from notify.alerts.areas import EVERYWHERE, districts_named, parts_of
from partners.cap.document import Named
from partners.cap.reading import read
from tests.partners.cap_documents import alert, area, geocode, info

XINXING = "64000060"


@pytest.mark.parametrize("code", ["6400600", "6400600-001", "6400601", XINXING, "6400006"])
def test_a_village_and_every_way_of_writing_a_district_mean_the_district(code: str) -> None:
    assert districts_named(Named("Taiwan_Geocode_103", code)) == {XINXING}
    assert districts_named(Named("Taiwan_Geocode_106", code)) == {XINXING}


@pytest.mark.parametrize("code", ["64", "64000", "6499900", "64x"])
def test_the_city_and_a_code_of_it_that_nobody_knows_mean_every_district(code: str) -> None:
    assert districts_named(Named("Taiwan_Geocode_103", code)) == EVERYWHERE


@pytest.mark.parametrize(("name", "code"), [("Taiwan_Geocode_103", "6700600"), ("FIPS6", "6400600"), ("", "64")])
def test_another_city_and_another_scheme_mean_nothing_here(name: str, code: str) -> None:
    assert districts_named(Named(name, code)) == frozenset()


def test_real_codes_mean_the_districts_that_stand_beside_them(samples_dir: Path) -> None:
    (told,) = read((samples_dir / "cap" / "fifows_extremely-rain_201908210433.xml").read_bytes()).infos
    ours = [each for each in told.areas if each.geocodes[0].value.startswith("64")]
    assert len(ours) == 38
    for each in ours:
        (code,) = districts_named(each.geocodes[0])
        assert each.description == f"高雄市{DISTRICTS[code].zh}"


# file: for each part severity, how many districts are named, how many are overlapped, circles, polygons
HERE = {
    "CWA-EQ113226-2024-0422-184622.cap": [("Minor", 38, 0, 0, 0)],
    "CWA-EQ113227-2024-0422-184906.cap": [("Minor", 38, 0, 0, 0)],
    "CWA-EQ113228-2024-0422-185032.cap": [("Moderate", 38, 0, 0, 0)],
    "CWA-EQ113266-2024-0423-022651.cap": [("Severe", 38, 0, 0, 0)],
    "KHC_Parking_20190823224823.xml": [("Unknown", 0, 38, 331, 0)],
    "NCC_landlines_20190823085123.xml": [("Unknown", 1, 0, 0, 0)],
    "fifows_extremely-rain_201908210433.xml": [("Moderate", 38, 0, 0, 0)],
    "fifows_extremely-rain_202404222113.cap": [("Minor", 38, 0, 0, 0)],
    "fifows_heat_202404221733.cap": [("Severe", 4, 0, 0, 0), ("Moderate", 1, 0, 0, 0)],
}


def test_of_real_alerts_what_concerns_kaohsiung_is_found_and_the_rest_is_not(samples_dir: Path) -> None:
    found = {}
    for path in sorted((samples_dir / "cap").iterdir()):
        if path.name == "fifows_heat_202404211733.cap":
            continue
        parts = [
            (
                each.severity,
                len(each.reach.named),
                len(each.reach.near),
                len(each.reach.circles),
                len(each.reach.polygons),
            )
            for each in parts_of(read(path.read_bytes()))
        ]
        if parts:
            found[path.name] = parts
    assert found == HERE


def test_the_heat_of_april_2024_is_severe_in_four_districts_and_moderate_in_one(samples_dir: Path) -> None:
    severe, moderate = parts_of(read((samples_dir / "cap" / "fifows_heat_202404221733.cap").read_bytes()))
    assert {DISTRICTS[code].zh for code in severe.reach.named} == {"甲仙區", "旗山區", "美濃區", "內門區"}
    assert {DISTRICTS[code].zh for code in moderate.reach.named} == {"杉林區"}


def test_shapes_overlap_the_districts_that_they_touch_and_are_left_out_elsewhere() -> None:
    document = alert(
        info(area("<circle>22.631,120.302 0.2</circle>", "<circle>25.04,121.56 5</circle>"), area(geocode("6700600")))
    )
    (part,) = parts_of(read(document))
    assert part.reach.near == {XINXING} and len(part.reach.circles) == 1 and part.places == ("高雄市",)


def test_every_district_holds_a_place_of_its_own_and_the_sea_holds_none() -> None:
    for code, outline in district_shapes.outlines().items():
        inside = outline.representative_point()
        assert district_shapes.district_at(latitude=inside.y, longitude=inside.x) == code
    assert district_shapes.outlines().keys() == DISTRICTS.keys()
    # Off the harbour, on a pier of it, and in Pingtung.
    assert district_shapes.district_at(latitude=22.6, longitude=120.1) is None
    assert district_shapes.district_at(latitude=22.6175, longitude=120.2655) is not None
    assert district_shapes.district_at(latitude=22.67, longitude=120.49) is None
