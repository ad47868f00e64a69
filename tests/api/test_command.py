"""The command `mykaohsiung`: what cannot be done is said in one clear line, with exit code 2 and no secret in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import SettingWrong, read

ROOT = Path(__file__).resolve().parents[2]
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def run_command(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a state folder of its own."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={**clean, "STATE_DIR": str(tmp_path / "state"), **environment},
    )  # fmt: skip


WRONG_SETTINGS = (
    ({"PORT": "abc"}, "PORT"),
    ({"PORT": "0"}, "PORT"),
    ({"PORT": "65536"}, "PORT"),
    ({"PORT": "８０８０"}, "PORT"),
    ({"SANDBOX_PORT": "-1"}, "SANDBOX_PORT"),
    ({"PORT": "9000", "SANDBOX_PORT": "9000"}, "SANDBOX_PORT"),
    ({"SANDBOX_PUSH_PORT": "0"}, "SANDBOX_PUSH_PORT"),
    ({"SANDBOX_PUSH_PORT": "8090"}, "SANDBOX_PUSH_PORT"),
    ({"WEB_PUSH_KEY_FILE": "/nonexistent"}, "WEB_PUSH_KEY_FILE"),
    ({"WEB_PUSH_CONTACT": "somebody"}, "WEB_PUSH_CONTACT"),
    ({"WEB_PUSH_SANDBOX_URL": "sandbox"}, "WEB_PUSH_SANDBOX_URL"),
    ({"SANDBOX_URL": "sandbox"}, "SANDBOX_URL"),
    ({"DATABASE_URL": "mysql://u:secret@h/d"}, "DATABASE_URL"),
    ({"DATABASE_URL": "postgresql://"}, "DATABASE_URL"),
    ({"DATABASE_URL": "postgresql://h:99999999/d"}, "DATABASE_URL"),
    ({"BROKER_URL": "http://u:secret@h"}, "BROKER_URL"),
    ({"PUBLIC_ORIGIN": "my.kcg.gov.tw"}, "PUBLIC_ORIGIN"),
    ({"PUBLIC_ORIGIN": "https://my.kcg.gov.tw/app"}, "PUBLIC_ORIGIN"),
    ({"PUBLIC_ORIGIN": "https://My.kcg.gov.tw"}, "PUBLIC_ORIGIN"),
    ({"PUBLIC_ORIGIN": "https://u:secret@my.kcg.gov.tw"}, "PUBLIC_ORIGIN"),
    ({"MYKH_DEMO": "yes"}, "MYKH_DEMO"),
    ({"API_WORKERS": "0"}, "API_WORKERS"),
    ({"API_THREADS": "many"}, "API_THREADS"),
    ({"ARGON2_MEMORY_KIB": "1"}, "ARGON2_MEMORY_KIB"),
    ({"DATA_KEY": "c2VjcmV0"}, "DATA_KEY"),
    ({"INDEX_KEY": "not base64!"}, "INDEX_KEY"),
    ({"ADYEN_HMAC_KEYS": "6d79 zz"}, "ADYEN_HMAC_KEYS"),
    ({"ADYEN_HMAC_KEYS": "6d79"}, "ADYEN_HMAC_KEYS"),
    ({"ADYEN_IS_LIVE": "yes"}, "ADYEN_IS_LIVE"),
    ({"MYKH_DEMO": "0"}, "DATA_KEY"),
    ({"BANK_URL": "https://bank.example"}, "DATA_KEY"),
    ({"MYKH_DEMO": "0", "DATA_KEY": KEY, "INDEX_KEY": KEY}, "BANK_SECRET"),
    ({"MYKH_DEMO": "0", "DATA_KEY": KEY, "INDEX_KEY": KEY, "BANK_SECRET": "s", "BUREAUS_SECRET": "s"}, "SMS_SECRET"),
)


@pytest.mark.parametrize(("environment", "named"), WRONG_SETTINGS, ids=[str(case[0]) for case in WRONG_SETTINGS])
def test_a_wrong_setting_is_named_in_one_line_without_its_secrets(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingWrong) as refusal:
        read(environment)
    assert str(refusal.value).startswith(named)
    assert "\n" not in str(refusal.value) and "secret@" not in str(refusal.value)


def test_an_empty_environment_is_the_demo_on_this_machine() -> None:
    of = read({})
    assert (of.port, of.sandbox_port, of.public_origin, of.rp_id) == (8080, 8090, "http://localhost:8080", "localhost")
    assert of.is_demo and of.owns_database and of.owns_broker
    assert of.bank_url == "http://127.0.0.1:8090/bank"


def test_settings_for_production_take_every_secret_from_the_environment() -> None:
    of = read(
        {"DATABASE_URL": "postgresql://u:p@db/x", "BROKER_URL": "amqp://broker", "BANK_URL": "https://bank.example",
         "BANK_SECRET": "a", "BUREAUS_SECRET": "b", "SMS_SECRET": "c", "ACH_SECRET": "d", "JKOPAY_SECRET": "e",
         "LINE_PAY_SECRET": "f", "STORES_SECRET": "g", "IVR_SECRET": "h", "MOICA_SECRET": "i", "DATA_KEY": KEY, "INDEX_KEY": KEY,
         "PUBLIC_ORIGIN": "https://my.kcg.gov.tw/", "FCM_CREDENTIALS_FILE": __file__}
    )  # fmt: skip
    assert not of.is_demo and not of.owns_database and not of.owns_broker
    assert (of.public_origin, of.rp_id) == ("https://my.kcg.gov.tw", "my.kcg.gov.tw")
    assert of.data_key == bytes(32) and of.fcm_url == ""


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (("run",), {"PORT": "abc"}, "PORT='abc' should be a whole number"),
        (("migrate",), {}, "no database: set DATABASE_URL, or start `mykaohsiung run` first"),
        (("bills", "import", __file__, "--source", "parking"), {}, "no database"),
        (("migrate",), {"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, "the database does not answer"),
        (("bureau", "assertion", "nobody"), {}, "holds no key"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], says: str
) -> None:
    done = run_command(tmp_path, *arguments, **environment)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("mykaohsiung: "), done.stderr
    assert says in done.stderr and "secret" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("bills", "import", "/nonexistent", "--source", "parking"),
     ("bills", "import", __file__, "--source", "taxes"), ("bureau", "add-client", "X Y", "--bureau", "fines", "--key-file", "k")],
)  # fmt: skip
def test_a_command_that_is_none_says_how_it_should_read(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run_command(tmp_path, *arguments, DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: mykaohsiung") and "Traceback" not in done.stderr


def test_a_file_that_is_no_feed_is_refused_in_words(tmp_path: Path, database: object) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes(b"\x00\x01garbage\n" * 10)
    done = run_command(tmp_path, "bills", "import", str(feed), "--source", "parking", DATABASE_URL=database.url)  # type: ignore[attr-defined]
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and "Traceback" not in done.stderr
