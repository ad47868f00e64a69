"""A password is taken and weighed exactly as it was typed."""

from __future__ import annotations

import time

import pytest
from identity_city import MEI, City

from identity import passwords

PHRASE = "  Harbour light\tA\u0301 ｆｕｌｌ　春眠 🦜  "


@pytest.mark.parametrize(
    "password",
    [PHRASE, "春天 is late, and the ferry to Cijin island leaves at ten past six!"[:64], "lang und länger " * 8],
    ids=["odd", "64", "128"],
)
def test_any_characters_and_up_to_128_of_them_are_a_password(city: City, password: str) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    body = {"current_password": phone.password, "new_password": password}
    assert phone.post("/v1/me/password", body).status_code == 204
    assert city.phone(MEI).log_in(password).status_code == 202


@pytest.mark.parametrize(
    "changed",
    [
        PHRASE.strip(),
        PHRASE.lower(),
        PHRASE.replace("A\u0301", "\u00c1"),
        PHRASE.replace("ｆｕｌｌ", "full"),
        PHRASE[:-1],
    ],
    ids=["trimmed", "lower case", "composed", "half width", "cut short"],
)
def test_what_only_looks_the_same_is_another_password(city: City, changed: str) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.post("/v1/me/password", {"current_password": phone.password, "new_password": PHRASE})
    assert city.phone(MEI).log_in(changed).status_code == 401


def test_129_characters_and_nine_are_refused_by_name(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    for password in ("lang und länger " * 8 + "x", "ninechars"):
        refused = phone.post("/v1/me/password", {"current_password": phone.password, "new_password": password})
        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == ["/new_password"]


def test_a_long_password_takes_no_more_weighing_than_32_characters() -> None:
    signs_for_letters = "4@8({36&!1|0" * 11
    took = {32: 9.0, 128: 9.0}
    for _ in range(3):
        for length in took:
            begun = time.process_time()
            passwords.check(signs_for_letters[:length])
            took[length] = min(took[length], time.process_time() - begun)
    assert took[128] < 2 * took[32], took
