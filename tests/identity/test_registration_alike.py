"""Attack row 17: asking to register one ID number again and again does the same work, whoever has it."""

from __future__ import annotations

import itertools

import pytest
from identity_city import MEI, City, invented
from recovering_city import bring_events

_mobiles = itertools.count(10_000_000)
_TABLES = ("identity.otp_challenge", "identity.sms", "core.outbox", "identity.attempt")


def work_of_asking(city: City, national_id: str) -> dict[str, int]:
    """How many rows of each kind it writes when somebody wants to register with this number and a mobile of theirs."""
    before = {table: city.sql(f"SELECT count(*) FROM {table}")[0][0] for table in _TABLES}
    body = {"national_id": national_id, "mobile": f"09{next(_mobiles)}", "password": "a long enough password"}
    assert city.phone().post("/v1/auth/password/register", body).status_code == 202
    return {table: city.sql(f"SELECT count(*) FROM {table}")[0][0] - before[table] for table in _TABLES}


@pytest.mark.parametrize("times", [1, 2, 3])
def test_row_17_each_time_the_same_rows_are_written_for_known_and_unknown(city: City, times: int) -> None:
    city.enrolled(MEI)
    for _ in range(times - 1):
        work_of_asking(city, MEI[0])
        work_of_asking(city, invented(7)[0])
    assert work_of_asking(city, MEI[0]) == work_of_asking(city, invented(7)[0])


def test_what_was_written_for_the_work_alone_is_sent_to_nobody(city: City) -> None:
    city.enrolled(MEI)
    for _ in range(3):
        work_of_asking(city, MEI[0])
    bring_events(city)
    assert len(city.messages_to(MEI[1])) == 1, "the holder is told once a day"
    waiting = city.sql("SELECT count(*) FROM identity.sms WHERE status = 'waiting'")[0][0]
    lapsed = city.sql("SELECT count(*) FROM identity.sms WHERE status = 'lapsed' AND body_sealed IS NULL")[0][0]
    assert (waiting, lapsed) == (0, 2)
