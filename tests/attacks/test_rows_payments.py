"""Rows 1 to 5: paying without the payer's finger, or something else than the payer has signed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from citizen import Citizen, Refused
from paying_city import Payer
from running_city import at_once, sign_in
from stack import Stack


def payments_of(stack: Stack, payer: Payer) -> int:
    """How many of this person's payments have had money move."""
    with stack.database() as connection:
        row = connection.execute(
            "SELECT count(DISTINCT p.id) FROM wallet.payment p JOIN wallet.payment_item i ON i.payment_id = p.id "
            "WHERE i.bill_id = ANY(%s) AND p.status NOT IN ('awaiting_authorization', 'cancelled', 'expired')",
            ([uuid.UUID(bytes=_uuid_of(bill)) for bill in payer.bill_ids()],),
        ).fetchone()
    assert row is not None
    return int(str(row[0]))


def _uuid_of(typeid: str) -> bytes:
    from core.ids import parse_typeid

    return parse_typeid("bill", typeid).bytes


def weak_session(payer: Payer, stack: Stack) -> Citizen:
    """The same person on the attacker's machine, who has got hold of password and text messages."""
    weak = stack.citizen()
    weak.sign_in(payer.national_id, payer.password, payer.mobile)
    return weak


def refused(act: Any, *slugs: str) -> Refused:
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.slug in slugs, caught.value
    return caught.value


def test_row_1_a_password_session_begins_no_payment_and_is_told_what_it_takes(stack: Stack, victim: Payer) -> None:
    weak = weak_session(victim, stack)
    answer = refused(lambda: weak.begin(victim.bill_ids(), str(victim.link["id"])), "insufficient-user-authentication")
    assert answer.status == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge and 'acr_values="urn:mykaohsiung:loa:3"' in challenge
    assert payments_of(stack, victim) == 0


def test_row_1_nor_does_it_confirm_one_that_the_phone_has_begun(stack: Stack, victim: Payer) -> None:
    payment = victim.citizen.begin(victim.bill_ids(), str(victim.link["id"]))
    weak = weak_session(victim, stack)
    weak.device = victim.citizen.device
    refused(lambda: weak.confirm(payment), "insufficient-user-authentication")
    assert payments_of(stack, victim) == 0


def test_row_2_a_signature_without_finger_face_or_code_pays_nothing(stack: Stack, victim: Payer) -> None:
    payment = victim.citizen.begin(victim.bill_ids(), str(victim.link["id"]))
    answer = refused(lambda: victim.citizen.confirm(payment, user_verified=False), "assertion-refused")
    assert answer.status == 401 and payments_of(stack, victim) == 0


def test_row_3_a_signature_for_100_pays_nothing_else(stack: Stack, victim: Payer) -> None:
    cheap, dear = sorted(victim.bills, key=lambda bill: int(bill["amount"]))
    link = str(victim.link["id"])
    small = victim.citizen.begin([cheap["id"]], link)
    signed = victim.citizen.device.get(small["authorization"]["options"])
    large = victim.citizen.begin([dear["id"]], link)
    path = f"/v1/payments/{large['id']}/authorization"
    answer = refused(
        lambda: victim.citizen.call("POST", path, {"credential": signed}, key=str(uuid.uuid4())), "assertion-refused"
    )
    assert answer.status == 401 and payments_of(stack, victim) == 0


def test_row_4_a_signature_counts_once_in_its_own_session(stack: Stack, victim: Payer, stranger: Payer) -> None:
    first, second = (victim.citizen.begin([bill], str(victim.link["id"])) for bill in victim.bill_ids())
    signed = victim.citizen.device.get(first["authorization"]["options"])
    body = {"credential": signed}
    path = f"/v1/payments/{first['id']}/authorization"
    # From somebody else's session there is no such payment.
    assert refused(lambda: stranger.citizen.call("POST", path, body, key=str(uuid.uuid4())), "not-found").status == 404
    assert victim.citizen.call("POST", path, body, key=str(uuid.uuid4()))["status"] == "captured"
    # The same body again, and the same signature under a new challenge.
    refused(lambda: victim.citizen.call("POST", path, body, key=str(uuid.uuid4())), "payment-not-awaiting")
    other = f"/v1/payments/{second['id']}/authorization"
    refused(lambda: victim.citizen.call("POST", other, body, key=str(uuid.uuid4())), "assertion-refused")
    assert payments_of(stack, victim) == 1


def test_row_4_of_twenty_at_once_with_one_signature_one_pays(stack: Stack, victim: Payer) -> None:
    payment = victim.citizen.begin(victim.bill_ids(), str(victim.link["id"]))
    body = {"credential": victim.citizen.device.get(payment["authorization"]["options"])}
    path = f"/v1/payments/{payment['id']}/authorization"
    answers = at_once(20, lambda _: victim.citizen.call("POST", path, body, key=str(uuid.uuid4())))
    captured = [answer for answer in answers if not isinstance(answer, Refused)]
    assert len(captured) == 1 and payments_of(stack, victim) == 1
    debits = [debit for debit in stack.sandbox.read("bank/debits") if debit["reference"] == payment["id"]]
    assert len(debits) == 1


def test_row_5_what_another_tab_changes_after_the_step_up_needs_a_signature_of_its_own(
    stack: Stack, victim: Payer
) -> None:
    cheap, dear = sorted(victim.bills, key=lambda bill: int(bill["amount"]))
    link = str(victim.link["id"])
    shown = victim.citizen.begin([cheap["id"]], link)
    signed = victim.citizen.device.get(shown["authorization"]["options"])
    # The other tab: the same payment cannot be made to be about something else …
    for method in ("PATCH", "PUT", "POST"):
        with pytest.raises(Refused) as caught:
            victim.citizen.call(method, f"/v1/payments/{shown['id']}", {"bill_ids": [dear["id"]], "total": 1})
        assert caught.value.status in (404, 405)
    # … and a new one over both bills takes the place of the first, whose signature is then for nothing.
    both = victim.citizen.begin([cheap["id"], dear["id"]], link)
    path = f"/v1/payments/{both['id']}/authorization"
    refused(
        lambda: victim.citizen.call("POST", path, {"credential": signed}, key=str(uuid.uuid4())), "assertion-refused"
    )
    assert payments_of(stack, victim) == 0


def test_row_7_password_and_text_messages_add_no_passkey_beside_the_holder_s(stack: Stack, victim: Payer) -> None:
    weak = weak_session(victim, stack)
    answer = refused(weak.add_passkey, "insufficient-user-authentication")
    assert answer.status == 401
    assert len(victim.citizen.call("GET", "/v1/me")["passkeys"]) == 1


def test_row_7_an_added_passkey_is_told_on_every_channel(stack: Stack, victim: Payer) -> None:
    from waiting import wait_until

    other = stack.citizen()
    other.device, other.token = victim.citizen.device, victim.citizen.token
    sign_in(other)
    other.add_passkey()
    to = f"+886{victim.mobile[1:]}"
    wait_until(lambda: sum("通行金鑰" in message["text"] for message in stack.sandbox.sms(to)) >= 2)
    wait_until(
        lambda: [m for m in other.call("GET", "/v1/inbox?limit=50")["items"] if m["kind"] == "security_passkey_added"]
    )
