"""The sources of bills, as data: encoding, columns and what each becomes, code tables and limits. See docs/feeds.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core import taiwan
from wallet import feed_fields
from wallet.feed_fields import Reading, Value

PARKING_LIMIT_TWD = 5_000
FINES_LIMIT_TWD = 300_000

VEHICLES: Mapping[str, Value] = {
    "汽車": "car",
    "C": "car",
    "機車": "motorcycle",
    "M": "motorcycle",
    "大型車": "large",
    "L": "large",
}
PARKING_STATUSES: Mapping[str, Value] = {
    "未繳": "unpaid",
    "0": "unpaid",
    "已繳": "paid",
    "1": "paid",
    "註銷": "void",
    "9": "void",
}
FINE_STATUSES: Mapping[str, Value] = {"未結": "unpaid", "已結": "paid", "申訴中": "appealed"}
SEXES: Mapping[str, Value] = {
    "": None,
    "男": "male",
    "1": "male",
    "M": "male",
    "01": "male",
    "女": "female",
    "2": "female",
    "F": "female",
    "02": "female",
}
YES_OR_NO: Mapping[str, Value] = {"Y": True, "N": False}
CHANNELS: Mapping[str, Value] = {name: name for name in ("7-ELEVEN", "全家", "OK", "萊爾富", "郵局", "監理站臨櫃")}

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export: its `header`, the `field` it becomes and how it is `read`.

    A `field` beginning with an underscore is used to complete the record and is not part of it. `repeats` says that
    few different texts occur, so that their readings are worth remembering.
    """

    header: str
    field: str
    read: Reading
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One source. `sender` is the bureau whose systems may send it.

    `key` are the fields that make two lines speak of the same thing; `key_header` is the column named when they
    contradict each other. `happened_field` (column `happened_header`) may lie `days_ahead` days after today at the
    most: a channel dates by its own business day.
    """

    source: str
    sender: str
    encoding: str
    columns: tuple[Column, ...]
    complete: Callable[[Record], Record]
    key: tuple[str, ...]
    key_header: str
    happened_field: str
    happened_header: str
    days_ahead: int = 0

    @property
    def headers(self) -> tuple[str, ...]:
        """The column names, in the order in which the bureau documents them."""
        return tuple(column.header for column in self.columns)


def _parking_record(cells: Record) -> Record:
    return {
        "kind": "parking",
        "number": cells["number"],
        "plate": cells["plate"],
        "vehicle": cells["vehicle"],
        "parked_at": f"{cells['_day']}T{cells['_time']}+08:00",
        "district": cells["district"],
        "road": cells["road"],
        "amount": cells["amount"],
        "due_on": cells["due_on"],
        "status": cells["status"],
    }


def _fine_record(cells: Record) -> Record:
    # The traffic police's export names no kind of vehicle; the form of the plate tells it.
    return {"kind": "fine", **cells, "vehicle": taiwan.plate_vehicle(cells["plate"])}


PARKING = Profile(
    source="parking",
    sender="parking",
    encoding="cp950",
    columns=(
        Column("單號", "number", feed_fields.parking_number),
        Column("車號", "plate", feed_fields.plate),
        Column("車種", "vehicle", feed_fields.code(VEHICLES, otherwise="vehicle_unknown"), repeats=True),
        Column("停車日期", "_day", feed_fields.day, repeats=True),
        Column("停車時間", "_time", feed_fields.time_of_day, repeats=True),
        Column("路段", "road", feed_fields.words(at_most_characters=100), repeats=True),
        Column("行政區", "district", feed_fields.words(at_most_characters=20), repeats=True),
        Column("費率說明", "_tariff", feed_fields.words(at_most_characters=200), repeats=True),
        Column("應繳金額", "amount", feed_fields.amount(at_most_twd=PARKING_LIMIT_TWD), repeats=True),
        Column("繳費期限", "due_on", feed_fields.day, repeats=True),
        Column("狀態", "status", feed_fields.code(PARKING_STATUSES, otherwise="status_unknown"), repeats=True),
    ),
    complete=_parking_record,
    key=("number",),
    key_header="單號",
    happened_field="parked_at",
    happened_header="停車日期",
)

FINES = Profile(
    source="fines",
    sender="fines",
    encoding="utf-8",
    columns=(
        Column("NOTICE_NO", "number", feed_fields.notice_number),
        Column("PLATE", "plate", feed_fields.plate),
        Column("OWNER_ID", "owner_id", feed_fields.owner_id),
        Column("SEX", "owner_sex", feed_fields.code(SEXES, otherwise="sex_unknown"), repeats=True),
        Column("VIOLATED_AT", "violated_at", feed_fields.moment, repeats=True),
        Column("PLACE", "place", feed_fields.words(at_most_characters=200), repeats=True),
        Column("LAW_CODE", "law_code", feed_fields.words(at_most_characters=20), repeats=True),
        Column("LAW_TEXT", "law_text", feed_fields.words(at_most_characters=400), repeats=True),
        Column("DUE_DATE", "due_on", feed_fields.day, repeats=True),
        Column("AMOUNT", "amount", feed_fields.amount(at_most_twd=FINES_LIMIT_TWD), repeats=True),
        Column(
            "PAYABLE_BY_AGENT",
            "payable_by_agent",
            feed_fields.code(YES_OR_NO, otherwise="payable_by_agent_unknown"),
            repeats=True,
        ),
        Column("STATUS", "status", feed_fields.code(FINE_STATUSES, otherwise="status_unknown"), repeats=True),
    ),
    complete=_fine_record,
    key=("number",),
    key_header="NOTICE_NO",
    happened_field="violated_at",
    happened_header="VIOLATED_AT",
)

PAID_ELSEWHERE = Profile(
    source="paid-elsewhere",
    sender="treasury",
    encoding="utf-8",
    columns=(
        Column("帳單編號", "number", feed_fields.any_bill_number),
        Column("繳費通路", "channel", feed_fields.code(CHANNELS, otherwise="channel_unknown"), repeats=True),
        Column("金額", "amount", feed_fields.amount(at_most_twd=FINES_LIMIT_TWD), repeats=True),
        Column("繳費時間", "paid_at", feed_fields.compact_moment, repeats=True),
        Column("通路交易序號", "channel_reference", feed_fields.reference),
    ),
    complete=lambda cells: cells,
    key=("channel", "channel_reference"),
    key_header="通路交易序號",
    happened_field="paid_at",
    happened_header="繳費時間",
    days_ahead=1,
)

PROFILES: Mapping[str, Profile] = {profile.source: profile for profile in (PARKING, FINES, PAID_ELSEWHERE)}
ENCODINGS = tuple(dict.fromkeys(profile.encoding for profile in PROFILES.values()))


def bureau_of(number: str) -> str:
    """The bureau whose bill has that number: parking numbers are 16 digits, notices begin with a letter."""
    return "parking" if number.isdigit() else "fines"
