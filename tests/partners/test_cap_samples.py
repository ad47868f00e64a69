"""Real alerts of 2019 and 2024: each parses to the area, the times and the severity that stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from partners.cap.errors import AlertXmlUnsafe
from partners.cap.reading import read


@dataclass(frozen=True)
class Told:
    """What one info says: severity, urgency, event, onset and expiry (local), how many areas, circles, polygons,
    geocodes, and how many of those geocodes are Kaohsiung's."""

    severity: str
    urgency: str
    event: str
    onset: str | None
    expires: str
    areas: int
    circles: int = 0
    polygons: int = 0
    geocodes: int = 0
    of_kaohsiung: int = 0


def _debris(areas: int) -> Told:
    return Told("Moderate", "Future", "土石流", None, "2019-08-24T12:30:00", areas, geocodes=areas)


def _reservoir(areas: int) -> Told:
    return Told("Moderate", "Future", "水庫放流", None, "2019-08-21T06:20:00", areas, geocodes=areas)


# file: status, type, sent (local), how many references, infos
SAMPLES: dict[str, tuple[str, str, str, int, list[Told]]] = {
    "CDC_communicable_20190521123448_001.xml": ("Test", "Alert", "2019-05-21T12:34:48", 0, [
        Told("Unknown", "Immediate", "傳染病", None, "2019-05-21T14:30:00", 2, geocodes=2)]),
    "CWA-EQ113226-2024-0422-184622.cap": ("Actual", "Alert", "2024-04-22T18:53:24", 0, [
        Told("Minor", "Past", "地震", "2024-04-22T18:46:22", "2024-04-22T19:53:24", 5, 1, 0, 19, 1)]),
    "CWA-EQ113227-2024-0422-184906.cap": ("Actual", "Alert", "2024-04-22T18:58:15", 0, [
        Told("Minor", "Past", "地震", "2024-04-22T18:49:06", "2024-04-22T19:58:15", 5, 1, 0, 16, 1)]),
    "CWA-EQ113228-2024-0422-185032.cap": ("Actual", "Alert", "2024-04-22T19:01:45", 0, [
        Told("Moderate", "Past", "地震", "2024-04-22T18:50:32", "2024-04-22T20:01:45", 5, 1, 0, 19, 1)]),
    "CWA-EQ113266-2024-0423-022651.cap": ("Actual", "Alert", "2024-04-23T02:31:33", 0, [
        Told("Severe", "Past", "地震", "2024-04-23T02:26:51", "2024-04-23T03:31:33", 6, 1, 0, 20, 1)]),
    "EPA_airQuality_201908241605_001.xml": ("Actual", "Alert", "2019-08-24T16:10:28", 0, [
        Told("Moderate", "Future", "空氣品質", "2019-08-24T16:05:00", "2019-08-24T17:05:00", 1, geocodes=1)]),
    "KHC_Parking_20190823224823.xml": ("Actual", "Alert", "2019-08-23T22:33:00", 0, [
        Told("Unknown", "Future", "開放臨時停車", None, "2019-08-27T23:59:00", 331, 331)]),
    "NCC_landlines_20190823085123.xml": ("Actual", "Alert", "2019-08-23T08:51:23", 0, [
        Told("Unknown", "Future", "市話通訊中斷", None, "2019-08-23T09:25:00", 5, geocodes=5, of_kaohsiung=1)]),
    "THB-Bobe20190821072052-2016494039.xml": ("Actual", "Alert", "2019-08-21T07:20:52", 0, [
        Told("Extreme", "Immediate", "道路封閉", None, "2019-08-21T09:00:00", 1, 1)]),
    "WRA_ReservoirWarn_201908210020.xml": ("Actual", "Update", "2019-08-21T00:20:00", 6, [
        _reservoir(5), _reservoir(4), _reservoir(14), _reservoir(2), _reservoir(3)]),
    "cdcc.gov.tw_airRaidAlert_20190508145946001.xml": ("Test", "Alert", "2019-05-08T15:55:00", 0, [
        Told("Minor", "Immediate", "防空", None, "2019-05-08T15:56:00", 1, 1)]),
    "cwa.gov.tw_thunderstorm_20240424101513_000.cap": ("Actual", "Alert", "2024-04-24T10:15:13", 0, [
        Told("Severe", "Expected", "雷雨", "2024-04-24T10:13:00", "2024-04-24T10:45:00", 1, 0, 1)]),
    "dgpa.gov.tw_workSchlClos_20190823164451_i_1001411_005.xml": ("Actual", "Alert", "2019-08-23T16:44:51", 0, [
        Told("Extreme", "Immediate", "停班停課", None, "2019-08-23T23:59:59", 1, geocodes=1)]),
    "fifows_dense-fog_202404230059.cap": ("Actual", "Alert", "2024-04-23T00:59:37", 0, [
        Told("Moderate", "Future", "濃霧", "2024-04-23T00:53:00", "2024-04-23T05:00:00", 1, geocodes=1)]),
    "fifows_extremely-rain_201908210433.xml": ("Actual", "Update", "2019-08-21T04:33:19", 2, [
        Told("Moderate", "Future", "降雨", "2019-08-21T04:23:00", "2019-08-21T17:00:00", 164, geocodes=164,
             of_kaohsiung=38)]),
    "fifows_extremely-rain_202404222113.cap": ("Actual", "Cancel", "2024-04-22T21:13:27", 1, [
        Told("Minor", "Past", "降雨", "2024-04-22T21:08:00", "2024-04-22T21:23:27", 22, geocodes=22, of_kaohsiung=1)]),
    "fifows_heat_202404221733.cap": ("Actual", "Alert", "2024-04-22T17:35:38", 0, [
        Told("Severe", "Future", "高溫", "2024-04-23T08:00:00", "2024-04-23T17:00:00", 8, geocodes=8, of_kaohsiung=4),
        Told("Moderate", "Future", "高溫", "2024-04-23T08:00:00", "2024-04-23T17:00:00", 4, geocodes=4,
             of_kaohsiung=1)]),
    "fifows_typhoon-warning_201908230536.xml": ("Actual", "Alert", "2019-08-23T05:36:13", 0, [
        Told("Minor", "Future", "颱風", "2019-08-23T05:30:00", "2019-08-23T09:30:00", 2, 0, 2)]),
    "swcb.gov.tw_debrisFlow_201908240800.xml": ("Actual", "Alert", "2019-08-24T08:00:00", 0, [
        _debris(17), _debris(31), _debris(4), _debris(28)]),
    "tra.gov.tw_railAccident_201908220619.xml": ("Actual", "Alert", "2019-08-22T06:19:54", 0, [
        Told("Moderate", "Immediate", "鐵路事故", None, "2019-08-22T23:59:00", 1, 2)]),
}  # fmt: skip
# Saved by mistake where an alert should have been: the website's page that there is none.
NO_ALERT = "fifows_heat_202404211733.cap"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_real_alert_parses_to_what_stands_in_it(name: str, samples_dir: Path) -> None:
    message = read((samples_dir / "cap" / name).read_bytes())
    status, msg_type, sent, references, told = SAMPLES[name]
    assert (message.status, message.msg_type, len(message.references)) == (status, msg_type, references)
    assert _local(message.sent) == sent
    found = [
        Told(
            info.severity,
            info.urgency,
            info.event,
            _local(info.onset) if info.onset else None,
            _local(info.expires) if info.expires else "",
            len(info.areas),
            sum(len(area.circles) for area in info.areas),
            sum(len(area.polygons) for area in info.areas),
            len(codes := [code.value for area in info.areas for code in area.geocodes]),
            sum(code.startswith("64") for code in codes),
        )
        for info in message.infos
    ]
    assert found == told


def test_a_web_page_saved_as_an_alert_is_none(samples_dir: Path) -> None:
    with pytest.raises(AlertXmlUnsafe):
        read((samples_dir / "cap" / NO_ALERT).read_bytes())


def test_every_sample_is_expected(samples_dir: Path) -> None:
    assert {path.name for path in (samples_dir / "cap").iterdir()} == {*SAMPLES, NO_ALERT}


def _local(moment: datetime) -> str:
    assert moment.utcoffset() is not None and moment.isoformat().endswith("+08:00")
    return moment.isoformat().removesuffix("+08:00")
