"""Where points can be used: the open branches of approved merchants, by district, by kind, or the nearest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.text import Text


@dataclass(frozen=True, slots=True)
class Shop:
    """A branch as people see it; `metres` how far it is from where they asked, None where they did not."""

    branch_id: UUID
    merchant_id: UUID
    merchant: Text
    name: Text
    category: str
    address: str
    district: str
    latitude: float
    longitude: float
    hours: str
    shop_code: str
    metres: int | None


def page(
    session: Session,
    *,
    near: tuple[float, float] | None,
    district: str | None,
    category: str | None,
    limit: int,
    after: tuple[int, UUID] | None,
) -> list[Shop]:
    """Shops, the nearest to `near` (latitude, longitude) first, else in the order in which they opened; `after` is the
    place (metres, branch) at which a list goes on."""
    latitude, longitude = near or (None, None)
    metres, branch_id = after or (None, None)
    rows = session.execute(
        _PAGE,
        {"latitude": latitude, "longitude": longitude, "district": district, "category": category, "limit": limit,
         "metres": metres, "branch_id": branch_id},
    )  # fmt: skip
    return [_shop(row) for row in rows]


def by_district(session: Session, *, category: str | None) -> dict[str, int]:
    """How many shops each district has, by its code; those without any are left out."""
    return {row.district: int(row.shops) for row in session.execute(_BY_DISTRICT, {"category": category})}


def by_code(session: Session, shop_code: str) -> Shop:
    """The shop of a printed code. Raises NotFound, also for one that has closed or takes no points now."""
    row = session.execute(_BY_CODE, {"code": shop_code}).first()
    if row is None:
        raise NotFound
    return _shop(row)


def _shop(row: Any) -> Shop:
    return Shop(
        row.id, row.merchant_id, Text(row.merchant_name, row.merchant_name_en or row.merchant_name),
        Text(row.name, row.name_en or row.name), row.category, row.address, row.district, row.latitude, row.longitude,
        row.hours, row.shop_code, row.metres,
    )  # fmt: skip


_COLUMNS = """
    b.id, b.merchant_id, m.name AS merchant_name, m.name_en AS merchant_name_en, b.name, b.name_en, m.category,
    b.address, b.district, b.latitude, b.longitude, b.hours, b.shop_code
"""
# The haversine formula on a sphere of 6,371,009 m; over a city it is right to a metre or two.
_PAGE = text(
    f"""
    SELECT * FROM (
        SELECT {_COLUMNS},
               CASE WHEN CAST(:latitude AS double precision) IS NOT NULL THEN
                   round(2 * 6371008.8 * asin(least(1, sqrt(
                       sind((b.latitude - :latitude) / 2) ^ 2
                       + cosd(b.latitude) * cosd(:latitude) * sind((b.longitude - :longitude) / 2) ^ 2))))::integer
               END AS metres
          FROM points.branch b
          JOIN points.merchant m ON m.id = b.merchant_id AND m.status = 'approved'
         WHERE b.closed_at IS NULL
           AND (CAST(:district AS text) IS NULL OR b.district = :district)
           AND (CAST(:category AS text) IS NULL OR m.category = :category)
    ) AS shop
     WHERE CAST(:branch_id AS uuid) IS NULL
        OR (coalesce(metres, 0), id) > (coalesce(CAST(:metres AS integer), 0), CAST(:branch_id AS uuid))
     ORDER BY coalesce(metres, 0), id LIMIT :limit
    """  # noqa: S608
)
_BY_DISTRICT = text(
    """
    SELECT b.district, count(*) AS shops
      FROM points.branch b
      JOIN points.merchant m ON m.id = b.merchant_id AND m.status = 'approved'
     WHERE b.closed_at IS NULL AND (CAST(:category AS text) IS NULL OR m.category = :category)
     GROUP BY b.district ORDER BY b.district
    """
)
_BY_CODE = text(
    f"""
    SELECT {_COLUMNS}, NULL::integer AS metres
      FROM points.branch b
      JOIN points.merchant m ON m.id = b.merchant_id AND m.status = 'approved'
     WHERE b.shop_code = :code AND b.closed_at IS NULL
    """  # noqa: S608
)
