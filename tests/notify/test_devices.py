"""Devices: one live row for an address, the address sealed, and forgotten when the device goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.errors import NotFound
from core.ids import new_uuid
from notify import devices
from tests.notify.conftest import NOW


def _register(person_id: UUID, address: str) -> tuple[devices.Device, bool]:
    with db.unit_of_work() as session:
        return devices.register(session, person_id=person_id, kind="fid", address=address, name="", now=NOW)


def test_the_same_phone_registered_again_stays_one_device(database: db.Database) -> None:
    person = new_uuid()
    first, is_new = _register(person, "fid-same-phone")
    again, is_new_again = _register(person, "fid-same-phone")
    assert (is_new, is_new_again) == (True, False)
    assert first.id == again.id


def test_a_phone_registered_from_many_threads_and_people_ends_with_one_owner(database: db.Database) -> None:
    people = [new_uuid() for _ in range(4)]
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda turn: _register(people[turn % 4], "fid-contested"), range(48)))
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM notify.device WHERE gone_at IS NULL")).scalar_one() == 1
        kept = session.execute(
            text("SELECT count(*) FROM notify.device WHERE gone_at IS NOT NULL AND address_sealed IS NOT NULL")
        )
        assert kept.scalar_one() == 0


def test_an_address_is_not_readable_in_the_database(database: db.Database) -> None:
    _register(new_uuid(), "fid-secret-address")
    with db.unit_of_work() as session:
        dump = session.execute(text("SELECT CAST(d AS text) FROM notify.device AS d")).scalar_one()
    assert b"fid-secret-address".hex() not in dump
    assert "fid-secret-address" not in dump


def test_removing_forgets_the_address_and_only_its_owner_can(database: db.Database) -> None:
    person = new_uuid()
    device, _ = _register(person, "fid-to-remove")
    for stranger in (new_uuid(), person, person):
        with db.unit_of_work() as session:
            if stranger == person and devices.devices_of(session, person):
                devices.remove(session, person_id=person, device_id=device.id, now=NOW)
            else:
                with pytest.raises(NotFound):
                    devices.remove(session, person_id=stranger, device_id=device.id, now=NOW)
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT address_sealed FROM notify.device")).scalar_one() is None


def test_beyond_the_most_devices_the_one_unseen_for_longest_goes(database: db.Database) -> None:
    person = new_uuid()
    for number in range(devices.MOST_DEVICES + 2):
        _register(person, f"fid-number-{number:04}")
    with db.unit_of_work() as session:
        assert len(devices.devices_of(session, person)) == devices.MOST_DEVICES
