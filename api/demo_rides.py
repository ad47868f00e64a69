"""The demo city's riders: what they need of a vehicle, where they go, who books for one, and a paper that waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.places import favourites
from accessibility.places.place import Place
from accessibility.riders import eligibility, eligibility_papers, profile
from accessibility.riders.profile import RiderProfile, Wheelchair
from core.clock import taipei_date
from identity import delegations, officers, people
from identity.actors import Actor
from identity.delegation_rules import RIDES_BOOK, RIDES_READ, Grant
from mobile_mock.demo_people import DEMO_PEOPLE, DEMO_RIDERS
from partners.bureaus.client import RideStanding

_MING_HUI, _SU_CHEN, _CHENG_HSIUNG = (person.national_id for person in DEMO_RIDERS)
_A_MA: Final = "E261622434"
_AT_THE_COUNTER: Final = "CTR-001"
_NEEDS: Final = {
    _MING_HUI: {
        "wheelchair": Wheelchair("electric", 68, 112, 185), "can_transfer": False, "needs": ("door_to_door",),
        "notes_for_driver": "電動輪椅不可折疊，請用升降板",
    },
    _SU_CHEN: {
        "has_service_dog": True, "needs": ("door_to_door", "through_the_door"), "contact_way": "telephone",
        "notes_for_driver": "我看不見，請下車叫名字",
    },
    _CHENG_HSIUNG: {
        "wheelchair": Wheelchair("manual", 62, 105, 90), "companions_usual": 1, "needs": ("step_help", "oxygen"),
        "contact_way": "sms",
    },
}  # fmt: skip
_STANDINGS: Final = {
    _MING_HUI: RideStanding(True, "severe", True, True, None, "disability"),
    _SU_CHEN: RideStanding(True, "severe", False, True, None, "disability"),
    _CHENG_HSIUNG: RideStanding(True, "moderate", True, False, None, "disability", True),
    _A_MA: RideStanding(False, card="senior"),
}
_PLACES: Final = {
    _MING_HUI: (
        ("家", Place(22.627300, 120.357900, "64000120", "家", "高雄市鳳山區光復路二段132巷8弄12之3號", "後門有坡道")),
        ("公司", Place(22.613500, 120.304600, "64000080", "公司", "高雄市苓雅區四維三路2號", "地下停車場入口")),
    ),
    _SU_CHEN: (("家", Place(22.639500, 120.302300, "64000050", "家", "高雄市三民區建國三路113號", "一樓便利商店旁")),),
    _CHENG_HSIUNG: (
        ("家", Place(22.566000, 120.353700, "64000110", "家", "高雄市小港區沿海一路106號", "")),
        ("洗腎", Place(22.614953, 120.297960, "64000080", "阮綜合醫院", "高雄市苓雅區四維四路107號", "門診大門")),
    ),
}


def load(session: Session, now: datetime) -> None:
    """Enrol the riders and write down what they said; whoever has a profile already is left as they are."""
    for person in DEMO_RIDERS:
        rider_id = people.enrol_demo_person(
            session, national_id=person.national_id, mobile=person.mobile, password=person.password,
            name=person.name.zh, now=now,
        )  # fmt: skip
        if profile.of(session, rider_id).version:
            continue
        profile.save(session, RiderProfile(rider_id, **_NEEDS[person.national_id]), now=now)  # type: ignore[arg-type]
        eligibility.hear(session, rider_id, _STANDINGS[person.national_id], now=now)
        for name, place in _PLACES[person.national_id]:
            favourites.save(session, rider_id, name, place, now=now)
        if person.national_id == _CHENG_HSIUNG:
            _let_book(session, rider_id, DEMO_PEOPLE[3].national_id, now)
    grandmother = people.find(session, _A_MA)
    if grandmother is not None:
        _hand_in_a_paper(session, grandmother.id, now)


def _let_book(session: Session, rider_id: UUID, caregiver: str, now: datetime) -> None:
    """Rider and live-in caregiver stood at a counter and had it set up that one books for the other."""
    officer = officers.find(session, _AT_THE_COUNTER)
    if officer is None or people.find(session, caregiver) is None:
        return
    actor = Actor(kind="officer", id=officer.id, name=officer.name, bureau=officer.bureau)
    delegations.create_at_counter(
        session, officer=actor, principal_id=rider_id, agent_national_id=caregiver,
        grants=[Grant(RIDES_BOOK), Grant(RIDES_READ)], starts_on=None,
        ends_on=taipei_date(now) + timedelta(days=180), is_agent_present=True, now=now,
    )  # fmt: skip


def _hand_in_a_paper(session: Session, rider_id: UUID, now: datetime) -> None:
    if eligibility_papers.of_rider(session, rider_id):
        return
    eligibility.hear(session, rider_id, _STANDINGS[_A_MA], now=now)
    issued_on = taipei_date(now) - timedelta(days=9)
    eligibility_papers.hand_in(session, rider_id, issuer="高雄市立民生醫院", issued_on=issued_on, now=now)
