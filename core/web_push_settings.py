"""The settings of web push: the key that proves us to browsers' push services, and which sandbox counts as one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_DEMO_CONTACT = "mailto:web-push@mykaohsiung.example"


@dataclass(frozen=True, slots=True)
class WebPushSettings:
    """What web push needs.

    `key_file` is the private P-256 key in PEM (VAPID, RFC 8292), None where no browser is pushed to; with
    `makes_key` it is made when there is none yet. `contact` is where a push service reaches us (§2.1). `sandbox_origin`
    is the one origin that counts as a push service though it is neither public nor https; empty: none.
    """

    key_file: Path | None
    makes_key: bool
    contact: str
    sandbox_origin: str


def read(
    environment: Mapping[str, str],
    *,
    sandbox_url: str,
    state_dir: Path,
    is_demo: bool,
    wrong: Callable[[str], Exception],
) -> WebPushSettings:
    """The settings in `environment`, in the demo those of the sandbox. Raises `wrong` for one that cannot be used."""
    named = environment.get("WEB_PUSH_KEY_FILE", "")
    if named and not (Path(named).is_file() and os.access(named, os.R_OK)):
        raise wrong(f"WEB_PUSH_KEY_FILE={named!r} should be a file that can be read: a private P-256 key in PEM")
    contact = environment.get("WEB_PUSH_CONTACT") or (_DEMO_CONTACT if is_demo else "")
    if named and not contact:
        raise wrong("WEB_PUSH_CONTACT is not set: push services are told whom to ask about what we send")
    if contact and not contact.startswith(("mailto:", "https://")):
        raise wrong("WEB_PUSH_CONTACT should begin with mailto: or https://")
    sandbox = environment.get("WEB_PUSH_SANDBOX_URL") or (sandbox_url if is_demo else "")
    parts = urlsplit(sandbox)
    if sandbox and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise wrong("WEB_PUSH_SANDBOX_URL should be an address beginning with http:// or https://")
    own = state_dir / "web-push-key.pem" if is_demo else None
    return WebPushSettings(
        key_file=Path(named) if named else own,
        makes_key=not named and is_demo,
        contact=contact,
        sandbox_origin=f"{parts.scheme}://{parts.netloc}" if sandbox else "",
    )
