"""The devices that a person lets us push to. An address belongs to one person at a time: whoever registered it last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import blind_index, seal
from core.errors import NotFound
from core.ids import new_uuid
from notify import browsers

MOST_DEVICES = 20


@dataclass(frozen=True, slots=True)
class Device:
    """One device. `kind` is "fid" (Firebase installation id), "fcm_token", "webpush" (a browser) or "line"."""

    id: UUID
    kind: str
    name: str
    created_at: datetime
    last_seen_at: datetime


def register(
    session: Session, *, person_id: UUID, kind: str, address: str, name: str, now: datetime
) -> tuple[Device, bool]:
    """Push to this address from now on. Answers the device, and whether it is a new one.

    An address that was somebody else's until now is taken from them, because the phone has changed hands. Beyond
    `MOST_DEVICES`, the one not seen for longest is let go.
    """
    # A browser keeps its endpoint when its keys change.
    known_by = browsers.endpoint_of(address) if kind == "webpush" else address
    service = browsers.service_of(address) if kind == "webpush" else None
    index = blind_index(f"{kind}\x00{known_by}", purpose="device_address")
    # Registrations of one address wait for each other, so that exactly one live row is left.
    session.execute(_ONE_AT_A_TIME, {"index": index})
    session.execute(_TAKE_FROM_OTHERS, {"index": index, "person_id": person_id, "now": now})
    known = session.execute(_SEEN_AGAIN, {"index": index, "name": name, "now": now}).one_or_none()
    if known is not None:
        sealed = seal(address, table="notify.device", column="address", row_id=known.id)
        session.execute(_SEAL_AGAIN, {"id": known.id, "sealed": sealed, "service": service})
        return Device(known.id, known.kind, known.name, known.created_at, known.last_seen_at), False
    device_id = new_uuid()
    session.execute(
        _ADD,
        {
            "id": device_id, "person_id": person_id, "kind": kind, "index": index, "name": name, "now": now,
            "service": service,
            "sealed": seal(address, table="notify.device", column="address", row_id=device_id),
        },
    )  # fmt: skip
    session.execute(_LET_GO_BEYOND, {"person_id": person_id, "most": MOST_DEVICES, "now": now})
    return Device(device_id, kind, name, now, now), True


def devices_of(session: Session, person_id: UUID) -> list[Device]:
    """The person's devices, the one seen last first."""
    rows = session.execute(_OF_PERSON, {"person_id": person_id})
    return [Device(row.id, row.kind, row.name, row.created_at, row.last_seen_at) for row in rows]


def remove(session: Session, *, person_id: UUID, device_id: UUID, now: datetime) -> None:
    """Stop pushing to a device and forget its address. Raises NotFound unless it is the person's and still there."""
    removed = session.execute(_REMOVE, {"id": device_id, "person_id": person_id, "now": now}).scalar()
    if removed is None:
        raise NotFound


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(encode(CAST(:index AS bytea), 'hex'), 0))")
_TAKE_FROM_OTHERS = text(
    """
    UPDATE notify.device SET gone_at = :now, gone_reason = 'other_person', address_sealed = NULL
     WHERE address_index = :index AND gone_at IS NULL AND person_id <> :person_id
    """
)
_SEEN_AGAIN = text(
    """
    UPDATE notify.device SET last_seen_at = :now, name = :name
     WHERE address_index = :index AND gone_at IS NULL
    RETURNING id, kind, name, created_at, last_seen_at
    """
)
_SEAL_AGAIN = text("UPDATE notify.device SET address_sealed = :sealed, push_service = :service WHERE id = :id")
_ADD = text(
    """
    INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, push_service, name, created_at,
                               last_seen_at)
    VALUES (:id, :person_id, :kind, :index, :sealed, :service, :name, :now, :now)
    """
)
_LET_GO_BEYOND = text(
    """
    UPDATE notify.device SET gone_at = :now, gone_reason = 'too_many', address_sealed = NULL
     WHERE id IN (SELECT id FROM notify.device WHERE person_id = :person_id AND gone_at IS NULL
                   ORDER BY last_seen_at DESC, id DESC OFFSET :most)
    """
)
_OF_PERSON = text(
    """
    SELECT id, kind, name, created_at, last_seen_at FROM notify.device
     WHERE person_id = :person_id AND gone_at IS NULL ORDER BY last_seen_at DESC, id DESC
    """
)
_REMOVE = text(
    """
    UPDATE notify.device SET gone_at = :now, gone_reason = 'removed', address_sealed = NULL
     WHERE id = :id AND person_id = :person_id AND gone_at IS NULL
    RETURNING id
    """
)
