"""LINE's Messaging API, and a telephone company as a channel: what is answered becomes the right outcome."""

from __future__ import annotations

import uuid

import pytest
from sandbox_process import SandboxBooks, free_port

from partners import wire
from partners.line.client import LineClient, LineConfig
from partners.line.messages import LineMessage
from partners.outcomes import Delivered, Refused, RetryLater, Unregistered
from partners.sms.client import SmsClient, SmsSender
from partners.sms.messages import TextMessage

PERSON = "U" + "0123456789abcdef" * 2


@pytest.fixture
def line(books: SandboxBooks) -> LineClient:
    return LineClient(LineConfig(f"{books.url}/line-messaging", "sandbox-line-messaging-token", timeout_seconds=2.0))


@pytest.fixture
def reserve(books: SandboxBooks) -> SmsSender:
    peer = wire.Peer("sms_reserve", f"{books.url}/sms-reserve", "sandbox-sms-reserve-secret", read_timeout_seconds=1.0)
    return SmsSender(SmsClient(peer))


def message(to: str = PERSON) -> LineMessage:
    return LineMessage(to, str(uuid.uuid4()), "停車費明天到期\nhttps://my.kcg.gov.tw/app")


def test_a_message_arrives_once_however_often_it_is_sent(line: LineClient, books: SandboxBooks) -> None:
    one = message()
    books.set_switch("line_messaging", "push", "timeout_after", count=1, seconds=0.1)
    assert line.send(one) == RetryLater(10, "connection")
    first, second = line.send(one), line.send(one)
    assert isinstance(first, Delivered) and first == second
    [kept] = books.read("line", person=PERSON)
    assert (kept["deliveries"], kept["retry_key"]) == (3, one.retry_key)


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("monthly_limit", Refused("MONTHLY_LIMIT")),
        ("maintenance", RetryLater(7, "provider")),
        ("error_500", RetryLater(10, "connection")),
    ],
)
def test_what_line_answers(line: LineClient, books: SandboxBooks, mode: str, outcome: object) -> None:
    books.set_switch("line_messaging", "push", mode, **({"seconds": 7} if mode == "maintenance" else {}))
    assert line.send(message()) == outcome
    assert books.read("line") == []


def test_nobody_with_that_id_and_a_wrong_token(line: LineClient, books: SandboxBooks) -> None:
    assert line.send(message("U123")) == Unregistered()
    assert LineClient(LineConfig(line.config.url, "wrong")).send(message()) == RetryLater(60, "provider")
    assert LineClient(LineConfig(f"http://127.0.0.1:{free_port()}", "t", 1.0)).send(message()) == RetryLater(
        10, "connection"
    )


def test_a_second_telephone_company_sends_and_says_what_it_may_have_done(
    reserve: SmsSender, books: SandboxBooks
) -> None:
    text = TextMessage("+886912345678", "push-1", "停車費明天到期")
    books.set_switch("sms_reserve", "message", "maintenance", count=1)
    assert reserve.send(text) == RetryLater(10), "another company may send it"
    books.set_switch("sms_reserve", "message", "error_500_after", count=1)
    assert reserve.send(text) == RetryLater(10, "connection"), "it may have been sent"
    assert reserve.send(text) == Delivered("push-1")
    [kept] = books.sms("+886912345678")
    assert (kept["company"], kept["deliveries"]) == ("sms_reserve", 2)
    assert reserve.send(TextMessage("+1", "push-2", "x")) == Refused("number_invalid")
    away = SmsSender(SmsClient(wire.Peer("sms", f"http://127.0.0.1:{free_port()}", "s")))
    assert away.send(text) == RetryLater(10)
