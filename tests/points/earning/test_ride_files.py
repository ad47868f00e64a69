"""A night's file of rides: taken whole or not at all, in UTF-8 and Big5, with every wrong row named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bureau_system import BureauSystem
from flask.testing import FlaskClient
from sent_statements import statements_of
from signed_in import sign_in
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, db
from core.clock import TAIPEI
from points.earning import ride_files, stations
from tests.points.earning.test_deed_routes import DEEDS, MEI, NOBODY, balance, transport, work

__all__ = ["transport"]
HEADER = "交易序號,身分證號,進站時間,進站,出站時間,出站,票價"


def at(minutes_ago: int, written: str = "%Y-%m-%d %H:%M:%S") -> str:
    return (clock.now() - timedelta(minutes=minutes_ago)).astimezone(TAIPEI).strftime(written)


def line(number: str = "A1", who: str = MEI, **changed: str) -> str:
    cells = {"entered": at(40), "start": "R10", "left": at(20), "end": "O5", "fare": "25", **changed}
    return ",".join((number, who, *cells.values()))


def file_of(*lines: str, header: str = HEADER, ending: str = "\r\n") -> str:
    return ending.join((header, *lines, ""))


def send(
    of: BureauSystem, content: str | bytes, *, operator: str = "KRTC", encoding: str = "utf-8", kind: str = "text/csv"
) -> TestResponse:
    body = content if isinstance(content, bytes) else content.encode("cp950" if encoding == "big5" else encoding)
    return of.http.post(
        f"/v1/bureau/ride-files?operator={operator}&encoding={encoding}", data=body,
        headers={**of.headers, "Content-Type": kind},
    )  # fmt: skip


def rides() -> int:
    with db.unit_of_work() as session:
        return int(session.execute(text("SELECT count(*) FROM points.deed WHERE kind = 'ride'")).scalar_one())


def faults(answer: TestResponse) -> list[tuple[int, str]]:
    assert answer.status_code == 422, answer.text
    assert answer.json["type"].endswith("/ride-file-refused")
    assert rides() == 0, "whole or not at all"
    return [(each["row"], each["column"]) for each in answer.json["rows"]]


@pytest.mark.parametrize("encoding", ["utf-8", "big5"])
def test_a_night_s_file_earns_its_riders_once(client: FlaskClient, transport: BureauSystem, encoding: str) -> None:
    mei = sign_in(client)
    shuffled = "票價,進站,進站時間,出站,出站時間,身分證號,交易序號"
    lines = [f"25,R10,{at(40)},O5,{at(20)},{MEI},A1", f"20,R3,{at(60)},,,{NOBODY},A2"]
    for known in (0, 2):
        answer = send(transport, file_of(*lines, header=shuffled), encoding=encoding)
        assert answer.status_code == 200, answer.text
        assert answer.json == {"lines": 2, "new": 2 - known, "known": known}
    work()
    assert balance(mei.person_id) == 3
    with db.unit_of_work() as session:
        facts = session.execute(text("SELECT key, facts FROM points.deed WHERE kind = 'ride' ORDER BY key")).all()
    assert facts[0] == (
        "KRTC:A1",
        {"operator": "KRTC", "is_complete": True, "from": "R10", "to": "O5", "fare_twd": 25},
    )
    assert facts[1].facts == {"operator": "KRTC", "is_complete": False, "from": "R3", "fare_twd": 20}
    assert transport.send("DELETE", f"{DEEDS}/ride/KRTC:A1").status_code == 204
    work()
    assert balance(mei.person_id) == 0


def test_a_ride_told_by_itself_and_in_a_file_is_one(client: FlaskClient, transport: BureauSystem) -> None:
    left = (clock.now() - timedelta(minutes=20)).astimezone(TAIPEI).replace(microsecond=0)
    facts = {"operator": "KLRT", "is_complete": True, "from": "C14", "to": "C1", "fare_twd": 10}
    alone = {"kind": "ride", "key": "KLRT:7", "national_id": MEI, "happened_at": left.isoformat(), "facts": facts}
    assert transport.send("POST", DEEDS, alone).status_code == 202
    same = line("7", start="C14", end="C1", fare="10", left=left.strftime("%Y/%m/%d %H:%M:%S"))
    assert send(transport, file_of(same), operator="KLRT").json == {"lines": 1, "new": 0, "known": 1}
    other = send(transport, file_of(line("8", start="C3", end="C4"), same.replace(",10", ",11")), operator="KLRT")
    assert other.json["rows"] == [
        {"row": 3, "column": "交易序號", "reason": "another ride was told under this number before"}
    ]
    assert rides() == 1


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"number": "A 1"}, "交易序號"),
        ({"who": "A123456788"}, "身分證號"),
        ({"entered": "1151105 0812"}, "進站時間"),
        ({"entered": "2026-02-30 08:00:00"}, "進站時間"),
        ({"start": "R99"}, "進站"),
        ({"start": "C14"}, "進站"),
        ({"end": ""}, "出站"),
        ({"left": ""}, "出站時間"),
        ({"left": "2020-01-01 00:00:00", "entered": "2020-01-01 00:00:00"}, "出站時間"),
        ({"left": "2099-01-01 00:00:00"}, "出站時間"),
        ({"entered": "2099-01-01 00:00:00"}, "出站時間"),
        ({"fare": "-1"}, "票價"),
        ({"fare": "2５.0"}, "票價"),
        ({"fare": "1001"}, "票價"),
        ({"fare": ""}, "票價"),
    ],
)
def test_one_wrong_cell_refuses_the_file_and_is_named(
    transport: BureauSystem, changed: dict[str, str], column: str
) -> None:
    assert faults(send(transport, file_of(line("0"), line(**changed), line("2")))) == [(3, column)]


def test_every_wrong_row_is_named_and_so_is_a_number_that_stands_twice(transport: BureauSystem) -> None:
    lines = [line("1"), line("2", start="R99", fare="x"), "", line("1"), "3,only,three", line("4", who="")]
    found = faults(send(transport, file_of(*lines)))
    assert found == [(3, "進站"), (3, "票價"), (5, "交易序號"), (6, ""), (7, "身分證號")]
    many = send(transport, file_of(*(line(str(n), fare="x") for n in range(150))))
    assert (len(many.json["rows"]), many.json["wrong"], many.json["lines"]) == (100, 150, 150)


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        (file_of(line()).encode("cp950"), "utf-8", "encoding"),
        (file_of(line()).encode(), "big5", "encoding"),
        (file_of(line()).encode("utf-16"), "utf-8", "encoding"),
        ((HEADER + "\r\n\0").encode(), "utf-8", "not_text"),
        (b"", "utf-8", "header"),
        (file_of(line(), header=HEADER + ",卡號").encode(), "utf-8", "header"),
        (file_of('"open').encode(), "utf-8", "quotes"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(
    transport: BureauSystem, content: bytes, encoding: str, reason: str
) -> None:
    answer = send(transport, content, encoding=encoding)
    assert (answer.status_code, answer.json["reason"]) == (422, reason)
    assert rides() == 0


def test_a_file_too_long_of_another_kind_or_of_another_bureau_is_refused(
    client: FlaskClient, transport: BureauSystem, monkeypatch: Any
) -> None:
    assert send(transport, file_of(line()), kind="application/json").status_code == 415
    assert send(transport, b"x" * (ride_files.MOST_BYTES + 1)).status_code == 413
    assert send(transport, file_of(line()), operator="TRA").status_code == 422
    assert send(BureauSystem(client, "health", "deeds:write"), file_of(line())).status_code == 403
    monkeypatch.setattr(ride_files, "MOST_LINES", 2)
    assert send(transport, file_of(*map(line, "123"))).json["reason"] == "too_many_lines"
    assert send(transport, "\ufeff" + file_of(*map(line, "12"), ending="\n")).json["new"] == 2


def test_a_whole_night_is_taken_in_few_statements(transport: BureauSystem) -> None:
    with statements_of(db.database()) as sent:
        answer = send(transport, file_of(*(line(str(number)) for number in range(2_500))))
    # Four for each thousand lines, and what every request takes.
    assert len(sent) < 24, sent
    assert answer.json == {"lines": 2_500, "new": 2_500, "known": 0}
    assert rides() == 2_500


def test_stations_have_names_and_no_two_operators_share_a_code() -> None:
    codes = [code for operator in stations.OPERATORS for code in stations.of_operator(operator)]
    assert len(codes) == len(set(codes)) == 77
    name = stations.name_of("R10")
    assert name is not None and (name.zh, name.en) == ("美麗島", "Formosa Boulevard")
    assert stations.name_of("TRA-1") is None
