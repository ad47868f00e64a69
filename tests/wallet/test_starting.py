"""People go back and choose again, on two devices at once: nobody waits for anybody in a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from citizen import Refused
from paying_city import new_payer
from stack import Stack


def test_overlapping_choices_of_one_person_end_each_other_and_never_deadlock(stack: Stack) -> None:
    payer = new_payer(stack, parking=[20, 30, 40])
    one, two, three = payer.bill_ids()
    choices = [[one, two], [two, three], [three, one], [two], [one, two, three]] * 8

    def begin(bill_ids: list[str]) -> int:
        try:
            payer.citizen.begin(bill_ids, payer.link["id"])
        except Refused as refused:
            return refused.status
        return 201

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(begin, choices)) == {201}
    waiting = [p for p in payer.citizen.call("GET", "/v1/payments?limit=100")["items"]
               if p["status"] == "awaiting_authorization"]  # fmt: skip
    claimed = [bill["bill_id"] for payment in waiting for bill in payment["bills"]]
    assert len(claimed) == len(set(claimed)), "a bill that two payments hold"


@pytest.mark.parametrize(
    "how", [{"rail": "gold"}, {}, {"bank_link_id": "blk_01jd0000000000000000000000"}, {"rail": "points", "points": -1}]
)
def test_a_payment_without_a_way_to_pay_is_refused(stack: Stack, how: dict[str, object]) -> None:
    payer = new_payer(stack, parking=[20])
    with pytest.raises(Refused) as refused:
        payer.citizen.begin(payer.bill_ids(), **how)
    assert refused.value.status in (404, 422)
