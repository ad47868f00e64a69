"""Accounts elsewhere over HTTP: the one that waits to be linked, those that are, and undoing it."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import InsufficientAuthentication, NotFound
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import federation, federation_ports, linked_accounts
from identity.federation_errors import AccountLinked, NoPendingLink, TooManyLinkedAccounts
from identity.federation_models import LinkedAccount
from identity.federation_routes import COOKIE, shown_waiting
from identity.federation_schemas import LinkedAccountSchema, LinkedAccountsSchema, LinkRequest, PendingLinkSchema

routes = Routes("identity")


@routes.get(
    "/v1/auth/social/pending-link",
    access=public(),
    answers={200: PendingLinkSchema},
    problems=[NoPendingLink],
    summary=Text("等待連結的帳號", "The account that waits to be linked"),
)
def show_pending_link(call: Call) -> Answer:
    """What this browser has shown to hold: known by its cookie, to nobody else."""
    return Answer(shown_waiting(linked_accounts.waiting_for(call.session, _browser(call), now=call.now)))


@routes.delete(
    "/v1/auth/social/pending-link",
    access=public(),
    answers={204: None},
    summary=Text("不連結這個帳號", "Do not link it"),
)
def put_off_pending_link(call: Call) -> Answer:
    """Nothing of the account is kept."""
    linked_accounts.put_off(call.session, _browser(call))
    return Answer(status=204)


@routes.get(
    "/v1/me/linked-accounts",
    access=citizen(loa=1),
    answers={200: LinkedAccountsSchema},
    summary=Text("可以登入我的其他帳號", "The accounts elsewhere that sign me in"),
)
def list_linked_accounts(call: Call) -> Answer:
    """The oldest link first."""
    items = [_item(account) for account in linked_accounts.of(call.session, call.actor.id)]
    can_link = [name for name in linked_accounts.PROVIDER_NAMES if federation_ports.is_offered(name)]
    return Answer({"items": items, "can_link": can_link})


@routes.post(
    "/v1/me/linked-accounts",
    access=citizen(loa=2),
    body=LinkRequest,
    answers={201: LinkedAccountSchema},
    problems=[NoPendingLink, AccountLinked, TooManyLinkedAccounts],
    summary=Text("確認連結這個帳號", "Yes, link this account"),
)
def link_account(call: Call) -> Answer:
    """The account that waits in this browser signs the caller in from now on."""
    waiting_id = parse_typeid("plk", call.body["pending_link_id"])
    linked = linked_accounts.link(call.session, call.actor, _browser(call), waiting_id, now=call.now)
    return Answer(_item(linked), 201)


@routes.delete(
    "/v1/me/linked-accounts/<linked_account_id>",
    access=citizen(loa=2),
    answers={204: None},
    problems=[NotFound, InsufficientAuthentication],
    summary=Text("解除連結", "Unlink an account"),
)
def unlink_account(call: Call) -> Answer:
    """It signs the caller in no more, and the caller's other sessions end."""
    linked_id = parse_typeid("lac", call.path["linked_account_id"])
    linked_accounts.unlink(call.session, call.actor, linked_id, now=call.now)
    return Answer(status=204)


def _browser(call: Call) -> str:
    return federation.browser_of(call.request.cookies.get(COOKIE))


def _item(account: LinkedAccount) -> dict[str, Any]:
    return {
        "id": typeid("lac", account.id),
        "provider": account.provider,
        "label": linked_accounts.label_of(account),
        "linked_at": on_the_wire(account.linked_at),
        "last_used_at": on_the_wire(account.last_used_at) if account.last_used_at else None,
    }
