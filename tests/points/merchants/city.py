"""Merchants that take part already, what is redeemed there, and what the bank holds, for tests about something else."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import db
from core.ids import new_uuid
from core.taiwan import business_id_valid
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
