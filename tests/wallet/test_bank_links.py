"""Linked accounts: two side by side, limits foreseen, paused and resumed, ended at either side."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from bank_city import BankCustomer, bank_customer, uuid_of
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from sqlalchemy import text

from core import clock, db
from core.outbox import Event
from wallet import authorization, bank_links, mandates, payments


def links(customer: BankCustomer) -> list[dict[str, Any]]:
    return customer.got("GET", "/v1/bank-links")["items"]  # type: ignore[no-any-return]


def changed(customer: BankCustomer, link: dict[str, Any], version: int | None = None, **body: Any) -> dict[str, Any]:
    etag = f'"{version or link["version"]}"'
    return customer.got("PATCH", f"/v1/bank-links/{link['id']}", body, If_Match=etag)  # type: ignore[no-any-return]


def mandate_of(customer: BankCustomer, link: dict[str, Any]) -> str:
    with db.unit_of_work() as session:
        found = bank_links.link_of(session, person_id=customer.person_id, link_id=uuid_of("blk", link["id"]))
    return found.mandate_id


def recorded(kind: str) -> list[dict[str, Any]]:
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT payload FROM core.outbox WHERE kind = :kind"), {"kind": kind})
        return [row.payload for row in rows]


def test_two_accounts_stand_side_by_side_each_with_a_name_and_one_is_preferred(customer: BankCustomer) -> None:
    first, second = customer.link_account(0), customer.link_account(1)
    assert [link["is_preferred"] for link in (first, second)] == [True, False]
    named = changed(customer, second, name="薪資戶", is_preferred=True)
    assert (named["name"], named["is_preferred"]) == ("薪資戶", True)
    assert {link["id"]: link["is_preferred"] for link in links(customer)} == {first["id"]: False, second["id"]: True}
    customer.send("DELETE", f"/v1/bank-links/{second['id']}")
    assert {link["id"]: link["is_preferred"] for link in links(customer)} == {first["id"]: True, second["id"]: False}


def test_a_change_needs_the_version_that_was_read(customer: BankCustomer) -> None:
    link = customer.link_account()
    path = f"/v1/bank-links/{link['id']}"
    shown = customer.send("GET", path)
    assert shown.headers["ETag"] == f'"{shown.json["version"]}"'
    assert customer.send("PATCH", path, {"name": "a"}).status_code == 428
    renamed = customer.send("PATCH", path, {"name": "a"}, If_Match=shown.headers["ETag"])
    assert (renamed.status_code, renamed.json["name"]) == (200, "a")
    for stale in (shown.headers["ETag"], '"999"', "*", '"x"'):
        assert customer.send("PATCH", path, {"name": "b"}, If_Match=stale).status_code == 412
    assert renamed.headers["ETag"] != shown.headers["ETag"]
    for wrong in ({"name": ""}, {"name": "a" * 41}, {"status": "revoked"}, {"is_preferred": False}, {"colour": "red"}):
        assert customer.send("PATCH", path, wrong, If_Match=renamed.headers["ETag"]).status_code == 422


def test_somebody_elses_account_is_not_found(client: FlaskClient, customer: BankCustomer) -> None:
    link = customer.link_account()
    other = bank_customer(client, customer.books)
    path = f"/v1/bank-links/{link['id']}"
    assert other.send("GET", path).status_code == 404
    assert other.send("PATCH", path, {"name": "mine"}, If_Match='"2"').status_code == 404


def test_the_months_limit_is_chosen_at_the_bank_and_foreseen_here(customer: BankCustomer) -> None:
    link = customer.link_account(per_payment_limit="600", daily_limit="900", monthly_limit="1000")
    assert [link[name] for name in ("per_payment_limit", "daily_limit", "monthly_limit", "left_today")] == [
        600, 900, 1000, 900,
    ]  # fmt: skip
    bills = customer.owe_parking(500, 350, 120)
    by_amount = {bill["amount"]: bill["id"] for bill in bills}
    assert customer.pay([by_amount[500]], link)["status"] == "captured"
    assert customer.pay([by_amount[350]], link)["status"] == "captured"
    assert next(one["left_today"] for one in links(customer)) == 50
    refused = customer.begin([by_amount[120]], link)
    assert (refused.status_code, refused.json["limit"], refused.json["total"]) == (409, 50, 120)
    # Tomorrow the day's limit is whole again, and the month's decides.
    with db.unit_of_work() as session:
        month_end = clock.now().replace(day=28)
        tomorrow = min(clock.now() + timedelta(days=1), month_end) if clock.now().day < 28 else clock.now()
        seen = bank_links.seen_link(
            session, person_id=customer.person_id, link_id=uuid_of("blk", link["id"]), now=tomorrow
        )
    assert seen.month_twd == 850
    assert seen.room_twd == min(150, 50 if tomorrow.date() == clock.now().date() else 150)


def test_a_payment_that_failed_takes_no_room(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    link = customer.link_account(per_payment_limit="600", daily_limit="600")
    bills = customer.owe_parking(500)
    bank_books.set_switch("bank", "debit", "insufficient_funds", count=1)
    assert customer.pay([bills[0]["id"]], link)["status"] == "failed"
    assert links(customer)[0]["left_today"] == 600
    assert customer.pay([bills[0]["id"]], link)["status"] == "captured"


def test_a_paused_account_is_not_debited_until_its_owner_resumes_it_with_the_passkey(customer: BankCustomer) -> None:
    link = customer.link_account()
    bills = customer.owe_parking(40)
    weak = customer.weak_token()
    strong, customer.token = customer.token, weak
    paused = changed(customer, link, status="paused")
    assert paused["status"] == "paused"
    refused = customer.send(
        "PATCH", f"/v1/bank-links/{link['id']}", {"status": "active"}, If_Match=f'"{paused["version"]}"'
    )
    assert refused.status_code == 401
    assert "urn:mykaohsiung:loa:3" in refused.headers["WWW-Authenticate"]
    customer.token = strong
    begun = customer.begin([bills[0]["id"]], link)
    assert (begun.status_code, begun.json["link_status"]) == (409, "paused")
    assert changed(customer, paused, status="active")["status"] == "active"
    assert customer.pay([bills[0]["id"]], link)["status"] == "captured"


def test_paused_between_the_words_and_the_assertion_nothing_is_debited(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = customer.link_account()
    payment = customer.begin([customer.owe_parking(40)[0]["id"]], link).json
    changed(customer, link, status="paused")
    credential = {"credential": customer.device.get(payment["authorization"]["options"])}
    refused = customer.send("POST", f"/v1/payments/{payment['id']}/authorization", credential, Idempotency_Key="k")
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[1]) == (409, "payment-changed")
    assert bank_books.debits() == []


def test_a_debit_on_its_way_keeps_its_course_when_the_account_is_paused(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = customer.link_account()
    begun = customer.begin([customer.owe_parking(40)[0]["id"]], link).json
    payment_id = uuid_of("pay", begun["id"])
    # The intent is committed; before the bank is called, the account is paused.
    with db.unit_of_work() as session:
        payment, _ = authorization.accept(
            session, person_id=customer.person_id, payment_id=payment_id, now=clock.now(),
            credential=customer.device.get(begun["authorization"]["options"]),
        )  # fmt: skip
    changed(customer, link, status="paused")
    from wallet import outcomes

    outcome = authorization.order_debit(payment)
    with db.unit_of_work() as session:
        outcomes.record(session, payment_id, outcome, now=clock.now())
        assert payments.payment_of(session, customer.person_id, payment_id).status == "captured"
    assert [debit["status"] for debit in bank_books.debits()] == ["booked"]


def test_a_mandate_ended_at_the_bank_is_found_by_asking(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    link, other = customer.link_account(0), customer.link_account(1)
    bank_books.asked("POST", f"/books/bank/mandates/{mandate_of(customer, link)}/revocation")
    mandates.check_due(clock.now())
    assert {one["id"]: one["status"] for one in links(customer)} == {link["id"]: "active", other["id"]: "active"}
    tomorrow = clock.now() + timedelta(days=1, minutes=1)
    mandates.check_due(tomorrow)
    mandates.check_due(tomorrow + timedelta(days=2))
    assert {one["id"]: one["status"] for one in links(customer)} == {link["id"]: "revoked", other["id"]: "active"}
    assert {one["id"]: one["is_preferred"] for one in links(customer)} == {link["id"]: False, other["id"]: True}
    assert [(fact["by"], UUID(fact["bank_link_id"])) for fact in recorded("wallet.bank_link_ended")] == [
        ("bank", uuid_of("blk", link["id"]))
    ]


def test_a_debit_rejected_because_of_its_mandate_is_a_reason_to_ask_at_once(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = customer.link_account()
    bills = customer.owe_parking(40)
    bank_books.asked("POST", f"/books/bank/mandates/{mandate_of(customer, link)}/revocation")
    assert customer.pay([bills[0]["id"]], link)["failure"]["code"] == "mandate_revoked"
    (failed,) = recorded("wallet.payment_failed")
    now = clock.now()
    with db.unit_of_work() as session:
        mandates.look_again(session, Event(UUID(int=1), "wallet.payment_failed", failed, now), now)
    mandates.check_due(now)
    assert links(customer)[0]["status"] == "revoked"


def test_the_bank_that_gives_no_answer_is_asked_again_and_nothing_is_guessed(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = customer.link_account()
    bank_books.asked("POST", f"/books/bank/mandates/{mandate_of(customer, link)}/revocation")
    bank_books.set_switch("bank", "mandate_lookup", "error_500", count=1)
    tomorrow = clock.now() + timedelta(days=1, minutes=1)
    mandates.check_due(tomorrow)
    assert links(customer)[0]["status"] == "active"
    mandates.check_due(tomorrow + timedelta(minutes=11))
    assert links(customer)[0]["status"] == "revoked"


def test_limits_changed_at_the_bank_are_seen_at_the_next_look(
    customer: BankCustomer, bank_books: SandboxBooks, client: FlaskClient
) -> None:
    link = customer.link_account()
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bank_link SET daily_limit_twd = 7, monthly_limit_twd = NULL"))
    mandates.check_due(clock.now() + timedelta(days=1, minutes=1))
    (shown,) = links(customer)
    assert (shown["daily_limit"], shown["monthly_limit"]) == (20_000, 100_000)
    assert shown["version"] == link["version"] + 1


def test_unlinking_ends_the_mandate_at_the_bank_even_when_it_did_not_answer_at_first(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = customer.link_account()
    mandate_id = mandate_of(customer, link)
    bank_books.set_switch("bank", "mandate_revocation", "error_500", count=1)
    assert customer.send("DELETE", f"/v1/bank-links/{link['id']}").status_code == 204
    assert bank_books.mandates(mandate_id=mandate_id)[0]["status"] == "active"
    assert links(customer)[0]["status"] == "revoked"
    mandates.tell_due(clock.now() + timedelta(seconds=1))
    assert bank_books.mandates(mandate_id=mandate_id)[0]["status"] == "revoked"
    with db.unit_of_work() as session:
        waiting = session.execute(text("SELECT count(*) FROM wallet.bank_link WHERE tell_bank_at IS NOT NULL"))
        assert waiting.scalar_one() == 0


def test_two_devices_prefer_at_once_and_one_is_preferred(customer: BankCustomer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    made = [customer.link_account(0), customer.link_account(1)]
    ids = [uuid_of("blk", link["id"]) for link in made]

    def prefer(number: int) -> None:
        with db.unit_of_work() as session:
            link = bank_links.link_of(session, person_id=customer.person_id, link_id=ids[number % 2])
        try:
            with db.unit_of_work() as session:
                bank_links.change(
                    session, person_id=customer.person_id, link_id=link.id, version=link.version, name=None,
                    is_preferred=True, status=None, now=clock.now(),
                )  # fmt: skip
        except bank_links.PreconditionFailed:
            return

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(prefer, range(24)))
    assert [link["is_preferred"] for link in links(customer)].count(True) == 1
