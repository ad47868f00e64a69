"""Settings of alerts: the feed that is followed, how often a grave alert rings again, whether the all-clear is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """`feed_url` is empty where no feed is followed; its documents are fetched from its own host and `feed_hosts`."""

    feed_url: str
    feed_hosts: frozenset[str]
    feed_seconds: int
    repeat_minutes: int
    tells_all_clear: bool


def read(
    environment: Mapping[str, str],
    *,
    sandbox_url: str,
    is_demo: bool,
    url: Callable[[Mapping[str, str], str, str, tuple[str, ...]], str],
    number: Callable[..., int],
    flag: Callable[..., bool],
) -> AlertSettings:
    """The settings in `environment`. The demo follows its sandbox's feed; elsewhere none is, until one is named."""
    given = environment.get("ALERT_FEED_URL", f"{sandbox_url}/cap/feed" if is_demo else "")
    return AlertSettings(
        feed_url=url(environment, "ALERT_FEED_URL", given, ("http", "https") if is_demo else ("https",))
        if given
        else "",
        feed_hosts=frozenset(environment.get("ALERT_FEED_HOSTS", "").split()),
        feed_seconds=number(environment, "ALERT_FEED_SECONDS", 5 if is_demo else 60, at_least=1, at_most=3600),
        repeat_minutes=number(environment, "ALERT_REPEAT_MINUTES", 5, at_least=1, at_most=120),
        tells_all_clear=flag(environment, "ALERT_ALL_CLEAR", default=False),
    )
