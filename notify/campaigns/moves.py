"""How a campaign goes on: submitted, approved by somebody else on the exact words, paused, resumed, ended, taken back.

    draft ─ submit → submitted ─ approve → scheduled ─ begin → sending ─ finish → done
      ↑────── return ────┘                     ↑ └─ pause → paused ─ resume ─┘ (or back to scheduled)
      └────── any change of a draft, a submitted or a scheduled one

Each move locks the campaign's row first, so of two at once the second meets the state that the first one left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import FieldError
from identity.actors import Actor
from notify.campaigns import campaigns, estimates, history, schedules
from notify.campaigns.campaigns import Campaign
from notify.campaigns.errors import AudienceTooSmall, CampaignElsewhere, CampaignRefused, OtherWords, WroteItThemselves
from notify.channels.leases import LEASE_SECONDS

MOVES: dict[str, tuple[frozenset[str], str]] = {
    "submit": (frozenset({"draft"}), "submitted"),
    "return": (frozenset({"submitted"}), "draft"),
    "approve": (frozenset({"submitted"}), "scheduled"),
    "begin": (frozenset({"scheduled", "sending"}), "sending"),
    "wait": (frozenset({"sending"}), "scheduled"),
    "finish": (frozenset({"scheduled", "sending"}), "done"),
    "pause": (frozenset({"scheduled", "sending"}), "paused"),
    "resume": (frozenset({"paused"}), "sending"),
    "resume before it began": (frozenset({"paused"}), "scheduled"),
    "cancel": (frozenset({"draft", "submitted", "scheduled", "sending", "paused"}), "cancelled"),
    "recall": (frozenset({"scheduled", "sending", "paused", "done"}), "recalled"),
}
"""Each move: from which states, to which."""
_MOST_AT_ONCE = 20_000
_LEASED_FOR = timedelta(seconds=LEASE_SECONDS)


def submit(session: Session, *, by: Actor, campaign_id: UUID, version: int | None = None, now: datetime) -> Campaign:
    """Ask for approval of the words as they are; where a version is named, as they were in it.

    Raises NotFound, PreconditionFailed, CampaignElsewhere, CampaignRefused (a rule has changed since),
    AudienceTooSmall, EstimatesUsedUp.
    """
    before = _locked(session, by, campaign_id, "submit")
    if version is not None:
        campaigns.must_be_version(before, version)
    campaigns.check(session, before, by=by, now=now)
    if not is_for_one_thing(before) and estimates.of_campaign(session, before, by=by, now=now).audience.value is None:
        raise AudienceTooSmall
    session.execute(_SUBMIT, {"id": campaign_id, "by": by.id, "now": now})
    return _noted(session, before, "submitted", by=by, now=now)


def send_back(session: Session, *, by: Actor, campaign_id: UUID, reason: str, now: datetime) -> Campaign:
    """Give it back to be written anew. Raises NotFound, CampaignElsewhere."""
    before = _locked(session, by, campaign_id, "return")
    session.execute(_RETURN, {"id": campaign_id, "now": now})
    return _noted(session, before, "returned", by=by, now=now, reason=reason)


def approve(session: Session, *, by: Actor, campaign_id: UUID, agreed_hash: bytes, now: datetime) -> Campaign:
    """Agree to exactly what has that hash; it is sent when its schedule says.

    Raises NotFound, CampaignElsewhere, WroteItThemselves (whoever wrote, changed or submitted it), OtherWords (it was
    changed since it was read), CampaignRefused (its moment has passed, or a rule has changed since).
    """
    before = _locked(session, by, campaign_id, "approve")
    if by.id in history.hands(session, campaign_id):
        raise WroteItThemselves
    if before.agreed_hash != agreed_hash:
        raise OtherWords
    campaigns.check(session, before, by=by, now=now)
    first = schedules.first_after(before.planned, now)
    if first is None:
        raise CampaignRefused(errors=[FieldError("/schedule", "has no moment left at which it could be sent")])
    values = {"id": campaign_id, "by": by.id, "now": now, "hash": agreed_hash, "next_run_at": first}
    session.execute(_APPROVE, values)
    return _noted(session, before, "approved", by=by, now=now)


def pause(session: Session, *, by: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """Hold it: nothing more leaves until it is resumed, nor what waits for a channel.

    Raises NotFound, CampaignElsewhere.
    """
    before = _locked(session, by, campaign_id, "pause")
    session.execute(_HOLD, {"id": campaign_id, "now": now})
    session.execute(_MOVE, {"id": campaign_id, "state": "paused", "now": now})
    return _noted(session, before, "paused", by=by, now=now)


def resume(session: Session, *, by: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """Let it go on where it was held. Raises NotFound, CampaignElsewhere."""
    before = _locked(session, by, campaign_id, "resume")
    let_go = list(session.execute(_LET_GO, {"id": campaign_id}).scalars())
    session.execute(_DUE_AGAIN, {"runs": let_go, "now": now, "leased_until": now + _LEASED_FOR, "most": _MOST_AT_ONCE})
    is_sending = session.execute(_IS_SENDING, {"id": campaign_id}).scalar_one()
    session.execute(_MOVE, {"id": campaign_id, "state": "sending" if is_sending else "scheduled", "now": now})
    return _noted(session, before, "resumed", by=by, now=now)


def cancel(session: Session, *, by: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """End it: what has not left is withdrawn, what people have stays. Raises NotFound, CampaignElsewhere."""
    before = _locked(session, by, campaign_id, "cancel")
    return _ended(session, before, "cancelled", by=by, now=now)


def discard(session: Session, *, by: Actor, campaign_id: UUID, version: int, now: datetime) -> None:
    """End a draft. Raises NotFound, PreconditionFailed, CampaignElsewhere."""
    before = _locked(session, by, campaign_id, "submit")
    campaigns.must_be_version(before, version)
    _ended(session, before, "cancelled", by=by, now=now)


def recall(session: Session, *, by: Actor, campaign_id: UUID, reason: str, now: datetime) -> Campaign:
    """Take back what was sent, too: its messages say so in the inbox, with the reason.

    Raises NotFound, CampaignElsewhere.
    """
    before = _locked(session, by, campaign_id, "recall")
    session.execute(_STOP_ALL, {"id": campaign_id, "reason": reason, "now": now})
    session.execute(_END, {"id": campaign_id, "state": "recalled", "now": now})
    return _noted(session, before, "recalled", by=by, now=now, reason=reason)


def begin(session: Session, before: Campaign, *, next_run_at: datetime | None, now: datetime) -> None:
    """One sending of it has begun; the next is at `next_run_at`."""
    _must(before, "begin")
    session.execute(_BEGIN, {"id": before.id, "next_run_at": next_run_at, "now": now})
    _noted(session, before, "begun", by=None, now=now)


def finish(session: Session, before: Campaign, *, what: str | None = "done", reason: str = "", now: datetime) -> None:
    """Nothing of it is left to do: "done", or "too_late" or "stopped" where it never came to a sending; None where its
    history says what happened."""
    _must(before, "finish")
    session.execute(_END, {"id": before.id, "state": "done", "now": now})
    if what is not None:
        _noted(session, before, what, by=None, now=now, reason=reason)


def note_stop(session: Session, campaign: Campaign, reason: str, *, now: datetime) -> None:
    """One sending of it was stopped for that reason (`stops`) before anybody had it; the campaign itself goes on."""
    history.note(session, campaign, "stopped", by=None, from_state=campaign.state, now=now, note=reason)


def is_for_one_thing(campaign: Campaign) -> bool:
    """Whether it goes to all whom one thing concerns (a part of them could be a person), or each to whom something of
    their own is due."""
    meant = campaign.meant_for
    is_subject_alone = meant.subject is not None and not (meant.districts or meant.facts or meant.near)
    return is_subject_alone or isinstance(campaign.planned, schedules.OnEvent)


def wait_for_next(session: Session, before: Campaign, *, now: datetime) -> None:
    """One sending is done and another will come."""
    _must(before, "wait")
    session.execute(_MOVE, {"id": before.id, "state": "scheduled", "now": now})


def _locked(session: Session, by: Actor, campaign_id: UUID, move: str) -> Campaign:
    campaign = campaigns.locked(session, by=by, campaign_id=campaign_id)
    _must(campaign, move)
    return campaign


def _must(campaign: Campaign, move: str) -> None:
    if campaign.state not in MOVES[move][0]:
        raise CampaignElsewhere


def _ended(session: Session, before: Campaign, what: str, *, by: Actor, now: datetime) -> Campaign:
    session.execute(_LOCK_RUNS, {"id": before.id})
    session.execute(_STOP_OPEN, {"id": before.id, "now": now})
    session.execute(_END, {"id": before.id, "state": what, "now": now})
    return _noted(session, before, what, by=by, now=now)


def _noted(
    session: Session, before: Campaign, what: str, *, by: Actor | None, now: datetime, reason: str = ""
) -> Campaign:
    after = campaigns.read(session, before.id)
    history.note(session, after, what, by=by, from_state=before.state, now=now, note=reason)
    return after


# Nobody waits in a run that is done, but what was decided may still be on its way to the channels.
_HAS_MORE_TO_SEND = """
    r.status = 'done' AND EXISTS (SELECT FROM notify.delivery d WHERE d.event_id = r.id AND d.status = 'pending')
"""
_SUBMIT = text(
    """
    UPDATE notify.campaign SET state = 'submitted', submitted_by = :by, submitted_at = :now, version = version + 1,
           updated_at = :now WHERE id = :id
    """
)
_RETURN = text(
    """
    UPDATE notify.campaign SET state = 'draft', submitted_by = NULL, submitted_at = NULL, version = version + 1,
           updated_at = :now WHERE id = :id
    """
)
_APPROVE = text(
    """
    UPDATE notify.campaign SET state = 'scheduled', approved_by = :by, approved_at = :now, approved_hash = :hash,
           next_run_at = :next_run_at, version = version + 1, updated_at = :now WHERE id = :id
    """
)
_MOVE = text("UPDATE notify.campaign SET state = :state, version = version + 1, updated_at = :now WHERE id = :id")
_END = text(
    """
    UPDATE notify.campaign SET state = :state, next_run_at = NULL, version = version + 1, updated_at = :now
     WHERE id = :id
    """
)
_BEGIN = text(
    """
    UPDATE notify.campaign SET state = 'sending', next_run_at = :next_run_at, version = version + 1, updated_at = :now
     WHERE id = :id
    """
)
# Until its deadline a run may have messages on their way, though nobody waits in it any more.
_HOLD = text("UPDATE notify.run SET is_held = true WHERE campaign_id = :id AND status <> 'stopped' AND deadline > :now")
_LET_GO = text("UPDATE notify.run SET is_held = false WHERE campaign_id = :id AND is_held RETURNING id")
# What is due sooner may be in the hands of a sender; it, and what is left over here, is looked at again by itself.
_DUE_AGAIN = text(
    """
    UPDATE notify.delivery SET next_at = :now
     WHERE id IN (SELECT id FROM notify.delivery
                   WHERE event_id = ANY(CAST(:runs AS uuid[])) AND status = 'pending' AND last_error = 'held'
                     AND next_at > :leased_until
                   ORDER BY id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED)
    """
)
_IS_SENDING = text(
    f"""
    SELECT c.next_run_at IS NULL
           OR EXISTS (SELECT FROM notify.run r
                       WHERE r.campaign_id = c.id AND (r.status IN ('resolving', 'deciding') OR {_HAS_MORE_TO_SEND}))
      FROM notify.campaign c WHERE c.id = :id
    """  # noqa: S608
)
_LOCK_RUNS = text(
    "SELECT id FROM notify.run WHERE campaign_id = :id AND status <> 'stopped' ORDER BY id FOR NO KEY UPDATE"
)
_STOP_OPEN = text(
    f"""
    UPDATE notify.run r SET status = 'stopped', is_held = false, ended_at = :now
     WHERE r.campaign_id = :id AND (r.status IN ('resolving', 'deciding') OR {_HAS_MORE_TO_SEND})
    """  # noqa: S608
)
_STOP_ALL = text(
    """
    UPDATE notify.run SET status = 'stopped', is_held = false, ended_at = :now, stop_reason = :reason,
           withdrawn_to = NULL, withdrawn_again_to = NULL, withdrawn_at = NULL
     WHERE campaign_id = :id
    """
)
