"""Rows 33 to 35: returned debits and typhoons, and settlement files that are double, cut, shuffled or untrue."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from citizen import Refused
from running_city import City, CityPayer, at_once
from settling_city import adyen_file, adyen_row
from waiting import wait_until

from core.clock import now, taipei_date


def paid_by_card(city: City, *amounts: int) -> tuple[CityPayer, list[dict[str, Any]]]:
    """Card payments of these amounts that no report of the processor has settled yet."""
    payer = city.payer(parking=amounts)
    payer.by_card(payer.bills[0], keep="yes")
    card = payer.kept_card()
    done = [payer.citizen.pay([bill], card_id=card) for bill in payer.bills[1:]]
    assert {each["status"] for each in done} <= {"captured"}
    return payer, payer.citizen.call("GET", "/v1/payments")["items"]


def line(payment: dict[str, Any], *, gross: int | None = None, fee: int = 10, batch: str = "9000") -> dict[str, str]:
    """The processor's record of a payment."""
    total = payment["total"] if gross is None else gross
    return adyen_row("Settled", ours=payment["id"], theirs=f"PSP{payment['id'][-10:]}", gross=total, net=total - fee,
                     batch=batch, day=taipei_date(now()))  # fmt: skip


def report(rows: Sequence[dict[str, str]], batch: str) -> bytes:
    """A settlement report with these records and the payout they come to."""
    return adyen_file(rows, batch=batch, day=taipei_date(now()))


@pytest.mark.parametrize("shift", ["none", "typhoon"])
def test_row_33_a_debit_returned_on_the_next_business_day_is_undone_with_all_that_followed(
    city: City, shift: str
) -> None:
    payer = city.payer(parking=(3000, 300))
    points = payer.earn(payer.bills[0])
    link = payer.other_bank()
    city.stack.sandbox.set_switch("ach", "debit", "returned", count=1)
    payment = payer.citizen.pay(payer.bills[1:], link, points=30)
    assert (payment["status"], payer.owed(), payer.points()["balance"]) == ("provisional", [], points - 30)
    if shift == "typhoon":
        city.stack.sandbox.asked("POST", "/books/ach/closed-days", {"reason": "颱風停止上班"})
    days = 0
    while payer.status(payment) != "returned":
        city.let_pass(days=1)
        days += 1
        assert days < 12, "never returned"
        city.sweep("wallet.take_return_files")
        payer.sign_in_again()
        _let_files_be_read(city)
    wait_until(lambda: payer.points()["balance"] == points)
    assert payer.owed() == [300]
    assert payer.by_bank(payer.bills[1])["status"] == "captured"


def _let_files_be_read(city: City) -> None:
    """Wait until no business day's file is outstanding."""
    files = city.stack.sandbox.read("ach/return-files")
    if files:
        newest = date.fromisoformat(files[-1]["day"])
        wait_until(lambda: city.rows("SELECT 1 FROM wallet.ach_return_file WHERE day >= %s", newest))


def test_row_34_every_way_a_file_can_be_wrong_is_refused_whole_or_a_typed_break_and_sums_tie(city: City) -> None:
    _, (right, dear, twice, missing) = paid_by_card(city, 601, 602, 603, 604)
    desk = city.officer()
    rows = [line(right), line(dear, gross=dear["total"] + 1), line(twice), line(twice),
            line({"id": "pay_01jzzzzzzzzzzzzzzzzzzzzzzz", "total": 77})]  # fmt: skip
    whole = report(rows, "9000")
    known = [each["id"] for each in city.breaks("&source=adyen")]
    for broken in (whole[: len(whole) * 2 // 3], whole.rpartition(b"\n")[0].rpartition(b"\n")[0] + b"\n",
                   whole.decode().encode("utf-16")):  # fmt: skip
        with pytest.raises(Refused) as refused:
            desk.send_file("adyen", broken)
        assert refused.value.status == 422
    assert [each["id"] for each in city.breaks("&source=adyen")] == known
    taken = desk.send_file("adyen", whole)
    assert (taken["status"], taken["rows"], taken["is_repeat"]) == ("taken", len(rows), False)
    found = Counter((each["kind"], each["our_reference"]) for each in city.breaks("&source=adyen"))
    assert found[("amount", dear["id"])] == 1 and found[("duplicate", twice["id"])] == 1
    assert found[("missing_ours", "pay_01jzzzzzzzzzzzzzzzzzzzzzzz")] == 1
    assert not any(reference == right["id"] for _, reference in found)
    transit = {each["account"]: each for each in desk.call("GET", "/v1/reconciliation/in-transit")["items"]}
    assert {each["unexplained"] for each in transit.values()} == {0}
    assert taken["gross"] - taken["fees"] == taken["net"]
    _row_34_again(city, whole)
    city.let_pass(days=9)
    city.sweep("wallet.reconciliation.look_for_missing")
    wait_until(lambda: [each for each in city.breaks("&kind=missing_theirs")
                        if each["our_reference"] == missing["id"] and each["age_days"] >= 0])  # fmt: skip


def _row_34_again(city: City, whole: bytes) -> None:
    """The same once more, and shuffled, changes nothing."""
    known = city.number("SELECT count(*) FROM ledger.transfer")
    header, *records = list(csv.reader(io.StringIO(whole.decode())))
    *lines, payout = records
    random.Random(34).shuffle(lines)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([header, *lines, payout])
    for content in (whole, text.getvalue().encode()):
        again = city.officer().send_file("adyen", content)
        assert again["is_repeat"]
    assert city.number("SELECT count(*) FROM ledger.transfer") == known


def test_row_35_the_same_file_by_many_at_once_and_workers_killed_in_a_run_come_to_the_same(city: City) -> None:
    _, payments = paid_by_card(city, 701, 702)
    whole = report([line(each, batch="9001") for each in payments], "9001")
    desk = city.officer()
    answers = at_once(8, lambda _: desk.send_file("adyen", whole))
    assert [each["is_repeat"] for each in answers if not isinstance(each, Refused)].count(False) == 1
    assert {each.status for each in answers if isinstance(each, Refused)} <= {409, 503}
    city.let_pass(days=1)
    for _ in range(3):
        city.sweep("wallet.reconciliation.fetch_files", "wallet.reconciliation.catch_up")
        city.stack.kill("worker")
    city.sweep("wallet.reconciliation.fetch_files", "wallet.reconciliation.catch_up")
    wait_until(lambda: city.number("SELECT count(*) FROM wallet.statement_file WHERE source = 'bank' "
                                   "AND status = 'taken'") >= 1, seconds=40)  # fmt: skip
    assert city.rows("SELECT subject_id, count(*) FROM wallet.statement_line WHERE status = 'matched' "
                     "AND subject_id IS NOT NULL GROUP BY subject_id, kind, file_id, row HAVING count(*) > 1") == []  # fmt: skip
    booked = city.rows(
        "SELECT content_sha256, count(*) FROM wallet.statement_file WHERE status = 'taken' GROUP BY 1 HAVING count(*) > 1"
    )
    assert booked == []
    transit = desk.call("GET", "/v1/reconciliation/in-transit")["items"]
    assert {each["unexplained"] for each in transit} == {0}
