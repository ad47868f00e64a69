"""How merchants and what is theirs go over the wire, and what their routes read of a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call
from core.ids import parse_typeid, typeid
from points.merchants import bank_accounts, branches, merchants, texts
from points.merchants.branches import Branch
from points.merchants.merchants import Merchant

_T = TypeVar("_T")
ETAG = {"ETag": "what If-Match of the next change carries: the version in quotes"}


def version_of(call: Call) -> int:
    """The version in If-Match. Raises PreconditionRequired without one, PreconditionFailed for what is none of ours."""
    sent = call.request.headers.get("If-Match")
    if sent is None:
        raise PreconditionRequired
    digits = sent.strip().removeprefix('"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise PreconditionFailed
    return int(digits)


def id_of(call: Call, name: str, prefix: str) -> UUID:
    """An id in the address. Raises NotFound."""
    return parse_typeid(prefix, call.path[name])


def after_id(call: Call) -> UUID | None:
    """The place at which a list that is sorted by ids goes on. Raises InvalidRequest."""
    cursor = call.query["cursor"]
    if not cursor:
        return None
    try:
        return UUID(decode_cursor(cursor, str)[0])
    except ValueError:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None


def page(
    found: Sequence[_T], call: Call, shown: Callable[[_T], dict[str, Any]], key: Callable[[_T], tuple[Any, ...]]
) -> Answer:
    """A page of one more than was asked for; `key` is the place of a row in the list."""
    limit = call.query["limit"]
    rows = found[:limit]
    more = encode_cursor(*key(rows[-1])) if len(found) > limit else None
    return Answer({"items": [shown(row) for row in rows], "next_cursor": more})


def item(merchant: Merchant, call: Call) -> dict[str, Any]:
    """A merchant in a list."""
    return {
        "id": typeid("mer", merchant.id),
        "business_id": merchant.business_id,
        "name": merchant.name,
        "name_en": merchant.name_en,
        "category": merchant.category,
        "category_name": texts.CATEGORIES[merchant.category].in_language(call.language),
        "status": merchant.status,
        "status_name": texts.STATUSES[merchant.status].in_language(call.language),
        "status_reason": merchant.status_reason,
        "applied_at": on_the_wire(merchant.applied_at),
        "approved_at": merchant.approved_at and on_the_wire(merchant.approved_at),
        "closed_at": merchant.closed_at and on_the_wire(merchant.closed_at),
        "closed_by": merchant.closed_by,
        "version": merchant.version,
    }


def whole(merchant: Merchant, call: Call) -> dict[str, Any]:
    """A merchant with its account, masked, and what its owner is to do next."""
    proof = bank_accounts.newest(call.session, merchant.id, call.now)
    account = None
    if merchant.account is not None:
        account = {
            "bank_code": merchant.bank_code,
            "account": merchant.account,
            "refused": merchant.bank_refused,
        }
    unsettled_points, unpaid_twd = merchants.left(call.session, merchant.id)
    return {
        **item(merchant, call),
        "phone": merchant.phone,
        "unsettled_points": unsettled_points,
        "unpaid": unpaid_twd,
        "account": account,
        "proof": proof
        and {
            "bank_code": proof.bank_code,
            "account": proof.account,
            "status": proof.status,
            "reason": proof.reason,
            "tries_left": proof.tries_left,
            "asked_at": on_the_wire(proof.asked_at),
        },
        "next_steps": [
            {"code": code, "text": words.in_language(call.language)}
            for code, words in merchants.next_steps(call.session, merchant)
        ],
    }


def tagged(merchant: Merchant, call: Call, *, status: int = 200) -> Answer:
    """A merchant with its entity tag."""
    return Answer(whole(merchant, call), status=status, headers={"ETag": f'"{merchant.version}"'})


def branch(of: Branch, call: Call) -> dict[str, Any]:
    """A branch as its owner sees it."""
    return {
        "id": typeid("brn", of.id),
        "name": of.name,
        "name_en": of.name_en,
        "address": of.address,
        "district": of.district,
        "district_name": branches.district_name(of.district).in_language(call.language),
        "latitude": of.latitude,
        "longitude": of.longitude,
        "hours": of.hours,
        "shop_code": of.shop_code,
        "qr_text": branches.address_of(of.shop_code),
        "opened_at": on_the_wire(of.opened_at),
        "closed_at": of.closed_at and on_the_wire(of.closed_at),
    }
