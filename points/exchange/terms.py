"""What was agreed with each partner: rates, fees and limits by date, and the budget in the book. All of it is data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.text import Text
from ledger import book
from ledger.errors import AccountNotOpen
from partners.exchanging import Direction
from points.campaigns import ASSET

_NAMESPACE: Final = UUID("2f1b6f7c-4a0e-5a52-9f0b-65786368616e")
_DEMO_SOURCE: Final = "terms of the demo; the real ones are in the contract with the partner"
_DEMO_BUDGET_POINTS: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class PartnerTerms:
    """A partner as people read of it."""

    code: str
    name: Text
    unit: Text
    account: Text
    arrives: Text
    bureau: str
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Rate:
    """What counts for one direction now. `points_step` points are worth `value_step` of the partner's unit."""

    id: UUID
    partner: str
    direction: Direction
    points_step: int
    value_step: int
    fee_points: int
    least_points: int
    most_points: int
    most_points_day: int
    most_points_month: int

    def value_of(self, points: int) -> int:
        """What so many points are worth; they are a multiple of the step."""
        return points // self.points_step * self.value_step


def offered(session: Session, now: datetime) -> list[tuple[PartnerTerms, list[Rate]]]:
    """Every open partner that has rates of this moment, with them, in their order."""
    return [(each, rates) for each, rates in known(session, now) if each.is_open and rates]


def known(session: Session, now: datetime) -> list[tuple[PartnerTerms, list[Rate]]]:
    """Every partner with its rates of this moment, in their order."""
    rates: dict[str, list[Rate]] = {}
    for row in session.execute(_RATES, {"now": now}).all():
        rates.setdefault(row.partner_code, []).append(_rate(row))
    partners = [_partner(row) for row in session.execute(_PARTNERS).all()]
    return [(each, rates.get(each.code, [])) for each in partners]


def rate_of(session: Session, partner: str, direction: str, now: datetime) -> Rate | None:
    """The rate of this moment, or None where that is not offered."""
    row = session.execute(_RATE, {"partner": partner, "direction": direction, "now": now}).first()
    return None if row is None else _rate(row)


def rate(session: Session, rate_id: UUID) -> Rate:
    """A rate that an offer was made with."""
    return _rate(session.execute(_RATE_BY_ID, {"id": rate_id}).one())


def partner_terms(session: Session, code: str) -> PartnerTerms | None:
    """A partner, open or not, or None."""
    row = session.execute(_PARTNER, {"code": code}).first()
    return None if row is None else _partner(row)


def budget_code(partner: str) -> str:
    """The code of the account of how many points may still be exchanged with the partner; never below zero."""
    return f"points:partner-budget:{partner}"


def used_code(partner: str) -> str:
    """The code of the account of the part of the budget that is used."""
    return f"points:partner-budget-used:{partner}"


def clearing_code(partner: str) -> str:
    """The code of the account of points that went to the partner, less those that came from there."""
    return f"points:partner:{partner}"


def source_code(partner: str) -> str:
    """The code of the campaign that grants what comes from the partner, and the end of its account's."""
    return f"exchange-in-{partner}"


def open_partner(session: Session, partner: str, *, budget_points: int, now: datetime, bureau: str) -> None:
    """Open a partner's accounts in the book, with its first budget, and the source of points that come from there.
    Again does nothing."""
    budget = book.open_account(session, budget_code(partner), ASSET, now=now, never_negative=True)
    book.open_account(session, used_code(partner), ASSET, now=now, is_hot=True)
    book.open_account(session, clearing_code(partner), ASSET, now=now, is_hot=True)
    source = book.open_account(session, f"points:campaign:{source_code(partner)}", ASSET, now=now, never_negative=True)
    funding = book.open_account(
        session, f"points:funding:{bureau}", ASSET, now=now, normal_side=book.Side.DEBIT, is_hot=True
    )
    first = book.Posting(
        uuid5(_NAMESPACE, f"budget {partner}"), funding, budget, budget_points, ASSET, "partner budget", partner
    )
    book.post(session, [first], now=now)
    name = session.execute(_PARTNER, {"code": partner}).one()
    session.execute(
        _SOURCE,
        {"id": uuid5(_NAMESPACE, f"source {partner}"), "code": source_code(partner),
         "zh": f"{name.name_zh}換入", "en": f"From {name.name_en}", "bureau": bureau, "account": source,
         "from": datetime(2026, 1, 1, tzinfo=TAIPEI), "until": datetime(2100, 1, 1, tzinfo=TAIPEI), "now": now},
    )  # fmt: skip


def balance_of(session: Session, code: str) -> int:
    """What an account of the book holds and has not set aside; nothing where it was never opened."""
    try:
        return book.balance(session, book.account_id(code)).available
    except AccountNotOpen:
        return 0


def campaign_of(session: Session, partner: str) -> tuple[UUID, int]:
    """The campaign that grants what comes from the partner, and for how many months it lives."""
    row = session.execute(_SOURCE_OF, {"code": source_code(partner)}).one()
    return row.id, int(row.lifetime_months)


def ensure_demo_terms(session: Session, now: datetime) -> None:
    """The demo city's partners; what has been written before stays as it is."""
    for place, each in enumerate(_DEMO_PARTNERS):
        session.execute(_ADD_PARTNER, {**each, "place": place})
        session.execute(_ADD_ACCOUNT, {"code": each["code"], **_DEMO_ACCOUNTS[each["code"]]})
        for direction in ("out", "in") if each["code"] == "familymart" else ("out",):
            step = _DEMO_STEPS[each["code"], direction]
            session.execute(
                _ADD_RATE,
                {"id": uuid5(_NAMESPACE, f"rate {each['code']} {direction}"), "partner": each["code"],
                 "direction": direction, **dict(zip(_RATE_COLUMNS, step, strict=True)),
                 "from": datetime(2026, 1, 1, tzinfo=UTC), "source": _DEMO_SOURCE},
            )  # fmt: skip
        open_partner(session, each["code"], budget_points=_DEMO_BUDGET_POINTS, now=now, bureau="economic")


def _partner(row: Any) -> PartnerTerms:
    return PartnerTerms(
        row.code, Text(row.name_zh, row.name_en), Text(row.unit_zh, row.unit_en), Text(row.account_zh, row.account_en),
        Text(row.arrives_zh, row.arrives_en), row.bureau, row.is_open,
    )  # fmt: skip


def _rate(row: Any) -> Rate:
    return Rate(
        row.id, row.partner_code, row.direction, row.points_step, row.value_step, row.fee_points, row.least_points,
        row.most_points, row.most_points_day, row.most_points_month,
    )  # fmt: skip


_RATE_COLUMNS = ("points_step", "value_step", "fee", "least", "most", "day", "month")
_DEMO_STEPS: Final = {
    ("ipass", "out"): (1, 1, 0, 10, 2_000, 2_000, 6_000),
    ("okmart", "out"): (1, 10, 0, 10, 2_000, 2_000, 10_000),
    ("pxmart", "out"): (1, 10, 0, 10, 3_000, 3_000, 10_000),
    ("familymart", "out"): (10, 10, 1, 20, 2_000, 2_000, 6_000),
    ("familymart", "in"): (10, 10, 0, 10, 1_000, 1_000, 3_000),
    ("seveneleven", "out"): (10, 9, 0, 10, 2_000, 2_000, 6_000),
}
_DEMO_ACCOUNTS: Final = {
    code: {"payee": payee, "bank_code": bank, "account": account}
    for code, payee, bank, account in (
        ("ipass", "一卡通票證股份有限公司", "016", "016200000101"),
        ("okmart", "來來超商股份有限公司", "004", "004200000102"),
        ("pxmart", "全聯實業股份有限公司", "812", "812200000103"),
        ("familymart", "全家便利商店股份有限公司", "017", "017200000104"),
        ("seveneleven", "統一超商股份有限公司", "822", "822200000105"),
    )
}
_DEMO_PARTNERS: Final[tuple[dict[str, Any], ...]] = (
    {
        "code": "ipass", "name_zh": "一卡通", "name_en": "iPASS", "unit_zh": "元儲值金", "unit_en": "NT$ on the card",
        "account_zh": "卡號 16 碼", "account_en": "card number, 16 digits",
        "arrives_zh": "馬上完成；卡片要再感應一次加值機，或在手機感應後才看得到",
        "arrives_en": "at once; hold the card to a machine or a phone once more to see it",
        "bureau": "economic",
    },
    {
        "code": "okmart", "name_zh": "OK超商", "name_en": "OK mart", "unit_zh": "OK 點", "unit_en": "OK points",
        "account_zh": "會員手機號碼", "account_en": "the member's mobile number",
        "arrives_zh": "馬上入點；對方忙線時最多幾分鐘", "arrives_en": "at once; a few minutes when OK's line is busy",
        "bureau": "economic",
    },
    {
        "code": "pxmart", "name_zh": "全聯", "name_en": "PX Mart", "unit_zh": "福利點", "unit_en": "PX points",
        "account_zh": "會員卡號 13 碼", "account_en": "member's card, 13 digits",
        "arrives_zh": "每晚送出，隔天早上 9 點前入點", "arrives_en": "sent every night, there by 9 the next morning",
        "bureau": "economic",
    },
    {
        "code": "familymart", "name_zh": "全家", "name_en": "FamilyMart", "unit_zh": "Fa 點", "unit_en": "Fa points",
        "account_zh": "會員號碼 10 碼", "account_en": "member's number, 10 digits",
        "arrives_zh": "馬上完成，換出、換入都可以", "arrives_en": "at once, in both directions",
        "bureau": "economic",
    },
    {
        "code": "seveneleven", "name_zh": "7-ELEVEN", "name_en": "7-ELEVEN", "unit_zh": "OPENPOINT 點",
        "unit_en": "OPENPOINT points", "account_zh": "會員號碼 16 碼", "account_en": "member's number, 16 digits",
        "arrives_zh": "通常幾分鐘內入點，最晚隔天", "arrives_en": "usually within minutes, by tomorrow at the latest",
        "bureau": "economic",
    },
)  # fmt: skip

_PARTNERS = text("SELECT * FROM points.partner ORDER BY place, code")
_PARTNER = text("SELECT * FROM points.partner WHERE code = :code")
_RATES = text(
    """
    SELECT DISTINCT ON (partner_code, direction) * FROM points.partner_rate WHERE valid_from <= :now
     ORDER BY partner_code, direction DESC, valid_from DESC
    """
)
_RATE = text(
    """
    SELECT r.* FROM points.partner_rate AS r JOIN points.partner AS p ON p.code = r.partner_code AND p.is_open
     WHERE r.partner_code = :partner AND r.direction = :direction AND r.valid_from <= :now
     ORDER BY r.valid_from DESC LIMIT 1
    """
)
_RATE_BY_ID = text("SELECT * FROM points.partner_rate WHERE id = :id")
_ADD_PARTNER = text(
    """
    INSERT INTO points.partner (code, name_zh, name_en, unit_zh, unit_en, account_zh, account_en, arrives_zh,
                                arrives_en, bureau, is_open, place)
    VALUES (:code, :name_zh, :name_en, :unit_zh, :unit_en, :account_zh, :account_en, :arrives_zh, :arrives_en, :bureau,
            true, :place)
    ON CONFLICT (code) DO NOTHING
    """
)
_ADD_ACCOUNT = text(
    "UPDATE points.partner SET payee = :payee, bank_code = :bank_code, bank_account = :account "
    "WHERE code = :code AND bank_account IS NULL"
)
_ADD_RATE = text(
    """
    INSERT INTO points.partner_rate (id, partner_code, direction, points_step, value_step, fee_points, least_points,
                                     most_points, most_points_day, most_points_month, valid_from, source)
    VALUES (:id, :partner, :direction, :points_step, :value_step, :fee, :least, :most, :day, :month, :from, :source)
    ON CONFLICT DO NOTHING
    """
)
_SOURCE = text(
    """
    INSERT INTO points.campaign (id, code, name_zh, name_en, bureau, event_kind, rail, points_per_payment,
                                 points_per_step, step_twd, points_per_person_and_day, lifetime_months, valid_from,
                                 valid_until, budget_account, created_at)
    VALUES (:id, :code, :zh, :en, :bureau, 'exchange.in', NULL, 0, 1, 1, NULL, 12, :from, :until, :account, :now)
    ON CONFLICT (code) DO NOTHING
    """
)
_SOURCE_OF = text("SELECT id, lifetime_months FROM points.campaign WHERE code = :code")
