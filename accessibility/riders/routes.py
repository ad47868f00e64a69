"""Riders over HTTP: the profile, and what somebody is entitled to."""

from __future__ import annotations

from typing import Any

from accessibility.riders import eligibility, eligibility_papers, profile, words
from accessibility.riders.eligibility import Standing
from accessibility.riders.eligibility_papers import Paper
from accessibility.riders.errors import (
    ChairSizeUnlikely,
    PaperDateWrong,
    PaperDecided,
    PaperWaiting,
    PhoneNumberWrong,
)
from accessibility.riders.profile import RiderProfile, Wheelchair
from accessibility.riders.schemas import PaperSchema, PaperWanted, RideEligibilitySchema, RiderSchema, RiderWanted
from core import db
from core.clock import on_the_wire
from core.errors import FieldError, InvalidRequest, NotFound, PreconditionFailed, PreconditionRequired, RateLimited
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("riders")
_READS = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
_BOOKS = citizen(loa=2, delegable=RIDES_BOOK)


@routes.get(
    "/v1/rider",
    access=_READS,
    answers={200: RiderSchema},
    answer_headers={200: ETAG},
    problems=[NotDelegated],
    summary=Text("我的乘車需求", "What I need of a ride"),
)
def rider(call: Call) -> Answer:
    """The profile, or the defaults of somebody who has not saved one."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_READ, RIDES_BOOK, what="rider", now=call.now)
    return _tagged(profile.of(call.session, rider_id))


@routes.put(
    "/v1/rider",
    access=_BOOKS,
    body=RiderWanted,
    answers={200: RiderSchema},
    answer_headers={200: ETAG},
    problems=[ChairSizeUnlikely, NotDelegated, PhoneNumberWrong, PreconditionFailed, PreconditionRequired],
    summary=Text("儲存我的乘車需求", "Save what I need of a ride"),
)
def save_rider(call: Call) -> Answer:
    """The whole of it. If-Match names the version that was read: "0" where there was none."""
    rider_id, version = acting.subject(call.actor), version_of(call)
    acting.require(call.session, call.actor, rider_id, RIDES_BOOK, what="rider", now=call.now)
    sent = call.body
    wanted = RiderProfile(
        rider_id, version, _wheelchair(sent["wheelchair"]), sent["can_transfer"], sent["companions_usual"],
        sent["service_dog"], tuple(dict.fromkeys(sent["needs"])), tuple(dict.fromkeys(sent["languages"])),
        sent["contact"]["way"], sent["contact"]["phone"], tuple(dict.fromkeys(sent["fleet_order"])),
        sent["notes_for_driver"],
    )  # fmt: skip
    return _tagged(profile.save(call.session, wanted, now=call.now))


@routes.get(
    "/v1/rider/eligibility",
    access=_READS,
    answers={200: RideEligibilitySchema},
    problems=[NotDelegated],
    summary=Text("我的搭乘資格", "What I am entitled to"),
)
def my_eligibility(call: Call) -> Answer:
    """As last heard of; nobody is asked."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_READ, RIDES_BOOK, what="rider_eligibility", now=call.now)
    return _eligibility(call, call.session, rider_id)


@routes.post(
    "/v1/rider/eligibility/check",
    access=_BOOKS,
    own_units=True,
    answers={200: RideEligibilitySchema},
    problems=[NotDelegated, RateLimited],
    summary=Text("向社會局查驗搭乘資格", "Have the bureau's register asked what I am entitled to"),
)
def check_eligibility(call: Call) -> Answer:
    """The register is asked with the rider's own ID number, at most ten times a day, and answers yes or no."""
    rider_id = acting.subject(call.actor)
    with db.unit_of_work() as session:
        acting.require(session, call.actor, rider_id, RIDES_BOOK, what="rider_eligibility", now=call.now)
    eligibility.ask(rider_id, call.now)
    with db.unit_of_work() as session:
        return _eligibility(call, session, rider_id)


@routes.post(
    "/v1/rider/eligibility/papers",
    access=_BOOKS,
    body=PaperWanted,
    answers={201: PaperSchema},
    problems=[NotDelegated, PaperDateWrong, PaperWaiting],
    summary=Text("登記一份需要輪椅的診斷文件", "Hand in a diagnosis paper that a wheelchair is needed"),
)
def hand_in_paper(call: Call) -> Answer:
    """Who issued it and when; the paper is shown at a counter, where an officer decides."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_BOOK, what="rider_eligibility", now=call.now)
    issuer = " ".join(call.body["issuer"].split())
    paper = eligibility_papers.hand_in(
        call.session, rider_id, issuer=issuer, issued_on=call.body["issued_on"], now=call.now
    )
    return Answer(paper_body(paper, call.language), status=201)


@routes.delete(
    "/v1/rider/eligibility/papers/<paper_id>",
    access=_BOOKS,
    answers={200: PaperSchema},
    problems=[NotDelegated, NotFound, PaperDecided],
    summary=Text("撤回診斷文件", "Withdraw a diagnosis paper"),
)
def withdraw_paper(call: Call) -> Answer:
    """As long as nobody has decided."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_BOOK, what="rider_eligibility", now=call.now)
    paper_id = parse_typeid("rpap", call.path["paper_id"])
    paper = eligibility_papers.withdraw(call.session, rider_id, paper_id, now=call.now)
    return Answer(paper_body(paper, call.language))


def paper_body(paper: Paper, language: str) -> dict[str, Any]:
    """A paper on the wire."""
    return {
        "id": typeid("rpap", paper.id),
        "issuer": paper.issuer,
        "issued_on": paper.issued_on.isoformat(),
        "status": paper.status,
        "status_words": words.PAPER_STATUSES[paper.status].in_language(language),
        "valid_until": paper.valid_until.isoformat() if paper.valid_until else None,
        "reason": paper.reason,
        "handed_in_at": on_the_wire(paper.handed_in_at),
    }


def _wheelchair(sent: dict[str, Any]) -> Wheelchair | None:
    measures = {name: sent[name] for name in ("width_cm", "length_cm", "weight_kg")}
    if sent["kind"] == "none":
        said = [name for name, value in measures.items() if value is not None]
        if said:
            raise InvalidRequest(errors=[FieldError(f"/wheelchair/{each}", "of no wheelchair") for each in said])
        return None
    missing = [name for name in ("width_cm", "length_cm") if measures[name] is None]
    if missing:
        raise InvalidRequest(errors=[FieldError(f"/wheelchair/{each}", "required") for each in missing])
    return Wheelchair(sent["kind"], **measures)


def _tagged(mine: RiderProfile) -> Answer:
    chair = mine.wheelchair
    body = {
        "version": mine.version,
        "wheelchair": {
            "kind": chair.kind if chair else "none",
            "width_cm": chair.width_cm if chair else None,
            "length_cm": chair.length_cm if chair else None,
            "weight_kg": chair.weight_kg if chair else None,
        },
        "can_transfer": mine.can_transfer,
        "companions_usual": mine.companions_usual,
        "service_dog": mine.has_service_dog,
        "needs": list(mine.needs),
        "languages": list(mine.languages),
        "contact": {"way": mine.contact_way, "phone": mine.contact_phone},
        "fleet_order": list(mine.fleet_order),
        "notes_for_driver": mine.notes_for_driver,
        "functions": list(mine.functions),
    }
    return tagged(body, mine.version)


def _eligibility(call: Call, session: Any, rider_id: Any) -> Answer:
    known: Standing = eligibility.standing(session, rider_id, call.now)
    entitled = known.eligibility
    papers = eligibility_papers.of_rider(session, rider_id)
    return Answer(
        {
            "is_eligible": entitled is not None,
            "reason": known.reason or None,
            "severity": entitled.severity if entitled else None,
            "needs_wheelchair": entitled is not None and entitled.needs_wheelchair,
            "medical_only": entitled is not None and entitled.medical_only,
            "books_first": entitled is not None and entitled.books_first,
            "valid_until": entitled.valid_until.isoformat() if entitled and entitled.valid_until else None,
            "in_words": words.of_standing(known).in_language(call.language),
            "asked_at": on_the_wire(known.answered_at) if known.answered_at else None,
            "papers": [paper_body(each, call.language) for each in papers],
        }
    )
