"""A merchant's branches, staff, tills and cash registers over HTTP, for its owner."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from points.merchants import answers, branches, merchants, staff, tills
from points.merchants.errors import (
    MerchantNotOpen,
    OutsideKaohsiung,
    PublicKeyWrong,
    StaffNumberTaken,
    TooManyOfThem,
)
from points.merchants.schemas import (
    BranchChange,
    BranchCreate,
    BranchPage,
    BranchSchema,
    RegisterCreate,
    RegisterSchema,
    StaffChange,
    StaffCreate,
    StaffPage,
    StaffSchema,
    TillCreate,
    TillPage,
    TillWithCode,
)
from points.merchants.staff import StaffMember
from points.merchants.tills import Till

routes = Routes("merchants")
_OWNER = citizen(loa=3)
_NOT_STORED = {"Cache-Control": "no-store"}


@routes.post(
    "/v1/merchants/<merchant_id>/branches",
    access=_OWNER,
    body=BranchCreate,
    answers={201: BranchSchema},
    problems=[NotFound, MerchantNotOpen, OutsideKaohsiung, TooManyOfThem],
    summary=Text("新增分店", "Add a branch"),
)
def add_branch(call: Call) -> Answer:
    """It gets a shop code, which its printed QR says (`…/shop-code.png`, `…/poster.pdf`)."""
    merchant_id = _alive(call)
    return Answer(answers.branch(branches.add(call.session, merchant_id, call.body, now=call.now), call), status=201)


@routes.get(
    "/v1/merchants/<merchant_id>/branches",
    access=_OWNER,
    query=PageQuery,
    answers={200: BranchPage},
    problems=[NotFound],
    summary=Text("分店", "The merchant's branches, closed ones too"),
)
def list_branches(call: Call) -> Answer:
    found = branches.of_merchant(call.session, _own(call), limit=call.query["limit"] + 1, after=answers.after_id(call))
    return answers.page(found, call, lambda each: answers.branch(each, call), lambda each: (str(each.id),))


@routes.patch(
    "/v1/merchants/<merchant_id>/branches/<branch_id>",
    access=_OWNER,
    body=BranchChange,
    answers={200: BranchSchema},
    problems=[NotFound, MerchantNotOpen, OutsideKaohsiung],
    summary=Text("修改分店", "Change a branch; its shop code stays"),
)
def change_branch(call: Call) -> Answer:
    changed = branches.change(call.session, _alive(call), _branch(call), call.body)
    return Answer(answers.branch(changed, call))


@routes.delete(
    "/v1/merchants/<merchant_id>/branches/<branch_id>",
    access=_OWNER,
    answers={204: None},
    problems=[NotFound],
    summary=Text("結束分店", "Close a branch: its tills and its shop code take nothing any more"),
)
def close_branch(call: Call) -> Answer:
    branches.close(call.session, _own(call), _branch(call), now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/merchants/<merchant_id>/branches/<branch_id>/shop-code.png",
    access=_OWNER,
    answers={200: None},
    content_types=("image/png",),
    problems=[NotFound],
    summary=Text("店家 QR Code 圖檔", "The shop's QR code as a picture"),
)
def shop_code_picture(call: Call) -> Answer:
    of = branches.get(call.session, _own(call), _branch(call))
    return Answer(raw=branches.qr_png(of), content_type="image/png")


@routes.get(
    "/v1/merchants/<merchant_id>/branches/<branch_id>/poster.pdf",
    access=_OWNER,
    answers={200: None},
    content_types=("application/pdf",),
    problems=[NotFound],
    summary=Text("可列印的店家 QR Code", "The shop's QR code on a sheet to print"),
)
def poster(call: Call) -> Answer:
    """A4, in the language that is asked for."""
    merchant = merchants.own(call.session, call.actor.id, answers.id_of(call, "merchant_id", "mer"))
    of = branches.get(call.session, merchant.id, _branch(call))
    name = merchant.name_en or merchant.name if call.language == "en" else merchant.name
    sheet = branches.poster_pdf(of, name, call.language)
    shown = f'inline; filename="{of.shop_code}.pdf"'
    return Answer(raw=sheet, content_type="application/pdf", headers={"Content-Disposition": shown})


@routes.post(
    "/v1/merchants/<merchant_id>/staff",
    access=_OWNER,
    body=StaffCreate,
    answers={201: StaffSchema},
    problems=[NotFound, MerchantNotOpen, StaffNumberTaken, TooManyOfThem],
    summary=Text("新增店員並設定 PIN", "Add somebody who works at the tills, with a PIN"),
)
def add_staff(call: Call) -> Answer:
    """The PIN is never shown again; the owner sets another one where it is forgotten or locked."""
    merchant_id = _alive(call)
    return Answer(_member(staff.add(call.session, merchant_id, call.body, now=call.now)), status=201)


@routes.get(
    "/v1/merchants/<merchant_id>/staff",
    access=_OWNER,
    query=PageQuery,
    answers={200: StaffPage},
    problems=[NotFound],
    summary=Text("店員", "Who works at the tills"),
)
def list_staff(call: Call) -> Answer:
    found = staff.of_merchant(call.session, _own(call), limit=call.query["limit"] + 1, after=answers.after_id(call))
    return answers.page(found, call, _member, lambda each: (str(each.id),))


@routes.patch(
    "/v1/merchants/<merchant_id>/staff/<staff_id>",
    access=_OWNER,
    body=StaffChange,
    answers={200: StaffSchema},
    problems=[NotFound, MerchantNotOpen],
    summary=Text("修改店員或重設 PIN", "Change somebody's name, rights or PIN"),
)
def change_staff(call: Call) -> Answer:
    changed = staff.change(call.session, _alive(call), _staff(call), call.body, now=call.now)
    return Answer(_member(changed))


@routes.delete(
    "/v1/merchants/<merchant_id>/staff/<staff_id>",
    access=_OWNER,
    answers={204: None},
    problems=[NotFound],
    summary=Text("店員離職", "Somebody no longer works there; their shift ends at once"),
)
def remove_staff(call: Call) -> Answer:
    staff.leave(call.session, _own(call), _staff(call), now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/merchants/<merchant_id>/tills",
    access=_OWNER,
    body=TillCreate,
    answers={201: TillWithCode},
    answer_headers={201: _NOT_STORED},
    problems=[NotFound, MerchantNotOpen, TooManyOfThem],
    summary=Text("登記收銀機", "Add a till: the code that makes a device it, shown once"),
)
def add_till(call: Call) -> Answer:
    """The code goes to `POST /v1/till/enrolments` on the device, within 15 minutes."""
    made, code = tills.add(
        call.session, _alive(call), parse_typeid("brn", call.body["branch_id"]), call.body["name"], now=call.now
    )
    return Answer({**_till(made), "enrolment_code": code}, status=201, headers=_NOT_STORED)


@routes.post(
    "/v1/merchants/<merchant_id>/tills/<till_id>/code",
    access=_OWNER,
    answers={201: TillWithCode},
    answer_headers={201: _NOT_STORED},
    problems=[NotFound, MerchantNotOpen],
    summary=Text("重新產生登記碼", "Another code for a till; the device that types it takes the other's place"),
)
def new_till_code(call: Call) -> Answer:
    made, code = tills.new_code(call.session, _alive(call), _till_id(call), now=call.now)
    return Answer({**_till(made), "enrolment_code": code}, status=201, headers=_NOT_STORED)


@routes.get(
    "/v1/merchants/<merchant_id>/tills",
    access=_OWNER,
    query=PageQuery,
    answers={200: TillPage},
    problems=[NotFound],
    summary=Text("收銀機", "The merchant's tills and cash registers"),
)
def list_tills(call: Call) -> Answer:
    found = tills.of_merchant(
        call.session, _own(call), limit=call.query["limit"] + 1, after=answers.after_id(call), now=call.now
    )
    return answers.page(found, call, _till, lambda each: (str(each.id),))


@routes.delete(
    "/v1/merchants/<merchant_id>/tills/<till_id>",
    access=_OWNER,
    answers={204: None},
    problems=[NotFound],
    summary=Text("停用收銀機", "It is a till no more, at once; so with a cash register"),
)
def revoke_till(call: Call) -> Answer:
    tills.revoke(call.session, _own(call), _till_id(call), now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/merchants/<merchant_id>/registers",
    access=_OWNER,
    body=RegisterCreate,
    answers={201: RegisterSchema},
    problems=[NotFound, MerchantNotOpen, PublicKeyWrong, TooManyOfThem],
    summary=Text("登記收銀系統（POS）的公鑰", "Register a cash register by its public key"),
)
def add_register(call: Call) -> Answer:
    """It asks `/oauth/token` for a token (client credentials, private_key_jwt) and calls as a till with it."""
    made, client_id = tills.add_register(
        call.session, _alive(call), parse_typeid("brn", call.body["branch_id"]), call.body["name"],
        call.body["public_jwk"], now=call.now,
    )  # fmt: skip
    return Answer({**_till(made), "client_id": client_id, "scope": tills.REGISTER_SCOPE}, status=201)


def _own(call: Call) -> UUID:
    return merchants.own(call.session, call.actor.id, answers.id_of(call, "merchant_id", "mer")).id


def _alive(call: Call) -> UUID:
    return merchants.own_alive(call.session, call.actor.id, answers.id_of(call, "merchant_id", "mer")).id


def _branch(call: Call) -> UUID:
    return answers.id_of(call, "branch_id", "brn")


def _staff(call: Call) -> UUID:
    return answers.id_of(call, "staff_id", "stf")


def _till_id(call: Call) -> UUID:
    return answers.id_of(call, "till_id", "til")


def _member(member: StaffMember) -> dict[str, Any]:
    return {
        "id": typeid("stf", member.id),
        "number": member.number,
        "name": member.name,
        "may_refund": member.may_refund,
        "locked_until": member.locked_until and on_the_wire(member.locked_until),
        "added_at": on_the_wire(member.added_at),
    }


def _till(till: Till) -> dict[str, Any]:
    return {
        "id": typeid("til", till.id),
        "branch_id": typeid("brn", till.branch_id),
        "name": till.name,
        "status": till.status,
        "code_until": till.code_until and on_the_wire(till.code_until),
        "added_at": on_the_wire(till.added_at),
        "enrolled_at": till.enrolled_at and on_the_wire(till.enrolled_at),
    }
