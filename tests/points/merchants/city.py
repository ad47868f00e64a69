"""Merchants that take part already, what is redeemed there, and the bank that pays them, for tests of this room."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any
from uuid import UUID

from sandbox_process import SandboxBooks
from sqlalchemy import text

from core import db
from core.clock import taipei_date
from core.districts import DISTRICTS
from core.ids import new_uuid
from core.taiwan import business_id_valid
from core.text import Text
from ledger import book
from partners import wire
from partners.bank.payouts import PayoutClient
from points import tender
from points.merchants import accounts, ports
from tests.points.conftest import NOW

_numbers = itertools.count(10_000_000)


def business_id() -> str:
    """A business id that nobody in this run has."""
    return next(number for each in _numbers if business_id_valid(number := f"{each:08d}"))


def merchant(*, account: str | None = "600100200300", now: datetime = NOW, **changed: Any) -> UUID:
    """An approved merchant with a branch and, unless `account` is None, a proven account at the city's bank."""
    values: dict[str, Any] = {
        "id": new_uuid(), "business_id": business_id(), "name": "鹽埕小吃", "owner": new_uuid(), "status": "approved",
        "bank_code": "016" if account else None, "account": account, "now": now, **changed,
    }  # fmt: skip
    with db.unit_of_work() as session:
        session.execute(_MERCHANT, values)
        session.execute(_BRANCH, {"id": new_uuid(), "merchant_id": values["id"], "code": shop_code(), "now": now})
    return values["id"]  # type: ignore[no-any-return]


def shop_code() -> str:
    """A shop code that nobody in this run has."""
    return f"SH{next(_numbers):08d}"


def redeem(merchant_id: UUID, person_id: UUID, points: int, at: datetime = NOW) -> UUID:
    """So many of this person's points, redeemed at the merchant as its till does it."""
    redemption_id = new_uuid()
    use = tender.For(
        "redemption", redemption_id, accounts.redeemed_code(merchant_id), Text("{points} 點", "{points} points")
    )
    with db.unit_of_work() as session:
        tender.spend_for(session, use, person_id=person_id, points=points, now=at)
        session.execute(
            _REDEEM,
            {"id": redemption_id, "merchant_id": merchant_id, "person_id": person_id, "points": points, "now": at,
             "day": taipei_date(at)},
        )  # fmt: skip
    return redemption_id


def give_back(redemption_id: UUID, points: int, at: datetime = NOW, *, is_void: bool = False) -> None:
    """So many points back from the merchant, as its till does it: a void only of what is not settled."""
    refund_id = new_uuid()
    with db.unit_of_work() as session:
        row = session.execute(_LOCK, {"id": redemption_id}).one()
        assert not is_void or row.settlement_id is None, "what is settled is refunded, not voided"
        session.execute(
            _GIVE_BACK,
            {"id": refund_id, "redemption_id": redemption_id, "merchant_id": row.merchant_id, "points": points,
             "is_void": is_void, "now": at, "day": taipei_date(at)},
        )  # fmt: skip
        tender.give_back(session, payment_id=redemption_id, points=points, cause_id=refund_id, now=at)


def balance(code: str) -> int:
    """What an account of the book holds, on its own side; 0 where nobody has opened it."""
    with db.unit_of_work() as session:
        accounts.opened(session, code, NOW)
        return book.balance(session, book.account_id(code)).posted


def put_the_bank_behind(books: SandboxBooks, *, patience_seconds: float = 2.0) -> None:
    """From now on merchants are paid by this sandbox's bank."""
    peer = wire.Peer("bank", f"{books.url}/bank", "sandbox-bank-secret", read_timeout_seconds=patience_seconds)
    payer = ports.Payer(PayoutClient(peer), "高雄市政府", "016", "901790000002")
    ports.plug_in(ports.Ports(payer, DISTRICTS, lambda _code, _latitude, _longitude: True, "http://localhost/app"))


_REDEEM = text(
    """
    INSERT INTO points.redemption (id, merchant_id, branch_id, person_id, points, status, presented, created_at,
                                   done_at, business_day)
    SELECT :id, :merchant_id, b.id, :person_id, :points, 'done', 'code', :now, :now, :day
      FROM points.branch b WHERE b.merchant_id = :merchant_id ORDER BY b.id LIMIT 1
    """
)
_LOCK = text("SELECT merchant_id, settlement_id FROM points.redemption WHERE id = :id FOR UPDATE")
_GIVE_BACK = text(
    """
    WITH noted AS (
        INSERT INTO points.redemption_refund (id, redemption_id, merchant_id, points, is_void, at, business_day)
        VALUES (:id, :redemption_id, :merchant_id, :points, :is_void, :now, :day)
    )
    UPDATE points.redemption
       SET refunded = refunded + :points, status = CASE WHEN :is_void THEN 'voided' ELSE status END
     WHERE id = :redemption_id
    """
)
_MERCHANT = text(
    """
    INSERT INTO points.merchant (id, business_id, name, category, owner_person_id, phone, status, bank_code,
                                 bank_account, bank_proven_at, applied_at, approved_at)
    VALUES (:id, :business_id, :name, 'food', :owner, '075550123', :status, :bank_code, :account,
            CASE WHEN CAST(:account AS text) IS NOT NULL THEN CAST(:now AS timestamptz) END, :now, :now)
    """
)
_BRANCH = text(
    """
    INSERT INTO points.branch (id, merchant_id, name, address, district, latitude, longitude, shop_code, opened_at)
    VALUES (:id, :merchant_id, '總店', '鹽埕區五福四路 1 號', '64000010', 22.6237, 120.2841, :code, :now)
    """
)
