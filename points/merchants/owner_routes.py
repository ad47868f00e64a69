"""A merchant over HTTP, for its owner: applying, who it is, and the account that it is paid to."""

from __future__ import annotations

from uuid import UUID

from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.text import Text
from points.merchants import answers, bank_accounts, decisions, merchants
from points.merchants.errors import (
    AccountCodeWrong,
    AccountProofLimit,
    BusinessIdTaken,
    BusinessIdWrong,
    MerchantNotOpen,
    MerchantStateWrong,
    NoAccountProofOpen,
)
from points.merchants.schemas import (
    AccountCode,
    AccountPut,
    MerchantChange,
    MerchantCreate,
    MerchantPage,
    MerchantSchema,
)

routes = Routes("merchants")
_OWNER = citizen(loa=3)
# Where a merchant's money goes is changed in a way that no forged page can take.
_OWNER_OF_MONEY = citizen(loa=3, phishing_resistant=True)


@routes.post(
    "/v1/merchants",
    access=_OWNER,
    body=MerchantCreate,
    answers={201: MerchantSchema},
    answer_headers={201: answers.ETAG},
    problems=[BusinessIdWrong, BusinessIdTaken],
    summary=Text("申請成為點數合作店家", "Apply to take points at your shop"),
)
def apply(call: Call) -> Answer:
    """The business id follows the rule of 2023. Two officers approve; what was refused may be applied for again."""
    merchant = merchants.apply(call.session, call.actor.id, call.body, now=call.now)
    return answers.tagged(merchant, call, status=201)


@routes.get(
    "/v1/merchants",
    access=_OWNER,
    query=PageQuery,
    answers={200: MerchantPage},
    summary=Text("我的店家", "My merchants, the newest first"),
)
def my_merchants(call: Call) -> Answer:
    found = merchants.of_owner(call.session, call.actor.id, limit=call.query["limit"] + 1, after=answers.after_id(call))
    return answers.page(found, call, lambda each: answers.item(each, call), lambda each: (str(each.id),))


@routes.get(
    "/v1/merchants/<merchant_id>",
    access=_OWNER,
    answers={200: MerchantSchema},
    answer_headers={200: answers.ETAG},
    problems=[NotFound],
    summary=Text("一個店家，和接下來要做的事", "One merchant of mine, and what to do next"),
)
def my_merchant(call: Call) -> Answer:
    return answers.tagged(merchants.own(call.session, call.actor.id, _id(call)), call)


@routes.patch(
    "/v1/merchants/<merchant_id>",
    access=_OWNER,
    body=MerchantChange,
    answers={200: MerchantSchema},
    answer_headers={200: answers.ETAG},
    problems=[NotFound, MerchantNotOpen, PreconditionRequired, PreconditionFailed],
    summary=Text("修改店名、類別或電話", "Change name, category or phone"),
)
def change_merchant(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading. The business id stays."""
    version = answers.version_of(call)
    changed = merchants.change(call.session, call.actor.id, _id(call), call.body, version=version, now=call.now)
    return answers.tagged(changed, call)


@routes.put(
    "/v1/merchants/<merchant_id>/bank-account",
    access=_OWNER_OF_MONEY,
    body=AccountPut,
    answers={202: MerchantSchema},
    problems=[NotFound, MerchantNotOpen, AccountProofLimit],
    summary=Text("登記收款帳戶（先匯 NT$1 驗證）", "Enter the account to be paid to: NT$1 with a code is sent there"),
)
def enter_account(call: Call) -> Answer:
    """The code is in the remark of the bank's credit. Until it is typed, settlements go to the account before."""
    merchant = merchants.own_owed(call.session, call.actor.id, _id(call))
    bank_accounts.ask(
        call.session, merchant, bank_code=call.body["bank_code"], account=call.body["account"], now=call.now
    )
    return Answer(answers.whole(merchant, call), status=202)


@routes.post(
    "/v1/merchants/<merchant_id>/bank-account/proof",
    access=_OWNER_OF_MONEY,
    body=AccountCode,
    answers={200: MerchantSchema},
    problems=[NotFound, MerchantNotOpen, NoAccountProofOpen, AccountCodeWrong],
    summary=Text("輸入銀行備註裡的驗證碼", "Type the code from the bank's remark"),
)
def prove_account(call: Call) -> Answer:
    """Five tries, then a new credit. What waited for an account is paid to this one."""
    merchant = merchants.own_owed(call.session, call.actor.id, _id(call))
    bank_accounts.prove(call.session, merchant, call.body["code"], now=call.now)
    return Answer(answers.whole(merchants.own(call.session, call.actor.id, merchant.id), call))


@routes.post(
    "/v1/merchants/<merchant_id>/closing",
    access=_OWNER_OF_MONEY,
    answers={200: MerchantSchema},
    answer_headers={200: answers.ETAG},
    problems=[NotFound, MerchantStateWrong],
    summary=Text("結束收點", "Take points no more at my shop"),
)
def leave(call: Call) -> Answer:
    """At once: tills are refused, offers end, branches leave the map. What was redeemed is settled and paid as always;
    two officers can open it again."""
    return answers.tagged(decisions.leave(call.session, call.actor.id, _id(call), now=call.now), call)


def _id(call: Call) -> UUID:
    return answers.id_of(call, "merchant_id", "mer")
