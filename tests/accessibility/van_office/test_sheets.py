"""The roster as a sheet: written, read back into a change, and what is wrong said by line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.accessibility.own_fleet.driving_city import Driven
from tests.accessibility.own_fleet.test_driving import slug
from tests.accessibility.van_office.office import Office, buy, hire

HEAD = "date,vehicle,driver,begins,ends,breaks\r\n"


@pytest.fixture
def office(driven: Driven) -> Office:
    return Office(driven)


def read(office: Office, content: str) -> Any:
    answer = office.call("POST", "roster/sheet", {"csv": content})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_was_written_reads_back_as_it_is(driven: Driven, office: Office) -> None:
    answer = office.call("GET", f"roster/sheet?first_day={office.today}&days=2")
    assert answer.content_type == "text/csv; charset=utf-8" and answer.data.startswith(b"\xef\xbb\xbf")
    content = answer.data.decode("utf-8-sig")
    tomorrow = office.today + timedelta(days=1)
    assert content == (
        f"{HEAD}{office.today},R001,0001,06:00,22:00,11:00-12:30/30\r\n"
        f"{tomorrow},R001,0001,06:00,22:00,11:00-12:30/30\r\n"
    )
    found = read(office, answer.data.decode())
    assert found["is_readable"] and [each["outcome"] for each in found["lines"]] == ["same", "same"]
    assert not any(found["change"].values())


def test_a_sheet_becomes_a_change_that_is_tried_and_then_done(driven: Driven, office: Office) -> None:
    buy(office)
    hire(office)
    day = office.today + timedelta(days=1)
    content = f"{HEAD}{day},R001,0001,06:00,14:00,\r\n{day},R050,5050,09:00,12:00,10:00-10:30/30\r\n"
    found = read(office, content)
    assert [(each["line"], each["outcome"], each["pointer"]) for each in found["lines"]] == [
        (2, "changed", "/alterations/0"), (3, "added", "/additions/0"),
    ]  # fmt: skip
    assert [each["vehicle"] for each in office.roster(day)["shifts"]] == ["R001"], "reading changes nothing"
    done = office.change(**found["change"])
    assert done.status_code == 200, done.text
    written = office.call("GET", f"roster/sheet?first_day={day}&days=1").data.decode("utf-8-sig")
    assert written == content
    gone = read(office, f"{HEAD}{day},R050,5050,13:00,15:00,\r\n")
    assert [(each["line"], each["outcome"]) for each in gone["lines"]] == [(2, "added"), (0, "removed")]
    assert office.change(**gone["change"]).status_code == 200
    assert [(each["vehicle"], each["begins"]) for each in office.roster(day)["shifts"]] == [
        ("R001", "06:00"),
        ("R050", "13:00"),
    ]


def test_what_is_wrong_is_said_by_line(driven: Driven, office: Office) -> None:
    day = office.today + timedelta(days=1)
    content = HEAD + "\r\n".join(
        (
            f"{day},R001,0001,06:00,14:00,", "", "2026-02-30,R001,0001,06:00,14:00,", f"{day},r1,0001,06:00,14:00,",
            f"{day},R001,x,06:00,14:00,", f"{day},R001,0001,6,14:00,", f"{day},R001,0001,06:00,24:00,",
            f"{day},R001,0001,15:00,16:00,noon", f"{day},R001,0001,06:00,13:00,", "2020-01-01,R001,0001,06:00,14:00,",
            "=1+1", f"{day},R001,0001,17:00,18:00,17:10-17:20/0",
        )
    )  # fmt: skip
    found = read(office, content)
    assert not found["is_readable"]
    assert [each["line"] for each in found["lines"] if each["outcome"] == "wrong"] == [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert all(each["words"] for each in found["lines"])
    for unreadable in ("nothing\r\n1", HEAD + '"open', "date;vehicle;driver;begins;ends;breaks\r\n"):
        assert slug(office.call("POST", "roster/sheet", {"csv": unreadable})) == "roster-sheet-unreadable"
