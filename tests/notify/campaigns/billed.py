"""People with bills of the parking bureau, and a campaign that reminds them of those."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from core import clock, db
from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from identity import people as identity_people
from tests.notify.campaigns.conftest import Desk, rows

WORDS = {
    "zh": {"title": "{count} 筆停車費 {days} 天後到期", "body": "共 {total} 元，{due} 前可繳。"},
    "en": {"title": "{count} parking fees due in {days} days", "body": "NT${total} in all, by {due}."},
    "link": "/app/bills",
    "fields": {},
}
SCHEDULE = {"kind": "event", "event": "bill_due", "days_before": 3, "at": "09:00"}


def bill(person_id: UUID, *, due_on: date, amount_twd: int = 100, bureau: str = "parking") -> UUID:
    bill_id = new_uuid()
    with db.unit_of_work() as session:
        index = identity_people.national_id_index_of(session, person_id)
    rows(
        """
        INSERT INTO wallet.bill (id, bureau, kind, number, plate, owner_index, owner_sealed, occurred_at, amount_twd,
                                 due_on, payable_by_agent, status, batch_id, updated_at)
        VALUES (:id, :bureau, :kind, :number, 'ABC-1234', :index, '\\x00', now(), :amount, :due, true, 'unpaid', :id,
                now())
        """,
        id=bill_id, bureau=bureau, kind="parking" if bureau == "parking" else "fine", number=str(bill_id),
        index=index, amount=amount_twd, due=due_on,
    )  # fmt: skip
    return bill_id


def subscribe(desk: Desk, person_id: UUID, subject: str = "") -> None:
    rows(
        "INSERT INTO notify.subscription (id, person_id, topic_id, subject, began_at, began_how) "
        "VALUES (gen_random_uuid(), :person, :topic, :subject, now(), 'citizen')",
        person=person_id, topic=desk.topic_id, subject=subject,
    )  # fmt: skip
    rows(
        "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
        "VALUES (:person, '00:00', '00:00', now()) ON CONFLICT DO NOTHING",
        person=person_id,
    )


def tomorrow_at_nine() -> datetime:
    day = taipei_date(clock.now()) + timedelta(days=1)
    return datetime.combine(day, time(9, 0), TAIPEI).astimezone(UTC)


def candidates() -> list[Any]:
    return rows("SELECT * FROM notify.candidate ORDER BY run_id, person_id")
