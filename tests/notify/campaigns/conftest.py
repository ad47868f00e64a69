"""A bureau with a topic, its officers, and people who subscribe: made by SQL, as the other rooms leave them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from api import bill_reminders
from core import clock, db
from core.ids import new_uuid
from notify.campaigns import ports

CONTENT = {
    "zh": {"title": "本週末有市集", "body": "週六下午三點，駁二藝術特區。"},
    "en": {"title": "A market this weekend", "body": "Saturday, three in the afternoon, at Pier-2."},
    "link": "/app/inbox",
    "fields": {},
}
EVERYBODY = {"districts": [], "place_kinds": [], "facts": [], "near": None}
HASH_OF_NOTHING = "0" * 64


@dataclass
class Desk:
    """An editor and a publisher of public works, a colleague of the latter, and a topic of theirs."""

    client: FlaskClient
    editor: SignedInOfficer
    publisher: SignedInOfficer
    other_publisher: SignedInOfficer
    topic: str
    topic_id: int

    def body(self, **changed: Any) -> dict[str, Any]:
        """A campaign that keeps every rule."""
        return {"topic": self.topic, "name": "市集", "content": CONTENT, "audience": EVERYBODY, **changed}

    def written(self, **changed: Any) -> dict[str, Any]:
        answer = self.editor.call("POST", "/v1/bureau/campaigns", self.body(**changed))
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def submitted(self, **changed: Any) -> dict[str, Any]:
        campaign = self.written(**changed)
        answer = self.editor.call("POST", f"{self.at(campaign)}/submission", {})
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def approved(self, **changed: Any) -> dict[str, Any]:
        campaign = self.submitted(**changed)
        answer = self.publisher.call("POST", f"{self.at(campaign)}/approval", {"hash": campaign["hash"]})
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    @staticmethod
    def at(campaign: dict[str, Any]) -> str:
        return f"/v1/bureau/campaigns/{campaign['id']}"


@pytest.fixture
def desk(client: FlaskClient) -> Desk:
    def officer(role: str) -> SignedInOfficer:
        return signed_in_officer(client, role, bureau="public_works")

    with db.unit_of_work() as session:
        topic_id = session.execute(
            text(
                """
                INSERT INTO notify.topic (code, bureau, name_zh, name_en, purpose_zh, purpose_en, sample_title_zh,
                    sample_title_en, sample_body_zh, sample_body_en, legal_basis_zh, legal_basis_en, highest_priority,
                    subject_kind, endings, facts, channels, created_at, updated_at)
                VALUES ('test.works', 'public_works', '測試', 'Test', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 3,
                        'roadworks', '[]', '{has_car,commutes}', '{push,sms}', now(), now()) RETURNING id
                """
            )
        ).scalar_one()
    return Desk(client, officer("editor"), officer("publisher"), officer("publisher"), "test.works", topic_id)


@pytest.fixture
def parking(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The parking bureau's desk, and the wallet behind the port."""
    monkeypatch.setattr(ports, "bills_due", bill_reminders.bills_due)
    monkeypatch.setattr(ports, "bills_told", bill_reminders.bills_told)
    editor, publisher, other = (
        signed_in_officer(client, role, bureau="parking") for role in ("editor", "publisher", "publisher")
    )
    (topic,) = rows("SELECT id FROM notify.topic WHERE code = 'parking.due'")
    return Desk(client, editor, publisher, other, "parking.due", topic.id)


People = Callable[..., list[UUID]]


@pytest.fixture
def people(database: db.Database) -> People:
    """So many new people who subscribe to a topic, each with a device."""

    def make(
        topic_id: int, number: int, *, subject: str = "", district: str | None = None, devices: bool = True,
        at: tuple[float, float] | None = None, seen_at: datetime | None = None, fact: tuple[str, str] | None = None,
        place_kind: str = "home",
    ) -> list[UUID]:  # fmt: skip
        found = sorted(new_uuid() for _ in range(number))
        now = clock.now()
        values = {
            "people": found, "topic": topic_id, "subject": subject, "district": district, "kind": place_kind,
            "now": now, "at": f"({at[1]},{at[0]})" if at else None, "seen_at": seen_at or now - timedelta(minutes=1),
            "fact": fact[0] if fact else None, "value": fact[1] if fact else "",
        }  # fmt: skip
        with db.unit_of_work() as session:
            session.execute(_SUBSCRIBE, values)
            if devices:
                session.execute(_DEVICES, values)
            if district:
                session.execute(_PLACE, values)
            if fact:
                session.execute(_FACT, values)
        return found

    return make


def rows(statement: str, **values: Any) -> list[Any]:
    """What a statement answers, committed."""
    with db.unit_of_work() as session:
        result = session.execute(text(statement), values)
        return list(result.all()) if result.returns_rows else []


_SUBSCRIBE = text(
    """
    INSERT INTO notify.subscription (id, person_id, topic_id, subject, began_at, began_how)
    SELECT gen_random_uuid(), p, :topic, :subject, :now, 'citizen' FROM unnest(CAST(:people AS uuid[])) AS p
    """
)
_DEVICES = text(
    """
    INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, last_seen_at,
                               position, position_at)
    SELECT gen_random_uuid(), p, 'fid', sha256(p::text::bytea), '\\x00', '', :now, :now, CAST(:at AS point),
           CASE WHEN CAST(:at AS text) IS NOT NULL THEN CAST(:seen_at AS timestamptz) END
      FROM unnest(CAST(:people AS uuid[])) AS p
    """
)
_PLACE = text(
    """
    INSERT INTO notify.place (person_id, kind, district, agreed_at)
    SELECT p, :kind, :district, :now FROM unnest(CAST(:people AS uuid[])) AS p
    """
)
_FACT = text(
    """
    INSERT INTO notify.fact (person_id, name, value, source, allowed_at)
    SELECT p, :fact, :value, 'citizen', :now FROM unnest(CAST(:people AS uuid[])) AS p
    """
)
