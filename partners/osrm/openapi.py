"""The sandbox's routing machine, described."""

from __future__ import annotations

from partners.desk.describing import TEXT, operation, record

TAG = {"name": "osrm", "description": "a routing machine (OSRM), whose roads lead around corners"}
_TABLE = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
_REFUSED = record(code=TEXT, message=TEXT)

PATHS = {
    "/osrm/table/v1/{profile}/{coordinates}": {
        "get": operation(
            "osrm",
            "How far it is by road from each place to each, in metres",
            {200: record(code=TEXT, distances=_TABLE), 400: _REFUSED},
            path=["profile", "coordinates"],
            query={"annotations": TEXT},
        )
    }
}
