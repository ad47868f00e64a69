"""How single cells of a bureau's export are read or refused."""

import pytest
from feed_files import TODAY, feed, in_chunks

from wallet.feed_lines import Line, read_lines
from wallet.feed_profiles import PROFILES


def read_one(source: str, **cells: str) -> Line:
    (line,) = read_lines(in_chunks(feed(source, cells)), PROFILES[source], today=TODAY)
    return line


@pytest.mark.parametrize(
    ("cells", "field", "value"),
    [
        ({"車號": "ｋｋ－９７８６"}, "plate", "KK-9786"),
        ({"車種": "L"}, "vehicle", "large"),
        ({"車種": "Ｍ"}, "vehicle", "motorcycle"),
        ({"狀態": "9"}, "status", "void"),
        ({"應繳金額": "1,200元"}, "amount", 1200),
        ({"應繳金額": "１２０"}, "amount", 120),
        ({"應繳金額": " 0040 元"}, "amount", 40),
        ({"應繳金額": "5000"}, "amount", 5000),
        ({"單號": "0000000000000001"}, "number", "0000000000000001"),
        ({"停車日期": "115年11月5日", "停車時間": "07:05"}, "parked_at", "2026-11-05T07:05:00+08:00"),
        ({"繳費期限": "115/12/01"}, "due_on", "2026-12-01"),
        ({"路段": "=HYPERLINK(1)"}, "road", "=HYPERLINK(1)"),
        ({"路段": "\u3000中正一路 "}, "road", "中正一路"),
    ],
)
def test_a_parking_cell_is_read(cells: dict[str, str], field: str, value: object) -> None:
    line = read_one("parking", **cells)
    assert line.record is not None, line.refusal
    assert line.record[field] == value


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("單號", "332626698553215", "number_invalid"),
        ("單號", "A326266985532151", "number_invalid"),
        ("單號", "", "number_invalid"),
        ("車號", "KK9786", "plate_ambiguous"),
        ("車號", "KK-97865", "plate_invalid"),
        ("車號", "", "plate_missing"),
        ("車種", "腳踏車", "vehicle_unknown"),
        ("車種", "", "vehicle_unknown"),
        ("停車日期", "", "date_invalid"),
        ("停車日期", "991301", "date_invalid"),
        ("停車日期", "1150230", "date_invalid"),
        ("停車日期", "1911-12-31", "date_invalid"),
        ("停車日期", "1151120", "in_the_future"),
        ("停車時間", "24:00", "time_invalid"),
        ("停車時間", "7:05", "time_invalid"),
        ("路段", "路" * 101, "text_too_long"),
        ("路段", "路" * 1001, "text_too_long"),
        ("路段", "中正\x07路", "text_invalid"),
        ("應繳金額", "", "amount_missing"),
        ("應繳金額", "\u3000", "amount_missing"),
        ("應繳金額", "0", "amount_invalid"),
        ("應繳金額", "-40", "amount_invalid"),
        ("應繳金額", "40.5", "amount_invalid"),
        ("應繳金額", "1,20", "amount_invalid"),
        ("應繳金額", "NT$40", "amount_invalid"),
        ("應繳金額", "5001", "amount_out_of_range"),
        ("應繳金額", "9" * 900, "amount_out_of_range"),
        ("繳費期限", "2026-02-30", "date_invalid"),
        ("狀態", "5", "status_unknown"),
    ],
)
def test_a_parking_cell_is_refused_by_column_and_reason(column: str, text: str, reason: str) -> None:
    line = read_one("parking", **{column: text})
    assert line.record is None
    assert line.refusal is not None
    assert (line.refusal.field, line.refusal.reason) == (column, reason)


@pytest.mark.parametrize(
    ("cells", "field", "value"),
    [
        ({"OWNER_ID": "04595252", "SEX": ""}, "owner_id", "04595252"),
        ({"OWNER_ID": "EA88685593"}, "owner_id", "EA88685593"),
        ({"OWNER_ID": "e934041203"}, "owner_id", "E934041203"),
        ({"SEX": ""}, "owner_sex", None),
        ({"SEX": "02"}, "owner_sex", "female"),
        ({"VIOLATED_AT": "2026/10/30 08:33:07"}, "violated_at", "2026-10-30T08:33:07+08:00"),
        ({"PLATE": "MAA-0001"}, "vehicle", "motorcycle"),
        ({"PLATE": "ABC-1235"}, "vehicle", "car"),
        ({"PLATE": "AB-123"}, "vehicle", None),
        ({"PAYABLE_BY_AGENT": "N"}, "payable_by_agent", False),
        ({"AMOUNT": "300,000"}, "amount", 300_000),
        ({"PLACE": "岡山路\n往北"}, "place", "岡山路\n往北"),
        ({"PLACE": '岡山路近"美麗島站"'}, "place", '岡山路近"美麗島站"'),
        ({"STATUS": "申訴中"}, "status", "appealed"),
    ],
)
def test_a_fines_cell_is_read(cells: dict[str, str], field: str, value: object) -> None:
    line = read_one("fines", **cells)
    assert line.record is not None, line.refusal
    assert line.record[field] == value


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("NOTICE_NO", "bfg614086", "number_invalid"),
        ("OWNER_ID", "A175863493", "id_check_digit"),
        ("OWNER_ID", "00000000", "id_check_digit"),
        ("OWNER_ID", "", "id_missing"),
        ("SEX", "3", "sex_unknown"),
        ("VIOLATED_AT", "2039-01-01 00:00", "in_the_future"),
        ("VIOLATED_AT", "2026-11-20 00:00", "in_the_future"),
        ("VIOLATED_AT", "2026-10-30", "time_invalid"),
        ("VIOLATED_AT", "2026-10-30 08:60", "time_invalid"),
        ("VIOLATED_AT", "2026-13-30 08:33", "date_invalid"),
        ("AMOUNT", "300001", "amount_out_of_range"),
        ("PAYABLE_BY_AGENT", "", "payable_by_agent_unknown"),
        ("STATUS", "??", "status_unknown"),
    ],
)
def test_a_fines_cell_is_refused_by_column_and_reason(column: str, text: str, reason: str) -> None:
    line = read_one("fines", **{column: text})
    assert line.refusal is not None
    assert (line.refusal.field, line.refusal.reason) == (column, reason)


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("帳單編號", "12345", "number_invalid"),
        ("繳費通路", "街口", "channel_unknown"),
        ("金額", "0", "amount_invalid"),
        ("繳費時間", "20261119140", "date_invalid"),
        ("繳費時間", "202611192500", "time_invalid"),
        ("繳費時間", "202611210000", "in_the_future"),
        ("通路交易序號", "", "reference_missing"),
        ("通路交易序號", "12 34", "reference_invalid"),
    ],
)
def test_a_paid_elsewhere_cell_is_refused_by_column_and_reason(column: str, text: str, reason: str) -> None:
    line = read_one("paid-elsewhere", **{column: text})
    assert line.refusal is not None
    assert (line.refusal.field, line.refusal.reason) == (column, reason)


def test_a_channel_may_date_a_payment_by_its_next_business_day() -> None:
    assert read_one("paid-elsewhere", 繳費時間="202611202359").record is not None
