"""One person lets another do something for them: offered by either, agreed by both, closed by either at once.

Whoever is named by an ID number is looked for only after the commit, by a consumer: an offer to somebody known and one
to somebody unknown are the same row, the same answer and the same work until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, text
from sqlalchemy.orm import Session

from core import crypto, outbox, taiwan
from core.clock import TAIPEI, taipei_date
from core.errors import FieldError, Forbidden, InvalidRequest, NotFound, RateLimited
from core.ids import new_uuid
from identity import attempts, levels, people, security_notices
from identity.actors import Actor
from identity.attempts import Limit
from identity.delegation_errors import DelegationClosed
from identity.delegation_models import Delegation, DelegationApproval
from identity.delegation_rules import MOVES, Basis, Grant, Side, Terms, read, stored, wrong_grants
from identity.delegation_words import in_words, masked_name
from partners.bureaus.client import Guardianship

OFFERED: Final = "identity.delegation_offered"
"""delegation_id: somebody named an ID number; whoever has it is told, if anybody has."""
OFFER_LIFE = timedelta(days=7)
LONGEST = timedelta(days=365)
_FURTHEST_START = timedelta(days=90)
_OFFERS = Limit("delegations_offered", 10, timedelta(days=1), extends=False)
_OFFERS_TOLD = Limit("delegation_offers_told", 3, timedelta(days=1), extends=False)
_OTHER: Final[dict[str, Side]] = {"principal": "agent", "agent": "principal"}


def take_a_try(session: Session, actor: Actor, *, now: datetime) -> None:
    """Take one of the ten offers of a day, before the ID number is looked at. Raises RateLimited."""
    subject = crypto.blind_index(str(actor.id), purpose="attempt")
    if not attempts.take(session, subject, _OFFERS, now=now):
        raise RateLimited(headers={"Retry-After": str(int(_OFFERS.window.total_seconds()))})


def offer(
    session: Session,
    *,
    actor: Actor,
    role: Side,
    national_id: str,
    grants: Sequence[Grant],
    starts_on: date | None,
    ends_on: date | None,
    now: datetime,
) -> Delegation:
    """Offer to be acted for (`role` principal), or ask to act (`role` agent), to whoever has this ID number.

    It waits a week for their yes in a session of their own. Raises InvalidRequest.
    """
    _check(session, actor.id, national_id, grants, "agreement")
    starts_at, ends_at = _period(starts_on, ends_on, "agreement", now)
    delegation = _row(national_id, role, actor.id, "agreement", "offered", grants, starts_at, ends_at, now)
    session.add(delegation)
    session.flush()
    _approve(session, delegation.id, role, actor, now=now)
    outbox.record(session, OFFERED, {"delegation_id": str(delegation.id)}, now=now)
    return delegation


def by_guardian(
    session: Session,
    *,
    actor: Actor,
    national_id: str,
    guardianship: Guardianship,
    grants: Sequence[Grant],
    starts_on: date | None,
    ends_on: date | None,
    now: datetime,
) -> Delegation:
    """Let a guardian act for the ward, which the household register has just confirmed; it is in force at once.

    A ward whom nobody has registered is written down as somebody without a way to sign in. Raises InvalidRequest.
    """
    assert guardianship.is_guardian, "the register has to say so first"
    _check(session, actor.id, national_id, grants, "guardianship_record")
    if guardianship.until is not None:
        ends_on = min(ends_on or guardianship.until, guardianship.until, taipei_date(now) + LONGEST)
    starts_at, ends_at = _period(starts_on, ends_on, "guardianship_record", now)
    ward_id = _ward(session, national_id, guardianship, now)
    delegation = _row(
        national_id, "agent", actor.id, "guardianship_record", "active", grants, starts_at, ends_at, now,
        principal_id=ward_id,
    )  # fmt: skip
    delegation.register_asked_at = now
    session.add(delegation)
    session.flush()
    session.add(
        DelegationApproval(delegation_id=delegation.id, side="principal", by_kind="register", by_id=None,
                           session_id=None, loa=None, at=now)
    )  # fmt: skip
    _approve(session, delegation.id, "agent", actor, now=now)
    _tell_agreed(session, delegation, now)
    return delegation


def create_at_counter(
    session: Session,
    *,
    officer: Actor,
    principal_id: UUID,
    agent_national_id: str,
    grants: Sequence[Grant],
    starts_on: date | None,
    ends_on: date | None,
    is_agent_present: bool,
    now: datetime,
) -> Delegation:
    """Set up at a service counter what `principal_id` says before `officer`; the principal's papers were looked at.

    In force at once where the agent stands there, too, with papers of their own; else it waits for the agent's yes.
    Raises InvalidRequest, and NotFound where an agent who stands there is not registered.
    """
    assert officer.kind == "officer", "only an officer sets up what is said at a counter"
    _check(session, principal_id, agent_national_id, grants, "counter")
    starts_at, ends_at = _period(starts_on, ends_on, "counter", now)
    agent = people.find(session, agent_national_id) if is_agent_present else None
    if is_agent_present and agent is None:
        raise NotFound
    delegation = _row(
        agent_national_id, "principal", principal_id, "counter", "active" if agent else "offered", grants, starts_at,
        ends_at, now, agent_id=agent.id if agent else None,
    )  # fmt: skip
    session.add(delegation)
    session.flush()
    sides: tuple[Side, ...] = ("principal", "agent") if agent else ("principal",)
    for side in sides:
        session.add(
            DelegationApproval(delegation_id=delegation.id, side=side, by_kind="officer", by_id=officer.id,
                               session_id=None, loa=None, at=now)
        )  # fmt: skip
    if agent:
        _tell_agreed(session, delegation, now)
    else:
        outbox.record(session, OFFERED, {"delegation_id": str(delegation.id)}, now=now)
    return delegation


def accept(session: Session, delegation_id: UUID, *, actor: Actor, now: datetime) -> Delegation:
    """The side that was named says yes, in a session of their own. Raises NotFound, Forbidden, DelegationClosed."""
    delegation, role = locked(session, delegation_id, actor.id)
    _must_be_open_to(delegation, role, now)
    _take_part(delegation, role, actor.id)
    move(delegation, "active")
    session.flush()
    _approve(session, delegation.id, role, actor, now=now)
    _tell_agreed(session, delegation, now)
    return delegation


def refuse(session: Session, delegation_id: UUID, *, actor: Actor, now: datetime) -> Delegation:
    """The side that was named says no. Raises NotFound, Forbidden, DelegationClosed."""
    delegation, role = locked(session, delegation_id, actor.id)
    _must_be_open_to(delegation, role, now)
    _take_part(delegation, role, actor.id)
    close(session, delegation, "refused", by=role, now=now)
    return delegation


def revoke(session: Session, delegation_id: UUID, *, actor: Actor, now: datetime) -> Delegation:
    """Either side ends it, from now on; whoever began can take back what nobody has answered yet.

    Raises NotFound, Forbidden, DelegationClosed.
    """
    delegation, role = locked(session, delegation_id, actor.id)
    if standing(delegation, now) not in ("offered", "active"):
        raise DelegationClosed
    if delegation.status == "offered" and role != delegation.begun_by:
        raise Forbidden
    close(session, delegation, "revoked" if delegation.status == "active" else "withdrawn", by=role, now=now)
    other_id = delegation.agent_id if role == "principal" else delegation.principal_id
    if other_id is not None:
        security_notices.tell(session, other_id, "delegation_over", now=now)
    return delegation


def close(
    session: Session, delegation: Delegation, status: str, *, by: str, reason: str | None = None, now: datetime
) -> None:
    """Close a locked delegation; whoever acts by it acts no more."""
    move(delegation, status)
    delegation.closed_at, delegation.closed_by, delegation.close_reason = now, by, reason
    session.flush()
    session.execute(_END_ACTING, {"id": delegation.id, "now": now})


def move(delegation: Delegation, status: str) -> None:
    """Move it along `delegation_rules.MOVES`."""
    assert status in MOVES[delegation.status], f"{delegation.status} does not become {status}"
    delegation.status = status


def get(session: Session, delegation_id: UUID, person_id: UUID) -> tuple[Delegation, Side]:
    """A delegation of this person, and which side they are. Raises NotFound for anybody else's, as for none at all."""
    return _found(session, delegation_id, person_id, is_locked=False)


def locked(session: Session, delegation_id: UUID, person_id: UUID) -> tuple[Delegation, Side]:
    """The same, locked until the transaction ends."""
    return _found(session, delegation_id, person_id, is_locked=True)


def page(
    session: Session, person_id: UUID, *, role: Side | None, limit: int, before: UUID | None = None
) -> list[Delegation]:
    """This person's delegations, the newest first, on one side or both; `before` continues a list."""
    index = people.national_id_index_of(session, person_id)
    sides = [_is_side(side, person_id, index) for side in ("principal", "agent") if role in (None, side)]
    query = select(Delegation).where(or_(*sides))
    if before is not None:
        query = query.where(Delegation.id < before)
    return list(session.scalars(query.order_by(Delegation.id.desc()).limit(limit)))


def side_of(delegation: Delegation, person_id: UUID) -> Side:
    """Which side a person is who was found to have part in it; whoever was named is the side that is still empty."""
    if person_id in (delegation.principal_id, delegation.agent_id):
        return "principal" if person_id == delegation.principal_id else "agent"
    return _OTHER[delegation.begun_by]


def standing(delegation: Delegation, now: datetime) -> str:
    """Its status at this moment: what has run out is so before anybody writes it down."""
    if delegation.status == "offered" and (delegation.lapses_at <= now or _is_over(delegation, now)):
        return "lapsed"
    if delegation.status == "active" and _is_over(delegation, now):
        return "expired"
    return delegation.status


def terms_of(delegation: Delegation) -> Terms:
    """The delegation as the rule looks at it."""
    return Terms(delegation.principal_id, delegation.agent_id, delegation.status, read(delegation.grants),
                 delegation.starts_at, delegation.ends_at)  # fmt: skip


def approvals_of(session: Session, delegation_ids: Sequence[UUID]) -> dict[UUID, list[DelegationApproval]]:
    """Who said yes to each of these, in order."""
    found: dict[UUID, list[DelegationApproval]] = {delegation_id: [] for delegation_id in delegation_ids}
    query = select(DelegationApproval).where(DelegationApproval.delegation_id.in_(delegation_ids))
    for approval in session.scalars(query.order_by(DelegationApproval.at, DelegationApproval.side)):
        found[approval.delegation_id].append(approval)
    return found


def tell_whom_it_was_offered_to(session: Session, delegation_id: UUID, *, now: datetime) -> None:
    """Tell the person who was named, if there is one; three a day, so that nobody can be flooded."""
    delegation = session.get_one(Delegation, delegation_id)
    if standing(delegation, now) != "offered":
        return
    person_id = session.execute(_NAMED, {"index": delegation.named_index}).scalar()
    if person_id is None or not attempts.take(session, bytes(delegation.named_index), _OFFERS_TOLD, now=now):
        return
    kind = "delegation_offered" if delegation.begun_by == "principal" else "delegation_asked_for"
    security_notices.tell(session, person_id, kind, now=now)


def expire_due(session: Session, *, now: datetime) -> None:
    """Close what nobody answered in time and what has come to its last day; both sides are told of the latter."""
    session.execute(_LAPSE, {"now": now})
    due = select(Delegation).where(Delegation.status == "active", Delegation.ends_at <= now)
    for delegation in session.scalars(due.order_by(Delegation.ends_at).limit(200).with_for_update(skip_locked=True)):
        close(session, delegation, "expired", by="time", now=now)
        for person_id in filter(None, (delegation.principal_id, delegation.agent_id)):
            security_notices.tell(session, person_id, "delegation_over", now=now)


def _check(session: Session, person_id: UUID, national_id: str, grants: Sequence[Grant], basis: Basis) -> None:
    errors = [FieldError(f"/scopes/{place}/{name}", why) for place, name, why in wrong_grants(grants, basis)]
    if people.index_of(national_id) == people.national_id_index_of(session, person_id):
        errors.append(FieldError("/national_id", "is your own: name the other person"))
    if errors:
        raise InvalidRequest(errors=errors)


def _period(
    starts_on: date | None, ends_on: date | None, basis: Basis, now: datetime
) -> tuple[datetime, datetime | None]:
    today = taipei_date(now)
    first = starts_on or today
    if not today <= first <= today + _FURTHEST_START:
        raise InvalidRequest(errors=[FieldError("/starts_on", "is past, or more than 90 days ahead")])
    if ends_on is None:
        if basis == "guardianship_record":
            return _midnight(first), None
        raise InvalidRequest(errors=[FieldError("/ends_on", "has to be said")])
    if not first <= ends_on <= first + LONGEST:
        raise InvalidRequest(errors=[FieldError("/ends_on", "is before it starts, or later than a year after that")])
    return _midnight(first), _midnight(ends_on + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=TAIPEI)


def _row(
    national_id: str, role: Side, person_id: UUID, basis: Basis, status: str, grants: Sequence[Grant],
    starts_at: datetime, ends_at: datetime | None, now: datetime, *, principal_id: UUID | None = None,
    agent_id: UUID | None = None,
) -> Delegation:  # fmt: skip
    return Delegation(
        id=new_uuid(),
        principal_id=person_id if role == "principal" else principal_id,
        agent_id=person_id if role == "agent" else agent_id,
        begun_by=role,
        named_index=people.index_of(national_id),
        named_masked=taiwan.mask_national_id(national_id),
        basis=basis,
        status=status,
        grants=stored(grants),
        starts_at=starts_at,
        ends_at=ends_at,
        made_at=now,
        lapses_at=now + OFFER_LIFE,
    )


def _ward(session: Session, national_id: str, guardianship: Guardianship, now: datetime) -> UUID:
    known = people.find(session, national_id)
    if known is not None:
        return known.id
    ward_id = people.enrol(
        session, national_id=national_id, mobile=None, password_hash=None, proofing_level=levels.SELF_ASSERTED,
        language="zh-TW", now=now,
    )  # fmt: skip
    if ward_id is None:
        registered_meanwhile = people.find(session, national_id)
        assert registered_meanwhile is not None
        return registered_meanwhile.id
    if guardianship.ward_name:
        people.set_name(session, ward_id, guardianship.ward_name)
    return ward_id


def _approve(session: Session, delegation_id: UUID, side: Side, actor: Actor, *, now: datetime) -> None:
    assert actor.kind == "citizen" and actor.session_id is not None and actor.on_behalf_of is None
    session.add(
        DelegationApproval(delegation_id=delegation_id, side=side, by_kind="person", by_id=actor.id,
                           session_id=actor.session_id, loa=actor.loa, at=now)
    )  # fmt: skip
    session.flush()


def _take_part(delegation: Delegation, role: Side, person_id: UUID) -> None:
    if role == "principal":
        delegation.principal_id = person_id
    else:
        delegation.agent_id = person_id


def _must_be_open_to(delegation: Delegation, role: Side, now: datetime) -> None:
    if standing(delegation, now) != "offered":
        raise DelegationClosed
    if role == delegation.begun_by:
        raise Forbidden


def _tell_agreed(session: Session, delegation: Delegation, now: datetime) -> None:
    """Both are told; the principal, for whom something can be done from now on, also who and what."""
    assert delegation.principal_id is not None and delegation.agent_id is not None
    granted = [in_words(grant) for grant in read(delegation.grants)]
    name = people.name_of(session, delegation.agent_id)
    who = masked_name(name) if name else people.masked(session, delegation.agent_id).national_id
    what = type(granted[0])("、".join(each.zh for each in granted), "; ".join(each.en for each in granted))
    security_notices.tell(
        session, delegation.principal_id, "delegation_agreed", values={"who": who, "what": what}, now=now
    )
    security_notices.tell(session, delegation.agent_id, "delegation_received", values={"what": what}, now=now)


def _is_over(delegation: Delegation, now: datetime) -> bool:
    return delegation.ends_at is not None and delegation.ends_at <= now


def _found(session: Session, delegation_id: UUID, person_id: UUID, *, is_locked: bool) -> tuple[Delegation, Side]:
    index = people.national_id_index_of(session, person_id)
    sides = or_(*(_is_side(side, person_id, index) for side in ("principal", "agent")))
    query = select(Delegation).where(Delegation.id == delegation_id, sides)
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    delegation = session.scalars(query).one_or_none()
    if delegation is None:
        raise NotFound
    return delegation, side_of(delegation, person_id)


def _is_side(side: str, person_id: UUID, index: bytes) -> ColumnElement[bool]:
    column = Delegation.principal_id if side == "principal" else Delegation.agent_id
    was_named = and_(
        Delegation.status == "offered", Delegation.begun_by == _OTHER[side], Delegation.named_index == index
    )
    return or_(column == person_id, was_named)


_NAMED = text("SELECT id FROM identity.person WHERE national_id_index = :index")
_LAPSE = text(
    "UPDATE identity.delegation SET status = 'lapsed', closed_at = :now, closed_by = 'time' "
    "WHERE status = 'offered' AND (lapses_at <= :now OR ends_at <= :now)"
)
_END_ACTING = text("UPDATE identity.acting_session SET ended_at = :now WHERE delegation_id = :id AND ended_at IS NULL")
