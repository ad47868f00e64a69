"""People who subscribe to the demo city's roadworks, in a running copy: made by SQL, as the other rooms leave them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from stack import Stack

from core import clock
from core.crypto import blind_index, seal
from core.ids import new_uuid


def subscribers(stack: Stack, number: int, *, district: str) -> list[UUID]:
    """So many people with a phone who subscribe to roadworks and live in the district; nobody who subscribes to
    roadworks is asleep, the demo city's people neither: a sending is over when the last of them has been told."""
    people = [new_uuid() for _ in range(number)]
    phones = [(new_uuid(), person, f"c{person.hex[-21:]}") for person in people]
    now = clock.now()
    later = (now.astimezone(clock.TAIPEI) + timedelta(hours=3)).time()
    latest = (now.astimezone(clock.TAIPEI) + timedelta(hours=4)).time()
    with stack.database() as database:
        database.execute(
            "INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how) "
            "SELECT gen_random_uuid(), p, t.id, %s, 'citizen' FROM unnest(%s::uuid[]) p, notify.topic t "
            "WHERE t.code = 'roadworks.near'",
            (now, people),
        )
        database.execute(
            "INSERT INTO notify.place (person_id, kind, district, agreed_at) "
            "SELECT p, 'home', %s, %s FROM unnest(%s::uuid[]) p",
            (district, now, people),
        )
        database.execute(
            "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
            "SELECT DISTINCT s.person_id, %s::time, %s::time, %s::timestamptz FROM notify.subscription s "
            "JOIN notify.topic t ON t.id = s.topic_id AND t.code = 'roadworks.near' "
            "ON CONFLICT (person_id) DO UPDATE SET quiet_from = excluded.quiet_from, "
            "quiet_until = excluded.quiet_until",
            (later, latest, now),
        )
        with database.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, "
                "last_seen_at) VALUES (%s, %s, 'fid', %s, %s, '', %s, %s)",
                [
                    (phone, person, blind_index(f"fid\x00{address}", purpose="device_address"),
                     seal(address, table="notify.device", column="address", row_id=phone), now, now)
                    for phone, person, address in phones
                ],
            )  # fmt: skip
    return people
