"""Linking a bank account over HTTP; the bank is called between units of work."""

from __future__ import annotations

from typing import Any

from core import db
from core.clock import on_the_wire
from core.errors import NotFound, Unavailable
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.settings import settings
from core.text import Text
from identity import people
from partners import wire
from wallet import bank_links
from wallet.bank_links import BankLink
from wallet.errors import BankRefusedConsent
from wallet.ports import ports
from wallet.schemas import BankLinkCompletion, BankLinkCreate, BankLinkPage, BankLinkSchema, BankLinkStartedSchema

routes = Routes("bank_links")

_BANK_NAME = Text("高雄銀行", "Bank of Kaohsiung")


@routes.post(
    "/v1/bank-links",
    access=citizen(loa=3),
    body=BankLinkCreate,
    answers={201: BankLinkStartedSchema},
    own_units=True,
    summary=Text("連結銀行帳戶", "Link a bank account"),
)
def begin_bank_link(call: Call) -> Answer:
    """Answers the address of the bank's own page, where the citizen chooses the account and the limits."""
    with db.unit_of_work() as session:
        link_id, state = bank_links.begin(session, person_id=call.actor.id, now=call.now)
        national_id = people.opened_national_id(people.get(session, call.actor.id))
    try:
        request = ports().bank.request_mandate(
            reference=typeid("blk", link_id),
            return_url=f"{settings().public_origin}/app/bank-return",
            holder_ref=typeid("per", call.actor.id),
            state=state,
            holder_hint=national_id,
        )
    except wire.CallFailed as failure:
        raise Unavailable from failure
    with db.unit_of_work() as session:
        bank_links.requested(
            session, person_id=call.actor.id, link_id=link_id, request_id=request.request_id, now=call.now
        )
        link = bank_links.link_of(session, person_id=call.actor.id, link_id=link_id)
    return Answer(_on_the_wire(link, call.language) | {"authorize_url": request.authorize_url}, 201)


@routes.post(
    "/v1/bank-links/<link_id>/completion",
    access=citizen(loa=3),
    body=BankLinkCompletion,
    answers={200: BankLinkSchema},
    problems=[NotFound, BankRefusedConsent],
    own_units=True,
    summary=Text("從銀行回來，完成連結", "Back from the bank: finish the link"),
)
def complete_bank_link(call: Call) -> Answer:
    """Exchanges what the bank's redirect brought back for a mandate. Sent twice, it answers the same link."""
    link_id = parse_typeid("blk", call.path["link_id"])
    with db.unit_of_work() as session:
        link = bank_links.check_return(session, person_id=call.actor.id, link_id=link_id, state=call.body["state"])
        if link.status == "active":
            return Answer(_on_the_wire(link, call.language))
        if call.body["code"] is None:
            link = bank_links.refuse(session, person_id=call.actor.id, link_id=link_id, now=call.now)
            return Answer(_on_the_wire(link, call.language))
    try:
        mandate = ports().bank.exchange_code(call.body["code"])
    except wire.Refused:
        raise BankRefusedConsent from None
    except wire.CallFailed as failure:
        raise Unavailable from failure
    with db.unit_of_work() as session:
        link = bank_links.activate(session, person_id=call.actor.id, link_id=link_id, mandate=mandate, now=call.now)
    return Answer(_on_the_wire(link, call.language))


@routes.get(
    "/v1/bank-links",
    access=citizen(loa=2),
    answers={200: BankLinkPage},
    summary=Text("我的銀行帳戶", "My bank accounts"),
)
def list_bank_links(call: Call) -> Answer:
    """The accounts I have linked."""
    links = bank_links.links_of(call.session, call.actor.id)
    return Answer({"items": [_on_the_wire(link, call.language) for link in links], "next_cursor": None})


@routes.delete(
    "/v1/bank-links/<link_id>",
    access=citizen(loa=3),
    answers={204: None},
    problems=[NotFound],
    own_units=True,
    summary=Text("解除銀行帳戶", "Unlink a bank account"),
)
def remove_bank_link(call: Call) -> Answer:
    """Ends the mandate here at once, and at the bank."""
    link_id = parse_typeid("blk", call.path["link_id"])
    with db.unit_of_work() as session:
        link = bank_links.revoke(session, person_id=call.actor.id, link_id=link_id, now=call.now)
    if link.mandate_id and link.status == "active":
        try:
            ports().bank.revoke_mandate(link.mandate_id)
        except wire.CallFailed:
            # Nothing can be debited through a link that is revoked here, whatever the bank still believes.
            pass
    return Answer(status=204)


def _on_the_wire(link: BankLink, language: str) -> dict[str, Any]:
    return {
        "id": typeid("blk", link.id),
        "bank": link.bank,
        "bank_name": _BANK_NAME.in_language(language),
        "account": link.account_masked or None,
        "status": link.status,
        "per_payment_limit": link.per_payment_limit_twd or None,
        "daily_limit": link.daily_limit_twd or None,
        "currency": "TWD",
        "created_at": on_the_wire(link.created_at),
    }
