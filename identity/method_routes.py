"""Which ways there are to sign in, over HTTP."""

from __future__ import annotations

from typing import Any

from core.http import Answer, Call, Routes, public
from core.text import Text
from identity import levels, methods
from identity.method_schemas import MethodsQuery, MethodsSchema
from identity.methods import Offer

routes = Routes("identity")


@routes.get(
    "/v1/auth/methods",
    access=public(),
    query=MethodsQuery,
    answers={200: MethodsSchema},
    summary=Text("可用的登入方式", "The ways to sign in"),
)
def list_methods(call: Call) -> Answer:
    """With `acr`, only those that can reach that level. Whoever is signed in learns which they have set up; to
    strangers nothing is said of anybody."""
    loa = int((call.query["acr"] or levels.acr(1))[-1])
    is_resistant = call.query["phishing_resistant"] == "true"
    if call.actor is None:
        offers = methods.reaching(loa, is_phishing_resistant=is_resistant)
    else:
        offers = methods.reaching_for(call.session, call.actor, loa, is_phishing_resistant=is_resistant, now=call.now)
    return Answer({"items": [_item(offer, call.language) for offer in offers]})


def _item(offer: Offer, language: str) -> dict[str, Any]:
    method = offer.method
    return {
        "method": method.id,
        "label": method.label.in_language(language),
        "hint": method.hint.in_language(language),
        "acr": levels.acr(offer.strength.level),
        "is_phishing_resistant": offer.strength.is_phishing_resistant,
        "may_sign_payments": offer.strength.may_sign_payments,
        "proves_identity": method.proves_identity,
        "is_set_up": offer.is_set_up,
        "can_be_set_up_now": offer.can_be_set_up_now,
    }
