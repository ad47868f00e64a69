"""What an alert says on a phone: from a CAP message's infos to a title and a body in Chinese and in English.

An alert that exists in Chinese alone is not translated: English readers get the event's name, the gravity and the
official text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.text import Text
from partners.cap.document import Info, Message

MOST_TITLE = 100
# Title and body must fit a push of 4,096 bytes (FCM, RFC 8291) in Chinese, with room for what goes beside them.
MOST_BODY = 800
DRILL = Text("【演習】", "[Drill] ")
SEVERITIES = {
    "Extreme": Text("極嚴重", "Extreme"),
    "Severe": Text("嚴重", "Severe"),
    "Moderate": Text("中度", "Moderate"),
    "Minor": Text("輕微", "Minor"),
    "Unknown": Text("一般", "For information"),
}
# Event codes of CAP-TWP (profile:CAP-TWP:Event:1.0), as seen in published alerts.
EVENTS = {
    "airraidalert": "Air raid alert",
    "airquality": "Air quality",
    "communicable": "Communicable disease",
    "debrisflow": "Debris flow",
    "densefog": "Dense fog",
    "earthquake": "Earthquake",
    "fire": "Fire",
    "flood": "Flooding",
    "heat": "Extreme heat",
    "landlines": "Telephone outage",
    "parking": "Temporary parking opened",
    "railincident": "Railway disruption",
    "rainfall": "Heavy rain",
    "reservoirdis": "Reservoir release",
    "roadclose": "Road closed",
    "thunderstorm": "Thunderstorm",
    "tsunami": "Tsunami",
    "typhoon": "Typhoon",
    "workschlclos": "Work and school closed",
}
_SOME_EVENT = "Public alert"
_IN_CHINESE = "Official notice, in Chinese: "
_CORRECTED = Text("更正：", "Correction: ")
OVER = Text("警報已解除。", "The alert is over.")
LEFT = Text(
    "警報範圍已更新，您先前收到的警報不再包含您所在的地方。",
    "The alert's area has been updated: the alert that you received no longer covers where you are.",
)
BASIS = Text(
    "依據：個人資料保護法第 16 條第 3 款（為免除當事人之生命、身體、自由或財產上之危險）。"
    "緊急訊息不受訂閱、每日上限與勿擾時段限制。",
    "Basis: Personal Data Protection Act, article 16, item 3 (to avert danger to the person's life, body, freedom or "
    "property). Emergencies are not subject to subscriptions, the daily cap or quiet hours.",
)
_WHY = Text(
    "{sender}對「{area}」發布了這則告警，而您的裝置、所在行政區或您登記的地點在範圍內。",
    "{sender} issued this alert for “{area}”; your device, its district or a place that you registered is inside.",
)
_WHY_EVERYBODY = Text(
    "{sender}對「{area}」發布了這則告警，範圍包含整個高雄市，因此告知每一個人。",
    "{sender} issued this alert for “{area}”. It concerns the whole of Kaohsiung, so everybody is told.",
)
_WHY_AGAIN = Text(
    "您先前收到過這則告警，因此也收到它的後續。", "You received this alert before, so you also receive what follows it."
)


@dataclass(frozen=True, slots=True)
class Words:
    """Title, body and reason of what people are told."""

    title: Text
    body: Text
    explanation: Text


def of_infos(
    message: Message, infos: Sequence[Info], places: Sequence[str] = (), *, is_for_everybody: bool = False
) -> Words:
    """The words of one part of an alert (its infos say the same in different languages), in force at `places`, of which
    everybody is told or whoever is inside."""
    chinese = next((info for info in infos if info.language.lower().startswith("zh")), infos[0])
    english = next((info for info in infos if info.language.lower().startswith("en")), None)
    title_zh, body_zh = _headline(chinese), _body(chinese)
    if english is not None:
        title_en, body_en = _headline(english), _body(english)
    else:
        title_en = f"{event_in_english(chinese)} ({SEVERITIES[chinese.severity].en})"
        body_en = f"{_IN_CHINESE}{title_zh} {body_zh}"
    sender = chinese.sender_name or message.sender
    title = Text(title_zh, title_en)
    why = _WHY_EVERYBODY if is_for_everybody else _WHY
    return Words(
        marked(title) if message.status == "Exercise" else _cut_both(title, MOST_TITLE),
        Text(_cut(body_zh, MOST_BODY), _cut(body_en, MOST_BODY)),
        why.format(sender=sender, area=_listed(places)),
    )


def of_cancellation(message: Message, told: Text) -> Words:
    """The words of a Cancel; `told` is the title of what it ends. A Cancel without info only says that it is over."""
    title = Text(f"解除：{told.zh}", f"Over: {told.en}")
    body = OVER
    if message.infos:
        said = of_infos(message, message.infos)
        title, body = without_mark(said.title), Text(f"{OVER.zh}{said.body.zh}", f"{OVER.en} {said.body.en}")
    title = marked(title) if message.status == "Exercise" else _cut_both(title, MOST_TITLE)
    return Words(title, _cut_both(body, MOST_BODY), _WHY_AGAIN)


def of_correction(text: Text, told: Text) -> Words:
    """The words of a correction: what was wrong, and of which alert."""
    title = Text(f"{_CORRECTED.zh}{told.zh}", f"{_CORRECTED.en}{told.en}")
    return Words(_cut_both(title, MOST_TITLE), _cut_both(text, MOST_BODY), _WHY_AGAIN)


def of_all_clear(told: Text) -> Words:
    """The words for those whom an update no longer covers."""
    return Words(_cut_both(Text(f"解除：{told.zh}", f"Over: {told.en}"), MOST_TITLE), LEFT, _WHY_AGAIN)


def event_in_english(info: Info) -> str:
    """The event's name in English, by its code."""
    for code in info.event_codes:
        known = EVENTS.get(code.value.lower())
        if known is not None:
            return known
    return info.event if info.event.isascii() else _SOME_EVENT


def _headline(info: Info) -> str:
    return info.headline or info.event


def _body(info: Info) -> str:
    said = [" ".join(text.split()) for text in (info.description, info.instruction) if text]
    return "\n".join(said) or _headline(info)


def _listed(places: Sequence[str]) -> str:
    more = f" … ({len(places)})" if len(places) > 3 else ""
    return _cut("、".join(places[:3]) + more, 120)


def marked(title: Text) -> Text:
    """A title that says that it is a drill."""
    return _cut_both(Text(f"{DRILL.zh}{title.zh}", f"{DRILL.en}{title.en}"), MOST_TITLE)


def without_mark(title: Text | None) -> Text:
    """The title without the word that it is a drill."""
    if title is None:
        return Text("", "")
    return Text(title.zh.removeprefix(DRILL.zh), title.en.removeprefix(DRILL.en))


def _cut_both(text: Text, most: int) -> Text:
    return Text(_cut(text.zh, most), _cut(text.en, most))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
