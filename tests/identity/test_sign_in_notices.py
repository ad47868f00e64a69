"""Where somebody has signed in: shown to them, coarsely, and told to them when it is new."""

from __future__ import annotations

from datetime import timedelta

import pytest
from identity_city import MEI, MING, City, Phone
from sqlalchemy import event

from core import clock
from identity import devices, tasks

ANDROID = (
    "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
HOME, CAFE = "203.0.113.9", "198.51.100.77"


@pytest.fixture
def mei(city: City) -> Phone:
    """Somebody who registered long ago and has signed in at home since."""
    phone = city.enrolled(MEI, user_agent=ANDROID, address=HOME)
    phone.sign_in()
    city.sql("UPDATE identity.person SET registered_at = registered_at - interval '2 days'")
    return phone


def _notices(city: City) -> list[dict[str, object]]:
    rows = city.sql("SELECT payload FROM core.outbox WHERE kind = 'identity.security_notice' ORDER BY recorded_at, id")
    return [payload for (payload,) in rows if payload["kind"] == "sign_in"]


def test_a_sign_in_from_a_new_device_is_told_on_every_channel_with_a_link_to_disown_it(city: City, mei: Phone) -> None:
    stranger = city.phone(MEI, user_agent=WINDOWS, address=CAFE)
    assert stranger.sign_in().status_code == 200
    (notice,) = _notices(city)
    assert notice["values"] == {
        "device": ["Chrome · Windows", "Chrome · Windows"],
        "place": ["網路 198.51.100.*", "Network 198.51.100.*"],
    }
    sent = city.messages_to(mei.mobile)[-1]
    assert "Chrome · Windows" in sent
    assert "/app/not-me?token=" in sent
    assert city.sql("SELECT kind, method FROM identity.disavowal") == [("sign_in", "password_sms")]


def test_the_list_of_sign_ins_names_the_notice_to_disown_and_disowning_it_ends_the_session(
    city: City, mei: Phone
) -> None:
    stranger = city.phone(MEI, user_agent=WINDOWS, address=CAFE)
    stranger.sign_in()
    theirs, own = mei.get("/v1/me/sign-ins").json["items"]
    assert theirs["notice_id"].startswith("ntc_")
    assert own["notice_id"] is None
    assert mei.post(f"/v1/me/security-notices/{theirs['notice_id']}/disavowal").status_code == 200
    assert stranger.get("/v1/me").status_code == 401
    assert stranger.log_in().status_code == 403


def test_a_new_network_alone_or_a_new_device_alone_is_told_too(city: City, mei: Phone) -> None:
    city.phone(MEI, user_agent=ANDROID, address=CAFE).sign_in()
    assert len(_notices(city)) == 1
    city.phone(MEI, user_agent=WINDOWS, address=HOME).sign_in()
    assert len(_notices(city)) == 2


def test_a_known_device_at_a_known_place_is_told_to_nobody_and_shows_in_the_list(city: City, mei: Phone) -> None:
    before = len(city.messages_to(mei.mobile))
    neighbour = city.phone(MEI, user_agent=ANDROID, address="203.0.113.200")
    neighbour.sign_in()
    # One more text message: the code.
    assert len(city.messages_to(mei.mobile)) == before + 1
    assert _notices(city) == []
    listed = neighbour.get("/v1/me/sign-ins").json["items"]
    assert [(item["device"], item["network"]) for item in listed] == [("Chrome · Android", "203.0.113.0/24")] * 2


def test_whoever_has_just_registered_is_not_told_of_it_but_of_the_next_place(city: City) -> None:
    phone = city.enrolled(MEI, user_agent=ANDROID, address=HOME)
    phone.sign_in()
    assert _notices(city) == []
    city.phone(MEI, user_agent=WINDOWS, address=CAFE).sign_in()
    assert len(_notices(city)) == 1


def test_whoever_registered_long_ago_is_told_of_the_first_place_too(city: City) -> None:
    phone = city.enrolled(MEI, user_agent=ANDROID, address=HOME)
    city.sql("UPDATE identity.person SET registered_at = registered_at - interval '2 days'")
    phone.sign_in()
    assert len(_notices(city)) == 1


def test_a_rise_on_the_same_device_is_no_news_and_a_passkey_elsewhere_is(city: City, mei: Phone) -> None:
    mei.add_passkey()
    mei.sign_in_with_passkey()
    assert _notices(city) == []
    stolen = city.phone(MEI, user_agent=WINDOWS, address=CAFE, authenticator=mei.authenticator)
    stolen.sign_in_with_passkey()
    assert len(_notices(city)) == 1
    ((method,),) = city.sql("SELECT method FROM identity.disavowal WHERE kind = 'sign_in'")
    assert method == "passkey"


def test_what_one_person_has_used_is_not_known_for_another(city: City, mei: Phone) -> None:
    ming = city.enrolled(MING, user_agent=ANDROID, address=HOME)
    city.sql("UPDATE identity.person SET registered_at = registered_at - interval '2 days'")
    ming.sign_in()
    assert len(_notices(city)) == 1


def test_a_place_is_forgotten_half_a_year_after_it_was_last_seen(city: City, mei: Phone) -> None:
    tasks.forget_lapsed(clock.now() + timedelta(days=179))
    assert city.sql("SELECT count(*) FROM identity.known_place") == [(1,)]
    tasks.forget_lapsed(clock.now() + timedelta(days=181))
    assert city.sql("SELECT count(*) FROM identity.known_place") == [(0,)]


def test_a_known_place_costs_a_sign_in_one_statement(city: City, mei: Phone) -> None:
    statements: list[str] = []
    event.listen(city.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    mei.sign_in()
    assert len([statement for statement in statements if "known_place" in statement]) == 1
    assert not [statement for statement in statements if "disavowal" in statement]


@pytest.mark.parametrize("address", ["not an address", ""])
def test_an_address_of_no_known_form_is_a_place_too(city: City, address: str) -> None:
    phone = city.enrolled(MEI, address=address)
    assert phone.sign_in().status_code == 200
    assert phone.get("/v1/me/sessions").json["items"][0]["place"] == "地點不明"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (ANDROID, "Chrome · Android"),
        (WINDOWS, "Chrome · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15", "Safari · Mac"),
        (WINDOWS + " Edg/156.0.0.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox · Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 200, "x" * 40),
        ("", "Unknown program"),
    ],
)  # fmt: skip
def test_a_device_is_called_by_what_its_browser_says(user_agent: str, name: str) -> None:
    assert devices.label_of(user_agent).en == name


@pytest.mark.parametrize(
    ("network", "zh", "en"),
    [
        ("local", "這台主機", "This machine"),
        ("203.0.113.0/24", "網路 203.0.113.*", "Network 203.0.113.*"),
        ("2001:db8:7::/48", "網路 2001:db8:7:*", "Network 2001:db8:7:*"),
        ("", "地點不明", "Place unknown"),
    ],
)
def test_a_place_is_named_no_finer_than_its_network(network: str, zh: str, en: str) -> None:
    label = devices.place_label(network)
    assert (label.zh, label.en) == (zh, en)
