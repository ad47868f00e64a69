"""The demo city's shops that take points: a food stall, a bookshop and a market stall, with staff and an offer each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.text import Text
from identity import people
from mobile_mock.demo_people import DEMO_PEOPLE
from points.merchants.secrets import pin_hash

_NAMESPACE: Final = UUID("0b1f3b1e-52d0-5d0e-9a35-6d65726368a7")
STAFF_NUMBER: Final = "01"
STAFF_PIN: Final = "246810"


@dataclass(frozen=True, slots=True)
class DemoMerchant:
    """One shop: whose (a place in DEMO_PEOPLE), where, and what it gives for points. `account` None: not proven yet."""

    owner: int
    business_id: str
    name: Text
    category: str
    branch: Text
    address: str
    district: str
    latitude: float
    longitude: float
    hours: str
    shop_code: str
    account: str | None
    offer: Text
    points: int
    stock: int | None


MERCHANTS: Final = (
    DemoMerchant(
        1, "90000001", Text("鹽埕老鴨肉飯", "Yancheng Duck Rice"), "food", Text("七賢店", "Qixian Branch"),
        "鹽埕區七賢三路 1 號", "64000010", 22.6262, 120.2835, "10:30–20:00，週三公休", "DEM0EATS01", "600100200300",
        Text("小菜一份", "A side dish"), 40, 100,
    ),
    DemoMerchant(
        0, "90100000", Text("港都獨立書店", "Harbour Bookshop"), "books", Text("鹽埕店", "Yancheng Branch"),
        "鹽埕區大勇路 2 號", "64000010", 22.6240, 120.2846, "12:00–21:00", "DEM0B00KS1", "600100200301",
        Text("手沖咖啡一杯", "A cup of filter coffee"), 100, 50,
    ),
    DemoMerchant(
        2, "90200004", Text("三鳳中街乾貨行", "Sanfong Dried Goods"), "market", Text("三鳳中街攤位", "Sanfong Stall"),
        "三民區三民街 3 號", "64000050", 22.6385, 120.2995, "08:00–18:00", "DEM0MARKT1", None,
        Text("當季果乾一包", "A bag of dried fruit"), 60, None,
    ),
)  # fmt: skip


def load(session: Session, now: datetime) -> None:
    """Put the shops there; those that are known stay as they are."""
    for shop in MERCHANTS:
        owner = people.find(session, DEMO_PEOPLE[shop.owner].national_id)
        assert owner is not None, "the demo city's people come first"
        merchant_id = uuid5(_NAMESPACE, shop.business_id)
        staff_id = uuid5(merchant_id, "staff")
        values = {
            "id": merchant_id, "business_id": shop.business_id, "name": shop.name.zh, "name_en": shop.name.en,
            "category": shop.category, "owner": owner.id, "account": shop.account, "now": now,
            "branch_id": uuid5(merchant_id, "branch"), "branch": shop.branch.zh, "branch_en": shop.branch.en,
            "address": shop.address, "district": shop.district, "latitude": shop.latitude,
            "longitude": shop.longitude, "hours": shop.hours, "shop_code": shop.shop_code, "staff_id": staff_id,
            "number": STAFF_NUMBER, "pin_hash": pin_hash(staff_id, STAFF_PIN), "offer_id": uuid5(merchant_id, "offer"),
            "title_zh": shop.offer.zh, "title_en": shop.offer.en, "points": shop.points, "stock": shop.stock,
            "until": now + timedelta(days=90),
        }  # fmt: skip
        for statement in (_MERCHANT, _BRANCH, _STAFF, _OFFER):
            session.execute(statement, values)


_MERCHANT = text(
    """
    INSERT INTO points.merchant (id, business_id, name, name_en, category, owner_person_id, phone, status, bank_code,
                                 bank_account, bank_proven_at, applied_at, approved_at)
    VALUES (:id, :business_id, :name, :name_en, :category, :owner, '07-555-0100', 'approved',
            CASE WHEN CAST(:account AS text) IS NOT NULL THEN '016' END, :account,
            CASE WHEN CAST(:account AS text) IS NOT NULL THEN CAST(:now AS timestamptz) END, :now, :now)
    ON CONFLICT DO NOTHING
    """
)
_BRANCH = text(
    """
    INSERT INTO points.branch (id, merchant_id, name, name_en, address, district, latitude, longitude, hours, shop_code,
                               opened_at)
    VALUES (:branch_id, :id, :branch, :branch_en, :address, :district, :latitude, :longitude, :hours, :shop_code, :now)
    ON CONFLICT DO NOTHING
    """
)
_STAFF = text(
    """
    INSERT INTO points.staff (id, merchant_id, number, name, may_refund, pin_hash, added_at)
    VALUES (:staff_id, :id, :number, '店長', true, :pin_hash, :now) ON CONFLICT DO NOTHING
    """
)
_OFFER = text(
    """
    INSERT INTO points.offer (id, merchant_id, status, title_zh, title_en, points, stock, most_per_person, valid_from,
                              valid_until, written_at, live_at)
    VALUES (:offer_id, :id, 'live', :title_zh, :title_en, :points, :stock, 2, :now, :until, :now, :now)
    ON CONFLICT DO NOTHING
    """
)
