"""The providers behind notify's ports, where the settings name too little."""

from __future__ import annotations

from typing import Any

import pytest

from api import push_wiring
from partners.outcomes import RetryLater


def test_without_a_key_messages_for_browsers_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_wiring, "_web_push_client", lambda: None)
    nothing: Any = None
    assert push_wiring._WebPusher().send(nothing) == RetryLater(60, "provider")
