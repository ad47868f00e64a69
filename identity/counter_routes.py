"""The service counter over HTTP: look up, papers, name and mobile, proof, code on paper, printed card, visit."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from core import db
from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.taiwan import mask_national_id
from core.text import Text
from identity import (
    counter,
    counter_papers,
    enrolment_slips,
    levels,
    lookups,
    passwords,
    people,
    printed_cards,
    visits,
)
from identity.counter_errors import NobodyThereYet, NotProvedYet, OwnRecord, PapersMissing, PinRefused, TooManyLookups
from identity.counter_models import CounterCase
from identity.counter_schemas import (
    CardWish,
    CounterCaseSchema,
    EnrolmentSlipSchema,
    LookUp,
    LookupsSchema,
    NewCardSchema,
    PapersSeen,
    VisitSchema,
    WrittenDown,
)
from identity.recovery_errors import MethodShut
from identity.schemas import Nothing
from identity.session_answers import user_agent_of
from identity.words import BUREAU_NAMES

routes = Routes("identity")
_LOST = Text("在櫃檯報失", "reported lost at a counter")


@routes.post(
    "/v1/counter/cases",
    access=officer("counter"),
    shows_person_data=True,
    body=LookUp,
    answers={201: CounterCaseSchema},
    problems=[OwnRecord, TooManyLookups],
    summary=Text(
        "以身分證字號查詢到櫃檯的市民（需用途與案號）", "Look up who stands at the counter, for a purpose and a case"
    ),
)
def open_counter_case(call: Call) -> Answer:
    """Whoever holds the ID number, registered or not. Every look-up is kept; own records and too many are refused."""
    case = counter.look_up(call.session, call.actor, **call.body, now=call.now)
    return Answer(_case(call, case), 201)


@routes.get(
    "/v1/counter/cases/<counter_case_id>",
    access=officer("counter"),
    shows_person_data=True,
    answers={200: CounterCaseSchema},
    problems=[NotFound],
    summary=Text("櫃檯案件", "A case at the counter"),
)
def read_counter_case(call: Call) -> Answer:
    """One's own, for half an hour."""
    return Answer(_case(call, counter.read(call.session, call.actor, _case_id(call), now=call.now)))


@routes.put(
    "/v1/counter/cases/<counter_case_id>/papers",
    access=officer("counter"),
    shows_person_data=True,
    body=PapersSeen,
    answers={200: CounterCaseSchema},
    problems=[NotFound],
    summary=Text("記下核對過的證件", "Write down which papers were seen"),
)
def see_papers(call: Call) -> Answer:
    """Kinds of papers alone; no copy is kept."""
    case = counter.see_papers(call.session, call.actor, _case_id(call), call.body["papers"], now=call.now)
    return Answer(_case(call, case))


@routes.put(
    "/v1/counter/cases/<counter_case_id>/person",
    access=officer("counter"),
    shows_person_data=True,
    body=WrittenDown,
    answers={200: CounterCaseSchema},
    problems=[NotFound, PapersMissing],
    summary=Text("登記或更正姓名與手機", "Write down or correct name and mobile"),
)
def write_down_person(call: Call) -> Answer:
    """Enrols somebody who is not registered; a mobile may be missing, or in another's name."""
    case = counter.write_down(call.session, call.actor, _case_id(call), **call.body, now=call.now)
    return Answer(_case(call, case))


@routes.post(
    "/v1/counter/cases/<counter_case_id>/proof",
    access=officer("counter"),
    shows_person_data=True,
    body=Nothing,
    answers={200: CounterCaseSchema},
    problems=[NotFound, NobodyThereYet, PapersMissing],
    summary=Text("當面確認身分", "Prove the person, face to face"),
)
def prove_person(call: Call) -> Answer:
    """Proofing rises to 4; the person is told on every channel."""
    return Answer(_case(call, counter.prove(call.session, call.actor, _case_id(call), now=call.now)))


@routes.post(
    "/v1/counter/cases/<counter_case_id>/codes",
    access=officer("counter"),
    shows_person_data=True,
    body=Nothing,
    answers={201: EnrolmentSlipSchema},
    problems=[NotFound, NobodyThereYet, NotProvedYet, MethodShut],
    summary=Text("發給一次性登錄碼（大字紙本）", "Give out a one-time enrolment code, on paper in large print"),
)
def give_code(call: Call) -> Answer:
    """Shown this once; valid for 24 hours; a newer one ends the older."""
    slip = enrolment_slips.make(call.session, call.actor, _case_id(call), now=call.now)
    sheet = counter_papers.slip_pdf(slip, made_at=call.now)
    body = {"code": slip.code, "expires_at": on_the_wire(slip.expires_at), "sheet": _in_base64(sheet)}
    return Answer(body, 201)


@routes.post(
    "/v1/counter/cases/<counter_case_id>/cards",
    access=officer("counter"),
    shows_person_data=True,
    body=CardWish,
    answers={201: NewCardSchema},
    problems=[NotFound, NobodyThereYet, NotProvedYet, PinRefused, MethodShut],
    own_units=True,
    summary=Text("發給密碼卡，市民自選 PIN", "Give out a printed card, with a PIN of the person's choice"),
)
def give_card(call: Call) -> Answer:
    """The codes are on the paper alone; the card there was ends."""
    with db.unit_of_work() as session:
        _, person = counter.proved_person(session, call.actor, _case_id(call), now=call.now)
        national_id = people.opened_national_id(person)
    printed_cards.check_pin(call.body["pin"], national_id=national_id)
    pin_hash = passwords.hash_of(call.body["pin"])
    with db.unit_of_work() as session:
        case, person = counter.proved_person(session, call.actor, _case_id(call), now=call.now)
        card = printed_cards.issue(session, person.id, pin_hash=pin_hash, officer_id=call.actor.id, now=call.now)
        counter.record(session, call.actor, case, "printed_card", now=call.now)
        language = person.language
    sheet = counter_papers.card_pdf(card, mask_national_id(national_id), language, made_at=call.now)
    body = {"code_count": len(card.codes), "expires_at": on_the_wire(card.expires_at), "sheet": _in_base64(sheet)}
    return Answer(body, 201)


@routes.delete(
    "/v1/counter/cases/<counter_case_id>/card",
    access=officer("counter"),
    shows_person_data=True,
    answers={200: CounterCaseSchema},
    problems=[NotFound, NobodyThereYet],
    summary=Text("停用密碼卡（報失）", "End a printed card that is lost"),
)
def end_card(call: Call) -> Answer:
    """At once, with whatever session it began."""
    case = counter.open_case(call.session, call.actor, _case_id(call), now=call.now)
    if case.person_id is None:
        raise NobodyThereYet
    printed_cards.end(call.session, case.person_id, reason=_LOST, now=call.now)
    counter.record(call.session, call.actor, case, "printed_card", now=call.now)
    return Answer(_case(call, case))


@routes.post(
    "/v1/counter/cases/<counter_case_id>/visits",
    access=officer("counter"),
    shows_person_data=True,
    body=Nothing,
    answers={201: VisitSchema},
    problems=[NotFound, NobodyThereYet, NotProvedYet],
    summary=Text("陪同市民登入辦理（20 分鐘）", "Sign in together with the person, for 20 minutes"),
)
def begin_visit(call: Call) -> Answer:
    """A session of the person's, of level 2: nothing is paid, no credential changed; both names are in the log."""
    case, person = counter.proved_person(call.session, call.actor, _case_id(call), now=call.now)
    begun = visits.begin(
        call.session,
        call.actor,
        person.id,
        kind="counter",
        amr=("counter",),
        case_number=case.case_number,
        user_agent=user_agent_of(call),
        now=call.now,
    )
    return visit_answer(begun)


@routes.delete(
    "/v1/counter/visits/<visit_id>",
    access=officer("counter", "operator"),
    shows_person_data=False,
    answers={204: None},
    problems=[NotFound],
    summary=Text("結束陪同", "End a visit"),
)
def end_visit(call: Call) -> Answer:
    """The person is told on every channel what was done in it."""
    visits.end(call.session, call.actor, parse_typeid("vis", call.path["visit_id"]), now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/counter/lookups",
    access=officer("auditor"),
    shows_person_data=False,
    answers={200: LookupsSchema},
    summary=Text("各承辦人員的查詢次數（稽核）", "How many people each officer looked up, for the auditor"),
)
def list_lookups(call: Call) -> Answer:
    """The last 30 days, by officer and day, the latest first; refused look-ups too, and whatever is unusual."""
    items = [
        {
            "officer": row.officer,
            "staff_number": row.staff_number,
            "bureau": row.bureau,
            "bureau_name": BUREAU_NAMES[row.bureau].in_language(call.language),
            "day": row.day.isoformat(),
            "found": row.found,
            "nobody": row.nobody,
            "own_record": row.own_record,
            "too_many": row.too_many,
            "most_in_an_hour": row.most_in_an_hour,
            "is_unusual": row.is_unusual,
        }
        for row in lookups.by_officer(call.session, now=call.now)
    ]
    return Answer({"items": items})


def visit_answer(begun: visits.Begun) -> Answer:
    """The answer that hands a visit's session to the desk."""
    body = {
        "id": typeid("vis", begun.visit.id),
        "session_id": typeid("ses", begun.issued.session_id),
        "acr": levels.acr(begun.issued.loa),
        "amr": list(begun.issued.amr),
        "ends_at": on_the_wire(begun.visit.ends_at),
        "token_type": "Bearer",
        "access_token": begun.issued.token,
    }
    return Answer(body, 201)


def _case(call: Call, case: CounterCase) -> dict[str, Any]:
    shown = {
        "id": typeid("ccs", case.id),
        "purpose": case.purpose,
        "case_number": case.case_number,
        "expires_at": on_the_wire(case.expires_at),
        "papers": list(case.papers),
        "papers_are_enough": counter.papers_are_enough(case.papers),
        "is_registered": case.person_id is not None,
        "is_written_down": case.written_at is not None,
        "is_proved_here": case.proofed_at is not None,
        "national_id": mask_national_id(counter.national_id_of(case)),
        "name": None,
        "mobile": None,
        "language": None,
        "proofing_level": None,
        "has_password": False,
        "passkeys": 0,
        "card": None,
    }
    if case.person_id is None:
        return shown
    person = people.get(call.session, case.person_id)
    card = printed_cards.standing(call.session, person.id, now=call.now)
    return shown | {
        "name": people.name_of(call.session, person.id),
        "mobile": people.masked(call.session, person.id).mobile,
        "language": person.language,
        "proofing_level": person.proofing_level,
        "has_password": person.password_hash is not None,
        "passkeys": counter.passkeys_of(call.session, person.id),
        "card": card
        and {
            "issued_at": on_the_wire(card.issued_at),
            "expires_at": on_the_wire(card.expires_at),
            "codes_left": card.codes_left,
        },
    }


def _case_id(call: Call) -> UUID:
    return parse_typeid("ccs", call.path["counter_case_id"])


def _in_base64(sheet: bytes) -> str:
    return base64.b64encode(sheet).decode()
