"""Writing to a person by LINE: at the LINE account that they linked for signing in, and at no other.

A provider's channels share one id for a person ("Getting user IDs", developers.line.biz), so the account that has
shown to be theirs is also where a message reaches them. Nobody types an id: it could be somebody else's.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.outbox import Event
from core.text import Text
from identity import linked_accounts


class LineNotLinked(Conflict):
    """No LINE account is linked to this person."""

    slug = "line-not-linked"
    title = Text("尚未連結 LINE 帳號", "No LINE account is linked")
    explanation = Text(
        "要用 LINE 收通知，請先在「登入與安全」連結您自己的 LINE 帳號。較早連結的帳號請解除後再連結一次。",
        "To be told by LINE, first link your own LINE account under “Sign-in and safety”. One that was linked a long "
        "time ago has to be unlinked and linked again.",
    )


def address_of(session: Session, person_id: UUID) -> str:
    """The LINE user id of the person. Raises LineNotLinked."""
    subject = linked_accounts.subject_at(session, person_id, "line")
    if subject is None:
        raise LineNotLinked
    return subject


def account_unlinked(session: Session, event: Event, now: datetime) -> None:
    """identity.account_unlinked: whose LINE account is unlinked is not written to there any more."""
    if event.payload["provider"] == "line":
        session.execute(_FORGET, {"person_id": UUID(event.payload["person_id"]), "now": now})


_FORGET = text(
    """
    UPDATE notify.device SET gone_at = :now, gone_reason = 'removed', address_sealed = NULL
     WHERE person_id = :person_id AND kind = 'line' AND gone_at IS NULL
    """
)
