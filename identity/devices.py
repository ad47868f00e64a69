"""What a person's own devices are called: good enough to tell one's telephone from one's computer, and no more.

A browser says what it is in its User-Agent, and may say anything; nothing rests on it but words.
"""

from __future__ import annotations

from core.text import Text

# The first sign found counts: each browser also names those whose pages it wants to be given.
_BROWSERS = (
    ("Edg", "Edge"),
    ("SamsungBrowser", "Samsung Internet"),
    ("OPR/", "Opera"),
    ("Line/", "LINE"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS", "Mac"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_UNKNOWN = Text("不明的程式", "Unknown program")
_HERE = Text("這台主機", "This machine")
_NOWHERE = Text("地點不明", "Place unknown")


def name_of(user_agent: str) -> str:
    """ "Chrome · Android" from what a browser calls itself; empty when it says nothing that we know."""
    found = (_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))
    return " · ".join(name for name in found if name)


def label_of(user_agent: str) -> Text:
    """The same for people; a program of no known kind is called by the first word it gives itself."""
    name = name_of(user_agent) or "".join(user_agent.split()[:1])[:40]
    return Text(name, name) if name else _UNKNOWN


def place_label(network: str) -> Text:
    """Where a coarse network is, for people: "203.0.113.*", "2001:db8:1:*", or this machine itself."""
    if network == "local":
        return _HERE
    if network.endswith(".0/24"):
        shown = f"{network.removesuffix('.0/24')}.*"
    elif network.endswith("::/48"):
        shown = f"{network.removesuffix('::/48')}:*"
    else:
        return _NOWHERE
    return Text(f"網路 {shown}", f"Network {shown}")


def _first(signs: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for sign, name in signs if sign in user_agent), "")
