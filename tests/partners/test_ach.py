"""The clearing house: authorised on the payer's bank's page, submitted once, paid or returned by the next business day."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from other_rails import (
    CHIH_MING,
    CHIH_MINGS_ACCOUNT,
    MEI,
    MEIS_ACCOUNT,
    RETURN,
    ach_client,
    authorise,
)
from sandbox_process import SandboxBooks, post_form

from partners import wire
from partners.ach.calendar import next_business_day
from partners.ach.client import AchClient, Authorisation, Debit
from partners.ach.files import FileRefused, ReturnFile, read_return_file

TREASURY = "9017-9000-0001"


@pytest.fixture
def ach(books: SandboxBooks) -> AchClient:
    """The clearing house's client."""
    return ach_client(books.url)


@pytest.fixture
def mandate(ach: AchClient, books: SandboxBooks) -> Authorisation:
    """Mei's account at another bank, authorised."""
    return authorise(ach, books)


def submit(ach: AchClient, mandate: Authorisation, amount_twd: int = 605, reference: str = "pay_1") -> Debit:
    return ach.debit(
        reference=reference, authorisation_id=mandate.authorisation_id, amount_twd=amount_twd, purpose="罰鍰"
    )


def close_days(books: SandboxBooks, days: int) -> list[date]:
    closed = books.asked("POST", "/books/ach/day-close", {"days": days})["closed"]
    return [date.fromisoformat(file["day"]) for file in closed]


def file_of(ach: AchClient, day: date) -> ReturnFile:
    content = ach.return_file(day)
    assert content is not None
    return read_return_file(content)


def balance(books: SandboxBooks, account_no: str = MEIS_ACCOUNT) -> int:
    (account,) = books.read("ach/accounts", account_no=account_no)
    return int(account["balance_twd"])


def test_a_debit_is_submitted_and_paid_when_its_window_closes(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    debit = submit(ach, mandate)
    assert (debit.status, debit.reason, debit.amount_twd) == ("submitted", None, 605)
    assert (balance(books), books.balance(TREASURY)) == (50_000, 0)
    first, second = close_days(books, 2)
    assert first == debit.presented_on
    assert second == next_business_day(first)
    found = ach.find_debit("pay_1")
    assert found is not None and found.status == "settled"
    assert (balance(books), books.balance(TREASURY)) == (50_000 - 605, 605)
    assert ach.return_file_days(first) == [first, second]
    file = file_of(ach, second)
    assert (file.day, file.answers_on, file.entries) == (second, first, ())


def test_nothing_of_a_debit_is_in_the_file_of_its_own_day(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    debit = submit(ach, mandate, 60_000 - 59_395)
    (day,) = close_days(books, 1)
    assert day == debit.presented_on
    found = ach.find_debit("pay_1")
    assert found is not None and found.status == "submitted"


def test_an_account_with_too_little_returns_the_debit_in_the_next_days_file(
    ach: AchClient, books: SandboxBooks
) -> None:
    mandate = authorise(ach, books, account_no=CHIH_MINGS_ACCOUNT, holder_id=CHIH_MING)
    submitted = submit(ach, mandate)
    assert submitted.status == "submitted"
    _, day = close_days(books, 2)
    (entry,) = file_of(ach, day).entries
    assert (entry.reference, entry.code, entry.amount_twd) == ("pay_1", "01", 605)
    assert (entry.presented_on, entry.account_masked) == (submitted.presented_on, "***2345")
    found = ach.find_debit("pay_1")
    assert found is not None and (found.status, found.reason) == ("returned", "01")
    assert balance(books, CHIH_MINGS_ACCOUNT) == 300
    assert books.balance(TREASURY) == 0


@pytest.mark.parametrize("code", [1, 2, 3, 91, 99])
def test_a_switch_returns_a_debit_with_any_reason(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation, code: int
) -> None:
    books.set_switch("ach", "debit", "returned", code=code)
    submit(ach, mandate)
    _, day = close_days(books, 2)
    assert [entry.code for entry in file_of(ach, day).entries] == [f"{code:02d}"]


def test_a_late_return_comes_in_a_later_file_and_takes_the_money_back(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    books.set_switch("ach", "debit", "returned_late", code=23, days=2)
    submitted = submit(ach, mandate)
    close_days(books, 2)
    assert books.balance(TREASURY) == 605
    _, day = close_days(books, 2)
    file = file_of(ach, day)
    (entry,) = file.entries
    assert (entry.code, entry.presented_on) == ("23", submitted.presented_on)
    assert file.answers_on > submitted.presented_on
    assert (balance(books), books.balance(TREASURY)) == (50_000, 0)


def test_the_same_reference_is_the_same_debit(ach: AchClient, books: SandboxBooks, mandate: Authorisation) -> None:
    with ThreadPoolExecutor(8) as threads:
        debits = list(threads.map(lambda _: submit(ach, mandate), range(16)))
    assert len(set(debits)) == 1
    with pytest.raises(wire.Refused) as refusal:
        submit(ach, mandate, 606)
    assert (refusal.value.status, refusal.value.code) == (409, "reference_reused")
    close_days(books, 2)
    assert books.balance(TREASURY) == 605


def test_an_unknown_reference_is_found_to_be_none(ach: AchClient) -> None:
    assert ach.find_debit("pay_never") is None
    assert ach.find_credit("ref_never") is None
    assert ach.find_authorisation("aut_never") is None
    assert ach.return_file(date(2026, 1, 5)) is None


def test_a_timeout_after_leaves_the_debit_to_be_found(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    books.set_switch("ach", "debit", "timeout_after", seconds=2)
    with pytest.raises(wire.NoAnswer):
        submit(ach, mandate)
    books.clear_switches()
    found = ach.find_debit("pay_1")
    assert found is not None and found == submit(ach, mandate)


def test_a_timeout_before_leaves_nothing_to_be_found(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    books.set_switch("ach", "debit", "timeout_before", seconds=2)
    with pytest.raises(wire.NoAnswer):
        submit(ach, mandate)
    assert ach.find_debit("pay_1") is None


def test_limits_hold_per_payment_and_per_business_day(ach: AchClient, books: SandboxBooks) -> None:
    mandate = authorise(ach, books, per_payment_limit="1000", daily_limit="1500")
    assert submit(ach, mandate, 1001, "pay_1").reason == "limit_exceeded"
    assert submit(ach, mandate, 1000, "pay_2").status == "submitted"
    assert submit(ach, mandate, 501, "pay_3").reason == "limit_exceeded"
    assert submit(ach, mandate, 500, "pay_4").status == "submitted"


def test_an_authorisation_that_is_ended_rejects_what_comes_and_returns_what_is_on_its_way(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    submit(ach, mandate)
    assert ach.end_authorisation(mandate.authorisation_id).status == "ended"
    assert ach.end_authorisation(mandate.authorisation_id).status == "ended"
    assert submit(ach, mandate, 5, "pay_2").reason == "mandate_revoked"
    _, day = close_days(books, 2)
    assert [(entry.reference, entry.code) for entry in file_of(ach, day).entries] == [("pay_1", "03")]


def test_money_goes_back_by_a_credit_to_the_same_account(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    submit(ach, mandate)
    with pytest.raises(wire.Refused) as early:
        ach.credit(reference="ref_1", debit_reference="pay_1", amount_twd=600)
    assert early.value.code == "debit_not_settled"
    close_days(books, 2)
    credit = ach.credit(reference="ref_1", debit_reference="pay_1", amount_twd=600)
    assert credit.status == "submitted"
    assert ach.credit(reference="ref_1", debit_reference="pay_1", amount_twd=600) == credit
    assert ach.credit(reference="ref_2", debit_reference="pay_1", amount_twd=6).reason == "exceeds_debit"
    close_days(books, 2)
    found = ach.find_credit("ref_1")
    assert found is not None and found.status == "settled"
    assert (balance(books), books.balance(TREASURY)) == (50_000 - 5, 5)


def test_a_credit_to_an_account_that_was_closed_comes_back_in_the_file(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    submit(ach, mandate)
    close_days(books, 2)
    books.put("ach/accounts", bank="812", account_no=MEIS_ACCOUNT, national_id=MEI, balance_twd=0, status="closed")
    ach.credit(reference="ref_1", debit_reference="pay_1", amount_twd=600)
    _, day = close_days(books, 2)
    assert [(entry.kind, entry.reference, entry.code) for entry in file_of(ach, day).entries] == [
        ("credit", "ref_1", "22")
    ]
    assert books.balance(TREASURY) == 605


def test_a_typhoon_moves_what_was_to_be_presented_to_the_next_business_day(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    before = submit(ach, mandate).presented_on
    books.asked("POST", "/books/ach/closed-days", {"reason": "颱風停止上班"})
    moved = ach.find_debit("pay_1")
    assert moved is not None and moved.presented_on == next_business_day(before)
    assert [(closed.day, closed.reason) for closed in ach.closed_days(before)] == [(before, "颱風停止上班")]
    first, second = close_days(books, 2)
    assert first == moved.presented_on
    assert file_of(ach, second).answers_on == first


def test_a_typhoon_on_the_day_of_the_window_moves_the_file(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    presented = submit(ach, mandate).presented_on
    close_days(books, 1)
    window = next_business_day(presented)
    books.asked("POST", "/books/ach/closed-days", {"day": window.isoformat()})
    (day,) = close_days(books, 1)
    assert day == next_business_day(window)
    assert file_of(ach, day).answers_on == presented
    assert ach.return_file(window) is None


@pytest.mark.parametrize(
    ("mode", "wrong"),
    [("truncated_file", "no_trailer"), ("wrong_totals", "total"), ("wrong_encoding", "encoding")],
)
def test_a_file_that_was_spoilt_on_its_way_is_refused_whole(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation, mode: str, wrong: str
) -> None:
    books.set_switch("ach", "debit", "returned", code=1)
    submit(ach, mandate)
    _, day = close_days(books, 2)
    books.set_switch("ach", "return_file", mode)
    with pytest.raises(FileRefused) as refused:
        file_of(ach, day)
    assert refused.value.wrong in (wrong, "record_length")
    books.clear_switches()
    assert len(file_of(ach, day).entries) == 1


def test_a_file_may_be_missing_or_the_one_of_the_day_before(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    first, second = close_days(books, 2)
    books.set_switch("ach", "return_file", "missing_file", count=1)
    assert ach.return_file(second) is None
    books.set_switch("ach", "return_file", "duplicate_file", count=1)
    assert ach.return_file(second) == ach.return_file(first)
    assert file_of(ach, second).day == second


def query_of(address: str) -> dict[str, str]:
    assert address.startswith(f"{RETURN}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


Ask = Callable[..., str]


@pytest.fixture
def ask(ach: AchClient) -> Ask:
    """The address of the bank's page for a new request."""

    def ask(reference: str = "blk_1", **changes: str) -> str:
        asked = {"bank": "8120053", "account_no": MEIS_ACCOUNT, "holder_id": MEI, **changes}
        return ach.request_authorisation(
            reference=reference, holder_ref="per_mei", return_url=RETURN, state=f"{reference}.s", **asked
        ).authorize_url

    return ask


def test_the_banks_page_names_the_bank_and_hides_the_account(ask: Ask) -> None:
    page = urllib3.request("GET", ask())
    text = page.data.decode()
    assert page.status == 200
    for words in ("台新銀行", "Taishin Bank", "***1234", "每筆上限", 'value="5000"'):
        assert words in text
    assert MEIS_ACCOUNT not in text
    assert "form-action 'self' http://localhost:8080" in page.headers["content-security-policy"]


def test_a_denial_brings_an_error_and_the_first_decision_stands(books: SandboxBooks, ask: Ask) -> None:
    address = ask()
    assert query_of(books.decide(address, decision="deny")) == {"state": "blk_1.s", "error": "access_denied"}
    assert query_of(books.decide(address, decision="approve"))["error"] == "access_denied"


def test_a_wrong_limit_is_shown_again_with_what_is_wrong(ask: Ask) -> None:
    page = post_form(ask(), decision="approve", per_payment_limit="500", daily_limit="499")
    assert page.status == 422
    assert "must not be below" in page.data.decode()


def test_somebody_elses_account_is_refused_by_its_bank(ach: AchClient, books: SandboxBooks, ask: Ask) -> None:
    code = query_of(books.decide(ask(holder_id=CHIH_MING), decision="approve"))["code"]
    assert ach.exchange_code(code).status == "refused"


def test_a_bank_may_answer_on_its_next_business_day(ach: AchClient, books: SandboxBooks, ask: Ask) -> None:
    books.set_switch("ach", "authorisation_request", "answers_tomorrow")
    address = ask()
    assert "下一個營業日" in urllib3.request("GET", address).data.decode()
    mandate = ach.exchange_code(query_of(books.decide(address, decision="approve"))["code"])
    assert mandate.status == "pending"
    assert submit(ach, mandate).reason == "mandate_revoked"
    close_days(books, 1)
    found = ach.find_authorisation(mandate.authorisation_id)
    assert found is not None and found.status == "active"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bank": "016"}, "bank_unknown"),
        ({"bank": "81"}, "bank_unknown"),
        ({"bank": "８１２"}, "bank_unknown"),
        ({"account_no": "12345"}, "account_wrong"),
        ({"account_no": "1234-5678"}, "account_wrong"),
    ],
)
def test_a_bank_or_account_that_cannot_be_is_refused(ask: Ask, changes: dict[str, str], code: str) -> None:
    with pytest.raises(wire.Refused) as refusal:
        ask(**changes)
    assert (refusal.value.status, refusal.value.code) == (422, code)


def test_the_net_of_a_day_reaches_the_treasury_as_one_entry(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    books.set_switch("ach", "debit", "returned", match={"reference": "pay_2"}, code=1)
    for number in (1, 2, 3):
        submit(ach, mandate, 100 * number, f"pay_{number}")
    _, day = close_days(books, 2)
    (entry,) = books.read("bank/incoming", reference=f"ACH-{day:%Y%m%d}")
    assert (entry["kind"], entry["amount_twd"]) == ("credit", 400)
    assert date.fromisoformat(entry["booked_at"][:10]) == day
    assert day - timedelta(days=60) < date.today()


def test_the_pages_buttons_close_a_day_and_declare_a_typhoon(
    ach: AchClient, books: SandboxBooks, mandate: Authorisation
) -> None:
    presented = submit(ach, mandate).presented_on
    page = urllib3.request("GET", f"{books.url}/recent").data.decode()
    assert f"颱風假 {presented.isoformat()}" in page and "pay_1" in page
    for path in ("/books/ach/closed-days", "/books/ach/day-close", "/books/ewallets/jkopay/day-close"):
        assert post_form(f"{books.url}{path}").status == 303
    assert [row["day"] for row in books.read("ach/closed-days")] == [presented.isoformat()]
    assert len(books.read("ach/return-files")) == 1
