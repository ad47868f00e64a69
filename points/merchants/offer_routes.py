"""Offers over HTTP, for their merchant; and for everybody, with the shops in which points can be used."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.cursors import decode_cursor
from core.errors import FieldError, InvalidRequest, NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from points.merchants import answers, branches, merchants, offers, shops, texts
from points.merchants.errors import MerchantNotOpen, OfferNotChangeable, TooManyOfThem
from points.merchants.offer_schemas import (
    OfferChange,
    OfferCreate,
    OfferQuery,
    OwnOfferPage,
    OwnOfferSchema,
    PointsOfferPage,
    ShopDistrictQuery,
    ShopDistrictsSchema,
    ShopPage,
    ShopQuery,
    ShopWithOffers,
)
from points.merchants.offers import Offer
from points.merchants.shops import Shop

routes = Routes("merchants")
_OWNER = citizen(loa=3)
_ANYBODY = citizen(loa=1)
_OFFERS_OF_A_SHOP = 100


@routes.post(
    "/v1/merchants/<merchant_id>/offers",
    access=_OWNER,
    body=OfferCreate,
    answers={201: OwnOfferSchema},
    answer_headers={201: answers.ETAG},
    problems=[NotFound, MerchantNotOpen, TooManyOfThem],
    summary=Text("新增優惠（草稿）", "Write an offer; it is a draft until it is made live"),
)
def write_offer(call: Call) -> Answer:
    return _tagged(offers.write(call.session, _alive(call), call.body, now=call.now), status=201)


@routes.get(
    "/v1/merchants/<merchant_id>/offers",
    access=_OWNER,
    query=PageQuery,
    answers={200: OwnOfferPage},
    problems=[NotFound],
    summary=Text("店家的優惠", "The merchant's offers, drafts and ended ones too"),
)
def list_own_offers(call: Call) -> Answer:
    merchant = merchants.own(call.session, call.actor.id, answers.id_of(call, "merchant_id", "mer"))
    found = offers.of_merchant(call.session, merchant.id, limit=call.query["limit"] + 1, after=answers.after_id(call))
    return answers.page(found, call, _own, lambda each: (str(each.id),))


@routes.patch(
    "/v1/merchants/<merchant_id>/offers/<points_offer_id>",
    access=_OWNER,
    body=OfferChange,
    answers={200: OwnOfferSchema},
    answer_headers={200: answers.ETAG},
    problems=[NotFound, MerchantNotOpen, OfferNotChangeable, PreconditionRequired, PreconditionFailed],
    summary=Text("修改、開放或結束優惠", "Change an offer, make it live, or end it"),
)
def change_offer(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading. Of a live offer only stock grows and the end moves."""
    version = answers.version_of(call)
    changed = offers.change(
        call.session, _alive(call), answers.id_of(call, "points_offer_id", "off"), call.body, version=version,
        now=call.now,
    )  # fmt: skip
    return _tagged(changed)


@routes.get(
    "/v1/points/offers",
    access=_ANYBODY,
    query=OfferQuery,
    answers={200: PointsOfferPage},
    summary=Text("點數優惠", "What can be had for points now, the newest first"),
)
def list_offers(call: Call) -> Answer:
    of = call.query["merchant_id"]
    found = offers.live(
        call.session,
        merchant_id=_uuid_in_query(of) if of else None,
        limit=call.query["limit"] + 1,
        after=answers.after_id(call),
        now=call.now,
    )
    return answers.page(found, call, lambda each: _offer(each[0], each[1], call), lambda each: (str(each[0].id),))


@routes.get(
    "/v1/points/shops",
    access=_ANYBODY,
    query=ShopQuery,
    answers={200: ShopPage},
    summary=Text("可以用點數的店家", "Where points can be used; with `near`, the nearest first"),
)
def list_shops(call: Call) -> Answer:
    near = call.query["near"]
    found = shops.page(
        call.session,
        near=_place(near) if near else None,
        district=call.query["district"],
        category=call.query["category"],
        limit=call.query["limit"] + 1,
        after=_after(call),
    )
    return answers.page(
        found, call, lambda each: _shop(each, call), lambda each: (each.metres or 0, str(each.branch_id))
    )


@routes.get(
    "/v1/points/shop-districts",
    access=_ANYBODY,
    query=ShopDistrictQuery,
    answers={200: ShopDistrictsSchema},
    summary=Text("各區有幾家店", "How many shops take points in each district that has any"),
)
def count_shops(call: Call) -> Answer:
    counted = shops.by_district(call.session, category=call.query["category"])
    items = [
        {"district": code, "district_name": branches.district_name(code).in_language(call.language), "shops": count}
        for code, count in counted.items()
    ]
    return Answer({"items": items})


@routes.get(
    "/v1/points/shops/<shop_code>",
    access=_ANYBODY,
    answers={200: ShopWithOffers},
    problems=[NotFound],
    summary=Text("一家店和它的優惠", "One shop, by the code on its printed QR, with its offers"),
)
def show_shop(call: Call) -> Answer:
    shop = shops.by_code(call.session, call.path["shop_code"].replace("\x00", ""))
    found = offers.live(call.session, merchant_id=shop.merchant_id, limit=_OFFERS_OF_A_SHOP, after=None, now=call.now)
    return Answer({**_shop(shop, call), "offers": [_offer(offer, name, call) for offer, name in found]})


def _alive(call: Call) -> UUID:
    return merchants.own_alive(call.session, call.actor.id, answers.id_of(call, "merchant_id", "mer")).id


def _uuid_in_query(merchant_id: str) -> UUID:
    return parse_typeid("mer", merchant_id)


def _place(near: str) -> tuple[float, float]:
    latitude, longitude = map(float, near.split(","))
    if latitude > 90 or longitude > 180:
        raise InvalidRequest(errors=[FieldError("near", "is latitude,longitude in degrees")])
    return latitude, longitude


def _after(call: Call) -> tuple[int, UUID] | None:
    cursor = call.query["cursor"]
    if not cursor:
        return None
    metres, branch_id = decode_cursor(cursor, int, str)
    try:
        place = (metres, UUID(branch_id))
    except ValueError:
        place = None
    if place is None or not 0 <= metres < 2**31:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")])
    return place


def _tagged(offer: Offer, *, status: int = 200) -> Answer:
    return Answer(_own(offer), status=status, headers={"ETag": f'"{offer.version}"'})


def _own(offer: Offer) -> dict[str, Any]:
    return {
        "id": typeid("off", offer.id),
        "status": offer.status,
        "title_zh": offer.title.zh,
        "title_en": offer.title.en,
        "details_zh": offer.details.zh,
        "details_en": offer.details.en,
        "points": offer.points,
        "stock": offer.stock,
        "taken": offer.taken,
        "most_per_person": offer.most_per_person,
        "valid_from": on_the_wire(offer.valid_from),
        "valid_until": on_the_wire(offer.valid_until),
        "version": offer.version,
    }


def _offer(offer: Offer, merchant: Text, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("off", offer.id),
        "merchant_id": typeid("mer", offer.merchant_id),
        "merchant": merchant.in_language(call.language),
        "title": offer.title.in_language(call.language),
        "details": offer.details.in_language(call.language),
        "points": offer.points,
        "left": offer.left,
        "most_per_person": offer.most_per_person,
        "valid_until": on_the_wire(offer.valid_until),
    }


def _shop(shop: Shop, call: Call) -> dict[str, Any]:
    return {
        "shop_code": shop.shop_code,
        "merchant_id": typeid("mer", shop.merchant_id),
        "merchant": shop.merchant.in_language(call.language),
        "name": shop.name.in_language(call.language),
        "category": shop.category,
        "category_name": texts.CATEGORIES[shop.category].in_language(call.language),
        "address": shop.address,
        "district": shop.district,
        "district_name": branches.district_name(shop.district).in_language(call.language),
        "latitude": shop.latitude,
        "longitude": shop.longitude,
        "hours": shop.hours,
        "metres": shop.metres,
    }
