"""Ways to sign in that a person has shut."""

from __future__ import annotations

from uuid import UUID

import pytest
from identity_city import MEI, MING, NOON, City

from core import crypto
from identity import locks, passkeys
from identity.errors import AssertionRefused
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


def test_a_passkey_that_is_shut_neither_signs_in_nor_signs_a_payment(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    mei, challenge = _person(city), b"c" * 32

    def pays() -> None:
        with city.database.unit_of_work() as session:
            asked = passkeys.assertion_options(session, mei, challenge, NOON)
            signed = phone.authenticator.get(asked)
            passkeys.verify_assertion(session, person_id=mei, credential=signed, challenge=challenge, now=NOON)

    pays()
    with city.database.unit_of_work() as session:
        locks.lock(session, mei, "passkey", reason="disavowed", now=NOON)
    with pytest.raises(AssertionRefused):
        pays()
    refused = phone.sign_in_with_passkey()
    assert refused.status_code == 403
    assert refused.json["type"].endswith("/problems/method-shut")
    with city.database.unit_of_work() as session:
        locks.unlock(session, mei, "passkey", how="counter", now=NOON)
    pays()
    assert phone.sign_in_with_passkey().status_code == 200
