"""What a fleet tells wrongly is refused with the reason and the place, stands in the log, and changes nothing."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from accessibility.requests import asking
from core import clock
from core.ids import new_uuid
from partners import wire
from partners.fleets.checking import TelegramWrong
from partners.fleets.contents import FleetOffer, FleetStatus, TripEvent, VehicleAt
from partners.fleets.telegrams import Telegram, decode, encode
from tests.accessibility.rides.test_routes import Rider, rider, town
from tests.partners.fleet_telegrams import AT, ONE_OF_EACH, WISH

__all__ = ["rider", "town"]
PATH = "/v1/webhooks/partners/yellow"


def telegram(trip: str, event: TripEvent) -> dict[str, Any]:
    return encode(Telegram(new_uuid(), trip, clock.now(), event))


def send(
    client: FlaskClient, written: Mapping[str, Any] | bytes, *, secret: str = "sandbox-yellow-secret", path: str = PATH,
    webhook_id: str = "", headers: Mapping[str, str] | None = None,
) -> TestResponse:  # fmt: skip
    content = written if isinstance(written, bytes) else orjson.dumps(written)
    known = webhook_id or (str(written["id"]) if isinstance(written, Mapping) else "x")
    signed = dict(headers or wire.signature_headers(secret, known, b"", content))
    return client.post(path, data=content, headers=signed, content_type="application/json")


@pytest.fixture
def bound(rider: Rider) -> dict[str, Any]:
    """An order of the yellow fleet's book."""
    rider.bound()
    (order,) = rider.town.their_orders("bound")
    return order


def test_only_a_fresh_signature_of_that_very_fleet_over_these_very_bytes_is_believed(
    client: FlaskClient, bound: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    said = telegram(bound["trip"], FleetStatus("on_the_way", clock.now(), bound["fleet_order"]))
    content = orjson.dumps(said)
    good = wire.signature_headers("sandbox-yellow-secret", said["id"], b"", content)
    stale, ahead = (_signed_at(said["id"], content, time.time() + seconds) for seconds in (-301, 330))
    for headers, sent in (
        (stale, content), (ahead, content), (good, content[:-1] + b" }"), (good | {"webhook-id": "another"}, content),
        (good | {"webhook-timestamp": "٣"}, content), ({}, content),
        (wire.signature_headers("sandbox-harbour-secret", said["id"], b"", content), content),
    ):  # fmt: skip
        caplog.clear()
        assert send(client, sent, headers=headers or {"x-nothing": "here"}).status_code == 403
        assert "a telegram is refused, said to be of yellow" in caplog.text
    assert send(client, content, headers=good).status_code == 200


def test_a_fleet_s_next_key_is_taken_beside_the_one_before(client: FlaskClient, bound: dict[str, Any]) -> None:
    said = telegram(bound["trip"], FleetStatus("on_the_way", clock.now(), bound["fleet_order"]))
    both = wire.signature_headers("a-key-to-come sandbox-yellow-secret", said["id"], b"", orjson.dumps(said))
    assert len(both["webhook-signature"].split()) == 2
    assert send(client, said, headers=both).status_code == 200


def test_what_is_not_as_agreed_is_refused_by_reason_and_place(
    client: FlaskClient, bound: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    trip, order, now = bound["trip"], bound["fleet_order"], clock.now()
    status = telegram(trip, FleetStatus("on_the_way", now, order))
    seen = telegram(trip, VehicleAt(order, "TDB-0186", 22.6, 120.3, now, now + timedelta(minutes=5)))

    def otherwise(of: dict[str, Any], part: str, **changed: Any) -> dict[str, Any]:
        return of | {"id": str(new_uuid()), part: of[part] | changed}

    for written, reason, pointer in (
        ({**status, "version": "2"}, "version_unknown", "/version"),
        ({**status, "id": "1"}, "id_not_uuid", "/id"),
        (otherwise(status, "more", at="2026-12-01T09:00:00"), "time_not_taipei", "/more/at"),
        (otherwise(status, "more", at="2026-02-30T09:00:00+08:00"), "time_not_taipei", "/more/at"),
        (otherwise(status, "more", at="0001-01-01T00:00:00+08:00"), "time_not_taipei", "/more/at"),
        (otherwise(status, "more", at="9999-12-31T23:59:59+08:00"), "time_not_taipei", "/more/at"),
        (otherwise(status, "more", reason="\u0000"), "nul_character", "/more/reason"),
        (otherwise(seen, "more", arrives_at="2099-12-01T09:00:00+08:00"), "too_far_ahead", "/more/arrives_at"),
        (encode(Telegram(new_uuid(), trip, now, ONE_OF_EACH[0], now)), "not_told_unasked", "/kind"),
    ):  # fmt: skip
        caplog.clear()
        said = send(client, written)
        problem: Any = said.get_json()
        assert (said.status_code, problem["type"].rsplit("/", 1)[1]) == (422, "fleet-telegram-wrong"), problem
        assert (problem["reason"], problem["errors"][0]["pointer"]) == (reason, pointer)
        assert "a telegram of yellow is refused" in caplog.text and reason in caplog.text
    assert send(client, b"[]").status_code == 422
    assert send(client, status, webhook_id=str(new_uuid())).status_code == 422
    assert send(client, b" " * 2_000_000).status_code == 413


def test_an_id_stands_for_one_telegram(client: FlaskClient, rider: Rider, bound: dict[str, Any]) -> None:
    said = telegram(bound["trip"], FleetStatus("on_the_way", clock.now(), bound["fleet_order"]))
    assert send(client, said).status_code == 200
    assert send(client, said | {"sent_at": "2026-12-01T09:00:00+08:00"}).status_code == 200
    other: Any = send(client, said | {"more": said["more"] | {"state": "done"}})
    assert (other.status_code, other.json["reason"], other.json["errors"][0]["pointer"]) == (422, "id_reused", "/id")
    (ride,) = rider.town.rows("SELECT status FROM accessibility.ride")
    assert ride.status == "on_the_way"


def test_a_trip_that_is_not_theirs_and_one_that_nobody_has_look_alike(
    client: FlaskClient, bound: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answers = [
        send(client, telegram(trip, FleetStatus("cancelled", clock.now(), bound["fleet_order"])),
             secret=f"sandbox-{fleet}-secret", path=f"/v1/webhooks/partners/{fleet}")
        for fleet, trip in (("harbour", bound["trip"]), ("yellow", "ford_01jd0000000000000000000000"))
    ]  # fmt: skip
    assert [each.status_code for each in answers] == [404, 404]
    first, second = (dict(each.get_json()) for each in answers)
    first.pop("instance"), second.pop("instance")
    assert first == second
    assert caplog.text.count("is refused: not-found") == 2


def test_the_schema_of_every_telegram_is_one_published_document(client: FlaskClient) -> None:
    answer = client.get("/v1/fleet-telegrams/1.json")
    assert (answer.status_code, answer.content_type) == (200, "application/schema+json")
    schema: Any = answer.get_json(force=True)
    Draft202012Validator.check_schema(schema)
    validator, at = Draft202012Validator(schema), clock.now()
    for content in ONE_OF_EACH:
        written = encode(Telegram(new_uuid(), "ford_1", at, content, at))
        assert validator.is_valid(written), written["kind"]
    told = encode(Telegram(new_uuid(), "ford_1", at, ONE_OF_EACH[0], at))
    assert not validator.is_valid(told | {"more": told["more"] | {"diagnosis": "N18.6"}})
    assert not validator.is_valid(told | {"sent_at": "2026-12-01T09:00:00Z"})
    assert not validator.is_valid(told | {"tds": told["tds"] | {"@specialAttributes": ["KD"]}})


def _signed_at(message_id: str, content: bytes, at: float) -> dict[str, str]:
    made = str(int(at))
    mac = base64.b64encode(
        hmac.digest(b"sandbox-yellow-secret", f"{message_id}.{made}.".encode() + content, "sha256")
    ).decode()
    return {"webhook-id": message_id, "webhook-timestamp": made, "webhook-signature": f"v1,{mac}"}


def test_an_offer_keeps_to_what_was_asked_for() -> None:
    offered = next(each for each in ONE_OF_EACH if isinstance(each, FleetOffer))
    wish = replace(WISH, arrive_by=AT + timedelta(minutes=30), may_be_pooled=True)
    assert asking._is_as_asked(wish, offered)
    assert not asking._is_as_asked(replace(wish, may_be_pooled=False), offered)
    assert not asking._is_as_asked(replace(wish, arrive_by=AT + timedelta(minutes=20)), offered)
    for hours in (-1, 1):
        assert not asking._is_as_asked(wish, replace(offered, pick_up_at=AT + timedelta(hours=hours)))


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"window_ends_at": AT - timedelta(minutes=1)}, "/tds/scheduledPickupTime"),
        ({"window_starts_at": AT + timedelta(minutes=1)}, "/tds/scheduledPickupTime"),
        ({"arrives_at": AT}, "/more/arrives_at"),
    ],
)
def test_an_offer_whose_times_contradict_each_other_is_none(changed: dict[str, Any], pointer: str) -> None:
    offered = replace(next(each for each in ONE_OF_EACH if isinstance(each, FleetOffer)), **changed)
    with pytest.raises(TelegramWrong) as wrong:
        decode(encode(Telegram(new_uuid(), "ford_1", AT, offered)))
    assert wrong.value.pointer == pointer
