"""Disputes over HTTP, for finance officers: look, defend, accept. Every look is told to the citizen concerned."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log
from identity.pages_of_ids import continued, page_answer
from wallet import dispute_evidence, disputes
from wallet.dispute_schemas import DisputeNote, DisputePage, DisputeSchema, DisputesQuery, WholeDisputeSchema
from wallet.disputes import Dispute
from wallet.errors import DisputeClosed

routes = Routes("disputes")
_READERS = officer("finance", "auditor")


@routes.get(
    "/v1/disputes",
    access=_READERS,
    shows_person_data=True,
    query=DisputesQuery,
    answers={200: DisputePage},
    summary=Text("刷卡爭議", "Disputes"),
)
def list_disputes(call: Call) -> Answer:
    """Newest first, or by deadline."""
    status, limit = None if call.query["status"] == "all" else call.query["status"], call.query["limit"]
    if call.query["order"] == "deadline":
        return _by_deadline(call, status, limit)
    found = disputes.page(call.session, status=status, limit=limit + 1, before=continued(call, "dsp"))
    _record(call, found[:limit])
    return page_answer([_on_the_wire(dispute) for dispute in found], limit)


@routes.get(
    "/v1/disputes/<dispute_id>",
    access=_READERS,
    shows_person_data=True,
    answers={200: WholeDisputeSchema},
    problems=[NotFound],
    summary=Text("一件爭議", "One dispute"),
)
def show_dispute(call: Call) -> Answer:
    """With every notice of the processor, and the evidence as it was submitted."""
    return _whole(call, disputes.dispute_of(call.session, parse_typeid("dsp", call.path["dispute_id"])))


@routes.post(
    "/v1/disputes/<dispute_id>/evidence",
    access=officer("finance"),
    shows_person_data=True,
    body=DisputeNote,
    answers={200: WholeDisputeSchema},
    problems=[NotFound, DisputeClosed],
    summary=Text("提出證據", "Defend a payment"),
)
def submit_evidence(call: Call) -> Answer:
    """Puts together the signed instruction, what is known of the passkey's assertion, the receipt and the note."""
    dispute_id = parse_typeid("dsp", call.path["dispute_id"])
    dispute_evidence.submit(call.session, dispute_id, officer_id=call.actor.id, note=call.body["note"], now=call.now)
    return _whole(call, disputes.dispute_of(call.session, dispute_id))


@routes.post(
    "/v1/disputes/<dispute_id>/acceptance",
    access=officer("finance"),
    shows_person_data=True,
    answers={200: DisputeSchema},
    problems=[NotFound, DisputeClosed],
    summary=Text("接受退單", "Accept a chargeback"),
)
def accept_dispute(call: Call) -> Answer:
    """The cardholder keeps the money, and the bills are to be paid otherwise."""
    dispute = disputes.accept(call.session, parse_typeid("dsp", call.path["dispute_id"]), call.now)
    _record(call, [dispute])
    return Answer(_on_the_wire(dispute))


def _by_deadline(call: Call, status: str | None, limit: int) -> Answer:
    after = decode_moment_cursor(call.query["cursor"]) if call.query["cursor"] else None
    found = disputes.by_deadline(call.session, status=status, limit=limit + 1, after=after)
    shown = found[:limit]
    _record(call, shown)
    more = encode_moment_cursor(disputes.deadline_of(shown[-1]), shown[-1].id) if len(found) > limit else None
    return Answer({"items": [_on_the_wire(dispute) for dispute in shown], "next_cursor": more})


def _whole(call: Call, dispute: Dispute) -> Answer:
    _record(call, [dispute])
    evidence = dispute_evidence.evidence_of(call.session, dispute.id)
    return Answer(
        {
            **_on_the_wire(dispute),
            "notices": [
                {
                    "kind": notice.kind,
                    "reason": notice.reason,
                    "amount": notice.amount_twd,
                    "happened_at": on_the_wire(notice.happened_at),
                    "received_at": on_the_wire(notice.received_at),
                }
                for notice in disputes.notices_of(call.session, dispute.id)
            ],
            "evidence": evidence
            and {
                "package": evidence.package,
                "package_sha256": evidence.package_sha256,
                "submitted_at": on_the_wire(evidence.submitted_at),
            },
        }
    )


def _record(call: Call, found: list[Dispute]) -> None:
    access_log.record_accesses(
        call.session,
        actor=call.actor,
        person_ids={dispute.person_id for dispute in found},
        what="dispute",
        purpose="dispute",
        reference=typeid("dsp", found[0].id) if len(found) == 1 else "",
        now=call.now,
    )


def _on_the_wire(dispute: Dispute) -> dict[str, Any]:
    return {
        "id": typeid("dsp", dispute.id),
        "payment_id": typeid("pay", dispute.payment_id),
        "status": dispute.status,
        "reference": dispute.reference,
        "reason": dispute.reason,
        "reason_code": dispute.reason_code,
        "amount": dispute.amount_twd,
        "currency": "TWD",
        "opened_at": on_the_wire(dispute.opened_at),
        "defend_until": on_the_wire(dispute.defend_until) if dispute.defend_until else None,
        "closed_at": on_the_wire(dispute.closed_at) if dispute.closed_at else None,
    }
