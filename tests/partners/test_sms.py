"""The telephone company: messages once per id, and whose number is whose."""

from __future__ import annotations

import pytest
from sandbox_process import SandboxBooks

from partners import wire
from partners.sms.client import SmsClient

MEI = ("A123456789", "0912345678")


def test_a_message_arrives_with_its_code(sms: SmsClient, books: SandboxBooks) -> None:
    sms.send(message_id="sms_1", to="+886912345678", text="【我的高雄】驗證碼 012345，5 分鐘內有效。")
    assert books.latest_code("0912345678") == "012345"
    assert [message["recipient"] for message in books.sms("+886912345678")] == ["+886912345678"]
    assert books.sms("0987654321") == []


def test_the_same_id_is_the_same_message(sms: SmsClient, books: SandboxBooks) -> None:
    for _ in range(2):
        sms.send(message_id="sms_1", to="+886912345678", text="驗證碼 123456")
    assert [(message["id"], message["deliveries"]) for message in books.sms()] == [("sms_1", 2)]
    with pytest.raises(wire.Refused) as refusal:
        sms.send(message_id="sms_1", to="+886912345678", text="驗證碼 654321")
    assert (refusal.value.status, refusal.value.code) == (409, "id_reused")


@pytest.mark.parametrize("number", ["+886212345678", "0812345678", "+88691234567", "+8869１２３４５６７８", "x"])
def test_what_is_no_mobile_number_is_refused(sms: SmsClient, number: str) -> None:
    with pytest.raises(wire.Refused) as refusal:
        sms.send(message_id="sms_1", to=number, text="x")
    assert (refusal.value.status, refusal.value.code) == (422, "number_invalid")


def test_a_message_longer_than_seven_digits_has_no_code(sms: SmsClient, books: SandboxBooks) -> None:
    sms.send(message_id="sms_1", to="+886912345678", text="單號 1234567")
    assert books.sms()[0]["code"] is None


def test_a_demo_persons_number_is_theirs(sms: SmsClient) -> None:
    assert sms.is_number_of(national_id=MEI[0], mobile=MEI[1])
    assert sms.is_number_of(national_id=MEI[0], mobile="+886912345678")
    assert not sms.is_number_of(national_id=MEI[0], mobile="0987654321")
    assert not sms.is_number_of(national_id="F131104093", mobile=MEI[1])


def test_an_unknown_pair_is_written_down_and_holds(sms: SmsClient) -> None:
    assert sms.is_number_of(national_id="F131104093", mobile="0955000111")
    assert sms.is_number_of(national_id="F131104093", mobile="0955000111")
    assert not sms.is_number_of(national_id="F131104093", mobile="0955000222")
    assert not sms.is_number_of(national_id="A199999998", mobile="0955000111")


def test_a_message_whose_answer_was_lost_can_be_sent_again(sms: SmsClient, books: SandboxBooks) -> None:
    books.set_switch("sms", "message", "error_500_after", count=1)
    with pytest.raises(wire.NoAnswer):
        sms.send(message_id="sms_1", to="+886912345678", text="驗證碼 123456")
    sms.send(message_id="sms_1", to="+886912345678", text="驗證碼 123456")
    assert len(books.sms()) == 1
