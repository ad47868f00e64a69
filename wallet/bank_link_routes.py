"""Linking a bank account over HTTP; the bank is called between units of work."""

from __future__ import annotations

from typing import Any

from core import db
from core.clock import on_the_wire
from core.errors import (
    InsufficientAuthentication,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unavailable,
)
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.settings import settings
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from identity import levels, people
from partners import wire
from partners.ach.banks import BANKS
from partners.ach.client import AuthorisationRequest
from partners.bank.client import Mandate, MandateRequest
from wallet import ach_mandates, bank_links, mandates
from wallet.bank_links import BANK_OF_KAOHSIUNG, BankLink
from wallet.errors import BankLinkNotActive, BankRefusedConsent
from wallet.ports import ports
from wallet.schemas import (
    BankLinkChange,
    BankLinkCompletion,
    BankLinkCreate,
    BankLinkPage,
    BankLinkSchema,
    BankLinkStartedSchema,
    BankPage,
)

routes = Routes("bank_links")

_ETAG = {200: ETAG}
_BANK_NAME = Text("高雄銀行", "Bank of Kaohsiung")


@routes.get(
    "/v1/banks",
    access=citizen(loa=2),
    answers={200: BankPage},
    summary=Text("可以連結的銀行", "Banks whose accounts can be linked"),
)
def list_banks(call: Call) -> Answer:
    """The city's own bank first; `needs_account` says that POST /v1/bank-links wants the account's number too."""
    items = [{"bank": BANK_OF_KAOHSIUNG, "name": _BANK_NAME.in_language(call.language), "needs_account": False}]
    items += [
        {"bank": code, "name": name.in_language(call.language), "needs_account": True} for code, name in BANKS.items()
    ]
    return Answer({"items": items, "next_cursor": None})


@routes.post(
    "/v1/bank-links",
    access=citizen(loa=3, phishing_resistant=True),
    body=BankLinkCreate,
    answers={201: BankLinkStartedSchema},
    problems=[InvalidRequest],
    own_units=True,
    summary=Text("連結銀行帳戶", "Link a bank account"),
)
def begin_bank_link(call: Call) -> Answer:
    """Answers the address of the bank's own page, where the citizen chooses the account and the limits. An account at
    another bank is asked for through the clearing house, and its number goes there and is not kept."""
    bank = ach_mandates.bank_wanted(call.body["bank"], call.body["account_no"])
    with db.unit_of_work() as session:
        link_id, state = bank_links.begin(session, person_id=call.actor.id, bank=bank, now=call.now)
        national_id = people.opened_national_id(people.get(session, call.actor.id))
    asked = {
        "reference": typeid("blk", link_id),
        "return_url": f"{settings().public_origin}/app/bank-return",
        "holder_ref": typeid("per", call.actor.id),
        "state": state,
    }
    request: MandateRequest | AuthorisationRequest
    try:
        if bank == BANK_OF_KAOHSIUNG:
            request = ports().bank.request_mandate(**asked, holder_hint=national_id)
        else:
            request = ports().ach.request_authorisation(
                **asked, bank=call.body["bank"], account_no=call.body["account_no"], holder_id=national_id
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
    access=citizen(loa=3, phishing_resistant=True),
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
        if link.status in ("active", "paused"):
            return Answer(_on_the_wire(link, call.language))
        if call.body["code"] is None:
            link = bank_links.refuse(session, person_id=call.actor.id, link_id=link_id, now=call.now)
            return Answer(_on_the_wire(link, call.language))
    try:
        mandate, status = _exchanged(link, call.body["code"])
    except wire.Refused:
        raise BankRefusedConsent from None
    except wire.CallFailed as failure:
        raise Unavailable from failure
    whose: dict[str, Any] = {"person_id": call.actor.id, "link_id": link_id, "now": call.now}
    with db.unit_of_work() as session:
        if status == "active":
            link = bank_links.activate(session, mandate=mandate, **whose)
        elif status == "pending":
            link = bank_links.answers_later(session, mandate=mandate, **whose)
        else:
            link = bank_links.refuse(session, **whose)
    return Answer(_on_the_wire(link, call.language))


@routes.get(
    "/v1/bank-links",
    access=citizen(loa=2),
    answers={200: BankLinkPage},
    summary=Text("我的銀行帳戶", "My bank accounts"),
)
def list_bank_links(call: Call) -> Answer:
    """The accounts I have linked."""
    links = bank_links.links_of(call.session, call.actor.id, now=call.now)
    return Answer({"items": [_on_the_wire(link, call.language) for link in links], "next_cursor": None})


@routes.get(
    "/v1/bank-links/<link_id>",
    access=citizen(loa=2),
    answers={200: BankLinkSchema},
    answer_headers=_ETAG,
    problems=[NotFound],
    summary=Text("一個銀行帳戶", "One bank account"),
)
def show_bank_link(call: Call) -> Answer:
    """One of the accounts I have linked, with the entity tag that a change of it needs."""
    link_id = parse_typeid("blk", call.path["link_id"])
    link = bank_links.seen_link(call.session, person_id=call.actor.id, link_id=link_id, now=call.now)
    return _tagged(link, call.language)


@routes.patch(
    "/v1/bank-links/<link_id>",
    access=citizen(loa=2),
    body=BankLinkChange,
    answers={200: BankLinkSchema},
    answer_headers=_ETAG,
    problems=[NotFound, BankLinkNotActive, PreconditionRequired, PreconditionFailed, InsufficientAuthentication],
    summary=Text("帳戶的名稱、優先順序、暫停與恢復", "Name, prefer, pause or resume an account"),
)
def change_bank_link(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading (RFC 9110 §13.1.1). Pausing takes effect at once for every
    debit that has not begun. To resume needs the passkey (level 3)."""
    link_id = parse_typeid("blk", call.path["link_id"])
    reached = levels.for_money(loa=call.actor.loa, is_phishing_resistant=call.actor.is_phishing_resistant)
    if call.body["status"] == "active" and reached < 3:
        raise InsufficientAuthentication(loa=3, is_phishing_resistant=True)
    bank_links.change(
        call.session,
        person_id=call.actor.id,
        link_id=link_id,
        version=version_of(call),
        name=call.body["name"],
        is_preferred=call.body["is_preferred"],
        status=call.body["status"],
        now=call.now,
    )
    link = bank_links.seen_link(call.session, person_id=call.actor.id, link_id=link_id, now=call.now)
    return _tagged(link, call.language)


@routes.delete(
    "/v1/bank-links/<link_id>",
    access=citizen(loa=3, phishing_resistant=True),
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
    if link.mandate_id and link.status in ("pending", "active", "paused"):
        tell = mandates.tell if link.bank == BANK_OF_KAOHSIUNG else ach_mandates.tell
        tell(link.mandate_id)
    return Answer(status=204)


def _exchanged(link: BankLink, code: str) -> tuple[Mandate, str]:
    """The mandate that a code stands for, and where it stands: active, pending (the bank answers later), refused."""
    if link.bank == BANK_OF_KAOHSIUNG:
        return ports().bank.exchange_code(code), "active"
    authorisation = ports().ach.exchange_code(code)
    return ach_mandates.mandate_of(authorisation), authorisation.status


def _tagged(link: BankLink, language: str) -> Answer:
    return tagged(_on_the_wire(link, language), link.version)


def _on_the_wire(link: BankLink, language: str) -> dict[str, Any]:
    return {
        "id": typeid("blk", link.id),
        "bank": link.bank,
        "bank_name": BANKS.get(link.bank, _BANK_NAME).in_language(language),
        "account": link.account_masked or None,
        "name": link.name,
        "is_preferred": link.is_preferred,
        "status": link.status,
        "per_payment_limit": link.per_payment_limit_twd or None,
        "daily_limit": link.daily_limit_twd or None,
        "monthly_limit": link.monthly_limit_twd or None,
        "left_today": link.room_today_twd if link.daily_limit_twd else None,
        "currency": "TWD",
        "version": link.version,
        "created_at": on_the_wire(link.created_at),
    }
