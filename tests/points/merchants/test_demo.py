"""The demo city's shops are ones that could have applied: real business ids, in their districts, with a code to scan."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from api import demo
from api.demo_merchants import MERCHANTS, STAFF_PIN, DemoMerchant
from core import db
from core.district_shapes import district_at
from core.settings import settings
from core.taiwan import business_id_valid
from points.merchants import shops
from points.merchants.secrets import is_pin


@pytest.mark.parametrize("shop", MERCHANTS, ids=lambda shop: shop.business_id)
def test_a_demo_shop_could_have_applied(shop: DemoMerchant) -> None:
    assert business_id_valid(shop.business_id)
    assert district_at(latitude=shop.latitude, longitude=shop.longitude) == shop.district


def test_loaded_twice_the_shops_are_there_once(client: FlaskClient) -> None:
    for _ in range(2):
        demo.load(settings(), progress=lambda _line: None)
    with db.unit_of_work() as session:
        found = shops.page(session, near=None, district=None, category=None, limit=10, after=None)
        assert {shop.shop_code for shop in found} == {shop.shop_code for shop in MERCHANTS}
        staff = session.execute(text("SELECT id, pin_hash FROM points.staff")).all()
        assert len(staff) == 3 and all(is_pin(member.id, STAFF_PIN, member.pin_hash) for member in staff)
        assert session.execute(text("SELECT count(*) FROM points.offer WHERE status = 'live'")).scalar_one() == 3
