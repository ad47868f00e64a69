"""A small OSRM to try the client with: its roads lead around corners, so each way is the sum of north and east."""

from __future__ import annotations

import math
import re

from flask import Blueprint, Response, jsonify, request

_METRES_PER_DEGREE = 111_195.0
_COORDINATES = re.compile(r"-?\d+(\.\d+)?,-?\d+(\.\d+)?(;-?\d+(\.\d+)?,-?\d+(\.\d+)?)*")


def blueprint(*, most_places: int = 100) -> Blueprint:
    """The table service under /osrm."""
    osrm = Blueprint("osrm", __name__, url_prefix="/osrm")

    @osrm.get("/table/v1/<profile>/<coordinates>")
    def table(profile: str, coordinates: str) -> tuple[Response, int]:
        if _COORDINATES.fullmatch(coordinates) is None:
            return jsonify(code="InvalidQuery", message="Query string malformed close to position 1"), 400
        places = [tuple(map(float, each.split(","))) for each in coordinates.split(";")]
        if len(places) > most_places:
            return jsonify(code="TooBig", message="Too many table coordinates"), 400
        if request.args.get("annotations") != "distance":
            return jsonify(code="InvalidOptions", message="this server tells distances alone"), 400
        distances = [[round(_metres(one, other), 1) for other in places] for one in places]
        return jsonify(code="Ok", distances=distances), 200

    return osrm


def _metres(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    middle = math.radians((one[1] + other[1]) / 2)
    return _METRES_PER_DEGREE * (abs(one[1] - other[1]) + abs(one[0] - other[0]) * math.cos(middle))
