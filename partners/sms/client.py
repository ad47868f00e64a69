"""The telephone company: sends text messages, and says whether a mobile number belongs to a national ID.

All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

from dataclasses import dataclass

from partners import wire
from partners.outcomes import Delivered, Outcome, Refused, RetryLater
from partners.sms.messages import TextMessage

_WAIT_SECONDS = 10


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


@dataclass(frozen=True, slots=True)
class SmsSender:
    """A telephone company as a channel of messages. Its id for a message is ours: a repeat is the same message."""

    client: SmsClient

    def send(self, message: TextMessage) -> Outcome:
        """Hands `message` over. Never raises for what company or network do.

        A company that surely did nothing may be replaced by another for the next attempt; one that was silent may not.
        """
        try:
            self.client.send(message_id=message.message_id, to=message.to, text=message.text)
        except (wire.NotReached, wire.Unavailable):
            return RetryLater(_WAIT_SECONDS)
        except wire.Refused as refused:
            return Refused(refused.code or str(refused.status))
        except wire.NoAnswer:
            return RetryLater(_WAIT_SECONDS, "connection")
        return Delivered(message.message_id)
