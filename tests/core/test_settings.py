"""Settings for push: where it goes decides what is needed, and what is missing is named before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import SettingWrong, read

KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
PRODUCTION = {
    "MYKH_DEMO": "0", "DATA_KEY": KEY, "INDEX_KEY": KEY, "BANK_SECRET": "a", "BUREAUS_SECRET": "b", "SMS_SECRET": "c",
    "ACH_SECRET": "d", "JKOPAY_SECRET": "e", "LINE_PAY_SECRET": "f", "STORES_SECRET": "g", "IVR_SECRET": "h", "MOICA_SECRET": "i",
}  # fmt: skip


@pytest.fixture
def account(tmp_path: Path) -> str:
    """A service account's file."""
    path = tmp_path / "account.json"
    path.write_text("{}")
    return str(path)


def _refused(environment: dict[str, str]) -> str:
    with pytest.raises(SettingWrong) as refusal:
        read(environment)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("base", [PRODUCTION, {"FCM_URL": ""}, PRODUCTION | {"FCM_URL": ""}])
def test_pushing_through_google_needs_a_service_account_that_can_be_read(
    base: dict[str, str], account: str, tmp_path: Path
) -> None:
    assert _refused(base).startswith("FCM_CREDENTIALS_FILE is not set")
    for unreadable in (str(tmp_path / "gone.json"), str(tmp_path)):
        assert _refused(base | {"FCM_CREDENTIALS_FILE": unreadable}).startswith("FCM_CREDENTIALS_FILE=")
    of = read(base | {"FCM_CREDENTIALS_FILE": account})
    assert (of.fcm_url, of.fcm_credentials_file) == ("", account)


def test_pushing_to_a_sandbox_needs_none() -> None:
    assert read({}).fcm_url == "http://127.0.0.1:8090/fcm"
    assert read(PRODUCTION | {"FCM_URL": "http://10.0.0.1/fcm"}).fcm_credentials_file == ""


def test_the_sandbox_s_address_is_an_address() -> None:
    assert _refused({"FCM_URL": "fcm"}).startswith("FCM_URL should be")


def test_only_a_demos_clock_can_be_put_ahead(account: str) -> None:
    ahead = {"CLOCK_AHEAD_FILE": "/tmp/ahead"}
    assert read(ahead).is_demo
    assert "CLOCK_AHEAD_FILE" in _refused(PRODUCTION | ahead | {"FCM_CREDENTIALS_FILE": account})


def test_the_demo_pushes_to_browsers_by_a_key_of_its_own_and_its_own_sandbox() -> None:
    of = read({"STATE_DIR": "/tmp/here"}).web_push
    assert (of.key_file, of.makes_key) == (Path("/tmp/here/web-push-key.pem"), True)
    assert of.sandbox_origin == "http://127.0.0.1:8090"
    assert read({"WEB_PUSH_SANDBOX_URL": "http://10.0.0.1:9/x"}).web_push.sandbox_origin == "http://10.0.0.1:9"


def test_elsewhere_browsers_are_pushed_to_once_there_is_a_key_and_somebody_to_ask(account: str) -> None:
    city = PRODUCTION | {"FCM_CREDENTIALS_FILE": account}
    without = read(city).web_push
    assert (without.key_file, without.makes_key, without.sandbox_origin) == (None, False, "")
    assert _refused(city | {"WEB_PUSH_KEY_FILE": account}).startswith("WEB_PUSH_CONTACT is not set")
    of = read(city | {"WEB_PUSH_KEY_FILE": account, "WEB_PUSH_CONTACT": "https://www.kcg.gov.tw"}).web_push
    assert (of.key_file, of.makes_key, of.contact) == (Path(account), False, "https://www.kcg.gov.tw")
