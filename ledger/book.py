"""What can be done with the book: open accounts, write atomic groups of transfers, read balances and entries.

Every function that writes takes several postings as one atomic group, in one round trip. What belongs together in one
unit of work goes into one call of `record` (assets may be mixed): groups never deadlock, but two calls in one
transaction lock in the order of the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest
from core.statements import Asked
from ledger import known_accounts
from ledger.errors import AccountNotOpen, typed_refusals

_NAMESPACE = UUID("5f0c6d5e-6f0a-5c1b-9b51-6c6564676572")


class Side(StrEnum):
    """The side on which an account grows: debit for bank clearing, credit for a payable or a citizen's points."""

    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Posting:
    """Moves `amount` (whole units of `asset`, more than 0) from `debit` to `credit`. `id` is the idempotency key."""

    id: UUID
    debit: UUID
    credit: UUID
    amount: int
    asset: str
    reason: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Hold(Posting):
    """Reserves the amount until it is settled, released, or voided by the sweep after `expires_at` (None: never)."""

    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Moves what was held, or the part of it that `amount` says; the rest is given back. `id` follows from the hold."""

    hold_id: UUID
    amount: int | None = None
    reason: str = "settled"
    subject: str = ""
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", uuid5(self.hold_id, "post"))


@dataclass(frozen=True, slots=True)
class Release:
    """Gives back what was held; nothing moves. `id` follows from the hold and the reason."""

    hold_id: UUID
    reason: str = "released"
    subject: str = ""
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", uuid5(self.hold_id, f"void {self.reason}"))


@dataclass(frozen=True, slots=True)
class Reversal:
    """Undoes a posted transfer in full, at most once, by one the other way round. `id` follows from it."""

    transfer_id: UUID
    reason: str
    subject: str = ""
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", uuid5(self.transfer_id, "reversal"))


Change = Posting | Hold | Settlement | Release | Reversal


def account_id(code: str) -> UUID:
    """The id of the account with this code, open or not: it follows from the code, so nobody has to look it up."""
    return uuid5(_NAMESPACE, code)


def open_account(
    session: Session,
    code: str,
    asset: str,
    *,
    now: datetime,
    normal_side: Side = Side.CREDIT,
    is_hot: bool = False,
    never_negative: bool = False,
) -> UUID:
    """Open an account of `asset` ("TWD", "PT"), or find it open already. Answers its id, `account_id(code)`.

    `is_hot` is for accounts that everyone touches: nobody waits for another there, but no floor can be held.
    `never_negative` (credit side, not hot): credits posted less debits posted less debits held stays at 0 or more.
    Raises AccountDiffers when the code is in use with other properties.
    """
    identifier = account_id(code)
    meaning = (identifier, code, asset, normal_side, is_hot, never_negative)
    known = known_accounts.of(session.get_bind())
    if meaning in known:
        return identifier
    with typed_refusals():
        is_new = session.execute(
            _OPEN_ACCOUNT,
            {
                "id": identifier, "code": code, "asset": asset, "normal_side": normal_side.value, "is_hot": is_hot,
                "never_negative": never_negative, "now": now,
            },
        ).scalar_one()  # fmt: skip
    # What this transaction itself has opened may still be undone.
    opened_here = session.info.setdefault("accounts_opened", set())
    if is_new:
        opened_here.add(identifier)
    elif is_hot and identifier not in opened_here:
        known.add(meaning)
    return identifier


def post(session: Session, postings: Sequence[Posting], *, now: datetime) -> bool:
    """Move amounts, all or none. Answers and raises as `record`."""
    return record(session, postings, now=now)


def hold(session: Session, postings: Sequence[Posting], *, now: datetime, expires_at: datetime | None = None) -> bool:
    """Reserve amounts, all or none, until `settle` or `release`. Answers and raises as `record`."""
    holds = [
        Hold(p.id, p.debit, p.credit, p.amount, p.asset, p.reason, p.subject, expires_at)
        if not isinstance(p, Hold)
        else p
        for p in postings
    ]
    return record(session, holds, now=now)


def settle(session: Session, settlements: Sequence[Settlement], *, now: datetime) -> bool:
    """Move what was held, in full or in part, all or none. Answers and raises as `record`."""
    return record(session, settlements, now=now)


def release(session: Session, releases: Sequence[Release], *, now: datetime) -> bool:
    """Give back what was held, all or none. Answers and raises as `record`."""
    return record(session, releases, now=now)


def reverse(session: Session, reversals: Sequence[Reversal], *, now: datetime) -> bool:
    """Undo posted transfers in full, all or none. Answers and raises as `record`."""
    return record(session, reversals, now=now)


def record(session: Session, changes: Sequence[Change], *, now: datetime, group_id: UUID | None = None) -> bool:
    """Write one atomic group of any kinds of change in one round trip; `group_id` is the smallest id unless given.

    The changes are made in the order given: an account may spend what an earlier one of the group brought it.
    True: written now. False: all of it is in the book already, and nothing was done.
    A hold must be in the book before the call that resolves it.
    Raises NotEnough, AccountNotOpen, TransferDiffers (an id of this group is taken by something else), HoldUnknown,
    HoldResolved, DoesNotFit, NotReversible, AlreadyReversed; ValueError for a group that is empty or not well formed.
    """
    with typed_refusals():
        return bool(session.execute(*recording(changes, now=now, group_id=group_id)).scalar_one())


def recording(changes: Sequence[Change], *, now: datetime, group_id: UUID | None = None) -> Asked:
    """What `record` asks, for who sends it together with something else, inside `ledger.errors.typed_refusals`."""
    rows = [_row(change) for change in changes]
    if not rows or len({row.id for row in rows}) < len(rows):
        raise ValueError("a group has one change or more, each with an id of its own")
    return _APPLY, {
        "group_id": group_id or min(row.id for row in rows),
        "now": now,
        "ids": [row.id for row in rows],
        "kinds": [row.kind for row in rows],
        "assets": [row.asset for row in rows],
        "debits": [row.debit for row in rows],
        "credits": [row.credit for row in rows],
        "amounts": [row.amount for row in rows],
        "pendings": [row.pending_id for row in rows],
        "reverses": [row.reverses_id for row in rows],
        "expires": [row.expires_at for row in rows],
        "reasons": [row.reason for row in rows],
        "subjects": [row.subject for row in rows],
    }


@dataclass(frozen=True, slots=True)
class Balance:
    """The four counters of one account, in whole units of its asset."""

    account_id: UUID
    code: str
    asset: str
    normal_side: Side
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int

    @property
    def posted(self) -> int:
        """What the account holds, counted on its normal side."""
        return self._on_normal_side(self.debits_posted, self.credits_posted)

    @property
    def available(self) -> int:
        """What the account holds less what is on hold against it."""
        return self.posted - (self.credits_pending if self.normal_side is Side.DEBIT else self.debits_pending)

    def _on_normal_side(self, debits: int, credits: int) -> int:
        return debits - credits if self.normal_side is Side.DEBIT else credits - debits


def balance(session: Session, account: UUID) -> Balance:
    """The account's counters as of this moment, its own transaction's changes included. Raises AccountNotOpen."""
    with typed_refusals():
        row = session.execute(_BALANCE, {"account": account}).one_or_none()
    if row is None:
        raise AccountNotOpen
    return Balance(row.account_id, row.code, row.asset, Side(row.normal_side), *row[4:])


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All accounts of one asset added up: debits equal credits, posted and held alike."""

    asset: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int

    @property
    def is_balanced(self) -> bool:
        return self.debits_posted == self.credits_posted and self.debits_pending == self.credits_pending


def trial_balance(session: Session, as_of: datetime | None = None) -> list[TrialBalance]:
    """One line per asset, from the accounts' counters; with `as_of`, from the transfers recorded until then."""
    with typed_refusals():
        rows = session.execute(_TRIAL_BALANCE if as_of is None else _TRIAL_BALANCE_AS_OF, {"as_of": as_of}).all()
    return [TrialBalance(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Entry:
    """One account's side of a transfer. `amount` is what was posted, held (pending) or given back (void)."""

    transfer_id: UUID
    group_id: UUID
    side: Side
    kind: str
    amount: int
    counterpart: UUID
    reason: str
    subject: str
    recorded_at: datetime
    pending_id: UUID | None
    reverses_id: UUID | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries, newest first; `next_cursor` is None on the last page."""

    items: list[Entry]
    next_cursor: str | None


def entries(session: Session, account: UUID, cursor: str | None = None, *, limit: int = 50) -> EntryPage:
    """A page of the account's entries, newest first. Raises InvalidRequest for a cursor that is none."""
    xact, last_id = _place(cursor) if cursor else _NEWEST
    rows = session.execute(_ENTRIES, {"account": account, "xact": str(xact), "id": last_id, "rows": limit + 1}).all()
    items = [Entry(row.id, row.group_id, Side(row.side), *row[3:11]) for row in rows[:limit]]
    more = encode_cursor(int(rows[limit - 1].xact), str(rows[limit - 1].id)) if len(rows) > limit else None
    return EntryPage(items, more)


_NEWEST = (2**63 - 1, UUID(int=2**128 - 1))


def _place(cursor: str) -> tuple[int, UUID]:
    xact, last_id = decode_cursor(cursor, int, str)
    try:
        place = (xact, UUID(last_id))
    except ValueError:
        place = None
    if place is None or not 0 <= xact <= _NEWEST[0]:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")])
    return place


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    kind: str
    reason: str
    subject: str
    asset: str | None = None
    debit: UUID | None = None
    credit: UUID | None = None
    amount: int | None = None
    pending_id: UUID | None = None
    reverses_id: UUID | None = None
    expires_at: datetime | None = None


def _row(change: Change) -> _Row:
    amount = change.amount if isinstance(change, Posting | Settlement) else None
    if (amount is not None and amount <= 0) or not 0 < len(change.reason) <= 200 or len(change.subject) > 200:
        raise ValueError("an amount is more than 0; a reason has 1 to 200 characters, a subject up to 200")
    match change:
        case Settlement():
            return _Row(change.id, "post", change.reason, change.subject, amount=amount, pending_id=change.hold_id)
        case Release():
            return _Row(change.id, "void", change.reason, change.subject, pending_id=change.hold_id)
        case Reversal():
            return _Row(change.id, "posted", change.reason, change.subject, reverses_id=change.transfer_id)
        case Posting():
            if change.debit == change.credit:
                raise ValueError("a transfer is between two accounts")
            is_hold = isinstance(change, Hold)
            return _Row(
                change.id, "pending" if is_hold else "posted", change.reason, change.subject, change.asset,
                change.debit, change.credit, amount, expires_at=change.expires_at if isinstance(change, Hold) else None,
            )  # fmt: skip


# An account that is not there yet is opened by one at a time: two at once would both find its id free, and the second
# be refused for its code.
_OPEN_ACCOUNT = text(
    """
    WITH turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(hashtextextended(:code, 13))
         WHERE NOT EXISTS (SELECT FROM ledger.account WHERE id = :id)
    )
    SELECT ledger.open_account(:id, :code, :asset, :normal_side, :is_hot, :never_negative, :now)
      FROM (SELECT count(*) FROM turn) AS waited
    """
)

_APPLY = text(
    """
    SELECT ledger.apply(
        :group_id, :now, CAST(:ids AS uuid[]), CAST(:kinds AS ledger.transfer_kind[]), CAST(:assets AS text[]),
        CAST(:debits AS uuid[]), CAST(:credits AS uuid[]), CAST(:amounts AS bigint[]), CAST(:pendings AS uuid[]),
        CAST(:reverses AS uuid[]), CAST(:expires AS timestamptz[]), CAST(:reasons AS text[]),
        CAST(:subjects AS text[]))
    """
)

_BALANCE = text(
    """
    SELECT account_id, code, asset, normal_side, debits_posted, credits_posted, debits_pending, credits_pending
    FROM ledger.counters WHERE account_id = :account
    """
)

_TRIAL_BALANCE = text(
    """
    SELECT asset, sum(debits_posted)::bigint, sum(credits_posted)::bigint, sum(debits_pending)::bigint,
           sum(credits_pending)::bigint
    FROM ledger.counters GROUP BY asset ORDER BY asset
    """
)

_TRIAL_BALANCE_AS_OF = text(
    """
    SELECT a.asset, sum(s.debit_posted)::bigint, sum(s.credit_posted)::bigint, sum(s.debit_pending)::bigint,
           sum(s.credit_pending)::bigint
    FROM (
        SELECT debit_account AS account_id, ledger.posted_part(kind, amount) AS debit_posted, 0 AS credit_posted,
               ledger.pending_part(kind, amount, held) AS debit_pending, 0 AS credit_pending
        FROM ledger.transfer WHERE recorded_at <= :as_of
        UNION ALL
        SELECT credit_account, 0, ledger.posted_part(kind, amount), 0, ledger.pending_part(kind, amount, held)
        FROM ledger.transfer WHERE recorded_at <= :as_of
    ) AS s JOIN ledger.account AS a ON a.id = s.account_id
    GROUP BY a.asset ORDER BY a.asset
    """
)

# Each side reads its own index from the end; what both give is merged.
_ENTRIES = text(
    """
    (SELECT id, group_id, 'debit' AS side, kind, amount, credit_account AS counterpart, reason, subject, recorded_at,
            pending_id, reverses_id, xact
     FROM ledger.transfer
     WHERE debit_account = :account AND (xact, id) < (CAST(:xact AS xid8), :id) AND xact <= CAST(:xact AS xid8)
     ORDER BY xact DESC, id DESC LIMIT :rows)
    UNION ALL
    (SELECT id, group_id, 'credit', kind, amount, debit_account, reason, subject, recorded_at, pending_id, reverses_id,
            xact
     FROM ledger.transfer
     WHERE credit_account = :account AND (xact, id) < (CAST(:xact AS xid8), :id) AND xact <= CAST(:xact AS xid8)
     ORDER BY xact DESC, id DESC LIMIT :rows)
    ORDER BY xact DESC, id DESC LIMIT :rows
    """
)
