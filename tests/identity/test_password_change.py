"""A new password for somebody who is signed in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from identity_city import MEI, City, Phone
from recovering_city import ask_for_reset, prove_reset
from werkzeug.test import TestResponse

NEW = "tall grass in the rain"


def _change(phone: Phone, new: str = NEW, current: str | None = None) -> TestResponse:
    return phone.post("/v1/me/password", {"new_password": new} | ({"current_password": current} if current else {}))


def _signed_in(city: City) -> Phone:
    phone = city.enrolled(MEI)
    phone.sign_in()
    return phone


def test_with_the_present_password_every_other_session_ends_and_every_channel_tells_of_it(city: City) -> None:
    other, phone = _signed_in(city), _signed_in(city)
    assert _change(phone, current=phone.password).status_code == 204
    assert phone.get("/v1/me").status_code == 200
    assert other.get("/v1/me").status_code == 401
    assert city.phone(MEI).log_in().status_code == 401
    assert city.phone(MEI).log_in(NEW).status_code == 202
    assert any("密碼已變更" in text and "/app/not-me?token=" in text for text in city.messages_to(phone.mobile))


def test_without_the_present_one_it_takes_a_fresh_session_of_level_three(city: City) -> None:
    phone = _signed_in(city)
    refused = _change(phone)
    assert refused.status_code == 401
    assert 'acr_values="urn:mykaohsiung:loa:3"' in refused.headers["WWW-Authenticate"]
    phone.add_passkey()
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '16 minutes' WHERE ended_at IS NULL")
    assert _change(phone).status_code == 401
    phone.sign_in_with_passkey()
    assert _change(phone).status_code == 204


@pytest.mark.parametrize("new", ["1234567890", "aaaaaaaaaaaa", f"x{MEI[0]}x", f"{MEI[1]}!!"])
def test_a_password_that_is_easily_guessed_is_refused(city: City, new: str) -> None:
    phone = _signed_in(city)
    assert _change(phone, new, phone.password).status_code == 422


def test_no_mixture_of_characters_is_demanded(city: City) -> None:
    phone = _signed_in(city)
    assert _change(phone, "春眠不覺曉處處聞啼鳥", phone.password).status_code == 204


def test_fifty_parallel_wrong_ones_are_weighed_exactly_five_times(city: City) -> None:
    phone = _signed_in(city)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: _change(phone, current="not the password").status_code, range(50)))
    assert sorted(statuses) == [403] * 5 + [429] * 45


def test_of_two_changes_at_once_one_holds(city: City) -> None:
    phone = _signed_in(city)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda new: _change(phone, new, MEI[2]).status_code, (NEW, f"{NEW} again")))
    assert 204 in answers
    held = [new for new in (NEW, f"{NEW} again") if city.phone(MEI).log_in(new).status_code == 202]
    assert len(held) == 1


def test_a_reset_that_waits_is_cancelled(city: City) -> None:
    phone = _signed_in(city)
    assert prove_reset(city, phone, ask_for_reset(phone)).status_code == 200
    assert _change(phone, current=phone.password).status_code == 204
    assert phone.get("/v1/me/resets").json["items"] == []


@pytest.mark.parametrize(
    "weakened",
    [
        "amr = '{fed}', authenticator_level = 1",
        "auth_time = auth_time - interval '13 hours', expires_at = now() - interval '1 hour', "
        "remembered_until = now() + interval '20 days'",
    ],
)
def test_an_account_elsewhere_or_a_remembered_device_is_not_enough_beside_the_password(
    city: City, weakened: str
) -> None:
    phone = _signed_in(city)
    city.sql(f"UPDATE identity.session SET {weakened}")
    assert phone.get("/v1/me").status_code == 200
    refused = _change(phone, current=phone.password)
    assert refused.status_code == 401
    assert refused.json["type"].endswith("/problems/insufficient-user-authentication")
