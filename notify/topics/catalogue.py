"""The topics that the demo city's bureaus offer, each with what its subscriptions end by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from core.text import Text
from notify.topics import topics

_CONSENT = Text(
    "個人資料保護法第 7 條、第 16 條第 7 款：您在此同意。可隨時停止，停止後不再發送。",
    "Personal Data Protection Act, articles 7 and 16(7): you agree to it here. You may stop at any time, and nothing "
    "is sent after that.",
)


@dataclass(frozen=True, slots=True)
class CatalogueTopic:
    """One topic as it is first written. `endings` are rules as `endings.read_rules` reads them; `channels` the ones it
    uses unless a campaign says otherwise; `offered_at` the life event at which it is offered, for `offered_days`."""

    code: str
    bureau: str
    name: Text
    purpose: Text
    sample_title: Text
    sample_body: Text
    endings: Sequence[Mapping[str, Any]]
    subject_kind: str | None = None
    highest_priority: int = 2
    facts: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("push",)
    legal_basis: Text = _CONSENT
    offered_at: str | None = None
    offered_days: int | None = None


def seed(session: Session, now: datetime) -> None:
    """Write the topics that are not there yet; one that its bureau has changed stays as it is."""
    for topic in TOPICS:
        topics.insert(
            session,
            {
                **topics.text_columns(topic), "code": topic.code, "bureau": topic.bureau, "status": "open",
                "channels": list(topic.channels), "highest_priority": topic.highest_priority,
                "subject_kind": topic.subject_kind, "endings": orjson.dumps(list(topic.endings)).decode(),
                "facts": list(topic.facts), "offered_at": topic.offered_at, "offered_days": topic.offered_days,
                "now": now,
            },
        )  # fmt: skip


TOPICS = (
    CatalogueTopic(
        code="parking.due",
        bureau="parking",
        name=Text("停車費到期提醒", "Parking fees about to be due"),
        purpose=Text(
            "在停車費到期前提醒您，免得多付催繳工本費。只訂一張單時，繳清就自動停止。",
            "A reminder before a parking fee is due, so that no dunning fee is added. For one bill, it ends when the "
            "bill is paid.",
        ),
        sample_title=Text("停車費 3 天後到期", "A parking fee is due in 3 days"),
        sample_body=Text("點一下就能繳費。", "One tap to pay it."),
        subject_kind="bill",
        endings=(
            {"rule": "need_passed", "event": "bill_settled"},
            {"rule": "silence", "sends": 12, "answer_days": 14},
        ),
        highest_priority=3,
        channels=("push", "line"),
    ),
    CatalogueTopic(
        code="parking.vehicle",
        bureau="parking",
        name=Text("有車期間的路邊停車消息", "Roadside parking, for as long as I have this vehicle"),
        purpose=Text(
            "路邊停車費率、收費時段和繳費方式的異動，告訴所有車主。車輛過戶或移除後自動停止。",
            "Changes to roadside rates, hours and ways to pay, for all who have a vehicle. It ends when the vehicle is "
            "no longer yours.",
        ),
        sample_title=Text("下個月起週日路邊停車不收費", "Roadside parking is free on Sundays from next month"),
        sample_body=Text("路段和時間請看公告。", "See the notice for streets and hours."),
        subject_kind="vehicle",
        endings=({"rule": "need_passed", "event": "vehicle_removed"},),
        facts=("has_car", "has_motorcycle"),
    ),
    CatalogueTopic(
        code="parking.space",
        bureau="parking",
        name=Text("目的地附近還有車位", "Parking spaces near where you are going"),
        purpose=Text(
            "活動或颱風期間開放臨時停車、停車場將滿時，告訴附近和常走這條路的人。",
            "When temporary parking opens or car parks fill up, for those nearby or who commute past.",
        ),
        sample_title=Text("博愛路地下停車場只剩 20 格", "20 spaces left under Bo'ai Road"),
        sample_body=Text("建議改停河堤公園停車場。", "Consider the car park at Hedi Park instead."),
        endings=(
            {"rule": "silence", "sends": 8, "days": 60, "answer_days": 14},
            {"rule": "count", "most": 200},
        ),
        facts=("has_car", "has_motorcycle", "commutes_on"),
    ),
    CatalogueTopic(
        code="fines.due",
        bureau="fines",
        name=Text("交通罰鍰到案期限提醒", "Traffic fines about to be due"),
        purpose=Text(
            "在到案期限前提醒您，免得逾期加重裁罰。只訂一張單時，繳清就自動停止。",
            "A reminder before the date by which a fine is to be paid. For one fine, it ends when the fine is paid.",
        ),
        sample_title=Text("罰鍰 3 天後到期", "A fine is due in 3 days"),
        sample_body=Text("點一下就能繳費或申訴。", "One tap to pay or to object."),
        subject_kind="bill",
        endings=(
            {"rule": "need_passed", "event": "bill_settled"},
            {"rule": "silence", "sends": 12, "answer_days": 14},
        ),
        highest_priority=3,
        channels=("push", "line"),
    ),
    CatalogueTopic(
        code="roadworks.near",
        bureau="public_works",
        name=Text("附近的道路施工", "Roadworks near me"),
        purpose=Text(
            "施工、封路和改道，只說您關心的那個行政區或那一處工程。完工或您搬走後自動停止。",
            "Works, closures and diversions in the district or at the site that you care about. It ends when they are "
            "done, or when you move away.",
        ),
        sample_title=Text("四維三路今晚 22 時起施工", "Works on Siwei 3rd Road from 22:00"),
        sample_body=Text("請改走三多二路，預計 5 天完工。", "Please take Sanduo 2nd Road; done in 5 days."),
        subject_kind="roadworks",
        endings=(
            {"rule": "date", "days": 90},
            {"rule": "moved_away"},
            {"rule": "need_passed", "event": "roadworks_done"},
        ),
        facts=("commutes_on",),
    ),
    CatalogueTopic(
        code="traffic.jams",
        bureau="public_works",
        name=Text("路況：塞車與改道", "Traffic jams and ways around them"),
        purpose=Text(
            "您常走的路塞住時，在您出門前告訴您。塞車過了就不再送出。",
            "When a road of yours is jammed, before you leave. Once the jam is over, nothing is sent.",
        ),
        sample_title=Text("國道 10 號仁武段壅塞", "Freeway 10 is jammed at Renwu"),
        sample_body=Text("改走大中二路約快 15 分鐘。", "Dazhong 2nd Road is about 15 minutes faster."),
        endings=({"rule": "silence", "sends": 10, "days": 30, "answer_days": 14},),
        highest_priority=4,
        facts=("commutes_on", "has_car", "has_motorcycle"),
    ),
    CatalogueTopic(
        code="school.news",
        bureau="education",
        name=Text("孩子在學期間的學校消息", "News of the city's schools while a child is at school"),
        purpose=Text(
            "全市或您學校所在行政區的停課、活動和繳費期限。孩子畢業或轉學後自動停止。",
            "Days off, events and dates for payments of the city's schools, or of those in your school's district. It "
            "ends when the child leaves the school.",
        ),
        sample_title=Text("明天停止戶外課程", "No outdoor lessons tomorrow"),
        sample_body=Text("空氣品質不佳，請準備口罩。", "The air is bad; please bring a mask."),
        subject_kind="child",
        endings=({"rule": "need_passed", "event": "school_finished"}, {"rule": "date", "days": 400}),
    ),
    CatalogueTopic(
        code="culture.events",
        bureau="culture",
        name=Text("展演活動", "Exhibitions and performances"),
        purpose=Text(
            "駁二、美術館和衛武營的展演。您一直沒點開，我們會問一次，沒有回覆就停止。",
            "What is on at Pier-2, the Museum of Fine Arts and Weiwuying. If you open none of it we ask once, and stop "
            "without an answer.",
        ),
        sample_title=Text("週六駁二免費開放", "Pier-2 is free on Saturday"),
        sample_body=Text("現場有親子工作坊。", "With workshops for families."),
        endings=({"rule": "silence", "sends": 6, "answer_days": 14},),
    ),
    CatalogueTopic(
        code="newlyweds",
        bureau="civil_affairs",
        name=Text("新婚須知", "For newlyweds"),
        purpose=Text(
            "戶籍、稅務和補助的期限，結婚後半年內最常用到的事。半年後自動停止。",
            "Dates for household registration, taxes and grants in the half-year after a wedding. It ends by itself.",
        ),
        sample_title=Text("夫妻合併報稅怎麼選", "Filing your taxes together"),
        sample_body=Text("五月報稅前可以先試算。", "Try the numbers before May."),
        endings=({"rule": "date", "days": 180},),
        offered_at="marriage_registered",
        offered_days=180,
    ),
    CatalogueTopic(
        code="newborn",
        bureau="civil_affairs",
        name=Text("新生兒家庭", "For families of a newborn"),
        purpose=Text(
            "生育津貼、預防接種和托育登記的期限。一年後自動停止。",
            "Dates for the birth grant, vaccinations and childcare. It ends after a year.",
        ),
        sample_title=Text("生育津貼還有 14 天可申請", "14 days left for the birth grant"),
        sample_body=Text("線上申請約 5 分鐘。", "About 5 minutes online."),
        endings=({"rule": "date", "days": 365},),
        offered_at="birth_registered",
        offered_days=365,
    ),
    CatalogueTopic(
        code="access.news",
        bureau="social_affairs",
        name=Text("無障礙服務消息", "News of accessible services"),
        purpose=Text(
            "復康巴士、無障礙電梯和補助的異動。",
            "Changes to the accessible buses, to lifts and to grants.",
        ),
        sample_title=Text("捷運美麗島站 3 號電梯停用", "Lift 3 at Formosa Boulevard is out of service"),
        sample_body=Text("請改用 10 號出口的電梯。", "Please use the lift at exit 10."),
        endings=({"rule": "silence", "sends": 12, "answer_days": 30},),
        facts=("rider",),
        channels=("push", "sms"),
    ),
    CatalogueTopic(
        code="rides.news",
        bureau="social_affairs",
        name=Text("預約期間的復康巴士消息", "The accessible buses, while I have a ride booked"),
        purpose=Text(
            "停駛、改道和普遍的延誤，告訴所有已預約的人。車趟結束就停止。",
            "Suspensions, diversions and delays of the service, for all who have booked. It ends with the ride.",
        ),
        sample_title=Text("颱風：今天 18 時起停駛", "No buses from 18:00 today: typhoon"),
        sample_body=Text("請提早出門或改約時間。", "Please travel earlier or book another time."),
        subject_kind="ride",
        endings=({"rule": "need_passed", "event": "ride_completed"}, {"rule": "count", "most": 20}),
        highest_priority=4,
        channels=("push", "sms"),
    ),
    CatalogueTopic(
        code="cases.news",
        bureau="rdec",
        name=Text("案件處理期間的 1999 消息", "News of 1999, while my case is open"),
        purpose=Text(
            "案件量大、處理變慢和補件方式的異動，告訴所有案件還在處理的人。結案就停止。",
            "When answers take longer, or papers are handed in another way, for all whose case is open. It ends when "
            "the case is closed.",
        ),
        sample_title=Text("颱風後案件較多，回覆會晚幾天", "Answers take a few days longer after the typhoon"),
        sample_body=Text("路樹和路燈案件優先處理。", "Trees and street lights come first."),
        subject_kind="case",
        endings=({"rule": "need_passed", "event": "case_closed"}, {"rule": "date", "days": 365}),
    ),
    CatalogueTopic(
        code="permits.news",
        bureau="parking",
        name=Text("停車證有效期間的消息", "News for holders of a parking permit"),
        purpose=Text(
            "適用區域、費用和換發方式的異動，告訴所有持證人。到期後自動停止。",
            "Changes to zones, fees and renewal, for all who hold one. It ends when the permit expires.",
        ),
        sample_title=Text("停車證改為線上換發", "Parking permits are now renewed online"),
        sample_body=Text("不必再到櫃檯。", "No need to come to the counter."),
        subject_kind="permit",
        endings=({"rule": "need_passed", "event": "permit_expired"}, {"rule": "count", "most": 6}),
    ),
)
