"""Every mode, who it strikes, how often, and that it is named when it is wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import urllib3
from sandbox_process import SandboxBooks

from partners import wire
from partners.bank.client import BankClient, Debit, Mandate
from partners.desk.misbehaviour import MODES, OPERATIONS
from partners.desk.switches import is_applicable

Granted = Callable[..., Mandate]


def pay(bank: BankClient, mandate: Mandate, reference: str = "pay_1") -> Debit:
    return bank.debit(reference=reference, mandate_id=mandate.mandate_id, amount_twd=605, purpose="罰鍰")


@pytest.mark.parametrize(
    ("mode", "params", "failure", "has_acted"),
    [
        ("error_500", {}, wire.NoAnswer, False),
        ("error_500_after", {}, wire.NoAnswer, True),
        ("timeout_before", {"seconds": 0.3}, wire.NoAnswer, False),
        ("timeout_after", {"seconds": 0.3}, wire.NoAnswer, True),
        ("timeout_before", {"seconds": 3}, wire.NoAnswer, False),
        ("timeout_after", {"seconds": 3}, wire.NoAnswer, True),
        ("bad_signature", {}, wire.AnswerNotTrusted, True),
        ("maintenance", {"seconds": 7}, wire.Unavailable, False),
    ],
)
def test_a_mode_fails_the_call_and_acts_or_not(
    bank: BankClient,
    books: SandboxBooks,
    granted: Granted,
    mode: str,
    params: dict[str, float],
    failure: type[wire.CallFailed],
    has_acted: bool,
) -> None:
    mandate = granted()
    books.set_switch("bank", "debit", mode, count=1, **params)
    with pytest.raises(failure) as failed:
        pay(bank, mandate)
    assert failed.value.may_have_acted or not has_acted
    assert (bank.find_debit("pay_1") is not None) == has_acted
    assert pay(bank, mandate).status == "booked"
    assert books.balance("9017-9000-0001") == 605


def test_maintenance_says_when_to_come_back(bank: BankClient, books: SandboxBooks) -> None:
    books.set_switch("bank", "debit_lookup", "maintenance", seconds=7)
    with pytest.raises(wire.Unavailable) as closed:
        bank.find_debit("pay_1")
    assert closed.value.retry_after_seconds == 7


def test_slow_is_slow_and_right(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted()
    books.set_switch("bank", "debit", "slow", seconds=0.4)
    began = time.perf_counter()
    assert pay(bank, mandate).status == "booked"
    assert time.perf_counter() - began >= 0.4


@pytest.mark.parametrize("reason", ["insufficient_funds", "mandate_revoked", "account_closed"])
def test_the_bank_can_be_told_to_reject(bank: BankClient, books: SandboxBooks, granted: Granted, reason: str) -> None:
    mandate = granted()
    books.set_switch("bank", "debit", reason, count=1)
    assert pay(bank, mandate).reason == reason
    assert pay(bank, mandate, "pay_2").status == "booked"
    assert books.balance("9017-9000-0001") == 605


def test_a_rule_strikes_only_what_it_matches(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted()
    books.set_switch("bank", "debit", "insufficient_funds", match={"reference": "pay_2"})
    assert [pay(bank, mandate, f"pay_{n}").status for n in (1, 2, 3)] == ["booked", "rejected", "booked"]


def test_a_rule_can_strike_every_partner(bank: BankClient, books: SandboxBooks) -> None:
    books.asked("POST", "/switches", {"mode": "maintenance"})
    with pytest.raises(wire.Unavailable):
        bank.find_debit("pay_1")
    answer = urllib3.request("POST", f"{books.url}/fcm/token", retries=False)
    assert answer.status == 503


def test_chance_repeats_with_its_seed(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted()

    def fates(seed: int, run: str) -> list[str]:
        rule = {"partner": "bank", "operation": "debit", "mode": "insufficient_funds", "rate": 0.5}
        books.asked("PUT", "/switches", {"seed": seed, "rules": [rule], "settings": {"webhooks": False}})
        return [pay(bank, mandate, f"pay_{run}_{n}").status for n in range(10)]

    first, again, other = fates(7, "a"), fates(7, "b"), fates(8, "c")
    assert {"booked", "rejected"} == set(first)
    assert first == again
    assert first != other


def test_one_request_can_be_told_by_header(bank: BankClient, granted: Granted) -> None:
    body = {"reference": "pay_1", "mandate_id": granted().mandate_id, "amount": 5, "currency": "TWD", "purpose": "x"}

    def sent(mode: str) -> wire.Reply:
        told = {"idempotency_key": "pay_1", "x_sandbox_mode": mode}
        return wire.call(bank.peer, "POST", "/v1/debits", body, **told)

    with pytest.raises(wire.NoAnswer):
        sent("timeout_before; seconds=0.1")
    assert bank.find_debit("pay_1") is None
    with pytest.raises(wire.NoAnswer):
        sent("timeout_after; seconds=0.1")
    assert bank.find_debit("pay_1") is not None
    with pytest.raises(wire.Refused) as refusal:
        sent("explode")
    assert refusal.value.code == "switch_wrong"


def test_rules_can_be_read_and_removed(bank: BankClient, books: SandboxBooks) -> None:
    rule_id = books.set_switch("bank", "debit_lookup", "error_500", count=3)
    (rule,) = books.asked("GET", "/switches")["rules"]
    assert (rule["id"], rule["count"], rule["mode"]) == (rule_id, 3, "error_500")
    books.asked("DELETE", f"/switches/{rule_id}")
    assert bank.find_debit("pay_1") is None
    assert urllib3.request("DELETE", f"{books.url}/switches/{rule_id}").status == 404


@pytest.mark.parametrize(
    "rule",
    [
        {"partner": "post", "mode": "slow"},
        {"partner": "bank", "operation": "send", "mode": "slow"},
        {"partner": "bank", "operation": "debit", "mode": "explode"},
        {"partner": "sms", "mode": "insufficient_funds"},
        {"mode": "slow", "rate": 2},
        {"mode": "slow", "rate": True},
        {"mode": "slow", "count": 0},
        {"mode": "slow", "params": {"minutes": 1}},
        {"mode": "slow", "params": {"seconds": -1}},
        {"mode": "slow", "colour": "red"},
        {"mode": "slow", "match": 1},
        {},
    ],
)
def test_a_switch_that_makes_no_sense_is_refused(books: SandboxBooks, rule: dict[str, object]) -> None:
    answer = urllib3.request("POST", f"{books.url}/switches", json=rule)
    assert (answer.status, answer.json()["code"]) == (422, "switch_wrong")
    assert urllib3.request("PUT", f"{books.url}/switches", json={"rules": [rule]}).status == 422
    assert books.asked("GET", "/switches")["rules"] == []


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'"x"', b'{"rules": 1}', b'{"settings": {"x": true}}'])
def test_a_body_that_is_no_switches_is_refused(books: SandboxBooks, body: bytes) -> None:
    assert urllib3.request("PUT", f"{books.url}/switches", body=body).status in (400, 422)


def test_held_connections_do_not_use_up_all_threads(books: SandboxBooks, bank: BankClient) -> None:
    books.set_switch("fcm", "token", "timeout_before", seconds=2)

    def hang() -> None:
        with pytest.raises(urllib3.exceptions.HTTPError):
            urllib3.request("POST", f"{books.url}/fcm/token", retries=False, timeout=5)

    threads = [threading.Thread(target=hang) for _ in range(80)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    began = time.perf_counter()
    assert bank.find_debit("pay_1") is None
    assert time.perf_counter() - began < 1
    for thread in threads:
        thread.join()


def test_every_mode_can_strike_somewhere() -> None:
    reachable = [(partner, each) for partner, operations in OPERATIONS.items() for each in operations]
    for mode in MODES:
        assert any(is_applicable(mode, *where) for where in reachable), mode
