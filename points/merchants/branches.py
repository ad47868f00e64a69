"""A merchant's branches: where they are, and the shop code on the sheet at the counter that a phone scans."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid
from core.paper import LEFT, Paper, a4
from core.text import Language, Text
from points.merchants import rules, texts
from points.merchants.errors import OutsideKaohsiung, TooManyOfThem
from points.merchants.ports import ports
from points.merchants.secrets import CODE_CHARACTERS

_CODE_LENGTH: Final = 10
_MEMBERS: Final = ("name", "name_en", "address", "district", "latitude", "longitude", "hours")


@dataclass(frozen=True, slots=True)
class Branch:
    """A place where points are taken. `district` is the town code, `shop_code` what the printed QR says."""

    id: UUID
    merchant_id: UUID
    name: str
    name_en: str
    address: str
    district: str
    latitude: float
    longitude: float
    hours: str
    shop_code: str
    opened_at: datetime
    closed_at: datetime | None


def add(session: Session, merchant_id: UUID, wanted: Mapping[str, Any], *, now: datetime) -> Branch:
    """A new branch. Raises OutsideKaohsiung, TooManyOfThem."""
    _must_be_here(wanted["district"], wanted["latitude"], wanted["longitude"])
    most = rules.value(session, "branches", now)
    session.execute(_LOCK_MERCHANT, {"id": merchant_id})
    if session.execute(_COUNT, {"merchant_id": merchant_id}).scalar_one() >= most:
        raise TooManyOfThem(most=most)
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(_CODE_LENGTH))
    values = {"id": new_uuid(), "merchant_id": merchant_id, "code": code, "now": now}
    return _branch(session.execute(_ADD, values | {name: wanted[name] for name in _MEMBERS}).one())


def change(session: Session, merchant_id: UUID, branch_id: UUID, wanted: Mapping[str, Any]) -> Branch:
    """Change what is given of an open branch; its shop code stays. Raises NotFound, OutsideKaohsiung."""
    before = get(session, merchant_id, branch_id)
    if before.closed_at is not None:
        raise NotFound
    after = {name: wanted.get(name, getattr(before, name)) for name in _MEMBERS}
    _must_be_here(after["district"], after["latitude"], after["longitude"])
    return _branch(session.execute(_CHANGE, {"id": branch_id, **after}).one())


def close(session: Session, merchant_id: UUID, branch_id: UUID, *, now: datetime) -> None:
    """Close a branch: its tills take nothing any more, its shop code leads nowhere. Again changes nothing.

    Raises NotFound.
    """
    get(session, merchant_id, branch_id)
    session.execute(_CLOSE, {"id": branch_id, "now": now})


def get(session: Session, merchant_id: UUID, branch_id: UUID) -> Branch:
    """One of the merchant's branches. Raises NotFound."""
    row = session.execute(_ONE, {"id": branch_id, "merchant_id": merchant_id}).first()
    if row is None:
        raise NotFound
    return _branch(row)


def of_merchant(session: Session, merchant_id: UUID, *, limit: int, after: UUID | None) -> list[Branch]:
    """The merchant's branches, closed ones too, in the order in which they were added."""
    rows = session.execute(_OF_MERCHANT, {"merchant_id": merchant_id, "limit": limit, "after": after})
    return [_branch(row) for row in rows]


def address_of(shop_code: str) -> str:
    """What the printed QR says: an address that the phone's own camera opens, its last part the shop code."""
    return f"{ports().app_url}/shops/{shop_code}"


def qr_png(branch: Branch) -> bytes:
    """The QR code alone, as a picture of 600 pixels or so."""
    drawn = BytesIO()
    segno.make_qr(address_of(branch.shop_code), error="m").save(drawn, kind="png", scale=16, border=4)
    return drawn.getvalue()


def poster_pdf(branch: Branch, merchant_name: str, language: Language) -> bytes:
    """An A4 sheet for the counter: the shop's name, the code, and what to do with it."""
    drawn = BytesIO()
    title = texts.POSTER_TITLE.in_language(language)
    with a4(drawn, language, title=title, subject=merchant_name, made_at=branch.opened_at) as canvas:
        paper = Paper(canvas, language, texts.POSTER_FOOT.in_language(language))
        paper.masthead(texts.POSTER_TITLE)
        paper.say(merchant_name, LEFT, A4[1] - 58 * mm, 26, is_strong=True)
        paper.say(branch.name, LEFT, A4[1] - 70 * mm, 16)
        side = 120 * mm
        paper.code(address_of(branch.shop_code), (A4[0] - side) / 2, A4[1] - 80 * mm - side, side)
        paper.say(texts.POSTER_CODE.format(code=branch.shop_code), LEFT, A4[1] - 92 * mm - side, 14, is_strong=True)
        for number, line in enumerate(_in_lines(texts.POSTER_HOW, language)):
            paper.say(line, LEFT, A4[1] - (104 + 7 * number) * mm - side, 12)
        paper.foot()
    return drawn.getvalue()


def district_name(code: str) -> Text:
    """The name of a district."""
    return ports().districts[code]


def _in_lines(words: Text, language: Language) -> list[str]:
    parts = words.in_language(language)
    return parts.split("，") if language != "en" else parts.split(", ")


def _must_be_here(district: str, latitude: float, longitude: float) -> None:
    behind = ports()
    if district not in behind.districts or not behind.is_beside(district, latitude, longitude):
        raise OutsideKaohsiung


def _branch(row: Any) -> Branch:
    return Branch(
        row.id, row.merchant_id, row.name, row.name_en, row.address, row.district, row.latitude, row.longitude,
        row.hours, row.shop_code, row.opened_at, row.closed_at,
    )  # fmt: skip


_LOCK_MERCHANT = text("SELECT id FROM points.merchant WHERE id = :id FOR NO KEY UPDATE")
_COUNT = text("SELECT count(*) FROM points.branch WHERE merchant_id = :merchant_id AND closed_at IS NULL")
_ADD = text(
    """
    INSERT INTO points.branch (id, merchant_id, name, name_en, address, district, latitude, longitude, hours, shop_code,
                               opened_at)
    VALUES (:id, :merchant_id, :name, :name_en, :address, :district, :latitude, :longitude, :hours, :code, :now)
    RETURNING *
    """
)
_CHANGE = text(
    """
    UPDATE points.branch
       SET name = :name, name_en = :name_en, address = :address, district = :district, latitude = :latitude,
           longitude = :longitude, hours = :hours
     WHERE id = :id RETURNING *
    """
)
_CLOSE = text("UPDATE points.branch SET closed_at = :now WHERE id = :id AND closed_at IS NULL")
_ONE = text("SELECT * FROM points.branch WHERE id = :id AND merchant_id = :merchant_id")
_OF_MERCHANT = text(
    "SELECT * FROM points.branch WHERE merchant_id = :merchant_id "
    "AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :limit"
)
