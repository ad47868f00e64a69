"""`mykaohsiung alerts`: a sender is trusted, signs, and is trusted no longer; and the demo city's fire bureau."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec

from api import demo_alerts
from api.cli_alerts import alerts_group
from core import clock, db
from partners.cap.signature import verified
from tests.partners.cap_documents import GOOD
from tests.partners.cap_keys import key_and_certificate


@pytest.mark.usefixtures("database")
def test_a_sender_is_trusted_signs_and_is_trusted_no_longer(tmp_path: Path) -> None:
    key, certificate = key_and_certificate(ec.generate_private_key(ec.SECP256R1()), clock.now())
    for name, content in (("key", key), ("certificate", certificate), ("alert", GOOD), ("wrong", b"<a/>")):
        (tmp_path / name).write_bytes(content)

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(alerts_group, words)
        return result.exit_code, result.output

    pair = ("--key", f"{tmp_path}/key", "--certificate", f"{tmp_path}/certificate")
    assert run("trust", "alerts@x.example", "--certificate", f"{tmp_path}/wrong")[0] == 2
    code, said = run("trust", "alerts@x.example", "--certificate", f"{tmp_path}/certificate", "--bureau", "fire")
    assert code == 0 and "brought by fire's system" in said
    assert "alerts@x.example  fire" in run("senders")[1]
    code, document = run("sign", f"{tmp_path}/alert", *pair)
    assert code == 0
    assert verified(document.strip().encode(), certificate.decode(), now=clock.now()).identifier == "KHC-2026-0001"
    assert run("sign", f"{tmp_path}/wrong", *pair)[0] == 2
    assert "no longer" in run("distrust", "alerts@x.example")[1]
    assert "was not trusted" in run("distrust", "alerts@x.example")[1]
    assert run("senders") == (0, "")


@pytest.mark.usefixtures("database")
def test_the_demo_s_fire_bureau_has_one_key_however_often_it_starts(tmp_path: Path) -> None:
    for _ in range(2):
        with db.unit_of_work() as session:
            demo_alerts.register(session, tmp_path, clock.now())
    key, certificate = demo_alerts.files(tmp_path)
    assert key.stat().st_mode & 0o777 == 0o600 and certificate.exists()
