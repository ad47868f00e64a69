"""Settings of signing in by citizen certificate: off unless roots are named, and whole when they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import Settings, SettingWrong, read

KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
SECRETS = ("BANK", "BUREAUS", "SMS", "ACH", "JKOPAY", "LINE_PAY", "STORES", "IVR", "MOICA")


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    """A production environment with a service account for pushes and a file of roots."""
    for name in ("account.json", "roots.pem"):
        (tmp_path / name).write_text("{}")
    keys = {"MYKH_DEMO": "0", "DATA_KEY": KEY, "INDEX_KEY": KEY, "FCM_CREDENTIALS_FILE": str(tmp_path / "account.json")}
    return keys | {f"{name}_SECRET": name for name in SECRETS}


def with_roots(base: dict[str, str], tmp_path: Path, **more: str) -> dict[str, str]:
    named = {
        "CERTIFICATE_ROOTS_FILE": str(tmp_path / "roots.pem"),
        "CERTIFICATE_LIST_ORIGINS": "http://moica.nat.gov.tw",
    }
    return base | named | more


def _refused(environment: dict[str, str]) -> str:
    with pytest.raises(SettingWrong) as refusal:
        read(environment)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def shown(of: Settings) -> tuple[object, ...]:
    return of.certificates.list_origins, of.certificates.policies, of.certificates.list_seconds


def test_without_roots_nobody_signs_in_by_certificate_and_no_secret_is_needed(base: dict[str, str]) -> None:
    of = read({name: value for name, value in base.items() if name != "MOICA_SECRET"})
    assert of.certificates.roots_file is None and of.certificates.reader_url == ""


def test_with_roots_origins_and_secret_are_needed_too(base: dict[str, str], tmp_path: Path) -> None:
    of = read(with_roots(base, tmp_path))
    assert shown(of) == (("http://moica.nat.gov.tw",), ("2.16.886.101.0.3.3",), 600)
    assert "CERTIFICATE_LIST_ORIGINS is not set" in _refused(with_roots(base, tmp_path, CERTIFICATE_LIST_ORIGINS=""))
    assert "MOICA_SECRET is not set" in _refused(with_roots(base, tmp_path, MOICA_SECRET=""))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERTIFICATE_ROOTS_FILE", "/nowhere/roots.pem"),
        ("CERTIFICATE_LIST_ORIGINS", "moica.nat.gov.tw"),
        ("CERTIFICATE_LIST_ORIGINS", "http://moica.nat.gov.tw/repository"),
        ("CERTIFICATE_LIST_ORIGINS", "http://moica.nat.gov.tw ftp://moica.nat.gov.tw"),
        ("CERTIFICATE_LIST_SECONDS", "-1"),
        ("CERTIFICATE_LIST_SECONDS", "86401"),
        ("CERTIFICATE_LIST_SECONDS", "１０"),
        ("CERTIFICATE_POLICIES", "class3"),
        ("CARD_READER_URL", "localhost:61161"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(base: dict[str, str], tmp_path: Path, name: str, value: str) -> None:
    assert _refused(with_roots(base, tmp_path, **{name: value})).startswith(name)


def test_the_demo_trusts_the_sandbox_and_asks_for_its_lists_each_time() -> None:
    of = read({"STATE_DIR": "/state", "SANDBOX_URL": "http://10.0.0.1:8090/"})
    assert of.certificates.roots_file == Path("/state/moica/roots.pem")
    assert shown(of)[::2] == (("http://10.0.0.1:8090",), 0)
