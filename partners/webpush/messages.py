"""What is handed to a browser's push service, in plain values: to name them loads no library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebPush:
    """One message for one browser. `subscription` is the JSON of its PushSubscription (endpoint, keys); after
    `ttl_seconds` the message is worth nothing. `urgency`: 9 an emergency, 5 a transaction, 1 to 4 a campaign, 0
    silent. `device_id` is what the browser signs its receipts with; `message_id` its tag, and its RFC 8030 topic;
    `tag` what it takes the place of on the device and while it waits, where that is not only itself;
    `taken_back`: messages that were recalled, whose notices it is to take away."""

    subscription: str
    device_id: str
    message_id: str
    title: str
    body: str
    link: str
    ttl_seconds: int
    urgency: int = 5
    tag: str | None = None
    taken_back: tuple[str, ...] = ()
