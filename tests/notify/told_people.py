"""Messages of a campaign as they stand once they were handed over to a person's device."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from core import db
from core.ids import new_uuid
from tests.notify.conftest import NOW

TOPIC = "test.topic"


@dataclass(frozen=True)
class Told:
    """One message, the run that it is of, and the subscription by which it was sent."""

    message_id: UUID
    run_id: UUID
    subscription_id: UUID


def subscribed(person_id: UUID) -> UUID:
    """A live subscription of this person, to a topic that exists once."""
    subscription_id = new_uuid()
    with db.unit_of_work() as session:
        session.execute(_TOPIC, {"code": TOPIC, "now": NOW})
        session.execute(_SUBSCRIPTION, {"id": subscription_id, "person_id": person_id, "code": TOPIC, "now": NOW})
    return subscription_id


def told(person_id: UUID, device_id: UUID, subscription_id: UUID) -> Told:
    """A message by that subscription, handed over to that device."""
    one = Told(new_uuid(), new_uuid(), subscription_id)
    values = {
        "message_id": one.message_id, "run_id": one.run_id, "subscription_id": subscription_id, "content_id": new_uuid(),
        "campaign_id": new_uuid(), "delivery_id": new_uuid(), "officer_id": new_uuid(), "other_id": new_uuid(),
        "person_id": person_id, "device_id": device_id, "code": TOPIC, "now": NOW,
    }  # fmt: skip
    with db.unit_of_work() as session:
        for statement in _CAMPAIGN:
            session.execute(statement, values)
    return one


_TOPIC = text(
    """
    INSERT INTO notify.topic (code, bureau, name_zh, name_en, purpose_zh, purpose_en, sample_title_zh, sample_title_en,
        sample_body_zh, sample_body_en, legal_basis_zh, legal_basis_en, endings, created_at, updated_at)
    VALUES (:code, 'culture', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', '[]', :now, :now)
    ON CONFLICT (code) DO NOTHING
    """
)
_SUBSCRIPTION = text(
    """
    INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how, sends, unopened, unopened_since)
    SELECT :id, :person_id, id, :now, 'citizen', 3, 3, :now FROM notify.topic WHERE code = :code
    """
)
_CAMPAIGN = tuple(
    map(
        text,
        (
            """
            INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at)
            VALUES (:content_id, '標題', 'Title', '內文', 'Body', '/app/inbox', '{}', :now)
            """,
            """
            INSERT INTO notify.campaign (id, bureau, topic_id, name, state, content, audience, schedule, written_by,
                submitted_by, approved_by, approved_hash, created_at, updated_at)
            SELECT :campaign_id, 'culture', id, 'x', 'sending', '{}', '{}', '{}', :officer_id, :officer_id, :other_id,
                   decode(repeat('00', 32), 'hex'), :now, :now FROM notify.topic WHERE code = :code
            """,
            """
            INSERT INTO notify.run (id, campaign_id, content_id, round_at, deadline, begun_at)
            VALUES (:run_id, :campaign_id, :content_id, :now, :now, :now)
            """,
            """
            INSERT INTO notify.message (person_id, id, kind, basis, content_id, subscription_id, run_id, event_id, why,
                created_at)
            VALUES (:person_id, :message_id, 'campaign', 'subscription', :content_id, :subscription_id, :run_id, :run_id,
                '{}', :now)
            """,
            """
            INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at, provider_name,
                settled_at, channel)
            VALUES (:delivery_id, :message_id, :device_id, :run_id, 'handed_over', :now, :now, 'p', :now, 'webpush')
            """,
        ),
    )
)
