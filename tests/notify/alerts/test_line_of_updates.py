"""An alert, its update and its cancel, each brought by a bureau's system with its signature: who hears which of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from bureau_system import BureauSystem
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from core import clock, db
from core.ids import parse_typeid
from notify import deliveries
from notify.alerts import senders, sending
from partners.cap.signature import signed
from partners.cap.writing import written
from tests.notify.alerts.conftest import City
from tests.partners.cap_documents import alert, area, geocode, info
from tests.partners.cap_keys import key_and_certificate

XINXING, SANMIN = "64000060", "64000050"
SENDER = "weather@cwb.gov.tw"
BEGUN_AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
# What each of the three says: its kind, its name, what it is about, and the codes of its areas within Kaohsiung.
Says = Callable[[str, str, str | None, list[str]], bytes]


def sent_at(name: str) -> str:
    """A moment for each name, the same each time."""
    return written(BEGUN_AT + timedelta(minutes=int(name[-1])))


def own(kind: str, name: str, about: str | None, codes: list[str]) -> bytes:
    """A document made up here."""
    until = written(clock.now() + timedelta(hours=2))
    return alert(
        info(area(*(geocode(code) for code in codes)), expires=until, headline=name),
        identifier=name, sender=SENDER, sent=sent_at(name), msg_type=kind,
        references=[(SENDER, about, sent_at(about))] if about else [],
    )  # fmt: skip


def published(samples_dir: Path) -> Says:
    """The Weather Administration's own Update and Cancel of heavy rain, of today; the alert is what the Update was."""

    def of_today(kind: str, name: str, about: str | None, codes: list[str]) -> bytes:
        file = (
            "fifows_extremely-rain_202404222113.cap" if kind == "Cancel" else "fifows_extremely-rain_201908210433.xml"
        )
        document = (samples_dir / "cap" / file).read_text()
        until = written(clock.now() + timedelta(hours=2))
        references = f"<references>{SENDER},{about},{sent_at(about)}</references>" if about else ""
        for pattern, now in (
            (r"<identifier>.*?</identifier>", f"<identifier>{name}</identifier>"),
            (r"<sender>.*?</sender>", f"<sender>{SENDER}</sender>"),
            (r"<sent>.*?</sent>", f"<sent>{sent_at(name)}</sent>"),
            (r"<msgType>.*?</msgType>", f"<msgType>{kind}</msgType>"),
            (r"<references>.*?</references>", references),
            (r"<(effective|onset)>.*?</\1>", ""),
            (r"<expires>.*?</expires>", f"<expires>{until}</expires>"),
            (r"<headline>.*?</headline>", f"<headline>{name}</headline>"),
        ):
            document, found = re.subn(pattern, now, document, flags=re.DOTALL)
            assert found, pattern
        here = re.compile(r"<area>(?:(?!</area>).)*<value>(64\d*)</value>.*?</area>", re.DOTALL)
        kept = here.sub(lambda each: each[0] if codes == ["64"] or each[1] in codes else "", document)
        return kept.encode()

    return of_today


@pytest.fixture(params=["own", "published"])
def says(request: pytest.FixtureRequest) -> Says:
    if request.param == "own":
        return own
    folder: Path = request.getfixturevalue("samples_dir")
    return published(folder)


def test_an_alert_its_update_and_its_cancel_each_reach_whom_they_are_for(
    client: FlaskClient, city: City, provider: Any, says: Says
) -> None:
    key, certificate = key_and_certificate(ec.generate_private_key(ec.SECP256R1()), clock.now())
    with db.unit_of_work() as session:
        senders.register(session, SENDER, certificate.decode(), bureau="fire", now=clock.now())
    fire = BureauSystem(client, "fire", "alerts:write")
    headers = {**fire.headers, "Content-Type": "application/cap+xml"}

    def post(document: bytes) -> tuple[UUID, int]:
        content = signed(document, key, certificate)
        answer = client.post("/v1/bureau/alerts", data=content, headers=headers)
        assert (answer.status_code, answer.json["status"]) == (201, "sending"), answer.text
        sending.send_due(clock.now())
        before = len(provider.pushes)
        deliveries.send_due(clock.now())
        assert client.post("/v1/bureau/alerts", data=content, headers=headers).status_code == 200
        return parse_typeid("alr", answer.json["id"]), len(provider.pushes) - before

    stays, _ = city.phone(district=XINXING)
    leaves, _ = city.phone(district=SANMIN)
    unknown, _ = city.phone()
    first, rung = post(says("Alert", "RAIN-1", None, ["64"]))
    assert (city.people_told(first), rung) == ({stays, leaves, unknown}, 3)
    update, rung = post(says("Update", "RAIN-2", "RAIN-1", ["6400600"]))
    assert (city.people_told(update), rung) == ({stays}, 1)
    late, _ = city.phone(district=XINXING)
    cancel, rung = post(says("Cancel", "RAIN-3", "RAIN-2", ["64"]))
    assert (city.people_told(cancel), rung) == ({stays, leaves, unknown}, 3)
    assert late not in city.people_told(cancel)
    ended = {
        alert_id: city.row("SELECT status, ended_how FROM notify.alert WHERE id = :id", id=alert_id)
        for alert_id in (first, update, cancel)
    }
    assert ended == {first: ("cancelled", "superseded"), update: ("cancelled", "cancelled"), cancel: ("sent", None)}
    # On a phone each takes the place of the one before.
    assert len({push.tag for push in provider.pushes}) == 1
    again = client.post(
        "/v1/bureau/alerts",
        data=signed(says("Cancel", "RAIN-4", "RAIN-2", ["64"]), key, certificate),
        headers=headers,
    )
    assert (again.json["status"], again.json["recorded_because"]) == ("recorded", "unknown_reference")
