"""The demo city: invented people with vehicles, and bills that arrive the way bureaus really export them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from api import (
    demo_alerts,
    demo_bureaus,
    demo_merchants,
    demo_officers,
    demo_relying_parties,
    demo_rides,
    demo_subscriptions,
    demo_vans,
)
from core import clock, db
from core.clock import taipei_date
from core.settings import Settings
from identity import people, vehicles
from mobile_mock.demo_people import DEMO_PEOPLE, DEMO_RIDERS
from partners.desk import demo_people as register
from wallet import bill_batches
from wallet.double_payments import reported_elsewhere

PARKING_HEADER = (
    "單號",
    "車號",
    "車種",
    "停車日期",
    "停車時間",
    "路段",
    "行政區",
    "費率說明",
    "應繳金額",
    "繳費期限",
    "狀態",
)
FINES_HEADER = (
    "NOTICE_NO", "PLATE", "OWNER_ID", "SEX", "VIOLATED_AT", "PLACE", "LAW_CODE", "LAW_TEXT", "DUE_DATE", "AMOUNT",
    "PAYABLE_BY_AGENT", "STATUS",
)  # fmt: skip
_VEHICLE = {"car": "汽車", "motorcycle": "機車", "large": "大型車"}
# plate, vehicle, district, road, days since parked, at, NT$
_PARKING = (
    ("ABC-1235", "car", "苓雅區", "四維三路", 3, "09:20", 60),
    ("ABC-1235", "car", "鼓山區", "美術東二路", 9, "14:05", 120),
    ("ABC-1235", "car", "新興區", "六合二路", 22, "19:40", 40),
    ("MAA-0001", "motorcycle", "前金區", "成功一路", 5, "18:10", 20),
    ("MAA-0001", "motorcycle", "左營區", "博愛三路", 1, "08:30", 30),
    ("1235-AB", "car", "三民區", "建國三路", 4, "11:15", 210),
    ("1235-AB", "car", "前鎮區", "中華五路", 12, "16:45", 300),
    ("EAA-5678", "car", "鳳山區", "青年路二段", 2, "10:00", 90),
    ("EAA-5678", "car", "楠梓區", "德賢路", 18, "20:25", 30),
)
# number, plate, owner, sex, days since, place, law, text, NT$, payable by an agent, status
_FINES = (
    ("BKA700101", "ABC-1235", "A123456789", "1", 20, "苓雅區中正一路", "5610101",
     "第56條第1項第1款 在禁止臨時停車處所停車", 900, "Y", "未結"),
    ("BKA700102", "MAA-0001", "A123456789", "1", 50, "三民區九如一路", "4800101",
     "第48條第1項第1款 未依規定轉彎", 600, "Y", "未結"),
    ("BKB700201", "1235-AB", "E179864328", "1", 15, "左營區自由二路", "5630101", "第56條第3項 違規停車", 600, "Y", "未結"),
    ("BKC700301", "ZZA-3003", "E261622434", "2", 25, "旗山區中山路", "5630101", "第56條第3項 違規停車", 600, "Y", "未結"),
    ("BKC700302", "ZZA-3003", "E261622434", "2", 70, "前金區五福三路", "5310001", "第53條第1項 闖紅燈", 2700, "N", "未結"),
    ("BKD700401", "EAA-5678", "E934041203", "2", 30, "鼓山區臨海二路", "4000001",
     "第40條 行車速度超過規定最高時速", 1600, "Y", "申訴中"),
    ("BKD700402", "EAA-5678", "E934041203", "2", 10, "前鎮區一心一路", "5630101", "第56條第3項 違規停車", 600, "Y", "未結"),
)  # fmt: skip


def load(of: Settings, *, progress: Callable[[str], None]) -> None:
    """Fill an empty database with the demo city; one that has it already is left as it is."""
    now = clock.now()
    with db.unit_of_work() as session:
        for client_id, bureau in demo_bureaus.DEMO_CLIENTS.items():
            demo_bureaus.register(session, client_id, bureau, demo_bureaus.key_path(of.state_dir, client_id), now)
        demo_officers.enrol(session, now)
        demo_alerts.register(session, of.state_dir, now)
        demo_relying_parties.register(session, of, now)
        if people.find(session, DEMO_PEOPLE[0].national_id) is not None:
            demo_merchants.load(session, now)
            demo_rides.load(session, now)
            demo_vans.load(session)
            return
        person_ids = []
        for person, known in zip(DEMO_PEOPLE, register.DEMO_PEOPLE, strict=False):
            person_id = people.enrol_demo_person(
                session, national_id=person.national_id, mobile=person.mobile, password=person.password, name=person.name.zh,
                language="en" if person.name.en == person.name.zh else "zh-TW", now=now,
            )  # fmt: skip
            person_ids.append(person_id)
            for plate, vehicle in known.vehicles:
                vehicles.add(session, person_id, plate, vehicle, now=now)
        demo_subscriptions.load(session, person_ids, [person.national_id for person in DEMO_PEOPLE], now)
        for source, content in files(now).items():
            bill_batches.receive(
                session, [content], source=source, sender=None, now=now, on_reported_elsewhere=reported_elsewhere
            )
        demo_merchants.load(session, now)
        demo_rides.load(session, now)
        demo_vans.load(session)


def files(now: datetime) -> dict[str, bytes]:
    """The demo city's bills as its bureaus export them: Big5 with ROC dates, and UTF-8 with a byte order mark."""
    today = taipei_date(now)
    parking = [
        (f"1{index:015d}", plate, _VEHICLE[vehicle], _roc(today - timedelta(days)), at, road, district, "計時",
         str(amount), _roc(today - timedelta(days) + timedelta(14)), "未繳")
        for index, (plate, vehicle, district, road, days, at, amount) in enumerate(_PARKING, 7_270_001)
    ]  # fmt: skip
    fines = [
        (number, plate, owner, sex, f"{today - timedelta(days):%Y-%m-%d} 10:30", place, code, law,
         _roc(today - timedelta(days) + timedelta(45)), str(amount), payable, status)
        for number, plate, owner, sex, days, place, code, law, amount, payable, status in _FINES
    ]  # fmt: skip
    return {
        "parking": _csv(PARKING_HEADER, parking).encode("cp950"),
        "fines": _csv(FINES_HEADER, fines).encode("utf-8-sig"),
    }


def table() -> list[str]:
    """The demo people, a line each, for the terminal."""
    return [
        f"{person.national_id}  {person.password}  {person.mobile}  {person.name.zh} {person.story.zh}"
        for person in (*DEMO_PEOPLE, *DEMO_RIDERS)
    ]


def _roc(day: date) -> str:
    return f"{day.year - 1911:03d}{day:%m%d}"


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
