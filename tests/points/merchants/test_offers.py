"""Offers cannot be oversold, whoever takes them at once; what is voided is there again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.errors import PreconditionFailed
from core.ids import new_uuid
from points.merchants import offers
from points.merchants.errors import (
    OfferNotChangeable,
    OfferNotThere,
    OfferPointsDiffer,
    OfferSoldOut,
    OfferTakenOften,
)
from tests.points.conftest import NOW
from tests.points.merchants.city import merchant


def coffee(merchant_id: UUID, *, is_live: bool = True, **changed: Any) -> offers.Offer:
    wanted = {
        "title_zh": "百點換咖啡", "title_en": "A coffee for 100 points", "details_zh": "", "details_en": "",
        "points": 100, "stock": 10, "most_per_person": None, "valid_from": NOW - timedelta(days=1),
        "valid_until": NOW + timedelta(days=7), **changed,
    }  # fmt: skip
    with db.unit_of_work() as session:
        offer = offers.write(session, merchant_id, wanted, now=NOW)
        if is_live:
            offer = offers.change(session, merchant_id, offer.id, {"status": "live"}, version=1, now=NOW)
    return offer


def take(offer: offers.Offer, person_id: UUID, points: int = 100) -> bool:
    try:
        with db.unit_of_work() as session:
            offers.take(session, offer.id, person_id, points, NOW)
    except (OfferSoldOut, OfferTakenOften):
        return False
    return True


def taken(offer: offers.Offer) -> int:
    with db.unit_of_work() as session:
        return offers.get(session, offer.merchant_id, offer.id).taken


def test_of_forty_at_once_exactly_as_many_get_one_as_there_are(database: db.Database) -> None:
    offer = coffee(merchant())
    with ThreadPoolExecutor(16) as crowd:
        got = list(crowd.map(lambda _: take(offer, new_uuid()), range(40)))
    assert sum(got) == 10 and taken(offer) == 10


def test_one_person_at_many_tills_at_once_gets_no_more_than_one_may(database: db.Database) -> None:
    offer, person_id = coffee(merchant(), stock=None, most_per_person=2), new_uuid()
    with ThreadPoolExecutor(8) as tills:
        got = list(tills.map(lambda _: take(offer, person_id), range(12)))
    assert sum(got) == 2 and taken(offer) == 2


def test_what_is_given_back_can_be_taken_again_by_stock_and_by_person(database: db.Database) -> None:
    offer, person_id = coffee(merchant(), stock=1, most_per_person=1), new_uuid()
    assert take(offer, person_id) and not take(offer, new_uuid())
    with db.unit_of_work() as session:
        offers.give_back(session, offer.id, person_id, NOW)
    assert take(offer, person_id) and not take(offer, person_id)


def test_the_database_itself_sells_nothing_that_is_not_there(database: db.Database) -> None:
    offer = coffee(merchant(), stock=1)
    with pytest.raises(Exception, match="offer_never_oversold"), db.unit_of_work() as session:
        session.execute(text("UPDATE points.offer SET taken = 2 WHERE id = :id"), {"id": offer.id})


@pytest.mark.parametrize(
    ("changed", "is_live"),
    [
        ({}, False),
        ({"valid_from": NOW + timedelta(seconds=1)}, True),
        ({"valid_until": NOW + timedelta(seconds=1)}, True),
    ],
    ids=["a draft", "not begun", "over"],
)
def test_what_is_not_offered_now_cannot_be_taken(database: db.Database, changed: dict[str, Any], is_live: bool) -> None:
    offer = coffee(merchant(), is_live=is_live, **changed)
    at = NOW + timedelta(seconds=1) if "valid_until" in changed else NOW
    with pytest.raises(OfferNotThere), db.unit_of_work() as session:
        offers.take(session, offer.id, new_uuid(), 100, at)


def test_another_merchant_s_offer_and_other_points_are_refused(database: db.Database) -> None:
    offer = coffee(merchant())
    with pytest.raises(OfferNotThere), db.unit_of_work() as session:
        offers.take(session, offer.id, new_uuid(), 100, NOW, merchant_id=new_uuid())
    with pytest.raises(OfferPointsDiffer) as refusal, db.unit_of_work() as session:
        offers.take(session, offer.id, new_uuid(), 99, NOW)
    assert refusal.value.extensions == {"points": 100}
    assert taken(offer) == 0


def test_a_live_offer_keeps_its_points_and_never_shrinks(database: db.Database) -> None:
    offer = coffee(merchant())
    for wanted in ({"points": 90}, {"title_zh": "別的"}, {"stock": 9}, {"status": "draft"}):
        with pytest.raises(OfferNotChangeable), db.unit_of_work() as session:
            offers.change(session, offer.merchant_id, offer.id, wanted, version=offer.version, now=NOW)
    with db.unit_of_work() as session:
        more = offers.change(session, offer.merchant_id, offer.id, {"stock": 20}, version=offer.version, now=NOW)
    assert more.stock == 20
    with pytest.raises(PreconditionFailed), db.unit_of_work() as session:
        offers.change(session, offer.merchant_id, offer.id, {"stock": 30}, version=offer.version, now=NOW)
    with db.unit_of_work() as session:
        offers.change(session, offer.merchant_id, offer.id, {"status": "ended"}, version=more.version, now=NOW)
    with pytest.raises(OfferNotThere), db.unit_of_work() as session:
        offers.take(session, offer.id, new_uuid(), 100, NOW)
