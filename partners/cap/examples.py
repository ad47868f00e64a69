"""Alerts of a made-up authority, for demonstrations: all in Kaohsiung, all over in an hour or two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.text import Text
from partners.cap.document import Area, Circle, Info, Message, Named, Point, Reference

SENDER = "alerts@authority.example"
SENDER_NAME = "示範氣象防災中心"
_GEOCODE = "Taiwan_Geocode_103"


@dataclass(frozen=True, slots=True)
class Example:
    """What a button publishes."""

    button: Text
    event: str
    code: str
    category: str
    severity: str
    headline: Text
    description: Text
    instruction: Text
    area: Area
    is_drill: bool = False


def _square(south: float, west: float, north: float, east: float) -> tuple[Point, ...]:
    corners = [Point(south, west), Point(north, west), Point(north, east), Point(south, east)]
    return (*corners, corners[0])


_CIRCLES = (Circle(Point(22.642, 120.323), 0.5), Circle(Point(22.6265, 120.3388), 0.5))
EXAMPLES: Mapping[str, Example] = {
    "flood": Example(
        Text("三民區淹水（嚴重，多邊形）", "Flooding in Sanmin (Severe, a polygon)"),
        "淹水", "flood", "Met", "Severe",
        Text("本和里滯洪池周邊淹水", "Flooding around the Benhe detention basin"),
        Text("積水已達 40 公分，請勿進入地下道。", "Water stands 40 cm deep; do not enter underpasses."),
        Text("請往高處移動，車輛移出地下室。", "Move to higher ground, and cars out of basements."),
        Area("三民區本和里一帶", polygons=(_square(22.640, 120.315, 22.660, 120.340),)),
    ),
    "earthquake_drill": Example(
        Text("全市地震演習（極嚴重，演習）", "Earthquake drill for the whole city (Extreme, a drill)"),
        "地震", "earthquake", "Geo", "Extreme",
        Text("地震速報演習", "Earthquake early warning drill"),
        Text("這是演習：模擬規模 6.2 地震。", "This is a drill of an earthquake of magnitude 6.2."),
        Text("趴下、掩護、穩住。", "Drop, cover, hold on."),
        Area("高雄市", geocodes=(Named(_GEOCODE, "64"),)),
        is_drill=True,
    ),
    "parking": Example(
        Text("颱風期間開放臨時停車（一般，圓）", "Temporary parking in a typhoon (for information, circles)"),
        "開放臨時停車", "Parking", "Transport", "Unknown",
        Text("颱風期間開放臨時停車", "Temporary parking is open during the typhoon"),
        Text("下列場所開放臨時停車，不負保管責任。", "Cars may be left at these places, at the owner's risk."),
        Text("低窪地區車輛請儘早移置。", "Move cars out of low-lying areas early."),
        Area("高雄高工、中正高中一帶", circles=_CIRCLES),
    ),
    "air": Example(
        Text("小港、林園空氣品質不良（中度，行政區）", "Bad air in Xiaogang and Linyuan (Moderate, districts)"),
        "空氣品質", "airQuality", "Env", "Moderate",
        Text("小港、林園空氣品質不良", "Bad air in Xiaogang and Linyuan"),
        Text("細懸浮微粒濃度達紅色警示。", "Fine particles have reached the red level."),
        Text("請減少戶外活動並配戴口罩。", "Stay indoors where you can, and wear a mask."),
        Area("小港區、林園區", geocodes=(Named(_GEOCODE, "6401100"), Named(_GEOCODE, "6401300"))),
    ),
}  # fmt: skip


def example(name: str, identifier: str, now: datetime) -> Message:
    """The message of an example, sent now and over in two hours."""
    of = EXAMPLES[name]
    infos = tuple(
        Info(
            language=language,
            categories=(of.category,),
            event=of.event,
            urgency="Immediate",
            severity=of.severity,
            certainty="Observed",
            event_codes=(Named("profile:CAP-TWP:Event:1.0", of.code),),
            effective=now,
            expires=now + timedelta(hours=2),
            sender_name=SENDER_NAME,
            headline=of.headline.in_language(language),
            description=of.description.in_language(language),
            instruction=of.instruction.in_language(language),
            areas=(of.area,),
        )
        for language in ("zh-TW", "en-US")
    )
    status = "Exercise" if of.is_drill else "Actual"
    return Message(identifier, SENDER, now, status, "Alert", "Public", infos=infos)


def updated(message: Message, about: Reference, identifier: str, sent: datetime) -> Message:
    """An update: an hour longer."""
    infos = tuple(replace(info, effective=sent, expires=sent + timedelta(hours=3)) for info in message.infos)
    return replace(message, identifier=identifier, sent=sent, msg_type="Update", references=(about,), infos=infos)


def cancelled(message: Message, about: Reference, identifier: str, sent: datetime) -> Message:
    """The end of it, with nothing more to say."""
    return replace(message, identifier=identifier, sent=sent, msg_type="Cancel", references=(about,), infos=())
