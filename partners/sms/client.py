"""The telephone company: sends text messages, and says whether a mobile number belongs to a national ID.

All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

from dataclasses import dataclass

from partners import wire


@dataclass(frozen=True, slots=True)
class SmsClient:
    """The telephone company's gateway at `peer.url`, which shares `peer.secret` with us."""

    peer: wire.Peer

    def send(self, *, message_id: str, to: str, text: str) -> None:
        """Hands over a text message for `to` (E.164, +8869…). The same `message_id` is the same message, sent once.

        Refused 409 when `message_id` stands for another message, 422 when the number cannot be reached.
        """
        wire.call(self.peer, "POST", "/v1/messages", {"id": message_id, "to": to, "text": text})

    def is_number_of(self, *, national_id: str, mobile: str) -> bool:
        """Whether `mobile` (E.164 or 09…) is registered to the person with `national_id`."""
        body = {"national_id": national_id, "mobile": mobile}
        answer = wire.call(self.peer, "POST", "/v1/number-verifications", body)
        return wire.shaped(self.peer, answer.body, lambda given: given["matches"] is True)
