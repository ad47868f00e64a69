"""Row 8: a forgotten password as the attacker's way in: who holds the telephone for a minute, or its text messages."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from citizen import Citizen, Refused
from paying_city import Payer
from stack import Stack
from waiting import wait_until

NEW = "the attacker's own password"


@pytest.fixture
def attacker(stack: Stack) -> Citizen:
    """Somebody on another machine, not signed in."""
    return stack.citizen()


def texts_to(stack: Stack, victim: Payer) -> list[str]:
    return [str(message["text"]) for message in stack.sandbox.sms(f"+886{victim.mobile[1:]}")]


def proved_reset(attacker: Citizen, victim: Payer) -> Any:
    """A reset begun with nothing but the ID number and a text message that was read along."""
    attacker._note_texts(victim.mobile)
    asked = attacker.call("POST", "/v1/auth/resets", {"national_id": victim.national_id})
    code = attacker._code_sent_to(victim.mobile)
    return attacker.call("POST", f"/v1/auth/resets/{asked['id']}/evidence", {"code": code})


def completes(attacker: Citizen, reset: Any) -> Any:
    body = {"token": reset["token"], "new_password": NEW}
    try:
        return attacker.call("POST", f"/v1/auth/resets/{reset['id']}/completion", body)
    except Refused as refused:
        return refused


def a_day_passes(stack: Stack, victim: Payer) -> None:
    """Everything about this person's resets was a day longer ago."""
    with stack.database() as connection:
        changed = connection.execute(
            "UPDATE identity.password_reset SET asked_at = asked_at - interval '1 day', proved_at = proved_at - interval "
            "'1 day', possible_at = possible_at - interval '1 day', lapses_at = lapses_at - interval '1 day' "
            "WHERE person_id = %s AND status = 'waiting'",
            (_uuid_of(victim),),
        )
    assert changed.rowcount == 1


def _uuid_of(victim: Payer) -> uuid.UUID:
    from core.ids import parse_typeid

    return parse_typeid("per", victim.citizen.person_id)


def test_row_8_a_reset_waits_a_day_is_told_at_once_and_is_stopped_from_the_message(
    stack: Stack, victim: Payer, attacker: Citizen
) -> None:
    reset = proved_reset(attacker, victim)
    early = completes(attacker, reset)
    assert (early.status, early.slug) == (409, "reset-waits")
    assert 86_000 < int(early.headers["Retry-After"]) <= 86_400
    # Nothing has changed for the victim, who reads of it on the telephone and in the inbox.
    assert victim.citizen.call("GET", "/v1/me")["id"] == victim.citizen.person_id
    told = wait_until(lambda: [text for text in texts_to(stack, victim) if "重設您的密碼" in text and "not-me" in text])
    wait_until(
        lambda: [m for m in victim.citizen.call("GET", "/v1/inbox")["items"] if m["kind"] == "security_reset_waiting"]
    )
    link = re.search(r"not-me\?token=([A-Za-z0-9_-]+)", told[-1])
    assert link is not None
    stack.citizen().call("POST", "/v1/auth/disavowals", {"token": link[1]})
    refused = completes(attacker, reset)
    assert (refused.status, refused.slug) == (409, "reset-closed")


def test_row_8_the_victim_stops_it_from_a_session_of_their_own(stack: Stack, victim: Payer, attacker: Citizen) -> None:
    reset = proved_reset(attacker, victim)
    waiting = victim.citizen.call("GET", "/v1/me/resets")["items"]
    assert [each["id"] for each in waiting] == [reset["id"]]
    victim.citizen.call("POST", f"/v1/me/resets/{reset['id']}/cancellation", {})
    assert completes(attacker, reset).slug == "reset-closed"
    # Asking again begins a new day, and does not go on with the old one.
    assert completes(attacker, proved_reset(attacker, victim)).slug == "reset-waits"


def test_row_8_after_the_day_a_reset_gives_level_two_and_no_way_up_from_there(
    stack: Stack, victim: Payer, attacker: Citizen
) -> None:
    bills, link = victim.bill_ids(), str(victim.link["id"])
    reset = proved_reset(attacker, victim)
    a_day_passes(stack, victim)
    assert not isinstance(completes(attacker, reset), Refused)
    with pytest.raises(Refused) as caught:
        victim.citizen.call("GET", "/v1/me")
    assert caught.value.status == 401, "every session ended"
    attacker.sign_in(victim.national_id, NEW, victim.mobile)
    assert attacker.call("GET", "/v1/me")["acr"] == "urn:mykaohsiung:loa:2"
    for method, path, body in (
        ("POST", "/v1/payments", {"bill_ids": bills, "bank_link_id": link}),
        ("POST", "/v1/bank-links", {}),
        ("POST", "/v1/auth/passkeys/registration/options", {}),
        ("POST", "/v1/me/totp", {}),
        ("POST", "/v1/me/delegations", {"my_role": "principal", "national_id": "A123456789",
                                        "scopes": [{"scope": "payments:pay"}], "ends_on": "2027-01-01"}),
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            attacker.call(method, path, body, key=str(uuid.uuid4()))
        assert (caught.value.status, caught.value.slug) == (401, "insufficient-user-authentication"), path
    for passkey in attacker.call("GET", "/v1/me")["passkeys"]:
        with pytest.raises(Refused) as caught:
            attacker.call("DELETE", f"/v1/me/passkeys/{passkey['id']}")
        assert caught.value.status == 401
    # The victim's passkey is as good as before, and shuts the attacker out.
    begun = victim.citizen.call("POST", "/v1/auth/passkeys/login/options", {})
    body = {"ceremony_id": begun["ceremony_id"], "credential": victim.citizen.device.get(begun["options"])}
    victim.citizen.token = victim.citizen.call("POST", "/v1/auth/passkeys/login/verify", body)["access_token"]
    victim.citizen.call("POST", "/v1/me/password", {"current_password": None, "new_password": "the holder's again"})
    with pytest.raises(Refused) as caught:
        attacker.call("GET", "/v1/me")
    assert caught.value.status == 401
