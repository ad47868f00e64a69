"""What the client makes of a fleet that signs rightly and answers wrongly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
from fleet_city import wish_at

from core.clock import now
from core.ids import new_uuid
from partners import wire
from partners.fleets.checking import TelegramWrong
from partners.fleets.client import Dispatch, FleetClient, FleetRefused
from partners.fleets.contents import Content, FleetError, FleetStatus, NoOffer, TripScheduled
from partners.fleets.telegrams import Telegram, decode, encode
from tests.partners.fleet_telegrams import ORDER

SECRET = "sandbox-odd-secret"
BOUND = replace(ORDER, state="bound", lapses_at=None)


@dataclass
class OddFleet:
    """A fleet on a real socket that answers as a test says: what it answers, what it does to the answer, its secret."""

    url: str = ""
    answer: Content = field(default_factory=lambda: NoOffer("closed"))
    spoil: Callable[[dict[str, Any]], None] = lambda written: None
    secret: str = SECRET
    asked: int = 0

    def reply(self, headers: Any, content: bytes) -> tuple[dict[str, str], bytes]:
        self.asked += 1
        question = decode(content)
        assert headers["idempotency-key"] == str(question.id)
        written = encode(Telegram(new_uuid(), question.trip, now(), self.answer, answers=question.id))
        self.spoil(written)
        body = orjson.dumps(written)
        return wire.signature_headers(self.secret, headers["webhook-id"], wire.answer_subject(200), body), body


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[ThreadingHTTPServer, list[OddFleet]]]:
    current: list[OddFleet] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            headers, body = current[-1].reply(self.headers, content)
            self.send_response(200)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running, current
    running.shutdown()
    running.server_close()


@pytest.fixture
def odd(server: tuple[ThreadingHTTPServer, list[OddFleet]]) -> OddFleet:
    running, current = server
    current.append(OddFleet(f"http://127.0.0.1:{running.server_address[1]}"))
    return current[-1]


@pytest.fixture
def client(odd: OddFleet) -> FleetClient:
    return FleetClient(wire.Peer("odd", odd.url, SECRET))


def dispatch() -> Dispatch:
    return Dispatch(new_uuid(), "ford_1", now() + timedelta(seconds=10))


def test_what_is_in_order_is_believed(client: FleetClient) -> None:
    assert client.ask(dispatch(), wish_at()) == NoOffer("closed")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda written: written.update(answers="00000000-0000-7000-8000-000000000000"),
        lambda written: written.update(answers=None),
        lambda written: written.update(trip="ford_2"),
        lambda written: written.update(version="2"),
        lambda written: written["more"].update(reason="tired"),
        lambda written: written.clear(),
    ],
    ids=["another question", "no question", "another trip", "another version", "a new reason", "nothing"],
)
def test_an_answer_to_something_else_or_in_another_form_proves_nothing(
    client: FleetClient, odd: OddFleet, spoil: Callable[[dict[str, Any]], None]
) -> None:
    odd.spoil = spoil
    with pytest.raises(wire.AnswerNotTrusted) as problem:
        client.ask(dispatch(), wish_at())
    assert problem.value.may_have_acted


def test_an_answer_signed_with_another_secret_proves_nothing(client: FleetClient, odd: OddFleet) -> None:
    odd.secret = "another"
    with pytest.raises(wire.AnswerNotTrusted):
        client.ask(dispatch(), wish_at())


def test_a_hold_is_no_binding_and_another_order_is_not_ours(client: FleetClient, odd: OddFleet) -> None:
    odd.answer = ORDER
    with pytest.raises(wire.AnswerNotTrusted, match="asked to bind, it answers held"):
        client.bind(dispatch(), "OF1", ORDER)
    odd.answer = BOUND
    assert client.bind(dispatch(), "OF1", ORDER) == BOUND
    odd.answer = replace(BOUND, fleet_order="Y2")
    with pytest.raises(wire.AnswerNotTrusted, match="another order"):
        client.bind(dispatch(), "OF1", ORDER)
    with pytest.raises(wire.AnswerNotTrusted, match="another order"):
        client.amend(dispatch(), "Y1", companions=1)


@pytest.mark.parametrize(
    "answer", [TripScheduled("Y1", True), FleetStatus("held", now(), "Y1")], ids=lambda a: type(a).__name__
)
def test_another_kind_is_no_answer(client: FleetClient, odd: OddFleet, answer: Content) -> None:
    odd.answer = answer
    with pytest.raises(wire.AnswerNotTrusted, match="no answer to trip_request"):
        client.ask(dispatch(), wish_at())


def test_an_error_says_why_and_where(client: FleetClient, odd: OddFleet) -> None:
    odd.answer = FleetError("hold_lapsed", "保留時間已過", "/more/fleet_order")
    with pytest.raises(FleetRefused) as refused:
        client.bind(dispatch(), "OF1", ORDER)
    assert (refused.value.code, refused.value.pointer) == ("hold_lapsed", "/more/fleet_order")
    assert not refused.value.may_have_acted


def test_nothing_is_sent_that_would_not_be_as_agreed(client: FleetClient, odd: OddFleet) -> None:
    with pytest.raises(TelegramWrong, match="diagnosis"):
        client.ask(dispatch(), wish_at(functions=("W", "KD")))
    assert odd.asked == 0


def test_where_nobody_listens_nothing_has_happened() -> None:
    with pytest.raises(wire.NotReached):
        FleetClient(wire.Peer("odd", "http://127.0.0.1:1", SECRET)).ask(dispatch(), wish_at())
