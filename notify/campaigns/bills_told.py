"""What people were told of bills, kept true: what waits is withdrawn when they are paid, what lies there says it.

    nothing of it is left to pay   waiting candidate → withdrawn   message → settled, its hand-overs → withdrawn
    part of it is left             both tell of that part alone
    it is owed again               a message tells of it again; who was never told of it is so by a later run

It is looked at when a bill's event comes, and, as the safety net, in rounds through all that waits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.outbox import Event
from core.text import Text
from notify import passes
from notify.campaigns import ports, tallies
from notify.campaigns.bill_words import bill_named, subject_of, words_about
from notify.campaigns.ports import ToldBill
from notify.campaigns.words import Content

BATCH = 1_000
"""People looked at in one transaction of a round."""
BETWEEN_ROUNDS = timedelta(minutes=5)
_BEFORE_ALL = UUID(int=0)
_WORDS = ("title_zh", "title_en", "body_zh", "body_en")

Told = tuple[UUID, UUID]
"""A run, and a person whom it tells, or has told, of bills."""


def bills_changed(session: Session, event: Event, now: datetime) -> None:
    """A fact of the wallet after which bills may be paid, or owed again: `bill_id`, `bill_ids` or `bills` name them."""
    named = event.payload
    bills = [*named.get("bill_ids", ()), *(bill["bill_id"] for bill in named.get("bills", ()))]
    if "bill_id" in named:
        bills.append(named["bill_id"])
    subjects = sorted({f"bill:{bill}" for bill in bills})
    told = [(row.run_id, row.person_id) for row in session.execute(_TOLD_OF, {"subjects": subjects})]
    tallies.add_to_each(session, keep_true(session, told, now))


def recheck(now: datetime, *, batch: int = BATCH, between: timedelta = BETWEEN_ROUNDS) -> None:
    """Go on with the round of every run of which something waits, from the person at whom the last one left it.

    A round begins `between` after the last has ended; the first at once. Opens its own units of work, one for `batch`
    people; run by several workers at once, each takes other runs.
    """
    ends_at = passes.ends_at()
    values = {"now": now, "before": now - between}
    with db.single_statements() as session:
        open_runs = list(session.execute(_OPEN, values).scalars())
    for run_id in open_runs:
        while _recheck_some(run_id, values, batch) and not passes.is_over(ends_at):
            pass


def _recheck_some(run_id: UUID, values: dict[str, Any], batch: int) -> bool:
    """One chunk; whether there are more people to look at in this round, and nobody else has it in hand."""
    with db.unit_of_work() as session:
        run = session.execute(_TAKE, values | {"id": run_id}).one_or_none()
        if run is None:
            return False
        after = run.rechecked_to or _BEFORE_ALL
        people = list(session.execute(_NEXT, {"run_id": run_id, "after": after, "most": batch}).scalars())
        upto = people[-1] if len(people) == batch else None
        session.execute(_RECHECKED, {"id": run_id, "upto": upto, "now": values["now"]})
        counts = keep_true(session, [(run_id, person_id) for person_id in people], values["now"])
        tallies.add_to_each(session, counts)
    return upto is not None


def keep_true(session: Session, told: Sequence[Told], now: datetime) -> dict[UUID, Counter[str]]:
    """Make what these people are or were told agree with how the bills stand. Answers the counts of each run.

    Candidates are locked in the order of the cap, which therefore decides on them before or after, not meanwhile.
    """
    if not told:
        return {}
    keys = {"runs": [run_id for run_id, _ in told], "people": [person_id for _, person_id in told]}
    candidates = session.execute(_CANDIDATES, keys).all()
    subjects: dict[Told, list[UUID]] = defaultdict(list)
    for row in session.execute(_SUBJECTS, keys):
        subjects[row.run_id, row.person_id].append(bill_named(row.subject))
    standing = _standing(session, subjects)
    said = {row.id: _said(row) for row in session.execute(_SAID, keys)}
    changes = _Changes(now)
    for row in candidates:
        changes.of_candidate(row, standing[row.run_id, row.person_id], said[row.run_id])
    for row in session.execute(_MESSAGES, keys):
        key = (row.run_id, row.person_id)
        changes.of_message(row, standing[key], said[row.run_id], is_whole=len(standing[key]) == len(subjects[key]))
    changes.write(session)
    return changes.counts


@dataclass
class _Changes:
    """What is to be written, gathered so that each table takes one statement."""

    now: datetime
    withdrawn: list[Told] = field(default_factory=list)
    candidates: list[tuple[Told, str]] = field(default_factory=list)
    forgotten: list[tuple[Told, str]] = field(default_factory=list)
    settled: list[UUID] = field(default_factory=list)
    messages: list[tuple[UUID, str]] = field(default_factory=list)
    counts: dict[UUID, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def of_candidate(self, row: Any, bills: Sequence[ToldBill], said: Content) -> None:
        """One that waits tells of what can still be paid in time. One withdrawn for want of it never told of it."""
        key, today = (row.run_id, row.person_id), taipei_date(self.now)
        left = [bill for bill in bills if bill.is_owed and bill.due_on >= today]
        if row.status == "withdrawn":
            self.forgotten += [(key, subject_of(bill)) for bill in left]
        elif not left:
            self.withdrawn.append(key)
            self.counts[row.run_id]["withdrawn"] += 1
            if row.reason == "cap":
                self.counts[row.run_id]["waiting_tomorrow"] -= 1
        elif (words := words_about(said, left, today)) != row.fields:
            self.candidates.append((key, orjson.dumps(words).decode()))

    def of_message(self, row: Any, bills: Sequence[ToldBill], said: Content, *, is_whole: bool) -> None:
        """One that people have tells of what is not settled, in the words of its own day."""
        left = [bill for bill in bills if not bill.is_settled]
        if not left:
            if bills and is_whole and row.settled_at is None:
                self.settled.append(row.id)
            return
        words = words_about(said, left, taipei_date(row.created_at))
        if row.settled_at is not None or any(words[each] != getattr(row, each) for each in _WORDS):
            self.messages.append((row.id, orjson.dumps(words).decode()))

    def write(self, session: Session) -> None:
        """Write it all down."""
        if self.withdrawn:
            session.execute(_WITHDRAW, _pairs(self.withdrawn) | {"now": self.now})
        if self.candidates:
            fields = {"fields": [words for _, words in self.candidates]}
            session.execute(_REWORD_CANDIDATES, _pairs([key for key, _ in self.candidates]) | fields)
        if self.forgotten:
            subjects = {"subjects": [subject for _, subject in self.forgotten]}
            session.execute(_FORGET, _pairs([key for key, _ in self.forgotten]) | subjects)
        if self.settled:
            session.execute(_SETTLE, {"ids": self.settled, "now": self.now})
            session.execute(_WITHDRAW_DELIVERIES, {"ids": self.settled, "now": self.now})
        if self.messages:
            ids, fields_of_each = zip(*self.messages, strict=True)
            session.execute(_REWORD_MESSAGES, {"ids": list(ids), "fields": list(fields_of_each)})


def _standing(session: Session, subjects: dict[Told, list[UUID]]) -> dict[Told, list[ToldBill]]:
    people = {person_id for _, person_id in subjects}
    bills = {bill_id for of_person in subjects.values() for bill_id in of_person}
    asked = ports.bills_told(session, people=people, bills=bills)
    found = {(bill.person_id, bill.bill_id): bill for bill in asked}
    by_told: dict[Told, list[ToldBill]] = defaultdict(list)
    for (run_id, person_id), of_person in subjects.items():
        by_told[run_id, person_id] = [found[person_id, each] for each in of_person if (person_id, each) in found]
    return by_told


def _said(row: Any) -> Content:
    """The words that were approved for this run: its campaign may have others by now."""
    return Content(Text(row.title_zh, row.title_en), Text(row.body_zh, row.body_en), row.link, {})


def _pairs(told: Sequence[Told]) -> dict[str, Any]:
    return {"runs": [run_id for run_id, _ in told], "people": [person_id for _, person_id in told]}


_PAIRS = "unnest(CAST(:runs AS uuid[]), CAST(:people AS uuid[])) AS u (run_id, person_id)"
_TOLD_OF = text("SELECT DISTINCT run_id, person_id FROM notify.trigger_fired WHERE subject = ANY(:subjects)")
_CANDIDATES = text(
    f"""
    SELECT c.run_id, c.person_id, c.status, c.reason, c.fields
      FROM notify.candidate c JOIN {_PAIRS} USING (run_id, person_id)
     WHERE c.status = 'waiting' OR c.status = 'withdrawn' AND c.reason = 'need_passed'
     ORDER BY c.person_id, c.run_id FOR NO KEY UPDATE OF c
    """  # noqa: S608
)
_SUBJECTS = text(
    f"SELECT f.run_id, f.person_id, f.subject FROM notify.trigger_fired f JOIN {_PAIRS} USING (run_id, person_id)"  # noqa: S608
)
_SAID = text(
    """
    SELECT r.id, c.title_zh, c.title_en, c.body_zh, c.body_en, c.link
      FROM notify.run r JOIN notify.content c ON c.id = r.content_id WHERE r.id = ANY(:runs)
    """
)
_MESSAGES = text(
    f"""
    SELECT m.id, m.run_id, m.person_id, m.title_zh, m.title_en, m.body_zh, m.body_en, m.created_at, m.settled_at
      FROM notify.message m JOIN {_PAIRS} USING (run_id, person_id)
     WHERE m.kind = 'campaign'
     ORDER BY m.id FOR NO KEY UPDATE OF m
    """  # noqa: S608
)
_WITHDRAW = text(
    f"""
    UPDATE notify.candidate c SET status = 'withdrawn', reason = 'need_passed', decided_at = :now
      FROM {_PAIRS} WHERE c.run_id = u.run_id AND c.person_id = u.person_id AND c.status = 'waiting'
    """  # noqa: S608
)
_REWORD_CANDIDATES = text(
    """
    UPDATE notify.candidate c SET fields = CAST(u.fields AS jsonb)
      FROM unnest(CAST(:runs AS uuid[]), CAST(:people AS uuid[]), CAST(:fields AS text[]))
               AS u (run_id, person_id, fields)
     WHERE c.run_id = u.run_id AND c.person_id = u.person_id AND c.status = 'waiting'
    """
)
_FORGET = text(
    """
    DELETE FROM notify.trigger_fired f
     USING unnest(CAST(:runs AS uuid[]), CAST(:people AS uuid[]), CAST(:subjects AS text[]))
               AS u (run_id, person_id, subject)
     WHERE f.run_id = u.run_id AND f.person_id = u.person_id AND f.subject = u.subject
    """
)
_SETTLE = text("UPDATE notify.message SET settled_at = :now WHERE id = ANY(:ids)")
_REWORD_MESSAGES = text(
    """
    UPDATE notify.message m
       SET title_zh = w.title_zh, title_en = w.title_en, body_zh = w.body_zh, body_en = w.body_en, settled_at = NULL
      FROM unnest(CAST(:ids AS uuid[]), CAST(:fields AS jsonb[])) AS u (id, fields)
           CROSS JOIN LATERAL jsonb_to_record(u.fields) AS w (title_zh text, title_en text, body_zh text, body_en text)
     WHERE m.id = u.id
    """
)
# One that a sender has in hand is due later: when its lease ends, it is looked at again before it goes.
_WITHDRAW_DELIVERIES = text(
    """
    UPDATE notify.delivery SET status = 'withdrawn', settled_at = :now, last_error = 'need_passed'
     WHERE id IN (SELECT id FROM notify.delivery
                   WHERE message_id = ANY(:ids) AND status = 'pending' AND next_at <= :now
                   ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
    """
)
_IS_OPEN = """
    r.status IN ('deciding', 'done') AND r.deadline > :now
       AND (r.rechecked_to IS NOT NULL OR r.rechecked_at IS NULL OR r.rechecked_at <= :before)
"""
_OPEN = text(
    f"""
    SELECT r.id FROM notify.run r
     WHERE {_IS_OPEN} AND EXISTS (SELECT FROM notify.trigger_fired f WHERE f.run_id = r.id)
       AND (r.status = 'deciding'
            OR EXISTS (SELECT FROM notify.delivery d WHERE d.event_id = r.id AND d.status = 'pending')
            OR EXISTS (SELECT FROM notify.digest_line l WHERE l.run_id = r.id AND l.settled_at IS NULL))
     ORDER BY r.rechecked_at NULLS FIRST, r.id
    """  # noqa: S608
)
_TAKE = text(f"SELECT rechecked_to FROM notify.run r WHERE id = :id AND {_IS_OPEN} FOR NO KEY UPDATE SKIP LOCKED")  # noqa: S608
_NEXT = text(
    """
    SELECT DISTINCT person_id FROM notify.trigger_fired WHERE run_id = :run_id AND person_id > :after
     ORDER BY person_id LIMIT :most
    """
)
_RECHECKED = text(
    """
    UPDATE notify.run SET rechecked_to = :upto,
           rechecked_at = CASE WHEN CAST(:upto AS uuid) IS NULL THEN CAST(:now AS timestamptz) ELSE rechecked_at END
     WHERE id = :id
    """
)
