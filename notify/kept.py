"""How long this room keeps what it wrote down to do its work. Not here, and therefore kept: messages with what explains
them, subscriptions and their history, the tallies of runs, and what a citizen chose.

What somebody was only considered for goes first. Nothing that explains a message in the inbox is in these tables:
`notify.cap.why` reads the message itself, its run and its subscription.
"""

from __future__ import annotations

from datetime import datetime

from core import keeping
from core.keeping import Kept

_NEVER_TOLD = """
    DELETE FROM notify.trigger_fired AS f USING gone WHERE f.run_id = gone.run_id AND f.person_id = gone.person_id
"""

RULES = (
    Kept(
        "notify.candidate", 2, "k.status IN ('expired', 'withdrawn') AND k.deadline < :before",
        "who was chosen and never heard of it: until the deadline the bill may be owed again",
        returning="run_id, person_id", with_it=_NEVER_TOLD,
    ),
    Kept(
        "notify.candidate", 30, "k.status IN ('sent', 'digested') AND k.deadline < :before",
        "what the cap decided is in the message; this is for whoever looks into a campaign that has just ended",
    ),
    Kept(
        "notify.person_day", 7, "k.day < CAST(:before AS timestamptz)::date",
        "how often it rang: the cap needs today, wherever on earth that is",
    ),
    Kept(
        "notify.digest_line", 7, "k.settled_at < :before AND k.digest_id IS NULL",
        "what was too late for any digest; what a digest lists stays as long as the digest does",
    ),
    Kept(
        "notify.delivery", 90, "k.status <> 'pending' AND k.settled_at < :before AND k.budget_month IS NULL",
        "a device may tell for sixty days that it showed a message, and no later",
    ),
    Kept(
        "notify.trigger_fired", 400, "k.fired_at < :before",
        "a bill that was put off is not told of twice, and one paid late is marked as paid in the inbox",
    ),
    Kept(
        "notify.offer", 180, "k.status IN ('declined', 'lapsed') AND k.closed_at < :before",
        "what was offered after a life event and not wanted",
    ),
    Kept(
        "notify.estimate", 2, "k.day < CAST(:before AS timestamptz)::date",
        "the same question has the same answer on one day",
    ),
    Kept(
        "notify.estimate_asked", 30, "k.day < CAST(:before AS timestamptz)::date",
        "which officer asked how often: whoever tries to narrow an audience down can be asked about it",
    ),
    Kept(
        "notify.alert_feed_entry", 400, "k.taken_at < :before",
        "an entry still in its feed is not fetched again; the alert itself is kept",
    ),
)  # fmt: skip


def forget(now: datetime) -> None:
    """The sweep: at night, delete what is past its time."""
    keeping.forget_at_night(RULES, now)
