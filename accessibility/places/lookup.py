"""What a client sends as a place, made into one: a favourite, a place of the catalogue, or a pin with its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.places import addresses, area, catalogue, favourites
from accessibility.places.errors import (
    AddressElsewhere,
    NotInTaiwan,
    OutsideServiceArea,
    PlaceNotLocated,
    PlaceTooVague,
)
from accessibility.places.place import Place
from core import taiwan
from core.errors import FieldError, InvalidRequest, NotFound, Problem
from core.ids import parse_typeid
from core.text import Text

PREFIX: Final = "rplc"
PROBLEMS: Final[tuple[type[Problem], ...]] = (
    AddressElsewhere, NotFound, NotInTaiwan, OutsideServiceArea, PlaceNotLocated, PlaceTooVague,
)  # fmt: skip
"""What a route that takes a place declares."""
_BOTH: Final = Text("經緯度要一起填，或都不填。", "both coordinates or none")


def resolve(session: Session, rider_id: UUID, body: Mapping[str, Any], *, end: str = "place") -> Place:
    """The place that `body` means: {"place_id"} of a favourite (rplc_…) or of the catalogue, or {"latitude",
    "longitude"} with "label", "address" and "directions" as the rider wrote them; or a "label" or "address" alone that
    is one of the catalogue's. With a place_id, "directions" of the body go before those that were saved.

    `end` is where it stands in the request: it comes back in the refusals. Raises those of `PROBLEMS`, and
    InvalidRequest for one coordinate without the other.
    """
    directions = words_of(body.get("directions"))
    place_id = body.get("place_id")
    if place_id:
        found = _known(session, rider_id, place_id, end)
        return replace(found, directions=directions or found.directions)
    latitude, longitude = body.get("latitude"), body.get("longitude")
    if (latitude is None) != (longitude is None):
        missing = "latitude" if latitude is None else "longitude"
        raise InvalidRequest(errors=[FieldError(f"/{end}/{missing}", _BOTH)])
    label, address = words_of(body.get("label")), addresses.tidy(body.get("address") or "")
    if latitude is None or longitude is None:
        named = catalogue.named(label) or catalogue.named(address)
        if named is None:
            elsewhere = addresses.meant_in_search(address) or addresses.meant_in_search(label)
            words, meant = (elsewhere.words, elsewhere.meant) if elsewhere else (None, None)
            raise PlaceNotLocated(words, place=end, district=meant)
        return replace(_door(named, end), directions=directions)
    where = area.at(latitude=latitude, longitude=longitude, end=end)
    if where.district is None:
        raise area.refusal(where, end=end)
    wrong = addresses.contradiction(address, where, latitude=latitude, longitude=longitude)
    if wrong is not None:
        raise AddressElsewhere(wrong.words, place=end, district=wrong.meant)
    name = label or address or area.name_of(where.district).zh
    return Place(round(latitude, 6), round(longitude, 6), where.district, name, address, directions)


def words_of(typed: str | None) -> str:
    """What somebody typed, in half width where that is usual, with single spaces."""
    return " ".join(taiwan.normalise(typed or "").split())


def _known(session: Session, rider_id: UUID, place_id: str, end: str) -> Place:
    if place_id.startswith(f"{PREFIX}_"):
        try:
            return favourites.get(session, rider_id, parse_typeid(PREFIX, place_id)).place
        except NotFound:
            raise NotFound(place=end) from None
    entry = catalogue.by_id(place_id)
    if entry is None:
        raise NotFound(place=end)
    return _door(entry, end)


def _door(entry: catalogue.Entry, end: str) -> Place:
    if entry.kind == "district":
        raise PlaceTooVague(place=end, place_id=entry.id)
    return Place(entry.latitude, entry.longitude, entry.district, entry.name.zh, entry.address)
