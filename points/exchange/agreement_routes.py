"""The points desk: what is agreed with a partner, and proposals to agree on something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from core.clock import taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import typeid
from core.text import Text
from identity.officer_models import Approval
from points.exchange import agreements
from points.exchange.agreement_schemas import (
    AgreementProposedSchema,
    PartnerAccountProposal,
    PartnerAgreementsSchema,
    PartnerBudgetProposal,
    PartnerOpeningProposal,
    PartnerRateProposal,
)
from points.exchange.agreements import NewAccount, NewRate
from points.exchange.errors import AgreedAlready
from points.merchants.paid import masked

routes = Routes("exchange")
_DESK = officer("points_officer")
_PROBLEMS: Final = [NotFound, AgreedAlready]
_LIMITS: Final = (
    "points_step", "value_step", "fee_points", "least_points", "most_points", "most_points_day", "most_points_month",
)  # fmt: skip


@routes.get(
    "/v1/points-desk/partners/<partner>/agreements",
    access=officer("points_officer", "auditor"),
    shows_person_data=False,
    answers={200: PartnerAgreementsSchema},
    problems=[NotFound],
    summary=Text("與夥伴的約定：費率、帳戶", "What is agreed with a partner: rates of all days, and its account"),
)
def shown(call: Call) -> Answer:
    """The account is masked; whoever decides about another one sees it whole."""
    code, today = call.path["partner"], taipei_date(call.now)
    partner = agreements.account_of(call.session, code)
    begun: set[str] = set()
    rates = []
    for row in agreements.rates_of(call.session, code):
        first_day = taipei_date(row.valid_from)
        counts = "later" if first_day > today else "no_more" if row.direction in begun else "now"
        if counts == "now":
            begun.add(row.direction)
        rates.append(
            {
                "id": typeid("rate", row.id),
                "direction": row.direction,
                "first_day": first_day.isoformat(),
                "counts": counts,
                "source": row.source,
                **{name: getattr(row, name) for name in _LIMITS},
            }
        )
    return Answer(
        {
            "code": code,
            "is_open": partner.is_open,
            "payee": partner.payee,
            "account": f"{partner.bank_code} {masked(partner.bank_account)}" if partner.bank_account else None,
            "payment_days": partner.payment_days,
            "rates": rates,
        }
    )


@routes.post(
    "/v1/points-desk/partners/<partner>/rates",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    body=PartnerRateProposal,
    answers={202: AgreementProposedSchema},
    problems=_PROBLEMS,
    summary=Text("提案新費率（兩位承辦人員）", "Propose a partner's rate from a day on; another officer decides"),
)
def propose_rate(call: Call) -> Answer:
    """The rate before it counts until that day; what was offered until then stays as it was offered."""
    wanted = NewRate(**{name: call.body[name] for name in ("direction", "first_day", *_LIMITS)})
    return _proposed(call, agreements.propose_rate, wanted)


@routes.post(
    "/v1/points-desk/partners/<partner>/budget-additions",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    body=PartnerBudgetProposal,
    answers={202: AgreementProposedSchema},
    problems=_PROBLEMS,
    summary=Text("提案增加兌換額度（兩位承辦人員）", "Propose more budget for a partner; another officer decides"),
)
def propose_budget(call: Call) -> Answer:
    return _proposed(call, agreements.propose_budget, call.body["points"])


@routes.post(
    "/v1/points-desk/partners/<partner>/account-changes",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    body=PartnerAccountProposal,
    answers={202: AgreementProposedSchema},
    problems=_PROBLEMS,
    summary=Text("提案變更收款帳戶（兩位承辦人員）", "Propose where a partner is paid to; another officer decides"),
)
def propose_account(call: Call) -> Answer:
    """A payment that is proposed or ordered already goes to the account that two officers saw."""
    body = call.body
    wanted = NewAccount(body["payee"], body["bank_code"], body["account"], body["payment_days"])
    return _proposed(call, agreements.propose_account, wanted)


@routes.post(
    "/v1/points-desk/partners/<partner>/openings",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    body=PartnerOpeningProposal,
    answers={202: AgreementProposedSchema},
    problems=_PROBLEMS,
    summary=Text("提案開放或停止兌換（兩位承辦人員）", "Propose to open or close a partner; another officer decides"),
)
def propose_opening(call: Call) -> Answer:
    """Closed, it is offered no more; what is on its way comes to its end."""
    return _proposed(call, agreements.propose_opening, call.body["is_open"])


def _proposed(call: Call, propose: Callable[..., Approval], wanted: Any) -> Answer:
    made = propose(
        call.session, call.path["partner"], wanted, source=call.body["source"], by=call.actor, now=call.now
    )  # fmt: skip
    return Answer({"approval_id": typeid("apr", made.id)}, status=202)
