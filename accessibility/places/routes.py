"""Places over HTTP: the search, a pin, the service area, and a rider's favourites."""

from __future__ import annotations

from typing import Any

from accessibility.places import addresses, area, catalogue, favourites, lookup
from accessibility.places.errors import NotInTaiwan
from accessibility.places.favourites import Favourite, TooManyFavourites
from accessibility.places.place import Place
from accessibility.places.schemas import (
    FavouriteChange,
    FavouriteSchema,
    FavouritesSchema,
    FavouriteWanted,
    FoundPlacesSchema,
    PinQuery,
    PinSchema,
    PlaceSearchQuery,
    ServiceAreaSchema,
)
from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("places")
_READS = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
_BOOKS = citizen(loa=2, delegable=RIDES_BOOK)
_KIND_NAMES = {
    "district": Text("行政區", "district"),
    "metro": Text("捷運站", "metro station"),
    "light_rail": Text("輕軌站", "light-rail stop"),
    "hospital": Text("醫院", "hospital"),
    "venue": Text("場館", "venue"),
    "school": Text("學校", "school"),
}


@routes.get(
    "/v1/places",
    access=public(),
    query=PlaceSearchQuery,
    answers={200: FoundPlacesSchema},
    summary=Text("搜尋地點", "Look for a place by name"),
)
def find_places(call: Call) -> Answer:
    """Districts, stations, hospitals, schools and venues of the city, in both languages, the best first."""
    typed, near = call.query["q"], call.query["near"]
    found = catalogue.search(typed, near=near, limit=call.query["limit"])
    hint = addresses.meant_in_search(typed)
    meant = catalogue.by_id(f"district-{hint.meant}") if hint is not None and hint.meant else None
    if meant is not None:
        found = [meant, *(each for each in found if each.id != meant.id)][: call.query["limit"]]
    words = None if hint is None else hint.words.in_language(call.language)
    return Answer({"items": [_found(each, near, call.language) for each in found], "hint": words})


@routes.get(
    "/v1/places/at",
    access=public(),
    query=PinQuery,
    answers={200: PinSchema},
    problems=[NotInTaiwan],
    summary=Text("這個位置在哪裡", "What lies at a pin on the map"),
)
def place_at(call: Call) -> Answer:
    """The district, or the town beyond the city where rides may end, or that no ride goes there."""
    where = area.at(latitude=call.query["latitude"], longitude=call.query["longitude"])
    if where.district is None:
        refused = area.refusal(where)
        words, meant = refused.detail or refused.title, refused.extensions["district"]
        return Answer({"is_in_service_area": False, "is_in_city": False, "district": None, "district_name": None,
                       "words": words.in_language(call.language), "meant": meant})  # fmt: skip
    words = area.name_of(where.district)
    beyond = area.beyond().get(where.district)
    if beyond is not None:
        words = area.beyond_words(beyond)
    return Answer({"is_in_service_area": True, "is_in_city": where.is_in_city, "district": where.district,
                   "district_name": area.name_of(where.district).in_language(call.language),
                   "words": words.in_language(call.language), "meant": None})  # fmt: skip


@routes.get(
    "/v1/places/service-area",
    access=public(),
    answers={200: ServiceAreaSchema},
    summary=Text("市外可到的鄉鎮市區", "The towns beyond the city where rides may end"),
)
def service_area(call: Call) -> Answer:
    """Within the city rides go everywhere. The source says where this is written."""
    towns = [
        {"district": each.code, "name": each.full_name.in_language(call.language), "allowance": each.allowance}
        for each in area.beyond().values()
    ]
    source = area.source().in_language(call.language)
    return Answer({"towns": towns, "border_districts": sorted(area.border_districts()), "source": source,
                   "is_confirmed": area.is_confirmed()})  # fmt: skip


@routes.get(
    "/v1/rider/places",
    access=_READS,
    answers={200: FavouritesSchema},
    problems=[NotDelegated],
    summary=Text("我的常用地點", "My favourite places"),
)
def my_places(call: Call) -> Answer:
    """In the order in which they were saved; at most fifty."""
    rider = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider, RIDES_READ, RIDES_BOOK, what="rider", now=call.now)
    found = favourites.of_rider(call.session, rider)
    return Answer({"items": [_favourite(each, call.language) for each in found]})


@routes.post(
    "/v1/rider/places",
    access=_BOOKS,
    body=FavouriteWanted,
    answers={201: FavouriteSchema},
    answer_headers={201: ETAG},
    problems=[*lookup.PROBLEMS, NotDelegated, TooManyFavourites],
    summary=Text("存一個常用地點", "Keep a favourite place"),
)
def save_place(call: Call) -> Answer:
    """A place of the search or a pin, under a name of the rider's own."""
    rider = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider, RIDES_BOOK, what="rider", now=call.now)
    place = lookup.resolve(call.session, rider, call.body)
    saved = favourites.save(call.session, rider, lookup.words_of(call.body["name"]), place, now=call.now)
    return tagged(_favourite(saved, call.language), saved.version, status=201)


@routes.patch(
    "/v1/rider/places/<place_id>",
    access=_BOOKS,
    body=FavouriteChange,
    answers={200: FavouriteSchema},
    answer_headers={200: ETAG},
    problems=[*lookup.PROBLEMS, NotDelegated, PreconditionFailed, PreconditionRequired],
    summary=Text("修改常用地點", "Change a favourite place"),
)
def change_place(call: Call) -> Answer:
    """Its name, its directions, or where it is. If-Match names the version that was read."""
    rider, version = acting.subject(call.actor), version_of(call)
    acting.require(call.session, call.actor, rider, RIDES_BOOK, what="rider", now=call.now)
    kept = favourites.get(call.session, rider, parse_typeid(lookup.PREFIX, call.path["place_id"]))
    changed = favourites.change(
        call.session, rider, kept.id, name=lookup.words_of(call.body.get("name", kept.name)),
        place=_changed(call, kept), version=version,
    )  # fmt: skip
    return tagged(_favourite(changed, call.language), changed.version)


@routes.delete(
    "/v1/rider/places/<place_id>",
    access=_BOOKS,
    answers={204: None},
    problems=[NotDelegated, NotFound],
    summary=Text("刪除常用地點", "Forget a favourite place"),
)
def remove_place(call: Call) -> Answer:
    """Rides that were booked to it stay as they are."""
    rider = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider, RIDES_BOOK, what="rider", now=call.now)
    favourites.remove(call.session, rider, parse_typeid(lookup.PREFIX, call.path["place_id"]))
    return Answer(status=204)


def place_body(place: Place, language: str) -> dict[str, Any]:
    """A place on the wire."""
    return {**place.as_json(), "district_name": area.name_of(place.district).in_language(language)}


def _changed(call: Call, kept: Favourite) -> Place:
    place = kept.place
    if "place" in call.body:
        place = lookup.resolve(call.session, kept.rider_id, call.body["place"])
    if "directions" in call.body:
        place = place.with_directions(lookup.words_of(call.body["directions"]))
    return place


def _favourite(each: Favourite, language: str) -> dict[str, Any]:
    return {**place_body(each.place, language), "place_id": typeid(lookup.PREFIX, each.id), "name": each.name,
            "version": each.version}  # fmt: skip


def _found(entry: catalogue.Entry, near: tuple[float, float] | None, language: str) -> dict[str, Any]:
    away = None if near is None else round(catalogue.kilometres(near, (entry.latitude, entry.longitude)), 1)
    return {
        "place_id": entry.id, "kind": entry.kind, "kind_name": _KIND_NAMES[entry.kind].in_language(language),
        "label": entry.name.in_language(language), "label_zh": entry.name.zh, "district": entry.district,
        "district_name": area.name_of(entry.district).in_language(language), "address": entry.address,
        "latitude": entry.latitude, "longitude": entry.longitude, "is_door": entry.kind != "district",
        "kilometres": away,
    }  # fmt: skip
