"""What claims to come from Adyen: proven as a whole, or not used at all; and where Adyen's own library is easier."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from Adyen.util import is_valid_hmac_notification, is_valid_hmac_payload

from partners.adyen.webhooks import Validator, key_of, sign_body, sign_item
from partners.wire import NotGenuine

KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
OTHER_KEY = "74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174"
ITEM: dict[str, Any] = {
    "pspReference": "7914073381342284",
    "merchantReference": "TestPayment-1407325143704",
    "merchantAccountCode": "TestMerchant",
    "amount": {"currency": "EUR", "value": 1130},
    "eventCode": "AUTHORISATION",
    "success": "true",
    "eventDate": "2019-05-06T17:15:34.121+02:00",
    "paymentMethod": "visa",
    "additionalData": {"hmacSignature": "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="},
}
# The body of the header vector, white space included.
PAYLOAD = b"""
        {
            "type": "merchant.created",
            "environment": "test",
            "createdAt": "01-01-2024",
            "data": {
                "capabilities": {
                    "sendToTransferInstrument": {
                        "requested": true,
                        "requestedLevel": "notApplicable"
                    }
                },
                "companyId": "YOUR_COMPANY_ID",
                "merchantId": "YOUR_MERCHANT_ACCOUNT",
                "status": "PreActive"
            }
        }
        """


def validator(*keys: str, account: str = "TestMerchant", is_live: bool = False) -> Validator:
    return Validator(tuple(key_of(key) for key in keys or (KEY,)), frozenset({account}), is_live)


def item(**changed: Any) -> dict[str, Any]:
    """The vector's item with fields changed, and signed again the way Adyen signs: None takes a field away."""
    made = {name: value for name, value in (copy.deepcopy(ITEM) | changed).items() if value is not None}
    order = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
    texts = [str(made.get(name, "")) for name in order]
    texts += [str(made["amount"]["value"]), made["amount"]["currency"], made["eventCode"], str(made["success"])]
    signature = sign_body(":".join(texts).encode(), key_of(KEY))
    return made | {"additionalData": {"hmacSignature": signature}}


def batch(*items: dict[str, Any], live: Any = "false") -> bytes:
    wrapped = [{"NotificationRequestItem": each} for each in items]
    return json.dumps({"live": live, "notificationItems": wrapped}).encode()


def refused(content: bytes, *, by: Validator | None = None) -> str:
    with pytest.raises(NotGenuine) as refusal:
        (by or validator()).notices(content)
    return str(refusal.value)


def test_the_published_item_vector_is_accepted() -> None:
    (notice,) = validator().notices(batch(ITEM))
    assert (notice.psp_reference, notice.event_code, notice.is_success) == ("7914073381342284", "AUTHORISATION", True)
    assert (notice.amount_minor, notice.currency, notice.original_reference) == (1130, "EUR", "")
    assert sign_item(ITEM, key_of(KEY)) == ITEM["additionalData"]["hmacSignature"]
    assert is_valid_hmac_notification(ITEM, KEY)


def test_the_published_header_vector_is_accepted_as_signed_and_refused_as_no_token_event() -> None:
    signature = "fX74xUdztFmaXAn3IusMFFUBUSkLmDQUK0tm8xL6ZTU="
    assert sign_body(PAYLOAD, key_of(KEY)) == signature
    assert is_valid_hmac_payload(signature, KEY, PAYLOAD)
    with pytest.raises(NotGenuine, match="eventId"):
        validator().token_event(PAYLOAD, signature)
    with pytest.raises(NotGenuine, match="signature"):
        validator().token_event(PAYLOAD + b" ", signature)


def test_a_published_item_with_slashes_is_accepted_and_its_twin_with_a_colon_is_refused() -> None:
    published = {
        "amount": {"value": 1000, "currency": "EUR"}, "success": "true", "eventCode": "AUTHORISATION",
        "eventDate": "2023-01-10T13:37:30+01:00", "merchantAccountCode": "AntoniStroinski",
    }  # fmt: skip
    slashes = published | {
        "pspReference": "X3GWNS6KJ8NKGK82", "merchantReference": "//slashes are fun",
        "additionalData": {"hmacSignature": "9Z0xdpG9Xi3zcmXv14t/BvMBut77O/Xq9D4CQXSDUi4="},
    }  # fmt: skip
    colon = published | {
        "pspReference": "M8NB66SBZSGLNK82", "merchantReference": ":slashes are fun",
        "additionalData": {"hmacSignature": "2EQYm7YJpKO4EtHSPu55SQTyWf8dkW5u2nD1tJFpViA="},
    }  # fmt: skip
    ours = validator(OTHER_KEY, account="AntoniStroinski")
    assert ours.notices(batch(slashes))[0].merchant_reference == "//slashes are fun"
    assert "merchantReference" in refused(batch(colon), by=ours)
    assert is_valid_hmac_notification(colon, OTHER_KEY)


def test_a_forged_second_item_refuses_the_whole_batch() -> None:
    forged = copy.deepcopy(ITEM) | {"pspReference": "FORGED", "amount": {"currency": "EUR", "value": 999_999}}
    assert "signature" in refused(batch(ITEM, forged))
    assert is_valid_hmac_notification(json.loads(batch(ITEM, forged)), KEY), "the library looks at the first item alone"


@pytest.mark.parametrize("additional", [None, {}, {"hmacSignature": None}, {"hmacSignature": ""}, {"other": "x"}])
def test_an_item_without_a_signature_is_refused(additional: Any) -> None:
    unsigned = {name: value for name, value in ITEM.items() if name != "additionalData"}
    if additional is not None:
        unsigned["additionalData"] = additional
    refused(batch(unsigned))
    refused(batch(ITEM, unsigned))
    # The library: neither yes nor no, or a crash.
    if additional is None:
        assert is_valid_hmac_notification(unsigned, KEY) is None
    else:
        with pytest.raises((KeyError, TypeError, ValueError)):
            is_valid_hmac_notification(unsigned, KEY)


@pytest.mark.parametrize(
    "amount", [None, [], "1130", {"currency": "EUR"}, {"value": 1130}, {"currency": "EUR", "value": None}]
)
def test_an_item_without_a_proper_amount_is_refused(amount: Any) -> None:
    refused(batch(ITEM | {"amount": amount}))
    if amount is None:
        with pytest.raises(TypeError):
            is_valid_hmac_notification(ITEM | {"amount": None}, KEY)


@pytest.mark.parametrize("value", [True, "1130", 1130.0, 10**30])
def test_an_amount_that_is_no_whole_number_is_refused_even_when_signed_so(value: Any) -> None:
    assert "amount.value" in refused(batch(item(amount={"currency": "EUR", "value": value})))


def test_fields_shifted_across_a_colon_are_refused() -> None:
    right = item(merchantAccountCode="A", merchantReference="B:C")
    shifted = right | {"merchantAccountCode": "A:B", "merchantReference": "C"}
    assert is_valid_hmac_notification(shifted, KEY), "to the library both are the same"
    for account in ("A", "A:B"):
        assert "ambiguous" in refused(batch(right), by=validator(account=account))
        assert "ambiguous" in refused(batch(shifted), by=validator(account=account))


@pytest.mark.parametrize("name", ["pspReference", "originalReference", "merchantReference", "eventCode"])
@pytest.mark.parametrize("character", [":", "\\"])
def test_what_makes_the_signed_text_ambiguous_is_refused_in_every_field(name: str, character: str) -> None:
    assert name in refused(batch(item(**{name: f"a{character}b"})))


@pytest.mark.parametrize("success", [True, False, 1, None, "True", "yes", ""])
def test_success_must_be_the_text_that_is_signed(success: Any) -> None:
    made = item(success="true") | {"success": success}
    assert "success" in refused(batch(made))
    assert "success" in refused(batch(item(success=str(success)) | {"success": success}))


@pytest.mark.parametrize("live", ["true", True, False, None, "", "FALSE"])
def test_a_message_of_the_other_environment_is_refused(live: Any) -> None:
    assert "live" in refused(batch(ITEM, live=live))
    assert "live" in refused(batch(ITEM), by=validator(is_live=True))
    assert is_valid_hmac_notification(json.loads(batch(ITEM, live=live)), KEY), "the library does not look"


def test_another_merchant_s_item_is_refused_though_rightly_signed() -> None:
    other = item(merchantAccountCode="SomebodyElse")
    assert "merchant account" in refused(batch(other))
    assert "merchant account" in refused(batch(ITEM, other))
    assert is_valid_hmac_notification(other, KEY)


def test_a_signature_cut_short_or_misspelt_is_refused() -> None:
    right = ITEM["additionalData"]["hmacSignature"]
    # The last character before "=" carries two bits that decoding drops: another spelling of the same bytes.
    respelt = right[:-2] + "1" + "="
    assert base64.b64decode(respelt) == base64.b64decode(right)
    for wrong in (right[:-4], right[:20], respelt, right + "\n", right.lower(), "=", "é" * 44):
        refused(batch(ITEM | {"additionalData": {"hmacSignature": wrong}}))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"{", b'{"live":"false"}', b'{"live":"false","notificationItems":[]}',
        b'{"live":"false","notificationItems":{}}', b'{"live":"false","notificationItems":[null]}',
        b'{"live":"false","notificationItems":[{}]}', b'{"live":"false","notificationItems":[{"NotificationRequestItem":[]}]}',
        b"\xff\xfe", batch(ITEM | {"reason": "\x00"}), batch(ITEM | {"eventDate": "yesterday"}),
        batch(ITEM | {"eventDate": "2019-05-06T17:15:34"}), batch(*([ITEM] * 1001)),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(content: bytes) -> None:
    refused(content)


def test_while_keys_change_both_verify_and_afterwards_the_old_one_no_more() -> None:
    signed_by_old = batch(ITEM)
    new = ITEM | {"additionalData": {"hmacSignature": sign_item(ITEM, key_of(OTHER_KEY))}}
    changing = validator(OTHER_KEY, KEY)
    assert changing.notices(signed_by_old) and changing.notices(batch(new)) and changing.notices(batch(new, ITEM))
    assert validator(OTHER_KEY).notices(batch(new))
    refused(signed_by_old, by=validator(OTHER_KEY))


@pytest.mark.parametrize("text", ["", "zz", KEY[:-2], KEY + "00"])
def test_a_key_that_is_no_key_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError):
        key_of(text)


def test_a_token_event_is_read_when_its_header_proves_the_whole_body() -> None:
    message = {
        "createdAt": "2026-11-05T09:00:00+08:00", "environment": "test", "eventId": "QBQQ9DLNRHHKGK38", "version": "1",
        "type": "recurring.token.created",
        "data": {"merchantAccount": "TestMerchant", "shopperReference": "per_1", "storedPaymentMethodId": "M5N7TQ4TG5PFWR50",
                 "operation": "created", "type": "visa"},
    }  # fmt: skip

    def read(by: Validator | None = None, **changed: Any) -> Any:
        content = json.dumps(message | changed).encode()
        return (by or validator()).token_event(content, sign_body(content, key_of(KEY)))

    event = read()
    assert (event.kind, event.shopper_reference, event.token) == (
        "recurring.token.created",
        "per_1",
        "M5N7TQ4TG5PFWR50",
    )
    for changed in (
        {"environment": "live"},
        {"data": None},
        {"type": 5},
        {"data": {**message["data"], "merchantAccount": "X"}},
    ):  # type: ignore[dict-item]
        with pytest.raises(NotGenuine):
            read(**changed)
    with pytest.raises(NotGenuine):
        read(by=validator(is_live=True))
    with pytest.raises(NotGenuine):
        validator().token_event(json.dumps(message).encode(), "")
