"""The fleets that the city begins with, and their terms with the source of each. Taxi fleets are those of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets.terms import EVERYWHERE, Kind
from core.text import Text

OWN: Final = "rehabus"
_SINCE: Final = datetime(2025, 10, 1, tzinfo=UTC)
_RULE: Final = (
    "高雄市復康巴士服務及收費辦法（110-12-30 修正）：06:00-23:00；就醫且重度乘坐輪椅或視障重度者 7 日前、就醫且中度"
    "乘坐輪椅或重度者 6 日前、其餘 5 日前起受理；共乘不得拒絕。記點標準未經確認"
)
_INVENTED: Final = "示範車隊，條件為虛構 Terms of an invented fleet of the demo"
_MOUNTAIN: Final = tuple(f"64000{number:02d}0" for number in range(30, 39))


@dataclass(frozen=True, slots=True)
class _Fleet:
    code: str
    kind: Kind
    name: Text
    phone: str
    source: str
    tiers: Sequence[Mapping[str, Any]]
    opens_at: time = time(0)
    closes_at: time = time(0)
    areas: tuple[str, ...] | None = None
    areas_beyond: tuple[str, ...] = (EVERYWHERE,)
    closes_minutes: int = 30
    is_only_for_eligible: bool = False
    free_until_minutes: int = 60
    late_fee_twd: int = 50
    late_points: int = 0
    is_pooled_obligatory: bool = False
    chair: tuple[int, int, int] = (90, 150, 400)


_FLEETS: Final = (
    _Fleet(
        OWN, "own", Text("高雄市復康巴士", "Kaohsiung Rehabus"), "075228800", _RULE,
        (
            {"opens_days": 7, "purposes": ["medical"], "books_first": True},
            {"opens_days": 6, "purposes": ["medical"], "severities": ["severe", "profound"]},
            {"opens_days": 6, "purposes": ["medical"], "severities": ["moderate"], "needs_wheelchair": True},
            {"opens_days": 5},
        ),
        time(6), time(23), closes_minutes=60, is_only_for_eligible=True, free_until_minutes=180, late_fee_twd=0,
        late_points=1, is_pooled_obligatory=True,
    ),
    _Fleet("yellow", "taxi", Text("小黃車隊", "Yellow Taxi"), "075550101", _INVENTED, ({"opens_days": 7},)),
    _Fleet(
        "harbour", "taxi", Text("港都車隊", "Harbour Taxi"), "075550202", _INVENTED, ({"opens_days": 14},),
        closes_minutes=120,
    ),
    _Fleet(
        "mountain", "taxi", Text("山城車隊", "Mountain Taxi"), "075550303", _INVENTED, ({"opens_days": 3},),
        areas=(*_MOUNTAIN, "64000120", "64000050", "64000140", "64000150", "64000180"), areas_beyond=(),
        closes_minutes=60, chair=(75, 130, 300),
    ),
    _Fleet(
        "telephone", "telephone", Text("電話車行", "Telephone Taxi"), "075550404", _INVENTED, ({"opens_days": 30},),
        time(7), time(21), closes_minutes=120, chair=(75, 130, 300),
    ),
)  # fmt: skip


def ensure_fleets(session: Session) -> None:
    """Write down the fleets and terms that are not there yet; what is there stays as it is."""
    for place, each in enumerate(_FLEETS):
        width, length, weight = each.chair
        session.execute(
            _ADD,
            {"code": each.code, "kind": each.kind, "zh": each.name.zh, "en": each.name.en, "phone": each.phone,
             "place": place},
        )  # fmt: skip
        session.execute(
            _ADD_TERMS,
            {"fleet": each.code, "since": _SINCE, "opens_at": each.opens_at, "closes_at": each.closes_at,
             "areas": None if each.areas is None else list(each.areas), "beyond": list(each.areas_beyond),
             "tiers": orjson.dumps(each.tiers).decode(), "closes_minutes": each.closes_minutes,
             "eligible": each.is_only_for_eligible, "free": each.free_until_minutes, "fee": each.late_fee_twd,
             "points": each.late_points, "pooled": each.is_pooled_obligatory, "width": width, "length": length,
             "weight": weight, "source": each.source},
        )  # fmt: skip


_ADD = text(
    """
    INSERT INTO accessibility.fleet (code, kind, name_zh, name_en, phone, is_open, place)
    VALUES (:code, :kind, :zh, :en, :phone, true, :place)
    ON CONFLICT DO NOTHING
    """
)
_ADD_TERMS = text(
    """
    INSERT INTO accessibility.fleet_terms (
        fleet, valid_from, opens_at, closes_at, areas, areas_beyond, tiers, closes_minutes, is_only_for_eligible,
        free_until_minutes, late_fee_twd, late_points, is_pooled_obligatory, widest_chair_cm, longest_chair_cm,
        heaviest_chair_kg, source, is_confirmed)
    VALUES (:fleet, :since, :opens_at, :closes_at, CAST(:areas AS text[]), :beyond, CAST(:tiers AS jsonb),
            :closes_minutes, :eligible, :free, :fee, :points, :pooled, :width, :length, :weight, :source, false)
    ON CONFLICT DO NOTHING
    """
)
