"""Row 36: leap days, the turn of the year, ROC years past 100, midnight in Taipei."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import urllib3
from paying_city import parking_file
from running_city import City, CityPayer

from api import demo_bureaus
from core import clock
from core.clock import TAIPEI
from core.ids import new_uuid


@contextmanager
def other_time(city: City) -> Iterator[tuple[str, Callable[[datetime], None]]]:
    """A front door whose clock can be put to any moment, and this process's with it; the others' stay as they are."""
    file = city.stack.state_dir / f"clock-{new_uuid()}"

    def becomes(moment: datetime) -> None:
        clock.put_ahead(file, moment - datetime.now(TAIPEI))

    becomes(datetime.now(TAIPEI))
    with city.front_door(CLOCK_AHEAD_FILE=str(file)) as url:
        clock.follow(file)
        try:
            yield url, becomes
        finally:
            clock.follow(city.ahead_file)


def owe(city: City, payer: CityPayer, url: str, amount: int) -> None:
    """A parking fee as of the moment of that front door, sent in there."""
    assertion = demo_bureaus.client_assertion(
        "parking-demo", demo_bureaus.key_path(city.stack.state_dir, "parking-demo"), city.stack.url, clock.now()
    )
    token = urllib3.PoolManager().request(
        "POST", f"{url}/oauth/token", encode_multipart=False,
        fields={"grant_type": "client_credentials", "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    ).json()["access_token"]  # fmt: skip
    answer = urllib3.request(
        "POST", f"{url}/v1/bureau/bill-batches?source=parking", body=parking_file(payer.payer.plate, [amount]),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "text/csv"},
    )  # fmt: skip
    assert (answer.status, answer.json()["refused"]) == (201, 0), answer.data


MOMENTS = [
    (datetime(2026, 12, 31, 23, 59, 30, tzinfo=TAIPEI), date(2027, 1, 12), "116年1月12日", "160112"),
    (datetime(2028, 2, 17, 9, tzinfo=TAIPEI), date(2028, 2, 29), "117年2月29日", "170229"),
    (datetime(2028, 2, 29, 9, tzinfo=TAIPEI), date(2028, 3, 12), "117年3月12日", "170312"),
    (datetime(2110, 12, 20, 9, tzinfo=TAIPEI), date(2111, 1, 1), "200年1月1日", "000101"),
]


def test_row_36_days_are_the_calendars_in_bills_slips_and_words(city: City) -> None:
    payer = city.payer(parking=(30,))
    with other_time(city) as (url, becomes):
        for amount, (moment, due, roc, segment) in enumerate(MOMENTS, start=61):
            becomes(moment)
            citizen = payer.on_another_device(url)
            owe(city, payer, url, amount)
            bill = next(each for each in citizen.unpaid() if each["amount"] == amount)
            assert (bill["due_on"], bill["due_on_roc"], bill["is_overdue"]) == (due.isoformat(), roc, False)
            slip = citizen.call("POST", f"/v1/bills/{bill['id']}/payment-slips", {"channel": "store_barcode"})
            assert slip["segments"][0].startswith(segment)
            assert datetime.fromisoformat(slip["expires_at"]).astimezone(TAIPEI).date() == due


def test_row_36_a_bill_is_due_until_midnight_in_taipei_and_not_a_second_longer(city: City) -> None:
    payer = city.payer(parking=(30,))
    last_minute = datetime(2027, 3, 13, 23, 59, 0, tzinfo=TAIPEI)
    with other_time(city) as (url, becomes):
        becomes(datetime(2027, 3, 1, 9, tzinfo=TAIPEI))
        owe(city, payer, url, 62)
        # Clocks are put ahead by whole seconds: two seconds past midnight are past it for sure.
        for moment, is_overdue in ((last_minute, False), (last_minute + timedelta(seconds=62), True)):
            becomes(moment)
            citizen = payer.on_another_device(url)
            bill = next(each for each in citizen.unpaid() if each["amount"] == 62)
            assert (bill["due_on"], bill["is_overdue"]) == ("2027-03-13", is_overdue)
