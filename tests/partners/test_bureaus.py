"""The bureaus: what a bill costs, hearing that it is paid, and whose a vehicle is."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, date, datetime

import pytest
from sandbox_process import SandboxBooks, post_form

from core.clock import on_the_wire
from partners import wire
from partners.bureaus.client import (
    BureausClient,
    Decision,
    Guardianship,
    News,
    NewsKind,
    Notice,
    Ownership,
    PlanPart,
    RideStanding,
)

PAID_AT = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)
NUMBER = "F1150001"


def tell(
    bureaus: BureausClient,
    notice_id: str = "ntc_1",
    amount_twd: int = 600,
    payment_id: str = "pay_1",
    kind: NewsKind = "bill.paid",
    number: str = NUMBER,
    **more: str,
) -> None:
    bill = {"number": number, "amount": amount_twd, "paid_at": on_the_wire(PAID_AT), **more}
    news = News(notice_id, kind, PAID_AT, {"payment_id": payment_id, "bills": [bill]})
    bureaus.tell("fines", news, patience_seconds=5)


def test_a_number_the_register_does_not_have_is_adopted(bureaus: BureausClient, books: SandboxBooks) -> None:
    assert bureaus.find_notice("fines", NUMBER, expected_amount_twd=600) == Notice(NUMBER, 600, "unpaid", True)
    assert bureaus.find_notice("fines", NUMBER, expected_amount_twd=900) == Notice(NUMBER, 600, "unpaid", True)
    assert [bill["is_adopted"] for bill in books.bills("fines")] == [1]
    assert books.bills("parking") == []


def test_a_register_that_adopts_nothing_knows_nothing(bureaus: BureausClient, books: SandboxBooks) -> None:
    books.set_settings(adopt_unknown=False)
    assert bureaus.find_notice("parking", NUMBER, expected_amount_twd=600) is None


def test_the_bureau_may_answer_another_amount(bureaus: BureausClient, books: SandboxBooks) -> None:
    books.put("bureaus/fines/bills", number=NUMBER, amount_twd=1200, payable_by_agent=False)
    assert bureaus.find_notice("fines", NUMBER, expected_amount_twd=600) == Notice(NUMBER, 1200, "unpaid", False)


def test_a_notice_of_payment_makes_the_bill_paid(bureaus: BureausClient, books: SandboxBooks) -> None:
    bureaus.find_notice("fines", NUMBER, expected_amount_twd=600)
    tell(bureaus)
    (bill,) = books.bills("fines", number=NUMBER)
    assert (bill["status"], bill["paid_twd"], bill["payment_id"], bill["times_paid"]) == ("paid", 600, "pay_1", 1)
    found = bureaus.find_notice("fines", NUMBER, expected_amount_twd=600)
    assert found is not None and found.status == "paid"


def test_the_same_notice_again_is_counted_and_changes_nothing(bureaus: BureausClient, books: SandboxBooks) -> None:
    for _ in range(3):
        tell(bureaus)
    (notice,) = books.payment_notices("fines")
    assert notice["deliveries"] == 3
    assert notice["bills"] == [{"number": NUMBER, "amount": 600, "paid_at": "2026-11-05T11:00:00+08:00"}]
    assert books.bills("fines")[0]["times_paid"] == 1


def test_a_notice_that_changes_its_words_is_refused(bureaus: BureausClient) -> None:
    tell(bureaus)
    with pytest.raises(wire.Refused) as refusal:
        tell(bureaus, amount_twd=601)
    assert (refusal.value.status, refusal.value.code) == (409, "webhook_id_reused")


def test_a_bill_paid_twice_shows_in_the_register(bureaus: BureausClient, books: SandboxBooks) -> None:
    tell(bureaus, "ntc_1")
    tell(bureaus, "ntc_2", payment_id="pay_2")
    assert books.bills("fines")[0]["times_paid"] == 2


def test_a_notice_lost_on_the_way_back_can_be_sent_again(bureaus: BureausClient, books: SandboxBooks) -> None:
    books.set_switch("bureaus", "payment_notice", "timeout_after", count=1, seconds=2, match={"bureau": "fines"})
    with pytest.raises(wire.NoAnswer):
        tell(bureaus)
    tell(bureaus)
    assert [notice["deliveries"] for notice in books.payment_notices("fines")] == [2]


def test_a_notice_that_is_not_signed_by_us_changes_nothing(books: SandboxBooks) -> None:
    stranger = BureausClient(wire.Peer("bureaus", f"{books.url}/bureaus", "guess"))
    with pytest.raises(wire.AnswerNotTrusted):
        tell(stranger)
    assert books.payment_notices("fines") == []


def test_a_vehicle_is_its_owners(bureaus: BureausClient) -> None:
    def check(plate: str, national_id: str, **more: str) -> Ownership:
        return bureaus.check_ownership(plate=plate, national_id=national_id, **more)  # type: ignore[arg-type]

    assert check("ABC-1235", "A123456789") == Ownership(True, "car")
    assert check("ＭＡＡ-0001", "a123456789") == Ownership(True, "motorcycle")
    assert check("ABC-1235", "A123456789", vehicle="motorcycle") == Ownership(False, None)


def test_a_strangers_plate_and_no_plate_at_all_look_the_same(bureaus: BureausClient, books: SandboxBooks) -> None:
    books.put("bureaus/vehicles", plate="XYZ-9999", vehicle="car", national_id="E934041203")

    def answer(plate: str) -> tuple[Ownership, float]:
        began = time.perf_counter()
        owned = bureaus.check_ownership(plate=plate, national_id="A123456789")
        return owned, time.perf_counter() - began

    strangers = [answer("XYZ-9999") for _ in range(60)]
    nobodys = [answer("QQQ-0000") for _ in range(60)]
    assert {owned for owned, _ in strangers + nobodys} == {Ownership(False, None)}
    medians = [statistics.median(took for _, took in answers) for answers in (strangers, nobodys)]
    assert max(medians) < 3 * min(medians)


def test_of_a_certificate_the_city_hears_what_a_ride_needs_and_no_diagnosis(
    bureaus: BureausClient, books: SandboxBooks
) -> None:
    by_class = bureaus.ride_standing("E120400010")
    assert by_class == RideStanding(True, "severe", True, True, None, "disability", False)
    # Severely visually impaired: first in line like somebody severe in a wheelchair, and which of both is not told.
    blind = bureaus.ride_standing("E220400021")
    assert (blind.severity, blind.needs_wheelchair, blind.books_first) == ("severe", False, True)
    assert bureaus.ride_standing("E120400038").books_first is False
    assert bureaus.ride_standing("E261622434") == RideStanding(False, card="senior")
    assert bureaus.ride_standing("E179864328") == RideStanding(False)
    books.put("disability/certificates", national_id="e179864328", severity="mild", valid_until="2027-01-31")
    assert bureaus.ride_standing("E179864328") == RideStanding(True, "mild", valid_until=date(2027, 1, 31))


def test_a_register_that_errs_is_believed_where_it_can_be(bureaus: BureausClient, books: SandboxBooks) -> None:
    books.set_switch("bureaus", "ride_standing", "forgets_certificate", count=1)
    assert bureaus.ride_standing("E120400010") == RideStanding(False)
    books.set_switch("bureaus", "ride_standing", "unknown_severity", count=1)
    with pytest.raises(wire.AnswerNotTrusted):
        bureaus.ride_standing("E120400010")


def test_a_guardian_is_named_until_the_register_drops_them(bureaus: BureausClient, books: SandboxBooks) -> None:
    def check(guardian: str = "A123456789", ward: str = "E223456785") -> Guardianship:
        return bureaus.check_guardianship(guardian=guardian, ward=ward)

    assert check() == Guardianship(True, None, "王小弟")
    assert check(guardian="E179864328") == check(ward="E934041203") == Guardianship(False)
    books.put(
        "household/guardianships", guardian="A123456789", ward="E223456785", ward_name="王小弟", until="2027-01-31"
    )
    assert check() == Guardianship(True, date(2027, 1, 31), "王小弟")
    books.put("household/guardianships", guardian="A123456789", ward="E223456785", is_over=True)
    assert check() == Guardianship(False)


def test_the_household_register_knows_of_deaths(bureaus: BureausClient, books: SandboxBooks) -> None:
    assert not bureaus.has_died("E261622434")
    books.put("household/deaths", national_id="E261622434", died_on="2026-11-20")
    assert bureaus.has_died("e261622434") and not bureaus.has_died("A123456789")


def test_there_are_two_bureaus(books: SandboxBooks) -> None:
    peer = wire.Peer("bureaus", f"{books.url}/bureaus", "sandbox-bureaus-secret")
    with pytest.raises(wire.Refused) as refusal:
        wire.call(peer, "GET", "/tax/v1/notices/1?expected_amount=5")
    assert refusal.value.code == "bureau_not_found"


def test_a_number_with_odd_characters_reaches_the_register_whole(bureaus: BureausClient) -> None:
    found = bureaus.find_notice("fines", "高 1?#%", expected_amount_twd=5)
    assert found is not None and found.number == "高 1?#%"


def bill_in(books: SandboxBooks, number: str = NUMBER) -> tuple[str, str | None, int]:
    (bill,) = books.bills("fines", number=number)
    return bill["status"], bill["payment_id"], bill["amount_twd"]


def test_a_withdrawn_payment_opens_the_bill_and_a_restored_one_closes_it(
    bureaus: BureausClient, books: SandboxBooks
) -> None:
    tell(bureaus, "ntc_1")
    tell(bureaus, "ntc_2", kind="bill.payment_withdrawn")
    assert bill_in(books) == ("unpaid", None, 600)
    tell(bureaus, "ntc_3", kind="bill.payment_restored")
    assert bill_in(books) == ("paid", "pay_1", 600)
    assert [notice["kind"] for notice in books.news("fines")] == [
        "bill.paid", "bill.payment_withdrawn", "bill.payment_restored",
    ]  # fmt: skip
    assert [notice["notice_id"] for notice in books.payment_notices("fines")] == ["ntc_1"]


def test_a_withdrawn_payment_leaves_alone_what_another_has_paid(bureaus: BureausClient, books: SandboxBooks) -> None:
    tell(bureaus, "ntc_1", payment_id="pay_1")
    tell(bureaus, "ntc_2", payment_id="pay_2")
    tell(bureaus, "ntc_3", payment_id="pay_1", kind="bill.payment_withdrawn")
    assert bill_in(books) == ("paid", "pay_2", 600)


@pytest.mark.parametrize(("stays", "becomes"), [("paid", "paid"), ("unpaid", "unpaid")])
def test_a_refund_says_whether_the_bill_is_owed_again(
    bureaus: BureausClient, books: SandboxBooks, stays: str, becomes: str
) -> None:
    tell(bureaus, "ntc_1")
    tell(bureaus, "ntc_2", kind="bill.refunded", bill_status=stays)
    assert bill_in(books)[0] == becomes


def test_news_of_a_kind_that_was_not_agreed_is_refused(bureaus: BureausClient) -> None:
    with pytest.raises(wire.Refused) as refusal:
        tell(bureaus, kind="bill.forgotten")  # type: ignore[arg-type]
    assert refusal.value.code == "unknown_type"


@pytest.mark.parametrize("ours", ["new sandbox-bureaus-secret", "sandbox-bureaus-secret new"])
def test_while_one_secret_follows_another_both_sides_may_change_when_they_like(books: SandboxBooks, ours: str) -> None:
    changing = BureausClient(wire.Peer("bureaus", f"{books.url}/bureaus", ours))
    tell(changing)
    assert bill_in(books)[0] == "paid"


def test_a_fine_is_granted_in_parts_which_together_pay_it(bureaus: BureausClient, books: SandboxBooks) -> None:
    assert bureaus.instalment_decision("fines", "ins_1") is None
    for _ in range(2):
        bureaus.ask_for_instalments("fines", request_id="ins_1", number="F9", amount_twd=1501, parts=3)
    assert bureaus.instalment_decision("fines", "ins_1") == Decision("pending")
    page = f"{books.url}/bureaus/fines/instalment-requests"
    assert post_form(f"{page}/ins_1", decision="grant").status == 303
    decided = bureaus.instalment_decision("fines", "ins_1")
    assert decided is not None and decided.status == "granted" and decided.plan_number == "PF9"
    assert [(part.number, part.amount_twd) for part in decided.parts] == [
        ("F9-01", 501), ("F9-02", 500), ("F9-03", 500),
    ]  # fmt: skip
    assert all(isinstance(part, PlanPart) for part in decided.parts)
    for place, part in enumerate(decided.parts):
        tell(bureaus, f"ntc_{place}", part.amount_twd, f"pay_{place}", number=part.number)
    assert bill_in(books, "F9")[0] == "paid"
    tell(bureaus, "ntc_9", 500, "pay_2", kind="bill.payment_withdrawn", number="F9-03")
    assert bill_in(books, "F9") == ("unpaid", None, 500)


def test_a_refused_request_says_why(bureaus: BureausClient, books: SandboxBooks) -> None:
    bureaus.ask_for_instalments("fines", request_id="ins_2", number="F8", amount_twd=900, parts=2)
    page = f"{books.url}/bureaus/fines/instalment-requests"
    post_form(f"{page}/ins_2", decision="refuse", reason="no_hardship")
    assert bureaus.instalment_decision("fines", "ins_2") == Decision("refused", reason="no_hardship")
