"""The service counter: an officer looks somebody up, sees their papers, writes down name and mobile, and proves them.

Everything happens within a case: one person, one officer, one purpose and case number, half an hour. A look-up without
a purpose is none, nobody looks up themself, and how many people an officer looks up is limited, and kept to be audited.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import crypto
from core.errors import NotFound
from core.ids import new_uuid
from identity import access_log, attempts, levels, people, proofing, security_notices, sessions, takeovers, texts_out
from identity.actors import Actor
from identity.attempts import Limit
from identity.counter_errors import NobodyThereYet, NotProvedYet, OwnRecord, PapersMissing, TooManyLookups
from identity.counter_models import CounterCase
from identity.models import Passkey, Person
from identity.officer_models import Officer
from identity.words import MOBILE_CHANGED_SMS

PURPOSES = ("proofing_in_person", "lost_credentials", "visit")
PAPERS = ("id_card", "residence_permit", "passport", "driving_licence", "health_card", "household_certificate")
WITH_PHOTOGRAPH = frozenset({"id_card", "residence_permit", "passport", "driving_licence"})
UNCHANGED = "unchanged"
"""A mobile that stays as it is: the desk sees it masked, and cannot write it down again."""
CASE_LIFE = timedelta(minutes=30)
LOOKUPS = Limit("officer_lookups", 40, timedelta(hours=1), extends=False)
_TABLE = "identity.counter_case"


def look_up(
    session: Session, officer: Actor, *, national_id: str, purpose: str, case_number: str, now: datetime
) -> CounterCase:
    """Open a case for whoever holds this ID number, registered or not.

    Raises OwnRecord and TooManyLookups; both stay written down.
    """
    refuse_own_or_too_many(session, officer, national_id, purpose=purpose, case_number=case_number, now=now)
    person = people.find(session, national_id)
    outcome = "found" if person else "nobody"
    case = _write(session, officer, national_id, purpose, case_number, outcome, now)
    case.person_id = person.id if person else None
    _record(session, officer, case, "counter_record", now)
    session.flush()
    return case


def refuse_own_or_too_many(
    session: Session, officer: Actor, national_id: str, *, purpose: str, case_number: str, now: datetime
) -> None:
    """Nobody serves themself, nor more people in an hour than come. Raises OwnRecord, TooManyLookups."""
    own = session.scalar(select(Officer.national_id_index).where(Officer.id == officer.id))
    if own == people.index_of(national_id):
        _write(session, officer, national_id, purpose, case_number, "own_record", now)
        raise OwnRecord
    subject = crypto.blind_index(str(officer.id), purpose="officer")
    if not attempts.take(session, subject, LOOKUPS, now=now):
        _write(session, officer, national_id, purpose, case_number, "too_many", now)
        wait = attempts.seconds_to_wait(session, subject, LOOKUPS, now=now)
        raise TooManyLookups(retry_after_seconds=wait)


def open_case(session: Session, officer: Actor, case_id: UUID, *, now: datetime) -> CounterCase:
    """The officer's own case, while it is open; locked. Raises NotFound."""
    case = session.get(CounterCase, case_id, with_for_update=True, populate_existing=True)
    is_open = case is not None and case.outcome in ("found", "nobody") and case.expires_at > now
    if case is None or not is_open or case.officer_id != officer.id:
        raise NotFound
    return case


def read(session: Session, officer: Actor, case_id: UUID, *, now: datetime) -> CounterCase:
    """The case, to be shown once more, which is recorded. Raises NotFound."""
    case = open_case(session, officer, case_id, now=now)
    _record(session, officer, case, "counter_record", now)
    return case


def see_papers(
    session: Session, officer: Actor, case_id: UUID, papers: Collection[str], *, now: datetime
) -> CounterCase:
    """Write down which papers the person has shown (codes of PAPERS). Raises NotFound."""
    case = open_case(session, officer, case_id, now=now)
    case.papers = sorted(set(papers))
    _record(session, officer, case, "counter_papers", now)
    return case


def write_down(
    session: Session,
    officer: Actor,
    case_id: UUID,
    *,
    name: str,
    mobile: str | None = UNCHANGED,
    language: str,
    now: datetime,
) -> CounterCase:
    """Write down or correct name (`core.names`) and mobile (None: has none); enrols somebody who is not registered yet.

    The mobile may be in somebody else's name: it receives messages and identifies nobody. A changed one ends every
    session there was, and the number before is told. Whatever somebody left behind who had claimed this ID number and
    never proved it ends as well. Raises NotFound, PapersMissing.
    """
    case = open_case(session, officer, case_id, now=now)
    _must_have_shown_papers(case)
    if case.person_id is None:
        case.person_id = _enrol(session, case, None if mobile is UNCHANGED else mobile, language, now)
    else:
        _correct(session, case.person_id, mobile, language, now)
    people.set_name(session, case.person_id, name)
    case.written_at = now
    _record(session, officer, case, "counter_name", now)
    session.flush()
    return case


def prove(session: Session, officer: Actor, case_id: UUID, *, now: datetime) -> CounterCase:
    """The officer has compared face and papers: proofing rises to 4, and the person is told.

    Raises NotFound, NobodyThereYet, PapersMissing.
    """
    case = open_case(session, officer, case_id, now=now)
    if case.person_id is None:
        raise NobodyThereYet
    _must_have_shown_papers(case)
    # Not by what a stranger may have left there: name and mobile are written down from the papers, in this case.
    if case.written_at is None:
        raise PapersMissing
    proofing.raise_to(
        session, case.person_id, levels.PROVED_IN_PERSON, method="counter", reference=case.case_number, now=now
    )
    case.proofed_at = now
    _record(session, officer, case, "counter_proofing", now)
    return case


def proved_person(session: Session, officer: Actor, case_id: UUID, *, now: datetime) -> tuple[CounterCase, Person]:
    """Who was proved at this counter in this case. Raises NotFound, NobodyThereYet, NotProvedYet."""
    case = open_case(session, officer, case_id, now=now)
    if case.person_id is None:
        raise NobodyThereYet
    if case.proofed_at is None:
        raise NotProvedYet
    return case, people.get(session, case.person_id)


def record(session: Session, officer: Actor, case: CounterCase, what: str, *, now: datetime) -> None:
    """What was read or done in this case, in the citizen's access log."""
    _record(session, officer, case, what, now)


def national_id_of(case: CounterCase) -> str:
    """The ID number of an open case, in the clear."""
    assert case.national_id_sealed is not None
    return crypto.open_sealed(case.national_id_sealed, table=_TABLE, column="national_id", row_id=case.id).decode()


def passkeys_of(session: Session, person_id: UUID) -> int:
    """How many passkeys this person holds."""
    return session.scalars(select(func.count()).select_from(Passkey).where(Passkey.person_id == person_id)).one()


def papers_are_enough(papers: Collection[str]) -> bool:
    """Two papers, one of them with a photograph: what the household registration offices ask for, too."""
    return len(set(papers)) >= 2 and bool(WITH_PHOTOGRAPH & set(papers))


def _must_have_shown_papers(case: CounterCase) -> None:
    if not papers_are_enough(case.papers):
        raise PapersMissing


def _enrol(session: Session, case: CounterCase, mobile: str | None, language: str, now: datetime) -> UUID:
    national_id = national_id_of(case)
    person_id = people.enrol(
        session,
        national_id=national_id,
        mobile=mobile,
        password_hash=None,
        proofing_level=levels.SELF_ASSERTED,
        language=language,
        now=now,
    )
    if person_id is not None:
        return person_id
    # Somebody has registered this ID number since it was looked up.
    known = people.find(session, national_id)
    assert known is not None
    _correct(session, known.id, mobile, language, now)
    return known.id


def _correct(session: Session, person_id: UUID, mobile: str | None, language: str, now: datetime) -> None:
    person = session.scalars(
        select(Person).where(Person.id == person_id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
    if person.proofing_level == levels.SELF_ASSERTED:
        people.replace_unproved(
            session,
            person,
            mobile=None if mobile is UNCHANGED else mobile,
            password_hash=None,
            proofing_level=levels.SELF_ASSERTED,
            language=language,
        )
        takeovers.end_what_was(session, person_id, reason="taken over at a counter", now=now)
        return
    before = people.opened_mobile(person)
    person.language = language
    if mobile is UNCHANGED or mobile == before:
        return
    people.set_mobile(person, mobile)
    sessions.end_all(session, person_id=person_id, now=now, reason="mobile changed at a counter")
    if before is not None:
        words = MOBILE_CHANGED_SMS.in_language(person.language)
        texts_out.write(session, person_id=person_id, mobile=before, body=words, now=now)
    session.flush()
    security_notices.tell(session, person_id, "mobile_changed", now=now)


def _write(
    session: Session,
    officer: Actor,
    national_id: str,
    purpose: str,
    case_number: str,
    outcome: str,
    now: datetime,
) -> CounterCase:
    case_id = new_uuid()
    sealed = crypto.seal(national_id, table=_TABLE, column="national_id", row_id=case_id)
    case = CounterCase(
        id=case_id,
        officer_id=officer.id,
        national_id_sealed=sealed if outcome in ("found", "nobody") else None,
        national_id_index=people.index_of(national_id),
        purpose=purpose,
        case_number=case_number,
        outcome=outcome,
        papers=[],
        opened_at=now,
        expires_at=now + CASE_LIFE,
    )
    session.add(case)
    session.flush()
    return case


def _record(session: Session, officer: Actor, case: CounterCase, what: str, now: datetime) -> None:
    access_log.record_accesses(
        session,
        actor=officer,
        person_ids=() if case.person_id is None else (case.person_id,),
        what=what,
        purpose=case.purpose,
        reference=case.case_number,
        now=now,
    )
