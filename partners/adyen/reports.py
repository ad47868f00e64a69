"""Fetching Adyen's reports, the settlement details report among them, from the address that REPORT_AVAILABLE names.

That address stands in a field no signature covers, so it counts only below the address we were told beforehand: the
API key goes nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import urllib3

from partners import wire

NAME = "adyen reports"
MOST_BYTES = 2 << 30
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """Where reports are (test platform: https://ca-test.adyen.com/reports/download) and the report user's key."""

    url: str
    api_key: str
    read_timeout_seconds: float = 60.0


def download(config: ReportConfig, address: str, into: BinaryIO, *, most_bytes: int = MOST_BYTES) -> int:
    """Writes the report at `address` into `into`; answers how many bytes it has.

    Raises the failures of `partners.wire`: Refused for an address that is not below `config.url` (code `elsewhere`),
    AnswerNotTrusted for more than `most_bytes` or a report cut short.
    """
    if not address.startswith(f"{config.url.rstrip('/')}/") or "/.." in address:
        raise wire.Refused(NAME, "the report is said to be somewhere else", 400, "elsewhere")
    headers = {"x-api-key": config.api_key}
    timeout = urllib3.Timeout(connect=2.0, read=config.read_timeout_seconds)
    length = 0
    with urllib3.PoolManager() as pool:
        try:
            answer = pool.request(
                "GET", address, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False
            )
            if not 200 <= answer.status < 300:
                raise _not_there(answer.status)
            for piece in answer.stream(_PIECE_BYTES):
                length += len(piece)
                if length > most_bytes:
                    raise wire.AnswerNotTrusted(NAME, f"the report has more than {most_bytes} bytes")
                into.write(piece)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise wire.NotReached(NAME, type(error).__name__) from error
        except urllib3.exceptions.HTTPError as error:
            raise wire.NoAnswer(NAME, type(error).__name__) from error
    return length


def _not_there(status: int) -> wire.CallFailed:
    if 400 <= status < 500:
        return wire.Refused(NAME, "the report was not given", status, "")
    return wire.NoAnswer(NAME, f"status {status}")
