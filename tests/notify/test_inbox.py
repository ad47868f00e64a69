"""The inbox of somebody whom bureaus and alerts tell things: whose words, about which topic, and whether they still stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import db
from core.ids import new_uuid
from core.text import Text
from notify import inbox
from notify.topics import catalogue

NOW = datetime(2026, 11, 5, 6, 0, tzinfo=UTC)


def write(session: Any, table: str, **values: Any) -> UUID:
    """One row; its id."""
    id_ = new_uuid()
    columns = {"id": id_, **values}
    names = ", ".join(columns)
    session.execute(
        text(f"INSERT INTO notify.{table} ({names}) VALUES ({', '.join(':' + n for n in columns)})"), columns
    )
    return id_


def content(session: Any, title: str) -> UUID:
    return write(
        session, "content", title_zh=title, title_en=f"{title} (en)", body_zh="內容", body_en="words",
        link="/app/topics", why="{}", created_at=NOW,
    )  # fmt: skip


def test_a_message_of_a_topic_takes_its_words_from_the_bureau_and_says_which_topic_it_is_of(
    database: db.Database,
) -> None:
    person = new_uuid()
    with db.unit_of_work() as session:
        catalogue.seed(session, NOW)
        topic = session.execute(text("SELECT id FROM notify.topic WHERE code = 'culture.events'")).scalar_one()
        subscription = write(
            session, "subscription", person_id=person, topic_id=topic, began_at=NOW, began_how="citizen"
        )
        write(
            session, "message", person_id=person, kind="campaign", basis="subscription", why="{}", event_id=new_uuid(),
            content_id=content(session, "週末市集"), subscription_id=subscription, run_id=new_uuid(), created_at=NOW,
            recalled_at=NOW + timedelta(hours=1),
        )  # fmt: skip
        (found,), cursor = inbox.page_of_messages(session, person_id=person, limit=20, cursor=None)
    assert cursor is None
    assert found.title == Text("週末市集", "週末市集 (en)")
    assert (found.topic, found.bureau, found.alert) == ("culture.events", "culture", None)
    assert found.subscription_id == subscription
    assert found.recalled_at == NOW + timedelta(hours=1)


def test_a_message_of_an_alert_says_how_the_alert_stands_now(database: db.Database) -> None:
    person = new_uuid()
    with db.unit_of_work() as session:
        alert = write(
            session, "alert", identifier="A1", sender="kcg.gov.tw", sent_at=NOW, status="cancelled", msg_type="Alert",
            source="bureau", severity="Severe", parsed="{}", document=b"x", expires_at=NOW + timedelta(hours=2),
            received_at=NOW,
        )  # fmt: skip
        message = write(
            session, "message", person_id=person, kind="alert", basis="alert", why="{}", event_id=alert,
            content_id=content(session, "大雨"), alert_id=alert, created_at=NOW,
        )  # fmt: skip
        found = inbox.mark(session, person_id=person, message_id=message, is_read=True, now=NOW)
    assert found.alert == inbox.AlertState("Severe", False, True, NOW + timedelta(hours=2))
    assert found.topic is None
    assert found.read_at == NOW


def test_what_a_digest_has_gathered_stands_in_it_and_not_beside_it(database: db.Database) -> None:
    person = new_uuid()
    with db.unit_of_work() as session:
        catalogue.seed(session, NOW)
        topic = session.execute(text("SELECT id FROM notify.topic WHERE code = 'culture.events'")).scalar_one()
        taken = write(session, "subscription", person_id=person, topic_id=topic, began_at=NOW, began_how="citizen")
        quiet = [
            write(
                session, "message", person_id=person, kind="campaign", basis="subscription", why="{}", run_id=new_uuid(),
                event_id=new_uuid(), content_id=content(session, title), subscription_id=taken, created_at=NOW,
            )
            for title in ("市集", "音樂會", "還沒收進彙整")
        ]  # fmt: skip
        digest = write(
            session, "message", person_id=person, kind="digest", basis="digest", why="{}", event_id=new_uuid(),
            content_id=content(session, "今天沒響的"), created_at=NOW + timedelta(hours=1),
        )  # fmt: skip
        for message, digest_id in zip(quiet, (digest, digest, None), strict=True):
            session.execute(
                text(
                    "INSERT INTO notify.digest_line (person_id, message_id, run_id, subscription_id, deadline, due_at, "
                    "settled_at, digest_id) VALUES (:person, :message, :message, :taken, :now, :now, :settled, :digest)"
                ),
                {"person": person, "message": message, "taken": taken, "now": NOW, "digest": digest_id,
                 "settled": NOW if digest_id else None},
            )  # fmt: skip
        listed, _ = inbox.page_of_messages(session, person_id=person, limit=20, cursor=None)
        unread = inbox.unread_count(session, person)
        alone = inbox.message(session, person_id=person, message_id=quiet[0])
    assert [each.title.zh for each in listed] == ["今天沒響的", "還沒收進彙整"]
    assert sorted(each.title.zh for each in listed[0].gathered) == ["市集", "音樂會"]
    assert unread == 2
    assert alone.title.zh == "市集", "it can still be opened by itself"
