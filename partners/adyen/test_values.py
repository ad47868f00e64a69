"""What Adyen's test platform makes of a card holder's name, so that tests carry over to a test merchant there.

Source: Adyen, "Testing result codes" and "Testing with card holder name".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """How an authorisation ends: result code, refusal reason and its number."""

    code: str
    refusal_reason: str = ""
    refusal_code: str = ""


APPROVED = Result("Authorised")
NOT_3D_AUTHENTICATED = Result("Refused", "3D Not Authenticated", "11")
CAPTURE_FAILED = "CAPTURE FAILED"
REFUND_FAILED = "REFUND FAILED"
# In the order of RequestedTestAcquirerResponseCode: the first is 0.
BY_NAME: Mapping[str, Result] = {
    "UNKNOWN": Result("Error", "Unknown", "0"),
    "APPROVED": APPROVED,
    "DECLINED": Result("Refused", "Refused", "2"),
    "REFERRAL": Result("Refused", "Referral", "3"),
    "ERROR": Result("Error", "Acquirer Error", "4"),
    "BLOCK_CARD": Result("Refused", "Blocked Card", "5"),
    "CARD_EXPIRED": Result("Refused", "Expired Card", "6"),
    "INVALID_AMOUNT": Result("Refused", "Invalid Amount", "7"),
    "INVALID_CARD_NUMBER": Result("Refused", "Invalid Card Number", "8"),
    "ISSUER_UNAVAILABLE": Result("Refused", "Issuer Unavailable", "9"),
    "NOT_SUPPORTED": Result("Refused", "Not supported", "10"),
    "NOT_3D_AUTHENTICATED": NOT_3D_AUTHENTICATED,
    "NOT_ENOUGH_BALANCE": Result("Refused", "Not enough balance", "12"),
    "PENDING": Result("Received"),
    "ACQUIRER_FRAUD": Result("Refused", "Acquirer Fraud", "14"),
    "CANCELLED": Result("Refused", "Cancelled", "15"),
    "SHOPPER_CANCELLED": Result("Refused", "Shopper Cancelled", "16"),
    "INVALID_PIN": Result("Refused", "Invalid Pin", "17"),
}
_IN_ORDER = tuple(BY_NAME.values())


def result_for(holder_name: str, requested_code: str = "") -> Result:
    """How this holder's payment ends. `requested_code` is additionalData.RequestedTestAcquirerResponseCode."""
    if requested_code.isascii() and requested_code.isdigit() and int(requested_code) < len(_IN_ORDER):
        return _IN_ORDER[int(requested_code)]
    # "DECLINED : 06 : ERROR" names the scheme's own code and reason behind Adyen's.
    return BY_NAME.get(requested_code or holder_name.partition(":")[0].strip(), APPROVED)


def is_failing_later(holder_name: str, what: str) -> bool:
    """Whether this holder's capture or refund is accepted and fails afterwards."""
    return holder_name.strip().upper() == what
