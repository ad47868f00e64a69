"""Taking staged lines over into the register: set by set, within the transaction that staged them.

The caller holds the lock that lets one merge run at a time. Bills are locked in the order of their ids, as payments
lock them, so that neither waits for the other in a circle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from wallet import bill_news
from wallet.feed_profiles import Profile

BUREAU_REGISTER = "bureau-register"


class ReportedElsewhere(Protocol):
    """Decides what becomes of a bill that somebody else collected while we claim it or after we were paid for it."""

    def __call__(self, session: Session, *, bill_id: UUID, external_payment_id: UUID, now: datetime) -> object: ...


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the lines that were readable: ignored repeats, refused contradictions, changes in the register."""

    ignored: int
    refused: int
    changed: int
    unchanged: int


def merge(
    session: Session, profile: Profile, batch_id: UUID, *, now: datetime, on_reported_elsewhere: ReportedElsewhere
) -> Merged:
    """Take over what is staged for `profile`; lines that contradict earlier ones move to the refusals."""
    values: dict[str, Any] = {"batch": batch_id, "now": now, "register": BUREAU_REGISTER}
    _run(session, text("ANALYZE feed_line"), {})
    session.execute(_TO_TELL)
    take_over = _merge_payments if profile.source == "paid-elsewhere" else _merge_bills
    merged = take_over(session, profile, values, on_reported_elsewhere)
    for how, bill_ids in session.execute(_READ_TO_TELL, {"most": bill_news.IN_ONE_EVENT}).all():
        bill_news.tell(session, bill_ids, how, now=now)
    # Several files may be taken over in one transaction.
    session.execute(_FORGET_TO_TELL)
    return merged


def _merge_bills(
    session: Session, profile: Profile, values: dict[str, Any], on_reported_elsewhere: ReportedElsewhere
) -> Merged:
    values |= {"bureau": profile.source, "kind": "parking" if profile.source == "parking" else "fine"}
    ignored, refused = _set_later_lines_apart(session, profile, _LATER_BILLS)
    readable = _run(session, _COUNT, {})
    _run(session, _LOCK_BILLS_TO_CHANGE, values)
    updated = _run(session, _UPDATE_BILLS, values)
    contested = session.execute(_RECORD_CONTESTED, values).all()
    inserted = _run(session, _INSERT_BILLS, values)
    for external_payment_id, bill_id in contested:
        on_reported_elsewhere(session, bill_id=bill_id, external_payment_id=external_payment_id, now=values["now"])
    _run(session, _MATCH_WAITING_PAYMENTS, values)
    _run(session, _ATTACH, {})
    _settle_matches(session, values, on_reported_elsewhere)
    changed = inserted + updated + len(contested)
    return Merged(ignored, refused, changed, readable - changed)


def _merge_payments(
    session: Session, profile: Profile, values: dict[str, Any], on_reported_elsewhere: ReportedElsewhere
) -> Merged:
    ignored, refused = _set_later_lines_apart(session, profile, _LATER_PAYMENTS)
    refused += _run(session, _REFUSE_CONTRADICTIONS, {"field": profile.key_header})
    unchanged = _run(session, _DROP_KNOWN_PAYMENTS, {})
    _run(session, _MATCH_NEW_PAYMENTS, {})
    inserted = _run(session, _INSERT_PAYMENTS, values)
    _settle_matches(session, values, on_reported_elsewhere)
    return Merged(ignored, refused, inserted, unchanged)


def _set_later_lines_apart(session: Session, profile: Profile, later: TextClause) -> tuple[int, int]:
    """Of lines with the same key the first stands: how many repeat it (ignored), how many contradict it (refused)."""
    session.execute(later)
    refused = _run(session, _REFUSE_LATER, {"field": profile.key_header})
    return _run(session, _DROP_LATER, {}) - refused, refused


def _settle_matches(session: Session, values: Mapping[str, Any], on_reported_elsewhere: ReportedElsewhere) -> None:
    """Bills that a channel has collected are paid, unless we claim them or were paid: then it is not ours to decide."""
    _run(session, _LOCK_MATCHED, {})
    contested = session.execute(_CONTESTED_MATCHES).all()
    _run(session, _PAID_ELSEWHERE, values)
    for external_payment_id, bill_id in contested:
        on_reported_elsewhere(session, bill_id=bill_id, external_payment_id=external_payment_id, now=values["now"])


def _run(session: Session, statement: TextClause, values: Mapping[str, Any]) -> int:
    """Rows affected, or the number that the statement selects."""
    result: Any = session.execute(statement, values)
    return int(result.scalar_one()) if result.returns_rows else int(result.rowcount)


_COUNT = text("SELECT count(*) FROM feed_line")

_CONTENT = (
    "({0}.plate, {0}.vehicle, {0}.owner_index, {0}.owner_sex, {0}.district, {0}.road, {0}.place, {0}.occurred_at, "
    "{0}.law_code, {0}.law_text, {0}.amount_twd, {0}.due_on, {0}.payable_by_agent, {0}.status)"
)
# Only a line that staged its raw text can be a later one of its key, so only its key is looked for.
_LATER_BILLS = text(
    f"""
    CREATE TEMPORARY TABLE feed_later ON COMMIT DROP AS
    WITH suspect AS (SELECT DISTINCT number FROM feed_line WHERE raw_sealed IS NOT NULL),
         first AS (SELECT DISTINCT ON (number) l.* FROM feed_line l JOIN suspect USING (number) ORDER BY number, row)
    SELECT l.row, l.id, l.raw_sealed, {_CONTENT.format("l")} IS NOT DISTINCT FROM {_CONTENT.format("f")} AS is_same
      FROM feed_line l JOIN first f USING (number) WHERE l.row > f.row
    """  # noqa: S608
)
_LATER_PAYMENTS = text(
    """
    CREATE TEMPORARY TABLE feed_later ON COMMIT DROP AS
    WITH repeated AS (SELECT channel, channel_reference FROM feed_line GROUP BY 1, 2 HAVING count(*) > 1),
         first AS (SELECT DISTINCT ON (channel, channel_reference) l.*
                     FROM feed_line l JOIN repeated USING (channel, channel_reference)
                    ORDER BY channel, channel_reference, row)
    SELECT l.row, l.id, l.raw_sealed,
           (l.number, l.amount_twd, l.paid_at) IS NOT DISTINCT FROM (f.number, f.amount_twd, f.paid_at) AS is_same
      FROM feed_line l JOIN first f USING (channel, channel_reference) WHERE l.row > f.row
    """
)
_REFUSE_LATER = text(
    """
    INSERT INTO feed_refusal (row, id, field, reason, raw_sealed)
    SELECT row, id, :field, 'conflicts_with_earlier_line', raw_sealed FROM feed_later WHERE NOT is_same
    """
)
_DROP_LATER = text("DELETE FROM feed_line l USING feed_later WHERE l.row = feed_later.row")

# What we have collected, and what is paid already, no batch changes. A bill that a payment of ours holds follows its
# bureau's amount and date, but that it was paid elsewhere is a question for that payment.
_IS_TO_CHANGE = """
    b.bureau = :bureau AND b.number = l.number AND b.status <> 'paid' AND b.paid_by_payment IS NULL
    AND (b.amount_twd, b.due_on, b.status) IS DISTINCT FROM (l.amount_twd, l.due_on, l.status)
"""
_LOCK_BILLS_TO_CHANGE = text(
    f"""
    WITH locked AS (
        SELECT b.id, b.status AS was, l.status FROM feed_line l JOIN wallet.bill b ON {_IS_TO_CHANGE}
         ORDER BY b.id FOR NO KEY UPDATE OF b
    ), reopened AS (
        INSERT INTO feed_to_tell SELECT id, 'reopened' FROM locked WHERE was = 'void' AND status = 'unpaid'
    )
    SELECT count(*) FROM locked
    """  # noqa: S608
)
_TO_TELL = text("CREATE TEMPORARY TABLE feed_to_tell (id uuid NOT NULL, how text NOT NULL) ON COMMIT DROP")
_FORGET_TO_TELL = text("DROP TABLE feed_to_tell")
_UPDATE_BILLS = text(
    f"""
    WITH changed AS (
        UPDATE wallet.bill b
           SET amount_twd = l.amount_twd, due_on = l.due_on, status = l.status, batch_id = :batch, updated_at = :now,
               paid_channel = CASE WHEN l.status = 'paid' THEN :register END,
               paid_at = CASE WHEN l.status = 'paid' THEN CAST(:now AS timestamptz) END
          FROM feed_line l
         WHERE {_IS_TO_CHANGE} AND NOT (l.status = 'paid' AND b.claimed_by IS NOT NULL)
        RETURNING b.id, b.status
    ), closed AS (
        INSERT INTO feed_to_tell SELECT id, status FROM changed WHERE status IN ('paid', 'void')
    )
    SELECT count(*) FROM changed
    """  # noqa: S608
)
_RECORD_CONTESTED = text(
    """
    INSERT INTO wallet.external_payment
           (id, bureau, number, channel, channel_reference, amount_twd, paid_at, batch_id, bill_id)
    SELECT gen_random_uuid(), b.bureau, b.number, :register, b.bureau || ':' || b.number, l.amount_twd, :now, :batch,
           b.id
      FROM feed_line l JOIN wallet.bill b ON b.bureau = :bureau AND b.number = l.number
     WHERE l.status = 'paid' AND b.status <> 'paid' AND b.claimed_by IS NOT NULL AND b.paid_by_payment IS NULL
     ORDER BY b.id
        ON CONFLICT (channel, channel_reference) DO NOTHING
    RETURNING id, bill_id
    """
)
_INSERT_BILLS = text(
    """
    INSERT INTO wallet.bill
           (id, bureau, kind, number, plate, vehicle, owner_index, owner_sealed, owner_sex, district, road, place,
            occurred_at, law_code, law_text, amount_twd, due_on, payable_by_agent, status, paid_channel, batch_id,
            updated_at)
    SELECT l.id, :bureau, :kind, l.number, l.plate, l.vehicle, l.owner_index, l.owner_sealed, l.owner_sex, l.district,
           l.road, l.place, l.occurred_at, l.law_code, l.law_text, l.amount_twd, l.due_on, l.payable_by_agent,
           l.status, CASE WHEN l.status = 'paid' THEN :register END, :batch, :now
      FROM feed_line l
     WHERE NOT EXISTS (SELECT FROM wallet.bill b WHERE b.bureau = :bureau AND b.number = l.number)
    """
)
_MATCH_WAITING_PAYMENTS = text(
    """
    CREATE TEMPORARY TABLE feed_match ON COMMIT DROP AS
    SELECT e.id AS external_payment_id, b.id AS bill_id, e.channel, e.paid_at
      FROM wallet.external_payment e JOIN wallet.bill b ON b.bureau = e.bureau AND b.number = e.number
     WHERE e.bill_id IS NULL AND e.bureau = :bureau AND b.batch_id = :batch
    """
)

_REFUSE_CONTRADICTIONS = text(
    """
    WITH contradiction AS (
        DELETE FROM feed_line l USING wallet.external_payment e
         WHERE e.channel = l.channel AND e.channel_reference = l.channel_reference
           AND (e.number, e.amount_twd, e.paid_at) IS DISTINCT FROM (l.number, l.amount_twd, l.paid_at)
        RETURNING l.row, l.id, l.raw_sealed
    )
    INSERT INTO feed_refusal (row, id, field, reason, raw_sealed)
    SELECT row, id, :field, 'conflicts_with_earlier_batch', raw_sealed FROM contradiction
    """
)
_DROP_KNOWN_PAYMENTS = text(
    """
    DELETE FROM feed_line l USING wallet.external_payment e
     WHERE e.channel = l.channel AND e.channel_reference = l.channel_reference
    """
)
_MATCH_NEW_PAYMENTS = text(
    """
    CREATE TEMPORARY TABLE feed_match ON COMMIT DROP AS
    SELECT l.id AS external_payment_id, b.id AS bill_id, l.channel, l.paid_at
      FROM feed_line l JOIN wallet.bill b ON b.bureau = l.bureau AND b.number = l.number
    """
)
_INSERT_PAYMENTS = text(
    """
    INSERT INTO wallet.external_payment
           (id, bureau, number, channel, channel_reference, amount_twd, paid_at, batch_id, bill_id)
    SELECT l.id, l.bureau, l.number, l.channel, l.channel_reference, l.amount_twd, l.paid_at, :batch, m.bill_id
      FROM feed_line l LEFT JOIN feed_match m ON m.external_payment_id = l.id
    """
)
_ATTACH = text(
    "UPDATE wallet.external_payment e SET bill_id = m.bill_id FROM feed_match m WHERE e.id = m.external_payment_id"
)
_LOCK_MATCHED = text(
    """
    SELECT count(*) FROM (SELECT b.id FROM wallet.bill b WHERE b.id IN (SELECT bill_id FROM feed_match)
                           ORDER BY b.id FOR NO KEY UPDATE OF b) AS locked
    """
)
_CONTESTED_MATCHES = text(
    """
    SELECT m.external_payment_id, m.bill_id FROM feed_match m JOIN wallet.bill b ON b.id = m.bill_id
     WHERE b.claimed_by IS NOT NULL OR b.paid_by_payment IS NOT NULL
     ORDER BY m.bill_id, m.paid_at, m.external_payment_id
    """
)
# The register may have said "paid" before the channel said where and when.
_PAID_ELSEWHERE = text(
    """
    WITH paid AS (
        UPDATE wallet.bill b SET status = 'paid', paid_channel = m.channel, paid_at = m.paid_at, updated_at = :now
          FROM (SELECT DISTINCT ON (bill_id) * FROM feed_match ORDER BY bill_id, paid_at, external_payment_id) AS m
         WHERE b.id = m.bill_id AND b.claimed_by IS NULL AND b.paid_by_payment IS NULL
           AND (b.status <> 'paid' OR b.paid_channel = :register)
        RETURNING b.id
    )
    INSERT INTO feed_to_tell SELECT id, 'paid' FROM paid
    """
)
_READ_TO_TELL = text(
    """
    SELECT how, array_agg(id ORDER BY id) AS bill_ids
      FROM (SELECT id, how, (row_number() OVER (PARTITION BY how ORDER BY id) - 1) / :most AS part
              FROM (SELECT DISTINCT id, how FROM feed_to_tell) AS c) AS numbered
     GROUP BY how, part ORDER BY how, part
    """
)
