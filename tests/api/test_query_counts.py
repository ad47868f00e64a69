"""How many statements the hot paths send: a loop over queries shows here before it shows in production."""

from __future__ import annotations

from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from sent_statements import statements_of
from signed_in_officer import signed_in_officer

from core import clock, db
from core.db import Database
from identity import officer_sessions, sessions


def test_who_calls_is_found_with_one_statement(database: Database, mei: PayingCitizen) -> None:
    with statements_of(database) as sent, db.unit_of_work() as session:
        assert sessions.resolve(session, mei.token, clock.now()) is not None
    assert len(sent) == 1, sent


def test_which_officer_calls_and_whether_they_are_on_the_roster_is_found_with_one_statement(
    client: FlaskClient, database: Database
) -> None:
    officer = signed_in_officer(client)
    with statements_of(database) as sent, db.unit_of_work() as session:
        assert officer_sessions.resolve(session, officer.token, clock.now()) is not None
    assert len(sent) == 1, sent


def test_my_bills_take_three_statements_however_many_there_are(client: FlaskClient, database: Database) -> None:
    """The caller, by what their bills are found, the bills."""
    for number, fees in ((1, (20,) * 2), (2, (20,) * 40)):
        somebody = paying_citizen(client, number, fees)
        with statements_of(database) as sent:
            items = somebody.send("GET", "/v1/bills").json["items"]
        assert len(items) == len(fees)
        assert len(sent) <= 3, sent


def test_comparing_all_ways_to_pay_takes_nine_statements(database: Database, mei: PayingCitizen) -> None:
    """The caller, by what their bills are found, the bill, tariff and terms (known for a minute), links, points, slips,
    closed days."""
    (bill_id, *_) = mei.bill_ids()
    with statements_of(database) as sent:
        assert len(mei.send("GET", f"/v1/bills/{bill_id}/quotes").json["items"]) == 10
    assert len(sent) <= 9, sent


def test_beginning_a_payment_takes_no_more_statements_for_thirty_bills_than_for_one(
    client: FlaskClient, database: Database
) -> None:
    """The caller, the key, which rail the link is for, their turn, the link, the owner, the bills, the tariff, the
    payment, the passkeys, the answer."""
    for number, fees in ((1, (20,)), (2, (20,) * 30)):
        somebody = paying_citizen(client, number, fees)
        bill_ids = somebody.bill_ids()
        with statements_of(database) as sent:
            assert somebody.pay(bill_ids, "first").status_code == 201
        assert len(sent) <= 11, sent


def test_looking_at_a_payment_takes_four_statements(database: Database, mei: PayingCitizen) -> None:
    """The caller, the payment, its bills, and the passkeys that may sign it."""
    payment = mei.pay(mei.bill_ids(), "first").json
    with statements_of(database) as sent:
        assert mei.send("GET", f"/v1/payments/{payment['id']}").status_code == 200
    assert len(sent) <= 4, sent
