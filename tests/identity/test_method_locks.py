"""Ways to sign in that a person has shut."""

from __future__ import annotations

from uuid import UUID

import pytest
from identity_city import MEI, MING, NOON, City

from core import crypto
from identity import locks
from identity.recovery_errors import MethodShut


def _person(city: City) -> UUID:
    city.enrolled(MEI)
    index = crypto.blind_index(MEI[0], purpose="national_id")
    found: UUID = city.sql("SELECT id FROM identity.person WHERE national_id_index = :index", index=index)[0][0]
    return found


def test_a_lock_shuts_one_method_of_one_person_until_it_is_lifted(city: City) -> None:
    mei = _person(city)
    city.enrolled(MING)
    with city.database.unit_of_work() as session:
        locks.lock(session, mei, "passkey", reason="disavowed", now=NOON)
        locks.lock(session, mei, "passkey", reason="again", now=NOON)
        with pytest.raises(MethodShut):
            locks.refuse_if_locked(session, mei, "passkey")
        locks.refuse_if_locked(session, mei, "password_sms")
        assert [lock.reason for lock in locks.in_force(session, mei)] == ["disavowed"]
        assert locks.unlock(session, mei, "passkey", how="counter", now=NOON)
        assert not locks.unlock(session, mei, "passkey", how="counter", now=NOON)
        locks.refuse_if_locked(session, mei, "passkey")


def test_a_session_is_of_the_method_that_began_it() -> None:
    assert locks.is_of(("user", "swk"), "passkey") and locks.is_of(("user", "hwk"), "passkey")
    assert locks.is_of(("pwd", "sms"), "password_sms")
    assert not locks.is_of(("pwd", "otp"), "password_sms")
    assert not locks.is_of(("sc", "pin"), "passkey")
