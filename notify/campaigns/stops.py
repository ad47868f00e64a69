"""Why something that two persons had agreed on was not sent after all, as its history says to whoever wrote it."""

from __future__ import annotations

from collections.abc import Collection

from core.text import Text

TOO_FEW = "too_few"
OTHER_WORDS = "other_words"
# The others are the members of a campaign that do not keep a rule any more.
REASONS = {
    TOO_FEW: Text(
        "對象變得少於 20 人（或接近 20 人），可能指向特定的人，這一次沒有送。",
        "Its audience had become fewer than 20 people, or about as few, which may point at somebody in particular: "
        "this time nothing was sent.",
    ),
    OTHER_WORDS: Text("文字不是核准的那一份。", "Its words are not those that were approved."),
    "topic": Text("這個事項已經關閉。", "Its topic is closed."),
    "name": Text("名稱不符合現在的規定。", "Its name does not keep today's rules."),
    "content": Text("文字或連結不符合現在的規定。", "Its words or its link do not keep today's rules."),
    "audience": Text(
        "這個事項不再允許這樣挑選對象（條件、特種資料或工程）。",
        "Its topic does not allow this audience any more: a fact or a thing that it names.",
    ),
    "priority": Text("這個事項不再允許這麼高的優先順序。", "Its topic does not allow so high a priority any more."),
    "schedule": Text("這個機關不再通報這類事件。", "Its bureau does not tell of this event any more."),
    "channels": Text("這個事項不再允許它的付費管道。", "Its topic does not allow its paid channels any more."),
}


def as_note(reasons: Collection[str]) -> str:
    """The reasons as a line of history keeps them."""
    assert reasons and set(reasons) <= REASONS.keys()
    return ",".join(sorted(reasons))


def told(note: str, language: str) -> str:
    """What `as_note` made, in words; whatever else it says, as it is."""
    reasons = note.split(",")
    if not all(reason in REASONS for reason in reasons):
        return note
    return "".join(REASONS[reason].in_language(language) + " " for reason in reasons).strip()
