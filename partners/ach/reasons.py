"""Why a bank returns an entry: the clearing house's two-digit codes, and our word for each.

Source: the clearing house's list for files P01 and R01, as payers' and banks' software quotes it. An unknown code is
`returned_other`: a code that is added tomorrow must not stop a file today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RETURN_REASONS: Final[Mapping[str, str]] = {
    "01": "insufficient_funds",
    "02": "mandate_not_found",
    "03": "mandate_revoked",
    "04": "account_not_found",
    "05": "holder_differs",
    "06": "mandate_not_found",
    "07": "mandate_not_found",
    "11": "limit_exceeded",
    "22": "account_closed",
    "23": "account_dormant",
    "24": "account_frozen",
    "25": "account_frozen",
    "26": "account_frozen",
    "28": "recalled",
    "91": "returned_other",
    "98": "returned_other",
    "99": "returned_other",
}
OTHER: Final = "returned_other"


def reason_of(code: str) -> str:
    """Our word for a return code."""
    return RETURN_REASONS.get(code, OTHER)
