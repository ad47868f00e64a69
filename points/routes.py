"""Points over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.clock import on_the_wire
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import typeid
from core.text import Text
from identity import acting
from identity.delegation_rules import POINTS_READ
from points import extension_routes, history, report_routes
from points.earning import citizen_routes as earning_citizen_routes
from points.earning import deed_routes
from points.earning import desk_routes as earning_desk_routes
from points.entries import ABOUT
from points.exchange import agreement_routes as exchange_agreement_routes
from points.exchange import desk_routes as exchange_desk_routes
from points.exchange import netting_routes as exchange_netting_routes
from points.exchange import routes as exchange_routes
from points.merchants import desk_routes as merchant_desk_routes
from points.merchants import money_routes, offer_routes, owner_routes, place_routes
from points.schemas import PointsEntryPage, PointsSchema
from points.till import citizen_routes
from points.till import desk_routes as till_desk_routes
from points.till import offer_routes as till_offer_routes
from points.till import routes as till_routes

routes = Routes("points")
ROUTES = (
    routes,
    till_routes.routes,
    till_offer_routes.routes,
    citizen_routes.routes,
    till_desk_routes.routes,
    exchange_routes.routes,
    exchange_desk_routes.routes,
    exchange_netting_routes.routes,
    exchange_agreement_routes.routes,
    owner_routes.routes,
    place_routes.routes,
    offer_routes.routes,
    money_routes.routes,
    merchant_desk_routes.routes,
    earning_desk_routes.routes,
    earning_citizen_routes.routes,
    deed_routes.routes,
    report_routes.routes,
    extension_routes.routes,
)
_CITIZEN = citizen(loa=2, delegable=POINTS_READ)


@routes.get(
    "/v1/points",
    access=_CITIZEN,
    answers={200: PointsSchema},
    summary=Text("我的點數", "My points: the balance, the lots it lies in, and what expires when"),
)
def my_points(call: Call) -> Answer:
    standing = history.standing(call.session, person_id=_seen_by(call), now=call.now)
    return Answer(
        {
            "balance": standing.balance,
            "owed": standing.owed,
            "expiring": [{"amount": amount, "expires_on": day.isoformat()} for amount, day in standing.expiring],
            "lots": [
                {
                    "id": typeid("lot", lot.id),
                    "amount": lot.amount,
                    "remaining": lot.remaining,
                    "earned_at": on_the_wire(lot.earned_at),
                    "expires_on": lot.expires_on.isoformat(),
                    "reason": lot.reason.in_language(call.language),
                    "extended": lot.extended.in_language(call.language) if lot.extended else None,
                }
                for lot in standing.lots
            ],
        }
    )


@routes.get(
    "/v1/points/entries",
    access=_CITIZEN,
    query=PageQuery,
    answers={200: PointsEntryPage},
    summary=Text("點數明細", "How my points came and went, newest first"),
)
def my_entries(call: Call) -> Answer:
    page, next_cursor = history.entries(
        call.session, person_id=_seen_by(call), limit=call.query["limit"], cursor=call.query["cursor"]
    )
    items = [
        {
            "id": typeid("pte", entry.id),
            "amount": entry.amount,
            "kind": entry.kind,
            "reason": entry.reason.in_language(call.language),
            "at": on_the_wire(entry.at),
            "lot_id": typeid("lot", entry.lot_id),
            "about": {"kind": entry.about.kind, "id": typeid(ABOUT[entry.about.kind], entry.about.id)},
            "payment_id": typeid("pay", entry.about.id) if entry.about.kind == "payment" else None,
        }
        for entry in page
    ]
    return Answer({"items": items, "next_cursor": next_cursor})


def _seen_by(call: Call) -> UUID:
    """Whose points the caller may see; seeing somebody else's is written down for them."""
    person_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, person_id, POINTS_READ, what="points", now=call.now)
    return person_id
