"""A city for alerts: people with phones at places or in districts, officers on duty, documents that come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.crypto import seal
from core.ids import new_uuid
from notify.alerts import duty, intake, sending
from notify.alerts.records import Alert

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class City:
    """People and phones, straight in the tables, and what they have been told."""

    def phone(
        self,
        person_id: UUID | None = None,
        *,
        at: tuple[float, float] | None = None,
        district: str | None = None,
        seen: timedelta = timedelta(minutes=1),
        kind: str = "fid",
    ) -> tuple[UUID, UUID]:
        """A phone at (latitude, longitude), or known by district only. Answers the person and the device."""
        (found,) = self.phones([at], person_id=person_id, district=district, seen=seen, kind=kind)
        return found

    def phones(
        self,
        places: Sequence[tuple[float, float] | None],
        *,
        person_id: UUID | None = None,
        district: str | None = None,
        seen: timedelta = timedelta(minutes=1),
        kind: str = "fid",
    ) -> list[tuple[UUID, UUID]]:
        """A phone at each place, each somebody else's unless a person is named."""
        made = [(person_id or new_uuid(), new_uuid()) for _ in places]
        values = {
            "people": [person for person, _ in made], "devices": [device for _, device in made], "kind": kind,
            "sealed": [
                seal(f"phone-{device}", table="notify.device", column="address", row_id=device) for _, device in made
            ],
            "latitudes": [at[0] if at else None for at in places], "now": NOW, "seen": NOW - seen,
            "longitudes": [at[1] if at else None for at in places], "district": district,
        }  # fmt: skip
        with db.unit_of_work() as session:
            session.execute(_PHONES, values)
        return made

    def place(self, district: str, person_id: UUID | None = None, kind: str = "home") -> UUID:
        """A place that somebody named."""
        who = person_id or new_uuid()
        with db.unit_of_work() as session:
            session.execute(_PLACE, {"person_id": who, "kind": kind, "district": district, "now": NOW})
        return who

    def take_in(self, document: bytes, *, at: datetime = NOW, officer_id: UUID | None = None) -> Alert:
        """A document comes in, from a feed or from an officer."""
        source = "desk" if officer_id else "feed"
        with db.unit_of_work() as session:
            return intake.receive(session, document, source=source, now=at, officer_id=officer_id).alert

    def approved(self, document: bytes, *, at: datetime = NOW) -> Alert:
        """One that the first officer enters and the second approves."""
        alert = self.take_in(document, at=at, officer_id=FIRST)
        with db.unit_of_work() as session:
            return duty.approve(session, alert.id, officer_id=SECOND, now=at)

    def sent(self, document: bytes, *, at: datetime = NOW) -> Alert:
        """One that has gone out."""
        alert = self.approved(document, at=at)
        sending.send_due(at)
        return alert

    def people_told(self, alert_id: UUID) -> set[UUID]:
        """Whoever has a message of that alert."""
        return set(self._column("SELECT person_id FROM notify.message WHERE event_id = :id", alert_id))

    def devices_told(self, alert_id: UUID) -> list[UUID]:
        """The devices with a delivery of that alert, one for each delivery."""
        return self._column("SELECT device_id FROM notify.delivery WHERE event_id = :id", alert_id)

    def run(self, statement: str, **values: object) -> None:
        """One statement."""
        with db.unit_of_work() as session:
            session.execute(text(statement), values)

    def row(self, statement: str, **values: object) -> tuple[object, ...]:
        """The one row of a query."""
        with db.unit_of_work() as session:
            return tuple(session.execute(text(statement), values).one())

    def _column(self, statement: str, alert_id: UUID) -> list[UUID]:
        with db.unit_of_work() as session:
            return list(session.execute(text(statement), {"id": alert_id}).scalars())


@pytest.fixture
def city(database: db.Database) -> City:
    return City()


_PHONES = text(
    """
    INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, last_seen_at,
                               position, position_at, district)
    SELECT x.device, x.person, :kind, sha256(CAST(CAST(x.device AS text) AS bytea)), x.sealed, '', :now, :now,
           CASE WHEN x.latitude IS NOT NULL THEN point(x.longitude, x.latitude) END,
           CASE WHEN x.latitude IS NOT NULL THEN CAST(:seen AS timestamptz) END, :district
      FROM unnest(CAST(:devices AS uuid[]), CAST(:people AS uuid[]), CAST(:latitudes AS float8[]),
                  CAST(:longitudes AS float8[]), CAST(:sealed AS bytea[])) AS x (device, person, latitude, longitude, sealed)
    """
)
_PLACE = text(
    "INSERT INTO notify.place (person_id, kind, district, agreed_at) VALUES (:person_id, :kind, :district, :now)"
)
