"""What needs an officer now: alarms first, then what has waited longest. An empty list means that nothing waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from identity import approvals
from identity.actors import Actor
from wallet import states
from wallet.finance import money_today
from wallet.finance.money_today import SourceFiles, UnderWay
from wallet.reconciliation.open_days import OpenDay

_OLD_BREAK: Final = timedelta(days=7)
_ALARMS: Final = frozenset(
    {"return_file_refused", "file_refused", "collection_file_refused", "notices_given_up", "windows_passed"}
)
_MOST_COUNTED: Final = 100
KINDS: Final = (
    "return_file_refused", "file_refused", "collection_file_refused", "files_missing", "payments_late",
    "windows_passed", "breaks_mine", "breaks_without_owner", "breaks_old", "days_to_close", "approvals",
    "refunds_failed", "refunds_late", "disputes_to_answer", "notices_given_up",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do: what, how many of it, how much money it is about (NT$; 0: none), and since when it waits."""

    what: str
    number: int
    amount_twd: int = 0
    since: datetime | None = None
    detail: str = ""

    @property
    def is_alarm(self) -> bool:
        """Whether money is at risk until somebody acts."""
        return self.what in _ALARMS


def now_needed(
    session: Session,
    *,
    by: Actor,
    under_way: Sequence[UnderWay],
    files: Sequence[SourceFiles],
    days: Sequence[OpenDay],
    now: datetime,
) -> list[Need]:
    """What needs this officer now. `under_way`, `files` and `days` are what the same look at today has found."""
    needs = [
        Need(what, each.number, each.amount_twd, each.since)
        for what, each in money_today.waiting(session, now=now).items()
    ]
    for state in under_way:
        if state.late:
            what = "windows_passed" if state.status == states.PROVISIONAL else "payments_late"
            needs.append(Need(what, state.late, 0, state.oldest_at, state.status))
    needs += [Need("file_refused", 1, 0, file.refused_at, file.source) for file in files if file.is_refused]
    missing = sorted({source for day in days for source in day.missing_files})
    if missing:
        needs.append(Need("files_missing", sum(len(day.missing_files) for day in days), detail=", ".join(missing)))
    if days:
        needs.append(Need("days_to_close", len(days), detail=min(day.day for day in days).isoformat()))
    breaks = session.execute(_BREAKS, {"me": by.id, "old": now - _OLD_BREAK}).one()
    needs += [
        Need(what, number, 0, since)
        for what, number, since in (
            ("breaks_mine", breaks.mine, breaks.mine_since),
            ("breaks_without_owner", breaks.nobodys, breaks.nobodys_since),
            ("breaks_old", breaks.old, breaks.old_since),
        )
    ]
    decidable = [
        approval
        for approval in approvals.page(session, by=by, status="proposed", limit=_MOST_COUNTED)
        if approvals.may_decide(by, approval)
    ]
    if decidable:
        needs.append(Need("approvals", len(decidable), since=min(approval.proposed_at for approval in decidable)))
    return sorted(
        (need for need in needs if need.number), key=lambda need: (not need.is_alarm, need.since or now, need.what)
    )


_BREAKS = text(
    """
    SELECT count(*) FILTER (WHERE owner_id = :me)::int AS mine,
           min(opened_at) FILTER (WHERE owner_id = :me) AS mine_since,
           count(*) FILTER (WHERE owner_id IS NULL)::int AS nobodys,
           min(opened_at) FILTER (WHERE owner_id IS NULL) AS nobodys_since,
           count(*) FILTER (WHERE opened_at < :old)::int AS old,
           min(opened_at) FILTER (WHERE opened_at < :old) AS old_since
      FROM wallet.reconciliation_break WHERE status <> 'closed'
    """
)
