"""The public page that says whether a payment was made. How often codes may be guessed from one address is limited."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.crypto import blind_index
from core.errors import NotFound, Problem, RateLimited
from core.http import Answer, Call, Routes, public
from core.text import Text
from identity import attempts
from identity.attempts import Limit
from wallet import receipts, verify_page

routes = Routes("receipts")

# Whoever reads codes off real receipts misses a few; a code has 144 random bits, and nobody guesses one in any case.
WRONG_CODES: Final = Limit("receipt_codes", 30, timedelta(minutes=10), extends=False)
_HTML: Final = "text/html; charset=utf-8"


@routes.get(
    "/verify/<token>",
    access=public(),
    answers={200: None, 404: None, 429: None},
    problems=[NotFound, RateLimited],
    content_types=("text/html",),
    summary=Text("這筆款項繳了嗎", "Was this paid"),
)
def verify_receipt(call: Call) -> Answer:
    """For whoever scans a receipt's QR code: yes or no, when and how much; never by whom or for what."""
    subject = blind_index(call.request.remote_addr or "", purpose="receipt_codes")
    try:
        attempts.refuse_if_none_left(call.session, subject, WRONG_CODES, now=call.now)
    except Problem as refusal:
        seconds = int(refusal.headers.get("Retry-After", "600"))
        return _answer(verify_page.too_many(seconds), 429, {"Retry-After": str(seconds)})
    found = receipts.verify(call.session, call.path["token"])
    if found is None:
        attempts.take(call.session, subject, WRONG_CODES, now=call.now)
    return _answer(verify_page.page_for(found), 200 if found else 404, {})


def _answer(page: str, status: int, headers: dict[str, str]) -> Answer:
    return Answer(raw=page.encode(), status=status, headers=headers, content_type=_HTML)
