"""The sandbox telephone company's interface, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import REFUSAL, TEXT, YES_NO, one_of, record, signed

_REFUSED = {400: REFUSAL, 422: REFUSAL, 503: REFUSAL}


def _messages(company: str) -> dict[str, Any]:
    return {
        "post": signed(
            company,
            "Send a text message, once per id",
            {202: record(id=TEXT, status=one_of("accepted")), 409: REFUSAL, **_REFUSED},
            body=record(id=TEXT, to=TEXT, text=TEXT),
        )
    }


PATHS = {
    "/sms/v1/messages": _messages("sms"),
    "/sms-reserve/v1/messages": _messages("sms_reserve"),
    "/sms/v1/number-verifications": {
        "post": signed(
            "sms",
            "Whether a mobile number belongs to a national ID",
            {200: record(matches=YES_NO), **_REFUSED},
            body=record(national_id=TEXT, mobile=TEXT),
            description="A pair of which neither half is known is written down, and matches.",
        )
    },
}
