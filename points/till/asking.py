"""Asking for points: a till that has read a customer's code, or a citizen who has scanned a shop's.

Everything that a question changes is one transaction: the code that is used up, the count against the limits, the
offer's stock, the points and their entries in the book, the redemption, the event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox, statements
from core.clock import taipei_date
from core.ids import new_uuid
from core.statements import together
from core.text import Text
from identity import sessions
from identity.actors import Actor
from points import limits, tender
from points.merchants import offers
from points.tender import For
from points.till import pay_codes, rules, texts, wrong_tries
from points.till.errors import CodeAlreadyUsed, OfflineLimit, PhoneSignedOut, ReferenceUsed, ShopCodeUnknown, used_at
from points.till.pay_codes import Presented
from points.till.redemptions import REDEMPTION_MOVED, SHOP_NAMES, Status, facts, subjects, target_of
from points.till.rules import Rule


@dataclass(frozen=True, slots=True)
class Sale:
    """What is asked for: points, and what a till likes to keep with them: the price of it all, an offer, its own number
    of the sale."""

    points: int
    sale_twd: int | None = None
    offer_id: UUID | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A redemption that has just been asked for."""

    id: UUID
    status: Status
    reason: str
    presented: str
    answer_by: datetime | None
    done_at: datetime | None
    staff_name: str = ""


def ask(session: Session, *, till: Actor, code: str, sale: Sale, now: datetime) -> Asked:
    """A till's question: take so many points of whoever shows this code.

    Done at once; or it waits for the citizen (many points), or for the desk (over a limit): then the points are set
    aside. Raises the refusals of `points.till.errors`, NotEnoughPoints, and those of `offers.take`; then nothing has
    changed.
    """
    number = pay_codes.number_in(code)
    found = session.execute(
        _PRESENTED,
        {"number": number, "subject": str(till.id), "branch_id": till.branch_id, "staff_id": till.staff_id, "now": now},
    ).one()
    wrong_tries.refuse_after("code", found.wrong, found.wrong_until, now)
    rule = rules.of_row(found)
    shown = pay_codes.presented(found if found.token_id else None, code, rule, now)
    if found.revoked_at is not None:
        raise PhoneSignedOut
    presented = "offline_code" if shown.is_offline else "code"
    who = _Who(shown.person_id, shown.session_id, presented, shown, till)
    asked = _begin(session, rule, _shop(found), sale, who, now)
    return replace(asked, staff_name=found.staff_name or "")


def ask_at_shop(session: Session, *, citizen: Actor, shop_code: str, sale: Sale, now: datetime) -> Asked:
    """A citizen who has scanned a shop's printed code pays points there. Raises ShopCodeUnknown, else as `ask`."""
    found = session.execute(_SHOP, {"shop_code": shop_code, "now": now}).one_or_none()
    if found is None:
        raise ShopCodeUnknown
    who = _Who(citizen.id, citizen.session_id, "shop_code")
    return _begin(session, rules.of_row(found), _shop(found), sale, who, now)


@dataclass(frozen=True, slots=True)
class _Shop:
    merchant_id: UUID
    branch_id: UUID
    name: Text


@dataclass(frozen=True, slots=True)
class _Who:
    """Who pays and by what; `shown` is the code that `till` has read."""

    person_id: UUID
    session_id: UUID | None
    presented: str
    shown: Presented | None = None
    till: Actor | None = None


@dataclass(frozen=True, slots=True)
class _Counted:
    person_id: UUID
    merchant_id: UUID
    session_id: UUID | None


def _counted(shop: _Shop, who: _Who) -> _Counted:
    return _Counted(who.person_id, shop.merchant_id, who.session_id)


def _begin(session: Session, rule: Rule, shop: _Shop, sale: Sale, who: _Who, now: datetime) -> Asked:
    asked = _decided(session, rule, shop, sale, who, now)
    locking = tender.locking_lots(who.person_id, now)
    writing = _writing(session, asked, rule, shop, sale, who, now)
    if sale.offer_id is None:
        written, lots = together(session, writing, locking)
        _must_be_first(session, written, rule, who)
    else:
        _must_be_first(session, session.execute(*writing), rule, who)
        offers.take(session, sale.offer_id, who.person_id, sale.points, now, merchant_id=shop.merchant_id)
        lots = session.execute(*locking)
    use = For("redemption", asked.id, target_of(shop.merchant_id), texts.redeemed_at(shop.name))
    status: tender.Status = "spent" if asked.status == "done" else "held"
    tender.take_from(session, lots.all(), use, status, person_id=who.person_id, points=sale.points, now=now)
    return asked


def _decided(session: Session, rule: Rule, shop: _Shop, sale: Sale, who: _Who, now: datetime) -> Asked:
    """How it begins, counted against the limits. Raises PhoneSignedOut for a code of a phone that is signed out."""
    redemption_id, counts = new_uuid(), sale.points <= rule.confirm_above
    asked = [limits.counting(subjects(_counted(shop, who)), sale.points, now)] if counts else []
    if who.shown is not None:
        asked = [sessions.asking_whether_live(who.shown.person_id, who.shown.session_id, now), *asked]
    answers = together(session, *asked) if asked else []
    if who.shown is not None and answers[0].first() is None:
        raise PhoneSignedOut
    if not counts:
        answer_by = now + timedelta(seconds=rule.confirm_seconds)
        return Asked(redemption_id, "awaiting_citizen", "", who.presented, answer_by, None)
    over = limits.exceeded(answers[-1])
    if over is not None:
        answer_by = now + timedelta(days=rule.held_days)
        return Asked(redemption_id, "held", over.code, who.presented, answer_by, None)
    return Asked(redemption_id, "done", "", who.presented, None, now)


def _writing(
    session: Session, asked: Asked, rule: Rule, shop: _Shop, sale: Sale, who: _Who, now: datetime
) -> statements.Asked:  # fmt: skip
    shown, till = who.shown, who.till
    said = facts(asked.id, who.person_id, shop.name, sale.points, asked.status, asked.reason, 0, asked.answer_by, now)
    values = {
        "id": asked.id, "merchant_id": shop.merchant_id, "branch_id": shop.branch_id,
        "till_id": till.id if till else None, "staff_id": till.staff_id if till else None,
        "person_id": who.person_id, "session_id": who.session_id, "offer_id": sale.offer_id, "points": sale.points,
        "sale_twd": sale.sale_twd, "reference": sale.reference, "status": asked.status, "reason": asked.reason,
        "presented": asked.presented, "answer_by": asked.answer_by, "done_at": asked.done_at, "day": taipei_date(now),
        "now": now, **outbox.values_for(session, REDEMPTION_MOVED, said, now=now),
    }  # fmt: skip
    if shown is None:
        return _ADD_AT_SHOP, values
    offline_points = sale.points if shown.is_offline else 0
    return _ADD_AT_TILL, values | {
        "token_id": shown.token_id, "step": shown.step, "offline_points": offline_points,
        "offline_most": rule.offline_most,
    }  # fmt: skip


def _must_be_first(session: Session, written: Any, rule: Rule, who: _Who) -> None:
    """Raises CodeAlreadyUsed, OfflineLimit, ReferenceUsed where what `_writing` asked has not been written."""
    shown = who.shown
    if shown is None:
        return
    is_first = written.one()
    if not is_first.is_first_use:
        used = session.execute(_USED, {"token_id": shown.token_id, "step": shown.step}).one_or_none()
        if used is not None:
            raise CodeAlreadyUsed(used_at(used.created_at))
        spent = session.execute(_OFFLINE_SPENT, {"token_id": shown.token_id}).scalar_one()
        raise OfflineLimit(most=max(0, rule.offline_most - int(spent)))
    if not is_first.is_first_sale:
        raise ReferenceUsed


def _shop(found: Any) -> _Shop:
    return _Shop(found.merchant_id, found.branch_id, Text(found.shop_zh, found.shop_en))


_NAMES = f"b.merchant_id, b.id AS branch_id, {SHOP_NAMES}"
# Everything that is looked at before the code is weighed; no row of a key where there is none of that number.
_PRESENTED = text(
    f"""
    SELECT {rules.COLUMNS}, {_NAMES}, t.id AS token_id, t.person_id, t.session_id, t.sealed_key, t.made_at,
           t.valid_until, t.revoked_at, w.used AS wrong, w.resets_at AS wrong_until, s.name AS staff_name
      FROM {rules.NEWEST} AS r
      JOIN points.branch AS b ON b.id = :branch_id
      JOIN points.merchant AS m ON m.id = b.merchant_id
      LEFT JOIN points.pay_token AS t ON t.number = :number
      LEFT JOIN points.staff AS s ON s.id = :staff_id
      LEFT JOIN points.wrong_try AS w ON w.kind = 'code' AND w.subject = :subject
    """  # noqa: S608
)
_SHOP = text(
    f"""
    SELECT {rules.COLUMNS}, {_NAMES}
      FROM {rules.NEWEST} AS r
      JOIN points.branch AS b ON b.shop_code = :shop_code AND b.closed_at IS NULL
      JOIN points.merchant AS m ON m.id = b.merchant_id AND m.status = 'approved'
    """  # noqa: S608
)
_ADD = """
    INSERT INTO points.redemption (id, merchant_id, branch_id, till_id, staff_id, person_id, session_id, offer_id,
                                   points, sale_twd, reference, status, reason, presented, created_at, answer_by,
                                   done_at, business_day)
    SELECT :id, :merchant_id, :branch_id, :till_id, :staff_id, :person_id, :session_id, :offer_id, :points, :sale_twd,
           :reference, :status, :reason, :presented, CAST(:now AS timestamptz), CAST(:answer_by AS timestamptz),
           CAST(:done_at AS timestamptz), CAST(:day AS date)
"""
_SAY = """
    INSERT INTO core.outbox (id, kind, payload, recorded_at)
    SELECT :event_id, :event_kind, CAST(:event_payload AS jsonb), CAST(:event_recorded_at AS timestamptz) FROM asked
"""
# A code is good once, and a sale is asked for once; what waits for another here waits for the same code or sale.
_ADD_AT_TILL = text(
    f"""
    WITH used AS (
        INSERT INTO points.pay_code_use (token_id, step, redemption_id, offline_points)
        SELECT :token_id, :step, :id, :offline_points
         WHERE :offline_points = 0 OR :offline_most >= :offline_points + (
               SELECT coalesce(sum(u.offline_points), 0) FROM points.pay_code_use AS u WHERE u.token_id = :token_id)
        ON CONFLICT (token_id, step) DO NOTHING RETURNING step
    ), asked AS (
        {_ADD} FROM used ON CONFLICT (till_id, reference) WHERE reference IS NOT NULL DO NOTHING RETURNING id
    ), said AS ({_SAY})
    SELECT EXISTS (SELECT FROM used) AS is_first_use, EXISTS (SELECT FROM asked) AS is_first_sale
    """  # noqa: S608
)
_ADD_AT_SHOP = text(f"WITH asked AS ({_ADD} RETURNING id) {_SAY}")
_USED = text(
    "SELECT r.created_at FROM points.pay_code_use AS u JOIN points.redemption AS r ON r.id = u.redemption_id "
    "WHERE u.token_id = :token_id AND u.step = :step"
)
_OFFLINE_SPENT = text("SELECT coalesce(sum(offline_points), 0) FROM points.pay_code_use WHERE token_id = :token_id")
