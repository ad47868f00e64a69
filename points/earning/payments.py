"""Payments that earn: one lot from each campaign that they are for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.outbox import Event
from points import campaigns, texts
from points.earning import granting, rules
from points.earning.granting import Occasion
from points.earning.kinds import PAYMENT_CAPTURED
from points.entries import about_payment
from points.lots import standing_basis_twd


def grant_for_payment(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_captured: one lot from each campaign that the payment earns from, or a note why there is none."""
    paid = event.payload
    paid_at = datetime.fromisoformat(paid["captured_at"])
    payment_id, in_money_twd, facts = UUID(paid["payment_id"]), money_of(paid), facts_of(paid)
    for campaign in campaigns.locked_for(session, PAYMENT_CAPTURED, at=paid_at, rail=paid["rail"]):
        if not rules.are_met(campaign.terms.conditions, facts):
            continue
        standing_twd = standing_basis_twd(session, payment_id, in_money_twd)
        occasion = Occasion(
            about=about_payment(payment_id),
            person_id=UUID(paid["person_id"]),
            happened_at=paid_at,
            measured=standing_twd,
            facts=facts,
            sentence=texts.EARNED,
            values={"basis": f"{standing_twd:,}"},
            basis_twd=in_money_twd,
        )
        against = None if standing_twd > 0 else "refunded"
        granting.decide(session, campaign, occasion, against=against if in_money_twd else "paid_in_points", now=now)


def money_of(paid: dict[str, Any]) -> int:
    """The NT$ of the payment that earn: without the fee, and without points, which earn no points."""
    return int(paid["amount_twd"] - paid.get("points_pt", 0))


def facts_of(paid: dict[str, Any]) -> dict[str, Any]:
    """What a campaign's conditions may ask of a payment."""
    return {
        "rail": paid["rail"],
        "kinds": paid.get("kinds", []),
        "due_before": paid.get("due_before"),
        "amount_twd": money_of(paid),
    }
